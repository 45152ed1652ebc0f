import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from skprep import GroupScaler, MaxAbsScaler, RobustScaler, StandardScaler


@pytest.mark.parametrize("value", [14.62, np.log(1e-5), 1e8 + 1 / 3, -1e300, 1e-300])
@pytest.mark.parametrize("n_rows", [1, 8, 100, 100_000])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_constant_becomes_exactly_0(value, n_rows, weighted, dtype):
    if dtype == np.float32 and not 1e-30 < abs(value) < 1e30:
        value = 14.62
    X = np.full((n_rows, 3), value, dtype=dtype)
    weight = np.linspace(0.1, 2.3, n_rows) if weighted else None
    scaler = StandardScaler().fit(X, sample_weight=weight)
    np.testing.assert_array_equal(scaler.var_, 0.0)
    np.testing.assert_array_equal(scaler.scale_, 1.0)
    np.testing.assert_array_equal(scaler.transform(X), 0.0)
    np.testing.assert_array_equal(scaler.inverse_transform(scaler.transform(X)), X)


def test_a_spread_of_1e_20_is_a_spread():
    X = np.array([[-1e-20], [1e-20], [3e-20]])
    Z = StandardScaler().fit_transform(X)
    np.testing.assert_allclose(Z[:, 0], np.array([-1, 0, 1]) * 1.5**0.5, atol=1e-15)


def test_a_variance_below_the_rounding_bound_is_a_constant_as_in_scikit_learn():
    x = np.full(10_000, 1e5)
    x[::2] = np.nextafter(1e5, np.inf)
    scaler = StandardScaler().fit(x[:, None])
    assert scaler.scale_[0] == 1.0
    assert scaler.var_[0] > 0


@pytest.mark.parametrize("k", [1e-150, 1e-20, 1e20, 1e150])
@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_the_unit_makes_no_difference_even_where_the_variance_leaves_float64(k, way):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4)) * [1e-6, 1.0, 1e4, 1e7] + [1e-5, 5.0, -1e6, 0.0]
    expected = StandardScaler().fit_transform(X)
    scaler = StandardScaler()
    for batch in [X] if way == "fit" else np.array_split(X, 9):
        getattr(scaler, way)(batch * k)
    np.testing.assert_allclose(scaler.transform(X * k), expected, rtol=1e-8, atol=1e-9)


def test_batches_at_the_end_of_float64_neither_overflow_nor_count_as_constant():
    scaler = StandardScaler()
    for value in (1e308, 1e308, 1.2e308):
        scaler.partial_fit([[value]])
    np.testing.assert_allclose(scaler.mean_, [1e308 * (3.2 / 3)], rtol=1e-15)
    np.testing.assert_allclose(scaler.scale_, [np.std([1.0, 1.0, 1.2]) * 1e308], rtol=1e-12)


def test_float32_far_from_0_keeps_its_digits():
    rng = np.random.default_rng(1)
    X = (1e6 + rng.normal(size=(1000, 2))).astype(np.float32)
    scaler = StandardScaler().fit(X)
    wide = StandardScaler().fit_transform(X.astype(np.float64))
    assert scaler.transform(X).dtype == np.float32
    np.testing.assert_allclose(scaler.transform(X), wide, atol=1e-6)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1.2e-7)


@pytest.mark.parametrize("value", [1e-42, 1e38])
def test_float32_at_the_edge_of_its_range_goes_through_float64(value):
    X = (np.array([[1.0], [2.0], [3.0]]) * value).astype(np.float32)
    Z = StandardScaler().fit_transform(X)
    assert Z.dtype == np.float32
    np.testing.assert_allclose(Z[:, 0], np.array([-1, 0, 1]) * 1.5**0.5, atol=1e-3)


def test_n_samples_seen_is_one_number_or_one_per_feature():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert StandardScaler().fit(X).n_samples_seen_ == 2
    assert StandardScaler().fit(X, sample_weight=[0.5, 0.25]).n_samples_seen_ == 0.75
    X[0, 0] = np.nan
    np.testing.assert_array_equal(StandardScaler().fit(X).n_samples_seen_, [1, 2])


def test_median_of_means_survives_a_poisoned_row_and_a_fraction_spoils_it():
    rng = np.random.default_rng(2)
    X = rng.normal(40.0, 10.0, size=(1000, 1))
    X[:4] = 1e12
    survived = StandardScaler(method="median_of_means", n_blocks=10).fit(X)
    assert abs(survived.mean_[0] - 40) < 2
    assert abs(survived.scale_[0] - 10) < 2
    X[rng.choice(1000, 20, replace=False)] = 1e12  # 2 % of the rows reach most blocks
    assert StandardScaler(method="median_of_means", n_blocks=10).fit(X).mean_[0] > 1e9


def test_median_of_means_agrees_with_moments_on_clean_data():
    X = np.random.default_rng(3).normal(3.0, 2.0, size=(50_000, 1))
    robust, plain = StandardScaler(method="median_of_means").fit(X), StandardScaler().fit(X)
    assert abs(robust.mean_[0] - plain.mean_[0]) < 0.05
    assert abs(robust.scale_[0] / plain.scale_[0] - 1) < 0.02


def test_copy_may_be_given_to_the_call():
    X = np.array([[1.0], [3.0]])
    scaler = StandardScaler().fit(X)
    assert scaler.transform(X, copy=False) is X
    np.testing.assert_array_equal(X, [[-1.0], [1.0]])
    assert scaler.inverse_transform(X, copy=False) is X
    np.testing.assert_array_equal(X, [[1.0], [3.0]])


def test_ten_thousand_features_in_either_order():
    X = np.random.default_rng(4).normal(size=(20, 10_000))
    for order in "CF":
        Z = StandardScaler().fit_transform(np.asarray(X, order=order))
        np.testing.assert_allclose(Z, (X - X.mean(axis=0)) / X.std(axis=0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mean", [1e9, 1e12, 1e13, 1e14, -1e12])
@pytest.mark.parametrize("n_rows", [10, 5_000, 10_000, 300_000])
def test_a_spread_far_below_a_far_off_mean_is_a_spread(mean, n_rows):
    x = mean + 2.0 * np.random.default_rng(0).normal(size=(n_rows, 1))
    scaler = StandardScaler().fit(x)
    exact = np.std(x - mean)
    assert scaler.scale_[0] == pytest.approx(exact, rel=1e-9)
    assert GroupScaler(StandardScaler()).fit(x, groups=np.zeros(n_rows)).scale_[0, 0] == pytest.approx(
        exact, rel=1e-9
    )


def test_a_few_roundings_are_no_spread():
    noise = np.array([[0.1 + 0.2], [0.3]] * 50)  # one unit in the last place apart
    assert StandardScaler().fit(noise).scale_[0] == 1.0


@pytest.mark.parametrize("groups", [None, [0, 0]])
def test_rows_at_the_ends_of_float64_are_scaled(groups):
    X, far = np.array([[1.7e308], [1.69e308]]), np.array([[-1.7e308], [1.7e308]])
    scaler, extra = StandardScaler(), {} if groups is None else {"groups": groups}
    scaler = (scaler if groups is None else GroupScaler(scaler)).fit(X, **extra)
    np.testing.assert_allclose(scaler.transform(far, **extra), [[-679.0], [1.0]], rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform([[-679.0], [1.0]], **extra), far, rtol=1e-12)


@pytest.mark.parametrize("groups", [None, [0, 0, 0]])
def test_a_huge_feature_leaves_the_tiny_ones_beside_it_alone(groups):
    tiny = np.array([[5e-324], [0.0], [1e-323]])
    X = np.hstack([[[1.7e308], [-1.7e308], [0.0]], tiny])
    extra = {} if groups is None else {"groups": groups}
    for scaler in (StandardScaler(), RobustScaler(), MaxAbsScaler()):
        scaler = scaler if groups is None else GroupScaler(scaler)
        alone = scaler.fit(tiny, **extra).transform(tiny, **extra)
        np.testing.assert_array_equal(scaler.fit(X, **extra).transform(X, **extra)[:, 1:], alone)


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


def test_sparse_columns_of_very_different_units():
    dense = np.random.default_rng(0).normal(size=(50, 2)) * [1.0, 1e-165]
    scaler = StandardScaler(with_mean=False)
    scaler.fit(sparse.csr_array(dense))
    expected = StandardScaler(with_mean=False).fit(dense).scale_
    np.testing.assert_allclose(scaler.scale_, expected, rtol=1e-12)


def test_many_rows_far_from_0_keep_their_spread():
    rows = 1e11 + 3 * np.random.default_rng(0).normal(size=(1_000_000, 1))
    np.testing.assert_allclose(StandardScaler().fit(rows).scale_, 3.0, rtol=0.01)


def test_ddof_is_what_pandas_takes_off():
    X = np.random.default_rng(0).normal(5.0, 2.0, size=(20, 3))
    X[0, 1] = np.nan
    unbiased = StandardScaler(ddof=1).fit(X)
    np.testing.assert_allclose(unbiased.var_, pd.DataFrame(X).var(), rtol=1e-13)
    np.testing.assert_allclose(unbiased.scale_, pd.DataFrame(X).std(), rtol=1e-13)
    weight = np.arange(20) % 3
    weighted = StandardScaler(ddof=1).fit(X, sample_weight=weight)
    np.testing.assert_allclose(weighted.var_, pd.DataFrame(np.repeat(X, weight, axis=0)).var(), rtol=1e-13)
    one = StandardScaler(ddof=1).fit([[3.0], [np.nan]])
    assert np.isnan(one.var_[0])
    assert (one.scale_[0], one.transform([[5.0]])[0, 0]) == (1.0, 2.0)
