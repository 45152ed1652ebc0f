"""Column names that no engine reads as anything else, and the caller's back again.

A dot or a backtick means something to Spark, ``^x.*$`` to Polars, ``*`` to DuckDB; and DuckDB and Spark do
not tell ``a`` from ``A``. So queries know columns by their number, and only results have names.
"""

import narwhals.stable.v2 as nw


def safe(number):
    """Return the name of column ``number`` within queries.

    Examples
    --------
    >>> safe(3)
    'c3'
    """
    return f"c{number}"


def safely_named(frame):
    """Return a lazy frame whose columns are called by their numbers."""
    return _renamed(frame, [safe(i) for i in range(len(frame.collect_schema().names()))])


def named_back(frame, names):
    """Return a safely named lazy frame with the names that it had."""
    return _renamed(frame, names)


def _renamed(frame, new):
    old, native = frame.collect_schema().names(), frame.to_native()
    if old == new:
        return frame
    if frame.implementation.is_polars():
        import polars as pl

        return nw.from_native(native.select(pl.nth(i).alias(name) for i, name in enumerate(new)))
    if frame.implementation.is_duckdb():
        pairs = (f"{quoted(a)} AS {quoted(b)}" for a, b in zip(old, new, strict=True))
        return nw.from_native(native.project(", ".join(pairs)))
    if frame.implementation.is_spark_like() and hasattr(native, "toDF"):
        return nw.from_native(native.toDF(*new))
    return frame.rename(dict(zip(old, new, strict=True)))


def quoted(name):
    """Return a name as an identifier of SQL.

    Examples
    --------
    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + str(name).replace('"', '""') + '"'
