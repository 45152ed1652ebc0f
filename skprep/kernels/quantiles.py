"""Exact quantiles: by a bracket and a count, by selection, and weighted ones by sorting."""

from collections import deque

import numpy as np

from skprep.kernels import threads
from skprep.kernels.blocks import row_blocks
from skprep.kernels.counting import TILE
from skprep.kernels.dispatch import count_and_collect, count_runs, gather_groups

FEW_ROWS = 1 << 16  # fewer are selected from at once
SAMPLE = 1 << 14
LONG_RUN = 32  # rows of a group, on average, in which a search beats reading them
SPREADS = 4.5  # half width of a bracket: a fair sample misses it once in 100,000 times


def select_quantiles(X, probabilities):
    """Quantiles of each column by linear interpolation, and how many values it has; NaN is left out.

    Equal to ``np.nanquantile(X, probabilities, axis=0).T``; NaN where a column has no value.

    Where there are many rows, a sample says between which two values each quantile must lie; one
    pass counts the values below and keeps the few in between, among which the one of the right rank is
    selected. The sample decides the speed alone: a bracket that misses is noticed by the counts, and
    that column is selected from as a whole.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
    probabilities : sequence of float

    Returns
    -------
    count : int64 ndarray of shape (n_features,)
    quantiles : float64 ndarray of shape (n_features, n_probabilities)

    References
    ----------
    Floyd & Rivest (1975), "Expected time bounds for selection", Communications of the ACM
    18(3), 165-172.

    Examples
    --------
    >>> import numpy as np
    >>> select_quantiles(np.array([[4.0], [1.0], [np.nan], [3.0], [2.0]]), [0.0, 0.5, 1.0])
    (array([4]), array([[1. , 2.5, 4. ]]))
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    n_rows, n_features = X.shape
    count = np.zeros(n_features, dtype=np.int64)
    quantiles = np.full((n_features, len(probabilities)), np.nan)
    left = np.arange(n_features)
    if n_rows > FEW_ROWS and len(probabilities):
        left = _by_brackets(X, probabilities, count, quantiles)
    for j, (n, values) in zip(left, _each_column(X, left, probabilities), strict=True):
        count[j], quantiles[j] = n, values
    return count, quantiles


def _each_column(X, columns, probabilities):
    """Select from whole columns, on threads where they are long."""

    def one(j):
        x = X[:, j]
        x = x[~np.isnan(x)]
        x.sort()  # faster than a partition where NumPy has wide registers for it
        return x.size, _of_sorted(x[None], np.array([x.size]), probabilities)[0] if x.size else np.nan

    return threads.each(one, columns.tolist(), None if len(X) > FEW_ROWS // 8 else 1)


def _by_brackets(X, probabilities, count, quantiles):
    """Fill in what brackets find; return the columns whose bracket missed."""
    n_rows, n_features = X.shape
    low, high = _brackets(X, probabilities)
    shares = min(threads.n_threads(), max(1, X.size >> 18))
    blocks = list(row_blocks(n_rows, 1, max(1024, n_rows // (128 * shares))))
    room = _room(n_rows / shares)

    def learn(share):
        found = np.zeros(n_features, dtype=np.int64), np.zeros((4, *low.shape), dtype=np.int64)
        kept = np.empty((*low.shape, room), dtype=X.dtype)
        for rows in blocks[share::shares]:  # by turns: sorted rows, too, are shared out evenly
            count_and_collect(X[rows], low, high, *found, kept)
        return *found, kept

    learnt = threads.each(learn, range(shares), shares)
    seen = sum(part[0] for part in learnt)

    def one(j):
        parts = [(part[1][:, j], part[2][j]) for part in learnt]
        return _between(seen[j], probabilities, parts, low[j], high[j])

    answers = threads.each(one, range(n_features))
    for j, answer in enumerate(answers):
        if answer is not None and seen[j] > 0:
            count[j], quantiles[j] = seen[j], answer
    return np.array([j for j, answer in enumerate(answers) if answer is None or not seen[j]], dtype=np.intp)


def _brackets(X, probabilities):
    """Return the two values of each column between which a sample expects the quantiles."""
    rows = np.random.default_rng(0).integers(0, len(X), SAMPLE)
    sample = np.sort(X[np.sort(rows)].T, axis=1)  # NaN last
    present = SAMPLE - np.isnan(sample).sum(axis=1)
    center = probabilities * (np.maximum(present, 1)[:, None] - 1)
    margin = SPREADS * np.sqrt(present[:, None] * probabilities * (1 - probabilities)) + 3
    first, last = np.floor(center - margin).astype(np.intp), np.ceil(center + margin).astype(np.intp)
    row = np.arange(len(sample))[:, None]
    low = np.where(first < 0, -np.inf, sample[row, np.maximum(first, 0)])
    high = np.where(last >= present[:, None], np.inf, sample[row, np.minimum(last, sample.shape[1] - 1)])
    return low.astype(sample.dtype), high.astype(sample.dtype)


def _room(n_rows):
    """Return how many of so many rows a bracket may be expected to hold, and some."""
    return int(1.2 * (2 * SPREADS * np.sqrt(0.25 / SAMPLE) + 8 / SAMPLE) * n_rows) + 256 + TILE


def _between(n, probabilities, parts, low, high):
    """Return the quantiles of a column of ``n`` values by its counts and what was kept, None after a miss.

    ``parts`` are pairs of counts and kept values, as :func:`count_and_collect` fills them for one column.
    """
    below, upto, within, _ = sum(counts for counts, _ in parts)
    position = probabilities * (n - 1)
    ranks = np.minimum(np.floor(position).astype(np.int64) + np.array([[0], [1]]), n - 1)
    found = np.empty(ranks.shape)
    for k in range(len(probabilities)):
        full = any(counts[3, k] > kept.shape[1] for counts, kept in parts)
        if full or ranks[0, k] < below[k] or ranks[1, k] >= within[k]:
            return None
        values = [kept[k, : counts[3, k]] for counts, kept in parts]
        found[:, k] = _of_rank(ranks[:, k], values, low[k], high[k], upto[k])
    return interpolate(*found, position - np.floor(position))


def _of_rank(ranks, values, low, high, upto):
    """Return the values of two neighbouring ranks, of which ``upto`` are at most ``low``."""
    values = np.concatenate(values)
    inner = np.clip(ranks - upto, 0, max(len(values) - 1, 0))
    if len(values):
        values.partition(np.unique(inner))
    found = values[inner] if len(values) else np.full(2, high)
    return np.where(ranks < upto, low, np.where(ranks - upto < len(values), found, high))


def select_by_group(X, codes, n_groups, probabilities, pooled=None):
    """Quantiles of each group of rows and each column, and how many values it has; NaN is left out.

    The values of groups of about one size are gathered as the rows of one matrix, and sorted: NumPy
    sorts short rows with the widest registers that the processor has. A large group is
    a column of its own to :func:`select_quantiles`.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
    codes : int ndarray of shape (n_rows,)
    n_groups : int
    probabilities : sequence of float
    pooled : float64 ndarray of shape (n_features, n_probabilities), optional
        Filled with the quantiles of all rows, which sorted groups make cheap: what a bracket holds
        of a group is one slice.

    Returns
    -------
    count : intp ndarray of shape (n_groups, n_features)
    quantiles : float64 ndarray of shape (n_groups, n_features, n_probabilities)

    Examples
    --------
    >>> import numpy as np
    >>> count, quantiles = select_by_group(np.array([[1.0], [5.0], [3.0]]), np.array([0, 1, 0]), 2, [0.5])
    >>> count.tolist(), quantiles.tolist()
    ([[2], [1]], [[[2.0]], [[5.0]]])
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    codes = np.ascontiguousarray(codes, dtype=np.intp)
    work = _ByGroup(X, codes, n_groups, probabilities, pooled)
    todo = deque(range(X.shape[1]))  # whoever is free takes the next column

    def learn(_):
        room = work.room()
        while todo:
            try:
                j = todo.popleft()
            except IndexError:  # another thread was quicker
                return
            work.learn_column(j, *room)

    shares = threads.n_threads() if X.size >> 17 else 1
    threads.each(learn, range(shares), shares)
    return work.count, work.quantiles


class _ByGroup:
    """The quantiles of groups, column by column."""

    def __init__(self, X, codes, n_groups, probabilities, pooled):
        self.X, self.codes, self.probabilities, self.pooled = X, codes, probabilities, pooled
        self.start, self.stop, self.alike, self.large = _places(np.bincount(codes, minlength=n_groups))
        self.count = np.zeros((n_groups, X.shape[1]), dtype=np.intp)
        self.quantiles = np.full((n_groups, X.shape[1], len(probabilities)), np.nan)
        long_runs = len(X) > max(FEW_ROWS, LONG_RUN * n_groups)
        self.joint = pooled is not None and not self.large.size and long_runs
        if pooled is not None and not self.joint:
            pooled[:] = select_quantiles(X, probabilities)[1]
        self.low, self.high = _brackets(X, probabilities) if self.joint else (None, None)

    def room(self):
        """Return the arrays that one thread works in."""
        values = np.empty(self.stop.max(initial=0), dtype=self.X.dtype)
        if not self.joint:
            return values, None
        return values, np.empty((len(self.probabilities), _room(len(self.X))), dtype=self.X.dtype)

    def learn_column(self, j, values, kept):
        """Fill in the quantiles of each group, and with sorted groups those of all rows."""
        sizes = gather_groups(self.X[:, j], self.codes, self.start, self.stop, values)
        self.count[:, j] = sizes
        for groups, place, width in self.alike:
            rows = values[place : place + width * len(groups)].reshape(-1, width)
            rows.sort(axis=1)  # what fills them up is inf
            self.quantiles[groups, j] = _of_sorted(rows, sizes[groups], self.probabilities)
        for g in self.large:
            own = values[self.start[g] : self.start[g] + sizes[g], None]
            self.quantiles[g, j] = select_quantiles(own, self.probabilities)[1][0]
        if self.joint:
            self.pooled[j] = self._of_all_rows(j, values, sizes, kept)

    def _of_all_rows(self, j, runs, sizes, kept):
        counts, bounds = np.zeros((4, len(self.probabilities)), dtype=np.int64), (self.low[j], self.high[j])
        count_runs(runs, self.start, sizes, *bounds, counts, kept)
        n = sizes.sum()
        answer = _between(n, self.probabilities, [(counts, kept)], *bounds) if n else np.nan
        return select_quantiles(self.X[:, [j]], self.probabilities)[1][0] if answer is None else answer


def sort_and_select(rows, probabilities):
    """Quantiles of each row of a matrix without NaN; the rows are sorted.

    Examples
    --------
    >>> import numpy as np
    >>> sort_and_select(np.array([[3.0, 1.0, 2.0]]), np.array([0.5, 1.0]))
    array([[2., 3.]])
    """
    rows.sort(axis=1)
    return _of_sorted(rows, np.full(len(rows), rows.shape[1]), probabilities)


def _places(sizes):
    """Lay groups out: where each begins and ends, those of about one size together.

    Returns also ``(groups, place, width)`` of each such matrix, and the groups that are large.
    """
    start, width_of = np.zeros(len(sizes), dtype=np.intp), sizes.astype(np.intp)
    kind = np.where(sizes > FEW_ROWS, 99, np.frexp(sizes.astype(np.float64))[1])  # powers of 2
    place, alike, large = 0, [], np.flatnonzero(kind == 99)
    for k in np.unique(kind[kind < 99]):
        groups = np.flatnonzero(kind == k)
        width = int(sizes[groups].max())
        start[groups] = place + width * np.arange(len(groups))
        width_of[groups] = width
        if width:
            alike.append((groups, place, width))
        place += width * len(groups)
    start[large] = place + np.cumsum(sizes[large]) - sizes[large]
    return start, start + width_of, alike, large


def _of_sorted(rows, sizes, probabilities):
    """Return the quantiles of the first ``sizes`` values of each sorted row, NaN where there is none."""
    last = np.maximum(sizes[:, None] - 1, 0)
    position = probabilities * last
    below = np.floor(position).astype(np.intp)
    row = np.arange(len(rows))[:, None]
    low, high = (rows[row, i].astype(np.float64) for i in (below, np.minimum(below + 1, last)))
    return np.where(sizes[:, None] > 0, interpolate(low, high, position - below), np.nan)


def weigh_quantiles(x, codes, n_groups, weight, probabilities):
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
    >>> weigh_quantiles(x, None, 1, weight, [0.0, 0.25, 0.5])
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
    ends, first = np.empty(len(weight)), first[here]  # of the weights, from the start of each group
    last = first + rows[here] - 1
    for i, j in zip(first.tolist(), (last + 1).tolist(), strict=True):
        np.cumsum(weight[i:j], out=ends[i:j])
    find = _Finder(ends, first, last)
    found = np.full((len(probabilities), n_groups), np.nan)
    for row, probability in zip(found, probabilities, strict=True):
        start = probability * (total[here] - width)
        lowest = find(start, np.less_equal)
        highest = np.maximum(find(start + width, np.less), lowest)
        fraction = np.clip((start - (ends[lowest] - width)) / width, 0.0, 1.0)
        row[here] = interpolate(x[lowest], x[np.minimum(lowest + 1, highest)], fraction)
        for g in np.flatnonzero(highest > lowest + 1):  # a window over three or more values
            at = slice(lowest[g], highest[g] + 1)
            edges = np.clip(ends[at], None, start[g] + width[g])
            overlap = np.diff(edges, prepend=start[g])
            row[here[g]] = x[lowest[g]] + overlap @ (x[at] - x[lowest[g]]) / width[g]
    return found


class _Finder:
    """Search in the running sums of all groups at once."""

    def __init__(self, ends, first, last):
        self.ends, self.first, self.last = ends, first, last
        sizes = last - first + 1
        share = ends / np.repeat(ends[last], sizes)
        self.key = share + np.repeat(np.arange(len(first)), sizes)

    def __call__(self, target, short_of):
        """Return the first place of each group, or its last, whose sum is not ``short_of(sum, target)``."""
        share = np.clip(target / self.ends[self.last], 0.0, 1.0)
        at = np.searchsorted(self.key, share + np.arange(len(self.first)))
        at = np.clip(at, self.first, self.last)
        while True:  # the key has fewer digits than the sums: a step or two to the right place
            down = (at > self.first) & ~short_of(self.ends[np.maximum(at - 1, 0)], target)
            up = ~down & (at < self.last) & short_of(self.ends[at], target)
            if not (down.any() or up.any()):
                return at
            at = at + up - down


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
