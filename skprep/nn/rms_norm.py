"""Normalisation by the root mean square."""

from skprep.nn.layer_norm import LayerNorm


class RMSNorm(LayerNorm):
    r"""Divide the last axes of each row by their root mean square; nothing is subtracted.

    .. math:: y = \gamma \odot \frac{x}{\sqrt{\overline{x^2} + \varepsilon}}

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Shape of the last axes.
    eps : float, default=1e-6
    elementwise_affine : bool, default=True

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

    def __init__(self, normalized_shape, eps=1e-6, elementwise_affine=True):
        super().__init__(normalized_shape, eps, elementwise_affine, bias=False)
