"""How rows are split: outer folds that judge, and inner folds of their training rows that tune."""

from collections.abc import Iterable
from copy import copy
from numbers import Integral

from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from skprep.compat import safe_indexing

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
        return cv if hasattr(cv, "split") and not isinstance(cv, str) else Listed(cv)
    if isinstance(cv, bool) or cv < 2:
        raise ValueError(
            "cv must be a number of folds, 2 or more, a splitter or a list of (train, test); received "
            f"{cv!r}. For example cv=5."
        )
    shuffled = {"shuffle": True, "random_state": random_state}
    if grouped:
        return StratifiedGroupKFold(cv, **shuffled) if kind == "classification" else GroupKFold(cv)
    return (StratifiedKFold if kind == "classification" else KFold)(cv, **shuffled)


def inner_splitter(outer, kind, random_state, folds, X, y, groups):
    """Return the splitter of training rows: like the outer one, in 3 folds, in 2 of many rows.

    Where training rows cannot be split like that (splits that were made beforehand, too few groups), shuffled
    folds are it, by group as long as there are two groups.

    Parameters
    ----------
    outer : splitter
    kind : {"classification", "regression"}
    random_state : int, RandomState or None
    folds : list of (train, test)
        The outer splits.
    X, y, groups : rows, target, and the group of each row or None
    """
    n_rows = min(len(train) for train, _ in folds)
    wanted = INNER_FOLDS if n_rows < MANY_ROWS else INNER_FOLDS - 1
    if groups is not None:
        n_groups = min(len(set(groups[train].tolist())) for train, _ in folds)
        if n_groups < 2:  # one group cannot be split by group
            return Ungrouped(splitter(wanted, kind, False, random_state))
        wanted = min(wanted, n_groups)
    inner = copy(outer)
    if isinstance(getattr(outer, "n_splits", None), Integral):
        inner.n_splits = min(wanted, outer.n_splits)
    if getattr(outer, "test_size", None) is not None and hasattr(outer, "gap"):
        inner.test_size = None  # of a TimeSeriesSplit, whose training folds are shorter
    if not isinstance(outer, Listed):
        try:
            for train, _ in folds:
                own = None if groups is None else groups[train]
                for a, b in inner.split(safe_indexing(X, train), y[train], own):
                    if max(a.max(initial=0), b.max(initial=0)) >= len(train):
                        raise IndexError
            return inner
        except (ValueError, IndexError):
            pass
    return splitter(max(2, wanted), kind, groups is not None, random_state)


class Ungrouped:
    """A splitter that is not told of groups."""

    def __init__(self, splitter):
        self.splitter = splitter

    def split(self, X, y=None, groups=None):
        """Yield the splits."""
        yield from self.splitter.split(X, y)


class Listed:
    """Splits that were made beforehand."""

    def __init__(self, splits):
        if not isinstance(splits, Iterable) or isinstance(splits, str):
            raise ValueError(
                f"cv must be a number of folds, a splitter or a list of (train, test); received {splits!r}. "
                "For example cv=5."
            )
        self.splits = list(splits)

    def split(self, X, y=None, groups=None):
        """Yield the splits."""
        yield from self.splits
