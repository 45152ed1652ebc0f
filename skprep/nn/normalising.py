"""What all normalisation layers share: center and scale over some axes, and the gradient of that."""

import numpy as np


def normalise(x, axes, eps, mask=None, center=True):
    r"""Return :math:`\hat x = (x - \mu) / \sqrt{\sigma^2 + \varepsilon}` and what its gradient needs.

    Everything in float64: the variance of float32 is a centred sum that neither overflows nor cancels,
    and an eps that is 0 in float16 is not.

    Returns
    -------
    normalised : float64 ndarray
        0 where masked.
    statistics : tuple
        Mean, biased variance, count of values (arrays that broadcast against ``x``), and the reciprocal root.
    """
    wide = x.astype(np.float64, copy=False)
    if mask is None:
        count = np.float64(np.prod([x.shape[a] for a in axes]))
        mean = wide.mean(axis=axes, keepdims=True) if center else 0.0
        centered = wide - mean
        variance = np.square(centered).mean(axis=axes, keepdims=True)
    else:
        count = np.maximum(mask.sum(axis=axes, keepdims=True, dtype=np.float64), 1.0)
        wide = np.where(mask, wide, 0.0)
        mean = wide.sum(axis=axes, keepdims=True) / count if center else 0.0
        centered = np.where(mask, wide - mean, 0.0)
        variance = np.square(centered).sum(axis=axes, keepdims=True) / count
    inverse = 1.0 / np.sqrt(variance + eps)
    return centered * inverse, (mean, variance, count, inverse)


def normalise_backward(grad, normalised, inverse, count, axes, mask=None, center=True):
    r"""Return the gradient of :func:`normalise`.

    .. math::

        \frac{\partial \ell}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
        \left( g - \overline{g} - \hat x \, \overline{g \hat x} \right)

    with the means over the axes that were normalised; :math:`\overline g` only where x was centered.
    """
    grad = grad if mask is None else np.where(mask, grad, 0.0)
    slope = (grad * normalised).sum(axis=axes, keepdims=True) / count
    inner = grad - normalised * slope
    if center:
        inner = inner - grad.sum(axis=axes, keepdims=True) / count
    return inverse * inner if mask is None else np.where(mask, inverse * inner, 0.0)
