"""Scalers on every frame library: one answer, to the last digits, whoever computes it."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler as TheirStandardScaler

from skprep import (
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    from_json,
    merge,
    to_json,
)

from ..cases import cases
from ..engines import FEATURES, library, same_column, table

SCALERS = cases("engines")
KEYS = ["site", "device"]


def close(found, expected, what, unit=0.0):
    """Equal to 1e-9, relative to the column where it crosses 0; ``unit``: a unit in the last place of x."""
    found, expected = (np.asarray(v, dtype=np.float64) for v in (found, expected))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=what)
    size = np.nanmax(np.abs(expected), axis=0, initial=0.0)
    unit = unit * (1.0 + 2.0 * np.abs(expected))  # of a center and of both ends of a range
    wrong = np.abs(found - expected) > unit + 1e-9 * np.maximum(np.abs(expected), np.minimum(size, 1.0))
    assert not wrong.any(), (what, found[wrong.any(axis=-1)][:3], expected[wrong.any(axis=-1)][:3])


@pytest.mark.parametrize("name", SCALERS)
def test_every_engine_gives_the_answer_of_the_array(engine, name):
    rows = table()
    frame = engine.make(rows)
    scaler = clone(SCALERS[name]).fit(engine.select(frame, FEATURES))
    whole = clone(SCALERS[name]).fit(rows[FEATURES])
    if hasattr(whole, "scale_") and whole.scale_ is not None:
        close(scaler.scale_, whole.scale_, "scale_")
    expected = whole.transform(rows[FEATURES])
    if not engine.is_lazy:
        close(scaler.transform(engine.select(frame, FEATURES)), expected, "transform")
        return
    assert list(scaler.feature_names_in_) == FEATURES
    lazy = scaler.transform(frame)
    assert type(lazy) is type(frame)
    result = engine.collect(lazy)
    assert list(result.columns) == list(rows.columns)  # the other columns are kept
    assert same_column(result["note"], rows["note"])
    close(result[FEATURES], expected, "transform")
    back = engine.collect(scaler.inverse_transform(lazy))[FEATURES]
    close(back, whole.inverse_transform(expected), "inverse_transform")


@pytest.mark.parametrize("units", ["group", "global"])
@pytest.mark.parametrize("name", [n for n in SCALERS if n not in ("log10, clip", "log2, nan")])
def test_groups_on_every_engine(engine, name, units):
    rows = table()
    columns = KEYS + FEATURES
    frame = engine.make(rows)
    settings = {"by": KEYS, "units": units, "min_group_size": 3}
    scaler = GroupScaler(clone(SCALERS[name]), **settings).fit(engine.select(frame, columns))
    whole = GroupScaler(clone(SCALERS[name]), **settings).fit(rows[columns])
    assert scaler.groups_.tolist() == whole.groups_.tolist()
    np.testing.assert_array_equal(scaler.n_samples_seen_, whole.n_samples_seen_)
    expected = whole.transform(rows[columns])
    if not engine.is_lazy:
        close(scaler.transform(engine.select(frame, columns)), expected, "transform")
        return
    lazy = scaler.transform(frame)
    assert type(lazy) is type(frame)
    result = engine.collect(lazy)
    assert list(result.columns) == list(rows.columns)
    assert same_column(result["site"], rows["site"])
    # A quantile between two rows is rounded to a float near 1e8, and engines round it differently.
    unit = np.spacing(1e8) / scaler.scale_[:, 0].min() if name.startswith("robust") else 0.0
    close(result[FEATURES], expected, "transform", unit)
    back = engine.collect(scaler.inverse_transform(lazy))
    close(back[FEATURES], _eager_inverse(whole, rows, expected), "inverse_transform")


def _eager_inverse(whole, rows, expected):
    twin = copy.copy(whole).set_params(keep_by=True)
    return twin.inverse_transform(pd.concat([rows[KEYS], pd.DataFrame(expected, columns=FEATURES)], axis=1))[
        FEATURES
    ]


@pytest.mark.parametrize("policy", ["error", "global", "nan"])
def test_unknown_groups_on_every_engine(engine, policy):
    rows = table()
    known = rows[rows["site"] != "ü"]
    columns = ["site", *FEATURES]
    whole = GroupScaler(StandardScaler(), by="site", handle_unknown=policy).fit(known[columns])
    given = engine.make(rows)
    if engine.is_lazy:  # fitted on pandas, used lazily
        scaler = whole
    else:
        given = engine.select(given, columns)
        scaler = clone(whole).fit(engine.select(engine.make(known), columns))
    if policy == "error":
        n = (rows["site"] == "ü").sum()
        with pytest.raises(ValueError, match=f"received 1 unknown in column ('site'|0), {n} rows: 'ü'"):
            scaler.transform(given)
        return
    result = scaler.transform(given)
    result = engine.collect(result)[FEATURES] if engine.is_lazy else result
    close(result, whole.transform(rows[columns]), policy)


def test_shrinkage_and_fitted_files_work_on_every_engine(engine):
    rows = table()
    scaler = GroupScaler(StandardScaler(), by="site", smooth="auto")
    columns = ["site", *FEATURES]
    scaler.fit(engine.select(engine.make(rows), columns))
    whole = clone(scaler).fit(rows[columns])
    close(scaler.center_, whole.center_, "center_")
    close(scaler.scale_, whole.scale_, "scale_")
    restored = from_json(to_json(scaler))
    np.testing.assert_array_equal(restored.center_, scaler.center_)
    np.testing.assert_array_equal(restored.scale_, scaler.scale_)


def test_what_is_learnt_from_queries_merges_with_what_is_learnt_from_rows(lazy_engine):
    rows = table()
    half = rows[:300], rows[300:]
    lazy = lazy_engine.select(lazy_engine.make(half[0]), FEATURES)
    for kind in (StandardScaler, MinMaxScaler, MaxAbsScaler, LogScaler):
        merged = merge([kind().fit(lazy), kind().fit(half[1][FEATURES])])
        stream = kind().fit(half[1][FEATURES]).partial_fit(lazy)
        expected = kind().fit(rows[FEATURES]).transform(rows[FEATURES])
        close(merged.transform(rows[FEATURES]), expected, kind.__name__)
        close(stream.transform(rows[FEATURES]), expected, kind.__name__)
    with pytest.raises(ValueError, match="the quantiles alone"):
        RobustScaler().fit(lazy).partial_fit(half[1][FEATURES])
    columns = ["site", *FEATURES]
    grouped = GroupScaler(StandardScaler(), by="site").fit(half[0][columns])
    grouped.partial_fit(lazy_engine.select(lazy_engine.make(half[1]), columns))
    whole = GroupScaler(StandardScaler(), by="site").fit(rows[columns])
    close(grouped.scale_, whole.scale_, "groups")


@pytest.mark.parametrize("k", [1e-170, 1e-20, 1e20, 1e150])
def test_the_unit_of_the_data_makes_no_difference(lazy_engine, k):
    x = np.array([1.0, 2.0, 4.0, 4.5, 7.0, 11.0])
    rows = pd.DataFrame({"row": np.arange(6), "x": x * k, "g": list("aabbbb")})
    frame = lazy_engine.make(rows)
    scaler = StandardScaler().fit(lazy_engine.select(frame, ["x"]))
    close(
        lazy_engine.collect(scaler.transform(frame))[["x"]], StandardScaler().fit_transform(x[:, None]), "x"
    )
    groups = GroupScaler(StandardScaler(), by="g").fit(lazy_engine.select(frame, ["g", "x"]))
    expected = GroupScaler(StandardScaler(), by="g").fit_transform(rows[["g", "x"]])
    close(lazy_engine.collect(groups.transform(frame))[["x"]], expected, "groups")


def test_far_means_and_constants_are_exact(lazy_engine):
    x = np.array([1e12 + 1, 1e12 + 2, 1e12 + 3, 1e12 + 4])
    rows = pd.DataFrame({"row": range(4), "x": x, "c": 1e8 + 1 / 3, "g": [1, 1, 2, 2], "none": np.nan})
    frame = lazy_engine.make(rows)
    scaler = StandardScaler().fit(lazy_engine.select(frame, ["x", "c", "none"]))
    assert scaler.mean_[0] == 1e12 + 2.5
    np.testing.assert_allclose(scaler.var_[0], 1.25, rtol=1e-12)
    assert (scaler.mean_[1], scaler.scale_[1]) == (1e8 + 1 / 3, 1.0)
    assert np.isnan(scaler.mean_[2])
    assert (lazy_engine.collect(scaler.transform(frame))["c"] == 0).all()
    groups = GroupScaler(StandardScaler(), by="g").fit(lazy_engine.select(frame, ["g", "x", "c"]))
    np.testing.assert_array_equal(groups.center_[:, 0], [1e12 + 1.5, 1e12 + 3.5])
    np.testing.assert_allclose(groups.scale_, [[0.5, 1.0], [0.5, 1.0]], rtol=1e-12)


def test_minmax_hits_both_bounds(lazy_engine):
    rng = np.random.default_rng(0)
    columns = [f"x{j}" for j in range(30)]
    rows = pd.DataFrame(rng.normal(size=(50, 30)) * 10.0 ** rng.integers(-9, 9, 30), columns=columns)
    rows["row"] = np.arange(50)
    frame = lazy_engine.make(rows)
    for low, high in ((0, 1), (-1, 1), (-0.1, 0.3)):
        scaler = MinMaxScaler((low, high)).fit(lazy_engine.select(frame, columns))
        Z = lazy_engine.collect(scaler.transform(frame))[columns]
        assert (Z.min() == low).all()
        assert (Z.max() == high).all()


def test_missing_values_stay_and_float32_stays(lazy_engine):
    rows = pd.DataFrame({"row": range(4), "x": [1.0, np.nan, 3.0, 5.0], "b": [True, False, True, True]})
    rows["s"] = rows["x"].astype(np.float32)
    frame = lazy_engine.make(rows)
    scaler = StandardScaler(clip=1).fit(lazy_engine.select(frame, ["x", "b", "s"]))
    result = lazy_engine.collect(scaler.transform(frame))
    expected = StandardScaler(clip=1).fit_transform(rows[["x", "b", "s"]].astype(float))
    close(result[["x", "b"]], expected[:, :2], "float64")
    assert result["s"].dtype == np.float32
    np.testing.assert_allclose(result["s"], expected[:, 2], rtol=1e-6)


def test_columns_are_found_by_name_in_any_order(lazy_engine):
    rows = table(40)
    scaler = StandardScaler().fit(rows[["far", "counts"]])
    turned = lazy_engine.make(rows[["counts", "row", "far"]])
    result = lazy_engine.collect(scaler.transform(turned))
    close(result[["far", "counts"]], scaler.transform(rows[["far", "counts"]]), "order")
    with pytest.raises(
        ValueError, match=r"the columns seen in fit, 'far', 'counts'; received one without 'far'"
    ):
        scaler.transform(lazy_engine.make(rows[["counts", "row"]]))
    with pytest.raises(ValueError, match="fitted on an array without names"):
        StandardScaler().fit(rows[["far"]].to_numpy()).transform(lazy_engine.make(rows[["far"]]))


def test_the_domain_of_a_logarithm_is_asked_before_the_result_is_there(lazy_engine):
    rows = pd.DataFrame({"row": range(4), "x": [1.0, 2.0, -3.0, np.nan], "g": ["a", "a", "b", "b"]})
    frame = lazy_engine.make(rows)
    scaler = LogScaler().fit(rows[["x"]][:2])
    with pytest.raises(
        ValueError, match=r"received -3\.0 in column 'x', where the offset asks for values above 0"
    ):
        scaler.transform(frame)
    groups = GroupScaler(LogScaler(offset=1.0), by="g").fit(pd.DataFrame({"g": ["a", "b"], "x": [1.0, 2.0]}))
    with pytest.raises(ValueError, match=r"received -3\.0 in column 'x', .* values above -1"):
        groups.transform(frame)
    lazy = lazy_engine.select(frame, ["x"])
    with pytest.raises(ValueError, match=r"received -3\.0 in column 'x'"):
        LogScaler(offset=1.0).fit(lazy)
    with pytest.raises(ValueError, match="received none in column 'x'"):
        LogScaler(offset=-9.0, handle_invalid="clip").fit(lazy)


def test_what_a_lazy_frame_cannot_have_is_refused_and_nothing_changes(lazy_engine):
    rows = table(40)
    frame = lazy_engine.make(rows)
    lazy = lazy_engine.select(frame, FEATURES)
    scaler = StandardScaler().fit(lazy)
    before = pickle.dumps(scaler)
    infinite = lazy_engine.make(rows.assign(far=np.inf)[FEATURES])
    empty = lazy_engine.select(lazy_engine.make(rows[:0]), FEATURES)
    for call, message in (
        (lambda: scaler.fit(frame), "received column 'site' of type String"),
        (lambda: scaler.fit(lazy, sample_weight=np.ones(40)), "sample_weight is a list"),
        (lambda: scaler.fit(infinite), "received inf in column 'far'"),
        (lambda: scaler.fit(empty), "0 sample"),
        (lambda: scaler.partial_fit(lazy_engine.select(frame, ["far"])), "columns of the earlier rows"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
        assert pickle.dumps(scaler) == before
    for fit, message in (
        (lambda: StandardScaler(method="median_of_means").fit(lazy), "numbers the rows"),
        (lambda: scaler.set_output(transform="pandas").transform(frame), "under set_output"),
        (lambda: GroupScaler(StandardScaler()).fit(lazy), "the key must be a column"),
        (lambda: GroupScaler(StandardScaler(), by="far").fit(lazy, groups=[1] * 40), "groups is a list"),
        (lambda: GroupScaler(TheirStandardScaler(), by="far").fit(lazy), "needs a scaler of skprep"),
        (
            lambda: GroupScaler(StandardScaler(), by="nope").fit(lazy),
            "by must name columns of X; received 'nope'",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            fit()


def test_a_polars_frame_keeps_the_order_of_its_rows():
    pl = pytest.importorskip("polars")
    rows = table(5000)
    scaler = GroupScaler(StandardScaler(), by="site").fit(rows[["site", *FEATURES]])
    result = scaler.transform(pl.from_pandas(rows).lazy()).collect()
    assert result["row"].to_list() == list(range(5000))


def test_columns_may_have_any_name(lazy_engine):
    rng = np.random.default_rng(0)
    names = ["k0", "x0", "rows", "count_0", 'a "q" b', "skprep_c0", "skprep_key_0", "skprep__"]
    rows = pd.DataFrame(rng.normal(size=(40, len(names))), columns=names)
    rows.insert(0, "x1", rng.choice(["a", "b"], 40))
    rows["row"] = np.arange(40)
    columns = ["x1", *names]
    frame = lazy_engine.make(rows)
    scaler = GroupScaler(StandardScaler(), by="x1", handle_unknown="global").fit(
        lazy_engine.select(frame, columns)
    )
    result = lazy_engine.collect(scaler.transform(frame))
    assert list(result.columns) == list(rows.columns)
    close(result[names], GroupScaler(StandardScaler(), by="x1").fit_transform(rows[columns]), "names")


def test_infinite_times_of_duckdb_are_keys_of_their_own():
    rows = (
        "(VALUES (TIMESTAMP 'infinity', 1.0::DOUBLE), ('-infinity', 3.0), (NULL, 5.0), ('2024-01-01', 7.0))"
    )
    relation = library("duckdb").connect().sql(f"SELECT * FROM {rows} AS t(g, v)")
    fitted = GroupScaler(StandardScaler(with_std=False), by="g").fit(relation)
    assert fitted.center_.ravel().tolist() == [3.0, 7.0, 1.0, 5.0]
    assert [row[1] for row in fitted.transform(relation).fetchall()] == [0.0] * 4


def test_a_date_that_python_has_not_is_unknown_to_an_engine_and_no_crash():
    pl = library("polars")
    frame = pl.DataFrame({"g": [10957, 2932897], "v": [1.0, 3.0]})
    frame = frame.with_columns(pl.col("g").cast(pl.Int32).cast(pl.Date))
    fitted = GroupScaler(StandardScaler(), by="g", handle_unknown="nan").fit(frame)
    assert fitted.transform(frame.lazy()).collect()["v"].to_list()[0] == 0.0


@pytest.mark.parametrize("handle_invalid", ["error", "nan", "clip"])
def test_logarithms_of_a_given_offset_by_group(lazy_engine, handle_invalid):
    rows = pd.DataFrame({"g": list("aabb"), "row": range(4), "x": [1.0, 2.0, 3.0, 7.0]})
    frame = lazy_engine.make(rows)
    inner = LogScaler(offset=1.0, base=2, handle_invalid=handle_invalid)
    scaler = GroupScaler(inner, by="g").fit(lazy_engine.select(frame, ["g", "x"]))
    assert scaler.groups_.tolist() == ["a", "b"]
    found = lazy_engine.collect(scaler.transform(frame))
    close(found["x"], np.log2(rows["x"] + 1), "x")


def test_float32_of_two_maps_is_rounded_once():
    pl = library("polars")
    x = np.array([1, 2, 3, 4], dtype=np.float32)
    frame = pl.LazyFrame({"g": list("aabb"), "x": x})
    inner = LogScaler(offset=500.0, base=2, method="symlog")
    scaler = GroupScaler(inner, by="g", units="global").fit(frame)
    np.testing.assert_array_equal(scaler.transform(frame).collect()["x"].to_numpy(), x)
    np.testing.assert_array_equal(scaler.transform(frame.collect()).ravel(), x)
