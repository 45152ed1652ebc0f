"""Layers one after the other."""

from skprep.nn.layer import Layer, check_distinct


class Sequential(Layer):
    """Call layers one after the other; go back through them in reverse.

    Parameters
    ----------
    *layers : Layer

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

    def __init__(self, *layers):
        super().__init__()
        check_distinct(self, layers)
        self._children = {str(i): layer for i, layer in enumerate(layers)}

    def __getitem__(self, i):
        """Return layer ``i``."""
        return list(self._children.values())[i]

    def __len__(self):
        """Return the number of layers."""
        return len(self._children)

    def forward(self, x):
        """Return what the last layer gives."""
        for layer in self._children.values():
            x = layer(x)
        return x

    def backward(self, grad):
        """Return the gradient with respect to ``x``."""
        for layer in reversed(self._children.values()):
            grad = layer.backward(grad)
        return grad
