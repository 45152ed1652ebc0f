import datetime
import decimal

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest

from skprep import GroupScaler, StandardScaler
from skprep.frames.joins import join, unknown_keys
from skprep.statistics.groups import GroupIndex

KINDS = {
    "text": ["a", "", "ü"],
    "whole": [2**62, -5, 0],
    "small": np.array([7, -5, 0], dtype=np.int8),
    "real": [0.5, -0.0, 1e300],
    "truth": [True, False, True],
    "date": [datetime.date(2024, 2, 29), datetime.date(1970, 1, 1), datetime.date(1900, 1, 1)],
    "time": pd.to_datetime(["2024-05-01T12:00:00.000001", "1970-01-01", "2030-01-01"], format="ISO8601"),
}


def frame_of(engine, kind, missing):
    keys = pd.Series(KINDS[kind], dtype=object if kind in ("text", "date") else None)
    if missing:
        keys = pd.concat([keys.astype(object), pd.Series([None, None], dtype=object)], ignore_index=True)
        if kind in ("real", "time"):
            keys = keys.astype("float64" if kind == "real" else "datetime64[us]")
        elif kind in ("whole", "small"):
            keys = keys.astype("Int64")
        elif kind == "truth":
            keys = keys.astype("boolean")
    return pd.DataFrame({"row": range(len(keys)), "key": keys, "x": np.arange(len(keys)) * 1.5})


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind_join(lazy_engine, kind, missing):
    rows = frame_of(lazy_engine, kind, missing)
    frame = lazy_engine.make(rows)
    scaler = GroupScaler(StandardScaler(with_std=False), by="key")
    if lazy_engine.name == "spark" and kind == "time":  # a Spark timestamp has the zone of the session
        with pytest.raises(ValueError, match=r"times without a zone; received 'key' .* Cast it to text"):
            scaler.fit(lazy_engine.select(frame, ["key", "x"]))
        return
    scaler.fit(lazy_engine.select(frame, ["key", "x"]))
    whole = GroupScaler(StandardScaler(with_std=False), by="key").fit(rows[["key", "x"]])
    assert scaler.groups_.tolist() == whole.groups_.tolist()
    for fitted in (scaler, whole):
        found = lazy_engine.collect(fitted.transform(frame))["x"]
        np.testing.assert_allclose(found, whole.transform(rows[["key", "x"]])[:, 0])


def test_an_equal_number_of_another_type_is_the_same_key(lazy_engine):
    index = GroupIndex([1, 2, "2", 2.5, None])
    value = {
        "v": np.array([10.0, 20.0, 30.0, 40.0, 50.0])[np.argsort(index.codes_of([1, 2, "2", 2.5, None]))]
    }
    cases = {
        "float": ([1.0, 2.5, np.nan, 7.0], [10.0, 40.0, 50.0, np.nan]),
        "int": ([1, 2, 3, 1], [10.0, 20.0, np.nan, 10.0]),
        "text": (["2", None, "1", "x"], [30.0, 50.0, np.nan, np.nan]),
    }
    for keys, expected in cases.values():
        rows = pd.DataFrame({"row": range(4), "key": keys})
        frame = nw.from_native(lazy_engine.make(rows))
        found = lazy_engine.collect(join(frame, ["key"], index, value).to_native())
        assert list(found.columns) == ["row", "key", "v"]
        np.testing.assert_array_equal(found["v"].to_numpy(dtype=float, na_value=np.nan), expected)
        strangers = [k for k, v in zip(keys, expected, strict=True) if np.isnan(v)]
        listed, count, n_rows = unknown_keys(frame, ["key"], index, most=5)
        assert (listed, count, n_rows) == (sorted(strangers, key=str), len(strangers), len(strangers))


def test_two_keys_with_a_gap_in_either(lazy_engine):
    rows = pd.DataFrame({"row": range(4), "a": ["x", None, "x", None], "b": [1.0, 1.0, np.nan, np.nan]})
    index = GroupIndex([("x", 1), (None, 1), ("x", None)])
    frame = nw.from_native(lazy_engine.make(rows))
    values = np.arange(3.0)[np.argsort(index.codes_of([("x", 1), (None, 1), ("x", None)]))]
    found = lazy_engine.collect(join(frame, ["a", "b"], index, {"v": values}).to_native())
    np.testing.assert_array_equal(found["v"].to_numpy(dtype=float, na_value=np.nan), [0, 1, 2, np.nan])
    assert unknown_keys(frame, ["a", "b"], index, most=5) == ([(None, None)], 1, 1)


def test_keys_without_one_meaning_are_refused():
    pl = pytest.importorskip("polars")
    for values in (
        pl.Series([1, 2], dtype=pl.Int128),
        pl.Series([decimal.Decimal("1.1"), decimal.Decimal("2.2")]),
        pl.Series([datetime.timedelta(1), datetime.timedelta(2)]),
        pl.Series([[1], [2]]),
    ):
        frame = pl.LazyFrame({"key": values, "x": [1.0, 2.0]})
        with pytest.raises(
            ValueError, match=r"A key column of a lazy frame holds .*; received 'key' of type .*Cast"
        ):
            GroupScaler(StandardScaler(), by="key").fit(frame)


def test_categories_are_text():
    pl = pytest.importorskip("polars")
    frame = pl.LazyFrame({"key": pl.Series(["a", "b", None], dtype=pl.Categorical), "x": [1.0, 2.0, 3.0]})
    scaler = GroupScaler(StandardScaler(), by="key").fit(frame)
    assert scaler.groups_.tolist() == ["a", "b", None]
    assert scaler.transform(frame).collect()["x"].to_list() == [0.0, 0.0, 0.0]
