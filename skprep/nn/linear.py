"""The affine map."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, check_grad, check_last, generator
from skprep.types import Array


class Linear(Layer):
    r"""Multiply by a matrix and add a vector: :math:`y = x W^T + b`.

    Parameters
    ----------
    in_features, out_features : int
        Number of inputs and of outputs.
    bias : bool, default=True
        Whether a number is added to each output.
    random_state : int, Generator or None, default=None
        Draws the initial weights, uniform within :math:`\pm 1/\sqrt{\text{in\_features}}`.

    Attributes
    ----------
    params : dict
        ``"weight"`` of shape (out_features, in_features) and ``"bias"`` of shape (out_features,).

    Notes
    -----
    ``layer(x)`` takes ``(..., in_features)`` and gives ``(..., out_features)`` of the dtype of ``x``. NaN
    spreads over its row.
    ``backward`` needs ``x`` as it was: it is kept, not copied.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Linear(2, 1)
    >>> layer.load_state_dict({"weight": [[1.0, 2.0]], "bias": [0.5]})
    >>> layer(np.array([[1.0, 1.0]]))
    array([[3.5]])
    >>> layer.backward(np.array([[2.0]]))
    array([[2., 4.]])
    >>> layer.grads["weight"]
    array([[2., 2.]])
    """

    needs_input_grad = True  # False: backward leaves the gradients of the parameters and returns None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, random_state: Any = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        rng, bound = generator(random_state), 1.0 / np.sqrt(in_features)
        self._params["weight"] = rng.uniform(-bound, bound, (out_features, in_features))
        if bias:
            self._params["bias"] = rng.uniform(-bound, bound, out_features)

    def forward(self, x: Array) -> np.ndarray:
        """Return ``x @ weight.T + bias``."""
        x = as_float(x)
        weight = self._params["weight"]
        check_last(self, x, weight.shape[1])
        self._cache = x
        y = x @ weight.astype(x.dtype, copy=False).T  # float32 in, float32 out, as PyTorch would have it
        if "bias" in self._params:
            y += self._params["bias"].astype(x.dtype, copy=False)
        return y

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        x = self._context()
        grad = check_grad(self, grad, (*x.shape[:-1], len(self._params["weight"])))
        rows, grads = x.reshape(-1, x.shape[-1]), grad.reshape(-1, grad.shape[-1])
        weight = self._params["weight"]
        self._grads["weight"] = (grads.T @ rows).astype(weight.dtype, copy=False)
        if "bias" in self._params:
            self._grads["bias"] = grads.sum(axis=0).astype(weight.dtype, copy=False)
        if not self.needs_input_grad:
            return None
        return (grad @ weight.astype(grad.dtype, copy=False)).astype(x.dtype, copy=False)
