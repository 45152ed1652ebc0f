"""Row by row: what the layers do."""

import numpy as np


def softmax_rows(x, out):
    """Write the softmax of each row of the matrix ``x`` to ``out``; a row of ``-inf`` gives zeros.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty((2, 2))
    >>> softmax_rows(np.array([[5.0, 5.0], [-np.inf, -np.inf]]), out)
    >>> out
    array([[0.5, 0.5],
           [0. , 0. ]])
    """
    if x.shape[1] == 0:
        return
    top = x.max(axis=1, keepdims=True)
    top[top == -np.inf] = 0.0
    np.exp(np.subtract(x, top, out=out), out=out)
    total = out.sum(axis=1, keepdims=True)
    total[total == 0.0] = 1.0
    np.divide(out, total, out=out)


def normalise_rows(x, eps, center, weight, bias, out, mean, inverse):
    """Write ``(x - mean) / sqrt(variance + eps) * weight + bias`` of each row to ``out``, all in float64.

    ``mean`` and ``inverse``, the reciprocal root, have one number for each row and are filled. Without
    ``center`` the mean is 0; ``weight`` and ``bias``, one number for each column, may be None.

    Examples
    --------
    >>> import numpy as np
    >>> x, mean, inverse = np.array([[1.0, 3.0]]), np.empty(1), np.empty(1)
    >>> out = np.empty((1, 2))
    >>> normalise_rows(x, 0.0, True, None, np.array([0.0, 10.0]), out, mean, inverse)
    >>> out, mean, inverse
    (array([[-1., 11.]]), array([2.]), array([1.]))
    """
    if x.shape[1] == 0:
        return
    wide = x.astype(np.float64, copy=False)
    mean[:] = wide.mean(axis=1) if center else 0.0
    wide = wide - mean[:, None]
    inverse[:] = 1.0 / np.sqrt(np.square(wide).mean(axis=1) + eps)
    wide *= inverse[:, None]
    if weight is not None:
        wide *= weight
    if bias is not None:
        wide += bias
    out[...] = wide
