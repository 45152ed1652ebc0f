"""From the training minimum and maximum onto any range, both ends hit exactly."""

from dataclasses import dataclass

import numpy as np

from skprep.maps.affine import AffineMap


@dataclass(eq=False)
class RangedMap(AffineMap):
    """``z = low + (high - low) * (x - center) / scale``.

    Attributes
    ----------
    center, scale : float64 ndarray of shape (n_groups, n_features)
        Minimum of the data, and their range.
    feature_range : (float, float)
        ``(low, high)``. The maximum of the data becomes exactly ``high``, whatever is rounded.

    Examples
    --------
    >>> import numpy as np
    >>> onto = RangedMap(center=np.array([[10.0]]), scale=np.array([[5.0]]), feature_range=(-0.1, 0.3))
    >>> onto.apply(np.array([[10.0], [15.0]]))
    array([[-0.1],
           [ 0.3]])
    """

    feature_range: tuple = (0.0, 1.0)

    def forward(self, x, p, f):
        """Scale to 0 and 1, and from there onto the range."""
        z = yield from super().forward(x, p, f)
        low, high = self._range()
        if (low, high) == (0.0, 1.0):
            return z
        z = yield z
        moved = z * (high - low) + low
        if low + (high - low) == high:
            return moved
        # high - low was rounded: the maximum must still come out as high
        moved = yield moved
        wrong = (z == 1.0) | ((z > 1.0) & (moved < high)) | ((z < 1.0) & (moved > high))
        return f.where(wrong & ~f.isnan(z), high, moved)

    def backward(self, z, p, f):
        """From the range to 0 and 1, and back to the data."""
        low, high = self._range()
        if (low, high) != (0.0, 1.0):
            z = yield (z - low) / (high - low)
        return (yield from super().backward(z, p, f))

    def write(self, X, out, codes=None, undo=False):
        """See :meth:`Map.write`; numbers that leave float64 on the way go by the formula."""
        if self._onto() is not None and self.huge_columns.size:
            return self.read_formula(X, out, codes, undo)
        return super().write(X, out, codes, undo)

    def _onto(self):
        return None if self._range() == (0.0, 1.0) else self._range()

    def slope(self, z):
        """See :meth:`Map.slope`."""
        low, high = self._range()
        return super().slope(z) / (high - low)

    def check_dtype(self, dtype):
        """Refuse rows of a type that the range does not fit into."""
        if dtype == np.float64:
            return
        most = np.finfo(dtype).max
        if max(np.abs(self.feature_range)) > most:
            raise ValueError(
                f"feature_range must fit into the type of the rows, {dtype}, which ends at {most:g}; "
                f"received {self.feature_range!r}. Pass rows of float64, or a smaller range."
            )

    def _range(self):
        low, high = self.feature_range
        return float(low), float(high)
