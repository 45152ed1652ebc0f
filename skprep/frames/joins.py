"""Parameters brought into the engine of a lazy frame, and joined to its rows by group."""

import datetime

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from skprep.frames.names import quoted
from skprep.statistics.groups import plain_key

PREFIX = "skprep_"
ROWS, WHOLE = f"{PREFIX}rows", f"{PREFIX}key"


def with_keys(frame, keys, names):
    """Return the frame with its columns ``keys`` once more, as ``names``, as every engine compares them.

    Times are whole numbers there, counted in a unit from 1970 in UTC, where the engine can count them: as
    values of Python they would lose their nanoseconds. Returns the units too, None for all other keys.
    """
    schema, engine = frame.collect_schema(), frame.implementation
    made, ticks, units = [], {}, []
    for key, name in zip(keys, names, strict=True):
        dtype = schema[key]
        if dtype == nw.Datetime and (engine.is_polars() or engine.is_duckdb()):
            coarse = engine.is_duckdb() and dtype.time_unit != "ns"
            units.append("us" if coarse else dtype.time_unit)
            ticks[name] = (key, units[-1])
            continue
        units.append(None)
        made.append(key_expression(key, dtype).alias(name))
    frame = frame.with_columns(*made) if made else frame
    return _with_ticks(frame, ticks) if ticks else frame, units


def _with_ticks(frame, ticks):
    native = frame.to_native()
    if frame.implementation.is_polars():
        import polars as pl

        made = [pl.col(key).dt.timestamp(unit).alias(name) for name, (key, unit) in ticks.items()]
        return nw.from_native(native.with_columns(made))
    types = frame.collect_schema()
    made = []
    for name, (key, unit) in ticks.items():
        # Of seconds and milliseconds it has no count; those with a zone are counted in UTC as they are.
        plain = unit == "ns" or types[key].time_zone
        column = quoted(key) if plain else f"CAST({quoted(key)} AS TIMESTAMP)"
        count = f"epoch_{unit}({column})"
        if unit == "us":  # of infinity it counts null, which is another key
            ends = f"CASE WHEN {column} > '2000-01-01' THEN {2**63 - 1} ELSE {1 - 2**63} END"
            count = f"CASE WHEN isinf({column}) THEN {ends} ELSE {count} END"
        made.append(f"{count} AS {quoted(name)}")
    return nw.from_native(native.project(", ".join(["*", *made])))


def from_ticks(column, unit):
    """Return a pandas Series of whole numbers as the times that :func:`with_keys` has counted."""
    if unit is None:
        return column
    missing = column.isna().to_numpy()
    ticks = np.where(missing, 0, column.to_numpy(dtype=object)).astype(np.int64)
    times = ticks.view(f"M8[{unit}]")
    times[missing] = "NaT"
    return pd.Series(times)


def key_expression(name, dtype):
    """Return the key column ``name`` in a form in which every engine groups and joins alike."""
    key = nw.col(name)
    if dtype.is_float():
        return key.cast(nw.Float64).fill_nan(None)
    if dtype.is_decimal() or dtype in (nw.Int128, nw.UInt128):
        raise UnfitKey(name, dtype)
    if dtype == nw.UInt64:
        return key
    if dtype.is_integer():
        return key.cast(nw.Int64)
    if dtype in (nw.Categorical, nw.Enum):
        return key.cast(nw.String)
    if dtype in (nw.String, nw.Boolean, nw.Date):
        return key
    if dtype == nw.Datetime and dtype.time_zone is None:
        return key
    raise UnfitKey(name, dtype)


class UnfitKey(ValueError):
    """A key column of a type that engines do not compare alike."""

    def __init__(self, name, dtype):
        super().__init__(
            "A key column of a lazy frame holds text, whole numbers of 64 bits, floats, booleans, dates or "
            f"times without a zone; received {name!r} of type {dtype}. Cast it to text. (On Polars and "
            "DuckDB times with a zone are keys, too.)"
        )
        self.name, self.dtype = name, dtype

    def named(self, names):
        """Return the error with the caller's name of the column, which was known by its number."""
        return UnfitKey(names[int(self.name[1:])], self.dtype)


def join(frame, keys, index, columns, units=None):
    """Return ``frame`` with ``columns``, joined by its columns ``keys``.

    A column has one number per group of ``index``, or a row of numbers, which becomes a list. A row of an
    unknown group gets null. A missing key is a key. On Polars the rows keep their order. With ``units``, the
    columns ``keys`` are what :func:`with_keys` has made.
    """
    on, units, frame = _prepared(frame, keys, units)
    schema = frame.collect_schema()
    rows = _brought(frame, *_rows_of(index, on, units, schema, columns))
    return _left_join(frame, rows, on).drop(*on)


def gathered(frame, key, index, columns, fallback):
    """Return a frame of Polars with ``columns`` as :func:`join` does, by the numbers of the groups.

    Rows keep their order, at the speed of a join that does not promise that. ``columns`` have a number for
    each group of ``index``, and more behind them; rows of unknown groups get number ``fallback``.
    """
    import polars as pl

    frame, (unit,) = with_keys(frame, [key], [WHOLE])
    dtype, native = frame.collect_schema()[WHOLE], frame.to_native()
    fitting = [_as_dtype(known, dtype, unit) for known in index.keys]
    kept = [g for g, value in enumerate(fitting) if value is not None]
    known = [None if fitting[g][1] else fitting[g][0] for g in kept]
    number = pl.col(WHOLE).replace_strict(
        pl.Series(known, dtype=native.collect_schema()[WHOLE]),
        pl.Series(kept, dtype=pl.Int64),
        default=fallback,
        return_dtype=pl.Int64,
    )
    native = native.with_columns(number.alias(WHOLE))
    own = [pl.lit(pl.Series(values)).gather(pl.col(WHOLE)).alias(name) for name, values in columns.items()]
    return nw.from_native(native.with_columns(own).drop(WHOLE))


def unknown_keys(frame, keys, index, most):
    """Return up to ``most`` unknown keys of ``frame``, how many there are, and how many rows they have."""
    on, units, frame = _prepared(frame, keys)
    schema = frame.collect_schema()
    rows = _brought(frame, *_rows_of(index, on, units, schema, {}))
    counts = frame.group_by(*on).agg(nw.len().alias(ROWS))
    found = counts.join(rows, on=on, how="anti").collect()
    columns = []
    for name, missing, unit in zip(on[::2], on[1::2], units, strict=True):
        values = from_ticks(pd.Series(found[name].to_list(), dtype=object), unit).tolist()
        gone = found[missing].to_list()
        columns.append([None if g else plain_key(v) for v, g in zip(values, gone, strict=True)])
    listed = list(zip(*columns, strict=True))
    listed = [key[0] if len(key) == 1 else key for key in listed]
    return sorted(listed, key=str)[:most], len(listed), int(sum(found[ROWS].to_list()))


def _prepared(frame, keys, units=None):
    """Return the names of the columns to join on, their units, and the frame with them.

    Null would join nothing: a missing key is a value, and a mark beside it.
    """
    whole = [f"{PREFIX}key_{i}" for i in range(len(keys))]
    missing = [f"{PREFIX}missing_{i}" for i in range(len(keys))]
    if units is None:
        frame, units = with_keys(frame, keys, whole)
    else:
        frame = frame.with_columns(*(nw.col(key).alias(name) for key, name in zip(keys, whole, strict=True)))
    schema = frame.collect_schema()
    made = []
    for name, gone in zip(whole, missing, strict=True):
        key = nw.col(name)
        made += [key.fill_null(_neutral(schema[name])).alias(name), key.is_null().cast(nw.Int64).alias(gone)]
    on = [name for pair in zip(whole, missing, strict=True) for name in pair]
    return on, units, frame.with_columns(*made)


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


def _rows_of(index, on, units, schema, columns):
    """Return a table of the groups whose keys fit into the columns ``on``, and the types of its columns."""
    dtypes = [schema[name] for name in on[::2]]
    keys = [key if len(dtypes) > 1 else (key,) for key in index.keys]
    fitting = [
        [_as_dtype(part, *kind) for part, *kind in zip(key, dtypes, units, strict=True)] for key in keys
    ]
    kept = [g for g, parts in enumerate(fitting) if all(part is not None for part in parts)]
    table, types = {}, {}
    for i, dtype in enumerate(dtypes):
        table[on[2 * i]] = [fitting[g][i][0] for g in kept]
        table[on[2 * i + 1]] = [fitting[g][i][1] for g in kept]
        types |= {on[2 * i]: dtype, on[2 * i + 1]: nw.Int64()}
    table |= {name: values[kept] for name, values in columns.items()}
    lists = nw.List(nw.Float64())
    return table, types | {name: nw.Float64() if v.ndim == 1 else lists for name, v in columns.items()}


def _as_dtype(key, dtype, unit):
    """Return a key as a value of ``dtype`` and whether it is missing; None where no value is equal to it."""
    if key is None:
        return _neutral(dtype), 1
    try:
        if unit is not None:  # counted
            stamp = pd.Timestamp(key) if isinstance(key, datetime.date) else None
            return None if stamp is None else (int(stamp.as_unit(unit, round_ok=False).asm8.view("i8")), 0)
        if dtype.is_float():
            value = float(key) if not isinstance(key, str) else None
        elif dtype.is_integer():
            low, high = (0, 2**64) if dtype == nw.UInt64 else (-(2**63), 2**63)
            value = int(key) if not isinstance(key, str) and low <= key < high else None
        elif dtype == nw.Boolean:
            value = bool(key) if not isinstance(key, str) else None
        elif dtype in (nw.Date, nw.Datetime):
            stamp = pd.Timestamp(key) if isinstance(key, datetime.date) else None
            value = stamp and (stamp.date() if dtype == nw.Date else stamp.to_pydatetime(warn=False))
            return None if value is None or pd.Timestamp(value) != stamp else (value, 0)
        else:
            value = key if isinstance(key, str) else None
        return None if value is None or value != key else (value, 0)
    except (TypeError, ValueError, OverflowError, NotImplementedError):  # the last for years beyond 9999
        return None


def _brought(frame, table, types):
    """Return a dict of columns of ``types`` as a lazy frame in the engine and session of ``frame``."""
    implementation, native = frame.implementation, frame.to_native()
    if implementation.is_polars():
        import polars as pl

        kinds = {
            name: native.collect_schema()[name] if name in table else None for name in native.collect_schema()
        }
        series = [
            pl.Series(name, values, dtype=kinds.get(name) or pl.Float64) for name, values in table.items()
        ]
        return nw.from_native(pl.DataFrame(series).lazy())
    if implementation.is_duckdb():
        return nw.from_native(_as_literals(native, table, types))
    import pyarrow as pa

    rows = nw.from_native(
        pa.table({name: pa.array(_for_arrow(values)) for name, values in table.items()}), eager_only=True
    )
    if implementation.is_pyspark():
        rows = nw.from_native(native.sparkSession.createDataFrame(rows.to_native()))
    else:
        rows = rows.lazy(backend=implementation)
    return rows.with_columns(*(nw.col(name).cast(kind) for name, kind in types.items()))


def _for_arrow(values):
    return list(values) if isinstance(values, np.ndarray) and values.ndim == 2 else values


SQL = {nw.Float64: "DOUBLE", nw.Int64: "BIGINT", nw.UInt64: "UBIGINT", nw.Boolean: "BOOLEAN", nw.Date: "DATE"}


def _as_literals(relation, table, types):
    """Return a table as a DuckDB relation that holds it in its own text.

    In the connection of ``relation``, which need not be the default one, may not be allowed to read variables
    of Python, and keeps no table or view of ours.
    """
    one = relation.limit(0).aggregate("count(*)")  # one row, whatever the relation holds
    columns = []
    for name, values in table.items():
        kind = SQL.get(type(types[name]), "VARCHAR")
        if isinstance(values, np.ndarray) and values.ndim == 2:
            kind, listed = "DOUBLE[]", _literal(values.tolist())
        elif kind == "VARCHAR":
            listed = "[" + ", ".join(_literal(v) for v in values) + "]"
        else:
            listed = f"string_split({_literal(','.join(map(_spelt, values)))}, ',')" if len(values) else "[]"
        columns.append(f"unnest(CAST({listed} AS {kind}[])) AS {quoted(name)}")
    return one.project(", ".join(columns))


def _spelt(value):
    return (
        repr(value.item() if isinstance(value, np.generic) else value)
        if not isinstance(value, datetime.date)
        else value.isoformat()
    )


def _literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def _left_join(frame, rows, on):
    if frame.implementation.is_polars():
        left, right = frame.to_native(), rows.to_native()
        return nw.from_native(left.join(right, on=on, how="left", maintain_order="left"))
    return frame.join(rows, on=on, how="left")
