"""Functions applied to each entry."""

from typing import Any

import numpy as np

from skprep.kernels.dispatch import gelu, gelu_backward
from skprep.nn.layer import Layer, as_float, check_grad
from skprep.types import Array


class ReLU(Layer):
    r"""The positive part, :math:`y = \max(x, 0)`; its gradient at 0 is 0.

    References
    ----------
    Nair & Hinton (2010), "Rectified linear units improve restricted Boltzmann machines", ICML.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x: Array) -> np.ndarray:
        """Return the positive part."""
        x = as_float(x)
        self._cache = x > 0, x.dtype
        return np.maximum(x, 0)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        positive, dtype = self._context()
        grad = check_grad(self, grad, positive.shape).astype(dtype, copy=False)
        with np.errstate(invalid="ignore", over="ignore"):
            out = grad * positive  # several times as fast as a choice, but inf * 0 is NaN
            return np.where(positive, grad, dtype.type(0)) if np.isnan(out.sum()) else out


class GELU(Layer):
    r"""The Gaussian error linear unit, :math:`y = x \, \Phi(x)`.

    :math:`\Phi(x) = (1 + \operatorname{erf}(x / \sqrt 2)) / 2` is the normal distribution function.

    References
    ----------
    Hendrycks & Gimpel (2016), "Gaussian error linear units", arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> GELU()(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """

    def forward(self, x: Array) -> np.ndarray:
        """Return ``x`` times the normal distribution function of ``x``."""
        x = as_float(x)
        self._cache = x
        return _by_entry(gelu, x)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        x = self._context()
        return _by_entry(gelu_backward, x, check_grad(self, grad, x.shape))


def _by_entry(function, x, *others):
    """Return what a kernel of vectors writes for the entries of arrays, in the shape and type of ``x``."""
    kind = np.float32 if x.dtype == np.float32 else np.float64
    flat = [np.ascontiguousarray(a, dtype=kind).reshape(-1) for a in (x, *others)]
    out = np.empty_like(flat[0])
    function(*flat, out)
    return out.reshape(x.shape).astype(x.dtype, copy=False)
