"""Normalisation of each channel of each sample."""

import numpy as np

from skprep.nn.group_norm import GroupNorm
from skprep.nn.layer import as_float
from skprep.types import Array


class InstanceNorm(GroupNorm):
    r"""Give each channel of each sample zero mean and unit variance over its places.

    .. math:: y = \gamma_c \frac{x - \mu_{n,c}}{\sqrt{\sigma_{n,c}^2 + \varepsilon}} + \beta_c

    It removes what is constant over an image, its contrast and brightness: its style.

    Parameters
    ----------
    num_features : int
        C, the number of channels of an input ``(N, C, *)``.
    eps : float, default=1e-5
        Added to the variance, within the root, so that a constant does not divide by 0.
    affine : bool, default=False
        Whether a weight and a bias per channel are learnt.

    Attributes
    ----------
    params : dict
        Empty, or ``"weight"`` and ``"bias"`` of shape (C,).

    Raises
    ------
    ValueError
        For an input with a single place per channel, which would become 0 throughout (as PyTorch).

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky (2016), "Instance normalization: the missing ingredient for fast
    stylization", arXiv:1607.08022.

    Examples
    --------
    >>> import numpy as np
    >>> InstanceNorm(1, eps=0.0)(np.array([[[1.0, 3.0]], [[10.0, 30.0]]]))
    array([[[-1.,  1.]],
    <BLANKLINE>
           [[-1.,  1.]]])
    """

    def __init__(self, num_features: int, eps: float = 1e-5, affine: bool = False) -> None:
        super().__init__(num_features, num_features, eps, affine)

    def forward(self, x: Array) -> np.ndarray:
        """Return ``x`` normalised."""
        x = as_float(x)
        shape = x.shape
        if len(shape) < 3 or not any(n > 1 for n in shape[2:]):
            raise ValueError(
                f"InstanceNorm takes (N, C, *) with more than one place per channel; received shape {shape}. "
                "Use LayerNorm for inputs without places."
            )
        return super().forward(x)
