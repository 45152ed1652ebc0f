"""The effect of a site taken from a row, and put back: the map of ComBat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skprep.kernels import threads
from skprep.kernels.blocks import row_blocks
from skprep.maps.arrays import evaluate_block
from skprep.maps.base import Map

ELEMENTS = 1 << 17


@dataclass(eq=False)
class EffectMap(Map):
    """``z = expected + ((x - expected) - shift) / scale``, with what is expected of a row given with it.

    Written as x and what is added to it, so that a site without an effect gives x back to the last bit.

    Attributes
    ----------
    shift, scale : float64 ndarray of shape (n_groups, n_features)
        In the units of x.

    Examples
    --------
    >>> import numpy as np
    >>> effects = EffectMap(shift=np.array([[2.0]]), scale=np.array([[4.0]]))
    >>> effects.write_beside(np.array([[16.0]]), lambda rows: np.array([[10.0]]), np.array([0]))
    array([[11.]])
    """

    shift: np.ndarray | None = None
    scale: np.ndarray | None = None

    parameters: ClassVar[tuple[str, ...]] = ("shift", "scale")
    divisors: ClassVar[tuple[str, ...]] = ("scale",)

    def forward(self, x, p, f):
        """Take shift and scale of the site from the deviation."""
        d = yield x - p.expected
        return x + ((d - p.shift) / p.scale - d)

    def backward(self, z, p, f):
        """Put shift and scale of the site back."""
        d = yield z - p.expected
        return z + ((d * p.scale + p.shift) - d)

    def write_beside(self, X, expected, codes, undo=False):
        """Return the rows of ``X`` without the effects of their sites, or with them again.

        Parameters
        ----------
        X : float ndarray of shape (n_rows, n_features)
        expected : callable
            Gives what is expected of a slice of the rows, a float64 array.
        codes : intp ndarray of shape (n_rows,)
        undo : bool, default=False

        Returns
        -------
        Z : ndarray of the shape and dtype of X
            Computed in float64 and rounded once. NaN stays NaN.
        """
        out = np.empty_like(X, subok=False)

        def write(rows):
            own = {name: np.take(v, codes[rows], axis=0) for name, v in self.arrays().items()}
            own["expected"] = expected(rows)
            evaluate_block(self, X[rows], out[rows], own, undo)

        threads.each(write, row_blocks(*X.shape, elements=ELEMENTS), None if X.size > threads.PIECE else 1)
        return out
