"""Covariates: columns of a table as the columns of a design, numbers as they are and levels one-hot."""

import decimal
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skprep.statistics.groups import GroupIndex
from skprep.validation.unknown import shown

NUMBERS = (int, float, np.number, decimal.Decimal)
LARGEST = 1e150  # whose squares stay in float64


@dataclass(frozen=True)
class Covariates:
    """How the covariates of a table become numbers.

    Attributes
    ----------
    names : tuple of str
        What the covariates are called in messages and in the design.
    levels : tuple of (GroupIndex or None)
        The levels of text, booleans and categories, each of which is a column of the design; None for
        numbers.

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
    def learn(cls, names, columns, rows=None):
        """Return the covariates that columns of training rows show; ``rows`` as in :meth:`matrix`."""
        known = zip(names, columns, strict=True)
        levels = [None if is_numeric(c) else GroupIndex.learn([_known(n, c, rows)])[0] for n, c in known]
        return cls(tuple(names), tuple(levels))

    def union(self, other):
        """Return covariates with the levels of both, and the columns of each in the design of those."""
        levels = []
        for name, a, b in zip(self.names, self.levels, other.levels, strict=True):
            if (a is None) != (b is None):
                kinds = ["numbers" if index is None else "levels" for index in (a, b)]
                raise ValueError(
                    f"Covariate {name!r} must be of one kind in all rows; received {kinds[1]} after "
                    f"{kinds[0]}. "
                    "Bring the column into one type."
                )
            levels.append(a if a is None else a.union(b)[0])
        whole = Covariates(self.names, tuple(levels))
        return whole, self._places_in(whole), other._places_in(whole)

    def _places_in(self, whole):
        places = []
        for own, all_levels, first in zip(self.levels, whole.levels, whole._starts(), strict=True):
            places += [first] if own is None else (first + all_levels.codes_of(own.keys)).tolist()
        return np.array(places, dtype=np.intp)

    def _widths(self):
        return [1 if index is None else len(index) for index in self.levels]

    def _starts(self):
        return np.cumsum([0, *self._widths()])[:-1].tolist()

    @property
    def n_columns(self):
        """The number of columns of the design."""
        return sum(self._widths())

    def column_names(self):
        """Return the names of the columns of the design: of a number its own, of a level with it behind."""
        return [
            name if index is None else f"{name}_{level}"
            for name, index in zip(self.names, self.levels, strict=True)
            for level in ([None] if index is None else index.keys)
        ]

    def free(self):
        """Return which columns a regression needs: all but the first level of each covariate."""
        return np.array(
            [
                first + i
                for index, first in zip(self.levels, self._starts(), strict=True)
                for i in ([0] if index is None else range(1, len(index)))
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
        for name, index, first, column in zip(self.names, self.levels, self._starts(), columns, strict=True):
            if index is None:
                design[:, first] = _numbers(name, column, rows)
                continue
            codes, unknown = index.encode([_known(name, column, rows)])
            if unknown:
                _refuse_levels(name, index, unknown)
            design[np.arange(n_rows), first + codes] = 1.0
        return design

    def refuse_new(self, other):
        """Refuse covariates of other rows that have a level which these do not know."""
        for name, own, theirs in zip(self.names, self.levels, other.levels, strict=True):
            if own is None or theirs is None:
                continue
            new = [key for key in theirs.keys if own.codes_of([key])[0] < 0]
            if new:
                _refuse_levels(name, own, new)


def _refuse_levels(name, index, unknown):
    raise ValueError(
        f"Covariate {name!r} must have a level that fit has seen ({shown(index.keys)}); received "
        f"{shown(unknown)}. Fit on rows of this level too, or correct the value."
    )


def is_numeric(column):
    """Say whether a column of a table holds real numbers; of objects, whether all of them are.

    Examples
    --------
    >>> import pandas as pd
    >>> is_numeric(pd.Series([1, None], dtype=object)), is_numeric(pd.Series([True]))
    (True, False)
    """
    if column.dtype != object:
        kind = column.dtype
        return pd.api.types.is_any_real_numeric_dtype(kind)
    present = column[~pd.isna(column)]
    return len(present) > 0 and all(isinstance(v, NUMBERS) and not isinstance(v, bool) for v in present)


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
            f"{column.dtype}. "
            "Split it into its real and imaginary part."
        )
    return column


def _refuse_missing(name, value, row, rows):
    shown_value = "a missing value" if value is None or value != value else f"{value!r}"
    where = "some row" if rows is False else f"row {row if rows is None else rows[row]}"
    raise ValueError(
        f"Covariate {name!r} must be known and finite in every row, and below {LARGEST:g}; received "
        f"{shown_value} in {where}. Fill it, or leave the row out."
    )
