import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skprep.kernels import dispatch
from skprep.maps import AffineMap, RangedMap

from ..kernels.strategies import blocks

numbers = st.floats(-1e30, 1e30)
scales = st.floats(1e-30, 1e30)


@given(
    X=hnp.arrays(np.float64, (5, 3), elements=st.one_of(numbers, st.just(np.nan))),
    center=st.none() | hnp.arrays(np.float64, (1, 3), elements=numbers),
    scale=st.none() | hnp.arrays(np.float64, (1, 3), elements=scales),
)
def test_float64_is_the_formula_to_the_bit(X, center, scale):
    c, s = 0.0 if center is None else center, 1.0 if scale is None else scale
    learnt = AffineMap.of(center, scale, (1, 3))
    np.testing.assert_array_equal(learnt.apply(X), (X - c) / s)
    np.testing.assert_array_equal(learnt.undo(X), X * s + c)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("ratio", [0.0, 1.0, 1e2, 1e6])
def test_a_narrow_result_is_the_wide_one_rounded_once(dtype, ratio):
    rng = np.random.default_rng(0)
    center, scale = np.full((1, 4), ratio * 0.01), np.full((1, 4), 0.0123456789)
    X = (center + scale * rng.normal(size=(500, 4))).astype(dtype)
    learnt, found = AffineMap(None, center, scale), np.empty_like(X)
    learnt.read_formula(X, found)
    wide = (X.astype(np.float64) - center) / scale
    np.testing.assert_array_equal(found, wide.astype(dtype))
    np.testing.assert_allclose(learnt.apply(X), wide, rtol=np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("undo", [False, True])
def test_in_place_equals_out_of_place(dtype, undo):
    X = np.random.default_rng(1).normal(5.0, 2.0, size=(20, 3)).astype(dtype)
    learnt = AffineMap(None, np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 1.0, 3.0]]))
    expected = learnt.undo(X) if undo else learnt.apply(X)
    again = X.copy()
    assert learnt.write(again, again, undo=undo) is False
    np.testing.assert_array_equal(again, expected)


@settings(max_examples=200)
@given(
    block=blocks(),
    bounds=st.sampled_from([None, (-1.0, 1.0), (0.0, 0.3)]),
    infinite=st.booleans(),
    out_layout=st.sampled_from(["alike", "C", "F"]),
    scale=st.sampled_from([0.7, 1e-300, 1e30]),
    undo=st.booleans(),
)
def test_the_compiled_kernel_equals_the_formula(block, bounds, infinite, out_layout, scale, undo):
    X, codes, n_groups, _ = block
    if infinite and X.size:
        X = np.array(X, order="K")
        X.flat[X.size // 2] = -np.inf
    rng = np.random.default_rng(1)
    center = rng.normal(size=(n_groups, X.shape[1]))
    scale = scale * rng.random((n_groups, X.shape[1])) + scale / 2
    center[-1] = np.nan  # a group without parameters
    learnt = AffineMap(bounds, center, scale)
    found, twin = (
        np.empty_like(X) if out_layout == "alike" else np.empty(X.shape, X.dtype, order=out_layout)
        for _ in range(2)
    )
    with np.errstate(all="ignore"):
        seen, expected = learnt.write(X, found, codes, undo), learnt.read_formula(X, twin, codes, undo)
    assert seen == expected == bool(np.isinf(X).any())
    if X.dtype == np.float64 or not dispatch.takes_affine(X, found):
        np.testing.assert_array_equal(found, twin)
    else:  # the product with the reciprocal, in float64: at most one rounding of float32 more
        np.testing.assert_allclose(found, twin, rtol=1.2e-7)


@settings(max_examples=100)
@given(
    block=blocks(),
    feature_range=st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (-0.1, 0.3), (5, 7.5)]),
    out_layout=st.sampled_from(["alike", "C", "F"]),
    size=st.sampled_from([1.0, 1.7e308]),
    undo=st.booleans(),
)
def test_a_range_in_place_equals_the_formula(block, feature_range, out_layout, size, undo):
    X, codes, n_groups, _ = block
    rng = np.random.default_rng(1)
    center = size * rng.uniform(-1, 0, size=(n_groups, X.shape[1]))
    learnt = RangedMap(None, center, size * rng.uniform(0.1, 1, center.shape), feature_range=feature_range)
    found, twin = (
        np.empty_like(X) if out_layout == "alike" else np.empty(X.shape, X.dtype, order=out_layout)
        for _ in range(2)
    )
    with np.errstate(all="ignore"):
        assert learnt.write(X, found, codes, undo) == learnt.read_formula(X, twin, codes, undo)
    if feature_range == (0.0, 1.0) and (X.dtype == np.float32 or size > 1):
        kept = np.isfinite(twin)  # where the formula leaves float64 on its way, half of everything does not
        np.testing.assert_allclose(found[kept], twin[kept], rtol=1.2e-7)
    else:
        np.testing.assert_array_equal(found, twin)
