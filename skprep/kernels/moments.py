"""Count, mean and sum of squared deviations."""

import numpy as np

from skprep.kernels.blocks import CACHE_ELEMENTS, row_blocks
from skprep.kernels.grouping import summing_matrix

# Outside these bounds squares lose digits to under- or overflow, so the column is rescaled.
TINY_SQUARE, TINY_VALUE, HUGE_SQUARE = 1e-280, 1e-120, 1e300


def sum_moments(X, codes=None, n_groups=1, weight=None):
    """Weighted count, mean and sum of squared deviations, and the exponent of the latter.

    The sum of squared deviations is ``m2 * 4.0**exponent``; the exponent is 0 unless the
    squares would leave the range of float64. Values are shifted by the first one
    of their group and feature, so a constant gives ``m2 == 0`` and its own value as mean.

    Examples
    --------
    >>> import numpy as np
    >>> count, mean, m2, exponent = sum_moments(np.array([[1.0], [2.0], [np.nan], [6.0]]))
    >>> print(count, mean, m2, exponent)
    [[3.]] [[3.]] [[14.]] [[0]]
    """
    with np.errstate(all="ignore"):
        pilot = _first_values(X, codes, n_groups)
        count, shift, square = _shifted_sums(X, pilot, codes, n_groups, weight)
        m2 = square - shift * _ratio(shift, count)
        if (m2 < 1e-3 * square).any():
            # The first value lies far out: the difference above lost digits. Shift by the mean.
            pilot = pilot + _ratio(shift, count)
            count, shift, square = _shifted_sums(X, pilot, codes, n_groups, weight)
            m2 = square - shift * _ratio(shift, count)
        mean = pilot + _ratio(shift, count)
        m2 = np.maximum(m2, 0.0)
        mean[count == 0], m2[count == 0] = 0.0, 0.0
        exponent = np.zeros(m2.shape, dtype=np.int64)
        for column, power in _out_of_range(X, pilot, shift, square):
            at = slice(column, column + 1)
            scaled = np.ldexp(X[:, at].astype(np.float64), -power)
            _, mean_scaled, m2[:, at], _ = sum_moments(scaled, codes, n_groups, weight)
            mean[:, at] = np.ldexp(mean_scaled, power)
            exponent[:, at] = power
    return count, mean, m2, exponent


def _ratio(total, count):
    return np.divide(total, count, out=np.zeros(np.shape(total)), where=count > 0)


def _first_values(X, codes, n_groups):
    """Return a value of each group and feature to shift by: the first one that is not NaN."""
    if codes is None:
        pilot = X[:1].astype(np.float64)
        for j in np.flatnonzero(np.isnan(pilot[0])):
            there = ~np.isnan(X[:, j])
            pilot[0, j] = X[there.argmax(), j] if there.any() else 0.0
        return pilot
    first = np.zeros(n_groups, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last write, the first row, stays
    pilot = X[first].astype(np.float64)
    for j in np.flatnonzero(np.isnan(pilot).any(axis=0)):
        there = ~np.isnan(X[:, j])
        pilot[:, j] = 0.0
        pilot[codes[there][::-1], j] = X[there, j][::-1]
    return pilot


def _shifted_sums(X, pilot, codes, n_groups, weight):
    """Count, sum and sum of squares of ``X - pilot`` per group and feature."""
    shape = (n_groups, X.shape[1])
    count, shift, square = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    order = "F" if codes is None and X.strides[0] < X.strides[1] else "C"
    blocks = list(row_blocks(*X.shape, elements=max(CACHE_ELEMENTS, pilot.size)))
    buffer = np.empty((blocks[0].stop, X.shape[1]), order=order) if blocks else None
    for rows in blocks:
        x, w = X[rows], None if weight is None else weight[rows]
        deviation = buffer[: len(x)]
        group = None if codes is None else codes[rows]
        summing = summing_matrix(len(x), group, n_groups, w)
        np.subtract(x, pilot if codes is None else np.take(pilot, group, axis=0), out=deviation)
        totals = summing @ deviation
        count += summing.sum(axis=1).reshape(-1, 1)
        if np.isnan(totals).any():
            missing = np.isnan(x)
            deviation[missing] = 0.0
            totals = summing @ deviation
            count -= summing @ missing.astype(np.float64)
        shift += totals
        square += summing @ np.multiply(deviation, deviation, out=deviation)
    return count, shift, square


def _out_of_range(X, pilot, shift, square):
    """Yield ``(column, power)`` where squares under- or overflow and ``X * 2**-power`` would not."""
    low = (square < TINY_SQUARE).any(axis=0) & (np.abs(pilot) < TINY_VALUE).all(axis=0)
    high = ~(np.isfinite(shift) & (square < HUGE_SQUARE)).all(axis=0)
    for column in np.flatnonzero(low | high):
        x = X[:, column]
        top = float(max(np.fmax.reduce(x), -np.fmin.reduce(x)))
        if (high[column] and np.isfinite(top)) or 0.0 < top < TINY_VALUE:
            yield int(column), int(np.frexp(top)[1])
