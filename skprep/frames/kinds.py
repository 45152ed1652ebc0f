"""What the columns of a table hold, in the words of the formats that scalers are written to."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

NAMES = {
    nw.Float64: "double",
    nw.Float32: "float",
    nw.Int64: "int64",
    nw.Int32: "int32",
    nw.Int16: "int16",
    nw.Int8: "int8",
    nw.UInt8: "uint8",
    nw.UInt16: "uint16",
    nw.UInt32: "uint32",
    nw.Boolean: "bool",
    nw.String: "string",
    nw.Categorical: "string",
    nw.Enum: "string",
}
ARRAYS = {"f8": "double", "f4": "float", "b1": "bool"}


def column_kinds(X):
    """Return ``[(name, kind, number of columns)]`` of a table; an array is one, called ``X``.

    Examples
    --------
    >>> import pandas as pd
    >>> column_kinds(pd.DataFrame({"device": ["a"], "hu": [1.5], "kv": [120]}))
    [('device', 'string', 1), ('hu', 'double', 1), ('kv', 'int64', 1)]
    >>> column_kinds([[1.0, 2.0]])
    [('X', 'double', 2)]
    """
    by_number = isinstance(X, pd.DataFrame) and not all(isinstance(name, str) for name in X.columns)
    frame = nw.from_native(X.to_numpy() if by_number else X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        if "" in frame.columns:
            raise ValueError('An input of a model has a name; received a column called "". Rename it.')
        return [(name, _kind(frame[name]), 1) for name in frame.columns]
    array = np.asarray(frame)
    if array.ndim != 2 and not isinstance(X, np.ndarray | list | tuple):
        raise ValueError(
            f"X_sample must be an array or a frame in memory; received {type(X).__name__}. Collect its first "
            "rows, or call toarray()."
        )
    if array.ndim != 2:
        raise ValueError(
            f"X_sample must be a table, rows by columns; received an array of shape {array.shape}. Pass the "
            "first rows of what the estimator was fitted on."
        )
    kind = array.dtype.kind
    if kind in "OUS" and all(isinstance(value, str) for value in array[:, 0]):
        return [("X", "string", array.shape[1])]
    whole = f"{'u' if kind == 'u' else ''}int{8 * array.dtype.itemsize}" if kind in "iu" else None
    name = ARRAYS.get(f"{kind}{array.dtype.itemsize}", whole)
    if name is None or name == "uint64":
        _refuse("the array", array.dtype)
    return [("X", name, array.shape[1])]


def _kind(series):
    dtype = series.dtype
    if dtype == nw.Categorical and series.implementation.is_pandas():
        categories = pd.Series(series.to_native().cat.categories)
        return _kind(nw.from_native(categories, series_only=True))
    if dtype.is_integer() and series.null_count():
        return "double"  # which has a missing value
    name = NAMES.get(type(dtype) if not isinstance(dtype, type) else dtype)
    if dtype == nw.Object and all(isinstance(v, str) for v in series.drop_nulls().to_list()):
        return "string"
    if name is None:
        _refuse(f"column {series.name!r}", dtype)
    return name


def _refuse(what, dtype):
    raise ValueError(
        f"A model takes float64, float32, int8 to int64, uint8 to uint32, booleans and text; received {what} "
        f"of type {dtype}. Cast it, to text for a key, or leave the column out."
    )
