"""Which scaling is best for this table? Cross-validated, with nothing learnt outside training folds."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
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
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC, SVR
from threadpoolctl import threadpool_limits

from skprep.errors import TableError
from skprep.groups import GroupScaler
from skprep.scalers import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

INNER_FOLDS = 3


@dataclass
class Result:
    """Outcome of one scaler in front of one model: a score and a fit time per fold.

    ``unseen`` counts the test rows whose group was in no training row; None without per-group scaling.
    """

    scaler: str
    model: str
    scores: list
    fit_times: list
    converged: bool = True
    unseen: int = 0

    @property
    def mean(self):
        """Mean score over the folds."""
        return float(np.mean(self.scores))

    @property
    def std(self):
        """Standard deviation of the score over the folds."""
        return float(np.std(self.scores, ddof=1))


def scalers(by=None):
    """Return the scalers to compare, by name; with ``by`` also per group of that column.

    Examples
    --------
    >>> list(scalers())[:3]
    ['none', 'StandardScaler', 'MinMaxScaler']
    >>> list(scalers("device"))[-2:]
    ['RobustScaler by group', 'Standard by group, smoothed']
    """
    found = {
        "none": "passthrough",
        "StandardScaler": StandardScaler(),
        "MinMaxScaler": MinMaxScaler(),
        "MaxAbsScaler": MaxAbsScaler(),
        "RobustScaler": RobustScaler(),
        "LogScaler": LogScaler(handle_invalid="clip"),
        "Log + StandardScaler": make_pipeline(LogScaler(handle_invalid="clip"), StandardScaler()),
    }
    if by is not None:
        settings = {"by": by, "handle_unknown": "global"}
        for inner in (StandardScaler(), MinMaxScaler(), RobustScaler()):
            found[f"{type(inner).__name__} by group"] = GroupScaler(inner, **settings)
        smoothed = GroupScaler(StandardScaler(), smooth="auto", **settings)
        found["Standard by group, smoothed"] = smoothed
    return found


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
    together = _numbers(task.by) if task.keep_together else None
    outer = list(_splitter(task, task.folds, seed).split(task.X, task.y, together))
    by = None if task.by is None else task.by.name
    for model_name, (model, grid) in models(task.kind, smallest).items():
        for scaler_name, scaler in scalers(by).items():
            result = Result(scaler_name, model_name, [], [])
            for train, test in outer:
                try:
                    _run_fold(task, train, test, _pipeline(scaler, model, by), grid, seed, result)
                except ValueError as error:
                    raise TableError(
                        f"The table cannot be split and fitted ({scaler_name}, {model_name}): {error}. "
                        "Try another number of --folds, or bring more rows of each class and group."
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
    table, groups = task.X, None
    if task.by is not None:
        table, groups = task.X.assign(**{task.by.name: task.by}), task.by.iloc[train]
        result.unseen += int((~task.by.iloc[test].isin(groups)).sum())
    # The fits are too small for threads to help, and beside other jobs they hurt.
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ConvergenceWarning)
        together = _numbers(groups) if task.keep_together else None
        search.fit(table.iloc[train], task.y[train], groups=together)
        score = search.score(table.iloc[test], task.y[test])
    if not np.isfinite(score):
        raise ValueError(f"the score of a fold with {len(test)} test rows is not defined")
    result.scores.append(float(score))
    result.fit_times.append(search.refit_time_)
    result.converged &= not caught


def n_steps(task):
    """Return how often :func:`compare` will call ``progress``."""
    return len(scalers(task.by)) * len(models(task.kind)) * task.folds


def winner(results):
    """Return the result with the best mean score and those that the spread does not tell from it."""
    best = max(results, key=lambda r: r.mean)
    ties = [r for r in results if r is not best and best.mean - r.mean <= best.std]
    return best, sorted(ties, key=lambda r: -r.mean)


def _pipeline(scaler, model, by):
    """Return scaler, imputer, encoder and model; the key column goes to per-group scalers only."""
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    grouped = isinstance(scaler, GroupScaler)

    def numbers(X):
        return [c for c in X.select_dtypes(np.number).columns if c != by] + ([by] if grouped else [])

    def categories(X):
        return [c for c in X.select_dtypes(exclude=np.number).columns if c != by]

    columns = make_column_transformer(
        (make_pipeline(scaler, impute), numbers),
        (OneHotEncoder(handle_unknown="ignore"), categories),
        sparse_threshold=0.0,
    )
    return Pipeline([("columns", columns), ("model", model)])


def _numbers(groups):
    """Return groups as numbers, a missing key among them: scikit-learn's splitters sort them."""
    return pd.factorize(groups, use_na_sentinel=False)[0]


def _splitter(task, folds, seed):
    if not task.keep_together:
        split = StratifiedKFold if task.kind == "classification" else KFold
        return split(folds, shuffle=True, random_state=seed)
    if task.kind == "classification":
        return StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return GroupKFold(folds)
