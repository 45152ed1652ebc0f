"""The rows of a fold, and an estimator fitted to them the same way each time."""

from contextlib import contextmanager

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skprep.compat import safe_indexing

METHODS = ("transform", "predict_proba", "decision_function", "score_samples", "predict")


class FoldRows:
    """The rows of one fold, as one step of a pipeline sees them."""

    def __init__(self, X, y, train, test, random_state):
        self.X, self.y, self.train, self.test = X, y, train, test
        self.random_state = random_state

    def part(self, which):
        """Return some of the rows."""
        return safe_indexing(self.X, which)

    def target(self, which):
        """Return their targets, None where there are none."""
        return None if self.y is None else safe_indexing(self.y, which)

    def having(self, X):
        """Return the same fold of other columns."""
        return FoldRows(X, self.y, self.train, self.test, self.random_state)


def given(rows, which):
    """Return what ``fit`` is given."""
    return (rows.part(which),) if rows.y is None else (rows.part(which), rows.target(which))


def fit(estimator, rows, which):
    """Return a clone fitted to some of the rows."""
    fitted = clone(estimator)
    with seeded(rows.random_state):
        fitted.fit(*given(rows, which))
    return fitted


def call(fitted, method, X):
    """Return what a method gives, as one array."""
    Z = getattr(fitted, method)(X)
    if isinstance(Z, list):  # a table for each of several targets
        Z = np.concatenate([np.asarray(part) for part in Z], axis=1)
    return Z.toarray() if sparse.issparse(Z) else np.asarray(Z)


def results_of(fitted, rows):
    """Return what each method gives for the test rows."""
    X = rows.part(rows.test)
    return [call(fitted, method, X) for method in METHODS if hasattr(fitted, method)]


def close(here, there, whole):
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


def same(one, two):
    """Say whether two results are the same up to their last bits."""
    return one.shape == two.shape and bool(close(one, two, one).all())


def settled(estimator, random_state):
    """Return a clone that gives the same numbers each time."""
    twin = clone(estimator)
    unset = [n for n, v in twin.get_params().items() if n.split("__")[-1] == "random_state" and v is None]
    if unset:
        twin.set_params(**dict.fromkeys(unset, random_state))
    return twin


@contextmanager
def seeded(random_state):
    """Seed NumPy's global numbers for a while, and put them back."""
    before = np.random.get_state()  # noqa: NPY002 (what estimators without a random_state draw from)
    np.random.seed(random_state)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def short(value):
    """Return a value as a few words of a message."""
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
