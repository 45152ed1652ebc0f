"""The third law: what fit learns depends on the rows that it is given, and on nothing else."""

import types

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator

from skprep.leakage.fingerprint import differing, fingerprint
from skprep.leakage.fold import fit, given, results_of, same, seeded, short
from skprep.leakage.held import changed_rows, found_in, held_instead, is_fitted, is_rows, with_others

ADVICE = "Learn from the rows that fit is given, and from nothing else"
FUNCTIONS = (types.FunctionType, types.MethodType)


def check_learning(estimator, name, rows):
    """Refuse an estimator that learns from other rows than those it is given."""
    fitted = fit(estimator, rows, rows.train)
    learnt = fingerprint(fitted)
    _check_held(estimator, name, rows, fitted)
    _check_prefit(estimator, name, rows)
    again = clone(estimator)
    try:
        again.fit(*given(rows, rows.test))
    except ValueError:  # the other rows do not suffice for a fit
        again = clone(estimator)
    with seeded(rows.random_state):
        again.fit(*given(rows, rows.train))
    if fingerprint(again) != learnt:
        what = differing(fitted, again) or "the estimator"
        raise AssertionError(
            f"{name}: fit must forget the rows of an earlier fit; after a fit on rows outside of the "
            f"training fold, {what} is {short(getattr(again, what, None))} instead of "
            f"{short(getattr(fitted, what, None))}. {ADVICE} (warm_start=False), or set a random_state."
        )


def _check_held(estimator, name, rows, fitted):
    """Change what the estimator holds of rows outside the training fold, and fit again."""
    n = rows.X.shape[0]
    held = [found for found in found_in(estimator, is_rows(rows.X, rows.y)) if not _is_own(found[0])]
    if not held or len(rows.train) == n:
        return
    outside = np.setdiff1d(np.arange(n), rows.train)
    for where, value, holder in held:
        changed = changed_rows(value, outside)
        other = with_others(estimator, [(value, changed)])
        with seeded(rows.random_state), held_instead(holder, changed):
            try:
                other.fit(*given(rows, rows.train))
                found = results_of(other, rows)
            except Exception as error:
                raise AssertionError(
                    f"{name}: fit reads rows outside of the training fold, which it holds as {where!r}: with "
                    f"other values there it fails ({type(error).__name__}: {error}). {ADVICE}."
                ) from error
        theirs = list(zip(found, results_of(fitted, rows), strict=True))
        what = _learnt_difference(fitted, other, value)
        if what is not None or not all(same(*pair) for pair in theirs):
            shown = "what it gives for test rows" if what is None else f"{what}"
            raise AssertionError(
                f"{name}: fit must depend on the rows that it is given; it holds {n} rows as {where!r}, and "
                f"with other values in the {len(outside)} rows outside of the training fold {shown} is "
                f"another. {ADVICE}."
            )


def _is_own(where):
    """Say whether something is part of what cross-validation inside an estimator was told: no data."""
    return where.partition(".")[0] in ("cv", "random_state")


def _learnt_difference(one, two, held):
    """Return the name of a learned attribute that differs, the parameters left out."""
    parameters = set(one.get_params(deep=False))
    for attribute in sorted({*vars(one), *vars(two)} - parameters):
        a, b = (getattr(v, attribute, None) for v in (one, two))
        if a is held or isinstance(a, FUNCTIONS):
            continue
        if isinstance(a, BaseEstimator | list | tuple | dict):
            continue  # with its parameters; their own results are compared
        if fingerprint(a) != fingerprint(b):
            return attribute
    return None


def _check_prefit(estimator, name, rows):
    """Refuse what is inside and was fitted on all rows, test rows among them."""
    if len(rows.train) == rows.X.shape[0]:
        return
    inside = [(where, value) for where, value, _ in found_in(estimator, is_fitted)]
    if isinstance(estimator, FrozenEstimator):
        inside.append(("estimator", estimator.estimator))
    for where, value in inside:
        with seeded(rows.random_state):
            try:
                on_all = clone(value).fit(rows.X, rows.y)
                on_train = clone(value).fit(*given(rows, rows.train))
            except Exception:  # it was not fitted on rows like these
                continue
        theirs, of_all, of_train = (_learned(v) for v in (value, on_all, on_train))
        if theirs == of_all and theirs != of_train:
            raise AssertionError(
                f"{name}: nothing inside may be fitted on test rows beforehand; {where!r} holds a "
                f"{type(value).__name__} that has learnt what a fit on all {rows.X.shape[0]} rows gives, and "
                "not what the training fold gives. Put it into the pipeline unfitted."
            )


def _learned(fitted):
    """Return the learned attributes as fingerprints."""
    names = [n for n in vars(fitted) if n.endswith("_") and not n.startswith("_")]
    return {name: fingerprint(getattr(fitted, name)) for name in sorted(names)}
