"""Center and scale: the map of most scalers."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from skprep.kernels import dispatch
from skprep.maps.base import Map

NONE = np.zeros(0, dtype=np.intp)
HUGE = 2.0**1022  # two such numbers may differ by more than float64 holds


@dataclass(eq=False)
class AffineMap(Map):
    """``z = (x - center) / scale``.

    Attributes
    ----------
    center, scale : float64 ndarray of shape (n_groups, n_features), or None
        None subtracts nothing, or divides by nothing; one of the two is there.
    is_identity : bool
        Whether neither was learnt, and the scale is but 1.

    Examples
    --------
    >>> import numpy as np
    >>> by_device = AffineMap(center=np.array([[20.0], [130.0]]), scale=np.array([[10.0], [20.0]]))
    >>> by_device.apply(np.array([[30.0], [110.0]]), np.array([0, 1]))
    array([[ 1.],
           [-1.]])
    >>> by_device.take([1]).undo(np.array([[-1.0]]))
    array([[110.]])
    """

    center: np.ndarray | None = None
    scale: np.ndarray | None = None
    is_identity: bool = False

    @classmethod
    def of(cls, center, scale, shape):
        """Return a map of ``shape`` of which both parameters may be None: then it divides by 1."""
        if center is None and scale is None:
            return cls(None, None, np.ones(shape), is_identity=True)
        return cls(None, center, scale)

    def shown(self):
        """Return what people see of the parameters: no scale where nothing was learnt."""
        return {**self.arrays(), "scale": None} if self.is_identity else self.arrays()

    parameters: ClassVar[tuple[str, ...]] = ("center", "scale")
    derived: ClassVar[tuple[str, ...]] = ("huge_columns",)
    divisors: ClassVar[tuple[str, ...]] = ("scale",)

    def forward(self, x, p, f):
        """Center and divide."""
        yield from ()
        x = x if p.center is None else x - p.center
        return x if p.scale is None else x / p.scale

    def backward(self, z, p, f):
        """Multiply and put the center back."""
        yield from ()
        z = z if p.scale is None else z * p.scale
        return z if p.center is None else z + p.center

    def write(self, X, out, codes=None, undo=False):
        """See :meth:`Map.write`; by a compiled kernel where one takes the arrays."""
        huge = self.huge_columns
        given = X[:, huge].astype(np.float64) if huge.size else None
        with np.errstate(over="ignore" if huge.size else "warn"):
            infinite = self._write_by_kernel(X, out, codes, undo)
        if huge.size:
            self._write_in_halves(given, out, codes, undo)
        return infinite

    def _write_by_kernel(self, X, out, codes, undo):
        if not dispatch.takes_affine(X, out):
            return self.read_formula(X, out, codes, undo)
        nothing = -0.0 if undo else 0.0  # adding -0.0 changes no number, not even -0.0
        center = np.full(self.shape, nothing) if self.center is None else self.center
        scale = np.ones(self.shape) if self.scale is None else self.scale
        if undo:
            return dispatch.undo_affine(X, center, scale, out, codes, self._onto())
        return dispatch.apply_affine(X, center, scale, out, codes, self.bounds, self._onto())

    def _onto(self):
        """Return the range that 0 and 1 are put onto, None where they stay."""

    @cached_property
    def huge_columns(self):
        """The columns in which two values may differ by more than float64 holds."""
        given = [v for v in (self.center, self.scale) if v is not None]
        if not any(_reaches(np.fmax, v) > HUGE or _reaches(np.fmin, v) < -HUGE for v in given):
            return NONE
        sizes = [np.abs(v) for v in given]
        return np.flatnonzero(sum((size > HUGE).any(axis=0) for size in sizes))

    def _write_in_halves(self, x, out, codes, undo):
        """Write the huge columns again, whose differences could leave float64 on the way."""
        huge = self.huge_columns
        whole = self if self.scale is not None else self.having(scale=np.ones(self.shape))
        half = whole.columns(huge).changed(lambda name, v: v * 0.5)
        wide = np.empty(x.shape)
        with np.errstate(over="ignore"):
            half.read_formula(x if undo else x * 0.5, wide, codes, undo)
            out[:, huge] = wide * 2.0 if undo else wide

    def slope(self, z):
        """See :meth:`Map.slope`."""
        return np.broadcast_to(1.0 if self.scale is None else np.abs(self.scale[0]), z.shape)

    def with_constants(self, scale=1.0):
        """Return the map with ``scale`` in the place of 0, which says that a feature is constant."""
        if self.scale is None:
            return self
        return self.having(scale=np.where(self.scale == 0, scale, self.scale))


def _reaches(extreme, values):
    return extreme.reduce(values, axis=None, initial=0.0)
