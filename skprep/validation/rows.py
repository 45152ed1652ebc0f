"""Rows: read as numbers that fit an estimator, or refused with the place of what is wrong."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import get_config
from sklearn.utils.validation import FLOAT_DTYPES, check_array, validate_data

from skprep.compat import check_n_features, get_feature_names
from skprep.frames.eager import column_names, named_as
from skprep.frames.few import read_few
from skprep.frames.keys import key_column
from skprep.frames.numbers import as_numbers
from skprep.kernels.blocks import row_blocks
from skprep.kernels.threads import each

NOT_A_NUMBER = ("could not convert string to float", "NAType", "float() argument must be")
SCALED_COLUMNS = "_scaled_columns"  # the positions of the columns that are scaled, where not all are
ROW_NUMBERS, COLUMN_NUMBERS = "_row_numbers", "_column_numbers"  # how the caller counts
FOREIGN = ("torch", "cupy", "jax", "jaxlib", "tensorflow", "mlx")


def check_rows(estimator, X, *, reset=False, sparse_formats=False, writeable=False, named=True):
    """Return ``X`` as a float array or sparse matrix that fits ``estimator``; NaN may be in it.

    ``reset`` learns number and names of the features, else they are compared; with
    ``named=False`` an array without names may follow a fit on a frame. Infinity is not looked
    for here but where the values are read anyway.
    """
    if _is_plain(estimator, X, reset, writeable):
        if reset:
            estimator.n_features_in_ = X.shape[1]
            vars(estimator).pop("feature_names_in_", None)
        return X
    few = None if reset or writeable else read_known(estimator, X)
    found = None if few is None else few.floats()
    if found is not None:
        return found
    rules = {
        "accept_sparse": sparse_formats,
        "dtype": FLOAT_DTYPES,
        "ensure_all_finite": False,
        "force_writeable": writeable,
    }
    if sparse.issparse(X) and not sparse_formats:
        raise TypeError(
            f"{type(estimator).__name__} does not support sparse input. Consider using MaxAbsScaler instead, "
            "which keeps zeros, or pass X.toarray()."
        )
    given = X = read_array(estimator, X)
    X = as_numbers(estimator, X)
    try:
        if named or not _names_may_pass(estimator, X):
            return validate_data(estimator, X, reset=reset, **rules)
        X = check_array(X, estimator=estimator, input_name="X", **rules)
    except (ValueError, TypeError) as error:
        name_text(estimator, given, error)
        raise
    check_n_features(estimator, X, reset=False)
    return X


def read_known(estimator, X):
    """Return the rows of a frame with exactly the columns of ``fit``, where they can be read in one go."""
    names = vars(estimator).get("feature_names_in_")
    if names is None or isinstance(X, np.ndarray | list):
        return None
    few = read_few(X)
    return None if few is None or few.names != names.tolist() else few


def read_array(estimator, X):
    """Return an array with a mask as one with NaN in the masked places; all else as it is.

    An array of another library that NumPy cannot read is refused.
    """
    if np.ma.isMaskedArray(X):
        return masked_as_missing(X)
    if hasattr(X, "__array__") and type(X).__module__.partition(".")[0] in FOREIGN and not _dispatches():
        try:
            np.asarray(X)
        except Exception as error:  # whatever a library says of a device or a type that NumPy lacks
            raise refused_array(estimator, X, error) from error
    return X


def masked_as_missing(X):
    """Return a NumPy array with a mask as floats, NaN where it is masked; keys stay what they are.

    Examples
    --------
    >>> masked_as_missing(np.ma.masked_array([[1, 2]], mask=[[False, True]]))
    array([[ 1., nan]])
    """
    if X.dtype.kind == "O":
        values = np.array(X.data)
        values[np.ma.getmaskarray(X)] = None
        return values
    if X.dtype.kind not in "biuf":
        return X.filled()  # refused as what it is
    return X.astype(X.dtype if X.dtype.kind == "f" else np.float64).filled(np.nan)


def refused_array(estimator, X, error):
    """Return the error for an array that cannot become one of NumPy's."""
    return ValueError(
        f"{type(estimator).__name__} computes in float64, float32 and float16; received an array of "
        f"{type(X).__module__.partition('.')[0]} with dtype {getattr(X, 'dtype', None)} on "
        f"{getattr(X, 'device', 'an unknown device')} that NumPy cannot read ({error}). Convert it to "
        "float32 in main memory first."
    )


def _dispatches():
    return get_config()["array_api_dispatch"]


def name_text(estimator, X, error, numbers=None):
    """Raise an error of the same kind that names the first value in ``X`` that is no number.

    ``numbers`` are how the caller counts the columns of an array.
    """
    if not any(words in str(error) for words in NOT_A_NUMBER):
        return
    if np.ndim(X) < 2 and column_names(X) is None:
        return  # no table: scikit-learn has said so
    names = get_feature_names(named_as(X))
    X = X if hasattr(X, "shape") else np.array(X, dtype=object)
    for column in range(X.shape[1]):
        for row, value in enumerate(key_column(X, column)):
            if value is not None and value is not pd.NA and not _is_number(value):
                number = column if numbers is None else numbers[column]
                name = f"column {number}" if names is None else f"column {names[column]!r}"
                kind = ValueError if isinstance(value, str) else type(error)
                raise kind(
                    f"{error}. {type(estimator).__name__} scales numbers; received {value!r} in {name}, "
                    f"row {row}. Leave the column out, encode it, or scale the others with a "
                    "ColumnTransformer."
                ) from error


def _is_number(text):
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


def _names_may_pass(estimator, X):
    """Say whether ``X`` has no names, or those that transform makes up for a fit on an array."""
    names = get_feature_names(X)
    made_up = not hasattr(estimator, "feature_names_in_") and hasattr(estimator, "n_features_in_")
    return names is None or (made_up and list(names) == list(estimator.get_feature_names_out()))


def _is_plain(estimator, X, reset, writeable):
    """Say whether ``X`` is an array that scikit-learn's slow checks would return as it is."""
    state = vars(estimator)
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in FLOAT_DTYPES
        and X.size > 0
        and (X.flags.writeable or not writeable)
        and (reset or ("feature_names_in_" not in state and X.shape[1] == state.get("n_features_in_")))
    )


@contextmanager
def numbered_rows(estimator, numbers):
    """Let messages about ``estimator`` call rows by the caller's ``numbers``, where some were left out."""
    vars(estimator)[ROW_NUMBERS] = numbers
    try:
        yield
    finally:
        del vars(estimator)[ROW_NUMBERS]


def number_columns(estimator, numbers):
    """Let messages about ``estimator`` call columns by the caller's ``numbers``."""
    vars(estimator)[COLUMN_NUMBERS] = list(numbers)


def row_number(estimator, row):
    """Return how the caller counts row ``row``."""
    numbers = vars(estimator).get(ROW_NUMBERS)
    return row if numbers is None else int(numbers[row])


def refuse_infinity(estimator, X):
    """Raise a ValueError that names the first infinite value of ``X``, if there is one."""
    if get_config()["assume_finite"]:
        return
    values = X.data.reshape(-1, 1) if sparse.issparse(X) else X
    blocks = list(row_blocks(*values.shape, elements=1 << 18))
    finite = each(lambda rows: np.isfinite(values[rows]).all(), blocks, None if len(blocks) > 2 else 1)
    for rows in (block for block, fine in zip(blocks, finite, strict=True) if not fine):
        infinite = np.isinf(values[rows])
        if infinite.any():
            row, column = np.unravel_index(infinite.argmax(), infinite.shape)
            row += rows.start
            value = values[row, column]
            if sparse.issparse(X):
                coo = X.tocoo()
                row, column = coo.row[row], coo.col[row]
            row = row_number(estimator, int(row))
            raise ValueError(
                f"Input X contains infinity or a value too large for {X.dtype!r}. "
                f"{type(estimator).__name__} takes finite numbers, and NaN for a missing value; "
                f"received {value} in {name_column(estimator, column)}, row {row}. "
                "Correct the value, or mark it as missing with NaN."
            )


def name_column(estimator, column):
    """Return how to call column number ``column`` in a message: by name where there is one."""
    names = getattr(estimator, "feature_names_in_", None)
    scaled = vars(estimator).get(SCALED_COLUMNS)
    column = column if scaled is None else scaled[column]
    numbers = vars(estimator).get(COLUMN_NUMBERS)  # inside GroupScaler, beside key columns
    if names is None and numbers is not None:
        return f"column {numbers[column]}"
    return f"column {column}" if names is None else f"column {names[column]!r}"
