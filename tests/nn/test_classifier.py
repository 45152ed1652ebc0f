"""SoftmaxClassifier: against LogisticRegression, MLPClassifier, and what it promises."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skprep import RobustScaler, StandardScaler, nn
from skprep.nn import SoftmaxClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ADAM = {"solver": "adam", "learning_rate_init": 0.02}
NORMS = [None, "batch", "layer", "rms", "group"]


# What the docstring says of weights: they are repeated rows only where nothing goes by the number of rows.
BY_NUMBER = {
    f"check_sample_weight_equivalence_on_{kind}_data": "drawn or counted by the number of rows"
    for kind in ("dense", "sparse")
}


def by_number(estimator):
    drawn = estimator.norm == "batch" or estimator.dropout or estimator.early_stopping
    several = estimator.solver == "adam" or estimator.hidden_layer_sizes  # minima, of which one is found
    return BY_NUMBER if drawn or several else {}


@parametrize_with_checks(
    [
        SoftmaxClassifier(),
        SoftmaxClassifier(solver="lbfgs", max_iter=500),
        SoftmaxClassifier((6,), norm="batch", **ADAM),
        SoftmaxClassifier((6,), norm="group", dropout=0.2, **ADAM),
        SoftmaxClassifier((6,), norm="rms", early_stopping=True, **ADAM),
        SoftmaxClassifier((6,), weight_norm=True, **ADAM),
        SoftmaxClassifier((6,), norm="layer", weight_norm=True, solver="lbfgs", max_iter=60),
    ],
    expected_failed_checks=by_number,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("weighted", [False, True])
def test_without_hidden_layers_it_is_logistic_regression(load, C, weighted):
    X, y = scaled(load)
    weight = np.random.default_rng(0).uniform(0, 3, len(y)) if weighted else None
    ours = SoftmaxClassifier(solver="lbfgs", alpha=1 / C, max_iter=2000).fit(X, y, sample_weight=weight)
    theirs = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.decision_function(X).shape == theirs.decision_function(X).shape


def test_class_weights_are_those_of_logistic_regression():
    X, y = scaled(load_wine)
    for class_weight in ("balanced", {0: 5.0, 1: 1.0, 2: 0.1}):
        ours = SoftmaxClassifier(solver="lbfgs", alpha=1.0, class_weight=class_weight, max_iter=2000).fit(
            X, y
        )
        theirs = LogisticRegression(class_weight=class_weight, tol=1e-8, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    without = SoftmaxClassifier(class_weight={0: 0.0}, max_iter=50).fit(X, y)
    assert without.classes_.tolist() == [0, 1, 2]
    assert 0 not in without.predict(X)


@pytest.mark.parametrize("norm", NORMS)
def test_digits_in_a_pipeline(norm):
    X, y = load_digits(return_X_y=True)
    head = SoftmaxClassifier((64,), norm=norm, max_iter=40, random_state=0)
    assert cross_val_score(make_pipeline(StandardScaler(), head), X, y, cv=3).mean() > 0.93


@pytest.mark.parametrize(
    "settings",
    [
        {"weight_norm": True},
        {"dropout": 0.2, "norm": "batch"},
        {"activation": "gelu"},
        {"solver": "sgd", "learning_rate_init": 0.02},
        {"solver": "lbfgs", "norm": "layer"},
        {"clipping": 0.05},
        {"label_smoothing": 0.1},
        {"early_stopping": True, "n_iter_no_change": 5},
        {"hidden_layer_sizes": (32, 16), "norm": "rms"},
        {"hidden_layer_sizes": 20},
    ],
)
def test_settings_learn_digits(settings):
    X, y = scaled(load_digits)
    settings = {
        "hidden_layer_sizes": (32,),
        "learning_rate_init": 0.005,
        "max_iter": 30,
        "random_state": 0,
    } | settings
    model = SoftmaxClassifier(**settings).fit(X[:1200], y[:1200])
    assert model.score(X[1200:], y[1200:]) > 0.88
    assert len(model.loss_curve_) == model.n_iter_ or settings.get("solver") == "lbfgs"
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_a_grid_over_norms_behind_our_scalers():
    X, y = load_wine(return_X_y=True)
    pipeline = make_pipeline(
        StandardScaler(), SoftmaxClassifier((8,), learning_rate_init=0.05, max_iter=40, random_state=0)
    )
    grid = {"softmaxclassifier__norm": NORMS, "standardscaler": [StandardScaler(), RobustScaler()]}
    search = GridSearchCV(pipeline, grid, error_score="raise", cv=3).fit(X, y)
    assert search.best_score_ > 0.9


@pytest.mark.parametrize("labels", [["x", "y", "z"], [-5, 0, 7], [0.5, 1.5, 2.5], [True, False]])
def test_labels_of_any_type(labels):
    X, y = load_iris(return_X_y=True)
    keep = y < len(labels)
    X, y = StandardScaler().fit_transform(X[keep]), np.array(labels)[y[keep]]
    if y.dtype.kind == "f":  # scikit-learn holds numbers with a fraction for a regression target
        with pytest.raises(ValueError, match="Unknown label type"):
            SoftmaxClassifier().fit(X, y)
        return
    model = SoftmaxClassifier((8,), learning_rate_init=0.05, max_iter=60, random_state=0).fit(X, y)
    assert model.classes_.tolist() == sorted(labels)
    assert model.predict(X).dtype == y.dtype
    assert model.score(X, y) > 0.9


def test_float32_stays():
    X, y = scaled(load_iris)
    for settings in ({"hidden_layer_sizes": (8,), "norm": "layer"}, {"solver": "lbfgs"}):
        model = SoftmaxClassifier(max_iter=5, **settings).fit(X.astype(np.float32), y)
        assert model.predict_proba(X.astype(np.float32)).dtype == np.float32
        assert {v.dtype for v in model.network_.params.values()} == {np.dtype(np.float32)}


def test_partial_fit_goes_on():
    X, y = scaled(load_digits)
    model = SoftmaxClassifier((32,), norm="batch", learning_rate_init=0.005, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    for i, rows in enumerate(np.array_split(order, 30)):
        model.partial_fit(X[rows], y[rows], classes=np.arange(10) if i == 0 else None)
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match=r"classes must stay .*; received \[0, 1\]"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must hold the classes .*; received .*77"):
        model.partial_fit(X[:2], [77, 1])
    assert not hasattr(SoftmaxClassifier(solver="lbfgs"), "partial_fit")


def test_a_last_batch_of_one_row_joins_the_batch_before():
    X, y = scaled(load_iris)
    rows = np.random.default_rng(0).permutation(150)[:41]
    model = SoftmaxClassifier((8,), norm="batch", batch_size=20, max_iter=2, random_state=0).fit(
        X[rows], y[rows]
    )
    assert np.isfinite(model.loss_)


def test_weights_repeat_rows_and_zeros_leave_them_out():
    X, y = scaled(load_iris)
    weight = np.random.default_rng(0).integers(0, 3, 150).astype(float)
    settings = {
        "solver": "lbfgs",
        "hidden_layer_sizes": (4,),
        "norm": "layer",
        "random_state": 0,
        "max_iter": 50,
    }
    a = SoftmaxClassifier(**settings).fit(X, y, sample_weight=weight)
    b = SoftmaxClassifier(**settings).fit(
        np.repeat(X, weight.astype(int), 0), np.repeat(y, weight.astype(int))
    )
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), atol=1e-3)
    with pytest.raises(ValueError, match="at least one"):
        SoftmaxClassifier().fit(X, y, sample_weight=np.zeros(150))


def test_temperature_softens_what_was_trained():
    X, y = scaled(load_iris)
    model = SoftmaxClassifier(solver="lbfgs").fit(X, y)
    sharp = model.predict_proba(X)
    soft = model.set_params(temperature=4.0).predict_proba(X)
    assert (soft.max(axis=1) < sharp.max(axis=1)).all()
    np.testing.assert_array_equal(soft.argmax(axis=1), sharp.argmax(axis=1))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), soft)


def test_warm_start_goes_on_and_says_when_it_cannot():
    X, y = scaled(load_iris)
    model = SoftmaxClassifier((8,), warm_start=True, max_iter=3, random_state=0).fit(X, y)
    first = model.loss_
    assert model.fit(X, y).loss_ < first
    with pytest.raises(ValueError, match="warm_start=True needs the classes and sizes of the last fit"):
        model.fit(X[:100], y[:100])
    assert len(model.classes_) == 3  # as it was


def test_state_comes_back_by_pickle_and_by_arrays():
    X, y = scaled(load_wine)
    model = SoftmaxClassifier((8,), norm="batch", weight_norm=True, max_iter=5, random_state=0).fit(X, y)
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    other = clone(model).set_params(random_state=9, max_iter=1).fit(X, y)
    other.network_.load_state_dict(model.network_.state_dict())
    np.testing.assert_array_equal(other.predict_proba(X), expected)


def test_errors_and_what_stays():
    X, y = scaled(load_iris)
    model = SoftmaxClassifier(max_iter=2).fit(X, y)
    before = pickle.dumps(model)
    for call, message in (
        (lambda: model.fit(sparse.csr_array(X), y), "Sparse data was passed"),
        (lambda: model.fit(np.where(X > 2, np.nan, X), y), "contains NaN"),
        (lambda: model.fit(X, np.zeros(150)), "at least 2 classes; received one class"),
        (lambda: model.fit(X, y, sample_weight=-np.ones(150)), "Negative"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
        assert pickle.dumps(model) == before
    for settings, message in (
        ({"solver": "lbfgs", "dropout": 0.5}, "needs the same loss in every step"),
        ({"hidden_layer_sizes": (3, 0)}, "whole numbers above 0; received"),
        ({"norm": "instance"}, "norm"),
    ):
        with pytest.raises(ValueError, match=message):
            SoftmaxClassifier(**settings).fit(X, y)
    wild = SoftmaxClassifier((5,), solver="sgd", learning_rate_init=1e200, max_iter=50)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="The loss must stay finite"):
        wild.fit(X, y)


def test_it_warns_when_it_stops_early_and_prints_when_asked(capsys):
    X, y = scaled(load_iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        with pytest.raises(ConvergenceWarning, match="stopped after max_iter=2 epochs"):
            SoftmaxClassifier(solver="adam", max_iter=2).fit(X, y)
    SoftmaxClassifier(solver="adam", max_iter=2, verbose=True).fit(X, y)
    assert "epoch 2: loss " in capsys.readouterr().out


def test_names_of_features():
    frame = load_iris(as_frame=True)
    model = SoftmaxClassifier(max_iter=2).fit(frame.data, frame.target)
    assert list(model.feature_names_in_) == list(frame.data.columns)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.data[frame.data.columns[::-1]])
    assert isinstance(model.predict(pd.DataFrame(frame.data)), np.ndarray)


def test_callbacks_hear_of_every_epoch():
    callback = pytest.importorskip("sklearn.callback")  # scikit-learn 1.9
    pytest.importorskip("rich")
    X, y = scaled(load_iris)
    for settings in ({}, {"solver": "lbfgs"}):
        model = SoftmaxClassifier(max_iter=3, **settings).set_callbacks(callback.ProgressBar())
        expected = SoftmaxClassifier(max_iter=3, **settings).fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)


def test_a_fitted_network_is_settled():
    X, y = scaled(load_iris)
    for model in (
        SoftmaxClassifier((8,), norm="batch", max_iter=20, tol=10.0, n_iter_no_change=1).fit(X, y),
        SoftmaxClassifier((8,), norm="batch").partial_fit(X, y, classes=[0, 1, 2]),
    ):
        before = model.predict_proba(X)
        logits = model.network_(X + 100.0)
        back = model.network_.backward(np.ones_like(logits))
        assert back.shape == X.shape
        np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize(
    "settings", [{}, {"norm": "layer"}, {"weight_norm": True}, {"norm": "rms"}, {"norm": "group"}]
)
def test_whole_weights_are_repeated_rows_in_one_full_batch(settings):
    X, y = scaled(load_iris)
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    shared = {"max_iter": 40, "n_iter_no_change": 40, "random_state": 0, "batch_size": 1000, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weighted = SoftmaxClassifier((8,), **shared).fit(X, y, weight)
        repeated = SoftmaxClassifier((8,), **shared).fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-9)


def test_what_is_set_between_two_batches_is_obeyed_or_refused():
    X, y = scaled(load_iris)
    head = SoftmaxClassifier((8,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    still = copy.deepcopy(head).set_params(learning_rate_init=1e-300).partial_fit(X, y)
    np.testing.assert_array_equal(still.predict_proba(X), head.predict_proba(X))
    quick = copy.deepcopy(head).set_params(learning_rate_init=0.1).partial_fit(X, y)
    assert np.abs(quick.predict_proba(X) - head.predict_proba(X)).max() > 0.05
    other = copy.deepcopy(head).set_params(solver="sgd", learning_rate_init=0.05).partial_fit(X, y)
    assert type(other._training.optimiser).__name__ == "SGD"
    before = head.predict_proba(X)
    for change, message in (
        ({"hidden_layer_sizes": (4,)}, "needs the layers of the last fit"),
        ({"norm": "batch"}, "needs the layers of the last fit"),
    ):
        changed = copy.deepcopy(head).set_params(**change)
        with pytest.raises(ValueError, match=message):
            changed.partial_fit(X, y)
        np.testing.assert_array_equal(changed.predict_proba(X), before)
    with pytest.raises(AttributeError) as caught:
        head.set_params(early_stopping=True).partial_fit(X, y)
    assert "no rows to hold out; received early_stopping=True" in str(caught.value.__cause__)


def test_a_stream_after_lbfgs_goes_on_by_the_solver_of_then():
    X, y = scaled(load_iris)
    head = SoftmaxClassifier().fit(X, y)  # convex: "auto" is lbfgs
    assert len(head.loss_curve_) == head.n_iter_
    head.partial_fit(X, y)
    assert type(head._training.optimiser).__name__ == "Adam"
    assert head.score(X, y) > 0.95


def test_auto_learns_small_data_as_logistic_regression_does():
    X, y = load_iris(return_X_y=True)
    ours = cross_val_score(make_pipeline(StandardScaler(), SoftmaxClassifier()), X, y, cv=3).mean()
    theirs = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=3).mean()
    assert ours >= theirs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        hidden = make_pipeline(StandardScaler(), SoftmaxClassifier((16,), random_state=0))
        assert cross_val_score(hidden, X, y, cv=3).mean() > 0.93


@pytest.mark.parametrize("clipping", [0.01])
def test_lbfgs_refuses_what_it_would_not_do(clipping):
    X, y = scaled(load_iris)
    with pytest.raises(ValueError, match=r"takes gradients as they are; received .*clipping=0\.01"):
        SoftmaxClassifier((4,), solver="lbfgs", clipping=clipping).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_held_out_of_rare_classes():
    X, y = scaled(load_iris)
    rare = np.r_[y[:-1], 99]
    head = SoftmaxClassifier(early_stopping=True, max_iter=5, random_state=0).fit(X, rare)
    assert head.classes_.tolist() == [0, 1, 2, 99]
    rng = np.random.default_rng(0)
    many = SoftmaxClassifier((4,), early_stopping=True, max_iter=8, random_state=0)
    many.fit(rng.normal(size=(2000, 5)), rng.integers(0, 400, 2000))
    best = int(np.argmax(many.validation_scores_))
    assert many.best_validation_score_ == many.validation_scores_[best]
    assert many.loss_ == many.loss_curve_[best]
    with pytest.raises(
        ValueError, match=r"a class of two rows or more, .* received 3 rows of 3 classes, 0 among them"
    ):
        SoftmaxClassifier(early_stopping=True).fit(X[:3], [0, 1, 2])


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_label_that_is_missing_is_named(missing):
    X, _ = scaled(load_iris)
    for y in ([missing, *["a", "b"] * 74, "a"], np.array([missing, *["a", "b"] * 74, "a"], dtype=object)):
        with pytest.raises(ValueError, match=r"a label in every row; received .* in row 0, 1 missing in all"):
            SoftmaxClassifier().fit(X, y)


def test_classes_are_those_of_logistic_regression():
    X, y = scaled(load_iris)
    weight = (y != 1).astype(float)
    for settings, weights in (({"class_weight": {0: 1.0, 1: 2.0, 2: 1.0, 7: 5.0}}, None), ({}, weight)):
        ours, theirs = SoftmaxClassifier(**settings), LogisticRegression(**settings)
        np.testing.assert_array_equal(ours.fit(X, y, weights).classes_, theirs.fit(X, y, weights).classes_)
        assert ours.predict_proba(X).shape == (150, 3)
    assert ours.predict_proba(X)[:, 1].max() < 0.01


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
