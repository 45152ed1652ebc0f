"""Column by column: what BatchNorm does to the rows of a batch."""

import numpy as np


def normalise_columns(x, head, tail, scale, divide, weight, bias, out):
    """Write ``((x - head) - tail) / scale * weight + bias`` to ``out``, all in float64, rounded once.

    Without ``divide``, ``scale`` is a factor. All but ``x`` and ``out`` have one number for each column.

    Examples
    --------
    >>> import numpy as np
    >>> out, none, one = np.empty((2, 1)), np.zeros(1), np.ones(1)
    >>> normalise_columns(np.array([[1.0], [3.0]]), 2.0 * one, none, one, True, 10.0 * one, one, out)
    >>> out
    array([[-9.],
           [11.]])
    """
    z = _normal(x, head, tail, scale, divide)
    z *= weight
    z += bias
    with np.errstate(over="ignore"):
        out[...] = z


def sum_column_gradients(x, grad, head, tail, scale, divide):
    """Return the sums over the rows of ``grad`` times what ``x`` was normalised to, and of ``grad``.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> sum_column_gradients(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]), one, 0.0 * one, one, True)
    (array([4.]), array([3.]))
    """
    grad = grad.astype(np.float64, copy=False)
    return (grad * _normal(x, head, tail, scale, divide)).sum(axis=0), grad.sum(axis=0)


def write_column_gradients(x, grad, head, tail, scale, divide, product, total, factor, out):
    """Write ``(grad - z * product - total) * factor`` to ``out``; z is what ``x`` was normalised to.

    Examples
    --------
    >>> import numpy as np
    >>> one, out = np.ones(1), np.empty((1, 1))
    >>> x, grad = np.array([[3.0]]), np.array([[5.0]])
    >>> write_column_gradients(x, grad, one, 0.0 * one, one, True, one, one, 2.0 * one, out)
    >>> out
    array([[4.]])
    """
    back = _normal(x, head, tail, scale, divide)
    back *= product
    np.subtract(grad, back, out=back)
    back -= total
    back *= factor
    with np.errstate(over="ignore"):
        out[...] = back


def _normal(x, head, tail, scale, divide):
    z = x.astype(np.float64) - head
    z -= tail
    return np.divide(z, scale, out=z) if divide else np.multiply(z, scale, out=z)
