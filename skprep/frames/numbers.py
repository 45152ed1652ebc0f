"""The numbers of a frame, of whatever library, and the error for a column that holds none."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from skprep.frames.keys import written_out


def as_numbers(estimator, X):
    """Return a frame whose columns scikit-learn reads as the numbers they are; an array as it is.

    Columns of Polars and Arrow become NumPy's: null is NaN, dictionaries are written out, and float32 stays
    float32 where all columns are. A frame with text is left alone, for scikit-learn to refuse.

    Raises
    ------
    ValueError
        If a column holds times, lists or the like, whose numbers would mean nothing; it is named.
    """
    if isinstance(X, np.ndarray):
        if X.dtype.kind in "mM":
            raise ValueError(
                f"{type(estimator).__name__} scales numbers; received an array of {X.dtype}. Turn times into "
                "numbers first (days since a date)."
            )
        return X
    if isinstance(X, pd.DataFrame):
        return _of_pandas(estimator, X)
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return X
    columns = {}
    for name in frame.columns:
        series = frame[name]
        if not _is_scaled(series.dtype):
            _refuse(estimator, name, series.dtype)
        columns[name] = _numbers_of(series)
    if any(values is None for values in columns.values()):
        return X
    return pd.DataFrame(columns, copy=False)


def _of_pandas(estimator, X):
    arrow = False
    for name, dtype in zip(X.columns, X.dtypes, strict=True):
        if isinstance(dtype, np.dtype):
            if dtype.kind in "mM":
                _refuse(estimator, name, dtype)
        elif isinstance(dtype, pd.ArrowDtype):
            arrow = True
        elif isinstance(dtype, pd.DatetimeTZDtype | pd.PeriodDtype | pd.IntervalDtype):
            _refuse(estimator, name, dtype)
    if not arrow:
        return X
    columns = []
    for j, (name, dtype) in enumerate(zip(X.columns, X.dtypes, strict=True)):
        column = X.iloc[:, j]
        if isinstance(dtype, pd.ArrowDtype):
            series = nw.from_native(_chunked(column), series_only=True)
            if not _is_scaled(series.dtype):
                _refuse(estimator, name, dtype)
            values = _numbers_of(series)
            if values is None:
                return X
            column = pd.Series(values, index=X.index)
        columns.append(column)
    numbers = pd.concat(columns, axis=1)
    numbers.columns = X.columns
    return numbers


def _chunked(column):
    import pyarrow as pa

    return pa.chunked_array(column.array.__arrow_array__())


def _is_scaled(dtype):
    """Say whether a column may be a feature: a number, or text that scikit-learn reads as one or refuses."""
    return dtype.is_numeric() or dtype in (
        nw.Boolean,
        nw.String,
        nw.Categorical,
        nw.Enum,
        nw.Object,
        nw.Unknown,
    )


def _numbers_of(series):
    """Return a column as floats, or None where it is text."""
    if series.dtype == nw.Categorical and series.implementation.is_pyarrow():
        series = nw.from_native(written_out(series.to_native()), series_only=True)
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        return None
    if series.dtype in (nw.Int128, nw.UInt128):
        return np.array(series.to_list(), dtype=object).astype(np.float64)
    kind = np.float32 if series.dtype == nw.Float32 else np.float64
    return series.to_numpy().astype(kind, copy=False)


def _refuse(estimator, name, dtype):
    raise ValueError(
        f"{type(estimator).__name__} scales numbers; received column {name!r} of type {dtype}. Leave the "
        "column out, turn it into a number (days since a date), or scale the others with a ColumnTransformer."
    )
