"""How rows are split: outer folds that judge, and inner folds of their training rows that tune."""

from collections.abc import Iterable
from copy import copy
from numbers import Integral

from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

INNER_FOLDS = 3
MANY_ROWS = 1000  # from which on two inner folds have rows enough


def splitter(cv, kind, grouped, random_state):
    """Return a splitter for a number of folds: shuffled, by class where there are classes; all else as it is.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test)
    kind : {"classification", "regression"}
    grouped : bool
        Keep the rows of a group together.
    random_state : int, RandomState or None
    """
    if not isinstance(cv, Integral):
        return cv if hasattr(cv, "split") else _Listed(cv)
    if isinstance(cv, bool) or cv < 2:
        raise ValueError(
            f"cv must be a number of folds, 2 or more, a splitter or a list of (train, test); received "
            f"{cv!r}. "
            "For example cv=5."
        )
    shuffled = {"shuffle": True, "random_state": random_state}
    if grouped:
        return StratifiedGroupKFold(cv, **shuffled) if kind == "classification" else GroupKFold(cv)
    return (StratifiedKFold if kind == "classification" else KFold)(cv, **shuffled)


def inner_splitter(outer, kind, grouped, random_state, n_rows):
    """Return the splitter of ``n_rows`` training rows: like the outer one, in 3 folds, in 2 of many rows."""
    folds = INNER_FOLDS if n_rows < MANY_ROWS else INNER_FOLDS - 1
    if isinstance(outer, _Listed):
        return splitter(folds, kind, grouped, random_state)
    if not isinstance(getattr(outer, "n_splits", None), Integral):
        return outer
    inner = copy(outer)
    inner.n_splits = min(folds, outer.n_splits)
    return inner


class _Listed:
    """Splits that were made beforehand."""

    def __init__(self, splits):
        if not isinstance(splits, Iterable) or isinstance(splits, str):
            raise ValueError(
                "cv must be a number of folds, a splitter or a list of (train, test); received "
                f"{splits!r}. For example cv=5."
            )
        self.splits = list(splits)

    def split(self, X, y=None, groups=None):
        yield from self.splits
