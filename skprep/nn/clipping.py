"""Gradients kept in proportion to their weights."""

import numpy as np

from skprep.types import Array


def adaptive_grad_clip(weight: Array, grad: Array, clipping: float = 0.01, eps: float = 1e-3) -> np.ndarray:
    r"""Return ``grad`` with the gradient of each unit at most ``clipping`` times as long as its weight.

    .. math::

        G_i \to \lambda \frac{\max(\lVert W_i \rVert, \varepsilon)}{\lVert G_i \rVert} G_i
        \quad \text{where} \quad \lVert G_i \rVert > \lambda \max(\lVert W_i \rVert, \varepsilon)

    Parameters
    ----------
    weight, grad : array-like of one shape
        Unit i is row i of a matrix; a vector (a bias) is one unit, as in the code of the authors.
    clipping : float, default=0.01
        :math:`\lambda`.
    eps : float, default=1e-3
        Least length of a weight, so that weights that start at 0 can move.

    Returns
    -------
    clipped : ndarray
        A new array; units within the bound as they are.

    References
    ----------
    Brock, De, Smith & Simonyan (2021), "High-performance large-scale image recognition without
    normalization", ICML, arXiv:2102.06171.

    Examples
    --------
    >>> adaptive_grad_clip([[3.0, 4.0]], [[300.0, 400.0]], clipping=0.1)
    array([[0.3, 0.4]])
    """
    weight, grad = np.asarray(weight), np.asarray(grad)
    if weight.shape != grad.shape:
        raise ValueError(
            f"weight and grad must have one shape; received {weight.shape} and {grad.shape}. "
            "Pass a parameter and its own gradient."
        )
    if not clipping > 0:
        raise ValueError(f"clipping must be above 0; received {clipping!r}. For example 0.1.")
    most = clipping * np.maximum(_length(weight), eps)
    length = _length(grad)
    factor = np.divide(most, length, out=np.ones_like(length), where=length > most)
    return (grad * factor).astype(grad.dtype if grad.dtype.kind == "f" else np.float64, copy=False)


def _length(values):
    axes = tuple(range(1, values.ndim)) if values.ndim > 1 else None
    wide = np.abs(values, dtype=np.float64)
    largest = wide.max(axis=axes, keepdims=True, initial=0.0)
    scaled = np.divide(wide, largest, out=np.zeros_like(wide), where=largest > 0)
    return largest * np.sqrt(np.square(scaled).sum(axis=axes, keepdims=True))
