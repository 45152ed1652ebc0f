"""Logarithms, shifted into their domain."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skprep.maps import logarithms
from skprep.maps.base import Map


@dataclass(eq=False)
class LogMap(Map):
    """``log(x + offset)``, ``sign(u) * log(1 + abs(u))`` or ``arcsinh(u)``, with ``u = x + offset``.

    Attributes
    ----------
    offset : float64 ndarray of shape (n_groups, n_features)
    data_min : float64 ndarray of shape (n_groups, n_features)
        Smallest training value inside the domain: what ``handle_invalid="clip"`` puts for those outside.
    base : {"e", 2, 10}
    method : {"log", "symlog", "arcsinh"}
    handle_invalid : {"error", "nan", "clip"}
        What becomes of values outside the domain of ``"log"``; "error" is for the caller to find
        (:meth:`outside`), and NaN here.

    Examples
    --------
    >>> import numpy as np
    >>> log = LogMap(offset=np.array([[1.0]]), data_min=np.array([[0.0]]), base=2)
    >>> log.apply(np.array([[0.0], [7.0]]))
    array([[0.],
           [3.]])
    >>> log.undo(np.array([[3.0]]))
    array([[7.]])
    """

    offset: np.ndarray | None = None
    data_min: np.ndarray | None = None
    base: str | int = "e"
    method: str = "log"
    handle_invalid: str = "error"

    parameters: ClassVar[tuple[str, ...]] = ("offset", "data_min")

    @property
    def has_domain(self):
        """Whether a value outside the domain is an error."""
        return self.method == "log" and self.handle_invalid == "error"

    def write(self, X, out, codes=None, undo=False):
        """See :meth:`Map.write`; in place and without masks where the rows need none."""
        return self._by_pieces(logarithms.evaluate, X, out, codes, undo)

    def outside(self, x, p):
        """Say where x is outside the domain."""
        return x + p.offset <= 0.0

    def forward(self, x, p, f):
        """Take the logarithm."""
        if self.method == "log":
            invalid = p.data_min if self.handle_invalid == "clip" else float("nan")
            x = yield f.where(self.outside(x, p), invalid, x)

            def plain():
                return f.log(x + p.offset, self.base)

            # log1p keeps the digits near 0; powers of the base are exact without it
            def near_one():
                return f.where(self._is_near(x, f), lambda: self._in_base(f.log1p(x)), plain)

            return f.where(p.offset == 1.0, near_one, plain)
        u = yield x + p.offset
        if self.method == "arcsinh":
            return self._in_base((yield from f.arcsinh(u)))
        size = yield f.abs(u)
        return f.copysign(self._in_base(f.log1p(size)), u)

    is_linear = False

    def slope(self, z):
        """See :meth:`Map.slope`: of each power, at z."""
        t = np.abs(z) * self.ln_base
        if self.method == "arcsinh":
            return np.cosh(t) * self.ln_base
        return np.exp(t if self.method == "symlog" else z * self.ln_base) * self.ln_base

    def backward(self, z, p, f):
        """Take the power."""
        t = (yield z * self.ln_base) if self.base != "e" else z
        if self.method == "arcsinh":
            return (yield from f.sinh(t)) - p.offset
        if self.method == "symlog":
            size = yield f.abs(t)
            return f.copysign(f.expm1(size), z) - p.offset

        def plain():
            return f.exp(z, self.base) - p.offset

        def near_one():
            return f.where(self._is_near(z, f), lambda: f.expm1(t), plain)

        return f.where(p.offset == 1.0, near_one, plain)

    def _is_near(self, x, f):
        return True if self.base == "e" else f.abs(x) < logarithms.NEAR

    def _in_base(self, z):
        return z if self.base == "e" else z / self.ln_base

    @property
    def ln_base(self):
        """The natural logarithm of the base."""
        return 1.0 if self.base == "e" else float(np.log(float(self.base)))
