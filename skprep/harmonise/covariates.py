"""Covariates: columns of a table as the columns of a design."""

import decimal
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skprep.errors import warn_caller
from skprep.kernels.splines import Spline
from skprep.statistics.groups import GroupIndex
from skprep.validation.unknown import shown

KINDS = {type(None): "numbers", GroupIndex: "levels", Spline: "a smooth function"}
NUMBERS = (int, float, np.number, decimal.Decimal)
LARGEST = 1e150  # whose squares stay in float64


@dataclass(frozen=True)
class Covariates:
    """How the covariates of a table become numbers.

    Attributes
    ----------
    names : tuple of str
        What the covariates are called in messages and in the design.
    levels : tuple of (GroupIndex, Spline or None)
        The levels of text, booleans and categories, each of which is a column of the design; the basis of a
        smooth function of a number; None for numbers as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = [pd.Series([30.0, 40.0]), pd.Series(["f", "m"])]
    >>> covariates = Covariates.learn(["age", "sex"], columns)
    >>> covariates.column_names(), covariates.matrix(columns).tolist()
    (['age', 'sex_f', 'sex_m'], [[30.0, 1.0, 0.0], [40.0, 0.0, 1.0]])
    """

    names: tuple
    levels: tuple

    @classmethod
    def learn(cls, names, columns, rows=None, smooth=None):
        """Return the covariates that columns of training rows show.

        Parameters
        ----------
        names : sequence of str
        columns : list of pandas Series
        rows : ndarray or False, default=None
            As in :meth:`matrix`.
        smooth : dict, default=None
            By number of the covariate: a Spline, or the number of its columns.
        """
        levels = []
        for i, (name, column) in enumerate(zip(names, columns, strict=True)):
            if i in (smooth or {}):
                levels.append(_spline(name, column, smooth[i], rows))
            else:
                levels.append(
                    None if is_numeric(column) else GroupIndex.learn([_known(name, column, rows)])[0]
                )
        return cls(tuple(names), tuple(levels))

    def union(self, other):
        """Return covariates with the levels of both, and the columns of each in the design of those."""
        pairs = zip(self.names, self.levels, other.levels, strict=True)
        whole = Covariates(self.names, tuple(_union(name, a, b) for name, a, b in pairs))
        return whole, self._places_in(whole), other._places_in(whole)

    def _places_in(self, whole):
        places = []
        for own, all_levels, first in zip(self.levels, whole.levels, whole._starts(), strict=True):
            within = all_levels.codes_of(own.keys) if isinstance(own, GroupIndex) else np.arange(_width(own))
            places += (first + within).tolist()
        return np.array(places, dtype=np.intp)

    def _starts(self):
        return np.cumsum([0, *map(_width, self.levels)])[:-1].tolist()

    @property
    def n_columns(self):
        """The number of columns of the design."""
        return sum(map(_width, self.levels))

    def column_names(self):
        """Return the names of the columns of the design, those of levels and curves with more behind."""
        found = []
        for name, basis in zip(self.names, self.levels, strict=True):
            if basis is None:
                found.append(name)
            elif isinstance(basis, Spline):
                found += [f"{name}_spline{i}" for i in range(1, basis.df + 1)]
            else:
                found += [f"{name}_{level}" for level in basis.keys]
        return found

    def free(self):
        """Return which columns a regression needs: all but the first level of each covariate."""
        return np.array(
            [
                first + i
                for basis, first in zip(self.levels, self._starts(), strict=True)
                for i in range(1 if isinstance(basis, GroupIndex) else 0, _width(basis))
            ],
            dtype=np.intp,
        )

    def matrix(self, columns, rows=None):
        """Return the design of rows, a float64 array of shape ``(n_rows, n_columns)``.

        Parameters
        ----------
        columns : list of pandas Series
        rows : ndarray or False, default=None
            The numbers that a message calls the rows by; None: their own. False: nobody knows them.

        Raises
        ------
        ValueError
            If a covariate is missing in a row, or has a level that is not known.
        """
        n_rows = len(columns[0]) if columns else 0
        design = np.zeros((n_rows, self.n_columns))
        for name, basis, first, column in zip(self.names, self.levels, self._starts(), columns, strict=True):
            if basis is None:
                design[:, first] = _numbers(name, column, rows)
            elif isinstance(basis, Spline):
                x = _numbers(name, column, rows)
                if rows is not False:  # a lazy frame has not shown its numbers
                    _warn_of_clamped(name, basis, x)
                design[:, first : first + basis.df] = basis.columns(x)
            else:
                codes, unknown = basis.encode([_known(name, column, rows)])
                if unknown:
                    _refuse_levels(name, basis, unknown)
                design[np.arange(n_rows), first + codes] = 1.0
        return design

    def refuse_new(self, other):
        """Refuse covariates of other rows that have a level which these do not know."""
        for name, own, theirs in zip(self.names, self.levels, other.levels, strict=True):
            if isinstance(own, GroupIndex) and isinstance(theirs, GroupIndex):
                new = [key for key in theirs.keys if own.codes_of([key])[0] < 0]
                if new:
                    _refuse_levels(name, own, new)


def is_numeric(column):
    """Say whether a column of a table holds real numbers; of objects, whether all of them are.

    Examples
    --------
    >>> import pandas as pd
    >>> is_numeric(pd.Series([1, None], dtype=object)), is_numeric(pd.Series([True]))
    (True, False)
    """
    if column.dtype != object:
        return pd.api.types.is_any_real_numeric_dtype(column.dtype)
    present = column[~pd.isna(column)]
    return len(present) > 0 and all(isinstance(v, NUMBERS) and not isinstance(v, bool) for v in present)


def _width(basis):
    if basis is None:
        return 1
    return basis.df if isinstance(basis, Spline) else len(basis)


def _union(name, a, b):
    kinds = [KINDS[type(basis)] for basis in (a, b)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"Covariate {name!r} must be of one kind in all rows; received {kinds[1]} after {kinds[0]}. "
            f"Bring "
            "the column into one type."
        )
    if isinstance(a, Spline) and a != b:
        raise ValueError(
            f"A smooth covariate needs the same knots in all parts; received others for {name!r}. "
            f"{_how(name)}"
        )
    return a.union(b)[0] if isinstance(a, GroupIndex) else a


def _how(name):
    return f'Give them: smooth={{{name!r}: {{"knots": [...], "bounds": (low, high)}}}}.'


def _spline(name, column, basis, rows):
    """Return the basis of a smooth function of a covariate: the one given, or one through its numbers."""
    if rows is False and not isinstance(basis, Spline):
        raise ValueError(
            f"On a lazy frame a smooth covariate needs knots; received smooth={{{name!r}: {basis!r}}}. "
            + _how(name)
        )
    x = _numbers(name, column, rows)
    if isinstance(basis, Spline):
        return basis
    different = len(np.unique(x))
    if different <= basis:
        raise ValueError(
            f"A smooth covariate needs more different numbers than columns; received {different} of "
            f"{name!r}, "
            f"and {basis} columns. Ask for fewer columns, or leave it out of smooth."
        )
    return Spline.through(x, basis)


def _warn_of_clamped(name, spline, x):
    outside = spline.outside(x)
    if outside.any():
        low, high = spline.bounds
        warn_caller(
            f"{int(outside.sum())} numbers of the smooth covariate {name!r} lie outside of its bounds, "
            f"{low:g} "
            f"to {high:g}, and count as the bound; {x[outside][0]:g} is one."
        )


def _refuse_levels(name, index, unknown):
    raise ValueError(
        f"Covariate {name!r} must have a level that fit has seen ({shown(index.keys)}); received "
        f"{shown(unknown)}. Fit on rows of this level too, or correct the value."
    )


def _numbers(name, column, rows):
    known = column[~pd.isna(column)]
    if len(known) and not is_numeric(column):
        odd = next((v for v in known if not isinstance(v, NUMBERS) or isinstance(v, bool)), known.iloc[0])
        raise ValueError(
            f"Covariate {name!r} must be a number, as in fit; received {odd!r} of type {column.dtype}. "
            f"Correct "
            "the value, or bring the column into the type that it had."
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    odd = ~(np.abs(values) < LARGEST)
    if odd.any():
        row = int(odd.argmax())
        _refuse_missing(name, values[row], row, rows)
    return values


def _known(name, column, rows):
    absent = pd.isna(column).to_numpy()
    if absent.any():
        _refuse_missing(name, None, int(absent.argmax()), rows)
    if column.dtype.kind == "c":
        raise ValueError(
            f"Covariate {name!r} must be text, a boolean, a category or a real number; received "
            f"{column.dtype}. Split it into its real and imaginary part."
        )
    return column


def _refuse_missing(name, value, row, rows):
    received = "a missing value" if value is None or value != value else f"{value!r}"
    where = "some row" if rows is False else f"row {row if rows is None else rows[row]}"
    raise ValueError(
        f"Covariate {name!r} must be known and finite in every row, and below {LARGEST:g}; received "
        f"{received} in {where}. Fill it, or leave the row out."
    )
