"""Where the key and the features of a row are: in columns, or the key beside them as metadata."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_n_features,
    _get_feature_names,
    check_array,
)

from skprep.frames.eager import column_names, named_as, take_columns
from skprep.frames.keys import as_key, key_columns
from skprep.frames.numbers import as_numbers
from skprep.scalers import checks
from skprep.scalers.group_engines import is_vectorised


@dataclass
class Rows:
    """A table taken apart: the float features, and the key columns as pandas Series."""

    features: np.ndarray
    columns: list

    def take(self, rows):
        """Return some of the rows."""
        return Rows(self.features[rows], [column.iloc[rows] for column in self.columns])


class GroupRows:
    """The layout of the training table, and how to take later tables apart in the same way.

    Attributes
    ----------
    by : list of int
        Positions of the key columns; empty where the key is metadata.
    features : list of int
        Positions of the features.
    n_keys : int
        Number of key columns, or of columns of ``groups``; 0 where ``fit`` had none.
    labels : list of str or None
        Column names of ``groups``, where it was a frame.
    """

    def __init__(self):
        self.by, self.features, self.n_keys, self.labels = [], [], 0, None
        self.inner_names = None

    def layout(self):
        """Return where keys and features are, to be compared."""
        return self.by, self.features, self.n_keys, self.labels

    def learn_names(self, estimator, names):
        """Learn the layout from the column names of a lazy frame."""
        estimator.feature_names_in_ = np.array(names, dtype=object)
        estimator.n_features_in_ = len(names)
        self._learn_positions(estimator, names, len(names))
        if not self.by:
            raise ValueError(
                "On a lazy frame the key must be a column; received by=None. Name the key column, "
                'GroupScaler(..., by="device").'
            )
        self.n_keys, self.inner_names = len(self.by), estimator.feature_names_in_[self.features]

    def _learn_positions(self, estimator, names, n_columns):
        self.by = _positions(estimator.by, names, n_columns)
        self.features = [j for j in range(n_columns) if j not in self.by]
        if not self.features:
            raise ValueError(
                "GroupScaler needs at least one column to scale beside those of by=; received only "
                f"{n_columns} columns, all named in by={estimator.by!r}. Add a numeric column."
            )

    def learn(self, estimator, X, groups, *, reset):
        """Return the rows of a training table; ``reset`` learns the layout from it."""
        groups = _walked(groups)
        if not reset:
            return self.take_apart(estimator, X, groups)
        X = as_table(estimator, X)
        _check_feature_names(estimator, named_as(X), reset=True)
        _check_n_features(estimator, X, reset=True)
        self._learn_positions(estimator, column_names(X), X.shape[1])
        if estimator.by is None and groups is None:
            warnings.warn(
                "GroupScaler got neither by= nor groups: all rows form one group. Name the key column "
                "in by=, or pass groups (in a Pipeline, with set_fit_request(groups=True)).",
                stacklevel=5,
            )
        names = _get_feature_names(named_as(X))
        self.inner_names = None if names is None else names[self.features]
        keys = self._keys(estimator, X, groups)
        self.n_keys = 0 if groups is None and not self.by else len(keys)
        self.labels = None if groups is None else column_names(groups)
        return Rows(self._features(estimator, X, self.features), keys)

    def take_apart(self, estimator, X, groups):
        """Return the rows of a table for ``transform``."""
        groups = _walked(groups)
        X = as_table(estimator, X)
        self._check_keys_are_there(estimator, X)
        _check_feature_names(estimator, named_as(X), reset=False)
        _check_n_features(estimator, X, reset=False)
        self._check_groups(estimator, groups, "transform")
        return Rows(self._features(estimator, X, self.features), self._keys(estimator, X, groups))

    def _check_keys_are_there(self, estimator, X):
        known, names = getattr(estimator, "feature_names_in_", None), column_names(X)
        if known is None or names is None:
            return
        absent = [known[j] for j in self.by if known[j] not in names]
        if absent:
            raise ValueError(
                f"GroupScaler(by={estimator.by!r}) finds the group of each row in a column of X; received X "
                f"without {_listed(absent)}: its columns are {_listed(names)}. Pass the columns seen in fit, "
                "the key among them."
            )

    def take_result_apart(self, estimator, X, groups):
        """Return the rows of a table that ``transform`` made."""
        groups = _walked(groups)
        X = as_table(estimator, X)
        expected = self.names_out(estimator, None)
        names = _get_feature_names(named_as(X))
        if X.shape[1] != len(expected):
            raise ValueError(
                f"X has {X.shape[1]} features, but GroupScaler.inverse_transform is expecting "
                f"{len(expected)} features as input: {_listed(expected)}."
            )
        if names is not None and hasattr(estimator, "feature_names_in_") and list(names) != list(expected):
            raise ValueError(
                "The feature names should match those that transform gave: "
                f"{_listed(expected)}; received {_listed(names)}. Put the columns in that order."
            )
        if estimator.keep_by and self.by:
            if groups is not None:
                _refuse_both(estimator)
            return Rows(self._features(estimator, X, self.features), key_columns(X, self.by))
        if groups is None and self.n_keys:
            raise ValueError(
                "inverse_transform needs the group of each row; received none. Pass groups=, or fit "
                "with keep_by=True so that transform keeps the key columns."
            )
        self._check_groups(estimator, groups, "inverse_transform", by_too=True)
        positions = list(range(X.shape[1]))
        return Rows(self._features(estimator, X, positions), self._metadata(X, groups))

    def names_out(self, estimator, input_features):
        """Return the names of the columns that transform gives."""
        names = _check_feature_names_in(estimator, input_features)
        if estimator.keep_by and self.by:
            return names
        scaled, inner = names[self.features], estimator.scaler_
        if is_vectorised(inner) or not hasattr(inner, "get_feature_names_out"):
            return scaled
        return inner.get_feature_names_out(scaled)

    def feature_names(self, estimator):
        """Return the names of the scaled columns."""
        return list(_check_feature_names_in(estimator)[self.features])

    def key_names(self, estimator):
        """Return how to head the key columns of a table."""
        if self.by:
            return list(_check_feature_names_in(estimator)[self.by])
        return ["group"] if self.n_keys < 2 else [f"group{i}" for i in range(self.n_keys)]

    def key_text(self, estimator):
        """Return where the key is, for a message."""
        if not self.by:
            return "groups"
        names = [checks.name_column(estimator, j) for j in self.by]
        return " and ".join(names)

    def name_features(self, inner):
        """Give the inner scaler number and names of its features, for its messages."""
        inner.n_features_in_ = len(self.features)
        inner._column_numbers = self.features
        if self.inner_names is not None:
            inner.feature_names_in_ = self.inner_names

    def _keys(self, estimator, X, groups):
        if not self.by:
            return self._metadata(X, groups)
        if groups is not None:
            _refuse_both(estimator)
        return key_columns(X, self.by)

    def _metadata(self, X, groups):
        n_rows = X.shape[0]
        if groups is None:
            return [pd.Series(np.zeros(n_rows, dtype=np.intp))]
        columns = _columns_of(groups)
        if len(columns[0]) != n_rows:
            raise ValueError(
                f"groups must have one key for each of {n_rows} rows; received {len(columns[0])}. "
                "Pass the keys of exactly the rows of X."
            )
        return columns

    def _check_groups(self, estimator, groups, method, by_too=False):
        if self.by and not by_too:
            return
        if groups is None and self.n_keys:
            raise ValueError(
                f"GroupScaler was fitted with groups as metadata, and {method} received none. Pass "
                f"{method}(X, groups=...); in a Pipeline, set_{method}_request(groups=True). "
                "cross_val_predict, CalibratedClassifierCV and GridSearchCV.predict drop metadata on "
                "the way: for those make the key a column of X and name it, "
                'GroupScaler(..., by="device").'
            )
        if groups is not None and not self.n_keys:
            raise ValueError(
                f"GroupScaler was fitted without groups, and {method} received some. Fit with groups too."
            )
        if groups is not None:
            n_keys = _width_of(groups)
            if n_keys != self.n_keys:
                raise ValueError(
                    f"groups must have {self.n_keys} key columns as in fit; received {n_keys}. "
                    "Pass the same columns in the same order."
                )
            labels = column_names(groups)
            if labels is not None and self.labels is not None and labels != self.labels:
                raise ValueError(
                    f"groups must have the columns of fit, {self.labels}; received {labels}. "
                    "Pass the same columns in the same order."
                )

    def _features(self, estimator, X, positions):
        return self.as_floats(estimator, X if len(positions) == X.shape[1] else take_columns(X, positions))

    def as_floats(self, estimator, part):
        """Return the columns to scale as a float array; name one that is not numeric."""
        if type(part) is np.ndarray and part.dtype.kind == "f" and part.dtype.itemsize <= 8:
            return part
        try:
            return check_array(
                as_numbers(estimator, part),
                dtype=[np.float64, np.float32, np.float16],
                ensure_all_finite=False,
                input_name="X",
            )
        except (ValueError, TypeError) as error:
            checks.name_text(estimator, part, error)
            raise


def _walked(groups):
    """Return what can be walked only once as a list."""
    return list(groups) if isinstance(groups, Iterator) else groups


def _columns_of(groups):
    """Return the key columns of metadata: of a frame, a matrix, a list of rows, a multi-index or one key."""
    groups = _as_columns(groups)
    n_keys = _width_of(groups)
    if column_names(groups) is None and len(_shape_of(groups)) < 2:
        return [as_key(groups)]
    return key_columns(groups, range(n_keys))


def _width_of(groups):
    """Return how many keys a row of metadata has."""
    groups = _as_columns(groups)
    names = column_names(groups)
    if names is not None:
        return len(names)
    shape = _shape_of(groups)
    if isinstance(groups, str | bytes | dict):
        return 1  # as_key says what is wrong
    if len(shape) not in (1, 2) or 0 in shape[1:]:
        received = f"an array of shape {shape}" if shape else repr(groups)
        raise ValueError(
            "groups must have one key for each row, or a column for each of several keys; received "
            f"{received}. Pass a list, an array or a frame."
        )
    return shape[1] if len(shape) == 2 else 1


def _shape_of(groups):
    if hasattr(groups, "shape"):
        return tuple(groups.shape)
    return (len(groups),) if hasattr(groups, "__len__") and not isinstance(groups, str | bytes | dict) else ()


def _as_columns(groups):
    """Return metadata as something with columns, where it has several keys a row."""
    if isinstance(groups, pd.MultiIndex):
        return groups.to_frame(index=False)
    if not isinstance(groups, list | tuple) or not groups or not _is_row(groups[0]):
        return groups
    odd = next((i for i, row in enumerate(groups) if not _is_row(row) or len(row) != len(groups[0])), None)
    if odd is not None:
        raise ValueError(
            f"groups must have the same number of keys in each row; received {groups[0]!r} in row 0 and "
            f"{groups[odd]!r} in row {odd}. Fill missing keys with None."
        )
    table = np.empty((len(groups), len(groups[0])), dtype=object)
    for i, row in enumerate(groups):
        table[i, :] = row
    return table


def _is_row(row):
    return isinstance(row, list | tuple) or (isinstance(row, np.ndarray) and row.ndim == 1)


def as_table(estimator, X):
    """Return ``X`` as a frame or a two-dimensional array of at least one row."""
    if column_names(X) is None:
        if np.ma.isMaskedArray(X):  # keys too: whole numbers would lose digits as floats
            X = checks.masked_as_missing(X.astype(object) if X.dtype.kind in "iu" else X)
        X = checks.read_array(estimator, X)
        return check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X")
    if X.shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a minimum of 1 is required by "
            "GroupScaler. Pass at least one row."
        )
    return X


def check_by(by):
    """Refuse a key that is neither a column nor a list of columns."""
    columns = by if isinstance(by, list | tuple) else [] if by is None else [by]
    wrong = isinstance(by, list | tuple) and not by
    if wrong or any(isinstance(c, bool) or not isinstance(c, str | Integral) for c in columns):
        raise ValueError(
            f"by must be a column name or position, or a list of them; received {by!r}. "
            'For example by="device" or by=["site", "device"].'
        )


def _positions(by, names, n_columns):
    if by is None:
        return []
    found = []
    for column in by if isinstance(by, list | tuple) else [by]:
        if names is not None and column in names:
            found.append(names.index(column))
        elif isinstance(column, Integral) and -n_columns <= column < n_columns:
            found.append(int(column) % n_columns)
        else:
            known = f"{n_columns} columns without names" if names is None else _listed(names)
            instead = "Correct by=, or pass a frame with that column"
            if names is None:
                instead += "; an array has positions (by=0), or takes its keys as fit(X, groups=...)"
            raise ValueError(
                f"In GroupScaler, by must name columns of X; received {column!r}, but X has {known}. "
                f"{instead}."
            )
    if len(set(found)) < len(found):
        raise ValueError(f"by must name each column once; received {by!r}. Drop the repetition.")
    return found


def _refuse_both(estimator):
    raise ValueError(
        f"The key is in column by={estimator.by!r}; received groups as well. "
        "Leave groups out, or pass by=None."
    )


def _listed(names, most=12):
    shown = ", ".join(repr(str(n)) for n in list(names)[:most])
    return shown + (", ..." if len(names) > most else "")
