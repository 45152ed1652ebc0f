"""Center and scale, then a smooth way into bounds."""

import math
from dataclasses import dataclass

import numpy as np

from skprep.maps.affine import AffineMap
from skprep.maps.arrays import Functions, put, result_of

TINY = 1e-150  # some engines raise where a square leaves float64; beside 1 it counts for nothing


@dataclass(eq=False)
class SquashedMap(AffineMap):
    """``z / sqrt(1 + (z / soft)**2)`` with ``z = (x - center) / scale``.

    Attributes
    ----------
    center, scale : float64 ndarray of shape (n_groups, n_features), or None
    soft : float
        What the result tends to, and is where x is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> squash = SquashedMap(center=np.array([[10.0]]), scale=np.array([[5.0]]), soft=3.0)
    >>> squash.apply(np.array([[10.0], [30.0], [np.inf]])).ravel()
    array([0. , 2.4, 3. ])
    >>> squash.undo(np.array([[2.4]])).round(12)
    array([[30.]])
    """

    soft: float = 3.0
    is_linear = False

    def forward(self, x, p, f):
        """Center, divide and squash."""
        z = yield from super().forward(x, p, f)
        return (yield from self._squash((yield z), f))

    def backward(self, z, p, f):
        """Stretch, multiply and put the center back."""
        z = yield from self._stretch(z, f)
        return (yield from super().backward(z, p, f))

    def _squash(self, z, f):
        size = yield f.abs(z / self.soft)
        far = size > 1.0
        # 1 / size beyond 1: there size and its square may be infinite
        part = yield f.where(far, 1.0 / f.where(far, size, 1.0), f.where(size < TINY, 0.0, size))
        root = yield f.sqrt(part * part + 1.0)
        return f.where(far, f.copysign(self.soft, z) / root, z / root)

    def _stretch(self, z, f):
        size = yield f.abs(z / self.soft)
        beyond = ~f.isnan(z) & (size >= 1.0)  # in some engines NaN is the largest number
        part = yield f.where(beyond, 0.0, size)
        root = yield f.sqrt((1.0 - part) * (1.0 + part))
        return f.where(beyond, f.copysign(math.inf, z), z / root)

    def write(self, X, out, codes=None, undo=False):
        """See :meth:`Map.write`; what is too far off for float64 on the way is at the bound."""
        with np.errstate(over="ignore"):
            if not self.huge_columns.size:
                return self.read_formula(X, out, codes, undo)
            flat, wide = self.unbounded(), np.array(X, dtype=np.float64)
            if undo:
                infinite = bool(np.isinf(wide).any())
                wide = result_of(self._stretch(wide, Functions))
                flat.write(wide, wide, codes, undo=True)
            else:
                infinite = flat.write(wide, wide, codes)
                wide = result_of(self._squash(wide, Functions))
            put(wide, out)
        return infinite

    def slope(self, z):
        """See :meth:`Map.slope`."""
        t = np.clip(np.abs(z) / self.soft, 0.0, 1.0)
        with np.errstate(divide="ignore"):
            return super().slope(z) / ((1.0 - t) * (1.0 + t)) ** 1.5

    def unbounded(self):
        """See :meth:`Map.unbounded`."""
        return AffineMap(None, self.center, self.scale, self.is_identity)
