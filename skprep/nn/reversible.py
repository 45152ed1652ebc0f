"""A residual block that needs no memory of its input."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, check_distinct
from skprep.types import Array


class ReversibleBlock(Layer):
    r"""Couple the two halves of the last axis so that the input follows from the output.

    .. math:: y_1 = x_1 + f(x_2), \qquad y_2 = x_2 + g(y_1)

    and back: :math:`x_2 = y_2 - g(y_1)`, :math:`x_1 = y_1 - f(x_2)`. ``backward`` recomputes the input
    instead of keeping it, so that a deep stack takes the memory of one block.

    Parameters
    ----------
    f, g : Layer
        From half the last axis to half of it; without randomness (no dropout), for they run twice. In
        training, BatchNorm inside would count each batch twice: use a layer without running statistics.

    Attributes
    ----------
    params : dict
        ``"f.name"`` and ``"g.name"``.

    References
    ----------
    Gomez, Ren, Urtasun & Grosse (2017), "The reversible residual network: backpropagation without storing
    activations", NeurIPS, arXiv:1707.04585.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep.nn import GELU, ReLU
    >>> block, x = ReversibleBlock(ReLU(), GELU()), np.array([[1.0, 2.0]])
    >>> bool(np.allclose(block.inverse(block(x)), x))
    True
    """

    def __init__(self, f: Layer, g: Layer) -> None:
        super().__init__()
        check_distinct(self, (f, g))
        self._children = {"f": f, "g": g}

    def forward(self, x: Array) -> np.ndarray:
        """Return the coupled halves."""
        x1, x2 = self._halves(as_float(x))
        y1 = x1 + self._children["f"](x2)
        y2 = x2 + self._children["g"](y1)
        for layer in self._children.values():
            layer.clear_cache()  # backward calls them again
        self._cache = y1, y2
        return np.concatenate([y1, y2], axis=-1)

    def inverse(self, y: Array) -> np.ndarray:
        """Return the input that gave ``y``."""
        y1, y2 = self._halves(as_float(y))
        x2 = y2 - self._children["g"](y1)
        return np.concatenate([y1 - self._children["f"](x2), x2], axis=-1)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``, which is recomputed on the way."""
        y1, y2 = self._context()
        grad1, grad2 = self._halves(np.asarray(grad))
        f, g = self._children["f"], self._children["g"]
        x2 = y2 - g(y1)
        grad1 = grad1 + g.backward(grad2)
        f(x2)
        grad2 = grad2 + f.backward(grad1)
        return np.concatenate([grad1, grad2], axis=-1)

    def _halves(self, x):
        if x.shape[-1] % 2:
            raise ValueError(
                f"ReversibleBlock couples two halves of the last axis; received shape {x.shape}. "
                "Pass an even number of features."
            )
        return np.split(x, 2, axis=-1)
