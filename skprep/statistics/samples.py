"""Values kept whole, as long as they are few."""

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Samples:
    """The values of each group and feature, with their weights.

    All values are one array, cell after cell: the groups of the first feature, those of the second, and so
    on. So whatever is done to them is done to all cells at once.

    Attributes
    ----------
    sizes : int64 ndarray of shape (n_groups, n_features)
        How many values each cell has.
    values : float64 ndarray of shape (n_values,)
        In any order inside a cell.
    weights : float64 ndarray of shape (n_values,) or None
        None where all are 1.

    Examples
    --------
    >>> import numpy as np
    >>> samples = Samples.of_cells(np.array([5.0, 7.0, 6.0]), np.array([1, 0, 1]), None, (2, 1))
    >>> samples.sizes.tolist(), samples.values.tolist(), samples.cell(1, 0)
    ([[1], [2]], [7.0, 5.0, 6.0], (array([5., 6.]), None))
    """

    sizes: np.ndarray
    values: np.ndarray
    weights: np.ndarray | None

    @classmethod
    def empty(cls, n_groups, n_features):
        """Return no values."""
        return cls(np.zeros((n_groups, n_features), dtype=np.int64), np.empty(0), None)

    @classmethod
    def of_cells(cls, values, cells, weights, shape):
        """Return values whose cells are numbered ``feature * n_groups + group``."""
        n_groups, n_features = shape
        sizes = np.bincount(cells, minlength=n_groups * n_features).reshape(n_features, n_groups).T
        if (cells[1:] < cells[:-1]).any():
            order = np.argsort(cells, kind="stable")
            values, weights = values[order], None if weights is None else weights[order]
        return cls(np.ascontiguousarray(sizes, dtype=np.int64), values, weights)

    @classmethod
    def of_features(cls, parts):
        """Return the values of several parts, whose features stand side by side."""
        weighted = any(part.weights is not None for part in parts)
        return cls(
            np.hstack([part.sizes for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part._all_weights() for part in parts]) if weighted else None,
        )

    def merge(self, other):
        """Return the values of both."""
        if not other.values.size:
            return self
        if not self.values.size:
            return other
        sizes = self.sizes + other.sizes
        if sizes.size == 1 and self.weights is None and other.weights is None:
            return Samples(sizes, np.concatenate([self.values, other.values]), None)
        start = _starts(sizes)
        places = [
            _places(part.sizes, start + before) for part, before in ((self, 0), (other, self.sizes.T.ravel()))
        ]
        values = _put((self.values, other.values), places)
        weights = None
        if self.weights is not None or other.weights is not None:
            weights = _put((self._all_weights(), other._all_weights()), places)
        return Samples(sizes, values, weights)

    def take(self, groups):
        """Return the samples whose group i is group ``groups[i]`` of these."""
        sizes = self.sizes[groups]
        start = _starts(self.sizes).reshape(self.sizes.T.shape)[:, groups].ravel()
        return self._at(sizes, _places(sizes, start))

    def columns(self, features):
        """Return the samples whose feature j is feature ``features[j]`` of these."""
        sizes = self.sizes[:, features]
        start = _starts(self.sizes).reshape(self.sizes.T.shape)[features].ravel()
        return self._at(sizes, _places(sizes, start))

    def without(self, cells):
        """Return these samples with the ``cells`` (a mask) emptied."""
        keep = np.flatnonzero(~np.repeat(cells.T.ravel(), self.sizes.T.ravel()))
        return self._at(np.where(cells, 0, self.sizes), keep)

    def with_empty_group(self):
        """Return these samples and one more group, without values."""
        sizes = np.vstack([self.sizes, np.zeros((1, self.sizes.shape[1]), dtype=np.int64)])
        return Samples(sizes, self.values, self.weights)

    def cell(self, group, feature):
        """Return values and weights of one group and feature."""
        start = int(self.sizes[:, :feature].sum()) + int(self.sizes[:group, feature].sum())
        at = slice(start, start + int(self.sizes[group, feature]))
        return self.values[at], None if self.weights is None else self.weights[at]

    def cells(self, mask):
        """Yield ``(group, feature, values, weights)`` for each cell of ``mask``."""
        start, n_groups = _starts(self.sizes), len(self.sizes)
        for number in np.flatnonzero(mask.T.ravel()).tolist():
            feature, group = divmod(number, n_groups)
            at = slice(start[number], start[number] + self.sizes[group, feature])
            yield group, feature, self.values[at], None if self.weights is None else self.weights[at]

    def weight_of_cells(self):
        """Return the sum of the weights of each cell, as floats."""
        if self.weights is None:
            return self.sizes.astype(np.float64)
        total = np.bincount(self.numbers(), weights=self.weights, minlength=self.sizes.size)
        return total.reshape(self.sizes.T.shape).T

    def numbers(self):
        """Return the number of the cell of each value."""
        return np.repeat(np.arange(self.sizes.size), self.sizes.T.ravel())

    def by_feature(self, values):
        """Return what there is for each value, such as its weight, as one array for each feature."""
        return np.split(values, np.cumsum(self.sizes.sum(axis=0))[:-1])

    def _all_weights(self):
        return np.ones(len(self.values)) if self.weights is None else self.weights

    def _at(self, sizes, places):
        weights = None if self.weights is None else self.weights[places]
        return Samples(sizes, self.values[places], weights)


def _starts(sizes):
    """Return where each cell begins."""
    sizes = sizes.T.ravel()
    return np.cumsum(sizes) - sizes


def _places(sizes, start):
    """Return the places of values whose cells, of these sizes, begin at ``start``."""
    return np.arange(sizes.sum()) + np.repeat(start - _starts(sizes), sizes.T.ravel())


def _put(parts, places):
    whole = np.empty(sum(len(part) for part in parts))
    for part, place in zip(parts, places, strict=True):
        whole[place] = part
    return whole
