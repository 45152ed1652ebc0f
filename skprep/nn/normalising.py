"""What all normalisation layers share: center and scale over some axes, and the gradient of that."""

import numpy as np

from skprep.kernels.dispatch import (
    normalise_columns,
    normalise_rows,
    normalise_rows_backward,
    sum_column_gradients,
    sum_deviations,
    write_column_gradients,
)
from skprep.kernels.threads import PIECE, by_rows


def normalise(x, axes, eps, mask=None, center=True):
    r"""Return :math:`\hat x = (x - \mu) / \sqrt{\sigma^2 + \varepsilon}` and what its gradient needs.

    Everything in float64: the variance of float32 is a centred sum that neither overflows nor cancels,
    and an eps that is 0 in float16 is not. A mask weighs each value, with 0 where it is False.

    Returns
    -------
    normalised : float64 ndarray
        0 where masked.
    statistics : tuple
        Mean, biased variance, count of values (arrays that broadcast against ``x``), and the reciprocal root.
    """
    wide = x.astype(np.float64, copy=False)
    origin, shift, variance, count = _moments(wide, axes, mask, center)
    root = np.sqrt(variance + eps)
    normalised = _divided(wide, origin, shift, root)
    normalised = normalised if mask is None else np.where(mask, normalised, 0.0)
    return normalised, (origin + shift, variance, count, 1.0 / root)


def _moments(x, axes, mask, center):
    """Return the mean as a value and the offset from it, the biased variance, and the count of values."""
    count = np.float64(max(1, np.prod([x.shape[a] for a in axes])))
    if mask is not None:
        count = np.maximum(mask.sum(axis=axes, keepdims=True, dtype=np.float64), 1.0)
    origin, shift = np.float64(0.0), 0.0
    centered = x if mask is None else np.where(mask, x, 0.0)
    if center and x.size:  # from a value of each, so that a constant is centered to exactly 0
        origin = _some_value(x, axes, mask)
        centered = x - origin if mask is None else np.where(mask, x - origin, 0.0)
        shift = centered.sum(axis=axes, keepdims=True) / count
        centered = centered - shift
        centered = centered if mask is None else np.where(mask, centered, 0.0)
    return origin, shift, np.square(centered).sum(axis=axes, keepdims=True) / count, count


def _divided(x, origin, shift, root):
    """Return ``(x - origin - shift) / root``; where the mean is not far from 0 the two are one number."""
    with np.errstate(all="ignore"):
        if _is_far(origin + shift, root):
            return (x - origin - shift) / root
        return (x - (origin + shift)) / root


def _is_far(mean, root):
    """Say whether the rounding of the mean would show."""
    return bool((np.abs(mean) > 100.0 * root).any())


def _some_value(x, axes, mask):
    """Return one value of each that is normalised: finite where there is one, 0 where there is none."""
    first = x[tuple(slice(0, 1) if a in axes else slice(None) for a in range(x.ndim))]
    if mask is None and np.isfinite(first).all():
        return first
    counted = np.isfinite(x) if mask is None else mask & np.isfinite(x)
    least = np.min(x, axis=axes, keepdims=True, where=counted, initial=np.inf)
    return np.where(least == np.inf, 0.0, least)


def normalise_backward(grad, normalised, inverse, count, axes, mask=None, center=True):
    r"""Return the gradient of :func:`normalise`, and the sums that it is made of.

    .. math::

        \frac{\partial \ell}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
        \left( g - \overline{g} - \hat x \, \overline{g \hat x} \right)

    with the means over the axes that were normalised; :math:`\overline g` only where x was centered.

    Returns
    -------
    back : float64 ndarray
    product, total : float64 ndarrays
        Sums of :math:`g \hat x` and of g over ``axes``: the gradients of a weight and a bias along them.
    """
    grad = grad if mask is None else np.where(mask, grad, 0.0)
    product = (grad * normalised).sum(axis=axes, keepdims=True)
    total = grad.sum(axis=axes, keepdims=True)
    back = normalised * (product / count)
    np.subtract(grad, back, out=back)
    if center:
        back -= total / count
    back *= inverse
    return (back if mask is None else np.where(mask, back, 0.0)), product, total


class NormalizedColumns:
    """Columns of a matrix normalised one by one, weighted and shifted.

    Keeps for the gradient the rows themselves (not a copy), and of each column what they were normalised by.
    """

    def __init__(self, x):
        kind = np.float32 if x.dtype == np.float32 else np.float64
        self.like, self.x = x, np.ascontiguousarray(x, dtype=kind)

    def moments(self):
        """Return mean and biased variance of the columns; normalise by them."""
        x, n = self.x, np.float64(len(self.x))
        origin = _some_value(x, (0,), None).astype(np.float64)
        count, shift, square = _sums(x, origin)
        with np.errstate(all="ignore"):
            m2 = square - shift * shift / n
            if not (m2 > 1e-3 * square).all():  # the first row lies far out: the difference lost digits
                origin = np.where(np.isfinite(shift), origin + shift / n, origin)
                _, shift, square = _sums(x, origin)
                m2 = square - shift * shift / n
            shift[count < n] = m2[count < n] = np.nan  # here a NaN spreads over its column
            self.head, self.tail = origin[0], shift[0] / n
            return self.head + self.tail, np.maximum(m2[0], 0.0) / n

    def by_batch(self, variance, eps):
        """Normalise by the mean of the batch, found before, and its variance."""
        root, self.count = np.sqrt(variance + eps), len(self.x)
        with np.errstate(all="ignore"):
            if not _is_far(self.head + self.tail, root):
                self.head, self.tail = self.head + self.tail, np.zeros_like(self.tail)
            self.divide = self.x.dtype == np.float64  # of float32 a product in float64 rounds to the quotient
            self.scale = root if self.divide else 1.0 / root

    def by_statistics(self, mean, variance, eps):
        """Normalise by given statistics, which are constants to the gradient."""
        self.head, self.tail = np.array(mean, dtype=np.float64), np.zeros(len(mean))
        self.scale, self.divide, self.count = 1.0 / np.sqrt(variance + eps), False, None

    def forward(self, weight, bias):
        """Return the columns normalised, times ``weight`` plus ``bias``; None: 1 and 0."""
        width = self.x.shape[1]
        weight = np.ones(width) if weight is None else weight.astype(np.float64)
        bias = np.zeros(width) if bias is None else bias.astype(np.float64)
        y = np.empty_like(self.x)
        with np.errstate(all="ignore"):
            normalise_columns(self.x, self.head, self.tail, self.scale, self.divide, weight, bias, y)
        return y.astype(self.like.dtype, copy=False)

    def backward(self, grad, weight):
        """Return the gradients with respect to the rows, the weight and the bias."""
        x = self.x if grad.dtype == self.x.dtype else self.x.astype(np.float64, copy=False)
        grad = np.ascontiguousarray(grad, dtype=x.dtype)
        own = self.head, self.tail, self.scale, self.divide
        product, total = sum_column_gradients(x, grad, *own)
        factor = 1.0 / self.scale if self.divide else self.scale
        factor = factor if weight is None else factor * weight
        back = np.empty_like(x)
        with np.errstate(all="ignore"):
            if self.count is None:
                np.multiply(grad, factor, out=back, casting="same_kind")
            else:
                means = product / self.count, total / self.count
                write_column_gradients(x, grad, *own, *means, factor, back)
        return back.astype(self.like.dtype, copy=False), product, total


def _sums(x, origin):
    if x.size <= PIECE:
        return sum_deviations(x, origin)
    parts = by_rows(lambda rows: sum_deviations(rows, origin), x, sums=True)
    return tuple(sum(part) for part in zip(*parts, strict=True))


class NormalizedRows:
    """Rows normalised one by one, weighted and shifted; weights of several rows take turns.

    Keeps for the gradient the rows themselves (not a copy), their means and reciprocal roots.
    """

    def __init__(self, eps, center=True):
        self.eps, self.center = eps, center

    def forward(self, x, width, weight, bias):
        """Return ``x``, read as rows of ``width`` numbers, normalised."""
        kind = np.float32 if x.dtype == np.float32 else np.float64
        rows = np.asarray(x, dtype=kind).reshape(x.size // width if width else 0, width)
        self.rows, self.like = np.ascontiguousarray(rows), x
        self.weight = np.ones((1, width)) if weight is None else _turns(weight, width)
        bias = np.zeros_like(self.weight) if bias is None else _turns(bias, width)
        self.mean, self.inverse = np.empty((len(rows), 2)), np.empty(len(rows))
        y = np.empty_like(self.rows)
        normalise_rows(self.rows, self.eps, self.center, self.weight, bias, y, self.mean, self.inverse)
        return y.reshape(x.shape).astype(x.dtype, copy=False)

    def backward(self, grad):
        """Return the gradients with respect to the rows, the weight and the bias."""
        grad = np.ascontiguousarray(grad, dtype=self.rows.dtype).reshape(self.rows.shape)
        back = np.empty_like(self.rows)
        args = self.rows, grad, self.center, self.weight, self.mean, self.inverse, back
        of_weight, of_bias = normalise_rows_backward(*args)
        back = back.reshape(self.like.shape).astype(self.like.dtype, copy=False)
        return back, of_weight, of_bias


def _turns(values, width):
    return np.ascontiguousarray(values, dtype=np.float64).reshape(-1, width) if width else np.ones((1, 0))
