"""A few rows read in one go are what they are read column by column."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep import GroupScaler, StandardScaler
from skprep.frames.few import read_few
from skprep.validation import rows

FEATURES = {
    "float64": [1.5, np.nan, -3.0],
    "float32": [0.1, 7.0, np.nan],
    "float16": [0.5, 2.0, 60_000.0],
    "int64": [2**53 + 1, -5, 0],
    "uint8": [0, 7, 255],
    "bool": [True, False, True],
    "Int64": [1, None, 3],
    "Float32": [0.25, None, 3.0],
    "float64[pyarrow]": [0.5, None, 1.0],
}
KEYS = {
    "str": ["a", "b", None],
    "object": ["a", 2.0, None],
    "int64": [2**53 + 1, 2**53, 2**53 + 1],
    "float32": [0.1, 1.0, np.nan],
    "bool": [True, False, True],
    "category": ["a", "b", "a"],
    "datetime64[ns]": ["2024-01-01", "2024-01-02", None],
    "Int64": [1, None, 2],
}


def without_few(call):
    """Run a call the long way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "read_few", lambda X: None)
        return call()


@given(
    kinds=st.lists(st.sampled_from(sorted(FEATURES)), min_size=1, max_size=4),
    key=st.sampled_from(sorted(KEYS)),
    n=st.integers(1, 3),
    place=st.integers(0, 4),
)
def test_of_pandas(kinds, key, n, place):
    frame = pd.DataFrame({f"x{j}": pd.Series(FEATURES[kind], dtype=kind) for j, kind in enumerate(kinds)})
    scaler = StandardScaler().fit(frame)
    found, expected = (run(lambda: scaler.transform(frame[:n])) for run in (lambda f: f(), without_few))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    keyed = frame.copy()
    keyed.insert(min(place, len(kinds)), "key", pd.Series(KEYS[key], dtype=key))
    grouped = GroupScaler(StandardScaler(), by="key").fit(keyed)
    found, expected = (run(lambda: grouped.transform(keyed[:n])) for run in (lambda f: f(), without_few))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("library", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_of_other_libraries(library):
    table = {"key": ["a", None, "b"], "x": [0.5, None, 2.0], "n": [2**53 + 1, 3, 4], "b": [True, None, False]}
    frame = library(table)
    few = read_few(frame)
    assert few.names == list(table)
    assert few.keys(0) == table["key"]
    assert few.keys(2) == table["n"]
    np.testing.assert_array_equal(few.floats([1, 2]), [[0.5, 2.0**53], [np.nan, 3.0], [2.0, 4.0]])
    assert few.floats() is None
    assert few.floats([3]) is None
    grouped = GroupScaler(StandardScaler(), by="key").fit(frame)
    found, expected = (run(lambda: grouped.transform(frame)) for run in (lambda f: f(), without_few))
    np.testing.assert_array_equal(found, expected)


def test_float32_throughout_stays_float32():
    frame = pl.DataFrame({"x": [0.5, 1.5], "y": [1.0, 3.0]}, schema={"x": pl.Float32, "y": pl.Float32})
    assert StandardScaler().fit(frame).transform(frame).dtype == np.float32


def test_text_among_the_features_is_refused_by_name():
    scaler = StandardScaler().fit(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="column 'b', row 0"):
        scaler.transform(pd.DataFrame({"a": [1.0], "b": ["x"]}))


def test_other_columns_go_the_long_way():
    scaler = StandardScaler().fit(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="feature names should match"):
        scaler.transform(pd.DataFrame({"b": [1.0], "a": [1.0]}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        scaler.transform(np.array([[1.0, 2.0]]))
    with pytest.raises(ValueError, match="0 sample"):
        scaler.transform(pd.DataFrame({"a": [], "b": []}))


@pytest.mark.parametrize("handle_unknown", ["error", "global", "nan"])
def test_an_unknown_group_of_one_row(handle_unknown):
    frame = pd.DataFrame({"key": ["a", "a", "b", "b"], "x": [1.0, 3.0, 10.0, 30.0]})
    scaler = GroupScaler(StandardScaler(), by="key", handle_unknown=handle_unknown).fit(frame)
    row = pd.DataFrame({"key": ["c", "a"], "x": [5.0, 3.0]})
    if handle_unknown == "error":
        with pytest.raises(ValueError, match="received 1 unknown in column 'key', 1 rows: 'c'"):
            scaler.transform(row)
        return
    mean, std = frame["x"].mean(), frame["x"].std(ddof=0)
    expected = np.nan if handle_unknown == "nan" else (5.0 - mean) / std
    np.testing.assert_allclose(scaler.transform(row), [[expected], [1.0]])


def test_keys_that_cannot_be_keys_and_columns_of_other_kinds_go_the_long_way():
    frame = pd.DataFrame({"key": ["a", "b"], "x": [1.0, 3.0]})
    scaler = GroupScaler(StandardScaler(), by="key").fit(frame)
    with pytest.raises(TypeError, match="A key argument must be a string"):
        scaler.transform(pd.DataFrame({"key": [["a"]], "x": [1.0]}))
    assert read_few(pl.DataFrame({"key": [1], "x": [[1.0]]})) is None
    assert read_few(pd.DataFrame({"x": [1.0], "at": pd.to_datetime(["2024-01-01"])})) is None


def test_whole_keys_are_looked_up_without_a_table_of_all():
    frame = pd.DataFrame({"key": np.arange(1_000), "x": np.arange(1_000.0), "name": "a"})
    scaler = GroupScaler(StandardScaler(), by="key").fit(frame[["key", "x"]])
    row = frame.assign(key=frame["key"].astype(object)).loc[[7], ["key", "x"]]
    np.testing.assert_array_equal(scaler.transform(row), [[0.0]])
    assert scaler._index._code is None
    with pytest.raises(ValueError, match="received 1 unknown"):
        scaler.transform(pd.DataFrame({"key": [2**70], "x": [1.0]}))
