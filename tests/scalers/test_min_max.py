import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from hypothesis import given
from hypothesis import strategies as st

from skprep import GroupScaler, MinMaxScaler


@pytest.mark.parametrize("feature_range", [(0, 1), (-1, 1), (-0.1, 0.3), (1e-3, 0.7), (0.1, 0.2), (-7, 1e-9)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_bounds_are_hit_exactly_and_never_exceeded_in_2000_random_columns(feature_range, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2000)) * 10.0 ** rng.uniform(-9, 9, 2000) + rng.normal(size=2000) * 1e3
    X = X.astype(dtype)
    Z = MinMaxScaler(feature_range).fit_transform(X)
    low, high = np.array(feature_range, dtype=dtype)
    varied = np.ptp(X, axis=0) > 0
    assert varied.sum() > (1500 if dtype == np.float32 else 1900)
    np.testing.assert_array_equal(Z.min(axis=0), low)
    np.testing.assert_array_equal(Z.max(axis=0)[varied], high)


def test_a_constant_becomes_the_lower_bound():
    X = np.full((5, 2), 14.62)
    np.testing.assert_array_equal(MinMaxScaler((0.1, 0.3)).fit_transform(X), 0.1)


@pytest.mark.parametrize("k", [1e-300, 1e-20, 1e20, 1e150, 1e290])
def test_small_and_large_units_are_scaled_all_the_same(k):
    X = np.array([[1.0], [2.0], [5.0]]) * k
    np.testing.assert_allclose(MinMaxScaler().fit_transform(X)[:, 0], [0.0, 0.25, 1.0], rtol=1e-12)


def test_a_range_beyond_float64_is_refused():
    with pytest.raises(ValueError, match=r"must fit into float64; received one from -1.7e\+308"):
        MinMaxScaler().fit([[1.7e308], [-1.7e308]])


def test_known_bounds_are_not_learnt_from_rows():
    pixels = MinMaxScaler(data_bounds=(0, 255)).fit([[12.0, 40.0], [99.0, 200.0]])
    np.testing.assert_array_equal(pixels.data_min_, [0.0, 0.0])
    np.testing.assert_array_equal(pixels.data_max_, [255.0, 255.0])
    assert pixels.n_samples_seen_ == 2
    np.testing.assert_array_equal(pixels.transform([[0, 255]]), [[0.0, 1.0]])
    np.testing.assert_array_equal(pixels.transform([[-51, 306]]), [[-0.2, 1.2]])


def test_known_bounds_per_feature():
    X = pd.DataFrame({"age": [30.0, 45.0], "range": [3.0, 60.0]})
    scaler = MinMaxScaler((-1, 1), data_bounds=([20, 0], [70, 120])).fit(X)
    np.testing.assert_array_equal(scaler.transform(X), [[-0.6, -0.95], [0.0, 0.0]])
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X)


@pytest.mark.parametrize(
    "data_range",
    [(255, 0), (0, 0), (0,), (0, np.nan), (-np.inf, 1), ("a", "b"), ([0, 0, 0], 1), (0, [1, -1])],
)
def test_impossible_bounds_are_refused(data_range):
    X = pd.DataFrame({"age": [30.0, 45.0], "range": [3.0, 60.0]})
    with pytest.raises(ValueError, match=r"data_bounds must be (a pair|a number)"):
        MinMaxScaler(data_bounds=data_range).fit(X)


def test_clip_keeps_later_rows_in_the_range():
    scaler = MinMaxScaler((-1, 1), clip=True).fit([[0.0], [10.0]])
    np.testing.assert_array_equal(
        scaler.transform([[-5.0], [5.0], [20.0], [np.nan]])[:, 0], [-1, 0, 1, np.nan]
    )


def test_feature_range_is_checked():
    with pytest.raises(ValueError, match="Minimum of desired feature range must be smaller"):
        MinMaxScaler((1, 0)).fit([[1.0]])


@pytest.mark.parametrize(
    ("dtype", "bounds"),
    [(np.float16, (-40_000, 40_000)), (np.float32, (-3e38, 3e38)), (np.float64, (-8e307, 8e307))],
)
@pytest.mark.parametrize("groups", [None, [0, 0, 0]])
def test_a_range_wider_than_the_type_between_its_bounds(dtype, bounds, groups):
    X = np.array([[0.0], [0.5], [1.0]], dtype=dtype)
    scaler, extra = MinMaxScaler(bounds), {} if groups is None else {"groups": groups}
    scaler = scaler if groups is None else GroupScaler(scaler)
    Z = scaler.fit(X, **extra).transform(X, **extra)
    assert Z.dtype == dtype
    np.testing.assert_array_equal(Z.ravel(), np.array([bounds[0], 0.0, bounds[1]], dtype=dtype))
    back = scaler.inverse_transform(Z, **extra)  # of bounds that the narrow type has rounded
    np.testing.assert_allclose(back, X, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize("where", ["fit", "transform"])
def test_a_range_that_the_type_cannot_hold_is_refused(where):
    narrow, wide = np.array([[0.0], [1.0]], dtype=np.float16), np.array([[0.0], [1.0]])
    scaler = MinMaxScaler((0, 1e5))
    with pytest.raises(
        ValueError, match=r"float16, which ends at 65504; received \(0, 100000.0\). Pass rows of float64"
    ):
        scaler.fit(narrow) if where == "fit" else scaler.fit(wide).transform(narrow)


X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@given(seed=st.integers(0, 2000), dtype=st.sampled_from([np.float16, np.float32, np.float64]))
def test_narrow_floats_hit_the_bounds_of_any_range(seed, dtype):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(-3, 3, 2).round(3))
    rows = rng.normal(size=(30, 20)).astype(dtype)
    Z = MinMaxScaler((low, high)).fit_transform(rows)
    np.testing.assert_array_equal(Z.min(axis=0), dtype(low))
    np.testing.assert_array_equal(Z.max(axis=0), dtype(high))


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


@pytest.mark.parametrize("feature_range", [(0, np.nan), (0, np.inf)])
def test_a_range_without_an_end_is_refused(feature_range):
    with pytest.raises(ValueError, match="Minimum of desired feature range"):
        MinMaxScaler(feature_range).fit(X)
