"""What once went wrong, each with the input that showed it."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skprep import StandardScaler, nn
from skprep.nn import SoftmaxClassifier

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)


@pytest.mark.parametrize("norm", [None, "batch", "layer", "rms", "group"])
@pytest.mark.parametrize("units", [3, 8, 12])
def test_every_norm_learns_with_few_units(norm, units):
    model = SoftmaxClassifier(
        (units,),
        norm=norm,
        learning_rate_init=0.02,
        max_iter=150,
        tol=0.0,
        n_iter_no_change=150,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning):
        assert model.fit(X, y).score(X, y) > 0.93


def test_balanced_class_weights_count_rows_by_their_weight():
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
    settings = {"class_weight": "balanced", "alpha": 1.0, "solver": "lbfgs", "max_iter": 1000, "tol": 1e-5}
    weighted = SoftmaxClassifier(**settings).fit(X, y, weight).predict_proba(X)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    np.testing.assert_allclose(
        weighted, SoftmaxClassifier(**settings).fit(X[rows], y[rows]).predict_proba(X), atol=1e-4
    )


def test_class_weights_as_in_logistic_regression():
    weights = {0: 1.0, 2: 4.0}
    ours = SoftmaxClassifier(class_weight=weights, alpha=1.0, solver="lbfgs", max_iter=1000, tol=1e-5).fit(
        X, y
    )
    theirs = LogisticRegression(class_weight={1: 1.0, **weights}, tol=1e-8, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    for wrong, says in (
        ({0: -1.0}, "0 or more"),
        ({0: 0, 1: 0, 2: 0}, "class_weight"),
    ):
        with pytest.raises(ValueError, match=says):
            SoftmaxClassifier(class_weight=wrong).fit(X, y)
    with pytest.raises(ValueError, match="all rows at once"):
        SoftmaxClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


def test_a_fitted_head_holds_no_rows():
    model = SoftmaxClassifier((8,), norm="layer", weight_norm=True, max_iter=2, tol=10.0, n_iter_no_change=1)
    size = len(pickle.dumps(model.fit(X, y)))
    model.predict(np.repeat(X, 50, axis=0))
    assert len(pickle.dumps(model)) == size
    layer = nn.Linear(2, 2)
    layer(np.ones((1000, 2)))
    assert len(pickle.dumps(layer)) < 2000


@pytest.mark.parametrize("norm", [None, "batch"])
def test_a_refused_batch_leaves_the_head_as_it_was(norm):
    model = SoftmaxClassifier((4,), norm=norm, random_state=0)
    for rows, labels, classes in ((X, np.where(y == 2, 77, y), [0, 1, 2]), (X, y, [0])):
        with pytest.raises(ValueError, match="class"):
            model.partial_fit(rows, labels, classes=classes)
        assert set(vars(model)) == set(vars(SoftmaxClassifier()))
    model.partial_fit(X, y, classes=[0, 1, 2])
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="class"):
        model.partial_fit(X, np.where(y == 2, 77, y))
    np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_leaves_float64_is_an_error():
    wild = SoftmaxClassifier((5,), solver="sgd", learning_rate_init=1e200, batch_size=200)
    wild.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="must stay finite"):
        wild.partial_fit(X, y)
    with pytest.raises(ValueError, match="must stay finite"):
        SoftmaxClassifier(solver="lbfgs").fit(X * 1e200, y)


def test_the_penalty_is_on_the_weights_that_the_layer_multiplies_with():
    settings = {"learning_rate_init": 0.01, "max_iter": 300, "tol": 0.0, "random_state": 0}
    lengths = []
    for alpha in (1e-4, 100.0):
        with pytest.warns(ConvergenceWarning):
            model = SoftmaxClassifier(
                (16,), weight_norm=True, alpha=alpha, n_iter_no_change=300, **settings
            ).fit(X, y)
        lengths.append(np.linalg.norm(model.network_.params["0.weight_g"]))
    assert lengths[1] < lengths[0] / 3


def test_a_warm_start_refuses_other_layers():
    model = SoftmaxClassifier((4,), warm_start=True, max_iter=2, tol=10.0, n_iter_no_change=1).fit(X, y)
    with pytest.raises(ValueError, match="the layers of the last fit"):
        model.set_params(norm="layer").fit(X, y)


def test_sizes_of_numpy():
    assert nn.LayerNorm(np.int64(4)).normalized_shape == (4,)
    assert nn.RMSNorm(np.int64(4))(np.ones((2, 4))).shape == (2, 4)


def test_a_layer_that_is_there_twice_is_refused():
    relu = nn.ReLU()
    for make in (lambda: nn.Sequential(relu, relu), lambda: nn.ReversibleBlock(nn.Sequential(relu), relu)):
        with pytest.raises(ValueError, match="received one ReLU twice"):
            make()


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
    "layer", [nn.BatchNorm(4), nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.ReLU(), nn.GELU(), nn.Linear(4, 4)]
)
def test_a_gradient_of_another_shape_is_refused(layer):
    layer(np.random.default_rng(0).normal(size=(5, 4)))
    with pytest.raises(ValueError, match=r"shape of its output, \(5, 4\); received \(1, 4\)"):
        layer.backward(np.ones((1, 4)))


def test_cross_entropy_of_targets_that_are_no_probabilities():
    loss, _ = nn.softmax_cross_entropy([[0.0, 1.0]], np.array([[np.nan, 1.0]]))
    assert np.isnan(loss)
    loss, _ = nn.softmax_cross_entropy([[0.0, 0.0]], [0], weight=[-1.0, 1.0], reduction="sum")
    np.testing.assert_allclose(loss, -np.log(2.0))
    for more in ({"label_smoothing": 2.0}, {"label_smoothing": -1.0}, {"ignore_index": [0, 1]}):
        with pytest.raises(ValueError, match="received"):
            nn.softmax_cross_entropy([[0.0, 0.0]], [0], **more)
    with pytest.raises(ValueError, match="received probabilities"):
        nn.softmax_cross_entropy([[0.0, 0.0]], np.array([[0.5, 0.5]]), ignore_index=0)


def test_any_temperature():
    np.testing.assert_array_equal(nn.softmax(np.float32([0, 1]), temperature=1e-50), [0, 1])
    np.testing.assert_array_equal(nn.softmax([0.0, -np.inf], temperature=np.inf), [1, 0])
    np.testing.assert_allclose(nn.softmax([-1e308, 1e308], temperature=1e308), nn.softmax([-1.0, 1.0]))


def test_adam_counts_the_steps_of_each_parameter():
    params, adam = {"a": np.array([1.0]), "b": np.array([1.0])}, nn.Adam(learning_rate=0.1)
    for _ in range(5):
        adam.step(params, {"a": np.array([1.0])})
    adam.step(params, {"b": np.array([1.0])})
    np.testing.assert_allclose(params["b"], [0.9])


@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float32, 1e-30), (np.float32, 1e30), (np.float16, 300), (float, 1e-200)]
)
def test_weight_norm_of_any_length(dtype, size):
    layer = nn.WeightNorm(nn.Linear(2, 1, bias=False).astype(dtype))
    layer.load_state_dict({"weight_g": [[2.0]], "weight_v": np.array([[size, size]])})
    np.testing.assert_allclose(layer(np.array([[1.0, 0.0]], dtype=dtype)), [[np.sqrt(2.0)]], rtol=2e-3)
    with pytest.raises(ValueError, match="whose weight is a matrix"):
        nn.WeightNorm(nn.BatchNorm(3))


def test_clipping_of_any_length():
    np.testing.assert_allclose(nn.adaptive_grad_clip([[3.0, 4.0]], [[3e200, 4e200]], 0.1), [[0.3, 0.4]])
    with pytest.raises(ValueError, match="clipping must be above 0"):
        nn.adaptive_grad_clip([[1.0]], [[1.0]], -1)


@pytest.mark.parametrize("value", [1e30, 1e12 / 7, 0.1])
@pytest.mark.parametrize("layer", [nn.LayerNorm(49), nn.GroupNorm(1, 49)])
def test_a_row_of_one_value_is_centered_to_exactly_zero(layer, value):
    np.testing.assert_array_equal(layer(np.full((1, 49), value)), np.zeros((1, 49)))
    if isinstance(layer, nn.LayerNorm):
        mask = np.ones((1, 49), dtype=bool)
        np.testing.assert_allclose(layer(np.full((1, 49), value), mask=mask), np.zeros((1, 49)), atol=0.1)


def test_a_state_that_is_no_number_changes_nothing():
    layer = nn.Linear(2, 1)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="could not convert"):
        layer.load_state_dict({"weight": [[9.0, 9.0]], "bias": ["oops"]})
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_relu_stops_an_infinite_gradient_where_its_output_is_flat():
    relu = nn.ReLU()
    relu(np.array([[-1.0, 2.0, 0.0]]))
    np.testing.assert_array_equal(relu.backward(np.array([[np.inf, np.inf, np.nan]])), [[0.0, np.inf, 0.0]])
    for kind, size in ((np.float16, 6e4), (np.float64, 1e308)):  # the sum of which overflows
        relu(np.ones(4, dtype=kind))
        np.testing.assert_array_equal(
            relu.backward(np.full(4, size, dtype=kind)), np.full(4, size, dtype=kind)
        )
    np.testing.assert_array_equal(relu.backward(np.array([np.inf, -np.inf, 1, 1])), [np.inf, -np.inf, 1, 1])


def test_float32_in_float32_out_and_back():
    x = np.ones((3, 2), dtype=np.float32)
    for layer in (nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 4), nn.BatchNorm(4), nn.ReLU())):
        y = layer(x)
        assert y.dtype == np.float32
        assert layer.backward(np.ones(y.shape, dtype=np.float64)).dtype == np.float32
        assert {g.dtype for g in layer.grads.values()} <= {p.dtype for p in layer.params.values()}


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


def test_pickles_hold_no_weight_twice_and_no_gradient():
    layer = nn.WeightNorm(nn.Linear(200, 200))
    size = len(pickle.dumps(layer))
    y = layer(np.ones((3, 200)))
    layer.backward(np.ones((3, 200)))
    assert len(pickle.dumps(layer)) == size
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again(np.ones((3, 200))), y)
    assert again.backward(np.ones((3, 200))).shape == (3, 200)


class Parameter:
    """What PyTorch gives as a parameter: not to be read before it is detached."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self):
        """Return what may be read."""
        return np.asarray(self.values)


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


def test_rms_norm_without_eps_has_that_of_the_dtype():
    for dtype in (np.float32, np.float64):
        x = np.full((1, 4), 1e-7, dtype=dtype)
        expected = x / np.sqrt(np.float64(x[0, 0]) ** 2 + np.finfo(dtype).eps)
        np.testing.assert_allclose(nn.RMSNorm(4, eps=None)(x), expected, rtol=1e-6)


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
