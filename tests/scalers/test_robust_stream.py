"""RobustScaler beyond one ``fit``: batches, parts, budgets."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.validation import check_is_fitted

from skprep import GroupScaler, RobustScaler, from_json, merge, to_json

from ..threads import in_threads


def rows(n=3000, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, 3)) * [1.0, 5.0, 1e-3] + [0.0, 1e8, 2.0]
    X[::11, 1] = np.nan
    return X


def test_up_to_the_budget_batches_are_exact():
    X = rows()
    stream = RobustScaler()
    for batch in np.array_split(X, 20):
        stream.partial_fit(batch)
    whole = RobustScaler().fit(X)
    np.testing.assert_array_equal(stream.center_, whole.center_)
    np.testing.assert_array_equal(stream.scale_, whole.scale_)
    assert stream.exact_
    assert (stream.rank_error_ == 0).all()
    np.testing.assert_array_equal(stream.n_samples_seen_, (~np.isnan(X)).sum(axis=0))


def test_a_fit_can_be_followed_and_a_stream_of_fractional_weights_is_exact():
    X = rows()
    weight = np.random.default_rng(1).uniform(0.1, 2.0, len(X))
    stream = RobustScaler().fit(X[:1000], sample_weight=weight[:1000])
    stream.partial_fit(X[1000:], sample_weight=weight[1000:])
    whole = RobustScaler().fit(X, sample_weight=weight)
    np.testing.assert_allclose(stream.center_, whole.center_, rtol=1e-15)
    np.testing.assert_allclose(stream.scale_, whole.scale_, rtol=1e-7)
    # weighted and unweighted batches: no weight is a weight of 1
    mixed = RobustScaler().partial_fit(X[:5]).partial_fit(X[5:9], sample_weight=[2, 1, 0, 3])
    expected = RobustScaler().fit(X[[0, 1, 2, 3, 4, 5, 5, 6, 8, 8, 8]])
    np.testing.assert_allclose(mixed.center_, expected.center_, rtol=1e-15)


def test_beyond_the_budget_the_rank_error_is_kept_and_told():
    X = rows(20_000)
    stream = RobustScaler(max_rank_error=0.01)
    for batch in np.array_split(X, 7):
        stream.partial_fit(batch)
    merged = merge(RobustScaler(max_rank_error=0.01).partial_fit(part) for part in np.array_split(X, 7))
    for scaler in (stream, merged):
        assert not scaler.exact_
        assert ((scaler.rank_error_ > 0) & (scaler.rank_error_ <= 0.01)).all()
        for j, x in enumerate(X.T):
            x = x[~np.isnan(x)]
            assert abs((x < scaler.center_[j]).mean() - 0.5) <= 0.01
    assert 0.45 < (np.abs(stream.transform(X)[:, 0]) < 0.5).mean() < 0.55


def test_a_fit_beyond_the_budget_cannot_be_followed_and_stays_as_it_was():
    X = rows(5000)
    scaler = RobustScaler().fit(X)
    before = pickle.dumps(scaler)
    with pytest.raises(ValueError, match=r"up to 5000 values.* Start with partial_fit"):
        scaler.partial_fit(X)
    assert pickle.dumps(scaler) == before
    assert len(before) < 5000  # no copy of the rows


def test_a_failing_batch_leaves_the_stream_as_it_was():
    stream = RobustScaler(exact_budget=100, max_rank_error=0.05).partial_fit(rows(300))
    before = pickle.dumps(stream)
    bad = rows(300, seed=1)
    bad[7, 1] = np.inf
    with pytest.raises(ValueError, match="column 1, row 7"):
        stream.partial_fit(bad)
    with pytest.raises(ValueError, match="whole numbers"):
        stream.partial_fit(rows(300), sample_weight=np.full(300, 0.3))
    assert pickle.dumps(stream) == before
    stream.set_params(max_rank_error=0.01)
    with pytest.raises(ValueError, match=r"max_rank_error=0\.01, but it was 0\.05"):
        stream.partial_fit(rows(3))


@pytest.mark.parametrize("error", [1e-5, 0.7, 0, -1])
def test_rank_errors_that_no_sketch_keeps_are_refused(error):
    with pytest.raises(ValueError, match="max_rank_error"):
        RobustScaler(max_rank_error=error).fit(rows(5))


def test_batches_of_nothing_but_nan_change_nothing():
    X = rows(50)
    gap = np.full((4, 3), np.nan)
    for order in ([gap, X], [X, gap], [X[:20], gap, X[20:]]):
        stream = RobustScaler()
        for batch in order:
            stream.partial_fit(batch)
        np.testing.assert_array_equal(stream.center_, RobustScaler().fit(X).center_)


def test_groups_stream_by_values_and_by_sketch():
    rng = np.random.default_rng(5)
    n = 6000
    table = pd.DataFrame({"device": rng.choice(["a", "b", "rare"], n, p=[0.6, 0.399, 0.001]), "x": 0.0})
    table["x"] = rng.normal(size=n) + table["device"].map({"a": 0.0, "b": 100.0, "rare": -50.0})
    settings = {"by": "device", "min_group_size": 2}
    inner = RobustScaler(exact_budget=500, max_rank_error=0.01)
    whole = GroupScaler(RobustScaler(), **settings).fit(table)
    stream = GroupScaler(inner, **settings)
    parts = [table[i::7] for i in range(7)]
    for part in parts:
        stream.partial_fit(part)
    merged = merge(GroupScaler(inner, **settings).partial_fit(part) for part in parts)
    for scaler in (stream, merged):
        assert list(scaler.groups_) == ["a", "b", "rare"]
        np.testing.assert_array_equal(scaler.n_samples_seen_, whole.n_samples_seen_)
        assert (scaler.rank_error_[:2] > 0).all()
        assert not scaler.exact_
        assert scaler.rank_error_[2] == 0
        np.testing.assert_array_equal(scaler.center_[2], whole.center_[2])
        for g, name in enumerate("ab"):
            x = table.loc[table["device"] == name, "x"]
            assert abs((x < scaler.center_[g, 0]).mean() - 0.5) <= 0.01


def test_two_looks_a_document_and_a_batch_of_nothing_change_nothing():
    rng = np.random.default_rng(0)
    for _ in range(10):
        stream = RobustScaler()
        for _ in range(25):
            stream.partial_fit(rng.normal(size=(1000, 1)))
        center, scale = stream.center_.copy(), stream.scale_.copy()
        restored = from_json(to_json(stream))
        for scaler in (stream, restored, pickle.loads(pickle.dumps(stream))):
            np.testing.assert_array_equal(scaler.center_, center)
            np.testing.assert_array_equal(scaler.scale_, scale)
        stream.partial_fit(np.full((3, 1), np.nan))
        np.testing.assert_array_equal(stream.center_, center)


def test_a_stream_is_fitted_before_somebody_looks():
    stream = RobustScaler(exact_budget=10).partial_fit(np.arange(1000.0)[:, None])
    check_is_fitted(stream)
    assert hasattr(stream, "center_")
    assert "center_" in vars(stream)  # worked out by then
    with pytest.raises(AttributeError, match="no attribute 'median_'"):
        stream.median_  # noqa: B018


def test_looking_changes_neither_what_is_accepted_nor_what_was_learnt():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 1))
    expected = RobustScaler(exact_budget=50).partial_fit(rows).center_
    stream = RobustScaler(exact_budget=50).partial_fit(rows)
    stream.set_params(quantile_range=(10.0, 90.0), with_centering=False)
    assert stream.center_ is not None  # by the parameters that it was learnt with
    assert abs(stream.center_[0] - expected[0]) < 0.1
    with pytest.raises(ValueError, match="partial_fit needs the parameters that the earlier rows"):
        stream.partial_fit(rows)


def test_many_may_look_at_once():
    rng, wrong = np.random.default_rng(0), []

    def look(stream):
        try:
            stream.transform(np.ones((2, 3)))
        except (AttributeError, RuntimeError) as error:  # of a dictionary that grows, too
            wrong.append(error)

    for _ in range(20):
        stream = RobustScaler(exact_budget=50).partial_fit(rng.normal(size=(500, 3)))
        in_threads(look, [(stream,)] * 4)
    assert wrong == []
