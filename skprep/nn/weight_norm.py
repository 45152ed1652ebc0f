"""Weights split into length and direction."""

import copy
from typing import Any, Self

import numpy as np

from skprep.nn.layer import Layer
from skprep.types import Array


class WeightNorm(Layer):
    r"""Learn length and direction of each row of a layer's weight separately.

    .. math:: W_i = g_i \frac{v_i}{\lVert v_i \rVert}

    The length of the weight, and with it the size of a step, no longer depends on its direction.

    Parameters
    ----------
    layer : Layer
        With a parameter ``"weight"`` whose first axis are the outputs (:class:`Linear`). It is used up: its
        weight lives on as ``weight_g`` and ``weight_v``.

    Attributes
    ----------
    params : dict
        ``"weight_g"`` of shape (out_features, 1), ``"weight_v"`` of the shape of the weight, and the other
        parameters of ``layer``.

    Notes
    -----
    Where :math:`v_i = 0`, which has no direction, the row of the weight and the gradients of its length and
    direction are 0 (PyTorch: NaN); it stays there. The object copies and pickles like any other.

    References
    ----------
    Salimans & Kingma (2016), "Weight normalization: a simple reparameterization to accelerate training
    of deep neural networks", NeurIPS, arXiv:1602.07868.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep.nn import Linear
    >>> layer = WeightNorm(Linear(2, 1, bias=False))
    >>> layer.load_state_dict({"weight_g": [[10.0]], "weight_v": [[3.0, 4.0]]})
    >>> layer(np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([[6.],
           [8.]])
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        if "weight" not in getattr(layer, "_params", {}):
            raise ValueError(
                f"WeightNorm takes a layer with a weight of its own; received {type(layer).__name__}. "
                "Wrap a Linear layer."
            )
        if layer.has_statistics or layer._params["weight"].ndim < 2:
            raise ValueError(
                f"WeightNorm takes a layer whose weight is a matrix; received {type(layer).__name__}, whose "
                f"weight has shape {layer._params['weight'].shape}. Wrap a Linear layer."
            )
        self._layer = layer
        weight = layer._params.pop("weight")
        self._params = {"weight_g": _length(weight).astype(weight.dtype), "weight_v": weight, **layer._params}
        layer._params = {}

    def __getstate__(self):
        """Return the state to copy and pickle: without the weight that is put together in each call."""
        state = super().__getstate__()
        for name in ("_direction", "_inverse"):
            state.pop(name, None)
        layer = copy.copy(self._layer)
        layer._params = {}
        return state | {"_layer": layer}

    def _settings(self):
        return repr(self._layer)

    def clear_cache(self) -> Self:
        """Drop what the last call kept for ``backward``; return the layer."""
        self._layer.clear_cache()
        return super().clear_cache()

    def forward(self, x: Array) -> np.ndarray:
        """Return what the layer gives with its weight put together."""
        return self._assembled().forward(x)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        grad_x = self._layer.backward(grad)
        g, v = self._params["weight_g"], self._params["weight_v"]
        grads = dict(self._layer._grads)
        grad_w = grads.pop("weight")
        axes, direction, inverse = tuple(range(1, v.ndim)), self._direction, self._inverse
        along = (grad_w * direction).sum(axis=axes, keepdims=True)
        across = g * inverse * (grad_w - along * direction)
        self._grads = {"weight_g": along.astype(g.dtype), "weight_v": across.astype(v.dtype), **grads}
        return grad_x

    def _assembled(self):
        g, v = self._params["weight_g"], self._params["weight_v"]
        length = _length(v)
        self._inverse = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
        largest = _largest(v)
        self._direction = np.divide(v / largest, length / largest, out=np.zeros(v.shape), where=length > 0)
        others = {name: p for name, p in self._params.items() if not name.startswith("weight_")}
        self._layer._params = {"weight": (g * self._direction).astype(v.dtype), **others}
        return self._layer


def _length(weight):
    """Return the length of each row, in float64 and without leaving its range."""
    largest = _largest(weight)
    shares = np.square(weight / largest).sum(axis=tuple(range(1, weight.ndim)), keepdims=True)
    return largest * np.sqrt(shares)


def _largest(weight):
    """Return the largest size in each row, 1 where all is 0."""
    axes = tuple(range(1, weight.ndim))
    largest = np.abs(weight).max(axis=axes, keepdims=True, initial=0.0).astype(np.float64)
    return np.where(largest > 0, largest, 1.0)
