"""Minimum and maximum."""

from dataclasses import dataclass

import numpy as np

from skprep.kernels.dispatch import find_extrema
from skprep.kernels.grouping import count_rows
from skprep.statistics.base import Statistic


@dataclass(eq=False)
class Extrema(Statistic):
    """Minimum and maximum per group and feature; parts merge by taking the smaller and the larger.

    Attributes
    ----------
    count : float64 ndarray of shape (n_groups, n_features)
        Weight of the values that are there.
    min, max : float64 ndarray of shape (n_groups, n_features)
        ``inf`` and ``-inf`` where a group has no value of a feature.
    rows : float64 ndarray of shape (n_groups, n_features)
        Weight of the rows seen, missing values included.

    Examples
    --------
    >>> import numpy as np
    >>> a = Extrema.learn(np.array([[1.0], [np.nan]]))
    >>> b = Extrema.learn(np.array([[6.0]]))
    >>> both = a.merge(b)
    >>> print(both.min, both.max, both.count, both.rows)
    [[1.]] [[6.]] [[2.]] [[3.]]
    """

    count: np.ndarray
    min: np.ndarray
    max: np.ndarray
    rows: np.ndarray

    @classmethod
    def empty(cls, n_groups, n_features):
        """Return the extrema of no rows: the identity of :meth:`merge`."""
        return cls._of_zeros(np.zeros((n_groups, n_features)))

    @classmethod
    def _of_zeros(cls, count):
        count = count.astype(np.float64)
        low, high = np.where(count > 0, 0.0, np.inf), np.where(count > 0, 0.0, -np.inf)
        return cls(count, low, high, count)

    @classmethod
    def _learn_block(cls, X, codes, weight, n_groups):
        count, low, high = find_extrema(X, codes, n_groups, weight)
        rows = count_rows(len(X), codes, n_groups, weight)
        return cls(count, low, high, np.repeat(rows, X.shape[1], axis=1))

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        present = self.count > 0
        return bool(np.isfinite(self.min[present]).all() and np.isfinite(self.max[present]).all())

    def merge(self, other):
        """Return the extrema of the rows of both."""
        return Extrema(
            self.count + other.count,
            np.minimum(self.min, other.min),
            np.maximum(self.max, other.max),
            self.rows + other.rows,
        )
