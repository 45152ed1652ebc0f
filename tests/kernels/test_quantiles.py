import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skprep.kernels import quantiles
from skprep.kernels.quantiles import select_by_group, select_quantiles, weigh_quantiles

columns = hnp.arrays(
    np.float64,
    st.integers(1, 300),
    elements=st.one_of(st.floats(-1e3, 1e3), st.integers(0, 3).map(float)),
)
PROBABILITIES = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 0.99, 1.0])


@given(x=columns)
def test_selection_equals_sorting(x):
    expected = np.quantile(x, PROBABILITIES)
    count, found = select_quantiles(x[:, None], PROBABILITIES)
    assert count.tolist() == [x.size]
    np.testing.assert_allclose(found[0], expected, rtol=1e-15, atol=1e-13)


N = 150_000
rng = np.random.default_rng(3)
AWKWARD = {
    "sorted": np.arange(N, dtype=float),
    "backwards": np.arange(N, dtype=float)[::-1],
    "constant": np.zeros(N),
    "two values": np.tile([1.0, 2.0], N // 2),
    "few values": rng.integers(0, 5, N).astype(float),
    "nearly constant": np.where(np.arange(N) == 7, 1e300, 3.0),
    "a spike at the median": np.where(rng.random(N) < 0.02, 0.0, rng.normal(size=N)),
    "long tails": rng.standard_cauchy(N),
    "both signs of zero": np.where(rng.random(N) < 0.5, -0.0, 0.0),
    "far apart": np.where(rng.random(N) < 0.5, -1e300, 1e300),
    "normal": rng.normal(size=N),
    "float32": rng.normal(size=N).astype(np.float32),
}


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9999, 1.0])
@pytest.mark.parametrize("name", AWKWARD)
def test_brackets_are_exact_on_awkward_columns(name, missing):
    x = AWKWARD[name].copy()
    x[np.random.default_rng(0).random(N) < missing] = np.nan
    count, found = select_quantiles(x[:, None], PROBABILITIES)
    there = x[~np.isnan(x)]
    assert count.tolist() == [there.size]
    expected = np.quantile(there.astype(np.float64), PROBABILITIES) if there.size else np.full(7, np.nan)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(found[0], expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize("order", ["C", "F"])
def test_brackets_find_nearly_every_column_in_one_pass(order, monkeypatch):
    """Whole columns are selected from only where the bracket missed."""
    fallen_back = []
    whole = quantiles._each_column
    monkeypatch.setattr(quantiles, "_each_column", lambda X, j, p: fallen_back.extend(j) or whole(X, j, p))
    X = np.asarray(np.column_stack([AWKWARD[n] for n in AWKWARD if n != "float32"]), order=order)
    select_quantiles(X, [0.25, 0.5, 0.75])
    assert fallen_back == []


def unfair(monkeypatch, row):
    """Make every row that is sampled the same one: no bracket can be right."""

    class Unfair:
        def integers(self, low, high, size):
            return np.full(size, row)

    monkeypatch.setattr(quantiles.np.random, "default_rng", lambda seed: Unfair())


def test_a_sample_that_misleads_costs_time_and_no_digit(monkeypatch):
    X = np.random.default_rng(0).normal(size=(70_000, 3))
    expected = np.quantile(X, PROBABILITIES, axis=0).T
    unfair(monkeypatch, 5)
    np.testing.assert_allclose(select_quantiles(X, PROBABILITIES)[1], expected, rtol=1e-15)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(1, 3000),
    m=st.integers(1, 9),
    kinds=st.lists(
        st.sampled_from(["normal", "ties", "sorted", "constant", "tails"]), min_size=9, max_size=9
    ),
    missing=st.sampled_from([0.0, 0.2, 0.99]),
    dtype=st.sampled_from([np.float32, np.float64]),
    order=st.sampled_from("CF"),
    probabilities=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_brackets_equal_numpy(seed, n, m, kinds, missing, dtype, order, probabilities):
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda: rng.normal(size=n),
        "ties": lambda: rng.integers(0, 4, n),
        "sorted": lambda: np.sort(rng.normal(size=n)),
        "constant": lambda: np.full(n, 3.7),
        "tails": lambda: rng.standard_cauchy(n),
    }
    X = np.asarray(np.column_stack([draw[kind]() for kind in kinds[:m]]), dtype=dtype, order=order)
    X[rng.random(X.shape) < missing] = np.nan
    few, sample = quantiles.FEW_ROWS, quantiles.SAMPLE
    try:
        quantiles.FEW_ROWS, quantiles.SAMPLE = 0, 64  # small samples miss now and then
        count, found = select_quantiles(X, probabilities)
    finally:
        quantiles.FEW_ROWS, quantiles.SAMPLE = few, sample
    for j in range(m):
        x = X[~np.isnan(X[:, j]), j].astype(np.float64)
        assert count[j] == x.size
        expected = np.quantile(x, probabilities) if x.size else np.full(len(probabilities), np.nan)
        np.testing.assert_allclose(found[j], expected, rtol=1e-14, atol=1e-13)


@given(x=columns, seed=st.integers(0, 99))
def test_weighted_groups_equal_a_loop(x, seed):
    rng = np.random.default_rng(seed)
    codes, weight = rng.integers(0, 4, x.size), rng.integers(1, 4, x.size).astype(float)
    found = weigh_quantiles(x, codes, 5, weight, PROBABILITIES)
    for g in range(5):
        rows = np.repeat(x[codes == g], weight[codes == g].astype(int))
        if rows.size == 0:
            assert np.isnan(found[:, g]).all()
        else:
            expected = np.quantile(rows, PROBABILITIES)
            np.testing.assert_allclose(found[:, g], expected, rtol=1e-14, atol=1e-12)


@pytest.mark.parametrize("shares", [[1, 1, 1], [0.9, 0.09, 0.01]], ids=["alike", "one large"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_groups_equal_a_loop(shares, dtype):
    rng = np.random.default_rng(0)
    n = 120_000
    x = rng.normal(size=n).astype(dtype)
    x[rng.random(n) < 0.1] = np.nan
    codes = rng.choice(3, n, p=np.array(shares) / sum(shares))
    count, found = (a[:, 0] for a in select_by_group(x[:, None], codes, 4, PROBABILITIES))
    for g in range(3):
        own = x[(codes == g) & ~np.isnan(x)].astype(np.float64)
        assert count[g] == own.size
        np.testing.assert_allclose(found[g], np.quantile(own, PROBABILITIES), rtol=1e-14, atol=1e-15)
    assert count[3] == 0
    assert np.isnan(found[3]).all()


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(200, 2_000),
    n_groups=st.sampled_from([1, 3, 40]),
    ties=st.booleans(),
    missing=st.sampled_from([0.0, 0.2, 1.0]),
    dtype=st.sampled_from([np.float32, np.float64]),
    fair=st.booleans(),
    probabilities=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_all_rows_beside_groups(seed, n, n_groups, ties, missing, dtype, fair, probabilities):
    rng = np.random.default_rng(seed)
    X = (rng.integers(0, 5, (n, 2)) if ties else rng.standard_cauchy((n, 2))).astype(dtype)
    X[rng.random(X.shape) < missing] = np.nan
    codes = rng.integers(0, n_groups, n)
    pooled = np.empty((2, len(probabilities)))
    kept = quantiles.FEW_ROWS, quantiles.SAMPLE, quantiles.SPREADS
    try:  # all groups are sorted, and small samples, or narrow brackets, miss now and then
        quantiles.FEW_ROWS, quantiles.SAMPLE, quantiles.SPREADS = 0, 64, 4.5 if fair else 0.1
        whole = select_quantiles(X, probabilities)[1]
        quantiles.FEW_ROWS = n - 1
        count, _ = select_by_group(X, codes, n_groups, probabilities, pooled)
    finally:
        quantiles.FEW_ROWS, quantiles.SAMPLE, quantiles.SPREADS = kept
    np.testing.assert_array_equal(pooled, whole)
    np.testing.assert_array_equal(count.sum(axis=0), (~np.isnan(X)).sum(axis=0))
    for j in range(2):
        x = X[~np.isnan(X[:, j]), j].astype(np.float64)
        expected = np.quantile(x, probabilities) if x.size else np.full(len(probabilities), np.nan)
        np.testing.assert_allclose(pooled[j], expected, rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("heavy", [1e8, 1e14, 1e16, 1e100])
def test_heavy_weights_of_one_group_leave_the_others_alone(heavy):
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=40), rng.random(40) + 0.1
    codes = np.repeat([0, 1, 2, 3], 10)
    alone = [
        weigh_quantiles(x[codes == g], None, 1, weight[codes == g], PROBABILITIES)[:, 0] for g in range(4)
    ]
    weight[codes == 1] *= heavy
    found = weigh_quantiles(x, codes, 4, weight, PROBABILITIES)
    for g in (0, 2, 3):
        np.testing.assert_allclose(found[:, g], alone[g], rtol=1e-12)
