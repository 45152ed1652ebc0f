from fractions import Fraction

import numpy as np
import pytest

from skprep.statistics import Moments


def exact(column):
    """Mean and standard deviation by rational arithmetic."""
    values = [Fraction(float(v)) for v in column]
    mean = sum(values) / len(values)
    return mean, float(sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5


def digits(found, expected):
    """Correct decimal digits, as NIST counts them."""
    error = abs(Fraction(float(found)) - Fraction(expected)) / abs(Fraction(expected))
    return 16.0 if error == 0 else min(16.0, -np.log10(float(error)))


def columns():
    """Columns like those of NIST StRD: a mean far larger than the spread."""
    rng = np.random.default_rng(0)
    n = 1001
    alternating = np.where(np.arange(n) % 2, 0.1, -0.1)
    numacc3 = np.append(1e6 + 0.2, 1e6 + 0.2 + alternating[1:])
    return {
        "NumAcc4": np.append(1e7 + 0.2, 1e7 + 0.2 + alternating[1:]),
        "NumAcc3": numacc3,
        "alternating": 1e7 + alternating,
        "noise": 1e7 + 0.1 * rng.standard_normal(n),
        "outlier first": np.append(1e9, 1e7 + 0.1 * rng.standard_normal(n - 1)),
        "trend": 1e7 + np.linspace(-0.2, 0.2, n),
    }


@pytest.mark.parametrize("name", columns())
@pytest.mark.parametrize("way", ["learn", "batches of 7", "13 parts", "13 parts backwards", "rows"])
def test_mean_to_12_digits_and_spread_to_8_against_rational_arithmetic(name, way):
    x = columns()[name][:, None]
    mean, std = exact(x[:, 0])
    if way == "learn":
        learnt = Moments.learn(x)
    else:
        parts = np.array_split(x, {"rows": 1001, "batches of 7": 143}.get(way, 13))
        learnt = Moments.empty(1, 1)
        for part in parts[:: -1 if "backwards" in way else 1]:
            learnt = learnt.merge(Moments.learn(part))
    assert digits(learnt.mean[0, 0], mean) >= 12
    assert digits(learnt.std()[0, 0], Fraction(std)) >= (11 if name == "outlier first" else 12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_many_blocks_equal_numpy_in_float64(dtype, order):
    rng = np.random.default_rng(1)
    X = np.asarray(rng.normal(100.0, 3.0, size=(70_000, 33)).astype(dtype), order=order)
    learnt = Moments.learn(X)
    np.testing.assert_allclose(learnt.mean[0], X.mean(axis=0, dtype=np.float64), rtol=1e-13)
    np.testing.assert_allclose(learnt.variance()[0], X.var(axis=0, dtype=np.float64), rtol=1e-12)


def test_ten_million_float32_rows_do_not_drift():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, size=(10_000_000, 1)).astype(np.float32)
    learnt = Moments.learn(x)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(learnt.mean[0], wide.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(learnt.variance()[0], wide.var(axis=0), rtol=1e-12)


@pytest.mark.parametrize("value", [14.62, np.log(1e-5), 1e300, -1e-300, 5e-324, 1e8 + 1 / 3, 0.0])
def test_a_constant_has_m2_of_exactly_0_after_any_merge(value):
    learnt = Moments.empty(1, 1)
    for n in (1, 3, 7, 1000, 70_000):
        weight = np.linspace(0.1, 3.7, n)
        learnt = learnt.merge(Moments.learn(np.full((n, 1), value)))
        learnt = learnt.merge(Moments.learn(np.full((n, 1), value), sample_weight=weight))
    assert learnt.m2[0, 0] == 0.0
    assert learnt.mean[0, 0] == value


@pytest.mark.parametrize("power", [-500, -498, -66, 66, 498, 500, 800, 1000])
def test_scaling_by_a_power_of_two_scales_the_answer(power):
    rng = np.random.default_rng(3)
    X = rng.normal(2.0, 1.0, size=(500, 3))
    one, other = Moments.learn(X), Moments.learn(np.ldexp(X, power))
    np.testing.assert_allclose(other.mean, np.ldexp(one.mean, power), rtol=2e-15)
    np.testing.assert_allclose(other.std(), np.ldexp(one.std(), power), rtol=1e-14)
    halves = Moments.learn(np.ldexp(X[:99], power)).merge(Moments.learn(np.ldexp(X[99:], power)))
    np.testing.assert_allclose(halves.std(), np.ldexp(one.std(), power), rtol=1e-13)


def test_batches_of_1e300_do_not_overflow():
    x = np.array([[1e300], [1.5e300], [1.7e308], [-1.7e308]])
    learnt = Moments.empty(1, 1)
    for row in x:
        learnt = learnt.merge(Moments.learn(row[None]))
    scaled = np.ldexp(x, -1000)
    mean = np.ldexp(scaled.mean(keepdims=True), 1000)
    np.testing.assert_allclose(learnt.mean, mean, atol=1e-15 * 1.7e308)
    np.testing.assert_allclose(learnt.std(), np.ldexp(scaled.std(keepdims=True), 1000), rtol=1e-14)
    assert np.isinf(learnt.variance()).all()  # about 1e616: no float64


def test_very_large_and_ordinary_parts_merge():
    parts = [np.array([[1.0], [2.0]]), np.array([[1e200], [-1e200]]), np.array([[1e-200], [3e-200]])]
    learnt = Moments.empty(1, 1)
    for part in parts:
        learnt = learnt.merge(Moments.learn(part))
    np.testing.assert_allclose(learnt.std(), np.sqrt(2 / 6) * 1e200, rtol=1e-14)


def test_nan_columns_and_batches_change_nothing():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 2))
    learnt = Moments.learn(X)
    nothing = Moments.learn(np.full((5, 2), np.nan))
    for whole in (learnt.merge(nothing), nothing.merge(learnt)):
        np.testing.assert_array_equal(whole.mean, learnt.mean)
        np.testing.assert_array_equal(whole.m2, learnt.m2)
        np.testing.assert_array_equal(whole.count, learnt.count)
    assert np.isnan(nothing.center()).all()
    assert np.isnan(nothing.std()).all()


def test_counts_leave_nan_out_per_feature_when_the_second_part_is_larger():
    a = np.array([[1.0, np.nan], [2.0, 5.0]])
    b = np.array([[np.nan, 1.0], [4.0, 2.0], [np.nan, 3.0], [9.0, np.nan]])
    merged = Moments.learn(a).merge(Moments.learn(b))
    both = np.vstack([a, b])
    np.testing.assert_array_equal(merged.count, [[4, 4]])
    np.testing.assert_allclose(merged.mean[0], np.nanmean(both, axis=0), rtol=1e-15)
    np.testing.assert_allclose(merged.variance()[0], np.nanvar(both, axis=0), rtol=1e-15)


def test_many_groups_with_their_own_offsets_keep_their_digits():
    rng = np.random.default_rng(5)
    n_groups = 500
    codes = rng.integers(0, n_groups, size=20_000)
    offset = rng.uniform(-1e8, 1e8, size=n_groups)
    noise = rng.normal(size=(20_000, 2))
    learnt = Moments.learn(noise + offset[codes, None], codes, n_groups)
    for g in range(0, n_groups, 37):
        rows = (noise + offset[codes, None])[codes == g]
        np.testing.assert_allclose(learnt.std()[g], rows.std(axis=0), rtol=1e-12)
        np.testing.assert_allclose(learnt.mean[g], rows.mean(axis=0), rtol=1e-14)


def test_an_infinite_value_shows():
    assert not Moments.learn(np.array([[1.0], [np.inf]])).is_finite()
    assert not Moments.learn(np.array([[-np.inf], [np.nan]])).is_finite()
    assert Moments.learn(np.array([[1e308], [-1e308], [np.nan]])).is_finite()
