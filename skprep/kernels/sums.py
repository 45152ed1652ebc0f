"""Sums of deviations from a pilot value."""

import numpy as np

from skprep.kernels.blocks import CACHE_ELEMENTS, row_blocks
from skprep.kernels.grouping import count_rows, summing_matrix


def sum_deviations(X, pilot, codes=None, n_groups=1, weight=None):
    """Weighted count, sum and sum of squares of ``X - pilot`` per group and feature, NaN left out.

    ``pilot`` has one number for each group and feature.

    Examples
    --------
    >>> import numpy as np
    >>> for part in sum_deviations(np.array([[11.0], [np.nan], [13.0]]), np.array([[10.0]])):
    ...     print(part)
    [[2.]]
    [[4.]]
    [[10.]]
    """
    shape = (n_groups, X.shape[1])
    shift, square, count = np.zeros(shape), np.zeros(shape), None
    order = "F" if codes is None and X.strides[0] < X.strides[1] else "C"
    blocks = list(row_blocks(*X.shape, elements=max(CACHE_ELEMENTS, pilot.size)))
    buffer = np.empty((blocks[0].stop, X.shape[1]), order=order) if blocks else None
    gathered = None if codes is None else np.empty_like(buffer)
    for rows in blocks:
        x, w = X[rows], None if weight is None else weight[rows]
        deviation = buffer[: len(x)]
        group = None if codes is None else codes[rows]
        summing = summing_matrix(len(x), group, n_groups, w)
        if codes is None:
            np.subtract(x, pilot, out=deviation)
        else:
            own = np.take(pilot, group, axis=0, out=gathered[: len(x)], mode="clip")
            deviation[...] = x
            np.subtract(deviation, own, out=deviation)
        totals = summing @ deviation
        if np.isnan(totals).any():
            missing = np.isnan(x)
            deviation[missing] = 0.0
            totals = summing @ deviation
            if count is None:
                count = _rows_before(rows.start, codes, n_groups, weight, X.shape[1])
            # Counted, not subtracted: nothing but NaN must count as exactly 0.
            count += summing @ (~missing).astype(np.float64)
        elif count is not None:
            count += summing @ np.ones(x.shape)
        shift += totals
        square += summing @ np.multiply(deviation, deviation, out=deviation)
    if count is None:
        count = _rows_before(len(X), codes, n_groups, weight, X.shape[1])
    return count, shift, square


def _rows_before(stop, codes, n_groups, weight, n_features):
    """Return the weight of the first rows of each group, once per feature."""
    codes, weight = (None if a is None else a[:stop] for a in (codes, weight))
    return np.repeat(count_rows(stop, codes, n_groups, weight), n_features, axis=1)
