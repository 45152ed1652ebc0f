"""Some of the rows of a lazy frame."""

from functools import reduce

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
        key = key_expression(name, schema[name])
        hold = [key.is_null() if value is None else (key == value) for value in wanted]
        frame = frame.filter(reduce(lambda a, b: a | b, hold))
    return frame
