"""Scalers on Dask arrays and frames."""

import os
import pickle
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skprep import GroupScaler, RobustScaler, StandardScaler

from ..cases import cases
from ..engines import FEATURES, library, same_column, table

da, dd = library("dask.array"), library("dask.dataframe")

SCALERS = cases("dask")
each_scaler = pytest.mark.parametrize("name", SCALERS)


def same(found, expected):
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@each_scaler
@pytest.mark.parametrize("chunks", [(100, 2), (600, 4), ((1, 0, 599), 4)])
def test_an_array_in_blocks_equals_the_array(name, chunks):
    X = table()[FEATURES].to_numpy()
    blocks = da.from_array(X, chunks=chunks)
    scaler, whole = clone(SCALERS[name]).fit(blocks), clone(SCALERS[name]).fit(X)
    Z = scaler.transform(blocks)
    assert isinstance(Z, da.Array)
    assert (Z.shape, Z.dtype, Z.chunks[0]) == (X.shape, np.float64, blocks.chunks[0])
    assert type(Z._meta) is np.ndarray
    same(Z.compute(), whole.transform(X))
    same(scaler.inverse_transform(Z).compute(), whole.inverse_transform(whole.transform(X)))
    same(scaler.transform(X), whole.transform(X))  # fitted on blocks, used on an array
    same(whole.transform(blocks).compute(), whole.transform(X))


@each_scaler
def test_groups_in_an_array_of_blocks(name):
    X = table()[["device", *FEATURES]].to_numpy()
    blocks = da.from_array(X, chunks=(130, 3))
    scaler = GroupScaler(clone(SCALERS[name]), by=0).fit(blocks)
    whole = GroupScaler(clone(SCALERS[name]), by=0).fit(X)
    Z = scaler.transform(blocks)
    assert Z.shape == (600, 4)
    same(Z.compute(), whole.transform(X))
    kept = GroupScaler(clone(SCALERS[name]), by=0, keep_by=True).fit(blocks)
    same(kept.inverse_transform(kept.transform(blocks)).compute(), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_dtypes(dtype):
    X = np.random.default_rng(0).integers(0, 100, (60, 3)).astype(dtype)
    blocks = da.from_array(X, chunks=(20, 3))
    Z = StandardScaler().fit(blocks).transform(blocks)
    expected = StandardScaler().fit_transform(X)
    assert Z.dtype == Z.compute().dtype == expected.dtype
    np.testing.assert_allclose(Z.compute(), expected, rtol=1e-3 if dtype == np.float16 else 1e-6)


def test_weights_and_streams_of_blocks():
    X = table()[FEATURES].to_numpy()
    weight = np.random.default_rng(1).uniform(0, 2, 600)
    weight[100:300] = 0  # whole blocks without weight
    blocks = da.from_array(X, chunks=(100, 4))
    whole = StandardScaler().fit(X, sample_weight=weight)
    for given in (weight, da.from_array(weight, chunks=70)):
        same(StandardScaler().fit(blocks, sample_weight=given).scale_, whole.scale_)
    stream = StandardScaler().fit(X[:100]).partial_fit(blocks[100:]).partial_fit(X[:1])
    same(stream.scale_, StandardScaler().fit(np.vstack([X, X[:1]])).scale_)
    with pytest.raises(ValueError, match=r"one number for each of 600 rows; received .* == \(3,\)"):
        StandardScaler().fit(blocks, sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="0 sample"):
        StandardScaler().fit(blocks, sample_weight=np.zeros(600))


def test_blocks_of_unknown_length():
    X = table()[FEATURES].to_numpy()
    blocks = da.from_array(X, chunks=(100, 4))
    unknown = blocks[blocks[:, 0] > 0]
    scaler = StandardScaler().fit(unknown)
    same(scaler.transform(unknown).compute(), StandardScaler().fit_transform(X))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        StandardScaler().fit(unknown, sample_weight=np.ones(600))


def test_robust_is_exact_up_to_the_budget_and_sketched_beyond():
    X = table()[FEATURES].to_numpy()
    blocks = da.from_array(X, chunks=(100, 4))
    exact, sketched = (
        RobustScaler().fit(blocks),
        RobustScaler(exact_budget=50, max_rank_error=0.02).fit(blocks),
    )
    assert exact.exact_
    np.testing.assert_array_equal(exact.center_, RobustScaler().fit(X).center_)
    assert not sketched.exact_
    for j in (0, 1):
        x = X[~np.isnan(X[:, j]), j]
        assert abs((x < sketched.center_[j]).mean() - 0.5) <= 0.02


def test_blocks_are_not_written_into_even_without_copy():
    X = table()[FEATURES].to_numpy()
    before = X.copy()
    blocks = da.from_array(X, chunks=(100, 4))
    scaler = StandardScaler(copy=False).fit(blocks)
    scaler.inverse_transform(scaler.transform(blocks)).compute()
    np.testing.assert_array_equal(X, before)
    assert scaler.copy is False


def test_frames_keep_index_other_columns_and_partitions():
    rows = table().set_index("row")
    frame = dd.from_pandas(rows, npartitions=4)
    scaler = GroupScaler(StandardScaler(), by=["site", "device"]).fit(frame[["site", "device", *FEATURES]])
    lazy = scaler.transform(frame)
    assert lazy.npartitions == 4
    result = lazy.compute()
    pd.testing.assert_index_equal(result.index, rows.index)
    assert (lazy.dtypes == result.dtypes).all()
    assert same_column(result["note"], rows["note"])
    assert same_column(result["site"], rows["site"])


def test_what_is_wrong_is_said():
    rows = table()
    frame = dd.from_pandas(rows, npartitions=2)
    blocks = da.from_array(rows[FEATURES].to_numpy(), chunks=(100, 4))
    fitted = StandardScaler().fit(blocks)
    before = pickle.dumps(fitted)
    for call, message in (
        (lambda: fitted.fit(frame), "scales numbers; received"),
        (lambda: fitted.fit(frame[FEATURES], sample_weight=np.ones(600)), "Pass Dask arrays"),
        (lambda: fitted.fit(blocks[:, 0]), "Expected 2D array"),
        (lambda: fitted.transform(blocks[:, :2]), "X has 2 features, but StandardScaler is expecting 4"),
        (lambda: fitted.fit(da.full((10, 4), np.inf, chunks=5)), "contains infinity"),
        (lambda: GroupScaler(StandardScaler()).fit(blocks), "Name the key in by="),
        (lambda: GroupScaler(StandardScaler(), by=0).fit(blocks, groups=[1]), "groups is a list"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert pickle.dumps(fitted) == before
    with pytest.raises(ValueError, match="under set_output"):
        fitted.set_output(transform="pandas").transform(blocks)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on the loopback interface."""
    distributed = library("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=50,
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.mark.filterwarnings("ignore")
@each_scaler
def test_two_processes_give_the_same_answer(cluster, name):
    X = table()[["device", *FEATURES]].to_numpy()
    blocks = da.from_array(X, chunks=(60, 5))
    scaler, whole = clone(SCALERS[name]).fit(blocks[:, 1:]), clone(SCALERS[name]).fit(X[:, 1:])
    same(scaler.transform(blocks[:, 1:]).compute(), whole.transform(X[:, 1:]))
    groups = GroupScaler(clone(SCALERS[name]), by=0).fit(blocks)
    same(groups.transform(blocks).compute(), GroupScaler(clone(SCALERS[name]), by=0).fit_transform(X))


@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_during_fit_costs_time_but_not_the_answer(cluster, tmp_path):
    X = table()[FEATURES].to_numpy()
    pids = list(cluster.run(os.getpid).values())

    def slow(block, block_info=None):
        (tmp_path / "begun").touch()
        time.sleep(0.3)
        return block

    def kill_when_begun():
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        os.kill(pids[0], signal.SIGKILL)

    blocks = da.from_array(X, chunks=(60, 4)).map_blocks(slow, dtype=X.dtype)
    killer = threading.Thread(target=kill_when_begun)
    killer.start()
    scaler = StandardScaler().fit(blocks)
    killer.join()
    same(scaler.scale_, StandardScaler().fit(X).scale_)
    assert pids[0] not in cluster.run(os.getpid).values()  # it was killed indeed


@pytest.mark.parametrize("kind", ["array", "frame", "groups", "partial_fit", "set by hand"])
def test_what_was_planned_keeps_the_parameters_that_it_was_planned_with(kind):
    da, dd = library("dask.array"), library("dask.dataframe")
    first, second = np.array([[1.0], [3.0]]), np.array([[101.0], [103.0], [105.0]])
    if kind in ("frame", "groups"):
        tables = [pd.DataFrame({"x": x[:, 0], "g": np.zeros(len(x))}) for x in (first, second)]
        collections = [dd.from_pandas(t if kind == "groups" else t[["x"]], npartitions=1) for t in tables]
    else:
        collections = [da.from_array(x, chunks=1) for x in (first, second)]
    scaler = GroupScaler(StandardScaler(), by="g") if kind == "groups" else StandardScaler()
    planned = scaler.fit(collections[0]).transform(collections[0])
    if kind == "partial_fit":
        scaler.partial_fit(collections[1])
    elif kind == "set by hand":
        scaler.mean_ += 50.0
    else:
        scaler.fit(collections[1])
    found = planned.compute()
    found = found["x"].to_numpy() if hasattr(found, "columns") else found[:, 0]
    np.testing.assert_array_equal(found, [-1.0, 1.0])


def test_a_dask_series_is_refused_by_name_and_masks_are_missing():
    da, dd = library("dask.array"), library("dask.dataframe")
    with pytest.raises(ValueError, match=r"received a Dask Series.*frame\[\['x'\]\]"):
        StandardScaler().fit(dd.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), npartitions=1)["x"])
    masked = np.ma.masked_array([[1.0], [2.0], [1000.0], [3.0]], mask=[[0], [0], [1], [0]])
    assert StandardScaler().fit(da.from_array(masked, chunks=2)).mean_.tolist() == [2.0]
