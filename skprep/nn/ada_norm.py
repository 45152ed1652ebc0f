"""Normalisation whose scale and shift are told by a condition."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, check_last
from skprep.nn.linear import Linear
from skprep.nn.normalising import normalise, normalise_backward
from skprep.types import Array


class AdaNorm(Layer):
    r"""Normalise each row; take scale and shift from a condition.

    .. math::

        y = \gamma(c) \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta(c), \qquad
        [\gamma(c) - 1, \beta(c)] = A c + b

    The condition may be a style, a class, a time step, or ``x`` itself. A starts at 0, so that the layer
    starts as plain layer normalisation.

    Parameters
    ----------
    num_features : int
        Length of the last axis of ``x``.
    condition_features : int
        Length of the last axis of ``c``.
    eps : float, default=1e-5
        Added to the variance, within the root, so that a constant does not divide by 0.

    Attributes
    ----------
    params : dict
        ``"affine.weight"`` of shape (2 * num_features, condition_features), scales first, and
        ``"affine.bias"``.

    Notes
    -----
    ``layer(x, c)``; the leading axes of ``c`` broadcast against those of ``x``. ``backward(grad)``
    returns two gradients,
    with respect to ``x`` and to ``c``; where both are the same array, add them.

    References
    ----------
    Huang & Belongie (2017), "Arbitrary style transfer in real-time with adaptive instance normalization",
    ICCV, arXiv:1703.06868. Peebles & Xie (2023), "Scalable diffusion models with transformers", ICCV,
    arXiv:2212.09748.

    Examples
    --------
    >>> import numpy as np
    >>> layer = AdaNorm(2, 1, eps=0.0)
    >>> layer.params["affine.weight"][...] = [[1.0], [1.0], [0.0], [5.0]]
    >>> layer(np.array([[1.0, 3.0]]), np.array([[2.0]]))
    array([[-3., 13.]])
    """

    def __init__(self, num_features: int, condition_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.num_features, self.eps = num_features, eps
        affine = Linear(condition_features, 2 * num_features)
        for value in affine.params.values():
            value[...] = 0.0
        self._children = {"affine": affine}

    def forward(self, x: Array, c: Array) -> np.ndarray:
        """Return ``x`` normalised, with the scale and shift of ``c``."""
        x, c = as_float(x), as_float(c)
        check_last(self, x, self.num_features)
        normalised, (_, _, count, inverse) = normalise(x, (x.ndim - 1,), self.eps)
        told = self._children["affine"](c).astype(np.float64, copy=False)
        scale, shift = 1.0 + told[..., : self.num_features], told[..., self.num_features :]
        self._cache = normalised, inverse, count, scale, told.shape, x.dtype, c.dtype
        return (normalised * scale + shift).astype(x.dtype)

    def backward(self, grad: Array) -> Any:
        """Return the gradients with respect to ``x`` and ``c``."""
        normalised, inverse, count, scale, shape, dtype, c_dtype = self._context()
        grad = np.asarray(grad, dtype=np.float64)
        told = np.concatenate([grad * normalised, grad], axis=-1)
        grad_c = self._children["affine"].backward(_summed_to(told, shape))
        axes = (grad.ndim - 1,)
        grad_x = _summed_to(grad * scale, normalised.shape)
        grad_x, _, _ = normalise_backward(grad_x, normalised, inverse, count, axes)
        return grad_x.astype(dtype), grad_c.astype(c_dtype)


def _summed_to(values, shape):
    """Sum over the axes along which an array of ``shape`` was broadcast."""
    extra = values.ndim - len(shape)
    values = values.sum(axis=tuple(range(extra)))
    narrow = tuple(i for i, n in enumerate(shape) if n == 1 and values.shape[i] != 1)
    return values.sum(axis=narrow, keepdims=True)
