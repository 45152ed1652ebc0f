"""Nested cross-validation in which a scaler is fitted once per fold, for all models and their parameters."""

import time
import warnings
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from skprep.compare.gram import shared_kernel
from skprep.compat import safe_indexing


@dataclass
class Outcome:
    """What one scaler gave in one outer fold, for every model."""

    fold: int
    scaler: str
    scores: dict
    fit_times: dict
    parameters: dict
    converged: dict


def run(X, y, groups, prepare, models, outer, inner, scoring, n_jobs, progress):
    """Return the outcomes of every scaler in every outer fold.

    Parameters
    ----------
    X, y, groups : rows, target, and the group of each row or None
    prepare : dict
        By the name of the scaler, the unfitted transformer in front of the model.
    models : dict of (estimator, list of dict)
        Each model and the parameters to choose from.
    outer : list of (train, test)
    inner : splitter
    scoring : str, callable or None
    n_jobs : int or None
    progress : callable
        Called after each of ``len(prepare) * len(outer)`` steps, in this process.
    """
    scorers = {name: check_scoring(model, scoring=scoring) for name, (model, _) in models.items()}
    plan = []
    for fold, (train, test) in enumerate(outer):
        own = None if groups is None else groups[train]
        rows = safe_indexing(X, train), y[train]
        splits = list(inner.split(*rows, own))
        held = safe_indexing(X, test), y[test]
        plan += [(fold, name, rows, held, splits) for name in prepare]

    # Fits are too small for threads of their own, and beside other jobs these hurt.
    work = (delayed(_step)(*part, prepare[part[1]], models, scorers) for part in plan)
    outcomes = []
    for outcome in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(work):
        outcomes.append(outcome)
        progress()
    return outcomes


def _step(fold, name, rows, held, splits, transformer, models, scorers):
    # Warnings of what is not scaled, in front of a model that wants it, are what is measured here.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _one(fold, name, transformer, models, scorers, rows, held, splits)


@contextmanager
def _blamed(what):
    """Say what cannot be compared, in the words of the estimator that refuses."""
    try:
        yield
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{what} cannot be compared: {error}") from error


def _one(fold, name, transformer, models, scorers, rows, held, splits):
    """Tune on the inner folds of the training rows, refit on all of them, score on the test rows."""
    X, y = rows
    found = defaultdict(list)
    for train, test in splits:
        with _blamed(name):
            ready = clone(transformer)
            Z = ready.fit_transform(safe_indexing(X, train), y[train])
            Z_test = ready.transform(safe_indexing(X, test))
        for model_name, (model, choices) in models.items():
            if len(choices) > 1:
                score, rows_of = scorers[model_name], _as_is
                shared = shared_kernel(model, choices, Z)
                if shared is not None:
                    model, rows_of = shared
                given, held_out = rows_of(Z), rows_of(Z_test)
                with _blamed(f"{model_name} behind {name}"):
                    fitted = (_fitted(model, choice, given, y[train]) for choice in choices)
                    found[model_name].append([score(each, held_out, y[test]) for each in fitted])
    begin = time.perf_counter()
    with _blamed(name):
        ready = clone(transformer)
        Z = ready.fit_transform(X, y)
        took = time.perf_counter() - begin
        Z_test = ready.transform(held[0])
    outcome = Outcome(fold, name, {}, {}, {}, {})
    for model_name, (model, choices) in models.items():
        best = choices[best_of(found[model_name])] if len(choices) > 1 else choices[0]
        begin = time.perf_counter()
        with _blamed(f"{model_name} behind {name}"):
            fitted = _fitted(model, best, Z, y)
            outcome.fit_times[model_name] = took + time.perf_counter() - begin
            score = float(scorers[model_name](fitted, Z_test, held[1]))
        if not np.isfinite(score):
            raise ValueError(f"the score of {model_name} on a fold of {len(held[1])} test rows is {score}")
        outcome.scores[model_name] = score
        outcome.parameters[model_name] = best
        outcome.converged[model_name] = _converged(fitted)
    return outcome


def best_of(scores):
    """Return the place of the best mean over folds, the first of equals, as GridSearchCV does."""
    means = np.average(np.asarray(scores, dtype=np.float64), axis=0)
    return int(np.nanargmax(means)) if not np.isnan(means).all() else 0


def choices_of(grid):
    """Return what a grid of parameters has to choose from, as a list of dict."""
    return list(ParameterGrid(grid or {}))


def _as_is(rows):
    return rows


def _fitted(model, parameters, X, y):
    return clone(model).set_params(**parameters).fit(X, y)


def _converged(model):
    """Say whether a solver ended by itself: fewer steps than it was allowed."""
    model = getattr(model, "regressor_", model)
    most, steps = getattr(model, "max_iter", None), getattr(model, "n_iter_", None)
    if most is None or steps is None or not isinstance(most, int) or most < 1:
        return True
    return bool(np.max(steps) < most)
