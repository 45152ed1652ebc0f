import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skprep.frames.eager import as_frame, column_names, replace_columns, take_columns
from skprep.frames.keys import as_key, key_column

DATA = {"k": ["a", None, "b"], "x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]}
TABLES = {
    "pandas": pd.DataFrame(DATA, index=[7, 8, 9]),
    "polars": pl.DataFrame(DATA),
    "pyarrow": pa.table(DATA),
    "numpy": np.array(list(zip(*DATA.values(), strict=True)), dtype=object),
}
every_table = pytest.mark.parametrize("kind", TABLES)


@every_table
def test_columns_are_named_and_taken_in_the_kind_that_came(kind):
    X = TABLES[kind]
    assert column_names(X) == (None if kind == "numpy" else ["k", "x", "y"])
    part = take_columns(X, [2, 1])
    assert type(part) is type(X)
    np.testing.assert_array_equal(np.asarray(part, dtype=float), [[4, 1], [5, 2], [6, 3]])


@every_table
def test_a_key_column_is_a_pandas_series(kind):
    found = key_column(TABLES[kind], 0)
    assert isinstance(found, pd.Series)
    assert [None if pd.isna(v) else v for v in found] == ["a", None, "b"]


def test_large_integers_with_nulls_keep_every_digit():
    large = 2**60 + 1
    assert as_key(pl.Series([large, None])).tolist() == [large, None]
    assert as_key(pa.chunked_array([[large, None]])).tolist() == [large, None]


@every_table
@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_replaced_columns_come_back_in_their_place(kind, output):
    X = TABLES[kind]
    values = np.array([[10.0, 40.0], [20.0, 50.0], [30.0, 60.0]])
    found = replace_columns(X, [1, 2], values, output)
    expected = {"pandas": pd.DataFrame, "polars": pl.DataFrame}.get(output, type(X))
    assert type(found) is expected
    rows = np.asarray(found if kind == output == "numpy" else np.asarray(found), dtype=object)
    np.testing.assert_array_equal(rows[:, 1:].astype(float), values)
    assert [None if pd.isna(v) else v for v in rows[:, 0]] == ["a", None, "b"]
    if kind == "pandas" and output in ("default", "pandas"):
        assert list(found.index) == [7, 8, 9]


@pytest.mark.parametrize("kind", ["default", "pandas", "polars"])
def test_an_array_becomes_a_frame_where_one_is_asked_for(kind):
    values = np.array([[1.0, 2.0]])
    found = as_frame(values, values, kind, lambda: np.array(["a", "b"]))
    assert type(found) is {"default": np.ndarray, "pandas": pd.DataFrame, "polars": pl.DataFrame}[kind]
    np.testing.assert_array_equal(np.asarray(found), values)
