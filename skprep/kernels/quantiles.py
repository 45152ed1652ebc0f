"""Exact quantiles by selection, weighted ones by sorting."""

import numpy as np


def select_quantiles(x, probabilities):
    """Quantiles of one column without NaN, by linear interpolation; ``x`` is reordered.

    Equal to ``np.quantile(x, probabilities)``; NaN where ``x`` is empty.

    Examples
    --------
    >>> import numpy as np
    >>> select_quantiles(np.array([4.0, 1.0, 3.0, 2.0]), [0.0, 0.5, 1.0])
    array([1. , 2.5, 4. ])
    """
    if x.size == 0:
        return np.full(len(probabilities), np.nan)
    positions = np.asarray(probabilities, dtype=np.float64) * (x.size - 1)
    below = np.floor(positions).astype(np.intp)
    ranks = np.unique(np.concatenate([below, np.minimum(below + 1, x.size - 1)]))
    _place_ranks(x, ranks, 0, x.size)
    low = x[below].astype(np.float64)
    high = x[np.minimum(below + 1, x.size - 1)].astype(np.float64)
    return interpolate(low, high, positions - below)


def select_group_quantiles(x, codes, n_groups, weight, probabilities):
    """Weighted quantiles of each group of one column without NaN: ``(len(probabilities), n_groups)``.

    The values of a group, sorted, fill the interval from 0 to the sum W of its weights, each
    as long as its weight. The quantile is their average over a window of width
    ``d = min(1, sum(w**2) / sum(w))`` that starts at ``p * (W - d)``. Whole weights give
    exactly the quantile of the rows repeated so often; equal weights below 1
    give that of the rows unweighted. A group without values gives NaN.

    Examples
    --------
    >>> import numpy as np
    >>> x, weight = np.array([10.0, 20.0, 30.0]), np.array([1.0, 1.0, 4.0])
    >>> select_group_quantiles(x, None, 1, weight, [0.0, 0.25, 0.5])
    array([[10. ],
           [22.5],
           [30. ]])
    """
    codes = np.zeros(x.size, dtype=np.intp) if codes is None else codes
    weight = np.ones(x.size) if weight is None else weight
    order = np.lexsort((x, codes))
    x, weight, codes = x[order].astype(np.float64), weight[order], codes[order]
    rows = np.bincount(codes, minlength=n_groups)
    first = np.cumsum(rows) - rows
    total = np.bincount(codes, weights=weight, minlength=n_groups)
    square = np.bincount(codes, weights=weight * weight, minlength=n_groups)
    here = np.flatnonzero(rows)
    width = np.minimum(1.0, square[here] / total[here])
    ends = np.cumsum(weight)
    base = np.concatenate([[0.0], ends])[first[here]]
    last = first[here] + rows[here] - 1
    found = np.full((len(probabilities), n_groups), np.nan)
    for row, probability in zip(found, probabilities, strict=True):
        start = probability * (total[here] - width)
        lowest = np.clip(np.searchsorted(ends, base + start, side="right"), first[here], last)
        highest = np.searchsorted(ends, base + start + width, side="left")
        highest = np.clip(highest, lowest, last)
        fraction = np.clip((start - (ends[lowest] - base - width)) / width, 0.0, 1.0)
        row[here] = interpolate(x[lowest], x[np.minimum(lowest + 1, highest)], fraction)
        for g in np.flatnonzero(highest > lowest + 1):  # a window over three or more values
            at = slice(lowest[g], highest[g] + 1)
            edges = np.clip(ends[at] - base[g], None, start[g] + width[g])
            overlap = np.diff(edges, prepend=start[g])
            row[here[g]] = x[lowest[g]] + overlap @ (x[at] - x[lowest[g]]) / width[g]
    return found


def interpolate(low, high, fraction):
    """``low + fraction * (high - low)``, exact at both ends and for ``low == high``.

    Examples
    --------
    >>> float(interpolate(1.0, 3.0, 0.25))
    1.5
    """
    with np.errstate(over="ignore", invalid="ignore"):
        gap = high - low
        near = np.where(fraction < 0.5, low + fraction * gap, high - (1.0 - fraction) * gap)
        return np.where(np.isinf(gap), (1.0 - fraction) * low + fraction * high, near)


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
