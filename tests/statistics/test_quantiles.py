import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skprep.statistics import Quantiles

PROBABILITIES = (0.0, 0.013, 0.25, 0.5, 0.75, 0.9, 1.0)


@given(
    x=hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e9, 1e9)),
    p=st.lists(st.floats(0, 1), min_size=1, max_size=6),
)
def test_quantiles_equal_numpy(x, p):
    found = Quantiles.learn(x[:, None], probabilities=p).values[0, 0]
    np.testing.assert_allclose(found, np.quantile(x, p), rtol=1e-15, atol=1e-15 * np.abs(x).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_quantiles_of_many_rows_with_nan(order, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5001, 19)).astype(dtype)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 3] = np.round(X[:, 3])  # many ties
    X[:, 4] = np.nan
    learnt = Quantiles.learn(np.asarray(X, order=order), probabilities=PROBABILITIES)
    there = np.arange(19) != 4
    expected = np.nanquantile(X[:, there].astype(np.float64), PROBABILITIES, axis=0).T
    np.testing.assert_allclose(learnt.values[0, there], expected, rtol=1e-14)
    assert np.isnan(learnt.values[0, 4]).all()
    np.testing.assert_array_equal(learnt.count[0], (~np.isnan(X)).sum(axis=0))


@given(
    x=hnp.arrays(np.float64, 12, elements=st.floats(-100, 100)),
    weight=hnp.arrays(np.float64, 12, elements=st.integers(0, 5)),
)
def test_whole_weights_repeat(x, weight):
    weight[0] += 1
    found = Quantiles.learn(x[:, None], sample_weight=weight, probabilities=PROBABILITIES)
    expected = np.quantile(np.repeat(x, weight.astype(int)), PROBABILITIES)
    np.testing.assert_allclose(found.values[0, 0], expected, rtol=1e-14, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 0.5, 1 / 40, 1e-9])
def test_equal_weights_up_to_1_change_nothing(scale):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 1))
    weight = np.full(40, scale)
    found = Quantiles.learn(x, sample_weight=weight, probabilities=PROBABILITIES).values
    np.testing.assert_allclose(found[0, 0], np.quantile(x, PROBABILITIES), rtol=1e-10, atol=1e-12)


def test_fractional_weights_average_the_step_function_over_a_window():
    # The window of width d = sum(w**2) / sum(w), by brute force on a fine grid.
    rng = np.random.default_rng(2)
    x, weight = np.sort(rng.normal(size=9)), rng.uniform(0.01, 1.0, size=9)
    total, width = weight.sum(), (weight**2).sum() / weight.sum()
    ends = np.cumsum(weight)
    for p in PROBABILITIES:
        start = p * (total - width)
        grid = start + width * (np.arange(200_000) + 0.5) / 200_000
        expected = x[np.minimum(np.searchsorted(ends, grid, side="right"), 8)].mean()
        found = Quantiles.learn(x[:, None], sample_weight=weight, probabilities=(p,)).values
        np.testing.assert_allclose(found[0, 0, 0], expected, atol=2e-5)


def test_tiny_weights_approach_leaving_the_row_out():
    x = np.array([[0.0], [1.0], [2.0], [1e6]])
    with_it = Quantiles.learn(x, sample_weight=np.array([1, 1, 1, 1e-12])).values
    without = Quantiles.learn(x, sample_weight=np.array([1.0, 1, 1, 0])).values
    np.testing.assert_allclose(with_it, without, atol=1e-5)


def test_two_parts_do_not_merge():
    part = Quantiles.learn(np.array([[1.0], [2.0]]))
    with pytest.raises(ValueError, match="only when one part is empty"):
        part.merge(part)
