import numpy as np
import pytest
from scipy import stats

from skprep import GroupScaler, RobustScaler, from_json, merge, to_json


def test_outliers_move_neither_center_nor_scale():
    X = np.arange(101.0)[:, None]
    clean = RobustScaler().fit(X)
    X[-20:] = 1e15
    spoilt = RobustScaler().fit(X)
    np.testing.assert_array_equal(spoilt.center_, clean.center_)
    np.testing.assert_array_equal(spoilt.scale_, clean.scale_)


@pytest.mark.parametrize("k", [1e-300, 1e-20, 1e20, 1e300])
def test_the_unit_makes_no_difference(k):
    X = np.random.default_rng(0).uniform(-3.0, 5.0, size=(99, 3))
    expected = RobustScaler().fit_transform(X)
    np.testing.assert_allclose(RobustScaler().fit_transform(X * k), expected, rtol=1e-9, atol=1e-12)


def test_unit_variance_gives_normal_features_unit_variance():
    X = np.random.default_rng(1).normal(3.0, 7.0, size=(200_000, 1))
    Z = RobustScaler(unit_variance=True, quantile_range=(10.0, 90.0)).fit_transform(X)
    assert abs(Z.std() - 1) < 0.01


@pytest.mark.parametrize("quantile_range", [(75.0, 25.0), (-1.0, 50.0), (50.0, 101.0)])
def test_impossible_quantiles_are_refused(quantile_range):
    with pytest.raises(ValueError, match=r"Invalid quantile range: .*0 <= low <= high <= 100"):
        RobustScaler(quantile_range=quantile_range).fit([[1.0], [2.0]])


@pytest.mark.parametrize("quantile_range", [(0.0, 75.0), (25.0, 100.0), (50.0, 50.0)])
def test_unit_variance_needs_a_finite_width(quantile_range):
    with pytest.raises(ValueError, match="unit_variance=True needs 0 < low < high < 100"):
        RobustScaler(quantile_range=quantile_range, unit_variance=True).fit([[1.0], [2.0]])


def test_weights_select_the_rows_that_count():
    X = np.array([[0.0], [1.0], [2.0], [100.0]])
    weighted = RobustScaler().fit(X, sample_weight=[1, 1, 1, 0])
    np.testing.assert_array_equal(weighted.center_, [1.0])
    np.testing.assert_array_equal(weighted.scale_, [1.0])


def test_an_overflowing_range_of_quantiles_is_refused():
    with pytest.raises(ValueError, match="must fit into float64"):
        RobustScaler().fit([[1.7e308], [-1.7e308], [1.7e308], [-1.7e308]])


def test_the_median_absolute_deviation_is_that_of_scipy():
    rng = np.random.default_rng(0)
    for n_rows in (51, 6000):
        X = rng.normal(size=(n_rows, 3)) ** 3
        X[::7, 1] = np.nan
        expected = stats.median_abs_deviation(X, nan_policy="omit")
        scaler = RobustScaler(method="mad").fit(X)
        np.testing.assert_allclose(scaler.scale_, expected, rtol=1e-13)
        np.testing.assert_allclose(scaler.center_, np.nanmedian(X, axis=0), rtol=1e-13)
        normal = RobustScaler(method="mad", unit_variance=True).fit(X)
        of_normal = stats.median_abs_deviation(X, nan_policy="omit", scale="normal")
        np.testing.assert_allclose(normal.scale_, of_normal, rtol=1e-13)
        keys = np.arange(n_rows) % 3
        groups = GroupScaler(RobustScaler(method="mad")).fit(X, groups=keys)
        for key in range(3):
            own = stats.median_abs_deviation(X[keys == key], nan_policy="omit")
            np.testing.assert_allclose(groups.scale_[key], own, rtol=1e-13)
        np.testing.assert_allclose(groups.global_scale_, expected, rtol=1e-13)
    weight = np.arange(51) % 3
    X = X[:51]
    weighted = RobustScaler(method="mad").fit(X, sample_weight=weight)
    repeated = RobustScaler(method="mad").fit(np.repeat(X, weight, axis=0))
    np.testing.assert_allclose(weighted.scale_, repeated.scale_, rtol=1e-13)


def test_the_deviation_of_a_stream_is_near_the_true_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 2))
    scaler = RobustScaler(method="mad", max_rank_error=0.01, exact_budget=500)
    for batch in np.array_split(X, 9):
        scaler.partial_fit(batch)
    assert not scaler.exact_
    np.testing.assert_allclose(scaler.scale_, stats.median_abs_deviation(X), rtol=0.05)
    parts = [RobustScaler(method="mad", exact_budget=500).partial_fit(x) for x in np.array_split(X, 3)]
    np.testing.assert_allclose(merge(parts).scale_, stats.median_abs_deviation(X), rtol=0.01)
    again = from_json(to_json(scaler))
    np.testing.assert_array_equal(again.scale_, scaler.scale_)
