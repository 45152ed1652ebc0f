"""The first two laws: what a row gives depends on no other row, and giving it changes nothing."""

import copy

import numpy as np

from skprep.compat import safe_indexing
from skprep.leakage.fingerprint import differing, fingerprint
from skprep.leakage.fold import METHODS, call, close, same, short

ALONE = 5  # rows that are looked at by themselves


def check_outputs(fitted, name, rows):
    """Refuse a fitted estimator whose methods look at a batch, or change what was learnt."""
    X = rows.part(rows.test)
    for method in METHODS:
        if not hasattr(fitted, method):
            continue
        before, twin = fingerprint(fitted), _twin(fitted)
        Z = call(fitted, method, X)
        if fingerprint(fitted) != before:
            what = None if twin is None else differing(twin, fitted)
            shown = "" if what is None else f" {what} was {short(getattr(twin, what, 'not there'))}, and is "
            shown += "" if what is None else f"{short(getattr(fitted, what, 'gone'))}."
            raise AssertionError(
                f"{name}: {method} must leave the estimator as it is, and it has changed it.{shown} Learn in "
                "fit alone."
            )
        if not same(Z, call(fitted, method, X)):
            raise AssertionError(
                f"{name}: {method} must give the same for the same rows; two calls gave different results. "
                "Learn in fit alone, and give random numbers a random_state."
            )
        sure = _are_sure(fitted, X) if method == "predict" else np.ones(len(Z), dtype=bool)
        _check_batch(fitted, method, X, Z, name, sure)


def _twin(fitted):
    try:
        return copy.deepcopy(fitted)
    except Exception:  # a lock, an open file: then the message does without
        return None


def _are_sure(fitted, X):
    """Say which rows are not on the edge between two classes, where the last bits of a number decide."""
    for method in ("decision_function", "predict_proba"):
        if hasattr(fitted, method):
            scores = np.asarray(call(fitted, method, X), dtype=np.float64)
            if scores.ndim == 1:
                return np.abs(scores) > 1e-6
            ordered = np.sort(scores, axis=1)
            return (
                ordered[:, -1] - ordered[:, -2] > 1e-6 if scores.shape[1] > 1 else np.ones(len(scores), bool)
            )
    return np.ones(X.shape[0], dtype=bool)


def _check_batch(fitted, method, X, Z, name, sure):
    """Check that each row gives what it gives elsewhere, among those whose result is sure."""
    n = X.shape[0]
    if n < 2:
        return
    few = np.unique(np.linspace(0, n - 1, min(n, ALONE)).astype(int))
    batches = [("when it is alone", np.array([i])) for i in few]
    batches += [("in another order", np.arange(n)[::-1]), ("among half of the rows", np.arange((n + 1) // 2))]
    for how, which in batches:
        _compare(fitted, method, safe_indexing(X, which), Z, which, how, name, np.flatnonzero(sure[which]))
    odd = np.arange(1, n, 2)
    if len(odd):
        even = np.arange(0, n, 2)
        how = "among rows that were changed"
        _compare(fitted, method, _moved(X, odd), Z, np.arange(n), how, name, even[sure[even]])


def _moved(X, rows):
    """Return rows of which some have the values of others: still rows of the same kind."""
    order = np.arange(X.shape[0])
    order[rows] = rows[0]
    return safe_indexing(X, order)


def _compare(fitted, method, given, Z, which, how, name, at):
    try:
        found = call(fitted, method, given)
    except ValueError:  # too few rows for it, which is not about leaking
        return
    if found.shape[0] != len(which):
        raise AssertionError(
            f"{name}: {method} must give one result for each row; received {len(which)} rows, it gave "
            f"{found.shape[0]}. Leave rows out before, not in {method}."
        )
    here, there = Z[which[at]], found[at]
    wrong = ~close(here, there, Z)
    if wrong.any():
        place = np.unravel_index(wrong.argmax(), wrong.shape)
        column = f" in column {place[1]}" if here.ndim > 1 else ""
        raise AssertionError(
            f"{name}: {method} of a row depends on the other rows of its batch. Row {which[at][place[0]]} of "
            f"{len(Z)} gives {short(here[place])}{column}, and {short(there[place])} {how}. Learn in fit, "
            f"and let {method} use what was learnt."
        )
