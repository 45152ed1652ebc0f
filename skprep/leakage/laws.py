"""The laws that an estimator keeps whose predictions are honest, tried out on rows."""

import copy
import types
import warnings
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold, check_cv
from sklearn.pipeline import FeatureUnion, Pipeline

from skprep.compat import safe_indexing
from skprep.leakage.fingerprint import differing, fingerprint
from skprep.leakage.held import changed_rows, found_in, held_instead, is_fitted, is_rows, with_others
from skprep.types import Keys, Rows

METHODS = ("transform", "predict_proba", "decision_function", "score_samples", "predict")
ALONE = 5  # rows that are looked at by themselves
ADVICE = "Learn from the rows that fit is given, and from nothing else"


def check_no_leakage(
    estimator: Any,
    X: Rows,
    y: Any = None,
    *,
    groups: Keys = None,
    cv: Any = None,
    random_state: int = 0,
) -> None:
    """Assert that an estimator learns from the training rows of each fold and from nothing else.

    Three laws are tried out on the rows, in each step of a pipeline by itself:

    1. What a row gives does not depend on the other rows of its batch: alone, in another order, and among
       rows that were changed it gives the same.
    2. ``transform`` and ``predict`` change nothing in the estimator.
    3. What ``fit`` learns depends on its rows alone. Everything that the estimator holds beside them
    (tables as
       parameters, in closures, in globals of its functions) is changed outside of the training fold, and a
       fit on other rows comes before: what is learnt must be the same, bit for bit. Nothing inside may have
       been fitted on all rows beforehand.

    With ``groups`` the splits must keep groups apart, too.

    Parameters
    ----------
    estimator : estimator
        Transformer, pipeline or predictor of any library that follows scikit-learn. It stays as it is: clones
        are fitted.
    X : array-like, sparse matrix or frame of shape (n_samples, n_features)
        Rows to try it on; some 60 are enough.
    y : array-like of shape (n_samples,), default=None
        Their targets, where the estimator needs them.
    groups : array-like of shape (n_samples,), default=None
        Groups (patients, devices) that training and test rows must not share.
    cv : int, splitter or iterable of (train, test), default=None
        The folds: 3, by groups where there are any.
    random_state : int, default=0
        For estimators whose own is None, and for NumPy's global numbers, while they are tried.

    Raises
    ------
    TypeError
        If ``estimator`` is none.
    AssertionError
        If a law is broken. The message names the step and shows the proof: the row, the numbers, what was
        learnt.

    See Also
    --------
    leakage_report : For tables that were already split, scaled or encoded: what is in ``X`` itself.

    Notes
    -----
    Numbers of rows that are computed in batches of other sizes may differ in their last bits: outputs are
    compared to 1e-6 of their size (1e-3 in float32), what is learnt exactly. Numbers that somebody computed
    from all rows beforehand and passed as constants cannot be told from any other constants, tables of some
    of the rows not from other tables, and a cache in a module that is filled once and for all is not seen.
    A clock that is part of the state (``refit_time_`` of a search) is left out. What a row gives is tried
    on test rows of every fold: a leak that shows in some rows only is found where they are among ``X``.

    References
    ----------
    Kaufman, Rosset, Perlich & Stitelman (2012), "Leakage in data mining: formulation, detection, and
    avoidance", ACM Transactions on Knowledge Discovery from Data 6(4), 15.
    Kapoor & Narayanan (2023), "Leakage and the reproducibility crisis in machine-learning-based science",
    Patterns 4(9), 100804.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skprep import StandardScaler, check_no_leakage
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> check_no_leakage(make_pipeline(StandardScaler()), X)
    >>> centred = FunctionTransformer(lambda X: X - X.mean(axis=0))
    >>> check_no_leakage(centred, X)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: FunctionTransformer: transform of a row depends on the other rows of its batch. Row 0...
    """
    if not hasattr(estimator, "fit") or isinstance(estimator, type):
        raise TypeError(
            f"check_no_leakage takes an estimator, with fit; received {estimator!r}. Pass an instance, "
            f"such as "
            "StandardScaler()."
        )
    X = X if hasattr(X, "shape") else np.asarray(X)
    X = X.tocsr() if sparse.issparse(X) else X
    y = None if y is None else (y if hasattr(y, "shape") else np.asarray(y))
    splits = _splits(estimator, X, y, groups, cv)
    for number, (train, test) in enumerate(splits):
        if groups is not None:
            _check_groups(groups, train, test, number)
        rows = _Rows(X, y, train, test, random_state)
        with _seeded(random_state):
            _check_part(_settled(estimator, random_state), type(estimator).__name__, rows)


class _Rows:
    """The rows of one fold, as one step of a pipeline sees them."""

    def __init__(self, X, y, train, test, random_state, first=True):
        self.X, self.y, self.train, self.test = X, y, train, test
        self.random_state, self.first = random_state, first

    def part(self, which, X=None):
        return safe_indexing(self.X if X is None else X, which)

    def target(self, which):
        return None if self.y is None else safe_indexing(self.y, which)

    def having(self, X):
        return _Rows(X, self.y, self.train, self.test, self.random_state, first=False)


def _splits(estimator, X, y, groups, cv):
    if cv is None and groups is not None:
        cv = GroupKFold(3)
    splitter = check_cv(3 if cv is None else cv, y, classifier=is_classifier(estimator))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The groups parameter is ignored")  # that is what is looked for
        return [(np.asarray(a), np.asarray(b)) for a, b in splitter.split(X, y, groups)]


def _check_groups(groups, train, test, number):
    codes = pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]
    both = np.intersect1d(codes[train], codes[test])
    if len(both):
        key = np.asarray(groups)[codes == both[0]].tolist()[0]
        raise AssertionError(
            f"cv: groups must be in the training rows or in the test rows of a split; in split {number} "
            f"{len(both)} are in both, {key!r} for one. Use a splitter that keeps groups together, such as "
            "GroupKFold."
        )


def _check_part(estimator, name, rows):
    """Check the parts of an estimator, and then itself."""
    for child, place, own in _children(estimator, name, rows):
        _check_part(child, place, own)
    _check_learning(estimator, name, rows)
    _check_outputs(_fit(estimator, rows, rows.train), name, rows)


def _children(estimator, name, rows):
    """Yield the steps of a composite with their names and the rows that they see."""
    if isinstance(estimator, Pipeline):
        X = rows.X
        for step, child in estimator.steps:
            if child is None or child == "passthrough":
                continue
            own = rows if X is rows.X else rows.having(X)
            yield child, f"{name}, step {step!r} ({type(child).__name__})", own
            if step != estimator.steps[-1][0]:
                X = _through(child, own)
    elif isinstance(estimator, ColumnTransformer):
        fitted = _fit(estimator, rows, rows.train)
        for step, child, columns in fitted.transformers_:
            unfitted = {n: t for n, t, _ in estimator.transformers}.get(step, estimator.remainder)
            if isinstance(unfitted, str) or not np.size(columns):
                continue
            own = rows.having(safe_indexing(rows.X, columns, axis=1))
            yield unfitted, f"{name}, {step!r} ({type(child).__name__})", own
    elif isinstance(estimator, FeatureUnion):
        for step, child in estimator.transformer_list:
            if not isinstance(child, str):
                yield child, f"{name}, {step!r} ({type(child).__name__})", rows


def _through(child, rows):
    """Return all rows as the next step of a pipeline sees them: learnt from the training rows."""
    fitted = clone(child)
    Z = fitted.fit_transform(rows.part(rows.train), rows.target(rows.train))
    Z_test = fitted.transform(rows.part(rows.test))
    if hasattr(Z, "iloc"):
        both = pd.concat([Z.reset_index(drop=True), Z_test.reset_index(drop=True)])
    elif sparse.issparse(Z):
        both = sparse.vstack([Z, Z_test]).tocsr()
    else:
        both = np.concatenate([np.asarray(Z), np.asarray(Z_test)])
    place = np.full(rows.X.shape[0], -1)
    place[rows.train] = np.arange(len(rows.train))
    place[rows.test] = len(rows.train) + np.arange(len(rows.test))
    return safe_indexing(both, np.maximum(place, 0))  # rows in neither take the place of the first


# --- the first two laws: what transform and predict give, and leave ---------------------------------


def _check_outputs(fitted, name, rows):
    X = rows.part(rows.test)
    for method in METHODS:
        if not hasattr(fitted, method):
            continue
        before, twin = fingerprint(fitted), _twin(fitted)
        Z = _call(fitted, method, X)
        if fingerprint(fitted) != before:
            what = None if twin is None else differing(twin, fitted)
            shown = "" if what is None else f" {what} was {_short(getattr(twin, what, 'not there'))}, and is "
            shown += "" if what is None else f"{_short(getattr(fitted, what, 'gone'))}."
            raise AssertionError(
                f"{name}: {method} must leave the estimator as it is, and it has changed it.{shown} Learn in "
                "fit alone."
            )
        if not _same(Z, _call(fitted, method, X)):
            raise AssertionError(
                f"{name}: {method} must give the same for the same rows; two calls gave different results. "
                "Learn in fit alone, and give random numbers a random_state."
            )
        sure = _are_sure(fitted, X) if method == "predict" else np.ones(len(Z), dtype=bool)
        _check_batch(fitted, method, X, Z, name, sure)


def _are_sure(fitted, X):
    """Say which rows are not on the edge between two classes, where the last bits of a number decide."""
    for method in ("decision_function", "predict_proba"):
        if hasattr(fitted, method):
            scores = np.asarray(_call(fitted, method, X), dtype=np.float64)
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
        found = _call(fitted, method, given)
    except ValueError:  # too few rows for it, which is not about leaking
        return
    if found.shape[0] != len(which):
        raise AssertionError(
            f"{name}: {method} must give one result for each row; received {len(which)} rows, it gave "
            f"{found.shape[0]}. Leave rows out before, not in {method}."
        )
    here, there = Z[which[at]], found[at]
    wrong = ~_close(here, there, Z)
    if wrong.any():
        place = np.unravel_index(wrong.argmax(), wrong.shape)
        column = f" in column {place[1]}" if here.ndim > 1 else ""
        raise AssertionError(
            f"{name}: {method} of a row depends on the other rows of its batch. Row {which[at][place[0]]} of "
            f"{len(Z)} gives {_short(here[place])}{column}, and {_short(there[place])} {how}. Learn in fit, "
            f"and let {method} use what was learnt."
        )


def _close(here, there, whole):
    """Compare results of rows up to what batches of other sizes do to their last bits."""
    if here.shape != there.shape:
        return np.zeros(here.shape, dtype=bool)
    if here.dtype.kind != "f" or there.dtype.kind != "f":
        return (here == there) | ((here != here) & (there != there))
    bound = 1e-3 if here.dtype.itemsize < 8 or there.dtype.itemsize < 8 else 1e-6
    with np.errstate(all="ignore"):
        sizes = np.abs(np.where(np.isfinite(whole), whole, 0.0))
        size = np.max(sizes, axis=0, initial=0.0)  # of each column, and roundings of the largest one
        least = 64 * np.finfo(here.dtype).eps * sizes.max(initial=0.0)
        near = np.abs(here - there) <= bound * (np.abs(here) + size) + least
    return near | (here == there) | (np.isnan(here) & np.isnan(there))


def _call(fitted, method, X):
    Z = getattr(fitted, method)(X)
    if isinstance(Z, list):  # a table for each of several targets
        Z = np.concatenate([np.asarray(part) for part in Z], axis=1)
    return Z.toarray() if sparse.issparse(Z) else np.asarray(Z)


def _same(one, two):
    return one.shape == two.shape and bool(_close(one, two, one).all())


# --- the third law: what fit learns ------------------------------------------------------------------


def _check_learning(estimator, name, rows):
    fitted = _fit(estimator, rows, rows.train)
    learnt = fingerprint(fitted)
    _check_held(estimator, name, rows, fitted)
    _check_prefit(estimator, name, rows)
    again = clone(estimator)
    try:
        again.fit(*_given(rows, rows.test))
    except ValueError:  # the other rows do not suffice for a fit
        again = clone(estimator)
    with _seeded(rows.random_state):
        again.fit(*_given(rows, rows.train))
    if fingerprint(again) != learnt:
        what = differing(fitted, again) or "the estimator"
        raise AssertionError(
            f"{name}: fit must forget the rows of an earlier fit; after a fit on rows outside of the "
            f"training "
            f"fold, {what} is {_short(getattr(again, what, None))} instead of "
            f"{_short(getattr(fitted, what, None))}. {ADVICE} (warm_start=False), or set a random_state."
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
        with _seeded(rows.random_state), held_instead(holder, changed):
            try:
                other.fit(*_given(rows, rows.train))
                found = _results(other, rows)
            except Exception as error:
                raise AssertionError(
                    f"{name}: fit reads rows outside of the training fold, which it holds as {where!r}: with "
                    f"other values there it fails ({type(error).__name__}: {error}). {ADVICE}."
                ) from error
        theirs = list(zip(found, _results(fitted, rows), strict=True))
        what = _learnt_difference(fitted, other, value)
        if what is not None or not all(_same(*pair) for pair in theirs):
            shown = "what it gives for test rows" if what is None else f"{what}"
            raise AssertionError(
                f"{name}: fit must depend on the rows that it is given; it holds {n} rows as {where!r}, "
                f"and with "
                f"other values in the {len(outside)} rows outside of the training fold {shown} is another. "
                f"{ADVICE}."
            )


def _is_own(where):
    """Say whether something is part of what cross-validation inside an estimator was told: no data."""
    return where.partition(".")[0] in ("cv", "random_state")


def _results(fitted, rows):
    X = rows.part(rows.test)
    return [_call(fitted, method, X) for method in METHODS if hasattr(fitted, method)]


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


FUNCTIONS = (types.FunctionType, types.MethodType)


def _check_prefit(estimator, name, rows):
    """Refuse what is inside and was fitted on all rows, test rows among them."""
    if len(rows.train) == rows.X.shape[0]:
        return
    inside = [(where, value) for where, value, _ in found_in(estimator, is_fitted)]
    if isinstance(estimator, FrozenEstimator):
        inside.append(("estimator", estimator.estimator))
    for where, value in inside:
        with _seeded(rows.random_state):
            try:
                on_all = clone(value).fit(rows.X, rows.y)
                on_train = clone(value).fit(*_given(rows, rows.train))
            except Exception:  # it was not fitted on rows like these
                continue
        theirs, of_all, of_train = (_learned(v) for v in (value, on_all, on_train))
        if theirs == of_all and theirs != of_train:
            raise AssertionError(
                f"{name}: nothing inside may be fitted on test rows beforehand; {where!r} holds a "
                f"{type(value).__name__} that has learnt what a fit on all {rows.X.shape[0]} rows gives, "
                f"and not "
                f"what the training fold gives. Put it into the pipeline unfitted."
            )


def _learned(fitted):
    """Return the learned attributes as fingerprints."""
    names = [n for n in vars(fitted) if n.endswith("_") and not n.startswith("_")]
    return {name: fingerprint(getattr(fitted, name)) for name in sorted(names)}


# --- shared ------------------------------------------------------------------------------------------


def _given(rows, which):
    return (rows.part(which),) if rows.y is None else (rows.part(which), rows.target(which))


def _fit(estimator, rows, which):
    fitted = clone(estimator)
    with _seeded(rows.random_state):
        fitted.fit(*_given(rows, which))
    return fitted


def _twin(fitted):
    try:
        return copy.deepcopy(fitted)
    except Exception:  # a lock, an open file: then the message does without
        return None


def _settled(estimator, random_state):
    """Return a clone that gives the same numbers each time."""
    twin = clone(estimator)
    unset = [n for n, v in twin.get_params().items() if n.split("__")[-1] == "random_state" and v is None]
    if unset:
        twin.set_params(**dict.fromkeys(unset, random_state))
    return twin


@contextmanager
def _seeded(random_state):
    """Seed NumPy's global numbers for a while, and put them back."""
    before = np.random.get_state()  # noqa: NPY002 (what estimators without a random_state draw from)
    np.random.seed(random_state)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _short(value):
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
