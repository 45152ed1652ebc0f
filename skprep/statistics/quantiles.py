"""Exact quantiles."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from skprep.kernels.reference import select_group_quantiles, select_quantiles
from skprep.statistics.base import Statistic


@dataclass(eq=False)
class Quantiles(Statistic):
    """Exact quantiles per group and feature, by linear interpolation (type 7).

    The quantiles of two parts do not determine those of the whole, so two summaries
    merge only when one of them is empty.

    Attributes
    ----------
    count : float64 ndarray of shape (n_groups, n_features)
        Weight of the values that are there.
    values : float64 ndarray of shape (n_groups, n_features, n_probabilities)
        NaN where a group has no value of a feature.
    probabilities : float64 ndarray of shape (n_probabilities,)

    References
    ----------
    Hyndman & Fan (1996), "Sample quantiles in statistical packages", The American
    Statistician 50(4), 361-365. For weights that are not whole numbers, the effective
    sample size of Kish (1965) sets the window, as in Akinshin (2023), "Weighted quantile
    estimators", arXiv:2304.07265.

    Examples
    --------
    >>> import numpy as np
    >>> Quantiles.learn(np.array([[1.0], [2.0], [3.0], [np.nan]]), probabilities=(0.5,)).values
    array([[[2.]]])
    >>> X, weight = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 1.0, 3.0])
    >>> Quantiles.learn(X, sample_weight=weight, probabilities=(0.5,)).values
    array([[[3.]]])
    """

    count: np.ndarray
    values: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def empty(cls, n_groups, n_features, probabilities=(0.25, 0.5, 0.75)):
        """Return the quantiles of no rows: the identity of :meth:`merge`."""
        probabilities = np.asarray(probabilities, dtype=np.float64)
        unknown = np.full((n_groups, n_features, len(probabilities)), np.nan)
        return cls(np.zeros((n_groups, n_features)), unknown, probabilities)

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, probabilities=(0.25, 0.5, 0.75)):
        """Return the quantiles of the rows of ``X``, NaN left out; see :meth:`Statistic.learn`.

        Only an eighth of the columns is copied at a time, and one column with the mask of its NaN.
        """
        found = cls.empty(n_groups, X.shape[1], probabilities)
        weighted = None if sample_weight is None else sample_weight > 0
        for j, x in enumerate(_columns(X)):
            there = ~np.isnan(x)
            if weighted is not None:
                there &= weighted
            if codes is None and sample_weight is None:
                x = x if there.all() else x[there]
                found.count[0, j] = x.size
                found.values[0, j] = select_quantiles(x, found.probabilities)
                continue
            c = None if codes is None else codes[there]
            w = None if sample_weight is None else sample_weight[there]
            found.values[:, j] = select_group_quantiles(x[there], c, n_groups, w, found.probabilities).T
            groups = np.zeros(int(there.sum()), dtype=np.intp) if c is None else c
            found.count[:, j] = np.bincount(groups, weights=w, minlength=n_groups)
        return found

    def merge(self, other):
        """Return the quantiles of the rows of both, where one of them has no rows."""
        if not other.count.any():
            return self
        if not self.count.any():
            return other
        raise ValueError(
            "Quantiles of parts (RobustScaler) can be merged only when one part is empty: two medians do "
            "not determine the median of all rows. Fit on all rows at once."
        )

    pools = False

    def take(self, groups):
        """Return the statistic whose group i is group ``groups[i]`` of this one."""
        return Quantiles(self.count[groups], self.values[groups], self.probabilities)

    def _with_empty_group(self):
        one = self.empty(1, self.count.shape[1], self.probabilities)
        stacked = (np.concatenate(pair) for pair in ((self.count, one.count), (self.values, one.values)))
        return Quantiles(*stacked, self.probabilities)


def _columns(X):
    """Yield the columns of ``X``, each a fresh contiguous array."""
    if sparse.issparse(X):
        X = X.tocsc()
        for j in range(X.shape[1]):
            stored = slice(X.indptr[j], X.indptr[j + 1])
            column = np.zeros(X.shape[0], dtype=X.dtype)
            np.add.at(column, X.indices[stored], X.data[stored])
            yield column
        return
    width = min(8, max(1, X.shape[1] // 8))  # neighbours share cache lines
    for start in range(0, X.shape[1], width):
        yield from np.array(X[:, start : start + width].T, order="C", copy=True)
