"""Count, mean and sum of squared deviations."""

import numpy as np

from skprep.kernels.dispatch import column_moments, sum_deviations, sum_from_first

# Outside these bounds squares lose digits to under- or overflow, so the column is rescaled.
TINY_SQUARE, TINY_VALUE, HUGE_SQUARE = 1e-280, 1e-120, 1e300

FEW_CELLS = 1 << 11  # groups x features, whose sums stay in the cache wherever they lie


def sum_moments(X, codes=None, n_groups=1, weight=None):
    """Weighted count, mean and sum of squared deviations of each group and feature.

    Returns ``(count, origin, offset, m2, exponent)``. The mean is ``origin + offset``, where
    origin is a value of the data so that the offset carries the digits of the mean that
    lie below those of a large origin; a constant gives its own value as origin and exactly 0 as
    offset and m2. The sum of squared deviations is ``m2 * 4.0**exponent``; the exponent is 0
    unless squares would leave the range of float64.

    Examples
    --------
    >>> import numpy as np
    >>> for part in sum_moments(np.array([[1.0], [2.0], [np.nan], [6.0]])):
    ...     print(part)
    [[3.]]
    [[1.]]
    [[2.]]
    [[14.]]
    [[0]]
    """
    found = column_moments(X, weight) if codes is None and n_groups == 1 else None
    if found is not None:
        return *found, np.zeros((1, X.shape[1]), dtype=np.int64)
    with np.errstate(all="ignore"):
        count, origin, offset, m2, shift, square = _moments_about_a_value(X, codes, n_groups, weight)
        exponent = np.zeros(m2.shape, dtype=np.int64)
        for column, groups, power in _out_of_range(X, codes, origin, shift, square):
            of_row = power[0] if codes is None else power[codes]
            scaled = np.ldexp(X[:, column].astype(np.float64), -of_row)[:, None]
            _, o, f, m = _moments_about_a_value(scaled, codes, n_groups, weight)[:4]
            origin[groups, column] = np.ldexp(o[:, 0], power)[groups]
            offset[groups, column] = np.ldexp(f[:, 0], power)[groups]
            m2[groups, column] = m[groups, 0]
            exponent[groups, column] = power[groups]
    return count, origin, offset, m2, exponent


def _moments_about_a_value(X, codes, n_groups, weight):
    """Return count, origin, offset and m2, and the sums that show whether squares left float64."""
    grouped = codes is not None and weight is None and n_groups * X.shape[1] > FEW_CELLS
    found = sum_from_first(X, codes, n_groups) if grouped else None
    if found is None:
        origin = _some_values(X, codes, n_groups)
        found = origin, *sum_deviations(X, origin, codes, n_groups, weight)
    origin, count, shift, square = found
    m2 = square - shift * _ratio(shift, count)
    if (m2 < 1e-3 * square).any():
        # That value lies far out: the difference above lost digits. Shift by the mean.
        origin = origin + _ratio(shift, count)
        count, shift, square = sum_deviations(X, origin, codes, n_groups, weight)
        m2 = square - shift * _ratio(shift, count)
    offset = _ratio(shift, count)
    m2 = np.maximum(m2, 0.0)
    for part in (origin, offset, m2):
        part[count == 0] = 0.0
    return count, origin, offset, m2, shift, square


def _ratio(total, count):
    return np.divide(total, count, out=np.zeros(np.shape(total)), where=count > 0)


def _some_values(X, codes, n_groups):
    """Return a value of each group and feature to shift by, one that is not NaN."""
    if codes is None:
        pilot = X[:1].astype(np.float64)
        for j in np.flatnonzero(np.isnan(pilot[0])):
            present = ~np.isnan(X[:, j])
            pilot[0, j] = X[present.argmax(), j] if present.any() else 0.0
        return pilot
    small = np.int32 if len(codes) < 2**31 else np.int64  # half the memory to write
    row = np.zeros(n_groups, dtype=small)
    row[codes] = np.arange(len(codes), dtype=small)  # whichever row of a group is written last
    if X.strides[0] < X.strides[1]:
        pilot = np.empty((n_groups, X.shape[1]))
        for j in range(X.shape[1]):
            pilot[:, j] = X[:, j].take(row)
    else:
        pilot = X[row].astype(np.float64)
    for j in np.flatnonzero(np.isnan(pilot).any(axis=0)):
        present = ~np.isnan(X[:, j])
        pilot[:, j] = 0.0
        pilot[codes[present], j] = X[present, j]
    return pilot


def _out_of_range(X, codes, origin, shift, square):
    """Yield ``(column, groups, power)`` where squares leave float64 and ``X * 2.0**-power`` do not.

    ``power`` has one entry per group; ``groups`` are those that need it.
    """
    low = (square < TINY_SQUARE) & (np.abs(origin) < TINY_VALUE)
    high = ~(np.isfinite(shift) & (square < HUGE_SQUARE))
    if not (low.any() or high.any()):
        return
    for column in np.flatnonzero((low | high).any(axis=0)):
        top = _largest(X[:, column], codes, len(origin))
        present = np.where(high[:, column], np.isfinite(top), (top > 0) & (top < TINY_VALUE))
        groups = np.flatnonzero((low | high)[:, column] & present)
        if len(groups):
            power = np.zeros(len(origin), dtype=np.int32)
            power[groups] = np.frexp(top[groups])[1]
            yield int(column), groups, power


def _largest(x, codes, n_groups):
    """Return the largest absolute value of each group of a column, 0 where there is none."""
    if codes is None:
        return np.array([np.fmax(np.fmax.reduce(x), -np.fmin.reduce(x))], dtype=np.float64)
    top = np.zeros(n_groups)
    np.fmax.at(top, codes, np.abs(x, dtype=np.float64))
    return top
