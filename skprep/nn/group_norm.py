"""Normalisation of each sample over groups of its channels."""

import math
from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, check_grad
from skprep.nn.normalising import NormalizedRows
from skprep.types import Array


class GroupNorm(Layer):
    r"""Give each group of channels of each sample zero mean and unit variance.

    .. math:: y = \gamma_c \frac{x - \mu_{n,g}}{\sqrt{\sigma_{n,g}^2 + \varepsilon}} + \beta_c

    over the channels of group g and all places of sample n. It does not depend on the batch, so small batches
    cost nothing. One group is layer normalisation over ``(C, *)``; one channel a group is
    :class:`InstanceNorm`.

    Parameters
    ----------
    num_groups : int
        Divides ``num_channels``.
    num_channels : int
        C, the number of channels of an input ``(N, C, *)``.
    eps : float, default=1e-5
        Added to the variance, within the root, so that a constant does not divide by 0.
    affine : bool, default=True
        Whether a weight and a bias per channel are learnt.

    Attributes
    ----------
    params : dict
        ``"weight"`` and ``"bias"`` of shape (num_channels,).

    References
    ----------
    Wu & He (2018), "Group normalization", ECCV, arXiv:1803.08494.

    Examples
    --------
    >>> import numpy as np
    >>> GroupNorm(2, 4, eps=0.0)(np.array([[1.0, 3.0, 10.0, 20.0]]))
    array([[-1.,  1., -1.,  1.]])
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"num_groups must divide num_channels; received {num_groups} groups of {num_channels} "
                "channels. Pass a divisor."
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        if affine:
            self._params = {"weight": np.ones(num_channels), "bias": np.zeros(num_channels)}

    def forward(self, x: Array) -> np.ndarray:
        """Return ``x`` normalised."""
        x = as_float(x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(
                f"{type(self).__name__} takes (N, {self.num_channels}, *); received shape {x.shape}. "
                "Put the channels on axis 1."
            )
        places = math.prod(x.shape[2:])  # of each channel
        width = self.num_channels // self.num_groups * places
        own = (np.repeat(self._params[n], places) if self.affine else None for n in ("weight", "bias"))
        rows = NormalizedRows(self.eps)
        y = rows.forward(x, width, *own)
        self._cache = rows
        return y

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        rows = self._context()
        back, *sums = rows.backward(check_grad(self, grad, rows.like.shape))
        if self.affine:
            for name, total in zip(("weight", "bias"), sums, strict=True):
                own = total.reshape(self.num_channels, -1).sum(axis=1)
                self._grads[name] = own.astype(self._params[name].dtype)
        return back
