import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skprep.statistics.samples import Samples

from ..laws.strategies import grouped


def learn(X, codes, weight):
    parts = [Samples.of_cells(x, codes, weight, (3, 1)) for x in X.T]
    whole = Samples.of_features(parts)
    cells = (np.arange(X.shape[1])[:, None] * 3 + codes).ravel()
    weights = None if weight is None else np.tile(weight, X.shape[1])
    at_once = Samples.of_cells(X.T.ravel(), cells, weights, (3, X.shape[1]))
    np.testing.assert_array_equal(at_once.values, whole.values)
    np.testing.assert_array_equal(at_once.sizes, whole.sizes)
    return whole


def contents(samples):
    """Every cell as sorted pairs of value and weight."""
    found = {}
    for g, j, x, weight in samples.cells(np.ones(samples.sizes.shape, dtype=bool)):
        weight = np.ones(len(x)) if weight is None else weight
        assert len(x) == samples.sizes[g, j]
        pair = samples.cell(g, j)
        np.testing.assert_array_equal(pair[0], x)
        found[g, j] = sorted(zip(x.tolist(), weight.tolist(), strict=True), key=repr)
    return found


@given(drawn=grouped(), weighted=st.booleans())
def test_cells_hold_the_values_of_their_group(drawn, weighted):
    X, codes, weight = drawn
    found = contents(learn(X, codes, weight if weighted else None))
    for (g, j), pairs in found.items():
        rows = codes == g
        expected = zip(X[rows, j].tolist(), np.where(weighted, weight, 1.0)[rows].tolist(), strict=True)
        assert repr(pairs) == repr(sorted(expected, key=repr))


@given(drawn=grouped(), cut=st.integers(0, 25), weighted=st.tuples(st.booleans(), st.booleans()))
def test_merging_puts_cells_together(drawn, cut, weighted):
    X, codes, weight = drawn
    weights = [weight[:cut] if weighted[0] else None, weight[cut:] if weighted[1] else None]
    both = learn(X[:cut], codes[:cut], weights[0]).merge(learn(X[cut:], codes[cut:], weights[1]))
    ones = np.ones(len(X))
    halves = zip(weighted, (slice(0, cut), slice(cut, None)), strict=True)
    whole = np.concatenate([weight[at] if used else ones[at] for used, at in halves])
    assert repr(contents(both)) == repr(contents(learn(X, codes, whole)))


@given(drawn=grouped(), groups=st.lists(st.integers(0, 3), max_size=6))
def test_taking_and_emptying(drawn, groups):
    X, codes, weight = drawn
    samples = learn(X, codes, weight).with_empty_group()
    cells = contents(samples)
    taken = contents(samples.take(np.array(groups, dtype=np.intp)))
    for i, g in enumerate(groups):
        for j in range(X.shape[1]):
            assert repr(taken[i, j]) == repr(cells[g, j])
    mask = np.zeros(samples.sizes.shape, dtype=bool)
    mask[1, 0] = True
    left = contents(samples.without(mask))
    assert left[1, 0] == []
    assert all(repr(left[key]) == repr(cells[key]) for key in cells if key != (1, 0))
