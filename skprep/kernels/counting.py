"""Order statistics by counting: how many values lie where, and which lie in between."""

import numpy as np

TILE = 256  # rows that the compiled kernel takes at a time


def count_and_collect(X, low, high, there, counts, kept):
    """Count the values of each feature below, at and between bounds, and keep those in between.

    Rows may come in blocks: each call adds to what ``there``, ``counts`` and ``kept`` hold.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
        NaN is left out.
    low, high : ndarrays of the dtype of X, of shape (n_features, n_brackets)
    there : int64 ndarray of shape (n_features,)
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
    >>> there, counts = np.zeros(1, dtype=np.int64), np.zeros((4, 1, 1), dtype=np.int64)
    >>> kept = np.empty((1, 1, 6))
    >>> count_and_collect(X, np.array([[2.0]]), np.array([[9.0]]), there, counts, kept)
    >>> there.tolist(), counts.ravel().tolist(), kept[0, 0, :1].tolist()
    ([5], [1, 3, 5, 1], [5.0])
    """
    there += (~np.isnan(X)).sum(axis=0)
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


def gather_groups(x, codes, n_groups):
    """Return how many values each group has, and the values group after group; NaN is left out.

    Examples
    --------
    >>> import numpy as np
    >>> gather_groups(np.array([5.0, 7.0, np.nan, 6.0]), np.array([1, 0, 0, 1]), 2)
    (array([1, 2]), array([7., 5., 6.]))
    """
    there = ~np.isnan(x)
    x, codes = x[there], codes[there]
    sizes = np.bincount(codes, minlength=n_groups).astype(np.intp)
    return sizes, x[np.argsort(codes, kind="stable")]


def select_in_groups(x, sizes, probabilities):
    """Return the order statistics below and above each quantile of each group; ``x`` is reordered.

    Parameters
    ----------
    x : float ndarray of shape (n_values,)
        The values without NaN, group after group.
    sizes : intp ndarray of shape (n_groups,)
        How many values each group has.
    probabilities : float64 ndarray of shape (n_probabilities,)

    Returns
    -------
    low, high : float64 ndarrays of shape (n_probabilities, n_groups)
        Of the n values of a group, those of rank ``floor(p * (n - 1))`` and, if there is one, the next;
        NaN where a group has none.

    Examples
    --------
    >>> import numpy as np
    >>> select_in_groups(np.array([3.0, 1.0, 2.0, 9.0]), np.array([3, 1]), np.array([0.25]))
    (array([[1., 9.]]), array([[2., 9.]]))
    """
    low, high = (np.full((len(probabilities), len(sizes)), np.nan) for _ in range(2))
    stops = np.cumsum(sizes)
    for g in np.flatnonzero(sizes):
        own = x[stops[g] - sizes[g] : stops[g]]
        below = (probabilities * (len(own) - 1)).astype(np.intp)
        above = np.minimum(below + 1, len(own) - 1)
        _place_ranks(own, np.unique([below, above]), 0, len(own))
        low[:, g], high[:, g] = own[below], own[above]
    return low, high


def _place_ranks(x, ranks, start, stop):
    """Partition ``x[start:stop]`` so that each of the sorted ``ranks`` holds its order statistic.

    Halving the ranks keeps every partition to the piece that still matters, which is
    faster than one call with many ranks.
    """
    if len(ranks) == 0 or stop - start < 2:
        return
    middle = len(ranks) // 2
    rank = ranks[middle]
    x[start:stop].partition(rank - start)
    _place_ranks(x, ranks[:middle], start, rank)
    _place_ranks(x, ranks[middle + 1 :], rank + 1, stop)
