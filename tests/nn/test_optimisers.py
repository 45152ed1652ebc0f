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
