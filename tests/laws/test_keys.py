"""A key is the same key in every table: the same groups, and a group left out is unknown."""

import datetime
import decimal
import enum
import uuid

import numpy as np
import pandas as pd
import pytest

from skprep import GroupScaler, StandardScaler, from_json, to_json

from ..engines import Engine, library

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

NS = pd.Timestamp("2024-01-01T00:00:00.000000001")
BERLIN = "Europe/Berlin"


class Site(enum.StrEnum):
    """An enumeration of text."""

    A = "a"
    B = "b"


# Name: three keys, as Python values, and the type of Arrow that holds them, where there is one.
KINDS = {
    "text": (["a", "b", "ü"], pa.string()),
    "large text": (["a", "b", ""], pa.large_string()),
    "text view": (["a", "b", "0"], pa.string_view()),
    "digits as text": (["1", "01", "1.0"], pa.string()),
    "text of one sign": (["a", "A", "á"], pa.string()),
    "int8": ([-128, 0, 127], pa.int8()),
    "int16": ([-(2**15), 5, 2**15 - 1], pa.int16()),
    "int32": ([-(2**31), 5, 2**31 - 1], pa.int32()),
    "int64": ([7, 5, -3], pa.int64()),
    "int64 beyond floats": ([2**53, 2**53 + 1, 2**53 + 2], pa.int64()),
    "int64 at its ends": ([-(2**63), 0, 2**63 - 1], pa.int64()),
    "uint8": ([0, 1, 255], pa.uint8()),
    "uint32": ([0, 1, 2**32 - 1], pa.uint32()),
    "uint64": ([0, 2**63, 2**64 - 1], pa.uint64()),
    "bool": ([True, False, True], pa.bool_()),
    "float32": ([0.5, -1.25, 3.0], pa.float32()),
    "float64": ([0.1, 1e300, -5.5], pa.float64()),
    "whole floats": ([1.0, 2.0, 1e18], pa.float64()),
    "seconds": (
        [pd.Timestamp("1969-12-31"), pd.Timestamp("2024-02-29T01:02:03"), pd.Timestamp(0)],
        pa.timestamp("s"),
    ),
    "milliseconds": (
        [pd.Timestamp(1, unit="ms"), pd.Timestamp(2, unit="ms"), pd.Timestamp(0)],
        pa.timestamp("ms"),
    ),
    "microseconds": (
        [pd.Timestamp(1, unit="us"), pd.Timestamp(2, unit="us"), pd.Timestamp(0)],
        pa.timestamp("us"),
    ),
    "nanoseconds": ([NS, NS + pd.Timedelta(1), NS - pd.Timedelta(1)], pa.timestamp("ns")),
    "zoned": (
        [
            pd.Timestamp("2024-10-27T00:30", tz="UTC"),
            pd.Timestamp("2024-10-27T01:30", tz="UTC"),
            pd.Timestamp(0, tz="UTC"),
        ],
        pa.timestamp("us", BERLIN),  # one hour that comes twice there
    ),
    "zoned nanoseconds": (
        [NS.tz_localize("UTC"), (NS + pd.Timedelta(1)).tz_localize("UTC"), pd.Timestamp(0, tz="UTC")],
        pa.timestamp("ns", "UTC"),
    ),
    "date": ([datetime.date(2024, 2, 29), datetime.date(1970, 1, 1), datetime.date(1900, 1, 1)], pa.date32()),
    "date64": (
        [datetime.date(2024, 2, 29), datetime.date(1970, 1, 1), datetime.date(1900, 1, 1)],
        pa.date64(),
    ),
    "time of day": ([datetime.time(1, 2, 3, 4), datetime.time(0), datetime.time(23, 59)], pa.time64("us")),
    "duration": ([pd.Timedelta(1, "us"), pd.Timedelta(-5, "us"), pd.Timedelta(0)], pa.duration("us")),
    "duration of nanoseconds": ([pd.Timedelta(1), pd.Timedelta(2), pd.Timedelta(0)], pa.duration("ns")),
    "decimal": (
        [decimal.Decimal("0.10"), decimal.Decimal("1.00"), decimal.Decimal("-2.55")],
        pa.decimal128(10, 2),
    ),
    "bytes": ([b"a", b"\x00b", b""], pa.binary()),
    "uuid": ([uuid.UUID(int=i) for i in (1, 2, 3)], None),
    "enum of text": ([Site.A, Site.B, "c"], None),
    "one tuple": ([("a", 1), ("a", 2), ("b",)], None),
    "mixed": (["a", 1, 2.5], None),
    "NumPy scalars": (
        [np.int64(2**53 + 1), np.str_("a"), np.datetime64("2024-01-01T00:00:00.000000001")],
        None,
    ),
}


def canonical(key):
    """What groups_ shows for a key."""
    if isinstance(key, np.datetime64 | datetime.date):
        key = pd.Timestamp(key)
        return key if key.tzinfo is None else key.tz_convert("UTC").tz_localize(None)
    if isinstance(key, enum.Enum):
        return key.value
    if isinstance(key, np.generic):
        return key.item()
    return key


ROWS = [0, 1, 0, 2, None, 1, 0, None]  # which key each row has; None is missing


def keys_of(kind, missing):
    keys, _ = KINDS[kind]
    return [keys[r] if r is not None else None if missing else keys[0] for r in ROWS]


def listed(kind, missing):
    if kind == "one tuple":
        pytest.skip("in a list, a tuple is a row of several keys")
    return keys_of(kind, missing)


def arrow(kind, missing):
    dtype = KINDS[kind][1]
    if dtype is None:
        pytest.skip("Arrow has no such type")
    keys = keys_of(kind, missing)
    if pa.types.is_timestamp(dtype):  # from Python values the nanoseconds would be lost
        ticks = [
            None
            if k is None
            else k.as_unit(dtype.unit).asm8.astype("M8[" + dtype.unit + "]").view("i8").item()
            for k in keys
        ]
        return pa.array(ticks, pa.int64()).cast(dtype)
    if pa.types.is_duration(dtype):
        return pa.array(
            [
                None if k is None else k.as_unit(dtype.unit).value // (1000 if dtype.unit == "us" else 1)
                for k in keys
            ],
            pa.int64(),
        ).cast(dtype)
    return pa.array(keys, dtype)


def dictionary(array):
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array.dictionary_encode()


def null_inside(array):
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array.dictionary_encode(null_encoding="encode")


def chunked(array):
    return pa.chunked_array([array[:3], array[3:3], array[3:]])


def pandas_of_objects(kind, missing):
    return pd.Series(pd.array(as_objects(keys_of(kind, missing)), dtype=object))


def as_objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


FORMS = {
    "list": listed,
    "NumPy objects": lambda kind, missing: as_objects(keys_of(kind, missing)),
    "pandas objects": pandas_of_objects,
    "pandas categorical": lambda kind, missing: (
        pd.Series(pd.Categorical(keys_of(kind, missing)))
        if kind not in ("one tuple", "mixed", "NumPy scalars")
        else pandas_of_objects(kind, missing)
    ),
    "pandas of NumPy": lambda kind, missing: (
        arrow(kind, missing).to_pandas()
        if KINDS[kind][0][0].__class__ is not int or not missing
        else arrow(kind, missing).to_pandas(integer_object_nulls=True)
    ),
    "pandas of Arrow": lambda kind, missing: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.chunked_array([arrow(kind, missing)]))
    ),
    "pandas of a dictionary": lambda kind, missing: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.chunked_array([dictionary(arrow(kind, missing))]))
    ),
    "pandas nullable": lambda kind, missing: arrow(kind, missing).to_pandas(types_mapper=NULLABLE.get),
    "Arrow": arrow,
    "Arrow in chunks": lambda kind, missing: chunked(arrow(kind, missing)),
    "Arrow dictionary": lambda kind, missing: dictionary(arrow(kind, missing)),
    "Arrow dictionary, null inside": lambda kind, missing: null_inside(arrow(kind, missing)),
    "Arrow dictionary in chunks": lambda kind, missing: chunked(dictionary(arrow(kind, missing))),
    "Polars": lambda kind, missing: (
        pl.Series(arrow(kind, missing))
        if KINDS[kind][1] is not pa.string_view()
        else pl.Series(keys_of(kind, missing))
    ),
}
NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float32(): pd.Float32Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}


def codes_of(kind, missing):
    """The group of each row, by a loop, and the groups in the order of groups_."""
    keys = [canonical(k) for k in keys_of(kind, missing)]
    distinct = []
    for key in keys:
        if not any(key is d or (key is not None and d is not None and key == d) for d in distinct):
            distinct.append(key)
    return [next(i for i, d in enumerate(distinct) if d is key or d == key) for key in keys], distinct


def values(codes):
    return np.array([[100.0 * c + i] for i, c in enumerate(codes)])


def check(fitted, kind, missing, codes, distinct):
    groups = fitted.groups_.tolist()
    assert len(groups) == len(distinct)
    for key, code in zip(distinct, range(len(distinct)), strict=True):
        place = next(i for i, g in enumerate(groups) if g is key or (g is not None and g == key))
        assert isinstance(groups[place], str) == isinstance(key, str)
        own = values(codes)[np.array(codes) == code]
        assert fitted.center_[place, 0] == pytest.approx(own.mean(), rel=1e-12)


@pytest.mark.parametrize("missing", [False, True], ids=["all there", "some missing"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_key_gives_the_same_groups(form, kind, missing):
    keys, (codes, distinct) = FORMS[form](kind, missing), codes_of(kind, missing)
    fitted = GroupScaler(StandardScaler()).fit(values(codes), groups=keys)
    check(fitted, kind, missing, codes, distinct)
    # Another form of the same keys finds the same groups.
    expected = fitted.transform(values(codes), groups=keys)
    again = fitted.transform(values(codes), groups=as_objects(keys_of(kind, missing)))
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_group_left_out_is_unknown(form, kind):
    keys, (codes, _) = FORMS[form](kind, True), codes_of(kind, True)
    codes = np.array(codes)
    everything = pd.Series(keys) if isinstance(keys, pd.Series) else keys
    rows = np.flatnonzero(codes != 1)
    if (
        kind == "text view"
        and isinstance(everything, pd.Series)
        and isinstance(everything.dtype, pd.ArrowDtype)
    ):
        everything = pd.Series(as_objects(everything.tolist()))  # Arrow cannot take from it
    some = everything.iloc[rows] if isinstance(everything, pd.Series) else taken(everything, rows)
    scaler = GroupScaler(StandardScaler(), handle_unknown="nan").fit(values(codes)[rows], groups=some)
    result = scaler.transform(values(codes), groups=keys)[:, 0]
    np.testing.assert_array_equal(np.isnan(result), codes == 1)


def taken(keys, rows):
    if isinstance(keys, list):
        return [keys[r] for r in rows]
    if isinstance(keys, pa.Array | pa.ChunkedArray):
        if pa.types.is_string_view(keys.type):  # Arrow cannot take from it
            return pa.array([keys[int(r)].as_py() for r in rows], keys.type)
        return keys.take(pa.array(rows))
    return keys[rows]


@pytest.mark.parametrize("kind", KINDS)
def test_documents_keep_every_kind_of_key(kind):
    codes, _ = codes_of(kind, True)
    fitted = GroupScaler(StandardScaler()).fit(values(codes), groups=as_objects(keys_of(kind, True)))
    restored = from_json(to_json(fitted))
    assert restored.groups_.tolist() == fitted.groups_.tolist()
    assert [type(g) for g in restored.groups_] == [type(g) for g in fitted.groups_]


# What engines group by alike; Spark has no unsigned numbers, and its times have the zone of the session.
EVERYWHERE = [
    "text",
    "digits as text",
    "int8",
    "int32",
    "int64",
    "int64 beyond floats",
    "int64 at its ends",
    "bool",
    "float64",
    "whole floats",
    "date",
]
ON_POLARS_AND_DUCKDB = [
    *EVERYWHERE,
    "uint8",
    "uint64",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "zoned",
]
ON_POLARS = [*ON_POLARS_AND_DUCKDB, "zoned nanoseconds", "large text", "uint32", "float32"]
PAIRS = (
    [("polars lazy", kind) for kind in ON_POLARS]
    + [("duckdb", kind) for kind in ON_POLARS_AND_DUCKDB]
    + [("spark", kind) for kind in EVERYWHERE]
)


@pytest.mark.parametrize("missing", [False, True], ids=["all there", "some missing"])
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_engines_give_the_same_groups_and_leave_out_what_was_left_out(name, kind, missing, request):
    engine = Engine(name, request.getfixturevalue("spark") if name == "spark" else None)
    codes, distinct = codes_of(kind, missing)
    table = pa.table({"key": arrow(kind, missing), "x": values(codes)[:, 0], "row": np.arange(len(codes))})
    fitted = GroupScaler(StandardScaler(), by="key", handle_unknown="nan")
    fitted.fit(engine.select(native(engine, table), ["key", "x"]))
    check(fitted, kind, missing, codes, distinct)
    some = table.take(pa.array(np.flatnonzero(np.array(codes) != 1)))
    fitted.fit(some.select(["key", "x"]))
    result = engine.collect(fitted.transform(native(engine, table)))
    expected = fitted.transform(table.select(["key", "x"]))[:, 0]
    np.testing.assert_allclose(result["x"].to_numpy(dtype=float, na_value=np.nan), expected, rtol=1e-12)
    assert np.isnan(expected).tolist() == [code == 1 for code in codes]
    fitted.set_params(handle_unknown="error")
    with pytest.raises(ValueError, match=f"received 1 unknown in column 'key', {codes.count(1)} rows"):
        fitted.transform(native(engine, table))


def native(engine, table):
    if engine.name == "polars lazy":
        return pl.from_arrow(table).lazy()
    if engine.name == "duckdb":
        connection = library("duckdb").connect()
        connection.register("rows", table)
        return connection.table("rows")
    return engine._spark.createDataFrame(table)


@pytest.mark.parametrize(
    "kind",
    [
        k
        for k in KINDS
        if KINDS[k][1] is not None
        and k not in ("time of day", "duration", "duration of nanoseconds", "text view")
    ],
)
def test_parquet_files_keep_every_kind_of_key(tmp_path, kind):
    import pyarrow.parquet as pq
    from typer.testing import CliRunner

    from skprep import load
    from skprep.cli import build_app

    codes, distinct = codes_of(kind, True)
    pq.write_table(pa.table({"key": arrow(kind, True), "x": values(codes)[:, 0]}), tmp_path / "rows.parquet")
    result = CliRunner().invoke(
        build_app(),
        [
            "fit",
            str(tmp_path / "rows.parquet"),
            "--by",
            "key",
            "--column",
            "x",
            "-o",
            str(tmp_path / "s.json"),
        ],
    )
    assert result.exit_code == 0, result.stderr
    check(load(tmp_path / "s.json"), kind, True, codes, distinct)
