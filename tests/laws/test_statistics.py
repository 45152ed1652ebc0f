"""The laws of a statistic: parts merge to the whole, the empty one changes nothing, groups are rows."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from skprep.statistics import Extrema, MedianDeviation, MedianOfMeans, Moments, Quantiles, SmallestTwo

from .strategies import cuts, grouped, matrices, parts

ALL = [Moments, Extrema, SmallestTwo, Quantiles, MedianDeviation, MedianOfMeans]
ORDER_FREE = [kind for kind in ALL if kind is not MedianOfMeans]  # which numbers its rows


def summary(statistic):
    """What a statistic says, in numbers that can be compared to rounding."""
    if isinstance(statistic, Moments | MedianOfMeans):
        return [statistic.count, statistic.center(), statistic.std()]
    if isinstance(statistic, Quantiles):
        return [statistic.count, statistic.values]
    return list(statistic.to_dict().values())


def assert_same(a, b, X):
    size = np.nanmax(np.abs(X), axis=0, initial=0.0, where=~np.isnan(X))
    for x, y in zip(summary(a), summary(b), strict=True):
        allowed = 1e-13 * (size[:, None] if np.ndim(x) == 3 else size)
        assert np.shape(x) == np.shape(y)
        with np.errstate(invalid="ignore"):  # inf - inf: equal by ==
            near = np.abs(np.asarray(x) - y) <= 1e-11 * np.abs(y) + allowed
        assert (near | (x == y) | (np.isnan(x) & np.isnan(y))).all(), (x, y)


@pytest.mark.parametrize("kind", ALL)
@given(data=st.data())
def test_parts_merge_to_the_whole(kind, data):
    X, codes, weight = data.draw(grouped())
    places = data.draw(cuts(len(X)))
    learnt = [kind.learn(x, c, 3, w) for x, c, w in parts(X, places, codes, weight)]
    assert_same(reduce(lambda a, b: a.merge(b), learnt), kind.learn(X, codes, 3, weight), X)


@pytest.mark.parametrize("kind", ALL)
@given(data=st.data())
def test_merging_is_associative(kind, data):
    X = data.draw(matrices())
    places = sorted(data.draw(st.tuples(*[st.integers(0, len(X))] * 2)))
    a, b, c = (kind.learn(x) for (x,) in parts(X, places))
    assert_same(a.merge(b).merge(c), a.merge(b.merge(c)), X)


@pytest.mark.parametrize("kind", ALL)
@given(X=matrices())
def test_the_empty_statistic_is_the_identity(kind, X):
    learnt = kind.learn(X)
    for whole in (learnt.merge(kind.empty(1, X.shape[1])), kind.empty(1, X.shape[1]).merge(learnt)):
        for a, b in zip(summary(whole), summary(learnt), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ALL)
@given(drawn=grouped())
def test_groups_equal_a_loop_over_groups(kind, drawn):
    X, codes, weight = drawn
    together = kind.learn(X, codes, 3, weight)
    for g in range(3):
        alone = kind.learn(X[codes == g], None, 1, weight[codes == g])
        assert_same(together.take([g]), alone, X)


@pytest.mark.parametrize("kind", ALL)
@given(drawn=grouped())
def test_a_whole_weight_equals_repeating_the_row(kind, drawn):
    X, _, weight = drawn
    assert_same(kind.learn(X, sample_weight=weight), kind.learn(np.repeat(X, weight.astype(int), 0)), X)


@pytest.mark.parametrize("kind", ORDER_FREE)
@given(data=st.data())
def test_parts_merge_in_any_order(kind, data):
    X, codes, weight = data.draw(grouped())
    learnt = [kind.learn(x, c, 3, w) for x, c, w in parts(X, data.draw(cuts(len(X))), codes, weight)]
    shuffled = data.draw(st.permutations(learnt))
    one, other = (reduce(lambda a, b: a.merge(b), p) for p in (learnt, shuffled))
    assert_same(one, other, X)


@pytest.mark.parametrize("kind", ORDER_FREE)
@given(data=st.data())
def test_permuting_rows_changes_nothing(kind, data):
    X, codes, weight = data.draw(grouped())
    order = data.draw(st.permutations(range(len(X))))
    assert_same(kind.learn(X, codes, 3, weight), kind.learn(X[order], codes[order], 3, weight[order]), X)


@pytest.mark.parametrize("kind", ALL)
@given(drawn=grouped())
def test_a_dict_restores_the_statistic_exactly(kind, drawn):
    X, codes, weight = drawn
    learnt = kind.learn(X, codes, 3, weight)
    restored = kind.from_dict(learnt.to_dict())
    assert restored.to_dict().keys() == learnt.to_dict().keys()
    for a, b in zip(summary(restored), summary(learnt), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
@pytest.mark.parametrize("kind", ALL)
@given(drawn=grouped())
def test_sparse_equals_dense(kind, form, drawn):
    X, codes, weight = drawn
    X = np.where(np.abs(X) > 2, 0.0, X)  # NaN stays
    assert_same(kind.learn(form(X), codes, 3, weight), kind.learn(X, codes, 3, weight), X)


@pytest.mark.parametrize("kind", ALL)
@given(X=matrices())
def test_the_input_is_left_alone(kind, X):
    before = X.copy()
    X.flags.writeable = False
    kind.learn(X)
    np.testing.assert_array_equal(X, before)
