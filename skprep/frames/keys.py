"""Keys of groups: a column of any table as a pandas Series that tells keys apart to the last digit."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd


def key_column(X, position):
    """Return one column of a table as :func:`as_key` does."""
    if isinstance(X, pd.DataFrame):
        return as_key(X.iloc[:, position])
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return as_key(frame[frame.columns[position]])
    return as_key(X[:, position])


def key_columns(X, positions):
    """Return several columns as :func:`key_column` does."""
    return [key_column(X, position) for position in positions]


def as_key(values):
    """Return a one-dimensional array, list or series of keys as a pandas Series.

    Missing keys of any library are missing in it; categories and dictionaries are written out; whole numbers
    keep all their digits, times their nanoseconds, and a time with a zone becomes the one in UTC.

    Examples
    --------
    >>> as_key(["a", None, "b"]).tolist()
    ['a', None, 'b']
    >>> import pyarrow as pa
    >>> as_key(pa.array([2**53 + 1, 5, 2**53 + 1]).dictionary_encode()).tolist()
    [9007199254740993, 5, 9007199254740993]
    """
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _of_pandas(values)
    series = _narwhals_series(values)
    if series is not None:
        return _of_series(series)
    if not isinstance(values, np.ndarray | list | tuple):
        values = _as_sequence(values)
    if isinstance(values, np.ndarray):
        return _of_array(values)
    return pd.Series(list(values), dtype=object)


def _narwhals_series(values):
    if isinstance(values, np.ndarray | list | tuple):
        return None
    if type(values).__module__.partition(".")[0] == "pyarrow" and hasattr(values, "chunk"):
        return values
    if type(values).__module__.partition(".")[0] == "pyarrow" and hasattr(values, "to_pylist"):
        import pyarrow as pa

        return pa.chunked_array([values])
    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def _as_sequence(values):
    """Return an array of another library as NumPy's, anything that can be walked as a list."""
    if isinstance(values, str | bytes | dict) or not (
        hasattr(values, "__iter__") or hasattr(values, "__array__")
    ):
        raise TypeError(
            f"groups must be an array, a list or a frame with one key for each row; received {values!r}. "
            "Pass the keys as a list."
        )
    if not hasattr(values, "__array__"):
        return list(values)
    try:
        return np.asarray(values)
    except Exception as error:  # whatever a library says of a device or a type that NumPy lacks
        raise TypeError(
            "groups must be an array that NumPy can read, or a list; received one of "
            f"{type(values).__module__}.{type(values).__name__} ({error}). Pass its keys as whole numbers "
            "in main memory, or as a list."
        ) from error


def _of_pandas(values):
    series = pd.Series(values)
    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        return _of_arrow(pa.chunked_array(series.array.__arrow_array__())).set_axis(series.index)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if isinstance(dtype, pd.SparseDtype):
        return _of_pandas(series.sparse.to_dense())
    return _of_array(series.to_numpy()).set_axis(series.index) if isinstance(dtype, np.dtype) else series


def _of_array(values):
    if np.ma.isMaskedArray(values):
        plain = values.data.astype(object)
        plain[np.ma.getmaskarray(values)] = None
        values = plain
    if values.ndim != 1:
        raise ValueError(
            f"groups must have one key for each row; received an array of shape {values.shape}. Pass one "
            "dimension, or a column for each key."
        )
    if values.dtype.kind in "iufc" and not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind == "f" and values.dtype.itemsize != 8:
        wide = values.astype(np.float64)
        if (wide != values)[~np.isnan(wide)].any():
            raise TypeError(
                f"Keys that are floats must fit into 64 bits; received {values.dtype}. Cast them to text."
            )
        values = wide
    if values.dtype.kind in "Mm" and np.datetime_data(values.dtype)[0] not in ("s", "ms", "us", "ns"):
        values = _in_a_unit_of_pandas(values)
    if values.dtype.kind == "V":
        values = as_objects(values.tolist())
    return pd.Series(values)


def _in_a_unit_of_pandas(values):
    """Return times counted in days, or in parts of a nanosecond, in seconds or whole nanoseconds."""
    kind, unit = values.dtype.kind, np.datetime_data(values.dtype)[0]
    if kind == "m" and unit in ("Y", "M", "generic"):
        raise TypeError(f"Keys that are durations must be of one length; received {values.dtype}. Use days.")
    fine = unit in ("ps", "fs", "as")
    found = values.astype(f"{kind}8[{'ns' if fine else 's'}]")
    if fine and (found.astype(values.dtype) != values)[~np.isnat(values)].any():
        raise TypeError(
            f"Keys that are times must be whole nanoseconds; received {values.dtype} with parts of one. Cast "
            "them to whole numbers."
        )
    return found


def _of_series(series):
    """Return a Series of Polars or PyArrow, through Arrow, which has a type for each key."""
    if not isinstance(series, nw.Series):
        return _of_arrow(series)
    if series.implementation.is_pandas_like():
        return _of_pandas(series.to_pandas())
    if series.dtype in (nw.Int128, nw.UInt128) or series.dtype == nw.Object:
        return pd.Series(series.to_list(), dtype=object)
    try:
        array = series.to_arrow()
    except ImportError:
        return _without_arrow(series)
    import pyarrow as pa

    return _of_arrow(array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]))


def _of_arrow(array):
    """Return a chunked array of Arrow as a pandas Series."""
    import pyarrow as pa

    array = written_out(array)
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        if pa.types.is_string_view(kind):
            array = array.cast(pa.large_string())
        return pd.Series(pd.array(array, dtype=pd.StringDtype("pyarrow")))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return pd.Series(as_objects(array.to_pylist()) if array.null_count else array.to_numpy())
    if pa.types.is_floating(kind):
        return _of_array(array.to_numpy())  # null becomes NaN
    if pa.types.is_date(kind):
        array = array.cast(pa.timestamp("s" if pa.types.is_date32(kind) else "ms"))
        kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return pd.Series(_ticks(array, "M8" if pa.types.is_timestamp(kind) else "m8"))
    if pa.types.is_time64(kind) and kind.unit == "ns":
        ticks = np.asarray(array.cast(pa.int64()).drop_null())
        if (ticks % 1000).any():
            raise TypeError(
                "Keys that are times of the day must be whole microseconds; received nanoseconds. "
                "Cast them to whole numbers."
            )
        array = array.cast(pa.time64("us"))
    return pd.Series(as_objects(array.to_pylist()))


def _ticks(array, kind):
    """Return times of Arrow as NumPy's, counted in the same unit from the same moment."""
    import pyarrow as pa

    missing = array.is_null().to_numpy() if array.null_count else None
    ticks = array.cast(pa.int64()).fill_null(0).to_numpy().astype(np.int64)
    times = ticks.view(f"{kind}[{array.type.unit}]")
    if missing is not None:
        times[missing] = "NaT"
    return times


def written_out(array):
    """Return a chunked array of Arrow with the values themselves in the place of a dictionary's numbers."""
    import pyarrow as pa

    while pa.types.is_dictionary(array.type) or pa.types.is_run_end_encoded(array.type):
        array = pa.chunked_array([_decoded(chunk) for chunk in array.chunks], type=array.type.value_type)
    return array


def _decoded(chunk):
    import pyarrow as pa
    import pyarrow.compute as pc

    return chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else pc.run_end_decode(chunk)


def _without_arrow(series):
    """Return a Series of Polars where pyarrow is absent."""
    if series.dtype.is_temporal() and series.dtype != nw.Time:
        return _of_pandas(pd.Series(series.to_numpy()))
    if series.dtype.is_numeric() and not series.null_count() and not series.dtype.is_decimal():
        return _of_array(series.to_numpy())
    return pd.Series(as_objects(series.to_list()))


def as_objects(values):
    """Return a list as a one-dimensional array, whatever is in it."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
