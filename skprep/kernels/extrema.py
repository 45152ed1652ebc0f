"""Minimum, maximum, and the two smallest values."""

import numpy as np

from skprep.kernels.blocks import fold_of, row_blocks
from skprep.kernels.grouping import count_rows, summing_matrix


def find_extrema(X, codes=None, n_groups=1, weight=None):
    """Weighted count of the values that are there, their minimum and their maximum.

    A group and feature without values gives ``(0, inf, -inf)``.

    Examples
    --------
    >>> import numpy as np
    >>> count, low, high = find_extrema(np.array([[1.0], [np.nan], [6.0]]))
    >>> print(count, low, high)
    [[2.]] [[1.]] [[6.]]
    """
    low = _reduce_groups(np.minimum, X, codes, n_groups, np.inf)
    high = _reduce_groups(np.maximum, X, codes, n_groups, -np.inf)
    has_nan = np.isnan(low).any()
    if has_nan:
        low = _reduce_groups(np.fmin, X, codes, n_groups, np.inf)
        high = _reduce_groups(np.fmax, X, codes, n_groups, -np.inf)
    return _count(X, codes, n_groups, weight, has_nan), low, high


def find_smallest_two(X, codes=None, n_groups=1, weight=None):
    """Weighted count, the smallest value and the second smallest distinct one (inf: none).

    An infinity of either sign shows as ``-inf``, the smallest value.

    Examples
    --------
    >>> import numpy as np
    >>> count, first, second = find_smallest_two(np.array([[3.0], [1.0], [1.0], [7.0]]))
    >>> print(count, first, second)
    [[4.]] [[1.]] [[3.]]
    """
    if np.isposinf(X).any():
        X = np.where(np.isposinf(X), -np.inf, X)
    first = _reduce_groups(np.fmin, X, codes, n_groups, np.inf)
    floor = first if codes is None else first[codes]
    above = np.where(floor < X, X, np.inf)
    second = _reduce_groups(np.fmin, above, codes, n_groups, np.inf)
    return _count(X, codes, n_groups, weight, has_nan=True), first, second


def _reduce_groups(ufunc, X, codes, n_groups, empty):
    """Reduce the rows of each group with a minimum or maximum; ``empty`` where there are none."""
    if codes is None and ufunc in (np.fmin, np.fmax):
        return _reduce_filled(np.minimum if ufunc is np.fmin else np.maximum, X, empty)
    if codes is None:
        found = _reduce_rows(ufunc, X) if len(X) else np.full((1, X.shape[1]), empty)
        found = found.astype(np.float64)
    else:
        found = np.full((n_groups, X.shape[1]), empty)
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        if len(present):
            found[present] = ufunc.reduceat(X[order], starts, axis=0)
    if ufunc in (np.fmin, np.fmax):
        found[np.isnan(found)] = empty
    return found


def _reduce_rows(ufunc, X):
    n_rows, n_features = X.shape
    fold = fold_of(n_rows, n_features) if X.flags.c_contiguous else 1
    if fold == 1:
        return ufunc.reduce(X, axis=0, keepdims=True)
    whole = n_rows - n_rows % fold
    lines = ufunc.reduce(X[:whole].reshape(whole // fold, fold * n_features), axis=0)
    return ufunc.reduce(np.vstack([lines.reshape(fold, n_features), X[whole:]]), axis=0, keepdims=True)


def _reduce_filled(ufunc, X, empty):
    """Reduce with NaN filled in, which is faster than a reduction that watches for it."""
    found = np.full((1, X.shape[1]), empty)
    for rows in row_blocks(*X.shape):
        x = X[rows]
        found = ufunc(found, _reduce_rows(ufunc, np.where(np.isnan(x), x.dtype.type(empty), x)))
    return found


def _count(X, codes, n_groups, weight, has_nan):
    if has_nan:
        summing = summing_matrix(len(X), codes, n_groups, weight)
        return np.asarray(summing @ (~np.isnan(X)).astype(np.float64))
    return np.repeat(count_rows(len(X), codes, n_groups, weight), X.shape[1], axis=1)
