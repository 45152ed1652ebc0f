"""Some of the rows of a lazy frame."""

from functools import reduce

import narwhals.stable.v2 as nw

from skprep.frames.joins import key_expression


def rows_with(frame, columns, values):
    """Return the rows of a lazy frame in which every column has one of its values; None is a missing one.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> frame = nw.from_native(pl.LazyFrame({"treatment": ["DMSO", "drug", None], "x": [1, 2, 3]}))
    >>> rows_with(frame, ["treatment"], [["DMSO", None]]).collect()["x"].to_list()
    [1, 3]
    """
    schema = frame.collect_schema()
    for name, wanted in zip(columns, values, strict=True):
        dtype = schema[name]
        key = key_expression(name, dtype)
        hold = [key.is_null() if v is None else key == v for v in wanted if v is None or _is_of(v, dtype)]
        frame = frame.filter(reduce(lambda a, b: a | b, hold) if hold else key.is_null() & ~key.is_null())
    return frame


def has_rows(frame):
    """Say whether a lazy frame has a row."""
    return len(frame.head(1).collect()) > 0


def _is_of(value, dtype):
    """Say whether a value can stand in a column: an engine would cast one of another kind."""
    if isinstance(value, bool) or dtype == nw.Boolean:
        return isinstance(value, bool) and dtype == nw.Boolean
    if isinstance(value, int | float):
        return dtype.is_numeric()
    if isinstance(value, str):
        return dtype in (nw.String, nw.Categorical, nw.Enum)
    return dtype.is_temporal()
