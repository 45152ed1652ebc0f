"""The comparison equals a plain loop written independently."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer
from sklearn.preprocessing import StandardScaler as TheirScaler
from sklearn.svm import SVC

from skprep import GroupScaler, MinMaxScaler, RobustScaler, StandardScaler, compare_scalers
from skprep.compare.candidates import default_models, default_scalers
from skprep.compare.paired import corrected_t_test, holm
from skprep.compare.results import Result, judged, verdict

SCALERS = {"none": "passthrough", "z": StandardScaler(), "soft": RobustScaler(soft_clip=3)}
FEW = {"neighbours": (KNeighborsClassifier(), {"n_neighbors": [3, 7]})}


def by_hand(X, y, scaler, model, grid, outer, inner):
    """Score nested cross-validation with scikit-learn alone: a grid search of a pipeline in every fold."""
    pipeline = make_pipeline(scaler, SimpleImputer(strategy="median", keep_empty_features=True), model)
    last = pipeline.steps[-1][0]
    grid = {f"{last}__{name}": values for name, values in grid.items()}
    scores = []
    for train, test in outer.split(X, y):
        search = GridSearchCV(pipeline, grid, cv=inner).fit(X[train], y[train])
        scores.append(search.score(X[test], y[test]))
    return scores


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("load", [load_wine, load_digits, load_diabetes], ids=lambda f: f.__name__)
def test_scores_equal_a_nested_cross_validation_written_by_hand(load):
    X, y = load(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:120]
    X, y = X[rows, :20], y[rows]
    kind = "regression" if load is load_diabetes else "classification"
    models = default_models(kind, 100)
    found = compare_scalers(X, y, scalers=SCALERS, models=models, cv=3, random_state=1)
    split = KFold if kind == "regression" else StratifiedKFold
    outer, inner = (split(3, shuffle=True, random_state=1) for _ in range(2))
    frame = found.to_frame()
    for scaler in SCALERS:
        for model, (estimator, grid) in models.items():
            expected = by_hand(X, y, SCALERS[scaler], estimator, grid, outer, inner)
            row = frame[(frame["scaler"] == scaler) & (frame["model"] == model)].iloc[0]
            scores = row[[f"split{i}_test_score" for i in range(3)]].astype(float)
            np.testing.assert_allclose(scores, expected, rtol=1e-12)
            assert row["mean_test_score"] == pytest.approx(np.mean(expected), rel=1e-12)
            assert row["std_test_score"] == pytest.approx(np.std(expected, ddof=1), rel=1e-9)


class Counting(TransformerMixin, BaseEstimator):
    """Counts how often it is fitted."""

    fits: list = []

    def fit(self, X, y=None):
        self.fits.append(len(X))
        return self

    def transform(self, X):
        return X


def test_a_scaler_is_fitted_once_per_fold_for_all_models_and_parameters():
    X, y = load_wine(return_X_y=True)
    Counting.fits.clear()
    models = {**default_models("classification"), "more": DummyClassifier()}
    compare_scalers(X, y, scalers={"counting": Counting()}, models=models, cv=4)
    tuning, folds, best = 3 * 4, 4, 3 * 3 + 1  # the best pipeline is tuned by a grid search of its own
    assert len(Counting.fits) <= tuning + folds + best


def test_the_best_pipeline_is_ready_and_predicts_the_labels():
    X, y = load_wine(return_X_y=True, as_frame=True)
    y = y.map({0: "barolo", 1: "grignolino", 2: "barbera"})
    found = compare_scalers(X, y, scalers=SCALERS, models=FEW)
    assert (found.best_scaler_, found.best_model_) == (found.to_frame()["scaler"][0], "neighbours")
    grid = GridSearchCV(
        make_pipeline(SCALERS[found.best_scaler_], KNeighborsClassifier()),
        {"kneighborsclassifier__n_neighbors": [3, 7]},
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
    ).fit(X, y)
    assert found.best_params_ == {"n_neighbors": grid.best_params_["kneighborsclassifier__n_neighbors"]}
    np.testing.assert_array_equal(found.best_pipeline_.predict(X), grid.predict(X))
    assert found.best_score_ == found.to_frame()["mean_test_score"].max()
    assert repr(found).startswith(
        f"Comparison(best='{found.best_scaler_}' in front of 'neighbours', accuracy 0."
    )


def test_text_and_missing_values_and_frames_of_other_libraries():
    X, y = load_wine(return_X_y=True, as_frame=True)
    X["color"] = np.where(X["hue"] > 1, "red", "blue")
    X.iloc[::7, 0] = np.nan
    found = compare_scalers(X, y, scalers=SCALERS, models=FEW, cv=2)
    other = compare_scalers(pl.from_pandas(X), y, scalers=SCALERS, models=FEW, cv=2)
    pd.testing.assert_frame_equal(
        found.to_frame().drop(columns="mean_fit_time"), other.to_frame().drop(columns="mean_fit_time")
    )
    ready = found.best_pipeline_[0].transform(X.head(3))
    assert ready.shape == (3, X.shape[1] - 1 + 2)
    assert not np.isnan(ready).any()


@pytest.mark.parametrize("as_array", [False, True])
def test_groups_get_scalers_of_their_own_and_the_key_is_no_feature(as_array):
    rng = np.random.default_rng(0)
    device = rng.integers(0, 4, 200)
    y = rng.integers(0, 2, 200)
    X = np.column_stack([rng.normal(size=(200, 2)) + y[:, None] + 50 * device[:, None], device]).astype(float)
    by = 2
    if not as_array:
        X, by = pd.DataFrame(X, columns=["a", "b", "device"]), "device"
    found = compare_scalers(X, y, models=FEW, by=by, scalers=None, cv=2)
    frame = found.to_frame()
    assert frame["scaler"].tolist()[0].endswith(("by group", "by group + smoothing"))
    assert set(frame["scaler"]) == set(default_scalers(by))
    assert found.unseen_ == 0
    assert found.best_pipeline_[0].transform(X).shape == (200, 2)
    own = {"mine": GroupScaler(StandardScaler(), by=by), "z": StandardScaler()}
    kept = compare_scalers(X, y, models=FEW, scalers=own, by=by, cv=2)
    row = frame[frame["scaler"] == "StandardScaler by group"]["mean_test_score"].item()
    assert kept.to_frame().set_index("scaler")["mean_test_score"]["mine"] == row


def test_groups_are_kept_together_and_splitters_are_taken_as_they_are():
    X, y = load_wine(return_X_y=True)
    groups = np.arange(len(y)) % 6
    for cv in (GroupKFold(3), LeaveOneGroupOut()):
        found = compare_scalers(X, y, scalers={"z": TheirScaler()}, models=FEW, cv=cv, groups=groups)
        assert found.n_folds_ == cv.get_n_splits(X, y, groups)
    plain = {"z": TheirScaler()}, {"k": KNeighborsClassifier(3)}
    for cv in (TimeSeriesSplit(4), KFold(3), list(KFold(5).split(X))):
        order = np.random.default_rng(0).permutation(len(y))
        found = compare_scalers(X[order], y[order], scalers=plain[0], models=plain[1], cv=cv)
        splits = cv if isinstance(cv, list) else cv.split(X)
        expected = []
        for train, test in splits:
            model = make_pipeline(TheirScaler(), KNeighborsClassifier(3)).fit(
                X[order][train], y[order][train]
            )
            expected.append(model.score(X[order][test], y[order][test]))
        assert found.results_[0].scores == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scoring", ["balanced_accuracy", make_scorer(balanced_accuracy_score)])
def test_any_scorer(scoring):
    X, y = load_wine(return_X_y=True)
    found = compare_scalers(
        X, y, scalers={"z": TheirScaler()}, models={"d": DummyClassifier()}, scoring=scoring
    )
    assert found.best_score_ == pytest.approx(1 / 3)
    assert found.scoring_ == "balanced_accuracy" or "score" in found.scoring_


def test_key_columns_by_any_name_are_no_features():
    rng = np.random.default_rng(0)
    key = rng.integers(0, 6, 120).astype(float)
    X, y = np.column_stack([rng.normal(size=(120, 2)), key]), key + 0.01 * rng.normal(size=120)
    models = {"r": Ridge()}
    frame = pd.DataFrame(X, columns=["a", "b", "key"])
    numbered = pd.DataFrame(X, columns=[5, 3, 0])
    for table, by in ((X, 2), (X, -1), (frame, "key"), (frame, 2), (numbered, 0), (numbered, [0])):
        found = compare_scalers(table, y, scalers={"z": StandardScaler()}, models=models, by=by)
        assert found.best_score_ < 0.2
        assert found.n_features_ == 2
    inside = {"p": make_pipeline(GroupScaler(StandardScaler(), by="key", keep_by=False))}
    assert compare_scalers(frame, y, scalers=inside, models=models, by="key").best_score_ < 0.2
    for table, by in ((X, 3), (frame, "device")):
        with pytest.raises(ValueError, match="by must name key columns of X"):
            compare_scalers(table, y, scalers=inside, models=models, by=by)


def test_training_rows_that_cannot_be_split_like_the_whole():
    X, y = load_wine(return_X_y=True)
    own = {"z": TheirScaler()}
    folds = PredefinedSplit(np.arange(len(y)) % 3)
    assert compare_scalers(X, y, scalers=own, models=FEW, cv=folds).n_folds_ == 3
    found = compare_scalers(X, y, scalers=own, models=FEW, cv=3, groups=np.arange(len(y)) % 3)
    assert found.n_folds_ == 3
    assert compare_scalers(X, y, scalers=own, models=FEW, cv=2, groups=np.arange(len(y)) % 3).n_folds_ == 2
    order = np.random.default_rng(0).permutation(len(y))[:60]
    short = compare_scalers(X[order], y[order], scalers=own, models=FEW, cv=TimeSeriesSplit(3, test_size=10))
    assert short.n_folds_ == 3
    with pytest.raises(
        ValueError, match=r"cv as a list of rows counts all of them; .* drawn from 178\. Pass max_rows"
    ):
        compare_scalers(X, y, scalers=own, models=FEW, cv=list(KFold(3).split(X)), max_rows=90)


def test_more_rows_are_drawn_in_their_order_and_quantities_are_regressions():
    X = np.arange(500.0)[:, None]
    seen = []

    def note(Z):
        seen.append(np.asarray(Z)[:, 0])
        return Z

    found = compare_scalers(
        X,
        X[:, 0] * 2,
        scalers={"note": FunctionTransformer(note)},
        models={"r": Ridge(), "k": KNeighborsRegressor()},
        cv=TimeSeriesSplit(3),
        max_rows=100,
    )
    assert found.n_rows_ == 100
    assert all((np.diff(rows) > 0).all() for rows in seen)
    assert (found.kind_, found.scoring_) == ("regression", "R²")
    whole = compare_scalers(X, np.arange(500) % 30, scalers={"n": "passthrough"}, models=None, cv=2)
    assert whole.kind_ == "regression"


def test_threads_and_processes_give_the_same_scores():
    X, y = load_wine(return_X_y=True)
    calls = []
    one = compare_scalers(X, y, scalers=SCALERS, models=FEW, progress=lambda: calls.append(1))
    two = compare_scalers(X, y, scalers=SCALERS, models=FEW, n_jobs=2)
    assert [r.scores for r in one.results_] == [r.scores for r in two.results_]
    assert len(calls) == 3 * 5


def test_what_cannot_be_compared_is_named():
    X, y = load_wine(return_X_y=True)
    with pytest.raises(ValueError, match=r"y must be known in every row; received 2 missing values\. Drop"):
        compare_scalers(X[:4], [1.0, None, 2.0, None])
    with pytest.raises(ValueError, match="y must have one value for each row of X; received shape"):
        compare_scalers(X, y[:5])
    with pytest.raises(ValueError, match="scalers must be a dict of names and estimators"):
        compare_scalers(X, y, scalers=[StandardScaler()])
    with pytest.raises(ValueError, match="models must be estimators, or pairs"):
        compare_scalers(X, y, models={"a": "ridge"})
    for cv in (1, True, "five", 2.5):
        with pytest.raises(ValueError, match="cv must be a number of folds"):
            compare_scalers(X, y, cv=cv)
    with pytest.raises(ValueError, match=r"y must have two values or more; received 0 in every row"):
        compare_scalers(X, y * 0)
    with pytest.raises(ValueError, match=r"neighbours behind none cannot be compared: Invalid parameter 'k'"):
        compare_scalers(X, y, scalers=SCALERS, models={"neighbours": (KNeighborsClassifier(), {"k": [1, 2]})})
    bad = {"power": PowerTransformer("box-cox")}
    with pytest.raises(ValueError, match=r"power cannot be compared: .*strictly positive"):
        compare_scalers(X - 10, y, scalers=bad, models=FEW)


def test_the_corrected_t_test_is_the_formula():
    d = np.array([0.02, 0.04, -0.01, 0.05, 0.01, 0.03])
    t = d.mean() / np.sqrt((1 / 6 + 0.2) * d.var(ddof=1))
    mean, error, p = corrected_t_test(d, 0.2)
    assert mean / error == pytest.approx(t)
    assert p == pytest.approx(2 * (1 - stats.t.cdf(t, 5)))
    assert corrected_t_test([0.0, 0.0], 0.2) == (0.0, 0.0, 1.0)
    assert corrected_t_test([0.1] * 5, 0.2) == (pytest.approx(0.1), 0.0, 2.0**-4)
    np.testing.assert_allclose(holm([0.001, 0.2, 0.02, 0.5]), [0.004, 0.4, 0.06, 0.5])


def result(scaler, model, *scores):
    return Result(scaler, model, list(scores), [0.1] * len(scores))


def test_the_verdict_names_the_best_and_what_it_is_not_told_from():
    rng = np.random.default_rng(0)
    scores = 0.9 + 0.01 * rng.normal(size=10)
    near, far = scores - 0.001 * rng.normal(size=10) - 1e-3, scores - 0.3 + 0.001 * rng.normal(size=10)
    results = judged(
        [result("far", "m", *far), result("near", "m", *near), result("best", "m", *scores)], 1 / 9
    )
    assert [r.scaler for r in results] == ["best", "near", "far"]
    assert [r.is_told_apart for r in results] == [False, False, True]
    text = verdict(results, "accuracy")
    assert text.startswith(f"Best: best in front of m, accuracy {scores.mean():.4f} ± ")
    assert "In front of m the data do not tell it from near; it is better than far." in text
    alone = judged([result("none", "m", *scores)], 1 / 9)
    assert verdict(alone, "R²").startswith("Best: no scaling in front of m, R² 0.9")


def test_an_svm_shares_its_kernel_and_keeps_its_scores():
    X, y = load_breast_cancer(return_X_y=True)
    for settings in ({}, {"gamma": "auto"}, {"gamma": 0.01}, {"kernel": "linear"}):
        models = {"svm": (SVC(**settings), {"C": [0.5, 5.0]})}
        found = compare_scalers(X, y, scalers={"z": TheirScaler()}, models=models, cv=2)
        outer, inner = (StratifiedKFold(k, shuffle=True, random_state=0) for k in (2, 2 + 1))
        expected = by_hand(X, y, TheirScaler(), SVC(**settings), {"C": [0.5, 5.0]}, outer, inner)
        inner.n_splits = 2
        expected = by_hand(X, y, TheirScaler(), SVC(**settings), {"C": [0.5, 5.0]}, outer, inner)
        assert found.results_[0].scores == pytest.approx(expected, rel=1e-12)


def test_models_that_end_before_their_solver_are_marked():
    X, y = load_breast_cancer(return_X_y=True)
    models = {"short": LogisticRegression(max_iter=2), "long": LogisticRegression(max_iter=5000)}
    frame = compare_scalers(X, y, scalers={"z": MinMaxScaler()}, models=models, cv=2).to_frame()
    assert frame.set_index("model")["converged"].to_dict() == {"short": False, "long": True}
