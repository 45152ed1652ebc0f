"""Order statistics by counting: how many values lie where, and which lie in between."""

import numpy as np

TILE = 256  # rows that the compiled kernel takes at a time


def count_and_collect(X, low, high, present, counts, kept):
    """Count the values of each feature below, at and between bounds, and keep those in between.

    Rows may come in blocks: each call adds to what ``present``, ``counts`` and ``kept`` hold.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
        NaN is left out.
    low, high : ndarrays of the dtype of X, of shape (n_features, n_brackets)
    present : int64 ndarray of shape (n_features,)
        How many values are not NaN.
    counts : int64 ndarray of shape (4, n_features, n_brackets)
        How many values are less than low, at most low, at most high; and how many are kept.
    kept : ndarray of the dtype of X, of shape (n_features, n_brackets, room)
        The values above low and below high, in any order. Where there might be no room for those of
        another :data:`TILE` rows, none is kept from then on, and the last count is ``room + 1``.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[5.0], [1.0], [2.0], [9.0], [np.nan], [2.0]])
    >>> present, counts = np.zeros(1, dtype=np.int64), np.zeros((4, 1, 1), dtype=np.int64)
    >>> kept = np.empty((1, 1, 6))
    >>> count_and_collect(X, np.array([[2.0]]), np.array([[9.0]]), present, counts, kept)
    >>> present.tolist(), counts.ravel().tolist(), kept[0, 0, :1].tolist()
    ([5], [1, 3, 5, 1], [5.0])
    """
    present += (~np.isnan(X)).sum(axis=0)
    room = kept.shape[2]
    for j, k in np.ndindex(*low.shape):
        x = X[:, j]
        counts[0, j, k] += (x < low[j, k]).sum()
        counts[1, j, k] += (x <= low[j, k]).sum()
        counts[2, j, k] += (x <= high[j, k]).sum()
        between = x[(x > low[j, k]) & (x < high[j, k])]
        n = counts[3, j, k]
        if n + len(between) > room:
            counts[3, j, k] = room + 1
        else:
            kept[j, k, n : n + len(between)] = between
            counts[3, j, k] = n + len(between)


def count_runs(x, start, sizes, low, high, counts, kept):
    """Do what :func:`count_and_collect` does for one feature whose values come in sorted runs.

    Run g is ``x[start[g] : start[g] + sizes[g]]``, ascending and without NaN.

    Parameters
    ----------
    x : float ndarray of shape (n_values,)
    start, sizes : intp ndarrays of shape (n_runs,)
    low, high : ndarrays of the dtype of x, of shape (n_brackets,)
    counts : int64 ndarray of shape (4, n_brackets)
    kept : ndarray of the dtype of x, of shape (n_brackets, room)
        The last count is ``room + 1`` where there was no room for all.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 5.0, np.inf, 2.0, 2.0, 9.0])  # runs of 2 and of 3
    >>> counts, kept = np.zeros((4, 1), dtype=np.int64), np.empty((1, 6))
    >>> count_runs(x, np.array([0, 3]), np.array([2, 3]), np.array([2.0]), np.array([9.0]), counts, kept)
    >>> counts.ravel().tolist(), kept[0, :1].tolist()
    ([1, 3, 5, 1], [5.0])
    """
    first = np.cumsum(sizes) - sizes
    x = x[np.arange(sizes.sum()) + np.repeat(start - first, sizes)]
    present = np.zeros(1, dtype=np.int64)
    count_and_collect(x[:, None], low[None], high[None], present, counts[:, None], kept[None])


def gather_groups(x, codes, start, stop, out):
    """Write the values of each group side by side to ``out``; return how many there are.

    Those of group g, without NaN and in the order of the rows, begin at ``start[g]``; ``inf`` fills the
    rest up to ``stop[g]``.

    Examples
    --------
    >>> import numpy as np
    >>> x, codes, out = np.array([5.0, 7.0, np.nan, 6.0]), np.array([1, 0, 0, 1]), np.empty(4)
    >>> gather_groups(x, codes, np.array([0, 2]), np.array([2, 4]), out), out
    (array([1, 2]), array([ 7., inf,  5.,  6.]))
    """
    present = ~np.isnan(x)
    x, codes = x[present], codes[present]
    sizes = np.bincount(codes, minlength=len(start)).astype(np.intp)
    order = np.argsort(codes, kind="stable")
    first = np.cumsum(sizes) - sizes
    place = np.arange(len(x)) + np.repeat(start - first, sizes)
    room = stop - start
    padding = np.arange(room.sum()) - np.repeat(np.cumsum(room) - room - start, room)
    out[padding] = np.inf
    out[place] = x[order]
    return sizes
