"""The compiled kernels beside their twins in NumPy: every dtype, layout, and way to be empty."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skprep.kernels import dispatch, reference
from skprep.kernels.counting import TILE

from .strategies import blocks

if not dispatch.compiled and os.environ.get("SKPREP_COMPILED") == "1":
    raise ImportError("SKPREP_COMPILED=1 demands the compiled kernels, and they were not built")
pytestmark = pytest.mark.skipif(not dispatch.compiled, reason="installed without the compiled kernels")


def test_the_extension_has_every_kernel():
    present = {name for module in dispatch.compiled for name in vars(module)}
    assert set(reference.__all__) | {"apply_affine", "undo_affine"} <= present


@settings(max_examples=400)
@given(block=blocks())
def test_sums(block):
    X, codes, n_groups, weight = block
    before = X.copy()
    pilot = np.zeros((n_groups, X.shape[1])) + (np.nanmedian(X) if X.size and not np.isnan(X).all() else 0.0)
    found = dispatch.sum_deviations(X, pilot, codes, n_groups, weight)
    expected = reference.sum_deviations(X, pilot, codes, n_groups, weight)
    np.testing.assert_array_equal(X, before)
    size = np.abs(X.astype(np.float64) - pilot[:1]) if X.size else np.zeros((1, 1))
    top = 3.0 * len(X) * (np.nanmax(size) if not np.isnan(size).all() else 0.0)
    for part, twin, scale in zip(found, expected, (1.0, top, top * top), strict=True):
        assert part.shape == twin.shape
        np.testing.assert_allclose(part, twin, rtol=1e-13, atol=1e-15 * scale)


@settings(max_examples=200)
@given(block=blocks(), n_covariates=st.integers(1, 3))
def test_products(block, n_covariates):
    X, codes, n_groups, _ = block
    codes = np.zeros(len(X), dtype=np.intp) if codes is None else codes
    mean = np.zeros((n_groups, X.shape[1])) + (np.nanmedian(X) if X.size and not np.isnan(X).all() else 0.0)
    D = np.sin(np.arange(len(X) * n_covariates, dtype=float)).reshape(len(X), n_covariates)
    found = dispatch.sum_cross(X, D, mean, codes, n_groups)
    expected = reference.sum_cross(X, D, mean, codes, n_groups)
    size = np.abs(X.astype(np.float64) - mean[:1]) if X.size else np.zeros((1, 1))
    top = len(X) * (np.nanmax(size) if not np.isnan(size).all() else 0.0)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13, atol=1e-15 * top)
    np.testing.assert_array_equal(found[1], expected[1])


@settings(max_examples=300)
@given(block=blocks())
@pytest.mark.parametrize("name", ["find_extrema", "find_smallest_two"])
def test_extrema(name, block):
    found, expected = getattr(dispatch, name)(*block), getattr(reference, name)(*block)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)
    for part, twin in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_array_equal(part, twin)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
@pytest.mark.parametrize("grouped", [False, True])
def test_an_infinity_is_the_smallest_value_there_is(grouped, infinite, order):
    X = np.asarray(np.arange(60_000.0).reshape(-1, 3), order=order)
    X[17_000, 1], X[40, 2] = infinite, np.nan
    codes, n_groups = (np.arange(len(X)) % 2, 2) if grouped else (None, 1)
    found = dispatch.find_smallest_two(X, codes, n_groups)
    for part, twin in zip(found, reference.find_smallest_two(X, codes, n_groups), strict=True):
        np.testing.assert_array_equal(part, twin)
    assert np.isneginf(found[1]).sum() == 1
    assert found[1][0, 1] == -np.inf
    assert found[1][0, 0] == 0.0
    assert found[0][0, 2] == len(X) // n_groups - 1


@pytest.mark.parametrize("n_groups", [1, 3, 1000])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 3, 50])
@pytest.mark.parametrize("first_missing", [None, 0, 39_999])
def test_many_blocks(first_missing, m, dtype, order, n_groups):
    """A NaN in one block must not spoil those before and after it."""
    rng = np.random.default_rng(0)
    X = np.asarray(rng.normal(5.0, 2.0, size=(40_001, m)).astype(dtype), order=order)
    if first_missing is not None:
        X[first_missing, m // 2] = np.nan
    codes = None if n_groups == 1 else rng.integers(0, n_groups, len(X))
    pilot = np.full((n_groups, m), 4.5)
    found = dispatch.sum_deviations(X, pilot, codes, n_groups)
    expected = reference.sum_deviations(X, pilot, codes, n_groups)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-13)
    for part, twin in zip(
        dispatch.find_extrema(X, codes, n_groups), reference.find_extrema(X, codes, n_groups), strict=True
    ):
        np.testing.assert_array_equal(part, twin)


@settings(max_examples=300)
@given(block=blocks(), room=st.sampled_from([0, 5, 62, 400]), seed=st.integers(0, 99))
def test_counting(block, room, seed):
    X = block[0]
    rng = np.random.default_rng(seed)
    values = X[~np.isnan(X)] if X.size and not np.isnan(X).all() else np.zeros(1, X.dtype)
    ends = np.sort(rng.choice(values, (X.shape[1], 3, 2)), axis=2)
    ends[rng.random(ends.shape[:2]) < 0.2, 1] = np.inf
    low, high = (np.ascontiguousarray(ends[:, :, i], dtype=X.dtype) for i in (0, 1))
    results = []
    for kernels in (dispatch, reference):
        there, counts = np.zeros(X.shape[1], dtype=np.int64), np.zeros((4, *low.shape), dtype=np.int64)
        kept = np.empty((*low.shape, room), dtype=X.dtype)
        for rows in (slice(0, 30), slice(30, None)):
            kernels.count_and_collect(X[rows], low, high, there, counts, kept)
        results.append((there, counts, kept))
    (there, counts, kept), (expected_there, expected, expected_kept) = results
    np.testing.assert_array_equal(there, expected_there)
    np.testing.assert_array_equal(counts[:3], expected[:3])
    full = counts[3] > room
    assert not full[expected[3] + TILE <= room].any()
    assert (counts[3][full] == room + 1).all()
    for j, k in np.argwhere(~full):
        n = expected[3][j, k]
        assert counts[3][j, k] == n
        np.testing.assert_array_equal(np.sort(kept[j, k, :n]), np.sort(expected_kept[j, k, :n]))


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32),
    runs=st.lists(st.integers(0, 40), max_size=6),
    ties=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    room=st.sampled_from([0, 5, 300]),
)
def test_counting_sorted_runs(seed, runs, ties, dtype, room):
    rng = np.random.default_rng(seed)
    sizes = np.array(runs, dtype=np.intp)
    stop = np.cumsum((sizes + 2)[::-1])[::-1].copy()  # the runs backwards, 2 places between them
    start = stop - 2 - sizes
    x = np.full(sum(runs) + 2 * len(runs), np.inf, dtype=dtype)
    for i, n in zip(start, sizes, strict=True):
        x[i : i + n] = np.sort(rng.integers(0, 9, n) if ties else rng.normal(size=n))
    low, high = np.sort(rng.integers(-1, 9, (2, 4)) if ties else rng.normal(size=(2, 4)), axis=0).astype(
        dtype
    )
    low[0], high[1] = -np.inf, np.inf
    results = []
    for kernels in (dispatch, reference):
        counts, kept = np.zeros((4, 4), dtype=np.int64), np.empty((4, room), dtype=dtype)
        kernels.count_runs(x, start, sizes, low, high, counts, kept)
        results.append((counts, kept))
    (counts, kept), (expected, expected_kept) = results
    np.testing.assert_array_equal(counts, expected)
    for k in np.flatnonzero(counts[3] <= room):
        n = counts[3, k]
        np.testing.assert_array_equal(np.sort(kept[k, :n]), np.sort(expected_kept[k, :n]))


@settings(max_examples=300)
@given(block=blocks())
def test_groups_side_by_side(block):
    X, codes, n_groups, _ = block
    codes = np.zeros(len(X), dtype=np.intp) if codes is None else codes
    room = np.bincount(codes, minlength=n_groups) + 1
    stop = np.ascontiguousarray(np.cumsum(room[::-1])[::-1])  # the groups backwards
    for j in range(X.shape[1]):
        out, expected = (np.full(room.sum(), 7.0, dtype=X.dtype) for _ in range(2))
        sizes = dispatch.gather_groups(X[:, j], codes, stop - room, stop, out)
        twin = reference.gather_groups(X[:, j], codes, stop - room, stop, expected)
        np.testing.assert_array_equal(sizes, twin)
        np.testing.assert_array_equal(out, expected)


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(0, 20), st.sampled_from([0, 1, 3, 8, 9, 64, 2500])),
    size=st.sampled_from([1.0, 30.0, 1e4, 1e36]),
    infinite=st.sampled_from([0.0, 0.3, 1.0]),
    missing=st.sampled_from([0.0, 0.01]),
)
def test_softmax(seed, shape, size, infinite, missing):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=shape) * size).astype(np.float32)
    x[rng.random(shape) < infinite] = -np.inf
    x[rng.random(shape) < missing] = np.nan
    found, expected = np.empty_like(x), np.empty(shape)
    dispatch.softmax_rows(x, found)
    with np.errstate(all="ignore"):
        reference.softmax_rows(x.astype(np.float64), expected)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-37)


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32),
    turns=st.integers(0, 20),
    period=st.sampled_from([1, 3]),
    width=st.sampled_from([0, 1, 3, 8, 9, 64, 500]),
    offset=st.sampled_from([0.0, 1e3]),
    dtype=st.sampled_from([np.float32, np.float64]),
    center=st.booleans(),
)
def test_normalising(seed, turns, period, width, offset, dtype, center):
    rng = np.random.default_rng(seed)
    shape = (turns * period, width)
    x, grad = ((rng.normal(size=shape) + shift).astype(dtype) for shift in (offset, 0.0))
    weight, bias = rng.normal(size=(2, period, width))
    found, expected = ([np.empty_like(x), np.zeros((len(x), 2)), np.zeros(len(x))] for _ in range(2))
    dispatch.normalise_rows(x, 1e-5, center, weight, bias, *found)
    reference.normalise_rows(x, 1e-5, center, weight, bias, *expected)
    eps = np.finfo(dtype).eps
    size = np.max(np.abs(expected[0]), initial=1.0)  # a bias may cancel what it is added to
    np.testing.assert_allclose(found[0], expected[0], atol=8 * eps * size + (1e-10 if offset else 0))
    for row, twin in zip(found[1].sum(axis=1), expected[1].sum(axis=1), strict=True):
        assert abs(row - twin) <= 1e-12 * max(1.0, abs(offset))
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-10)
    mean, inverse = expected[1:]
    back, back_twin = np.empty_like(x), np.empty_like(x)
    sums = dispatch.normalise_rows_backward(x, grad, center, weight, mean, inverse, back)
    sums_twin = reference.normalise_rows_backward(x, grad, center, weight, mean, inverse, back_twin)
    size = np.max(inverse, initial=1.0)
    np.testing.assert_allclose(back, back_twin, rtol=8 * eps, atol=1e3 * eps * size)
    for part, twin in zip(sums, sums_twin, strict=True):
        assert part.shape == twin.shape
        np.testing.assert_allclose(part, twin, rtol=1e-9, atol=1e-8)
