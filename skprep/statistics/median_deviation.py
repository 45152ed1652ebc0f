"""Median, and median of the absolute deviations from it."""

from functools import cached_property

import numpy as np
from scipy import sparse

from skprep.statistics import sketch
from skprep.statistics.base import without_weightless
from skprep.statistics.quantiles import Quantiles, chunks, quantiles_of
from skprep.statistics.samples import Samples

MEDIAN = (0.5,)


class MedianDeviation(Quantiles):
    """The median of each group and feature, and the median of the absolute deviations from it.

    What is kept, and how parts merge, is as in :class:`Quantiles`: values up to a budget, then a sketch.
    ``answers`` and :attr:`values` hold the median and the deviation, where those of Quantiles hold one for
    each probability.

    References
    ----------
    Hampel (1974), "The influence curve and its role in robust estimation", Journal of the American
    Statistical Association 69(346), 383-393.

    Examples
    --------
    >>> import numpy as np
    >>> MedianDeviation.learn(np.array([[1.0], [2.0], [3.0], [7.0], [np.nan]])).values
    array([[[2.5, 1. ]]])
    """

    @classmethod
    def empty(cls, n_groups, n_features, **settings):
        """Return the statistic of no rows: the identity of :meth:`merge`."""
        return super().empty(n_groups, n_features, **{**settings, "probabilities": (0.5, 0.5)})

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, *, stream=False, **settings):
        """Return the statistic of the rows of ``X``, NaN left out; see :meth:`Quantiles.learn`."""
        learnt = super().learn(X, codes, n_groups, sample_weight, stream=stream, **settings)
        if not hasattr(X, "summarise") and learnt._alone().any():
            learnt.pooled = None  # its deviations would be from the medians of the groups
            X, codes, sample_weight = without_weightless(X, codes, sample_weight)
            for columns in chunks(X):
                learnt._look_again(X[:, columns], columns, codes, sample_weight)
        return learnt

    def _look_again(self, x, columns, codes, weight):
        """Fill in the deviations of rows seen at once, from the medians that are known by now."""
        x = x.toarray() if sparse.issparse(x) else x
        center = self.answers[:, columns, 0]
        away = np.abs(x.astype(np.float64) - (center[0] if codes is None else center[codes]))
        found = Quantiles.learn(away, codes, len(center), weight, probabilities=MEDIAN, budget=self.budget)
        self.answers[:, columns, 1] = found.values[:, :, 0]

    @cached_property
    def values(self):
        """Median and deviation, ``(n_groups, n_features, 2)``; NaN where a group has no value."""
        values = Quantiles.values.func(self)
        median = values[:, :, 0]
        samples = self.samples
        if samples.values.size:
            away = np.abs(samples.values - np.repeat(median.T.ravel(), samples.sizes.T.ravel()))
            found = quantiles_of(Samples(samples.sizes, away, samples.weights), np.array(MEDIAN))[:, :, 0]
            values[:, :, 1] = np.where(samples.sizes > 0, found, values[:, :, 1])
        for (g, j), bytes_ in self.sketches.items():
            pending = samples.cell(g, j)[0] if samples.sizes[g, j] else None
            values[g, j, 1] = sketch.deviation(bytes_, pending, median[g, j])
        return values
