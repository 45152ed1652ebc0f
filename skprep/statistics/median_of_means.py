"""The median of block means: a mean and a variance that a few poisoned rows cannot move far."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from skprep.kernels.grouping import count_rows
from skprep.statistics.base import Statistic
from skprep.statistics.moments import Moments


@dataclass(eq=False)
class MedianOfMeans(Statistic):
    r"""Moments of ``n_blocks`` blocks of rows per group; their median is the estimate.

    Row i of a group belongs to block ``i % n_blocks``; a row of weight w counts as w rows.
    The center is the median :math:`c` of the block means, the standard deviation the median over
    blocks of :math:`\sqrt{m_2 / n + (\bar x - c)^2}`. Fewer than ``n_blocks / 2`` bad rows spoil
    fewer than half of the blocks and leave both medians among the good ones.

    Attributes
    ----------
    blocks : Moments
        With ``n_groups * n_blocks`` groups: block b of group g is number ``g * n_blocks + b``.
    rows : float64 ndarray of shape (n_groups, n_features)
        Weight of the rows seen: where the next row goes.
    n_blocks : int

    References
    ----------
    Lugosi & Mendelson (2019), "Mean estimation and regression under heavy-tailed
    distributions: a survey", Foundations of Computational Mathematics 19, 1145-1190.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0], [2.0], [3.0], [1e9], [2.0], [3.0]])
    >>> learnt = MedianOfMeans.learn(X, n_blocks=3)
    >>> print(X.mean().round(), learnt.center())
    166666668.0 [[3.]]
    """

    why_no_query = "numbers the rows, and the rows of a lazy frame have no order"

    blocks: Moments
    rows: np.ndarray
    n_blocks: int

    @classmethod
    def empty(cls, n_groups, n_features, n_blocks=10):
        """Return the statistic of no rows: the identity of :meth:`merge`."""
        blocks = Moments.empty(n_groups * n_blocks, n_features)
        return cls(blocks, np.zeros((n_groups, n_features)), n_blocks)

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, n_blocks=10, *, stream=False):
        """Return the statistic of the rows of ``X``, NaN left out; see :meth:`Statistic.learn`."""
        if hasattr(X, "summarise"):
            return X.summarise(cls, codes is not None, n_blocks=n_blocks)
        if codes is None and sample_weight is None and not sparse.issparse(X):
            blocks = [Moments.learn(X[b::n_blocks]) for b in range(n_blocks)]  # views: nothing is copied
            return cls(Moments.concat(blocks, axis=0), np.full((1, X.shape[1]), float(X.shape[0])), n_blocks)
        start, stop = _positions(codes, n_groups, sample_weight, X.shape[0])
        group = np.zeros(X.shape[0], dtype=np.intp) if codes is None else codes
        first_block, n_cells = group * n_blocks, n_groups * n_blocks
        if sample_weight is None:
            blocks = Moments.learn(X, first_block + start.astype(np.intp) % n_blocks, n_cells)
        else:
            blocks = Moments.empty(n_cells, X.shape[1])
            for b in range(n_blocks):
                share = _covered(stop, b, n_blocks) - _covered(start, b, n_blocks)
                blocks = blocks.merge(Moments.learn(X, first_block + b, n_cells, share))
        rows = count_rows(X.shape[0], codes, n_groups, sample_weight)
        return cls(blocks, np.repeat(rows, X.shape[1], axis=1), n_blocks)

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        return self.blocks.is_finite()

    def merge(self, other):
        """Return the statistic of the rows of ``self`` followed by those of ``other``."""
        if not other.rows.any():
            return self
        offset = self.rows[:, 0]
        if (offset != np.floor(offset)).any():
            raise ValueError(
                "Blocks of rows can be continued only after a whole number of rows; received a sum of "
                f"weights of {float(offset[offset != np.floor(offset)][0])!r}. Use whole weights, or "
                "learn from all rows at once."
            )
        block = np.arange(self.n_blocks) - offset.astype(np.int64)[:, None]
        group = np.arange(len(offset))[:, None] * self.n_blocks
        turned = other.blocks.take((group + block % self.n_blocks).ravel())
        return MedianOfMeans(self.blocks.merge(turned), self.rows + other.rows, self.n_blocks)

    def take(self, groups):
        """Return the statistic whose group i is group ``groups[i]`` of this one."""
        groups = np.asarray(groups)
        cells = (groups[:, None] * self.n_blocks + np.arange(self.n_blocks)).ravel()
        return MedianOfMeans(self.blocks.take(cells), self.rows[groups], self.n_blocks)

    def columns(self, features):
        """Return the statistic whose feature j is feature ``features[j]`` of this one."""
        return MedianOfMeans(self.blocks.columns(features), self.rows[:, features], self.n_blocks)

    pools = False

    def _with_empty_group(self):
        one = self.empty(1, self.rows.shape[1], self.n_blocks)
        blocks = Moments.concat([self.blocks, one.blocks], axis=0)
        return MedianOfMeans(blocks, np.concatenate([self.rows, one.rows]), self.n_blocks)

    @classmethod
    def from_dict(cls, state):
        """Return the statistic that :meth:`to_dict` described."""
        return cls(Moments.from_dict(state["blocks"]), np.asarray(state["rows"]), state["n_blocks"])

    @property
    def count(self):
        """Return the weight of the values that are there."""
        return self._by_block(self.blocks.count).sum(axis=1)

    def center(self):
        """Return the median of the block means, NaN where there is no value."""
        return _median(self._by_block(self.blocks.center()))

    def std(self):
        """Return the median over blocks of the root mean square about :meth:`center`."""
        center = np.repeat(self.center(), self.n_blocks, axis=0)
        return _median(self._by_block(np.hypot(self.blocks.std(), self.blocks.mean - center)))

    def variance(self):
        """Return the square of :meth:`std`."""
        with np.errstate(all="ignore"):
            return np.square(self.std())

    def _by_block(self, values):
        return values.reshape(-1, self.n_blocks, values.shape[1])


def _median(values):
    """Return the median along axis 1 of the values that are there; NaN where none is."""
    values = np.sort(values, axis=1)  # NaN last
    present = (~np.isnan(values)).sum(axis=1, keepdims=True)
    middle = [np.maximum(present - 1, 0) // 2, np.minimum(present // 2, values.shape[1] - 1)]
    low, high = (np.take_along_axis(values, m, axis=1)[:, 0] for m in middle)
    return low + (high - low) / 2


def _positions(codes, n_groups, weight, n_rows):
    """Return for each row the weight of the rows of its group before it, and up to and with it."""
    weight = np.ones(n_rows) if weight is None else weight
    codes = np.zeros(n_rows, dtype=np.intp) if codes is None else codes
    order = np.argsort(codes, kind="stable")
    sums = np.cumsum(weight[order])
    before = np.concatenate([[0.0], sums[:-1]])
    rows = np.bincount(codes, minlength=n_groups)
    first = (np.cumsum(rows) - rows)[codes[order]]
    start, stop = np.empty(n_rows), np.empty(n_rows)
    start[order], stop[order] = before - before[first], sums - before[first]
    return _settled(start, sums), _settled(stop, sums)


def _settled(position, sums):
    """Return positions, those that rounding alone keeps from a whole number put there.

    Else a share of 1e-16 of a row would fall into the next block, and have a vote of its own.
    """
    if not position.size:
        return position
    whole = np.round(position)
    noise = 4.0 * len(position) * np.finfo(np.float64).eps * max(1.0, float(sums[-1]))
    return np.where(np.abs(position - whole) <= noise, whole, position)


def _covered(position, block, n_blocks):
    """Return how much of the interval from 0 to ``position`` belongs to ``block``."""
    turns, rest = np.divmod(position, n_blocks)
    return turns + np.clip(rest - block, 0.0, 1.0)
