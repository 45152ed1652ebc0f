"""Where the key and the features of a row are: in columns, or the key beside them as metadata."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from numbers import Integral

import numpy as np
import pandas as pd

from skprep.compat import check_feature_names, check_n_features, feature_names_in, get_feature_names
from skprep.frames.eager import column_names, named_as, take_columns
from skprep.frames.keys import key_columns
from skprep.groups.keys import columns_of, n_keys_of
from skprep.statistics.groups import plain_key
from skprep.validation.rows import name_column, read_known
from skprep.validation.tables import as_floats, listed, listed_columns, positions_of


@dataclass
class Table:
    """A table taken apart: the float features, and the key columns as pandas Series."""

    features: np.ndarray
    keys: list
    covariates: list = field(default_factory=list)
    controls: list = field(default_factory=list)
    rows: np.ndarray | None = None  # the numbers that its rows had, where some were left out

    def take(self, rows):
        """Return some of the rows."""
        keys, covariates, controls = (
            [column.iloc[rows] for column in columns]
            for columns in (self.keys, self.covariates, self.controls)
        )
        return Table(
            self.features[rows], keys, covariates, controls, rows if self.rows is None else self.rows[rows]
        )


@dataclass(frozen=True)
class Layout:
    """Where key and features of the training table are, and how to take later tables apart in the same way.

    Attributes
    ----------
    by : tuple of int
        Positions of the key columns; empty where the key is metadata.
    features : tuple of int
        Positions of the features.
    covariates : tuple of int
        Positions of the columns that are neither: what they explain is kept, and they are not scaled.
    controls : tuple of int
        Positions of the columns that say which rows to learn from; neither scaled nor needed later.
    whole : bool
        Whether all columns come back, those that are not scaled as they are.
    n_keys : int
        Number of key columns, or of columns of ``groups``; 0 where ``fit`` had none.
    labels : list of str or None
        Column names of ``groups``, where it was a frame.
    feature_names : ndarray of str or None
        Names of the features.
    """

    by: tuple
    features: tuple
    n_keys: int
    labels: list | None = None
    feature_names: np.ndarray | None = None
    covariates: tuple = ()
    controls: tuple = ()
    whole: bool = False

    @classmethod
    def of(
        cls, by, names, n_columns, groups=None, covariates=(), controls=(), columns=None, owner="GroupScaler"
    ):
        """Return the layout of a table of so many columns, called ``names`` (or None)."""
        positions = positions_of(by, names, n_columns, "by", owner)
        others = positions_of(covariates, names, n_columns, "covariates", owner)
        if set(positions) & set(others):
            raise ValueError(
                f"In {owner}, a column is the key or a covariate; received by={by!r} and "
                f"covariates={covariates!r}. Name each column once."
            )
        telling = positions_of(list(controls or ()), names, n_columns, "controls", owner)
        twice = [j for j in telling if j in (*positions, *others)]
        if twice:
            raise ValueError(
                f"In {owner}, controls are told by columns of their own; received "
                f"{twice[0] if names is None else names[twice[0]]!r}, which is in by or covariates as well. "
                "Name another column, or fit on those rows."
            )
        besides = {*positions, *others, *telling}
        features = tuple(j for j in range(n_columns) if j not in besides)
        if columns is not None:
            features = tuple(positions_of(listed_columns(columns), names, n_columns, "columns", owner))
            both = [j for j in features if j in besides]
            if both:
                raise ValueError(
                    f"In {owner}, columns names what is scaled, and by, covariates and controls what is not; "
                    f"received {both[0] if names is None else names[both[0]]!r} for both. Name each column "
                    "once."
                )
        if not features:
            named = f"by={by!r}" + (f" and covariates={covariates!r}" if others else "")
            named += f" and controls={controls!r}" if telling else ""
            raise ValueError(
                f"{owner} needs at least one column to scale beside those of by=; received only {n_columns} "
                f"columns, all named in {named}. Add a numeric column."
            )
        n_keys = len(positions) if groups is None else n_keys_of(groups)
        labels = None if groups is None else column_names(groups)
        text = names is not None and all(isinstance(name, str) for name in names)
        own = np.array([names[j] for j in features], dtype=object) if text else None
        return cls(
            tuple(positions),
            features,
            n_keys,
            labels,
            own,
            tuple(others),
            tuple(telling),
            columns is not None,
        )

    def of_some(self, places):
        """Return the layout of a table of the keys and, behind them, some of the columns, at ``places``.

        Also which columns of the present table those are, and where each was.
        """
        kept = list(dict.fromkeys([*self.by, *self.controls, *self.covariates, *places]))
        moved = {j: i for i, j in enumerate(kept)}
        where = {n: tuple(moved[j] for j in getattr(self, n)) for n in ("by", "controls", "covariates")}
        names = (
            None
            if self.feature_names is None
            else self.feature_names[[self.features.index(j) for j in places]]
        )
        features = tuple(moved[j] for j in places)
        return replace(self, features=features, feature_names=names, whole=False, **where), kept, moved

    def place(self):
        """Return what must be alike in tables whose scalers are merged."""
        return self.by, self.features, self.n_keys, self.labels, self.covariates, self.controls

    def take_apart(self, estimator, X, groups, *, training=False, learning=False):
        """Return the rows of a table for ``transform``, or, with ``learning``, of (further) training rows."""
        if training:
            return self._taken(estimator, X, groups, learning=True)
        absent = () if learning or self.keeps(estimator) else self._absent_controls(estimator, X)
        if absent:
            return self._without(absent).take_apart(self._seen_without(estimator, absent), X, groups)
        self._check_keys_are_there(estimator, X)
        check_feature_names(estimator, named_as(X), reset=False)
        check_n_features(estimator, X, reset=False)
        self._check_groups(groups, "transform")
        return self._taken(estimator, X, groups, learning)

    def _taken(self, estimator, X, groups, learning):
        return Table(
            self._features(estimator, X, self.features),
            self._keys(estimator, X, groups),
            key_columns(X, self.covariates),
            key_columns(X, self.controls) if learning else [],
        )

    def _absent_controls(self, estimator, X):
        """Return the columns that tell controls and are not in a table, which may do without them."""
        known, names = getattr(estimator, "feature_names_in_", None), column_names(X)
        if known is None or names is None:
            without = estimator.n_features_in_ - len(self.controls)
            return self.controls if X.shape[1] == without else ()
        return tuple(j for j in self.controls if known[j] not in names)

    def _without(self, absent):
        places = ("by", "features", "covariates")
        moved = {n: tuple(j - sum(c < j for c in absent) for j in getattr(self, n)) for n in places}
        left = tuple(j - sum(c < j for c in absent) for j in self.controls if j not in absent)
        return replace(self, controls=left, **moved)

    def _seen_without(self, estimator, absent):
        """Return a stand-in for an estimator that was fitted without some columns."""
        seen = object.__new__(type(estimator))
        vars(seen).update(vars(estimator), n_features_in_=estimator.n_features_in_ - len(absent))
        if hasattr(estimator, "feature_names_in_"):
            seen.feature_names_in_ = np.delete(estimator.feature_names_in_, list(absent))
        return seen

    def keeps(self, estimator):
        """Say whether columns that are not scaled are in the result."""
        return self.whole or bool(estimator.keep_by and self.by)

    def take_few_apart(self, estimator, X, groups):
        """Return features and keys of a few rows with the columns of ``fit``; None: they go the long way.

        The keys are plain Python values, one for each row, or tuples of those.
        """
        if not self.by or groups is not None:
            return None
        few = read_known(estimator, X)
        keys = [None] if few is None else [few.keys(j) for j in self.by]
        if any(column is None for column in keys):
            return None
        plain = [[plain_key(key) for key in column] for column in keys]
        if not all(isinstance(key, Hashable) for column in plain for key in column):
            return None  # where the error is
        features = few.floats(list(self.features))
        return (
            None
            if features is None
            else (features, plain[0] if len(plain) == 1 else [*zip(*plain, strict=True)])
        )

    def _check_keys_are_there(self, estimator, X):
        known, names = getattr(estimator, "feature_names_in_", None), column_names(X)
        if known is None or names is None:
            return
        absent = [known[j] for j in self.by if known[j] not in names]
        if absent:
            raise ValueError(
                f"{type(estimator).__name__}(by={estimator.by!r}) finds the group of each row in a column of "
                f"X; received X without {listed(absent)}: its columns are {listed(names)}. Pass the columns "
                "seen in fit, the key among them."
            )

    def take_result_apart(self, estimator, X, groups):
        """Return the rows of a table that ``transform`` made."""
        expected = self.names_out(estimator, None)
        names = get_feature_names(named_as(X))
        if X.shape[1] != len(expected):
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(estimator).__name__}.inverse_transform is expecting "
                f"{len(expected)} features as input: {listed(expected)}."
            )
        if names is not None and hasattr(estimator, "feature_names_in_") and list(names) != list(expected):
            raise ValueError(
                f"The feature names should match those that transform gave: {listed(expected)}; received "
                f"{listed(names)}. Put the columns in that order."
            )
        if self.keeps(estimator) and self.by:
            if groups is not None:
                _refuse_both(estimator)
            return Table(self._features(estimator, X, self.features), key_columns(X, self.by))
        if groups is None and self.n_keys:
            raise ValueError(
                "inverse_transform needs the group of each row; received none. Pass groups=, or fit with "
                "keep_by=True so that transform keeps the key columns."
            )
        self._check_groups(groups, "inverse_transform", by_too=True)
        positions = self.features if self.whole else list(range(X.shape[1]))
        return Table(self._features(estimator, X, positions), self._metadata(X, groups))

    def names_out(self, estimator, input_features):
        """Return the names of the columns that transform gives."""
        names = feature_names_in(estimator, input_features)
        if self.keeps(estimator):
            return names
        scaled, inner = names[list(self.features)], getattr(estimator, "scaler_", None)
        return inner.get_feature_names_out(scaled) if hasattr(inner, "get_feature_names_out") else scaled

    def scaled_names(self, estimator):
        """Return the names of the scaled columns."""
        return list(feature_names_in(estimator)[list(self.features)])

    def key_names(self, estimator):
        """Return how to head the key columns of a table."""
        if self.by:
            return list(feature_names_in(estimator)[list(self.by)])
        return ["group"] if self.n_keys < 2 else [f"group{i}" for i in range(self.n_keys)]

    def key_text(self, estimator):
        """Return where the key is, for a message."""
        if not self.by:
            return "groups"
        names = [name_column(estimator, j) for j in self.by]
        return " and ".join(names)

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
        columns = columns_of(groups)
        if len(columns[0]) != n_rows:
            raise ValueError(
                f"groups must have one key for each of {n_rows} rows; received {len(columns[0])}. Pass the "
                "keys of exactly the rows of X."
            )
        return columns

    def _check_groups(self, groups, method, by_too=False):
        if self.by and not by_too:
            return
        if groups is None and self.n_keys:
            raise ValueError(
                f"GroupScaler was fitted with groups as metadata, and {method} received none. Pass "
                f"{method}(X, groups=...); in a Pipeline, set_{method}_request(groups=True). "
                "cross_val_predict, CalibratedClassifierCV and GridSearchCV.predict drop metadata on the "
                "way: for those make the key a column of X and name it, "
                'GroupScaler(..., by="device").'
            )
        if groups is not None and not self.n_keys:
            raise ValueError(
                f"GroupScaler was fitted without groups, and {method} received some. Fit with groups too."
            )
        if groups is not None:
            n_keys = n_keys_of(groups)
            if n_keys != self.n_keys:
                raise ValueError(
                    f"groups must have {self.n_keys} key columns as in fit; received {n_keys}. Pass the same "
                    "columns in the same order."
                )
            labels = column_names(groups)
            if labels is not None and self.labels is not None and labels != self.labels:
                raise ValueError(
                    f"groups must have the columns of fit, {self.labels}; received {labels}. Pass the same "
                    "columns in the same order."
                )

    def _features(self, estimator, X, positions):
        return as_floats(estimator, X if len(positions) == X.shape[1] else take_columns(X, list(positions)))


def at_new_places(columns, moved, n_columns):
    """Return columns that a parameter names, by name or position, with positions moved; of a dict its keys.

    Examples
    --------
    >>> at_new_places([0, "site"], {0: 2}, 5), at_new_places({-1: "DMSO"}, {4: 1}, 5)
    ([2, 'site'], {1: 'DMSO'})
    """
    if isinstance(columns, dict):
        return {at_new_places(name, moved, n_columns): value for name, value in columns.items()}
    if columns is not None and not isinstance(columns, str | Integral):
        return [at_new_places(name, moved, n_columns) for name in columns]
    return moved[int(columns) % n_columns] if isinstance(columns, Integral) else columns


def _refuse_both(estimator):
    raise ValueError(
        f"The key is in column by={estimator.by!r}; received groups as well. Leave groups out, or pass "
        "by=None."
    )
