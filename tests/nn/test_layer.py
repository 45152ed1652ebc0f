import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris

from skprep import StandardScaler, nn

X, y = load_iris(return_X_y=True)


X = StandardScaler().fit_transform(X)


class Parameter:
    """What PyTorch gives as a parameter: not to be read before it is detached."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self):
        """Return what may be read."""
        return np.asarray(self.values)


def test_a_layer_that_is_there_twice_is_refused():
    relu = nn.ReLU()
    for make in (lambda: nn.Sequential(relu, relu), lambda: nn.ReversibleBlock(nn.Sequential(relu), relu)):
        with pytest.raises(ValueError, match="received one ReLU twice"):
            make()


@pytest.mark.parametrize(
    "layer", [nn.BatchNorm(4), nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.ReLU(), nn.GELU(), nn.Linear(4, 4)]
)
def test_a_gradient_of_another_shape_is_refused(layer):
    layer(np.random.default_rng(0).normal(size=(5, 4)))
    with pytest.raises(ValueError, match=r"shape of its output, \(5, 4\); received \(1, 4\)"):
        layer.backward(np.ones((1, 4)))


def test_a_state_that_is_no_number_changes_nothing():
    layer = nn.Linear(2, 1)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="could not convert"):
        layer.load_state_dict({"weight": [[9.0, 9.0]], "bias": ["oops"]})
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_float32_in_float32_out_and_back():
    x = np.ones((3, 2), dtype=np.float32)
    for layer in (nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 4), nn.BatchNorm(4), nn.ReLU())):
        y = layer(x)
        assert y.dtype == np.float32
        assert layer.backward(np.ones(y.shape, dtype=np.float64)).dtype == np.float32
        assert {g.dtype for g in layer.grads.values()} <= {p.dtype for p in layer.params.values()}


def test_pickles_hold_no_weight_twice_and_no_gradient():
    layer = nn.WeightNorm(nn.Linear(200, 200))
    size = len(pickle.dumps(layer))
    y = layer(np.ones((3, 200)))
    layer.backward(np.ones((3, 200)))
    assert len(pickle.dumps(layer)) == size
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again(np.ones((3, 200))), y)
    assert again.backward(np.ones((3, 200))).shape == (3, 200)


def test_parameters_that_take_part_in_gradients_are_loaded():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": Parameter([[1.0, 2.0]]), "bias": Parameter([0.5])})
    assert layer(np.array([[1.0, 1.0]])).tolist() == [[3.5]]


def test_layers_show_what_they_are():
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.RMSNorm(3)))
    assert repr(network) == (
        "Sequential(\n  (0): Linear(in_features=2, out_features=3)\n  (1): ReLU()\n  (2): Sequential(\n"
        "    (0): RMSNorm(normalized_shape=(3,), eps=1e-06)\n  )\n)"
    )
    part = network[:2]
    assert isinstance(part, nn.Sequential)
    assert part[0] is network[0]
    assert [type(layer) for layer in network] == [nn.Linear, nn.ReLU, nn.Sequential]
    assert repr(nn.WeightNorm(nn.Linear(2, 3))) == "WeightNorm(Linear(in_features=2, out_features=3))"
