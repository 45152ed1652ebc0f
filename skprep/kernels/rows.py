"""Row by row: what the layers do."""

import numpy as np


def softmax_rows(x, out):
    """Write the softmax of each row of the matrix ``x`` to ``out``.

    A row of ``-inf`` gives zeros; values of ``inf`` share a row among them.

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
    endless = (top == np.inf)[:, 0]
    with np.errstate(invalid="ignore"):
        np.exp(np.subtract(x, top, out=out), out=out)
    out[endless] = x[endless] == np.inf
    total = out.sum(axis=1, keepdims=True)
    total[total == 0.0] = 1.0
    np.divide(out, total, out=out)


def normalise_rows(x, eps, center, weight, bias, out, mean, inverse):
    """Write ``(x - mean) / sqrt(variance + eps) * weight + bias`` of each row to ``out``, all in float64.

    ``mean``, of shape (n_rows, 2), is filled with two numbers for each row, which sum to its mean: a value
    of the row and the offset from it, so that a mean far from 0 costs no digits. Without ``center`` both are
    0. ``inverse``, the reciprocal root, has one. ``weight`` and ``bias`` have one row or several, which take
    turns.

    Examples
    --------
    >>> import numpy as np
    >>> x, mean, inverse = np.array([[1.0, 3.0]]), np.empty((1, 2)), np.empty(1)
    >>> out = np.empty((1, 2))
    >>> normalise_rows(x, 0.0, True, np.ones((1, 2)), np.array([[0.0, 10.0]]), out, mean, inverse)
    >>> out, mean, inverse
    (array([[-1., 11.]]), array([[1., 1.]]), array([1.]))
    """
    if x.shape[1] == 0:
        return
    wide = x.astype(np.float64)
    mean[:] = 0.0
    if center:  # from the first value, so that a constant row is centered to exactly 0
        mean[:, 0] = wide[:, 0]
        wide -= mean[:, :1]
        mean[:, 1] = wide.mean(axis=1)
        wide -= mean[:, 1:]
    inverse[:] = 1.0 / np.sqrt(np.square(wide).mean(axis=1) + eps)
    wide *= inverse[:, None]
    turns = wide.reshape(len(x) // len(weight), *weight.shape)
    turns *= weight
    turns += bias
    out[...] = wide


def normalise_rows_backward(x, grad, center, weight, mean, inverse, out):
    """Write the gradient with respect to ``x`` to ``out``; return those of ``weight`` and ``bias``.

    ``grad`` is the gradient with respect to what :func:`normalise_rows` wrote, the rest is as there.

    Examples
    --------
    >>> import numpy as np
    >>> x, grad, out = np.array([[1.0, 3.0]]), np.array([[1.0, 0.0]]), np.empty((1, 2))
    >>> normalise_rows_backward(x, grad, False, np.ones((1, 2)), np.zeros((1, 2)), np.array([2.0]), out)
    (array([[2., 0.]]), array([[1., 0.]]))
    >>> out
    array([[ -2., -12.]])
    """
    z = (x.astype(np.float64, copy=False) - mean[:, :1] - mean[:, 1:]) * inverse[:, None]
    grad = grad.astype(np.float64, copy=False)
    turns = (len(x) // len(weight), *weight.shape)
    grad_weight, grad_bias = (grad * z).reshape(turns).sum(axis=0), grad.reshape(turns).sum(axis=0)
    own = (grad.reshape(turns) * weight).reshape(x.shape)
    inner = own - z * (own * z).mean(axis=1, keepdims=True) if x.size else own
    if center and x.size:
        inner -= own.mean(axis=1, keepdims=True)
    out[...] = inner * inverse[:, None]
    return grad_weight, grad_bias


def cross_entropy_rows(logits, classes, on_class, on_all, divisor, losses, grad):
    """Write cross-entropy of the softmax of each row, and its gradient; say whether all is finite.

    The target of row i is ``on_class[i]`` on the class ``classes[i]`` and ``on_all[k]`` on each class k
    (empty: nothing); the gradient is divided by ``divisor``. Where something is not finite (a logit of NaN or
    infinity), what is written means nothing.

    Examples
    --------
    >>> import numpy as np
    >>> losses, grad = np.empty(1), np.empty((1, 2))
    >>> args = np.array([1]), np.ones(1), np.empty(0), 1.0, losses, grad
    >>> cross_entropy_rows(np.zeros((1, 2)), *args), losses.round(4), grad
    (True, array([0.6931]), array([[ 0.5, -0.5]]))
    """
    rows = np.arange(len(logits)), classes
    with np.errstate(all="ignore"):
        shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
        y = np.exp(shifted)
        total = y.sum(axis=1)
        log_total = np.log(total)
        losses[:] = on_class * (log_total - shifted[rows])
        if len(on_all):
            losses += log_total * on_all.sum() - shifted @ on_all
        y *= ((on_class + on_all.sum()) / total)[:, None]
        if len(on_all):
            y -= on_all
        y[rows] -= on_class
        y /= divisor
        grad[...] = y
    return bool(np.isfinite(losses).all() and np.isfinite(total).all())
