"""Normalisation by the root mean square."""

import numpy as np

from skprep.nn.layer_norm import LayerNorm


class RMSNorm(LayerNorm):
    r"""Divide the last axes of each row by their root mean square; nothing is subtracted.

    .. math:: y = \gamma \odot \frac{x}{\sqrt{\overline{x^2} + \varepsilon}}

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Shape of the last axes.
    eps : float or None, default=1e-6
        Added to the mean square. None is the default of PyTorch: the machine epsilon of the rows' dtype,
        2.2e-16 for float64 and 1.2e-7 for float32. The default here does not depend on the dtype.
    elementwise_affine : bool, default=True
        Whether a weight for each feature is learnt.

    Attributes
    ----------
    params : dict
        ``"weight"`` of shape ``normalized_shape``.

    References
    ----------
    Zhang & Sennrich (2019), "Root mean square layer normalization", NeurIPS, arXiv:1910.07467.

    Examples
    --------
    >>> import numpy as np
    >>> RMSNorm(2, eps=0.0)(np.array([[3.0, 3.0], [-5.0, 5.0]]))
    array([[ 1.,  1.],
           [-1.,  1.]])
    """

    _centers = False

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = 1e-6,
        elementwise_affine: bool = True,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, bias=False)

    def _eps_for(self, dtype):
        return float(np.finfo(dtype).eps) if self.eps is None else self.eps
