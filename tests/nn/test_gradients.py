"""Every gradient against central differences, with a random upstream gradient (never all ones)."""

import numpy as np
import pytest

from skprep import nn

RNG = np.random.default_rng(0)
STEP = 1e-5


def differences(function, x):
    """The gradient of a scalar function of an array, by central differences."""
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + STEP
        up = function()
        x[i] = kept - STEP
        down = function()
        x[i] = kept
        grad[i] = (up - down) / (2.0 * STEP)
    return grad


def random_state(layer):
    for value in layer.params.values():
        value[...] = RNG.normal(size=value.shape) + 0.5
    return layer


LAYERS = {
    "linear": (lambda: nn.Linear(4, 3), (5, 4)),
    "linear, no bias": (lambda: nn.Linear(4, 3, bias=False), (2, 3, 4)),
    "batch": (lambda: nn.BatchNorm(3, track_running_stats=False), (6, 3)),
    "batch, places": (lambda: nn.BatchNorm(3, track_running_stats=False), (4, 3, 2, 2)),
    "batch, inference": (lambda: nn.BatchNorm(3).eval(), (6, 3)),
    "layer": (lambda: nn.LayerNorm(4), (3, 4)),
    "layer, two axes": (lambda: nn.LayerNorm((3, 4)), (2, 3, 4)),
    "rms": (lambda: nn.RMSNorm(4), (3, 4)),
    "instance": (lambda: nn.InstanceNorm(2, affine=True), (3, 2, 5)),
    "group": (lambda: nn.GroupNorm(2, 4), (3, 4, 2)),
    "weight norm": (lambda: nn.WeightNorm(nn.Linear(4, 3)), (5, 4)),
    "relu": (nn.ReLU, (4, 3)),
    "gelu": (nn.GELU, (4, 3)),
    "sequential": (
        lambda: nn.Sequential(nn.Linear(4, 6), nn.GroupNorm(3, 6), nn.GELU(), nn.Linear(6, 2)),
        (5, 4),
    ),
    "reversible": (
        lambda: nn.ReversibleBlock(nn.Sequential(nn.Linear(2, 2), nn.GELU()), nn.LayerNorm(2)),
        (3, 4),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    make, shape = LAYERS[name]
    layer, x = random_state(make()), RNG.normal(size=shape)
    upstream = RNG.normal(size=layer(x).shape)
    grad_x = layer.backward(upstream)
    grads = {n: g.copy() for n, g in layer.grads.items()}

    def loss():
        return float((layer(x) * upstream).sum())

    np.testing.assert_allclose(grad_x, differences(loss, x), rtol=1e-6, atol=1e-7)
    assert grads.keys() == layer.params.keys()
    for n, value in layer.params.items():
        np.testing.assert_allclose(grads[n], differences(loss, value), rtol=1e-6, atol=1e-7, err_msg=n)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_masked_layers(kind):
    if kind == "batch":
        layer, x, mask = (
            nn.BatchNorm(2, track_running_stats=False),
            RNG.normal(size=(4, 2, 3)),
            RNG.random((4, 3)) < 0.7,
        )
    else:
        layer, x, mask = nn.LayerNorm((3, 2)), RNG.normal(size=(4, 3, 2)), RNG.random((4, 3, 1)) < 0.7
    mask[0] = True
    random_state(layer)
    upstream = RNG.normal(size=x.shape)
    layer(x, mask)
    grad_x = layer.backward(upstream)
    grads = {n: g.copy() for n, g in layer.grads.items()}

    def loss():
        return float((layer(x, mask) * upstream).sum())

    np.testing.assert_allclose(grad_x, differences(loss, x), rtol=1e-6, atol=1e-7)
    for n, value in layer.params.items():
        np.testing.assert_allclose(grads[n], differences(loss, value), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("same", [False, True])
def test_ada_norm(same):
    x = RNG.normal(size=(2, 3, 4))
    c = x if same else RNG.normal(size=(2, 1, 5))
    layer = random_state(nn.AdaNorm(4, c.shape[-1]))
    upstream = RNG.normal(size=x.shape)
    layer(x, c)
    grad_x, grad_c = layer.backward(upstream)
    grads = {n: g.copy() for n, g in layer.grads.items()}

    def loss():
        return float((layer(x, c) * upstream).sum())

    if same:
        np.testing.assert_allclose(grad_x + grad_c, differences(loss, x), rtol=1e-6, atol=1e-7)
        return
    np.testing.assert_allclose(grad_x, differences(loss, x), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(grad_c, differences(loss, c), rtol=1e-6, atol=1e-7)
    for n, value in layer.params.items():
        np.testing.assert_allclose(grads[n], differences(loss, value), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy(smoothing):
    x, targets = RNG.normal(size=(5, 4)), np.array([0, 3, 2, -1, 1])
    settings = {"label_smoothing": smoothing, "ignore_index": -1, "weight": [1.0, 2.0, 0.5, 3.0]}
    _, grad = nn.softmax_cross_entropy(x, targets, **settings)
    numeric = differences(lambda: nn.softmax_cross_entropy(x, targets, **settings)[0], x)
    np.testing.assert_allclose(grad, numeric, rtol=1e-6, atol=1e-8)
