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


def test_quantiles_alone_merge_with_the_empty_part_only():
    part = Quantiles.learn(np.arange(9.0).reshape(-1, 1), budget=8)
    whole = part.merge(Quantiles.empty(1, 1)).merge(Quantiles.learn(np.array([[np.nan]])))
    np.testing.assert_array_equal(whole.values, part.values)
    with pytest.raises(
        ValueError, match=r"at most exact_budget=8 rows in memory; received .* up to 9 values"
    ):
        part.merge(part)


@given(data=st.data())
def test_beyond_the_budget_ranks_stay_within_the_bound(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    n, ties = data.draw(st.integers(50, 4000)), data.draw(st.booleans())
    x = rng.normal(size=n)
    x = np.round(x) if ties else x
    codes = rng.integers(0, 2, n)
    learnt = Quantiles.empty(2, 1, budget=20, max_rank_error=0.03, probabilities=PROBABILITIES)
    for rows in np.array_split(np.arange(n), data.draw(st.integers(1, 9))):
        settings = {"budget": 20, "max_rank_error": 0.03, "probabilities": PROBABILITIES}
        learnt = learnt.merge(Quantiles.learn(x[rows, None], codes[rows], 2, stream=True, **settings))
    assert ((learnt.rank_error() > 0) == (learnt.count > 20)).all()
    assert (learnt.rank_error() <= 0.03).all()
    for g in range(2):
        group = np.sort(x[codes == g])
        for p, q in zip(PROBABILITIES, learnt.values[g, 0], strict=True):
            below = np.searchsorted(group, q, "left") / len(group)
            above = np.searchsorted(group, q, "right") / len(group)
            # The sketch is random: 0.03 is three standard deviations of its error, 0.05 five. A
            # quantile lies between two values, whose ranks are one row apart.
            off = 0.05 + 1 / len(group)
            assert below - off <= p <= above + off
        assert (learnt.values[g, 0, [0, -1]] == group[[0, -1]]).all()  # the extremes are exact


def test_a_sketch_is_merged_taken_spread_and_restored():
    rng = np.random.default_rng(3)
    X, codes = rng.normal(size=(3000, 2)), rng.integers(0, 3, 3000)
    X[codes == 1, 1] = np.nan
    learnt = Quantiles.learn(X, codes, 3, stream=True, budget=50, max_rank_error=0.02)
    assert learnt.sketches.keys() == {(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)}
    moved = learnt.take([2, 0, 1]).scatter([1, 2, 0], 4)
    np.testing.assert_array_equal(moved.values[:3], learnt.values[[1, 2, 0]])
    assert np.isnan(moved.values[3]).all()
    restored = Quantiles.from_dict(learnt.to_dict())
    np.testing.assert_array_equal(restored.values, learnt.values)
    assert repr(restored.to_dict()) == repr(learnt.to_dict())
    few = Quantiles.learn(X[:30], codes[:30], 3, budget=50, max_rank_error=0.02)
    both, other = learnt.merge(few), few.merge(learnt)
    np.testing.assert_array_equal(both.count, learnt.count + few.count)
    np.testing.assert_array_equal(other.values, both.values)  # the few wait beside the sketch
    assert not learnt.concluded().sketches
    np.testing.assert_array_equal(learnt.concluded().values, learnt.values)


def test_memory_does_not_grow_with_the_rows_seen():
    settings = {"stream": True, "budget": 100, "max_rank_error": 0.02}
    rng = np.random.default_rng(4)
    learnt = Quantiles.empty(1, 1, budget=100, max_rank_error=0.02)
    sizes = []
    for _ in range(100):
        learnt = learnt.merge(Quantiles.learn(rng.normal(size=(2000, 1)), **settings))
        sizes.append(sum(map(len, learnt.sketches.values())) + 8 * learnt.samples.sizes.sum())
    assert max(sizes) < 8 * 2000
    assert learnt.count[0, 0] == 200_000


def test_weights_beyond_the_budget_repeat_rows_or_are_refused():
    x = np.arange(100.0)[:, None]
    weight = np.where(np.arange(100) == 7, 5_000_000.0, 1.0)
    learnt = Quantiles.learn(x, sample_weight=weight, stream=True, budget=10, max_rank_error=0.01)
    assert learnt.count[0, 0] == 5_000_099
    np.testing.assert_array_equal(learnt.values[0, 0], [7, 7, 7])
    with pytest.raises(ValueError, match=r"weights that are whole numbers, .* received 0\.5"):
        Quantiles.learn(x, sample_weight=np.full(100, 0.5), stream=True, budget=10)
    exact = Quantiles.learn(x, sample_weight=np.full(100, 0.5), stream=True, budget=100)
    np.testing.assert_allclose(exact.values[0, 0], np.quantile(x, [0.25, 0.5, 0.75]))
