"""Parameters brought into the engine of a lazy frame, and joined to its rows by group."""

import datetime

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd


def free_prefix(names):
    """Return a beginning that no column of the user has.

    Examples
    --------
    >>> free_prefix(["a", "skprep_b"])
    'skprep__'
    """
    prefix = "skprep_"
    while any(str(name).startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def key_expression(name, dtype):
    """Return the key column ``name`` in a form in which every engine groups and joins alike."""
    key = nw.col(name)
    if dtype.is_float():
        return key.cast(nw.Float64).fill_nan(None)
    if dtype == nw.UInt64 or dtype.is_decimal() or dtype in (nw.Int128, nw.UInt128):
        raise _unfit(name, dtype)
    if dtype.is_integer():
        return key.cast(nw.Int64)
    if dtype in (nw.Categorical, nw.Enum):
        return key.cast(nw.String)
    if dtype in (nw.String, nw.Boolean, nw.Date):
        return key
    if dtype == nw.Datetime and dtype.time_zone is None:
        return key
    raise _unfit(name, dtype)


def _unfit(name, dtype):
    return ValueError(
        "A key column of a lazy frame holds text, whole numbers of 64 bits, floats, booleans, dates or "
        f"times without a zone; received {name!r} of type {dtype}. Cast it to text."
    )


def join(frame, keys, index, columns):
    """Return ``frame`` with ``columns`` (one number per group of ``index``), joined by its columns ``keys``.

    A row of an unknown group gets null. A missing key is a key. On Polars the rows keep their order.
    """
    on, frame = _prepared(frame, keys)
    schema = frame.collect_schema()
    rows = _brought(frame, _rows_of(index, on, schema, columns))
    casts = [nw.col(name).cast(schema[name]) for name in on]
    return _left_join(frame, rows.with_columns(*casts), on).drop(*on)


def unknown_keys(frame, keys, index, most):
    """Return up to ``most`` unknown keys of ``frame``, how many there are, and how many rows they have."""
    on, frame = _prepared(frame, keys)
    schema = frame.collect_schema()
    rows = _brought(frame, _rows_of(index, on, schema, {}))
    casts = [nw.col(name).cast(schema[name]) for name in on]
    found = frame.group_by(*on).agg(nw.len().alias("rows")).join(rows.with_columns(*casts), on=on, how="anti")
    found = found.collect()
    columns = [found[name].to_list() for name in on]
    listed = [
        tuple(None if gone else key for key, gone in zip(row[::2], row[1::2], strict=True))
        for row in zip(*columns, strict=True)
    ]
    listed = [key[0] if len(key) == 1 else key for key in listed]
    return sorted(listed, key=str)[:most], len(listed), int(sum(found["rows"].to_list()))


def _prepared(frame, keys):
    """Return the names of the columns to join on, and the frame with them; null would join nothing."""
    on, made = [], []
    schema = frame.collect_schema()
    prefix = free_prefix(schema.names())
    for i, name in enumerate(keys):
        key = key_expression(name, schema[name])
        neutral = _neutral(schema[name])
        pair = [f"{prefix}key_{i}", f"{prefix}missing_{i}"]
        made += [key.fill_null(neutral).alias(pair[0]), key.is_null().cast(nw.Int64).alias(pair[1])]
        on += pair
    return on, frame.with_columns(*made)


def _neutral(dtype):
    if dtype.is_float():
        return 0.0
    if dtype.is_integer():
        return 0
    if dtype == nw.Boolean:
        return False
    if dtype == nw.Date:
        return datetime.date(1970, 1, 1)
    return datetime.datetime(1970, 1, 1) if dtype == nw.Datetime else ""


def _rows_of(index, on, schema, columns):
    """Return a table of the groups whose keys fit into the columns ``on``, as a dict of lists."""
    dtypes = [schema[name] for name in on[::2]]
    keys = [key if isinstance(key, tuple) else (key,) for key in index.keys]
    fitting = [[_as_dtype(part, dtype) for part, dtype in zip(key, dtypes, strict=True)] for key in keys]
    kept = [g for g, parts in enumerate(fitting) if all(part is not None for part in parts)]
    table = {}
    for i in range(len(dtypes)):
        table[on[2 * i]] = [fitting[g][i][0] for g in kept]
        table[on[2 * i + 1]] = [fitting[g][i][1] for g in kept]
    return table | {name: values[kept] for name, values in columns.items()}


def _as_dtype(key, dtype):
    """Return a key as a value of ``dtype`` and whether it is missing; None where no value is equal to it."""
    if key is None:
        return _neutral(dtype), 1
    try:
        if dtype.is_float():
            value = float(key) if not isinstance(key, str) else None
        elif dtype.is_integer():
            value = int(key) if not isinstance(key, str) and -(2**63) <= key < 2**63 else None
        elif dtype == nw.Boolean:
            value = bool(key) if not isinstance(key, str) else None
        elif dtype in (nw.Date, nw.Datetime):
            stamp = pd.Timestamp(key) if isinstance(key, datetime.date) else None
            value = stamp and (stamp.date() if dtype == nw.Date else stamp.to_pydatetime(warn=False))
            return None if value is None or pd.Timestamp(value) != stamp else (value, 0)
        else:
            value = key if isinstance(key, str) else None
        return None if value is None or value != key else (value, 0)
    except (TypeError, ValueError, OverflowError):
        return None


def _brought(frame, table):
    """Return a dict of columns as a lazy frame in the engine and session of ``frame``."""
    implementation, native = frame.implementation, frame.to_native()
    if implementation.is_polars():
        import polars as pl

        return nw.from_native(pl.LazyFrame(table))
    if implementation.is_duckdb():
        skprep_rows = pd.DataFrame({name: _column(v) for name, v in table.items()})  # noqa: F841
        # In the connection of the relation, which need not be the default one.
        return nw.from_native(native.query("skprep_any", "SELECT * FROM skprep_rows"))
    import pyarrow as pa

    rows = nw.from_native(
        pa.table({name: pa.array(values) for name, values in table.items()}), eager_only=True
    )
    if implementation.is_pyspark():
        return nw.from_native(native.sparkSession.createDataFrame(rows.to_native()))
    return rows.lazy(backend=implementation)


def _column(values):
    return values if isinstance(values, np.ndarray) else pd.Series(values, dtype=None if values else object)


def _left_join(frame, rows, on):
    if frame.implementation.is_polars():
        left, right = frame.to_native(), rows.to_native()
        return nw.from_native(left.join(right, on=on, how="left", maintain_order="left"))
    return frame.join(rows, on=on, how="left")
