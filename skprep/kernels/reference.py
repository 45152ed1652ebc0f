"""The hot loops in NumPy: the definition of what each kernel computes.

Every function takes a block of rows ``X`` (float, NaN for missing), the integer
group ``codes`` of the rows (None: one group), ``n_groups`` and the rows' positive
weights (None: all 1), and returns float64 arrays of shape ``(n_groups, n_features)``.
"""

import numpy as np
from scipy import sparse

from skprep.kernels.blocks import CACHE_ELEMENTS, fold_of, row_blocks

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

    Examples
    --------
    >>> import numpy as np
    >>> count, first, second = find_smallest_two(np.array([[3.0], [1.0], [1.0], [7.0]]))
    >>> print(count, first, second)
    [[4.]] [[1.]] [[3.]]
    """
    first = _reduce_groups(np.fmin, X, codes, n_groups, np.inf)
    floor = first if codes is None else first[codes]
    above = np.where(X > floor, X, np.inf)
    second = _reduce_groups(np.fmin, above, codes, n_groups, np.inf)
    return _count(X, codes, n_groups, weight, has_nan=True), first, second


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
    array([[10.  ],
           [22.5 ],
           [30.  ]])
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
    gap = high - low
    return np.where(fraction < 0.5, low + fraction * gap, high - (1.0 - fraction) * gap)


def apply_affine(X, center, scale, out):
    """Write ``(X - center) / scale`` to ``out``; None stands for no center, no scale.

    float32 subtracts the center as the sum of two float32 numbers, so a mean far from 0
    costs no digits; float16 takes the way through float64. ``out`` may be ``X``.

    Examples
    --------
    >>> import numpy as np
    >>> apply_affine(np.array([[1.0, 6.0]]), np.array([1.0, 2.0]), np.array([1.0, 8.0]), np.empty((1, 2)))
    array([[0. , 0.5]])
    """
    wide = _working_array(out, center, scale)
    for part in _parts(center, wide.dtype):
        X = np.subtract(X, part, out=wide)
    if scale is not None:
        X = np.divide(X, scale.astype(wide.dtype, copy=False), out=wide)
    return _store(X, out)


def undo_affine(Z, center, scale, out):
    """Write ``Z * scale + center`` to ``out``: the inverse of :func:`apply_affine`.

    Examples
    --------
    >>> import numpy as np
    >>> undo_affine(np.array([[0.0, 0.5]]), np.array([1.0, 2.0]), np.array([1.0, 8.0]), np.empty((1, 2)))
    array([[1., 6.]])
    """
    wide = _working_array(out, center, scale)
    if scale is not None:
        Z = np.multiply(Z, scale.astype(wide.dtype, copy=False), out=wide)
    for part in reversed(_parts(center, wide.dtype)):
        Z = np.add(Z, part, out=wide)
    return _store(Z, out)


def one_hot(codes, n_groups, weight=None):
    """Sparse ``(n_groups, n_rows)`` matrix whose product with X sums the rows of each group."""
    entries = np.ones(len(codes)) if weight is None else weight
    return sparse.csc_array(
        (entries, codes, np.arange(len(codes) + 1)), shape=(n_groups, len(codes))
    )


def _working_array(out, center, scale):
    """Return ``out`` itself where its dtype can carry the arithmetic, else a float64 array."""
    if out.dtype == np.float64 or (out.dtype == np.float32 and _fit_float32(center, scale)):
        return out
    return np.empty(out.shape)


def _fit_float32(center, scale):
    limits = np.finfo(np.float32)
    with np.errstate(invalid="ignore"):
        huge = any(v is not None and (np.abs(v) > limits.max / 4).any() for v in (center, scale))
        return not huge and (scale is None or not (np.abs(scale) < limits.tiny).any())


def _parts(center, dtype):
    """Return numbers of ``dtype`` that sum to ``center`` to twice its digits."""
    if center is None:
        return []
    if center.dtype == dtype:
        return [center]
    head = center.astype(dtype)
    return [head, (center - head).astype(dtype)]


def _store(values, out):
    if values is not out:
        out[...] = values
    return out


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
        if codes is None:
            np.subtract(x, pilot, out=deviation)
            summing = np.ones((1, len(x))) if w is None else w[None, :]
        else:
            np.subtract(x, np.take(pilot, codes[rows], axis=0), out=deviation)
            summing = one_hot(codes[rows], n_groups, w)
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


def _reduce_groups(ufunc, X, codes, n_groups, empty):
    """Reduce the rows of each group with a minimum or maximum; ``empty`` where there are none."""
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
    lines = ufunc.reduce(X[:whole].reshape(-1, fold * n_features), axis=0)
    return ufunc.reduce(np.vstack([lines.reshape(fold, n_features), X[whole:]]), axis=0, keepdims=True)


def _count(X, codes, n_groups, weight, has_nan):
    summing = (
        (np.ones((1, len(X))) if weight is None else weight[None, :])
        if codes is None
        else one_hot(codes, n_groups, weight)
    )
    if has_nan:
        return np.asarray(summing @ (~np.isnan(X)).astype(np.float64))
    return np.broadcast_to(summing.sum(axis=1).reshape(-1, 1), (n_groups, X.shape[1])).copy()


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
