"""Moments of few rows and of many groups compiled, beside the same in NumPy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skprep.kernels import dispatch, moments
from skprep.statistics import Moments
from skprep.statistics import moments as statistic

from .strategies import blocks

pytestmark = pytest.mark.skipif(not dispatch.compiled, reason="installed without the compiled kernels")


def nothing(*args):
    """Stand for a kernel that leaves everything to NumPy."""


def in_numpy(call):
    with pytest.MonkeyPatch.context() as patch:
        for module in (moments, statistic):
            for name in ("column_moments", "sum_from_first", "merge_moments", "pool_moments"):
                patch.setattr(module, name, nothing, raising=False)
        return call()


def assert_same(found, expected, size):
    np.testing.assert_array_equal(found.count, expected.count)
    np.testing.assert_array_equal(found.exponent, expected.exponent)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=4e-16, atol=4e-16 * size)
    np.testing.assert_allclose(found.std(), expected.std(), rtol=1e-11, atol=1e-10 * size)


@given(block=blocks(), far=st.sampled_from([0.0, 1e9]), size=st.sampled_from([1.0, 1e-200, 1e200, 1e-300]))
def test_of_one_group(block, far, size):
    X, _, _, weight = block
    assume(X.shape[1])
    with np.errstate(all="ignore"):
        X = X.astype(np.float64) * size + far * size
    found, expected = (run(lambda: Moments.learn(X, None, 1, weight)) for run in (lambda f: f(), in_numpy))
    assert_same(found, expected, np.nanmax(np.abs(X), initial=0.0))


@given(
    seed=st.integers(0, 2**32),
    m=st.sampled_from([1, 2, 9]),
    order=st.sampled_from("CF"),
    dtype=st.sampled_from([np.float32, np.float64]),
    odd=st.sampled_from([None, np.nan, np.inf]),
)
def test_of_many_groups(seed, m, order, dtype, odd):
    rng = np.random.default_rng(seed)
    X = np.asarray(rng.normal(3.0, 2.0, size=(5_000, m)).astype(dtype), order=order)
    codes, n_groups = rng.integers(0, 2_500, len(X)), 2_501  # the last has no row
    if odd is not None:
        X[7, m // 2] = odd
    found, expected = (run(lambda: Moments.learn(X, codes, n_groups)) for run in (lambda f: f(), in_numpy))
    if odd == np.inf:
        assert not found.is_finite()
        assert not expected.is_finite()
        return
    assert_same(found, expected, 10.0)
    for g in set(codes[codes != codes[7]][:5].tolist()):
        rows = X[codes == g].astype(np.float64)
        near = 4e-16 * np.abs(rows).max(axis=0)  # of the values: of a mean near 0 their rounding may be much
        assert (np.abs(found.mean[g] - rows.mean(axis=0)) <= near).all()
    present = X[~np.isnan(X).any(axis=1)].astype(np.float64)
    if odd is None:
        exact = [math.fsum(column) / len(column) for column in present.T]
        for whole in (found.pool(), in_numpy(found.pool)):
            np.testing.assert_allclose(whole.mean[0], exact, rtol=1e-14)
            np.testing.assert_allclose(whole.std()[0], present.std(axis=0), rtol=1e-12)


@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    size=st.sampled_from([1.0, 1e150, 1e-150]),
    counts=st.sampled_from([(5, 3), (3, 5), (0, 4), (4, 0), (None, None)]),
)
def test_merging_is_that_of_numpy_to_the_bit(seed, shape, size, counts):
    rng = np.random.default_rng(seed)

    def part(n):
        count = rng.integers(0, 4, shape).astype(float) if n is None else np.full(shape, float(n))
        values = [np.where(count > 0, size * rng.normal(size=shape), 0.0) for _ in range(2)]
        m2 = np.where(count > 0, rng.random(shape), 0.0)
        return Moments(count, *values, m2, np.zeros(shape, dtype=np.int64))

    a, b = map(part, counts)
    found, expected = (run(lambda: a.merge(b)) for run in (lambda f: f(), in_numpy))
    for name in ("count", "origin", "offset", "m2", "exponent"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
