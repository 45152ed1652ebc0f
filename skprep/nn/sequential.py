"""Layers one after the other."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, check_distinct
from skprep.types import Array


class Sequential(Layer):
    """Call layers one after the other; go back through them in reverse.

    Parameters
    ----------
    *layers : Layer
        In the order in which they are called; each once.

    Attributes
    ----------
    params : dict
        Those of layer i as ``"i.name"``.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep.nn import ReLU
    >>> Sequential(ReLU(), ReLU())(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        check_distinct(self, layers)
        self._children = {str(i): layer for i, layer in enumerate(layers)}

    def __getitem__(self, i):
        """Return layer ``i``; of a slice a Sequential of those layers, with the same parameters."""
        found = list(self._children.values())[i]
        return Sequential(*found) if isinstance(i, slice) else found

    def __len__(self):
        """Return the number of layers."""
        return len(self._children)

    def __iter__(self):
        """Go through the layers."""
        return iter(self._children.values())

    def _settings(self):
        lines = [f"({name}): {layer!r}" for name, layer in self._children.items()]
        return "".join("\n  " + line.replace("\n", "\n  ") for line in lines) + ("\n" if lines else "")

    def forward(self, x: Array) -> np.ndarray:
        """Return what the last layer gives."""
        for layer in self._children.values():
            x = layer(x)
        return x

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        for layer in reversed(self._children.values()):
            grad = layer.backward(grad)
        return grad
