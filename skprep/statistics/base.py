"""The interface that every statistic shares: learn, merge, to_dict, from_dict."""

from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
from scipy import sparse

from skprep.kernels import threads
from skprep.kernels.blocks import column_chunks, row_blocks
from skprep.kernels.dispatch import compiled, is_contiguous

# A block of rows, large enough that merging blocks costs nothing. Compiled kernels hold no copy of it,
# unless neither its rows nor its columns lie in one piece.
LEARN_ELEMENTS = 1 << 20 if not compiled else 1 << 22
COPIED_ELEMENTS = 1 << 17


@dataclass(eq=False)
class Statistic:
    """A summary of rows: ``learn`` makes one, ``merge`` joins two, the empty one changes nothing.

    A subclass is a dataclass of float64 arrays of shape ``(n_groups, n_features)`` and says
    four things: ``empty``, ``merge``, ``_learn_block`` (the kernel for one block of rows) and
    ``_of_zeros`` (the statistic of so many zeros: what a sparse matrix does not store).
    """

    shows_infinity = True  # is_finite() can tell
    is_costly = False  # what is derived takes longer than learning: attributes wait until somebody looks
    waits = False  # in a stream, attributes wait too: they are never refused
    why_no_query = "is not a query of counts, means and extrema"  # for statistics that no engine computes

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, *, stream=False):
        """Return the statistic of the rows of ``X``, NaN left out.

        Parameters
        ----------
        X : float ndarray or sparse array of shape (n_rows, n_features)
            Or an object with a method ``summarise(kind, grouped, **settings)``, which returns the
            statistic of rows that are not in memory.
        codes : int ndarray of shape (n_rows,), default=None
            Group of each row, from 0 to ``n_groups - 1``. None: all rows are group 0.
        n_groups : int, default=1
        sample_weight : float ndarray of shape (n_rows,), default=None
            Weights, not negative; a weight of 2 is the row twice, 0 the row left out.
        stream : bool, default=False
            Whether other rows will follow; for most statistics it is all the same.

        Returns
        -------
        Statistic
            With arrays of shape ``(n_groups, n_features)``.
        """
        if hasattr(X, "summarise"):  # rows that are elsewhere, and learnt from there
            return X.summarise(cls, codes is not None)
        X, codes, sample_weight = without_weightless(X, codes, sample_weight)
        if sparse.issparse(X):
            return cls._learn_sparse(X, codes, n_groups, sample_weight)
        whole = codes is not None or (compiled and is_contiguous(X))
        chunks = [slice(0, X.shape[1])] if whole else column_chunks(X)
        parts = [cls._learn_rows(X[:, at], codes, n_groups, sample_weight) for at in chunks]
        return parts[0] if len(parts) == 1 else cls.concat(parts, axis=1)

    @classmethod
    def _learn_rows(cls, X, codes, n_groups, sample_weight):
        elements = LEARN_ELEMENTS if not compiled or is_contiguous(X) else COPIED_ELEMENTS
        elements = max(elements, 64 * n_groups * X.shape[1])

        def learn_block(rows):
            group, weight = (None if a is None else a[rows] for a in (codes, sample_weight))
            return cls._learn_block(X[rows], group, weight, n_groups)

        blocks = list(row_blocks(*X.shape, elements=elements))
        parts = threads.each(learn_block, blocks, None if len(blocks) > 1 else 1)
        return reduce(lambda a, b: a.merge(b), parts) if parts else cls.empty(n_groups, X.shape[1])

    @classmethod
    def _learn_sparse(cls, X, codes, n_groups, sample_weight):
        """Learn the stored values as one long column whose groups are the columns, then the zeros."""
        n_rows, n_features = X.shape
        X = X.tocsr()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        row = np.repeat(np.arange(n_rows), np.diff(X.indptr))
        cell = X.indices if codes is None else codes[row].astype(np.int64) * n_features + X.indices
        weight = None if sample_weight is None else sample_weight[row]
        n_cells = n_groups * n_features
        stored = cls.learn(X.data.reshape(-1, 1), cell, n_cells, weight)
        seen = np.bincount(cell, weights=weight, minlength=n_cells).reshape(n_groups, n_features)
        total = np.bincount(
            np.zeros(n_rows, dtype=np.intp) if codes is None else codes,
            weights=sample_weight,
            minlength=n_groups,
        ).reshape(n_groups, 1)
        return stored._reshape(n_groups, n_features).merge(cls._of_zeros(total - seen))

    def take(self, groups):
        """Return the statistic whose group i is group ``groups[i]`` of this one.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep.statistics import Extrema
        >>> extrema = Extrema.learn(np.array([[1.0], [2.0]]), np.array([0, 1]), n_groups=2)
        >>> extrema.take([1, 0]).min.tolist()
        [[2.0], [1.0]]
        """
        groups = np.asarray(groups, dtype=np.intp)
        return type(self)(*(getattr(self, f.name)[groups] for f in fields(self)))

    def columns(self, features):
        """Return the statistic whose feature j is feature ``features[j]`` of this one.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep.statistics import Extrema
        >>> Extrema.learn(np.array([[1.0, 5.0, 9.0]])).columns([2, 0]).min.tolist()
        [[9.0, 1.0]]
        """
        features = np.asarray(features, dtype=np.intp)
        return type(self)(*(getattr(self, f.name)[:, features] for f in fields(self)))

    pools = True  # the groups merge into the statistic of all rows

    def pool(self):
        """Return the statistic of all groups together, as one group.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep.statistics import Extrema
        >>> extrema = Extrema.learn(np.array([[1.0], [2.0]]), np.array([0, 1]), n_groups=2)
        >>> extrema.pool().max.tolist()
        [[2.0]]
        """
        whole = self
        while (n_groups := len(whole.count)) > 1:
            half = n_groups // 2
            merged = whole.take(range(half)).merge(whole.take(range(half, 2 * half)))
            rest = whole.take(range(2 * half, n_groups))
            whole = self.concat([merged, rest], axis=0)
        return whole

    def scatter(self, places, n_groups):
        """Return the statistic of ``n_groups`` groups whose group ``places[i]`` is group i of this one.

        The other groups are empty.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep.statistics import Extrema
        >>> Extrema.learn(np.array([[5.0]])).scatter([2], 3).count.tolist()
        [[0.0], [0.0], [1.0]]
        """
        if n_groups == len(self.count) and np.array_equal(places, np.arange(n_groups)):
            return self
        source = np.full(n_groups, len(self.count))
        source[np.asarray(places)] = np.arange(len(self.count))
        return self._with_empty_group().take(source)

    def _with_empty_group(self):
        return self.concat([self, self.empty(1, self.count.shape[1])], axis=0)

    def concluded(self):
        """Return what the answers need, without what only further rows or parts need."""
        return self

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        raise NotImplementedError

    def to_dict(self):
        """Return the statistic as plain lists and numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep.statistics import Extrema
        >>> Extrema.learn(np.array([[1.0], [2.0]])).to_dict()
        {'count': [[2.0]], 'min': [[1.0]], 'max': [[2.0]], 'rows': [[2.0]]}
        """
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_dict(cls, state):
        """Return the statistic that :meth:`to_dict` described."""
        return cls(**{name: _restored(value) for name, value in state.items()})

    @classmethod
    def concat(cls, parts, axis):
        """Return the statistic of the groups (``axis=0``) or features (``axis=1``) of all parts."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts], axis) for f in fields(cls)))

    def _reshape(self, n_groups, n_features):
        return type(self)(*(getattr(self, f.name).reshape(n_groups, n_features) for f in fields(self)))


def without_weightless(X, codes, weight):
    """Leave out the rows of weight 0: they must not even choose the value to shift by."""
    if weight is None or weight.all():
        return X, codes, weight
    keep = np.flatnonzero(weight)
    return X[keep], None if codes is None else codes[keep], weight[keep]


def plain(value):
    """Return a field as plain lists and numbers."""
    if isinstance(value, Statistic):
        return value.to_dict()
    return value.tolist() if isinstance(value, np.ndarray) else value


def _restored(value):
    return np.asarray(value) if isinstance(value, list) else value
