"""Which scaling is best for this table? Cross-validated, with nothing learnt outside training folds."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC, SVR

from skprep.scalers import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from skprep.tables import TableError

INNER_FOLDS = 3


@dataclass
class Result:
    """Outcome of one scaler in front of one model: a score and a fit time per fold."""

    scaler: str
    model: str
    scores: list
    fit_times: list
    converged: bool

    @property
    def mean(self):
        """Mean score over the folds."""
        return float(np.mean(self.scores))

    @property
    def spread(self):
        """Standard deviation of the score over the folds."""
        return float(np.std(self.scores, ddof=1))


def scalers():
    """Return the scalers to compare, by name.

    Examples
    --------
    >>> list(scalers())[:3]
    ['none', 'StandardScaler', 'MinMaxScaler']
    """
    return {
        "none": "passthrough",
        "StandardScaler": StandardScaler(),
        "MinMaxScaler": MinMaxScaler(),
        "MaxAbsScaler": MaxAbsScaler(),
        "RobustScaler": RobustScaler(),
        "LogScaler": LogScaler(handle_invalid="clip"),
        "Log + StandardScaler": make_pipeline(LogScaler(handle_invalid="clip"), StandardScaler()),
    }


def models(kind, n_rows=100):
    """Return the models that care about scale, by name, each with its grid for ``n_rows`` rows."""
    neighbours = {"n_neighbors": [k for k in (3, 7, 15) if k < n_rows] or [1]}
    if kind == "classification":
        return {
            "k-neighbours": (KNeighborsClassifier(), neighbours),
            "logistic regression": (LogisticRegression(max_iter=300), {"C": [0.1, 1.0, 10.0]}),
            "RBF SVM": (SVC(), {"C": [1.0, 10.0, 100.0]}),
        }
    return {
        "k-neighbours": (KNeighborsRegressor(), neighbours),
        "ridge regression": (Ridge(), {"alpha": [0.1, 1.0, 10.0]}),
        "RBF SVM": (
            TransformedTargetRegressor(SVR(), transformer=StandardScaler()),
            {"regressor__C": [1.0, 10.0, 100.0]},
        ),
    }


def compare(task, *, seed=0, progress=lambda: None):
    """Yield a :class:`Result` for every model and scaler; ``progress`` is called after each fold.

    Each outer training fold runs its own grid search over inner folds of its own rows, so
    scaling, imputation, encoding and hyperparameters never see the rows they are judged on.
    """
    smallest = int(len(task.X) * (1 - 1 / task.folds) * (1 - 1 / INNER_FOLDS))
    outer = list(_splitter(task, task.folds, seed).split(task.X, task.y, task.groups))
    for model_name, (model, grid) in models(task.kind, smallest).items():
        for scaler_name, scaler in scalers().items():
            result = Result(scaler_name, model_name, [], [], True)
            for train, test in outer:
                try:
                    _run_fold(task, train, test, _pipeline(scaler, model), grid, seed, result)
                except ValueError as error:
                    raise TableError(
                        f"The table cannot be split and fitted ({scaler_name}, {model_name}): {error}. "
                        "Pass fewer --folds, or bring more rows of each class and group."
                    ) from error
                progress()
            yield result


def _run_fold(task, train, test, pipeline, grid, seed, result):
    """Tune on the training rows, score on the test rows, and note both in ``result``."""
    search = GridSearchCV(
        pipeline,
        {f"model__{name}": values for name, values in grid.items()},
        cv=_splitter(task, INNER_FOLDS, seed),
        error_score="raise",
    )
    groups = None if task.groups is None else task.groups[train]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ConvergenceWarning)
        search.fit(task.X.iloc[train], task.y[train], groups=groups)
        score = search.score(task.X.iloc[test], task.y[test])
    result.scores.append(float(score))
    result.fit_times.append(search.refit_time_)
    result.converged &= not caught


def n_steps(task):
    """Return how often :func:`compare` will call ``progress``."""
    return len(scalers()) * len(models(task.kind)) * task.folds


def winner(results):
    """Return the result with the best mean score and those that the spread does not tell from it."""
    best = max(results, key=lambda r: r.mean)
    ties = [r for r in results if r is not best and best.mean - r.mean <= best.spread]
    return best, sorted(ties, key=lambda r: -r.mean)


def _pipeline(scaler, model):
    numbers = make_pipeline(scaler, SimpleImputer(strategy="median", keep_empty_features=True))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=np.number)),
        sparse_threshold=0.0,
    )
    pipeline = make_pipeline(columns, model)
    pipeline.steps = [("columns", columns), ("model", model)]
    return pipeline


def _splitter(task, folds, seed):
    if task.groups is None:
        split = StratifiedKFold if task.kind == "classification" else KFold
        return split(folds, shuffle=True, random_state=seed)
    if task.kind == "classification":
        return StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return GroupKFold(folds)
