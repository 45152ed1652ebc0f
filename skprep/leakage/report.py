"""What tables that were already split give away."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from skprep.frames.eager import as_pandas
from skprep.leakage.traces import MANY_CLASSES, encoded_target, scaled_together, target_in_disguise
from skprep.types import Keys, Rows

SHOWN = 5  # examples that a line names
BY_CHANCE = 1e-4  # that so many rows are equal by what the columns hold


@dataclass(frozen=True)
class Leak:
    """One thing that the test rows should not share with the training rows.

    ``kind`` is one of ``"scaled"``, ``"encoded"``, ``"rows"``, ``"groups"`` and ``"target"``; ``column`` is
    the column it is in, or None; ``text`` says what was found, and ``advice`` what to do.
    """

    kind: str
    column: Any
    text: str
    advice: str


class LeakageReport:
    """What :func:`leakage_report` has found.

    Attributes
    ----------
    leaks : list of Leak
        Empty when clean. Each has ``kind``, ``column``, ``text`` and ``advice``.
    checked : list of str
        What was looked for.
    """

    def __init__(self, leaks, checked):
        self.leaks, self.checked = leaks, checked

    def __bool__(self):
        return bool(self.leaks)

    def to_frame(self) -> pd.DataFrame:
        """Return the leaks as a table, one row each."""
        rows = [(leak.kind, leak.column, leak.text, leak.advice) for leak in self.leaks]
        return pd.DataFrame(rows, columns=["kind", "column", "text", "advice"])

    def __str__(self):
        checked = f"Looked for: {'; '.join(self.checked)}."
        if not self.leaks:
            return f"No leak found. {checked}"
        n = len(self.leaks)
        lines = [f"{n} leak{'s' * (n > 1)} found."]
        lines += [f"- {leak.text} {leak.advice}" for leak in self.leaks]
        return "\n".join([*lines, checked])

    def __repr__(self):
        return f"LeakageReport(leaks={len(self.leaks)})"

    def _repr_html_(self):
        if not self.leaks:
            return f"<p><b>No leak found.</b> Looked for: {escape('; '.join(self.checked))}.</p>"
        items = "".join(
            f"<li><b>{escape(leak.kind)}</b>: {escape(leak.text)} <i>{escape(leak.advice)}</i></li>"
            for leak in self.leaks
        )
        return f"<p><b>Leaks found: {len(self.leaks)}</b></p><ul>{items}</ul>"


def leakage_report(
    X_train: Rows,
    X_test: Rows,
    *,
    y_train: Any = None,
    y_test: Any = None,
    groups_train: Keys = None,
    groups_test: Keys = None,
) -> LeakageReport:
    """Return what two tables give away: whether somebody looked at the test rows before the split.

    It looks for

    - columns that are exactly standardised, scaled to minimum and maximum, to the largest size, by median and
      IQR, or ranked, over training and test rows *together* and not over the training rows alone: somebody
      scaled before the split;
    - columns that hold means of the target over both together: somebody encoded before the split (with
      ``y_train`` and ``y_test``);
    - test rows that are among the training rows, more than such columns give by chance;
    - groups (patients, devices) in both (with ``groups_train`` and ``groups_test``);
    - columns that are the target in disguise: each value one class, classes parted by thresholds, ranks
      of the target (with ``y_train``).

    Parameters
    ----------
    X_train, X_test : array-like or frame of shape (n_samples, n_features)
        The same columns in both.
    y_train, y_test : array-like of shape (n_samples,), default=None
        Targets.
    groups_train, groups_test : array-like of shape (n_samples,), default=None
        The group of each row.

    Returns
    -------
    report : LeakageReport
        ``.leaks`` is empty when nothing was found; it prints as text, and shows as HTML in a notebook.

    Raises
    ------
    ValueError
        If the two tables have other columns, or a target or group for only one of them is given.

    See Also
    --------
    check_no_leakage : For an estimator: whether it learns from other rows than those it is given.

    Notes
    -----
    A column counts as scaled where the numbers agree to 1e-9 (float32: 1e-5), has ten different values or
    more and is not whole; the ends 0 and 1 that more than 2 % of the rows share are those of a proportion.
    Features that were *chosen* on all rows leave no trace in the tables: see :func:`check_no_leakage`.
    Neither does scaling whose result was rounded afterwards.

    References
    ----------
    Kaufman, Rosset, Perlich & Stitelman (2012), "Leakage in data mining: formulation, detection, and
    avoidance", ACM Transactions on Knowledge Discovery from Data 6(4), 15.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep import StandardScaler, leakage_report
    >>> X = np.random.default_rng(0).normal(50, 7, size=(100, 2))
    >>> print(leakage_report(X[:80], X[80:]).leaks)
    []
    >>> X = StandardScaler().fit_transform(X)  # before the split
    >>> for leak in leakage_report(X[:80], X[80:]).leaks:
    ...     print(leak.text)
    Column 0 is standardised over training and test rows together, and not over the training rows alone.
    Column 1 is standardised over training and test rows together, and not over the training rows alone.
    """
    train, test = _table(X_train, "X_train"), _table(X_test, "X_test")
    if list(train.columns) != list(test.columns):
        odd = [c for c in [*train.columns, *test.columns] if (c in train.columns) != (c in test.columns)]
        raise ValueError(
            f"X_train and X_test must have the same columns in the same order; received {train.shape[1]} and "
            f"{test.shape[1]}{f', {odd[0]!r} in one alone' if odd else ''}. Select the columns of both."
        )
    targets = _pair(y_train, y_test, train, test, "y")
    groups = _pair(groups_train, groups_test, train, test, "groups")
    named = hasattr(X_train, "columns")
    leaks, checked = [], ["columns scaled before the split", "rows in both"]
    twins = _twins(train, test)
    own = np.ones(len(test), dtype=bool)
    own[twins[0]] = False
    leaks += _scaled(train, test, own, named)
    leaks += _shared_rows(train, test, *twins)
    if groups is not None:
        checked.append("groups in both")
        leaks += _shared_groups(*groups)
    if targets is not None:
        checked.append("columns that are the target in disguise")
        leaks += _disguised(train, test, targets, named)
        if targets[1] is not None:
            checked.append("columns encoded by the target before the split")
            leaks += _encoded(train, test, targets, named)
    return LeakageReport(leaks, checked)


def _table(X, name):
    X = as_pandas(X)
    if not isinstance(X, pd.DataFrame):
        X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        if X.ndim != 2:
            raise ValueError(
                f"{name} must be a table, rows by columns; received an array of shape {X.shape}. Pass a "
                "frame, or reshape it."
            )
        X = pd.DataFrame(X)
    if not len(X):
        raise ValueError(f"{name} must have rows; received none. Pass the rows of the split.")
    return X


def _pair(of_train, of_test, train, test, name):
    if of_train is None and of_test is None:
        return None
    if of_train is None or (of_test is None and name == "groups"):
        here, gone = ("test", "train") if of_train is None else ("train", "test")
        raise ValueError(
            f"{name} of both sides belong together; received {name}_{here} alone. Pass {name}_{gone} too."
        )
    pair = [None if v is None else np.asarray(v).ravel() for v in (of_train, of_test)]
    for side, values, table in zip(("train", "test"), pair, (train, test), strict=True):
        if values is not None and len(values) != len(table):
            raise ValueError(
                f"{name}_{side} must have one value for each row of X_{side}; received {len(values)} for "
                f"{len(table)} rows. Pass those of the split."
            )
    return pair


def _called(name, named):
    return f"Column {name!r}" if named else f"Column {name}"


def _numbers(column):
    """Return a column of numbers as floats, None where it holds something else."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    narrow = column.dtype == np.float32
    return column.to_numpy(dtype=np.float32 if narrow else np.float64, na_value=np.nan)


def _scaled(train, test, own, named):
    for j, name in enumerate(train.columns):
        one, two = _numbers(train.iloc[:, j]), _numbers(test.iloc[:, j])
        if one is None or two is None:
            continue
        what = scaled_together(one, two)
        if what is None and own.any():  # rows that were copied afterwards would hide it
            what = scaled_together(one, two[own])
        if what is None:
            continue
        where = "over training and test rows together, and not over the training rows alone"
        where = "apart from the training rows" if "itself" in what else where
        yield Leak(
            "scaled",
            name,
            f"{_called(name, named)} is {what} {where}.",
            "Split first; fit the scaler on the training rows, and transform both with it.",
        )


def _twins(train, test):
    """Return the test rows that are among the training rows, a twin, and how many chance gives."""
    both = pd.concat([train, test], ignore_index=True)
    codes = [pd.factorize(both.iloc[:, j], use_na_sentinel=False)[0] for j in range(both.shape[1])]
    key = pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate(codes))), index=False).to_numpy()
    own, theirs = key[: len(train)], key[len(train) :]
    shared = np.flatnonzero(np.isin(theirs, own))
    first = int(np.flatnonzero(own == theirs[shared[0]])[0]) if len(shared) else -1
    return shared, first, _expected(codes, own, len(test))


def _shared_rows(train, test, shared, twin, expected):
    if not len(shared) or stats.poisson.sf(len(shared) - 1, expected) > BY_CHANCE:
        return
    yield Leak(
        "rows",
        None,
        f"{len(shared)} of {len(test)} test rows are among the training rows; test row {shared[0]} is "
        f"training row {twin} for one.",
        "Drop duplicates before the split, or keep them on one side by a group.",
    )


def _expected(codes, own, n_test):
    """Return how many test rows would have a twin by chance: as columns are, or as twins in training are."""
    by_columns = 1.0
    for column in codes:
        share = np.bincount(column) / len(column)
        by_columns *= float((share**2).sum())
    _, counts = np.unique(own, return_counts=True)
    n = len(own)
    twins = float((counts * (counts - 1)).sum()) / max(1, n * (n - 1))
    return n_test * -np.expm1(n * np.log1p(-min(max(by_columns, twins), 1 - 1e-12)))


def _shared_groups(train, test):
    codes, values = pd.factorize(
        np.concatenate([train.astype(object), test.astype(object)]), use_na_sentinel=False
    )
    both = np.intersect1d(codes[: len(train)], codes[len(train) :])
    both = both[[not pd.isna(values[i]) for i in both]]  # rows without a group share none
    if not len(both):
        return
    names = ", ".join(repr(values[i]) for i in both[:SHOWN]) + (", ..." if len(both) > SHOWN else "")
    n_rows = int(np.isin(codes[len(train) :], both).sum())
    yield Leak(
        "groups",
        None,
        f"{_groups(len(both))} in the training rows and in the test rows ({names}), with {n_rows} of "
        f"{len(test)} test rows.",
        "Split by group, for example with GroupShuffleSplit or GroupKFold.",
    )


def _groups(n):
    return "1 group is" if n == 1 else f"{n} groups are"


def _disguised(train, test, targets, named):
    y_train, y_test = targets
    table = train if y_test is None else pd.concat([train, test], ignore_index=True)
    y = y_train if y_test is None else np.concatenate([y_train, y_test])
    known = ~pd.isna(y)
    y, table = y[known], table[known]
    is_class = y.dtype.kind not in "iuf" or (
        len(pd.unique(pd.Series(y))) <= MANY_CLASSES and bool((y == np.round(y)).all())
    )
    y = pd.factorize(pd.Series(y))[0] if is_class else y.astype(np.float64)
    for j, name in enumerate(table.columns):
        numbers = _numbers(table.iloc[:, j])
        x = table.iloc[:, j].to_numpy(dtype=object) if numbers is None else numbers.astype(np.float64)
        how = target_in_disguise(x, y, is_class)
        if how is not None:
            yield Leak(
                "target",
                name,
                f"{_called(name, named)} is the target in disguise: {how}.",
                "Leave it out, unless it is known before the target is.",
            )


def _encoded(train, test, targets, named):
    if any(v.dtype.kind not in "biuf" for v in targets):
        if len(pd.unique(pd.Series(targets[0]))) != 2:
            return
        first = targets[0][0]
        targets = [(v == first).astype(np.float64) for v in targets]
    y_train, y_test = (v.astype(np.float64) for v in targets)
    if np.isnan(y_train).any() or np.isnan(y_test).any():
        return
    for j, name in enumerate(train.columns):
        one, two = _numbers(train.iloc[:, j]), _numbers(test.iloc[:, j])
        if one is None or two is None:
            continue
        tries = [(y_train, y_test)]
        tries += [(1 - y_train, 1 - y_test)] if set(np.unique(y_train)) <= {0.0, 1.0} else []
        if any(encoded_target(one.astype(float), two.astype(float), a, b) for a, b in tries):
            yield Leak(
                "encoded",
                name,
                f"{_called(name, named)} holds means of the target over training and test rows together.",
                "Split first; fit the encoder on the training rows (sklearn.preprocessing.TargetEncoder).",
            )
