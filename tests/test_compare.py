"""The comparison equals a plain loop written independently."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skprep import compare as comparison
from skprep.compare import Result, compare, n_steps, winner
from skprep.tables import prepare


def nested(X, y, outer, inner, fit_score, choices):
    """Score nested cross-validation the long way: the best choice of the inner folds, refitted."""
    scores = []
    for train, test in outer.split(X, y):
        A, b = X[train], y[train]
        means = [
            np.mean([fit_score(c, A[i], b[i], A[j], b[j]) for i, j in inner.split(A, b)]) for c in choices
        ]
        best = choices[int(np.argmax(means))]
        scores.append(fit_score(best, A, b, X[test], y[test]))
    return scores


def standardized(model):
    def fit_score(choice, A, b, C, d):
        scaler = StandardScaler().fit(A)
        return model(choice).fit(scaler.transform(A), b).score(scaler.transform(C), d)

    return fit_score


@pytest.mark.parametrize(
    ("load", "split", "name", "model", "choices"),
    [
        (load_wine, StratifiedKFold, "k-neighbours", lambda k: KNeighborsClassifier(k), [3, 7, 15]),
        (load_diabetes, KFold, "ridge regression", lambda a: Ridge(alpha=a), [0.1, 1.0, 10.0]),
    ],
)
def test_scores_equal_a_plain_nested_loop(load, split, name, model, choices, monkeypatch):
    every = comparison.models
    monkeypatch.setattr(comparison, "models", lambda *given: {name: every(*given)[name]})
    task = prepare(load(as_frame=True).frame, "target", folds=3, seed=1)
    calls = []
    results = list(compare(task, seed=1, progress=lambda: calls.append(1)))
    found = next(r for r in results if (r.model, r.scaler) == (name, "StandardScaler"))
    outer, inner = (split(k, shuffle=True, random_state=1) for k in (3, 3))
    expected = nested(task.X.to_numpy(), task.y, outer, inner, standardized(model), choices)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-9)
    assert len(calls) == n_steps(task) == 3 * len(results)


def result(scaler, *scores):
    return Result(scaler, "model", list(scores), [0.1] * len(scores), True)


def test_the_winner_and_those_the_spread_does_not_tell_from_it():
    best, near, far = result("a", 0.9, 0.8), result("b", 0.8, 0.8), result("c", 0.1, 0.2)
    assert winner([far, near, best]) == (best, [near])
    assert best.mean == pytest.approx(0.85)
    assert best.std == pytest.approx(0.1 / np.sqrt(2))
