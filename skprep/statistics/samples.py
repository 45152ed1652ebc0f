"""Values kept whole, as long as they are few."""

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Samples:
    """The values of each group and feature, with their weights.

    Attributes
    ----------
    sizes : int64 ndarray of shape (n_groups, n_features)
        How many values each cell has.
    values : list of n_features float64 ndarrays
        The values of a feature, those of group 0 first; in any order inside a group.
    weights : list of n_features float64 ndarrays, or None
        The weights of the values; None where all are 1.

    Examples
    --------
    >>> import numpy as np
    >>> samples = Samples.empty(2, 1).plus(0, np.array([5.0, 7.0, 6.0]), np.array([1, 0, 1]), None)
    >>> samples.sizes.tolist(), samples.values[0].tolist(), samples.cell(1, 0)
    ([[1], [2]], [7.0, 5.0, 6.0], (array([5., 6.]), None))
    """

    sizes: np.ndarray
    values: list
    weights: list | None

    @classmethod
    def empty(cls, n_groups, n_features):
        """Return no values."""
        sizes = np.zeros((n_groups, n_features), dtype=np.int64)
        return cls(sizes, [np.empty(0)] * n_features, None)

    def plus(self, feature, x, codes, weight):
        """Return these samples and, of one feature, the values ``x`` of the groups ``codes`` too."""
        sizes = self.sizes.copy()
        sizes[:, feature] += np.bincount(codes, minlength=len(sizes))
        groups = np.concatenate([self._groups(feature), codes])
        order = np.argsort(groups, kind="stable")
        values = list(self.values)
        values[feature] = np.concatenate([values[feature], x])[order]
        weights = self.weights
        if weight is not None or weights is not None:
            weights = self._all_weights() if weights is None else list(weights)
            more = np.ones(len(x)) if weight is None else weight
            weights[feature] = np.concatenate([weights[feature], more])[order]
        return Samples(sizes, values, weights)

    def merge(self, other):
        """Return the values of both."""
        if not other.sizes.any():
            return self
        if not self.sizes.any():
            return other
        whole = self
        for j in range(self.sizes.shape[1]):
            weight = None if other.weights is None else other.weights[j]
            whole = whole.plus(j, other.values[j], other._groups(j), weight)
        return whole

    def take(self, groups):
        """Return the samples whose group i is group ``groups[i]`` of these."""
        sizes = self.sizes[groups]
        places = []
        for j in range(sizes.shape[1]):
            start = (np.cumsum(self.sizes[:, j]) - self.sizes[:, j])[groups]
            before = np.cumsum(sizes[:, j]) - sizes[:, j]
            places.append(np.arange(sizes[:, j].sum()) + np.repeat(start - before, sizes[:, j]))
        return self._at(sizes, places)

    def without(self, cells):
        """Return these samples with the ``cells`` (a mask) emptied."""
        keep = [np.flatnonzero(~np.repeat(cells[:, j], self.sizes[:, j])) for j in range(cells.shape[1])]
        return self._at(np.where(cells, 0, self.sizes), keep)

    def with_empty_group(self):
        """Return these samples and one more group, without values."""
        sizes = np.vstack([self.sizes, np.zeros((1, self.sizes.shape[1]), dtype=np.int64)])
        return Samples(sizes, self.values, self.weights)

    def cell(self, group, feature):
        """Return values and weights of one group and feature."""
        start = int(self.sizes[:group, feature].sum())
        at = slice(start, start + int(self.sizes[group, feature]))
        weight = None if self.weights is None else self.weights[feature][at]
        return self.values[feature][at], weight

    def cells(self, mask):
        """Yield ``(group, feature, values, weights)`` for each cell of ``mask``."""
        for j in np.flatnonzero(mask.any(axis=0)):
            starts = np.cumsum(self.sizes[:, j]) - self.sizes[:, j]
            for g in np.flatnonzero(mask[:, j]).tolist():
                at = slice(starts[g], starts[g] + self.sizes[g, j])
                yield g, int(j), self.values[j][at], None if self.weights is None else self.weights[j][at]

    def column(self, feature):
        """Return values, groups and weights of one feature."""
        weight = None if self.weights is None else self.weights[feature]
        return self.values[feature], self._groups(feature), weight

    def _groups(self, feature):
        return np.repeat(np.arange(len(self.sizes)), self.sizes[:, feature])

    def _all_weights(self):
        return [np.ones(len(v)) for v in self.values]

    def _at(self, sizes, places):
        values = [v[at] for v, at in zip(self.values, places, strict=True)]
        weights = self.weights
        if weights is not None:
            weights = [w[at] for w, at in zip(weights, places, strict=True)]
        return Samples(sizes, values, weights)
