"""A table from a file, made ready to be compared on: what to predict from what."""

import warnings
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skprep.errors import TableError
from skprep.leakage.traces import MANY_CLASSES, numbers_the_rows, target_in_disguise

MOSTLY = 0.8  # text of which so much reads as numbers is a quantity with slips
MANY_LEVELS = 50  # text with more distinct values than this is a name, not a category


@dataclass
class Task:
    """What to predict from what: the checked and cleaned table.

    Attributes
    ----------
    X : DataFrame
        Features: float columns, and categories as text.
    y : ndarray
        Target: floats, or classes by their names.
    target : str
        Its column.
    by : Series or None
        The group of each row (device, patient).
    keep_together : bool
        Whether the rows of a group are never split between training and test rows.
    kind : {"classification", "regression"}
    folds : int
        Number of outer folds.
    notes : list of str
        What was left out or changed, and why.
    warnings : list of str
        What makes scores look better than they are: a column that gives the target away, or numbers the rows.
    in_order : bool
        Whether rows are in the order of time, and later ones are predicted from earlier ones.
    read : list of str
        Columns of text that were read as numbers.
    """

    X: pd.DataFrame
    y: np.ndarray
    target: str
    by: pd.Series | None
    keep_together: bool
    kind: str
    folds: int
    notes: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    in_order: bool = False
    read: list = field(default_factory=list)


def prepare(
    table,
    target,
    *,
    by=None,
    keep_together=False,
    kind="auto",
    folds=5,
    max_rows=2000,
    seed=0,
    exclude=(),
    time=None,
):
    """Return the :class:`Task` of a table, or raise a TableError that says what is missing.

    Parameters
    ----------
    table : DataFrame
    target : str
        Column to predict.
    by : str, default=None
        Column that names the group of each row (device, patient). It is no feature, but what
        per-group scaling goes by.
    keep_together : bool, default=False
        Keep the rows of a group together in a fold, so that every test row meets a group never seen.
    kind : {"auto", "classification", "regression"}, default="auto"
        "auto": a target of text, booleans or at most 20 whole numbers is a class.
    folds : int, default=5
    max_rows : int, default=2000
        A larger table is represented by so many rows drawn at random.
    seed : int, default=0
    exclude : sequence of str, default=()
        Columns that are no features.
    time : str, default=None
        Column by which the rows are put in order, so that later ones are predicted from earlier ones. It is
        no feature.
    """
    _check_columns(table, target, by, exclude, time)
    if keep_together and by is None:
        raise TableError("--keep-together needs --by: the column that names the group of each row.")
    if keep_together and time is not None:
        raise TableError("--time and --keep-together are two ways to split the rows; pass one of them.")
    notes = [f"column {name!r} left out (--exclude)" for name in exclude]
    table = _rows_with_target(table.drop(columns=list(exclude)), target, notes)
    if time is not None:
        table = _in_order(table, time, notes)
    if kind == "auto":
        kind = _kind_of(table[target])
        notes.append(f"target {target!r}: {kind} (--task overrules)")
    if len(table) > max_rows:
        notes.append(f"{max_rows} of {len(table)} rows, drawn at random (--max-rows)")
        table = table.iloc[np.sort(np.random.default_rng(seed).choice(len(table), max_rows, replace=False))]
    if kind == "classification":
        table = _frequent_classes(table, target, folds, notes)
        y = _classes(table[target])
    else:
        y = _quantity(table[target])
    if len(table) < 2 * folds:
        raise TableError(
            f"{folds} folds need at least {2 * folds} rows with a target; there are {len(table)}. Bring more "
            "rows, or pass a smaller --folds."
        )
    groups = None if by is None else _groups(table[by], folds if keep_together else 1, notes)
    left = table.drop(columns=list(dict.fromkeys(c for c in (target, by, time) if c is not None)))
    giveaways = _giveaways(left, y, kind)
    read: list = []
    X = _features(left, notes, read)
    settings = {"warnings": giveaways, "in_order": time is not None, "read": read}
    return Task(X, y, target, groups, keep_together, kind, folds, notes, **settings)


def _classes(target):
    """Return classes by their names: as they are where all are of one kind, else as text."""
    kinds = {type(value) for value in target}
    if len(kinds) > 1 or not kinds <= {str, bool, int, float, np.bool_, np.int64, np.float64}:
        return target.astype(str).to_numpy(dtype=object)
    return np.asarray(target.to_list())


def _in_order(table, time, notes):
    if table[time].isna().any():
        raise TableError(
            f"--time must name a column that is there in every row; {time!r} is empty in "
            f"{int(table[time].isna().sum())}. Fill it in, or leave those rows out."
        )
    try:
        table = table.sort_values(time, kind="stable")
    except TypeError as error:
        raise TableError(
            f"--time must name a column that can be put in order; {time!r} holds values of several kinds. "
            "Make them alike."
        ) from error
    notes.append(f"rows in the order of {time!r}: each fold predicts rows later than those it learns from")
    return table


def _giveaways(table, y, kind):
    """Say which columns make the scores better than they are."""
    codes = pd.factorize(y)[0] if kind == "classification" else y
    found = []
    for name, column in table.items():
        numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        x = column.to_numpy(dtype=np.float64 if numbers else object, na_value=np.nan if numbers else None)
        if not numbers and not all(isinstance(v, Hashable) for v in x):
            continue
        how = target_in_disguise(x, codes, kind == "classification")
        if how is not None:
            found.append(
                f"column {name!r} gives the target away: {how}. Leave it out with --exclude {name!r}"
            )
        elif numbers and numbers_the_rows(x):
            found.append(f"column {name!r} numbers the rows. Leave it out with --exclude {name!r}")
    return found


def _check_columns(table, target, by, exclude, time):
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise TableError(f"Column names must differ; {twice!r} appears twice. Rename one of them.")
    given = [(target, "--target"), (by, "--by"), (time, "--time"), *((c, "--exclude") for c in exclude)]
    for column, option in given:
        if column is not None and column not in table.columns:
            raise TableError(
                f"{option} must name a column of the table; received {column!r}. The columns are: "
                f"{_some(table.columns)}."
            )
    if by == target:
        raise TableError(f"--by and --target must differ; received {by!r} for both.")
    for column, option in given[:3]:
        if column in exclude:
            raise TableError(f"--exclude and {option} must differ; received {column!r} for both.")
    if time == target:
        raise TableError(f"--time and --target must differ; received {time!r} for both.")


def _quantity(target):
    """Return the target of a regression as floats."""
    if not pd.api.types.is_numeric_dtype(target):
        raise TableError(
            f"Regression needs a numeric target; {target.name!r} holds {target.dtype}. Pass --task "
            "classification or another --target."
        )
    y = target.to_numpy(dtype=np.float64)
    if not np.isfinite(y).all():
        raise TableError(
            f"The target {target.name!r} must be finite; it holds an infinite value. Correct it or leave the "
            "cell empty."
        )
    if y.min() == y.max():
        raise TableError(
            f"The target {target.name!r} must vary; it is {y[0]:g} in every row. Pass another --target."
        )
    return y


def _groups(by, folds, notes):
    odd = next((v for v in by if not isinstance(v, Hashable)), None)
    if odd is not None:
        raise TableError(
            f"--by must name a column of numbers or text; {by.name!r} holds {type(odd).__name__}. Pass "
            "another column."
        )
    n_groups = by.nunique(dropna=False)
    if n_groups < folds:
        raise TableError(
            f"--keep-together needs at least as many groups as there are folds ({folds}); {by.name!r} has "
            f"{n_groups}. Pass a smaller --folds."
        )
    missing = int(by.isna().sum())
    unnamed = f", {missing} rows without a key are one of them" if missing else ""
    notes.append(f"{n_groups} groups in {by.name!r}{unnamed}")
    return by


def _kind_of(target):
    if not pd.api.types.is_numeric_dtype(target) or pd.api.types.is_bool_dtype(target):
        return "classification"
    values = pd.unique(target)
    numbers = np.asarray(values, dtype=np.float64)
    whole = np.isfinite(numbers).all() and (numbers % 1 == 0).all()
    return "classification" if whole and len(values) <= MANY_CLASSES else "regression"


def _rows_with_target(table, target, notes):
    present = table[target].notna()
    if not present.any():
        raise TableError(f"The target {target!r} must have values; all {len(table)} rows are empty there.")
    if not present.all():
        notes.append(f"{int((~present).sum())} rows without a target left out")
    return table[present]


def _frequent_classes(table, target, folds, notes):
    odd = next((v for v in table[target] if not isinstance(v, Hashable)), None)
    if odd is not None:
        raise TableError(
            f"The target {target!r} must hold numbers or text; it holds {type(odd).__name__}. Pass another "
            "--target."
        )
    counts = table[target].value_counts()
    if len(counts) > MANY_LEVELS and len(counts) > 0.1 * len(table):
        raise TableError(
            f"Classification needs a target of few classes; {target!r} has {len(counts)} different values in "
            f"{len(table)} rows. Pass another --target, or --task regression if it holds numbers."
        )
    rare = counts[counts < folds]
    if len(counts) < 2:
        raise TableError(
            f"Classification needs at least two classes; the target {target!r} is {str(counts.index[0])!r} "
            "in every row. Pass another --target."
        )
    if len(counts) - len(rare) < 2:
        raise TableError(
            f"{folds} folds need at least two classes with {folds} rows each; the target {target!r} has "
            f"{_counted(counts)}. Pass a smaller --folds, --task regression or another --target."
        )
    if len(rare):
        notes.append(
            f"{int(rare.sum())} rows left out, of classes with fewer than {folds}: {_some(rare.index)}"
        )
    return table[~table[target].isin(rare.index)]


def _counted(counts, most=5):
    shown = ", ".join(f"{str(value)!r} {n} times" for value, n in counts.head(most).items())
    return shown + (", ..." if len(counts) > most else "")


def _features(table, notes, read):
    kept = {}
    for name, column in table.items():
        values = _as_feature(column, notes, read)
        if values is None:
            notes.append(f"column {name!r} left out: {_not_a_feature(column)}")
        elif values.nunique() == 0:
            notes.append(f"column {name!r} left out: empty")
        elif values.nunique() == 1 and values.notna().all():
            notes.append(f"column {name!r} left out: constant")
        else:
            kept[str(name)] = values
    X = pd.DataFrame(kept, index=table.index)
    numbers = X.select_dtypes(np.number)
    if numbers.shape[1] == 0:
        raise TableError(
            "Scaling needs at least one numeric column that varies, besides the target; there is none. Left "
            f"out: {'; '.join(notes) or 'nothing'}."
        )
    infinite = np.isinf(numbers).any()
    if infinite.any():
        raise TableError(
            f"Features must be finite; column {infinite.idxmax()!r} holds an infinite value. Correct it or "
            "leave the cell empty."
        )
    missing = int(X.isna().sum().sum())
    if missing:
        notes.append(f"{missing} missing values: filled with the median of the training rows")
    return X


def _as_feature(column, notes, read):
    """Return a column as floats or as text; None where it is neither a quantity nor a category."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(np.float64)
    if column.dtype.kind in "mM" or pd.api.types.is_datetime64_any_dtype(column):
        return None  # numbers of dates begin with a moment, which rows to come would need to know
    numbers = pd.to_numeric(column, errors="coerce") if column.dtype != object or _is_text(column) else None
    if numbers is not None and numbers.notna().sum() >= MOSTLY * column.notna().sum() > 0:
        odd = column[numbers.isna() & column.notna()]
        if len(odd):
            notes.append(
                f"column {column.name!r}: {len(odd)} of {column.notna().sum()} values are no numbers "
                f"({str(odd.iloc[0])!r} in row {odd.index[0]}) and count as missing"
            )
            read.append(column.name)
        return numbers.astype(np.float64)
    if not _is_text(column) or column.nunique() > MANY_LEVELS:
        return None
    notes.append(f"column {column.name!r}: {column.nunique()} categories, one column each")
    return column.astype(str).where(column.notna(), np.nan).astype(object)


def _not_a_feature(column):
    values = column.dropna()
    dated = pd.api.types.is_datetime64_any_dtype(column)
    if not dated and len(values) and _is_text(column):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dated = pd.to_datetime(values.head(20), errors="coerce", format="ISO8601").notna().all()
    if dated:
        return "dates. Make numbers of them first (days since an event), or pass --time"
    return f"neither numbers nor categories ({_example(column)})"


def _is_text(column):
    values = column.dropna()
    return all(isinstance(v, str | bool) for v in values)


def _example(column):
    values = column.dropna()
    return f"{values.nunique()} different texts" if _is_text(column) else type(values.iloc[0]).__name__


def _some(names, most=12):
    names = [repr(n) for n in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
