import numpy as np
import pandas as pd
import pytest

from skprep import GroupScaler, StandardScaler

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

SOME = pd.DataFrame(
    {"g": [1, 1, 2, 2], "x": np.arange(4, dtype=np.float32), "y": np.ones(4, dtype=np.float32)}
)
KINDS = {
    "pandas": lambda t: t,
    "polars": pl.from_pandas,
    "arrow": lambda t: pa.Table.from_pandas(t, preserve_index=False),
    "pandas of arrow": lambda t: pa.Table.from_pandas(t, preserve_index=False).to_pandas(
        types_mapper=pd.ArrowDtype
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_float32_stays_float32_in_every_frame(kind):
    frame, alone = KINDS[kind](SOME), KINDS[kind](SOME[["x", "y"]])
    expected = StandardScaler().fit_transform(SOME[["x", "y"]].to_numpy())
    plain = StandardScaler().fit(alone)
    found = plain.transform(alone)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    assert GroupScaler(StandardScaler(), by="g").fit(frame).transform(frame).dtype == np.float32
    as_polars = plain.set_output(transform="polars").transform(alone)
    assert set(as_polars.schema.values()) == {pl.Float32}
    assert plain.inverse_transform(alone)["x"].dtype == pl.Float32


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2024-01-01", periods=4),
        pd.to_timedelta([1, 2, 3, 4], unit="s"),
        pd.date_range("2024-01-01", periods=4, tz="UTC"),
    ],
    ids=["dates", "durations", "zoned"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_times_among_the_features_are_refused_by_name(kind, column, grouped):
    table = KINDS[kind](pd.DataFrame({"g": [1, 1, 2, 2], "x": np.arange(4.0), "when": column}))
    scaler = GroupScaler(StandardScaler(), by="g") if grouped else StandardScaler()
    with pytest.raises(
        ValueError,
        match=f"{type(scaler).__name__} scales numbers; received column 'when' of type .*Leave the col",
    ):
        scaler.fit(table)


def test_lists_among_the_features_are_refused_by_name():
    with pytest.raises(ValueError, match="column 'a' of type List"):
        StandardScaler().fit(pl.DataFrame({"a": [[1], [2]], "b": [1, 2]}))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1.0, 2.0, 1.0, None]).dictionary_encode(), 4 / 3),
        (pa.array([1.0, 2.0, 1.0, None]).dictionary_encode(null_encoding="encode"), 4 / 3),
        (pa.array([1, 2, 1, None]), 4 / 3),
        (pa.array([True, None, False, False]), 1 / 3),
        (pa.array([2**62, None, 2**62, 2**62]), 2.0**62),
    ],
)
def test_null_is_missing_and_dictionaries_are_written_out(array, expected):
    table = pa.table({"x": array, "y": [1.0, 2.0, 3.0, 4.0]})
    for frame in (table, table.to_pandas(types_mapper=pd.ArrowDtype)):
        np.testing.assert_allclose(StandardScaler().fit(frame).mean_, [expected, 2.5], rtol=1e-15)
        codes = GroupScaler(StandardScaler()).fit(frame, groups=[0, 0, 0, 0])
        np.testing.assert_allclose(codes.center_[0], [expected, 2.5], rtol=1e-15)
