"""Every layer and loss against what PyTorch 2.13 gives, to 1e-9; see ``make_reference.py``."""

from pathlib import Path

import numpy as np
import pytest

from skprep import nn

with np.load(Path(__file__).parent / "reference.npz") as file:
    REFERENCE = {}
    for key in file.files:
        case, name = key.split("/")
        REFERENCE.setdefault(case, {})[name] = file[key]


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def cases(prefix):
    return pytest.mark.parametrize("case", [c for c in REFERENCE if c.startswith(prefix)])


def build(case, shape):
    """The layer of a case, from its name and the shape of its input."""
    kind, _, *rest = case.split("-")
    channels, last = shape[1], shape[-1]
    if kind == "BatchNorm":
        settings = {
            "": {},
            "cumulative": {"momentum": None},
            "plain": {"affine": False},
            "untracked": {"track_running_stats": False},
            "momentum": {"momentum": 0.7, "eps": 1e-3},
        }[rest[1]]
        return nn.BatchNorm(channels, **settings).train(rest[0] == "train")
    whole = shape[1:] if "all" in rest else last
    plain = "plain" in rest
    return {
        "GroupNorm": lambda: nn.GroupNorm(4 if plain else 2, channels, affine=not plain),
        "LayerNorm": lambda: nn.LayerNorm(whole, elementwise_affine=not plain),
        "RMSNorm": lambda: nn.RMSNorm(whole),
        "Linear": lambda: nn.Linear(last, 3),
        "InstanceNorm": lambda: nn.InstanceNorm(channels, affine="affine" in rest),
        "ReLU": nn.ReLU,
        "GELU": nn.GELU,
        "WeightNorm": lambda: nn.WeightNorm(nn.Linear(4, 3)),
    }[kind]()


LAYERS = [c for c in REFERENCE if "y" in REFERENCE[c] and not c.startswith(("softmax", "AdaNorm"))]


@pytest.mark.parametrize("case", LAYERS)
def test_layers_forward_backward_and_state(case):
    given = REFERENCE[case]
    layer = build(case, given["x"].shape)
    state = {n.removeprefix("state."): v for n, v in given.items() if n.startswith("state.")}
    layer.load_state_dict(state)
    same(layer(given["x"]), given["y"])
    same(layer.backward(given["grad"]), given["grad_x"])
    grads = {n.removeprefix("grad."): v for n, v in given.items() if n.startswith("grad.")}
    assert layer.grads.keys() == grads.keys()
    for name, value in grads.items():
        same(layer.grads[name], value)
    after = layer.state_dict()
    for name, value in after.items():
        same(value, given[f"after.{name}"])
    assert {n.removeprefix("after.") for n in given if n.startswith("after.")} == set(after)


def test_ada_norm():
    given = REFERENCE["AdaNorm-2d"]
    layer = nn.AdaNorm(4, 3)
    layer.load_state_dict({"affine.weight": given["state.weight"], "affine.bias": given["state.bias"]})
    same(layer(given["x"], given["c"]), given["y"])
    grad_x, grad_c = layer.backward(given["grad"])
    same(grad_x, given["grad_x"])
    same(grad_c, given["grad_c"])
    same(layer.grads["affine.weight"], given["grad.weight"])
    same(layer.grads["affine.bias"], given["grad.bias"])


@cases("softmax")
def test_softmax(case):
    given, temperature = REFERENCE[case], float(case.split("-")[2])
    same(nn.softmax(given["x"], temperature=temperature), given["y"])
    same(nn.log_softmax(given["x"], temperature=temperature), given["log"])
    same(nn.softmax_backward(given["y"], given["grad"], temperature=temperature), given["grad_x"])
    jacobian = nn.softmax_jacobian(given["y"]) / temperature
    same(np.einsum("...ij,...j->...i", jacobian, given["grad"]), given["grad_x"])


@cases("cross_entropy")
def test_cross_entropy(case):
    given = REFERENCE[case]
    _, reduction, smoothing, _, kind = case.split("-")
    loss, grad = nn.softmax_cross_entropy(
        given["x"],
        given["targets"],
        reduction=reduction,
        label_smoothing=float(smoothing),
        ignore_index=-100 if kind == "ignored" else None,
        weight=given.get("weight"),
    )
    same(loss, given["loss"])
    same(grad, given["grad_x"])


@pytest.mark.parametrize(
    ("case", "optimiser"),
    [
        ("SGD", lambda: nn.SGD(0.1)),
        ("SGD-momentum", lambda: nn.SGD(0.1, momentum=0.9)),
        ("SGD-nesterov", lambda: nn.SGD(0.1, momentum=0.9, nesterov=True)),
        ("Adam", lambda: nn.Adam(0.1)),
    ],
)
def test_optimisers(case, optimiser):
    given, optimiser = REFERENCE[case], optimiser()
    params = {"p": given["start"].copy()}
    for grad in given["grads"]:
        optimiser.step(params, {"p": grad})
    same(params["p"], given["end"])
