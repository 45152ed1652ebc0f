import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skprep.kernels.affine import scale_array, unscale_array

numbers = st.floats(-1e30, 1e30)
scales = st.floats(1e-30, 1e30)


@given(
    X=hnp.arrays(np.float64, (5, 3), elements=st.one_of(numbers, st.just(np.nan))),
    center=st.none() | hnp.arrays(np.float64, 3, elements=numbers),
    scale=st.none() | hnp.arrays(np.float64, 3, elements=scales),
)
def test_float64_is_the_formula_to_the_bit(X, center, scale):
    c, s = 0.0 if center is None else center, 1.0 if scale is None else scale
    np.testing.assert_array_equal(scale_array(X, center, scale, np.empty_like(X)), (X - c) / s)
    np.testing.assert_array_equal(unscale_array(X, center, scale, np.empty_like(X)), X * s + c)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("ratio", [0.0, 1.0, 1e2, 1e6])
def test_a_narrow_result_is_the_wide_one_rounded(dtype, ratio):
    rng = np.random.default_rng(0)
    center, scale = np.full(4, ratio * 0.01), np.full(4, 0.0123456789)
    X = (center + scale * rng.normal(size=(500, 4))).astype(dtype)
    found = scale_array(X, center, scale, np.empty_like(X))
    wide = (X.astype(np.float64) - center) / scale
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, wide, rtol=2 * eps, atol=2 * eps)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_in_place_equals_out_of_place(dtype):
    X = np.random.default_rng(1).normal(5.0, 2.0, size=(20, 3)).astype(dtype)
    center, scale = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 3.0])
    for kernel in (scale_array, unscale_array):
        expected = kernel(X.copy(), center, scale, np.empty_like(X))
        again = X.copy()
        assert kernel(again, center, scale, again) is again
        np.testing.assert_array_equal(again, expected)
