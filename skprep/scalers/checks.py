"""What every scaler demands of its input, and what it says when it does not get it."""

from contextlib import contextmanager
from numbers import Real

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    FLOAT_DTYPES,
    _check_n_features,
    _get_feature_names,
    check_array,
    validate_data,
)

from skprep.frames.eager import named_as
from skprep.frames.keys import key_column
from skprep.frames.numbers import as_numbers
from skprep.kernels.blocks import row_blocks
from skprep.kernels.threads import each

NOT_A_NUMBER = ("could not convert string to float", "NAType", "float() argument must be")
FOREIGN = ("torch", "cupy", "jax", "jaxlib", "tensorflow", "mlx")
LEAST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100  # beyond, sums of weights leave float64


@contextmanager
def unchanged_on_error(estimator):
    """Put the attributes of ``estimator`` back as they were when the block raises."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # What scikit-learn needs to end a running callback stays.
        kept = {k: v for k, v in vars(estimator).items() if "callback" in k}
        vars(estimator).clear()
        vars(estimator).update(before, **kept)
        raise


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
    rules = {
        "accept_sparse": sparse_formats,
        "dtype": FLOAT_DTYPES,
        "ensure_all_finite": False,
        "force_writeable": writeable,
    }
    given = X = read_array(estimator, X)
    X = as_numbers(estimator, X)
    try:
        if named or not _names_may_pass(estimator, X):
            return validate_data(estimator, X, reset=reset, **rules)
        X = check_array(X, estimator=estimator, input_name="X", **rules)
    except (ValueError, TypeError) as error:
        name_text(estimator, given, error)
        raise
    _check_n_features(estimator, X, reset=False)
    return X


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


def name_text(estimator, X, error):
    """Raise an error of the same kind that names the first value in ``X`` that is no number."""
    if not any(words in str(error) for words in NOT_A_NUMBER):
        return
    names = _get_feature_names(named_as(X))
    X = X if hasattr(X, "shape") else np.array(X, dtype=object)
    for column in range(X.shape[1]):
        for row, value in enumerate(key_column(X, column)):
            if value is not None and value is not pd.NA and not _is_number(value):
                name = f"column {column}" if names is None else f"column {names[column]!r}"
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


def per_feature(estimator, value, n_features, name):
    """Return a parameter as one float per feature: a number, a sequence, or labels by feature name."""
    names = getattr(estimator, "feature_names_in_", None)
    labelled = isinstance(value, dict) or (
        isinstance(value, pd.Series) and value.index.dtype.kind not in "iu"
    )
    if labelled:
        value = dict(value)
        if names is None or set(value) != set(names):
            known = "X has no names" if names is None else f"X has {list(names)}"
            raise ValueError(
                f"{name} by label must name every feature of X; received {list(value)}, but {known}. "
                "Pass a frame with these columns, or numbers in the order of the columns."
            )
        value = [value[n] for n in names]
    try:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), n_features)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a number, or one number for each of {n_features} features; received {value!r}. "
            "Pass a single number if it is the same for all."
        ) from error


def _names_may_pass(estimator, X):
    """Say whether ``X`` has no names, or those that transform makes up for a fit on an array."""
    names = _get_feature_names(X)
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


def check_weight(sample_weight, X):
    """Return the weights as float64, or None; refuse negative ones."""
    if sample_weight is None:
        return None
    n_rows = X.shape[0]
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_rows, float(sample_weight))
    if np.ma.isMaskedArray(sample_weight) and np.ma.getmaskarray(sample_weight).any():
        row = int(np.ma.getmaskarray(sample_weight).argmax())
        raise ValueError(
            f"sample_weight must be one number for each of {n_rows} rows; received one that is masked in row "
            f"{row}. Pass weight 0 to leave a row out."
        )
    rules = {"ensure_2d": False, "dtype": np.float64, "ensure_min_samples": 0}
    try:
        weight = check_array(sample_weight, input_name="sample_weight", **rules)
    except (TypeError, ValueError) as error:
        if "NaN" in str(error) or "infinity" in str(error):
            raise
        raise ValueError(
            f"sample_weight must be one number for each of {n_rows} rows; received {_short(sample_weight)} "
            f"({error}). Pass an array of weights, or leave it out."
        ) from error
    if weight.shape != (n_rows,):
        raise ValueError(
            f"Sample weights must be 1D array or scalar, one number for each of {n_rows} rows; "
            f"received sample_weight.shape == {weight.shape}. Pass one weight for each row."
        )
    if weight.size and weight.min() < 0:
        row = int(weight.argmin())
        raise ValueError(
            "sample_weight must be 0 or more for every row; received "
            f"{float(weight[row])!r} in row {row}. Use weight 0 to leave a row out."
        )
    odd = (weight > 0) & ~((weight > LEAST_WEIGHT) & (weight < LARGEST_WEIGHT))
    if odd.any():
        row = int(odd.argmax())
        raise ValueError(
            f"sample_weight must be 0, or between {LEAST_WEIGHT:g} and {LARGEST_WEIGHT:g}; received "
            f"{float(weight[row])!r} in row {row}. Divide all weights by their mean."
        )
    return weight


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def check_some_weight(weight):
    """Refuse weights that leave no row to learn from."""
    if weight is not None and not weight.any():
        raise ValueError(
            "sample_weight must be above 0 for at least one row; received only zeros. "
            "Leave sample_weight out to give every row the same weight."
        )


def check_clip(clip):
    """Return the bounds ``(low, high)`` that a ``clip`` of Standard or Robust stands for, or None."""
    if clip is None:
        return None
    bounds = (-clip, clip) if isinstance(clip, Real) else clip
    ordered = np.shape(bounds) == (2,) and all(isinstance(b, Real) for b in bounds) and bounds[0] < bounds[1]
    if isinstance(clip, bool) or not ordered:
        raise ValueError(
            "clip must be a number above 0 or a pair (low, high) with low < high, both in scaled "
            f"units; received {clip!r}. For example clip=3 keeps results within -3 and 3."
        )
    return bounds


@contextmanager
def numbered_rows(estimator, numbers):
    """Let messages about ``estimator`` call rows by the caller's ``numbers``, where some were left out."""
    estimator._row_numbers = numbers
    try:
        yield
    finally:
        del estimator._row_numbers


def row_number(estimator, row):
    """Return how the caller counts row ``row``."""
    numbers = getattr(estimator, "_row_numbers", None)
    return row if numbers is None else int(numbers[row])


def refuse_infinity(estimator, X, first_row=0):
    """Raise a ValueError that names the first infinite value of ``X``, if there is one.

    ``first_row``: the number of the first row of ``X``, where it is a part of more.
    """
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
            row = row_number(estimator, int(row) + first_row)
            raise ValueError(
                f"Input X contains infinity or a value too large for {X.dtype!r}. "
                f"{type(estimator).__name__} takes finite numbers, and NaN for a missing value; "
                f"received {value} in {name_column(estimator, column)}, row {row}. "
                "Correct the value, or mark it as missing with NaN."
            )


def name_column(estimator, column):
    """Return how to call column number ``column`` in a message: by name where there is one."""
    names = getattr(estimator, "feature_names_in_", None)
    numbers = getattr(estimator, "_column_numbers", None)  # inside GroupScaler, beside key columns
    if names is None and numbers is not None:
        return f"column {numbers[column]}"
    return f"column {column}" if names is None else f"column {names[column]!r}"


def check_range(estimator, spread, low, high):
    """Refuse a feature whose range overflows."""
    if np.isinf(spread).any():
        group, column = np.unravel_index(np.isinf(spread).argmax(), spread.shape)
        raise ValueError(
            "The range of a feature must fit into float64; received one from "
            f"{low[group, column]:g} to {high[group, column]:g} in {name_column(estimator, column)}. "
            "Divide the feature by a constant first."
        )


def samples_seen(count):
    """Return counts per feature the way scikit-learn shows them: one number where all are equal.

    Whole counts are int64, sums of fractional weights float64.

    Examples
    --------
    >>> import numpy as np
    >>> int(samples_seen(np.array([3.0, 3.0])))
    3
    >>> samples_seen(np.array([3.0, 2.5]))
    array([3. , 2.5])
    """
    if (count == np.floor(count)).all() and (count < 2.0**53).all():
        count = count.astype(np.int64)
    return count[0] if (count == count[0]).all() else count


def check_learnt(estimator, what):
    """Refuse a scaler whose learned attributes were set by hand: what it learnt is not there."""
    if not hasattr(estimator, "_statistic"):
        raise ValueError(
            f"{what} needs what the scaler has learnt from rows; received a {type(estimator).__name__} "
            "whose attributes were set by hand. Fit it on rows, or start with a new one."
        )


def check_learnt_alike(estimator, settings, what):
    """Refuse to go on where a parameter that decides what is learnt has changed since."""
    for name, value in settings.items():
        now = getattr(estimator, name)
        if now is not value and not same(now, value):
            raise ValueError(
                f"{what} needs the parameters that the earlier rows were learnt with; received "
                f"{name}={now!r}, but it was {value!r}. Set it back, or fit anew."
            )


def same(a, b):
    """Say whether two parameters are equal: numbers, text, sequences, arrays, NaN, estimators.

    Examples
    --------
    >>> import numpy as np
    >>> same((0, np.array([1.0, np.nan])), (0, [1.0, np.nan])), same(1, None)
    (True, False)
    """
    if isinstance(a, BaseEstimator):
        return type(a) is type(b) and same(list(a.get_params().items()), list(b.get_params().items()))
    a, b = (v.tolist() if hasattr(v, "tolist") else v for v in (a, b))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a is b or a == b or (a != a and b != b)
