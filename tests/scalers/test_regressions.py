"""Defects found once, each pinned to the value that was wrong."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from skprep import GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, merge

X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@given(seed=st.integers(0, 500))
def test_a_batch_of_nan_with_fractional_weights_counts_as_exactly_nothing(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 300))
    real, weight = 1e9 + 0.1 * rng.normal(size=(50, 1)), rng.random(50)
    stream = StandardScaler().partial_fit(np.full((n, 1), np.nan), sample_weight=rng.random(n))
    assert np.isnan(stream.mean_[0])
    assert stream.n_samples_seen_ == 0
    stream.partial_fit(real, sample_weight=weight)
    whole = StandardScaler().fit(real, sample_weight=weight)
    np.testing.assert_allclose(stream.scale_, whole.scale_, rtol=1e-13)


@given(seed=st.integers(0, 2000), dtype=st.sampled_from([np.float16, np.float32, np.float64]))
def test_narrow_floats_hit_the_bounds_of_any_range(seed, dtype):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(-3, 3, 2).round(3))
    rows = rng.normal(size=(30, 20)).astype(dtype)
    Z = MinMaxScaler((low, high)).fit_transform(rows)
    np.testing.assert_array_equal(Z.min(axis=0), dtype(low))
    np.testing.assert_array_equal(Z.max(axis=0), dtype(high))


def test_sparse_columns_of_very_different_units():
    dense = np.random.default_rng(0).normal(size=(50, 2)) * [1.0, 1e-165]
    scaler = StandardScaler(with_mean=False)
    scaler.fit(sparse.csr_array(dense))
    expected = StandardScaler(with_mean=False).fit(dense).scale_
    np.testing.assert_allclose(scaler.scale_, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (StandardScaler(method="median_of_means", n_blocks=2), {"n_blocks": 4}),
        (StandardScaler(), {"method": "median_of_means"}),
        (MinMaxScaler(), {"data_bounds": (0, 50)}),
        (LogScaler(), {"offset": 3.0}),
    ],
)
def test_parameters_that_decide_what_is_learnt_may_not_change_in_a_stream(before, after):
    scaler = before.partial_fit(X)
    name = next(iter(after))
    with pytest.raises(ValueError, match=f"partial_fit needs the parameters .* received {name}="):
        scaler.set_params(**after).partial_fit(X)
    with pytest.raises(ValueError, match="merge needs"):
        merge([scaler])


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e308, [1e300] * 3, [1e-200, 1, 1]])
@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler()])
def test_weights_that_no_sum_can_hold_are_refused(scaler, weight):
    with pytest.raises(ValueError, match="sample_weight"):
        scaler.fit(X, sample_weight=weight)


@pytest.mark.parametrize("weight", [1e-50, 1e-3, 1e9, 1e13, 1e50])
def test_the_unit_of_the_weights_makes_no_difference(weight):
    rows = 1e4 + np.random.default_rng(0).normal(size=(1000, 1))
    found = StandardScaler().fit(rows, sample_weight=np.full(1000, weight))
    np.testing.assert_allclose(found.scale_, rows.std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.n_samples_seen_, 1000 * weight)


def test_many_rows_far_from_0_keep_their_spread():
    rows = 1e11 + 3 * np.random.default_rng(0).normal(size=(1_000_000, 1))
    np.testing.assert_allclose(StandardScaler().fit(rows).scale_, 3.0, rtol=0.01)


@pytest.mark.parametrize(("base", "powers"), [(10, range(16)), (2, range(50))])
def test_counts_one_below_a_power_come_out_whole(base, powers):
    x = np.array([float(base) ** k - 1 for k in powers])[:, None]
    np.testing.assert_array_equal(LogScaler(base=base, offset=1.0).fit_transform(x)[:, 0], list(powers))


def test_a_sparse_cell_stored_in_parts_is_clipped_as_one():
    cells = sparse.csr_array(([3.0, 3.0, 1.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    scaler = MaxAbsScaler(clip=True).fit(sparse.csr_array([[4.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(scaler.transform(cells).toarray(), [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler(), RobustScaler()])
def test_weights_for_the_model_pass_by_a_scaler_that_did_not_ask(scaler):
    y = np.array([0, 1, 1])
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        make_pipeline(scaler, model).fit(X, y, sample_weight=np.ones(3))


def test_inverse_transform_of_a_frame_with_made_up_names():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    assert list(back.columns) == ["x0", "x1"]
    np.testing.assert_allclose(back, X)


def test_a_global_frame_setting_leaves_an_array_an_array_on_the_way_back():
    with config_context(transform_output="pandas"):
        model = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
        assert type(model.fit(X, X[:, 0]).predict(X)) is np.ndarray
        assert type(StandardScaler().fit(X).inverse_transform(X)) is np.ndarray
    sparse_back = MaxAbsScaler().set_output(transform="pandas").fit(sparse.csr_array(X))
    assert sparse.issparse(sparse_back.inverse_transform(sparse.csr_array(X)))


def test_scale_and_min_set_by_hand_decide_as_in_scikit_learn():
    theirs, ours = sklearn.preprocessing.MinMaxScaler().fit(X), MinMaxScaler()
    ours.min_, ours.scale_ = theirs.min_[:1], theirs.scale_[:1]
    np.testing.assert_allclose(ours.inverse_transform([[0.5]]), [[2.5]])
    ours = MinMaxScaler().fit(X)
    ours.scale_ = ours.scale_ * 2
    theirs.scale_ = theirs.scale_ * 2
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-15)
    ours, theirs = MinMaxScaler().fit(X), sklearn.preprocessing.MinMaxScaler().fit(X)
    for scaler in (ours, theirs):
        scaler.set_params(feature_range=(-1, 1))
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-15)


def test_a_stream_does_not_forget_attributes_set_by_hand_in_silence():
    scaler = StandardScaler()
    scaler.mean_, scaler.var_, scaler.scale_, scaler.n_samples_seen_ = [0.0], [1.0], [1.0], 10
    scaler.n_features_in_ = 1
    for call in (lambda: scaler.partial_fit([[5.0]]), lambda: merge([scaler])):
        with pytest.raises(ValueError, match="attributes were set by hand"):
            call()


@pytest.mark.parametrize(
    "scaler",
    [
        MinMaxScaler(data_bounds=(0, [255, 1])),
        LogScaler(offset=pd.Series([1.0, 2.0])),
        MinMaxScaler(data_bounds=(np.array([0, 0]), 99)),
    ],
)
def test_merge_compares_parameters_of_any_form(scaler):
    parts = [sklearn.base.clone(scaler).fit(X) for _ in range(2)]
    np.testing.assert_array_equal(merge(parts).transform(X), parts[0].transform(X))


def test_a_row_of_weight_0_is_no_row_for_any_scaler():
    rows = np.array([[1.0], [2.0], [np.inf], [-5.0]])
    for scaler in (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), LogScaler(offset=0.0)):
        weighted = scaler.fit(rows, sample_weight=[1, 1, 0, 0])
        expected = type(scaler)(**scaler.get_params()).fit(rows[:2]).transform(rows[:2])
        np.testing.assert_array_equal(weighted.transform(rows[:2]), expected)
    with pytest.raises(ValueError, match="received inf in column 0, row 2"):
        StandardScaler().fit(rows, sample_weight=[0, 1, 1, 1])


def test_counts_are_plain_integers():
    assert json.dumps(MinMaxScaler().fit(X).n_samples_seen_) == "3"
    assert json.dumps(MaxAbsScaler().fit(X).n_samples_seen_) == "3"


def test_assume_finite_is_honoured():
    with config_context(assume_finite=True):
        assert np.isinf(MaxAbsScaler().fit(X).transform([[np.inf, 1.0]])[0, 0])


@pytest.mark.parametrize("feature_range", [(0, np.nan), (0, np.inf)])
def test_a_range_without_an_end_is_refused(feature_range):
    with pytest.raises(ValueError, match="Minimum of desired feature range"):
        MinMaxScaler(feature_range).fit(X)


def test_labelled_parameters_go_by_name():
    frame = pd.DataFrame(X, columns=["temp", "press"])
    bounds = (pd.Series({"press": 0, "temp": 1}), {"press": 100, "temp": 5})
    np.testing.assert_array_equal(MinMaxScaler(data_bounds=bounds).fit(frame).data_max_, [5.0, 100.0])
    np.testing.assert_array_equal(LogScaler(offset={"press": 7, "temp": 1}).fit(frame).offset_, [1.0, 7.0])
    with pytest.raises(ValueError, match=r"by label must name every feature of X; received \['temp'\]"):
        LogScaler(offset={"temp": 1.0}).fit(frame)


def test_clip_without_any_value_inside_the_domain_is_refused():
    with pytest.raises(ValueError, match=r"received none in column 0 with offset=-99"):
        LogScaler(handle_invalid="clip", offset=-99).fit(X)


def test_text_is_named_by_column_and_row():
    frame = pd.DataFrame({"size": [1.0, 2.0], "site": ["3", "A"]})
    with pytest.raises(ValueError, match=r"could not convert.*received 'A' in column 'site', row 1"):
        StandardScaler().fit(frame)


def test_an_overflowing_range_of_quantiles_is_refused():
    with pytest.raises(ValueError, match="must fit into float64"):
        RobustScaler().fit([[1.7e308], [-1.7e308], [1.7e308], [-1.7e308]])


def test_counts_of_heavy_groups_stay_positive():
    scaler = GroupScaler(StandardScaler()).fit(
        np.arange(8.0)[:, None], groups=np.repeat([0, 1], 4), sample_weight=[1e30] * 4 + [1.0] * 4
    )
    np.testing.assert_array_equal(scaler.n_samples_seen_, [[4e30], [4.0]])
