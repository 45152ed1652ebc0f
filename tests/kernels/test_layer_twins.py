"""The compiled kernels of layers beside their twins in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep.kernels import dispatch, reference

pytestmark = pytest.mark.skipif(not dispatch.compiled, reason="installed without the compiled kernels")
shapes = st.tuples(st.sampled_from([1, 2, 7, 40]), st.sampled_from([1, 3, 8, 33, 70]))
dtypes = st.sampled_from([np.float32, np.float64])


@given(
    seed=st.integers(0, 2**32),
    shape=shapes,
    dtype=dtypes,
    far=st.sampled_from([0.0, 1e6]),
    divide=st.booleans(),
)
def test_columns(seed, shape, dtype, far, divide):
    rng = np.random.default_rng(seed)
    x, grad = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    x += dtype(far)
    head, tail, scale, weight, bias = (rng.uniform(0.5, 2.0, shape[1]) for _ in range(5))
    own = head + far, tail, scale, divide
    found, expected = np.empty_like(x), np.empty_like(x)
    dispatch.normalise_columns(x, *own, weight, bias, found)
    reference.normalise_columns(x, *own, weight, bias, expected)
    np.testing.assert_array_equal(found, expected)
    for part, twin in zip(
        dispatch.sum_column_gradients(x, grad, *own),
        reference.sum_column_gradients(x, grad, *own),
        strict=True,
    ):
        np.testing.assert_allclose(part, twin, rtol=1e-12, atol=1e-12 * max(1.0, far))
    dispatch.write_column_gradients(x, grad, *own, weight, bias, scale, found)
    reference.write_column_gradients(x, grad, *own, weight, bias, scale, expected)
    np.testing.assert_array_equal(found, expected)


@given(seed=st.integers(0, 2**32), n=st.integers(0, 70), dtype=dtypes, t=st.integers(1, 5))
def test_steps_of_adam_to_the_bit(seed, n, dtype, t):
    rng = np.random.default_rng(seed)
    ours = [rng.normal(size=n).astype(dtype) for _ in range(3)] + [rng.random(n).astype(dtype)]
    theirs = [v.copy() for v in ours]
    rule = 0.9, 0.999, 0.001 / (1 - 0.9**t), np.sqrt(1 - 0.999**t), 1e-8
    dispatch.adam_step(*ours, *rule)
    reference.adam_step(*theirs, *rule)
    for part, twin in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(part, twin)


def test_gelu_is_the_exact_one_rounded_to_float32():
    x = np.linspace(-13.0, 13.0, 20_001).astype(np.float32)
    found, back = np.empty_like(x), np.empty_like(x)
    dispatch.gelu(x, found)
    dispatch.gelu_backward(x, np.ones_like(x), back)
    expected, slope = np.empty(len(x)), np.empty(len(x))
    reference.gelu(x, expected)
    reference.gelu_backward(x, np.ones(len(x)), slope)
    spacing = np.spacing(np.abs(expected).astype(np.float32)).astype(np.float64)
    assert (np.abs(found - expected) <= 0.52 * spacing).all()
    np.testing.assert_allclose(back, slope, rtol=3e-7, atol=1e-8)
    ends = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, -1e30], dtype=np.float32)
    twin = np.empty(6)
    with np.errstate(invalid="ignore"):
        reference.gelu(ends, twin)
    dispatch.gelu(ends, ends)
    np.testing.assert_array_equal(ends, twin)


@given(
    seed=st.integers(0, 2**32),
    shape=shapes,
    dtype=dtypes,
    size=st.sampled_from([1.0, 30.0, 1e3]),
    smooth=st.booleans(),
    odd=st.sampled_from([None, np.nan, np.inf, -np.inf]),
)
def test_cross_entropy(seed, shape, dtype, size, smooth, odd):
    rng = np.random.default_rng(seed)
    logits = (size * rng.normal(size=shape)).astype(dtype)
    if odd is not None:
        logits[shape[0] // 2, shape[1] // 2] = odd
    classes, on_class = rng.integers(0, shape[1], shape[0]), rng.choice([0.0, 0.5, 1.0], shape[0])
    on_all = rng.choice([0.0, 0.1], shape[1]) if smooth else np.empty(0)
    answers = []
    for module in (dispatch, reference):
        losses, grad = np.empty(shape[0]), np.empty_like(logits)
        fine = module.cross_entropy_rows(logits, classes, on_class, on_all, 7.0, losses, grad)
        answers.append((fine, losses, grad))
    assert answers[0][0] == answers[1][0]
    assert answers[0][0] or odd is not None
    if answers[0][0]:
        np.testing.assert_allclose(answers[0][1], answers[1][1], rtol=1e-12, atol=1e-12 * size)
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(answers[0][2], answers[1][2], rtol=2 * eps, atol=4 * eps)
