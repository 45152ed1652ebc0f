"""Nothing is learnt from a row outside the training fold, however the scaler is used."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline

from .test_scalers import SCALERS

LOADERS = {
    "breast cancer": load_breast_cancer,
    "wine": load_wine,
    "diabetes": load_diabetes,
    "digits": load_digits,
}
ROWS = 150


def rows_of(dataset):
    X, y = LOADERS[dataset](return_X_y=True)
    return X[:ROWS], y[:ROWS]


def settings(name):
    """Return a fresh scaler that answers test rows outside the training range too."""
    scaler = clone(SCALERS[name])
    if name.startswith("log"):
        scaler.set_params(handle_invalid="clip")
    return scaler


def learnt(scaler):
    """Return everything the scaler has learnt."""
    return {k: v for k, v in vars(scaler).items() if k.endswith("_") and not k.startswith("_")}


def assert_learnt_from(scaler, X):
    alone = learnt(clone(scaler).fit(X))
    assert alone.keys() == learnt(scaler).keys()
    for key, value in learnt(scaler).items():
        np.testing.assert_array_equal(value, alone[key], err_msg=key)


@pytest.mark.parametrize("dataset", LOADERS)
@pytest.mark.parametrize("name", SCALERS)
def test_a_pipeline_learns_from_the_training_fold_alone(name, dataset):
    X, y = rows_of(dataset)
    y = y.astype(float)
    pipeline = Pipeline([("scaler", settings(name)), ("model", Ridge())])
    folds = KFold(3)
    fitted = cross_validate(pipeline, X, y, cv=folds, return_estimator=True, error_score="raise")
    for model, (train, _) in zip(fitted["estimator"], folds.split(X), strict=True):
        assert_learnt_from(model["scaler"], X[train])


@pytest.mark.parametrize("dataset", LOADERS)
@pytest.mark.parametrize("name", SCALERS)
def test_wild_test_rows_change_no_parameter_and_no_other_row(name, dataset):
    X, _ = rows_of(dataset)
    train, test = X[:100], X[100:].copy()
    scaler = settings(name).fit(train)
    before = scaler.transform(test)
    test[7] = 1e9
    after = scaler.transform(test)
    assert_learnt_from(scaler, train)
    np.testing.assert_array_equal(np.delete(after, 7, axis=0), np.delete(before, 7, axis=0))


@pytest.mark.parametrize("name", SCALERS)
def test_a_column_transformer_gives_each_scaler_its_columns_and_training_rows(name):
    X, y = rows_of("wine")
    columns = ColumnTransformer([("left", settings(name), [0, 1, 2]), ("right", settings(name), [5, 9])])
    pipeline = Pipeline([("columns", columns), ("model", Ridge())]).fit(X[:100], y[:100])
    pipeline.predict(X[100:])
    fitted = pipeline["columns"].named_transformers_
    assert_learnt_from(fitted["left"], X[:100][:, [0, 1, 2]])
    assert_learnt_from(fitted["right"], X[:100][:, [5, 9]])


def test_grid_search_over_scalers_scores_as_a_plain_loop_without_leaks_does():
    X, y = load_breast_cancer(return_X_y=True)
    folds = KFold(3, shuffle=True, random_state=0)
    choices = [settings(name) for name in SCALERS]
    model = LogisticRegression(max_iter=5000)
    search = GridSearchCV(
        Pipeline([("scaler", "passthrough"), ("model", model)]),
        {"scaler": choices},
        cv=folds,
        error_score="raise",
    ).fit(X, y)
    for i, scaler in enumerate(choices):
        for fold, (train, test) in enumerate(folds.split(X)):
            fitted = clone(scaler).fit(X[train])
            alone = clone(model).fit(fitted.transform(X[train]), y[train])
            expected = alone.score(fitted.transform(X[test]), y[test])
            assert search.cv_results_[f"split{fold}_test_score"][i] == expected
    assert_learnt_from(search.best_estimator_["scaler"], X)
