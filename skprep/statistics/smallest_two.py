"""The smallest value and the one above it."""

from dataclasses import dataclass

import numpy as np

from skprep.kernels.dispatch import find_smallest_two
from skprep.statistics.base import Statistic


@dataclass(eq=False)
class SmallestTwo(Statistic):
    """The two smallest distinct values per group and feature.

    Their difference is the smallest step that the data take away from their minimum.

    Attributes
    ----------
    count : float64 ndarray of shape (n_groups, n_features)
        Weight of the values that are there.
    first, second : float64 ndarray of shape (n_groups, n_features)
        ``inf`` where there is no such value; ``first`` is ``-inf`` where there was an infinity.

    Examples
    --------
    >>> import numpy as np
    >>> a = SmallestTwo.learn(np.array([[0.0], [5.0]]))
    >>> b = SmallestTwo.learn(np.array([[0.0], [3.0]]))
    >>> a.merge(b).second
    array([[3.]])
    """

    count: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def empty(cls, n_groups, n_features):
        """Return the two smallest of no rows: the identity of :meth:`merge`."""
        return cls._of_zeros(np.zeros((n_groups, n_features)))

    @classmethod
    def _of_zeros(cls, count):
        return cls(
            count.astype(np.float64),
            np.where(count > 0, 0.0, np.inf),
            np.full(count.shape, np.inf),
        )

    @classmethod
    def _learn_block(cls, X, codes, weight, n_groups):
        return cls(*find_smallest_two(X, codes, n_groups, weight))

    def merge(self, other):
        """Return the two smallest of the rows of both."""
        first = np.minimum(self.first, other.first)
        rest = [np.where(v > first, v, np.inf) for v in (self.first, other.first)]
        second = np.minimum.reduce([*rest, self.second, other.second])
        return SmallestTwo(self.count + other.count, first, second)

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        return not np.isneginf(self.first).any()
