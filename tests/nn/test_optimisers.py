import numpy as np
import pytest

from skprep import nn


def test_adam_counts_the_steps_of_each_parameter():
    params, adam = {"a": np.array([1.0]), "b": np.array([1.0])}, nn.Adam(learning_rate=0.1)
    for _ in range(5):
        adam.step(params, {"a": np.array([1.0])})
    adam.step(params, {"b": np.array([1.0])})
    np.testing.assert_allclose(params["b"], [0.9])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD(0.0), "learning_rate must be above 0; received 0.0"),
        (lambda: nn.SGD(0.1, momentum=1.0), "momentum must be from 0 to below 1; received 1.0"),
        (lambda: nn.SGD(0.1, nesterov=True), "nesterov=True needs momentum above 0"),
        (lambda: nn.Adam(-1.0), "learning_rate must be above 0"),
        (lambda: nn.Adam(betas=(0.9, 1.0)), "betas must be two, from 0 to below 1"),
        (lambda: nn.Adam(eps=0.0), "eps must be above 0"),
    ],
)
def test_optimisers_check_their_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("optimiser", [nn.SGD(0.1, momentum=0.9), nn.Adam(0.1)], ids=["SGD", "Adam"])
@pytest.mark.parametrize("grads", [{"w": np.ones(2), "v": np.ones(1)}, {"v": np.ones(1), "w": np.ones(3)}])
def test_a_gradient_that_goes_with_no_parameter_moves_nothing(optimiser, grads):
    params = {"w": np.zeros(2)}
    with pytest.raises(
        ValueError, match="step takes a gradient of the name and shape of a parameter; received"
    ):
        optimiser.step(params, grads)
    assert params["w"].tolist() == [0.0, 0.0]


def test_adam_steps_in_any_order_of_memory_and_after_a_change_of_type():
    grad = np.arange(6.0).reshape(2, 3)
    plain, turned = {"w": np.ones((2, 3))}, {"w": np.ones((3, 2)).T}
    steps = nn.Adam(), nn.Adam()
    for _ in range(3):
        for step, params in zip(steps, (plain, turned), strict=True):
            step.step(params, {"w": grad})
    np.testing.assert_array_equal(turned["w"], plain["w"])
    narrow = {"w": plain["w"].astype(np.float32)}
    steps[0].step(narrow, {"w": grad.astype(np.float32)})
    assert narrow["w"].dtype == np.float32
    np.testing.assert_allclose(narrow["w"], plain["w"] - 0.001 * (grad > 0), rtol=1e-5)
