import numpy as np
import pytest

from skprep import nn


def test_adanorm_sums_the_gradient_of_what_was_broadcast():
    rng = np.random.default_rng(0)
    layer, x, c, grad = (
        nn.AdaNorm(4, 3),
        rng.normal(size=(1, 4)),
        rng.normal(size=(5, 3)),
        rng.normal(size=(5, 4)),
    )
    layer.params["affine.weight"][...] = rng.normal(size=(8, 3))
    layer(x, c)
    found = layer.backward(grad)[0]
    assert found.shape == x.shape
    step = 1e-6
    for j in range(4):
        moved = x.copy()
        moved[0, j] += step
        up = (layer(moved, c) * grad).sum()
        moved[0, j] -= 2 * step
        np.testing.assert_allclose(found[0, j], (up - (layer(moved, c) * grad).sum()) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float32, 1e-30), (np.float32, 1e30), (np.float16, 300), (float, 1e-200)]
)
def test_weight_norm_of_any_length(dtype, size):
    layer = nn.WeightNorm(nn.Linear(2, 1, bias=False).astype(dtype))
    layer.load_state_dict({"weight_g": [[2.0]], "weight_v": np.array([[size, size]])})
    np.testing.assert_allclose(layer(np.array([[1.0, 0.0]], dtype=dtype)), [[np.sqrt(2.0)]], rtol=2e-3)
    with pytest.raises(ValueError, match="whose weight is a matrix"):
        nn.WeightNorm(nn.BatchNorm(3))


@pytest.mark.parametrize("value", [1e30, 1e12 / 7, 0.1])
@pytest.mark.parametrize("layer", [nn.LayerNorm(49), nn.GroupNorm(1, 49)])
def test_a_row_of_one_value_is_centered_to_exactly_zero(layer, value):
    np.testing.assert_array_equal(layer(np.full((1, 49), value)), np.zeros((1, 49)))
    if isinstance(layer, nn.LayerNorm):
        mask = np.ones((1, 49), dtype=bool)
        np.testing.assert_allclose(layer(np.full((1, 49), value), mask=mask), np.zeros((1, 49)), atol=0.1)


def test_running_statistics_keep_their_digits_in_a_narrow_layer():
    layer = nn.BatchNorm(1, momentum=None).astype(np.float32)
    rng = np.random.default_rng(0)
    batches = [1e6 + rng.normal(size=(10, 1)) for _ in range(50)]
    for batch in batches:
        layer(batch)
    state = layer.state_dict()
    assert state["weight"].dtype == np.float32
    assert state["running_mean"].dtype == np.float64
    np.testing.assert_allclose(state["running_mean"], np.mean(batches, axis=(0, 1)), rtol=1e-14)


def test_rms_norm_without_eps_has_that_of_the_dtype():
    for dtype in (np.float32, np.float64):
        x = np.full((1, 4), 1e-7, dtype=dtype)
        expected = x / np.sqrt(np.float64(x[0, 0]) ** 2 + np.finfo(dtype).eps)
        np.testing.assert_allclose(nn.RMSNorm(4, eps=None)(x), expected, rtol=1e-6)


def test_a_single_masked_value_of_rms_norm():
    layer = nn.RMSNorm(1, eps=0.0)
    assert layer(np.full((1, 1), 3.0), mask=np.ones((1, 1), dtype=bool)).tolist() == [[1.0]]


def test_batch_norm_of_no_rows():
    layer = nn.BatchNorm(3, track_running_stats=False).eval()
    assert layer(np.empty((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="more than one value per channel"):
        nn.BatchNorm(3)(np.empty((0, 3)))


def test_constant_statistics_let_a_gradient_through_whatever_the_row_is():
    layer = nn.BatchNorm(1, eps=0.0).eval()
    layer(np.array([[np.inf], [np.nan], [1.0]]))
    np.testing.assert_array_equal(layer.backward(np.full((3, 1), 2.0)), np.full((3, 1), 2.0))
