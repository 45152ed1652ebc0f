"""Normalisation of each row over its own features."""

import math
from numbers import Integral
from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, as_mask, check_grad
from skprep.nn.normalising import NormalizedRows, normalise, normalise_backward
from skprep.types import Array


class LayerNorm(Layer):
    r"""Give the last axes of each row zero mean and unit variance, whatever the rest of the batch is.

    .. math:: y = \gamma \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta

    with mean and biased variance over the axes of ``normalized_shape``. Training and inference are the same.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Shape of the last axes.
    eps : float, default=1e-5
        Added to the variance, in float64, so that it does not vanish in float16.
    elementwise_affine : bool, default=True
        Whether a weight for each feature is learnt.
    bias : bool, default=True
        Whether a bias for each feature is learnt beside it.

    Attributes
    ----------
    params : dict
        ``"weight"`` and ``"bias"`` of shape ``normalized_shape``.

    Notes
    -----
    ``layer(x, mask=None)``: ``mask`` marks with True what is data and broadcasts against ``x``; padding
    counts for nothing and comes out as 0. A row of one value throughout becomes the bias (with eps above 0).

    References
    ----------
    Ba, Kiros & Hinton (2016), "Layer normalization", arXiv:1607.06450.

    Examples
    --------
    >>> import numpy as np
    >>> LayerNorm(2, eps=0.0)(np.array([[1.0, 3.0], [-5.0, 5.0]]))
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    _centers = True

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        axes = [normalized_shape] if isinstance(normalized_shape, int | Integral) else normalized_shape
        shape = tuple(int(n) for n in axes)
        self.normalized_shape, self.eps = shape, eps
        if elementwise_affine:
            self._params["weight"] = np.ones(shape)
            if bias:
                self._params["bias"] = np.zeros(shape)

    def forward(self, x: Array, mask: Array | None = None) -> np.ndarray:
        """Return ``x`` normalised."""
        x = as_float(x)
        if x.shape[x.ndim - len(self.normalized_shape) :] != self.normalized_shape:
            raise ValueError(
                f"{type(self).__name__} takes an input whose last axes are {self.normalized_shape}; "
                f"received shape {x.shape}. Build the layer for the size of its input."
            )
        axes = tuple(range(x.ndim - len(self.normalized_shape), x.ndim))
        weight, bias = self._params.get("weight"), self._params.get("bias")
        if mask is None:
            rows = NormalizedRows(self._eps_for(x.dtype), self._centers)
            y = rows.forward(x, math.prod(self.normalized_shape), weight, bias)
            self._cache = (rows,)
            return y
        mask = np.broadcast_to(as_mask(mask), x.shape)
        normalised, (_, _, count, inverse) = normalise(x, axes, self._eps_for(x.dtype), mask, self._centers)
        self._cache = normalised, inverse, count, axes, mask, x.dtype
        y = normalised if weight is None else normalised * weight
        y = y if bias is None else y + bias
        return np.where(mask, y, 0.0).astype(x.dtype)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        context = self._context()
        if isinstance(context[0], NormalizedRows):
            rows = context[0]
            back, *sums = rows.backward(check_grad(self, grad, rows.like.shape))
            self._keep_grads(*(total.reshape(self.normalized_shape) for total in sums))
            return back
        normalised, inverse, count, axes, mask, dtype = context
        grad = np.where(mask, check_grad(self, grad, normalised.shape).astype(np.float64), 0.0)
        batch = tuple(range(grad.ndim - len(axes)))
        self._keep_grads((grad * normalised).sum(axis=batch), grad.sum(axis=batch))
        if "weight" in self._params:
            grad = grad * self._params["weight"]
        back, _, _ = normalise_backward(grad, normalised, inverse, count, axes, mask, self._centers)
        return back.astype(dtype)

    def _eps_for(self, dtype):
        return self.eps

    def _keep_grads(self, of_weight, of_bias):
        for name, value in (("weight", of_weight), ("bias", of_bias)):
            if name in self._params:
                self._grads[name] = value.astype(self._params[name].dtype)
