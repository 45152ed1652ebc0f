"""The laws that an estimator keeps whose predictions are honest, tried out on rows."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GroupKFold, check_cv
from sklearn.pipeline import FeatureUnion, Pipeline

from skprep.compat import safe_indexing
from skprep.leakage.fold import FoldRows, fit, seeded, settled
from skprep.leakage.learning import check_learning
from skprep.leakage.outputs import check_outputs
from skprep.types import Keys, Rows


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
    3. What ``fit`` learns depends on its rows alone. Everything that the estimator holds beside them (tables
       as parameters, in closures, in globals of its functions) is changed outside of the training fold, and a
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

    Of scikit-learn 1.9, four kinds of results do depend on the batch, and are told so: NMF and MiniBatchNMF
    stop by the error over all rows, SparsePCA and MiniBatchSparsePCA give one row alone in another shape, and
    ``score_samples`` of BernoulliRBM flips a bit of each row by its place.

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
            f"check_no_leakage takes an estimator, with fit; received {estimator!r}. Pass an instance, such "
            "as StandardScaler()."
        )
    X = X if hasattr(X, "shape") else np.asarray(X)
    X = X.tocsr() if sparse.issparse(X) else X
    y = None if y is None else (y if hasattr(y, "shape") else np.asarray(y))
    splits = _splits(estimator, X, y, groups, cv)
    for number, (train, test) in enumerate(splits):
        if groups is not None:
            _check_groups(groups, train, test, number)
        rows = FoldRows(X, y, train, test, random_state)
        with seeded(random_state):
            _check_part(settled(estimator, random_state), type(estimator).__name__, rows)


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
    check_learning(estimator, name, rows)
    check_outputs(fit(estimator, rows, rows.train), name, rows)


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
        fitted = fit(estimator, rows, rows.train)
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
