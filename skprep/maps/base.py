"""The interface that every map shares: apply, undo, and the operations on its parameters."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skprep.kernels import threads
from skprep.maps import arrays


@dataclass(eq=False)
class Map:
    """The function from x to z that a scaler has learnt, and back.

    A subclass is a dataclass whose ``parameters`` are float64 arrays of shape ``(n_groups, n_features)``, or
    None where the formula has no such parameter. It states its formula once, as two methods:

    - ``forward(x, p, f)``: z of x;
    - ``backward(z, p, f)``: x of z.

    ``x`` is what a language calculates with (arrays for NumPy, expressions for narwhals), ``p`` has the
    parameters of the cell that x is in, and ``f`` the functions of the language: ``where``, ``log``, ``exp``,
    ``log1p``, ``expm1``, ``sqrt``, ``abs``, ``copysign``, ``isnan``, ``clip``, ``arcsinh``, ``sinh``. Both
    methods are generators: ``u = yield value`` names an intermediate value, so that a language without
    variables can put it into a column; what is returned is the result.

    Attributes
    ----------
    bounds : (low, high) or None
        What z is clipped to.
    """

    bounds: tuple | None = None

    parameters: ClassVar[tuple[str, ...]] = ()  # names of the arrays
    divisors: ClassVar[tuple[str, ...]] = ()  # those that x is divided by
    derived: ClassVar[tuple[str, ...]] = ()  # attributes worked out once
    is_linear = True  # whether the slope is the same everywhere
    has_domain = False  # whether a value outside the domain is an error

    @property
    def shape(self):
        """``(n_groups, n_features)``."""
        return next(v.shape for v in self.arrays().values() if v is not None)

    def arrays(self):
        """Return ``{name: array or None}`` of the parameters."""
        return {name: getattr(self, name) for name in self.parameters}

    def shown(self):
        """Return what people see of the parameters: as :meth:`arrays`."""
        return self.arrays()

    def formula(self, x, p, f, undo=False):
        """Run ``forward`` (and the clip behind it) or ``backward``: a generator, as those are."""
        if undo:
            return (yield from self.backward(x, p, f))
        z = yield from self.forward(x, p, f)
        if self.bounds is not None:
            z = yield z
            z = f.clip(z, *(float(bound) for bound in self.bounds))
        return z

    def apply(self, X, codes=None):
        """Return z of the rows of ``X``, row i by the parameters of group ``codes[i]``.

        Parameters
        ----------
        X : float ndarray of shape (n_rows, n_features)
        codes : intp ndarray of shape (n_rows,), default=None
            None: all rows are group 0.

        Returns
        -------
        Z : ndarray of the shape and dtype of X
            Computed in float64 and rounded once. NaN stays NaN.
        """
        out = np.empty_like(X, subok=False)
        self.write(X, out, codes)
        return out

    def undo(self, Z, codes=None):
        """Return the X that :meth:`apply` has made ``Z`` of."""
        out = np.empty_like(Z, subok=False)
        self.write(Z, out, codes, undo=True)
        return out

    def write(self, X, out, codes=None, undo=False):
        """Write what :meth:`apply` or :meth:`undo` returns to ``out``, which may be ``X`` itself.

        Returns
        -------
        suspect : bool
            Whether X held an infinity, or a value outside the domain that is an error.
        """
        return self.read_formula(X, out, codes, undo)

    def read_formula(self, X, out, codes=None, undo=False):
        """Do what :meth:`write` does by the formula alone: the definition, which a kernel must equal."""
        return self._by_pieces(arrays.evaluate, X, out, codes, undo)

    def _by_pieces(self, write, X, out, codes, undo):
        """Do what :meth:`write` does by another ``write``, piece by piece of the rows, on threads."""
        if X.size <= threads.PIECE:
            return write(self, X, out, codes, undo)

        def piece(x, o, c):
            return write(self, x, o, c, undo)

        return any(threads.by_rows(piece, X, out, codes))

    def slope(self, z):
        """Return dx/dz at the rows of ``z``, of the one group of a plain scaler, as a positive number."""
        raise NotImplementedError

    def outside(self, x, p):
        """Say where x is outside the domain; maps that have none take every number."""
        raise NotImplementedError

    def check_dtype(self, dtype):
        """Refuse rows of a type that the results do not fit into."""

    def take(self, groups):
        """Return the map whose group i is group ``groups[i]`` of this one."""
        return self.changed(lambda name, v: v[groups])

    def columns(self, features):
        """Return the map of some of the features."""
        return self.changed(lambda name, v: v[:, features])

    def transposed(self):
        """Return the map whose groups are the features of this one, which has one group."""
        return self.changed(lambda name, v: np.ascontiguousarray(v.T))

    def where(self, condition, other):
        """Return the map with the parameters of ``other`` where ``condition`` is true.

        Parameters
        ----------
        condition : bool ndarray of shape (n_groups, n_features)
        other : Map
            Of as many groups, or of one.
        """
        return self.changed(lambda name, v: np.where(condition, getattr(other, name), v))

    def blend(self, other, weight):
        """Return the map with parameters ``weight`` times its own and the rest those of ``other``.

        Parameters
        ----------
        other : Map
            Of as many groups, or of one.
        weight : ndarray of shape (n_groups, n_features)
            From 0 to 1; where it is 0, the own parameters may be NaN.
        """

        def mixed(name, own):
            theirs = getattr(other, name)
            return np.where(weight > 0, weight * own + (1.0 - weight) * theirs, theirs)

        return self.changed(mixed)

    def with_fallbacks(self, pooled):
        """Return the map with two more groups: the parameters of ``pooled``, and NaN.

        So a code is all that a row needs, whatever becomes of unknown groups.
        """

        def stacked(name, v):
            theirs = getattr(pooled, name)
            return np.vstack([v, theirs, np.full_like(theirs, np.nan)])

        return self.changed(stacked)

    def unbounded(self):
        """Return the map without the bounds of its results."""
        return self.having(bounds=None)

    def with_constants(self, scale=1.0):
        """Return the map with ``scale`` where a feature is constant; where nothing is divided, itself."""
        return self

    def changed(self, change):
        """Return the map with ``change(name, array)`` in the place of each parameter that is there."""
        fresh = {name: None if v is None else change(name, v) for name, v in self.arrays().items()}
        return self.having(**fresh)

    def having(self, **changes):
        """Return the map with some of its parameters or settings changed."""
        twin = object.__new__(type(self))
        vars(twin).update(self.__getstate__(), **changes)
        return twin

    def __getstate__(self):
        """Return parameters and settings, without what was worked out of them: a look changes no pickle."""
        return {name: value for name, value in vars(self).items() if name not in self.derived}
