"""Where other libraries give NaN or lose state: the documented answers."""

import copy
import pickle

import numpy as np
import pytest

from skprep import nn


def test_softmax_of_huge_and_absent_logits():
    big = np.array([[1e308, -1e308, 1e308], [np.inf, 0.0, 1.0], [-np.inf, -np.inf, -np.inf]])
    np.testing.assert_array_equal(nn.softmax(big), [[0.5, 0, 0.5], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(nn.log_softmax(big)[2], [-np.inf] * 3)
    masked = nn.softmax([[1.0, 2.0], [3.0, 4.0]], mask=[[False, False], [True, False]])
    np.testing.assert_array_equal(masked, [[0, 0], [1, 0]])
    assert np.isnan(nn.softmax([np.nan, 1.0])).all()
    np.testing.assert_array_equal(nn.softmax([0.0, 1e300], temperature=1e-300), [0, 1])
    with pytest.raises(ValueError, match="temperature must be above 0; received 0"):
        nn.softmax([1.0], temperature=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_narrow_floats_stay(dtype):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(dtype)
    for y in (nn.softmax(x), nn.log_softmax(x), nn.softmax_cross_entropy(x, [0, 1, 2, 3])[1]):
        assert y.dtype == dtype
    for layer in (nn.LayerNorm(6), nn.RMSNorm(6), nn.BatchNorm(6), nn.GroupNorm(2, 6), nn.GELU(), nn.ReLU()):
        y = layer.astype(dtype)(x)
        assert y.dtype == layer.backward(y).dtype == dtype
        wide = layer.astype(np.float64)(x.astype(np.float64))
        np.testing.assert_allclose(y, wide, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


def test_all_targets_ignored_is_loss_0_and_gradient_0():
    loss, grad = nn.softmax_cross_entropy([[1.0, 2.0]], [-100], ignore_index=-100)
    assert loss == 0.0
    np.testing.assert_array_equal(grad, [[0, 0]])
    losses, _ = nn.softmax_cross_entropy([[1e308, 0.0]], [1], reduction="none")
    assert np.isfinite(losses[0])


def test_a_weight_of_length_0_gives_0_and_not_nan():
    layer = nn.WeightNorm(nn.Linear(2, 2, bias=False))
    layer.params["weight_v"][0] = 0.0
    y = layer(np.ones((3, 2)))
    assert (y[:, 0] == 0).all()
    layer.backward(np.random.default_rng(0).normal(size=(3, 2)))
    assert (layer.grads["weight_v"][0] == 0).all()
    assert (layer.grads["weight_g"][0] == 0).all()
    assert np.isfinite(layer.grads["weight_v"]).all()


def test_zeros_and_huge_values_in_narrow_floats():
    zeros = np.zeros((2, 4), dtype=np.float16)
    for layer in (nn.LayerNorm(4, eps=1e-12), nn.RMSNorm(4, eps=1e-12), nn.BatchNorm(4, eps=1e-12)):
        assert (layer(zeros) == 0).all()
    huge = np.array([[1e30, -1e30, 1e30, -1e30]], dtype=np.float32)
    np.testing.assert_allclose(nn.LayerNorm(4)(huge), [[1, -1, 1, -1]])
    far = np.array([[1e8 + 1, 1e8 + 3]])
    np.testing.assert_allclose(nn.LayerNorm(2, eps=0.0)(far), [[-1, 1]])


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
def test_a_batch_of_one_value_is_refused_in_training_and_fine_at_inference(shape):
    layer = nn.BatchNorm(3)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="more than one value per channel in training; received shape"):
        layer(np.ones(shape))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert np.isfinite(layer.eval()(np.ones(shape))).all()


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_layers_copy_and_pickle(twin):
    layer = nn.Sequential(nn.WeightNorm(nn.Linear(3, 4)), nn.BatchNorm(4), nn.Dropout(0.5, random_state=0))
    x = np.random.default_rng(0).normal(size=(6, 3))
    layer(x)
    other = twin(layer)
    np.testing.assert_array_equal(other(x), layer(x))
    other.params["0.weight_g"][...] = 7.0
    assert (layer.params["0.weight_g"] != 7.0).all()
    assert other.eval()(x).shape == (6, 4)


def test_padding_counts_for_nothing():
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(3, 2, 5)), [5, 3, 1]
    mask = np.arange(5) < np.array(lengths)[:, None]
    padded = np.where(mask[:, None], x, 1e9)
    layer, plain = nn.BatchNorm(2), nn.BatchNorm(2)
    y = layer(padded, mask)
    rows = np.concatenate([x[i, :, :n].T for i, n in enumerate(lengths)])
    expected = plain(rows)
    found = np.concatenate([y[i, :, :n].T for i, n in enumerate(lengths)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (y[~np.broadcast_to(mask[:, None], y.shape)] == 0).all()
    for name, value in plain.state_dict().items():
        np.testing.assert_allclose(layer.state_dict()[name], value, rtol=1e-12)
    tokens = np.swapaxes(padded, 1, 2)  # (N, L, C), normalised over both
    z = nn.LayerNorm((5, 2), elementwise_affine=False)(tokens, mask[:, :, None])
    for i, n in enumerate(lengths):
        own = np.swapaxes(x, 1, 2)[i : i + 1, :n]
        np.testing.assert_allclose(z[i : i + 1, :n], nn.LayerNorm((n, 2))(own), rtol=1e-9)


def test_reversible_blocks_give_their_input_back():
    rng = np.random.default_rng(0)
    block = nn.ReversibleBlock(
        nn.Sequential(nn.Linear(3, 3), nn.GELU()), nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    )
    x = rng.normal(size=(4, 6))
    np.testing.assert_allclose(block.inverse(block(x)), x, rtol=1e-12, atol=1e-12)


def test_adaptive_clipping_by_unit():
    rng = np.random.default_rng(0)
    weight, grad = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)) * [[0.0], [1e-4], [1.0], [50.0], [1e5]]
    clipped = nn.adaptive_grad_clip(weight, grad, clipping=0.1)
    for w, g, c in zip(weight, grad, clipped, strict=True):
        most = 0.1 * max(np.linalg.norm(w), 1e-3)
        expected = g if np.linalg.norm(g) <= most else g * most / np.linalg.norm(g)
        np.testing.assert_allclose(c, expected, rtol=1e-12)
    # A vector is one unit: |w| = 2, |g| = 5 sqrt(2), so that its length becomes 0.02.
    np.testing.assert_allclose(nn.adaptive_grad_clip([0.0, 2.0], [5.0, 5.0]), np.full(2, 0.02 / np.sqrt(2)))
    with pytest.raises(ValueError, match="one shape; received"):
        nn.adaptive_grad_clip(weight, grad[:2])


def test_dropout():
    layer = nn.Dropout(0.25, random_state=0)
    x = np.ones((200, 200))
    y = layer(x)
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.01
    np.testing.assert_array_equal(layer.backward(x), y)
    np.testing.assert_array_equal(layer.eval()(x), x)
    assert (nn.Dropout(1.0)(x) == 0).all()
    assert nn.Dropout(0.5, random_state=0)(x.astype(np.float32)).dtype == np.float32


def test_errors_say_what_is_required_received_and_to_do():
    layer = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    with pytest.raises(ValueError, match=r"last axis has 3 entries; received shape \(1, 4\)"):
        layer(np.ones((1, 4)))
    with pytest.raises(RuntimeError, match="needs a forward pass before it"):
        nn.Linear(2, 2).backward(np.ones((1, 2)))
    state = layer.state_dict()
    with pytest.raises(ValueError, match="exactly the names"):
        layer.load_state_dict({"0.weight": state["0.weight"]})
    with pytest.raises(ValueError, match=r"'0\.bias' is \(2,\), received \(5,\)"):
        layer.load_state_dict({**state, "0.bias": np.ones(5)})
    for call, message in (
        (lambda: nn.BatchNorm(3)(np.ones((4, 2))), r"takes \(N, 3\) or \(N, 3, \*\); received shape"),
        (lambda: nn.LayerNorm(3)(np.ones((4, 2))), r"last axes are \(3,\); received shape"),
        (lambda: nn.GroupNorm(2, 3), "must divide num_channels; received 2 groups of 3"),
        (lambda: nn.GroupNorm(1, 3)(np.ones((4, 2))), r"takes \(N, 3, \*\)"),
        (lambda: nn.InstanceNorm(3)(np.ones((4, 3))), "more than one place per channel"),
        (lambda: nn.WeightNorm(nn.ReLU()), "a layer with a weight of its own; received ReLU"),
        (lambda: nn.Dropout(2), "p must be from 0 to 1; received 2"),
        (lambda: nn.ReversibleBlock(nn.ReLU(), nn.ReLU())(np.ones((1, 3))), "even number of features"),
        (lambda: nn.softmax_cross_entropy([[1.0, 2.0]], [2]), "from 0 to 1; received 2"),
        (lambda: nn.softmax_cross_entropy([[1.0, 2.0]], [[1]]), "one for each row of logits; received"),
        (lambda: nn.softmax_cross_entropy([[1.0, 2.0]], [0.5]), "must have the shape of the logits"),
        (lambda: nn.softmax_cross_entropy([[1.0, 2.0]], [1], weight=[1]), "for each of 2 classes; received"),
        (lambda: nn.softmax_cross_entropy([[1.0, 2.0]], [1], reduction="max"), "reduction must be"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, -1e9])
def test_rows_far_from_zero_lose_no_digits(offset, dtype):
    rng = np.random.default_rng(0)
    x = (offset + rng.normal(size=(6, 64)) * (1 if dtype == np.float64 else 1000)).astype(dtype)
    wide = x.astype(np.longdouble)

    def exact(x, axis):
        centered = x - x.mean(axis=axis, keepdims=True)
        return (centered / np.sqrt((centered**2).mean(axis=axis, keepdims=True) + 1e-5)).astype(np.float64)

    tolerance = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(nn.LayerNorm(64)(x), exact(wide, 1), atol=tolerance)
    np.testing.assert_allclose(nn.GroupNorm(1, 64)(x), exact(wide, 1), atol=tolerance)
    everywhere = np.ones(x.shape, dtype=bool)
    np.testing.assert_allclose(nn.LayerNorm(64)(x, mask=everywhere), exact(wide, 1), atol=tolerance)
    np.testing.assert_allclose(nn.BatchNorm(64)(x), exact(wide, 0), atol=2 * tolerance)
    np.testing.assert_allclose(nn.BatchNorm(64)(x, mask=everywhere), exact(wide, 0), atol=2 * tolerance)


def test_a_masked_constant_is_exactly_the_bias():
    x = np.full((2, 7), 1e12 / 7)
    for mask in (np.ones((2, 7), dtype=bool), np.arange(7) < 5):
        np.testing.assert_array_equal(nn.LayerNorm(7)(x, mask=mask), np.zeros((2, 7)))
        np.testing.assert_array_equal(nn.BatchNorm(7)(x, mask=np.ones((2, 7), dtype=bool)), np.zeros((2, 7)))


def test_the_running_mean_of_a_channel_whose_first_value_is_infinite():
    layer = nn.BatchNorm(2, momentum=1.0)
    with np.errstate(all="ignore"):
        layer(np.array([[np.inf, 1.0], [2.0, 3.0], [3.0, 5.0]]))
    assert layer.state_dict()["running_mean"].tolist() == [np.inf, 3.0]


@pytest.mark.parametrize("mask", [[0.0, 0.0, -np.inf], [1.0, 1.0, 0.0], [0, 2, 1]])
@pytest.mark.parametrize("call", [
    lambda mask: nn.softmax([1.0, 2.0, 3.0], mask=mask),
    lambda mask: nn.log_softmax([1.0, 2.0, 3.0], mask=mask),
    lambda mask: nn.LayerNorm(3)(np.ones((1, 3)), mask=mask),
    lambda mask: nn.BatchNorm(3)(np.ones((3, 3)), mask=mask),
])  # fmt: skip
def test_a_mask_that_is_not_boolean_is_refused(call, mask):
    with pytest.raises(ValueError, match="mask must be boolean, True where there is data; received"):
        call(mask)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_by_class_numbers_is_that_by_probabilities(reduction, ignored, weighted, smoothing):
    rng = np.random.default_rng(0)
    logits, classes = rng.normal(size=(2, 5, 4)), rng.integers(0, 4, (2, 5))
    weight = np.array([1.0, 0.0, 2.5, 0.5]) if weighted else None
    counted = np.ones(classes.shape, dtype=bool)
    if ignored:
        counted[0, 1] = counted[1, 4] = False
    targets = np.where(counted, classes, -100)
    ignore = -100 if ignored else None
    loss, grad = nn.softmax_cross_entropy(
        logits, targets, reduction=reduction, label_smoothing=smoothing, ignore_index=ignore, weight=weight
    )
    probabilities = np.eye(4)[classes] * counted[..., None]
    w = np.ones(4) if weight is None else weight
    t = (probabilities * (1 - smoothing) + smoothing / 4) * w * counted[..., None]
    log_y = nn.log_softmax(logits)
    losses, grads = -(t * log_y).sum(-1), np.exp(log_y) * t.sum(-1, keepdims=True) - t
    total = (w[classes] * counted).sum() if reduction == "mean" else 1.0
    np.testing.assert_allclose(loss, losses if reduction == "none" else losses.sum() / total, rtol=1e-12)
    np.testing.assert_allclose(grad, grads / total, rtol=1e-12, atol=1e-15)
