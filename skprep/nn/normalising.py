"""What all normalisation layers share: center and scale over some axes, and the gradient of that."""

import numpy as np

from skprep.kernels.dispatch import (
    apply_affine,
    normalise_rows,
    normalise_rows_backward,
    sum_deviations,
    takes_affine,
)


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
    of_columns = mask is None and center and axes == (0,) and x.ndim == 2 and x.size
    moments = _column_moments(wide) if of_columns else _moments(wide, axes, mask, center)
    origin, shift, variance, count = moments
    root = np.sqrt(variance + eps)
    normalised = _divided(wide, origin, shift, root)
    normalised = normalised if mask is None else np.where(mask, normalised, 0.0)
    return normalised, (origin + shift, variance, count, 1.0 / root)


def _moments(x, axes, mask, center):
    """Return the mean as a value and the offset from it, the biased variance, and the count of values."""
    count = np.float64(np.prod([x.shape[a] for a in axes]))
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


def _column_moments(x):
    """Return what :func:`_moments` does of the columns of a matrix, by the kernel of scalers."""
    origin, n = _some_value(x, (0,), None), np.float64(len(x))
    count, shift, square = sum_deviations(x, origin)
    m2 = square - shift * shift / n
    if not (m2 > 1e-3 * square).all():  # the first row lies far out: the difference lost digits
        origin = np.where(np.isfinite(shift), origin + shift / n, origin)
        _, shift, square = sum_deviations(x, origin)
        m2 = square - shift * shift / n
    shift[count < n] = m2[count < n] = np.nan  # here a NaN spreads over its column
    return origin, shift / n, np.maximum(m2, 0.0) / n, n


def _divided(x, origin, shift, root):
    """Return ``(x - origin - shift) / root``; where the mean is not far from 0 the two are one number."""
    mean = origin + shift
    out = np.empty_like(x)
    with np.errstate(all="ignore"):
        far = bool((np.abs(mean) > 100.0 * root).any())  # the rounding of the mean would show
        if x.ndim == 2 and np.shape(origin) == root.shape == (1, x.shape[1]) and takes_affine(x, out):
            apply_affine(x, origin if far else mean, np.ones_like(root) if far else root, out)
            if far:
                apply_affine(out, shift, root, out)
            return out
        return (x - origin - shift) / root if far else (x - mean) / root


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
    if axes == (0,) and grad.ndim == 2:  # the same sums, without an array of products
        product, total = np.einsum("ij,ij->j", grad, normalised)[None], (np.ones(len(grad)) @ grad)[None]
    else:
        product = (grad * normalised).sum(axis=axes, keepdims=True)
        total = grad.sum(axis=axes, keepdims=True)
    back = normalised * (product / count)
    np.subtract(grad, back, out=back)
    if center:
        back -= total / count
    back *= inverse
    return (back if mask is None else np.where(mask, back, 0.0)), product, total


class NormalizedRows:
    """NormalizedRows normalised one by one, weighted and shifted; weights of several rows take turns.

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
