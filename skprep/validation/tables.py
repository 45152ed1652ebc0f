"""Tables of any kind: read, taken apart by column, and turned into floats."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skprep.frames.eager import column_names
from skprep.frames.numbers import as_numbers
from skprep.validation.rows import masked_as_missing, name_text, read_array


def as_table(estimator, X):
    """Return ``X`` as a frame or a two-dimensional array of at least one row."""
    if column_names(X) is None:
        if np.ma.isMaskedArray(X):  # keys too: whole numbers would lose digits as floats
            X = masked_as_missing(X.astype(object) if X.dtype.kind in "iu" else X)
        X = read_array(estimator, X)
        return check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X")
    if X.shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a minimum of 1 is required by "
            f"{type(estimator).__name__}. Pass at least one row."
        )
    return X


def as_floats(estimator, part, numbers=None):
    """Return the columns to scale as a float array; name one that is not numeric.

    ``numbers`` are their positions in the whole table, for a message about an array.
    """
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
        name_text(estimator, part, error, numbers)
        raise


def positions_of(given, names, n_columns, parameter, owner):
    """Return the positions of columns that a parameter names, by name or position."""
    if given is None:
        return []
    found = []
    for column in given if isinstance(given, list | tuple) else [given]:
        if names is not None and column in names:
            found.append(names.index(column))
        elif isinstance(column, Integral) and -n_columns <= column < n_columns:
            found.append(int(column) % n_columns)
        else:
            known = f"{n_columns} columns without names" if names is None else listed(names)
            instead = f"Correct {parameter}=, or pass a frame with that column"
            if names is None:
                instead += f"; an array has positions ({parameter}=0)"
                instead += ", or takes its keys as fit(X, groups=...)" if owner == "GroupScaler" else ""
            if owner == "ComBat":
                instead += "; site, covariates and features are columns of one table, a row is a sample"
            raise ValueError(
                f"In {owner}, {parameter} must name columns of X; received {column!r}, but X has {known}. "
                f"{instead}."
            )
    if len(set(found)) < len(found):
        raise ValueError(f"{parameter} must name each column once; received {given!r}. Drop the repetition.")
    return found


def listed(names, most=12):
    """Return names as text for a message, not too many."""
    shown = ", ".join(repr(str(n)) for n in list(names)[:most])
    return shown + (", ..." if len(names) > most else "")


def is_column(value):
    """Say whether a value names a column: by name, or by position.

    Examples
    --------
    >>> is_column("age"), is_column(0), is_column(True)
    (True, True, False)
    """
    return isinstance(value, str | Integral) and not isinstance(value, bool)


def listed_columns(columns):
    """Return the columns that a parameter names as a list; one alone is a list of one."""
    if isinstance(columns, str | Integral):
        return [columns]
    if not isinstance(columns, list | tuple | np.ndarray | pd.Index) or len(columns) == 0:
        raise ValueError(
            f"columns must be a list of one column name or position or more; received {columns!r}. For "
            "example "
            'columns=["age", "price"]; None scales all.'
        )
    odd = [c for c in columns if isinstance(c, bool | np.bool_)]
    if odd:
        raise ValueError(
            f"columns must be names or positions; received {odd[0]!r}. Pass the columns that a mask picks: "
            "X.columns[mask], or np.flatnonzero(mask)."
        )
    return list(columns)
