"""Quantiles: exact as long as the values are few or seen at once, by a sketch beyond."""

import base64
import zlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from skprep.kernels.quantiles import select_by_group, select_quantiles, sort_and_select, weigh_quantiles
from skprep.statistics import sketch
from skprep.statistics.base import Statistic, without_weightless
from skprep.statistics.samples import Samples

EXACT_BUDGET = 4096
PENDING = 4096  # values that wait beside a sketch, so that it is not rewritten for every row;
ALL_PENDING = 1 << 19  # of few groups and features more: many are taken into a sketch much faster than few
MOST_PENDING = 1 << 13
CHUNK = 1 << 18  # numbers that are taken at a time as one column with a group for each of their features


@dataclass(eq=False)
class Quantiles(Statistic):
    """Quantiles per group and feature, by linear interpolation (type 7) where they are exact.

    What is known of a group and feature is one of three things:

    - its values, as long as there are at most ``budget``: exact, and can be merged;
    - a KLL sketch: within ``max_rank_error`` of the asked rank, and can be merged;
    - the quantiles alone, learnt from more rows at once: exact, but two medians do not
      determine the median of all rows, so they merge with the empty part only.

    Attributes
    ----------
    count : float64 ndarray of shape (n_groups, n_features)
        Weight of the values that are there.
    probabilities : float64 ndarray of shape (n_probabilities,)
    samples : Samples
        The values, and for a sketch those that have not gone into it yet.
    sketches : dict
        Sketch (bytes) by ``(group, feature)``.
    answers : float64 ndarray of shape (n_groups, n_features, n_probabilities)
        The quantiles where they alone are known; NaN elsewhere.
    errors : float64 ndarray of shape (n_groups, n_features)
        How far the rank of ``answers`` may be off.
    budget : int
    max_rank_error : float

    References
    ----------
    Hyndman & Fan (1996), "Sample quantiles in statistical packages", The American
    Statistician 50(4), 361-365. For weights that are not whole numbers, the effective
    sample size of Kish (1965) sets the window, as in Akinshin (2023), "Weighted quantile
    estimators", arXiv:2304.07265. Karnin, Lang & Liberty (2016), "Optimal quantile approximation
    in streams", FOCS, 71-78.

    Examples
    --------
    >>> import numpy as np
    >>> Quantiles.learn(np.array([[1.0], [2.0], [3.0], [np.nan]]), probabilities=(0.5,)).values
    array([[[2.]]])
    >>> X, weight = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 1.0, 3.0])
    >>> Quantiles.learn(X, sample_weight=weight, probabilities=(0.5,)).values
    array([[[3.]]])
    >>> a, b = (Quantiles.learn(np.array([[v]]), probabilities=(0.5,)) for v in (1.0, 4.0))
    >>> a.merge(b).values
    array([[[2.5]]])
    """

    shows_infinity = False

    count: np.ndarray
    probabilities: np.ndarray
    samples: Samples
    sketches: dict
    answers: np.ndarray
    errors: np.ndarray
    budget: int
    max_rank_error: float

    @classmethod
    def empty(
        cls,
        n_groups,
        n_features,
        probabilities=(0.25, 0.5, 0.75),
        budget=EXACT_BUDGET,
        max_rank_error=0.001,
    ):
        """Return the quantiles of no rows: the identity of :meth:`merge`."""
        probabilities = np.asarray(probabilities, dtype=np.float64)
        unknown = np.full((n_groups, n_features, len(probabilities)), np.nan)
        count, samples = np.zeros((n_groups, n_features)), Samples.empty(n_groups, n_features)
        return cls(count, probabilities, samples, {}, unknown, count.copy(), budget, max_rank_error)

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, *, stream=False, **settings):
        """Return the quantiles of the rows of ``X``, NaN left out; see :meth:`Statistic.learn`.

        Of more rows than the budget, the exact quantiles alone are kept, or with ``stream=True`` a
        sketch that further rows can follow. Of rows with weights, a few columns are copied at a time.
        ``settings`` are those of :meth:`empty`.
        """
        if hasattr(X, "summarise"):
            return X.summarise(cls, codes is not None, **settings)
        X, codes, sample_weight = without_weightless(X, codes, sample_weight)
        learnt = cls.empty(n_groups, X.shape[1], **settings)
        keep = stream or X.shape[0] <= learnt.budget
        if not (keep or sparse.issparse(X)) and sample_weight is None:
            return learnt._answered(X, codes)
        if codes is not None:  # once for all features
            order = np.argsort(codes, kind="stable")
            X, codes = X[order], codes[order]
            sample_weight = None if sample_weight is None else sample_weight[order]
        parts = []
        for columns in chunks(X):
            x = X[:, columns]
            x = x.toarray() if sparse.issparse(x) else x
            samples = _samples_of(x, codes, n_groups, sample_weight)
            learnt.count[:, columns] = samples.weight_of_cells()
            if keep:
                parts.append(samples)
            else:
                learnt.answers[:, columns] = quantiles_of(samples, learnt.probabilities)
        if parts:
            learnt.samples = Samples.of_features(parts) if len(parts) > 1 else parts[0]
        return learnt._condensed()

    def _answered(self, X, codes):
        """Fill in the quantiles of rows seen at once, and forget the rows."""
        if codes is None:
            self.count[0], self.answers[0] = select_quantiles(X, self.probabilities)
            return self

        pooled = Quantiles.empty(1, X.shape[1], self.probabilities, self.budget, self.max_rank_error)
        count, self.answers[:] = select_by_group(
            X, codes, len(self.count), self.probabilities, pooled.answers[0]
        )
        self.count[:], pooled.count[0] = count, count.sum(axis=0)
        self.pooled = pooled
        return self

    @cached_property
    def values(self):
        """The quantiles, ``(n_groups, n_features, n_probabilities)``; NaN where a group has no value."""
        cells = np.zeros(self.count.shape, dtype=bool)
        for cell in self.sketches:
            cells[cell] = True
        samples = self.samples.without(cells) if self.sketches else self.samples
        values = self.answers
        if samples.values.size:
            exact = quantiles_of(samples, self.probabilities)
            values = np.where(samples.sizes[:, :, None] > 0, exact, values)
        values = values.copy()
        for (g, j), bytes_ in self.sketches.items():
            pending = self.samples.cell(g, j)[0] if self.samples.sizes[g, j] else None
            values[g, j] = sketch.quantiles(bytes_, pending, self.probabilities)
        return values

    def at(self, probabilities):
        """Return other quantiles of the same values; None where only those that were asked for are known.

        Examples
        --------
        >>> Quantiles.learn(np.arange(5.0)[:, None], probabilities=(0.5,)).at((0.25, 1.0))
        array([[[1., 4.]]])
        """
        if self._alone().any():
            return None
        unknown = np.full((*self.count.shape, len(probabilities)), np.nan)
        return replace(self, probabilities=np.asarray(probabilities), answers=unknown).values

    def rank_error(self):
        """Return how far the rank of a quantile may be off, ``(n_groups, n_features)``; 0 where exact."""
        error = self.errors.copy()
        for cell, bytes_ in self.sketches.items():
            error[cell] = sketch.rank_error(bytes_)
        return error

    def merge(self, other):
        """Return the quantiles of the rows of both."""
        alone = [p._alone() for p in (self, other)]
        stuck = (alone[0] & (other.count > 0)) | (alone[1] & (self.count > 0))
        if not (alone[0].any() or alone[1].any()):
            answers, errors = self.answers, self.errors
        else:
            answers = np.where(alone[1][:, :, None], other.answers, self.answers)
            errors = np.where(alone[1], other.errors, self.errors)
        if stuck.any():
            n = max(p.count[stuck & a].max(initial=0) for p, a in zip((self, other), alone, strict=True))
            raise ValueError(
                "RobustScaler goes on from, or merges with, what partial_fit has learnt, or a fit on at "
                f"most exact_budget={self.budget} rows in memory; received a fit on more, by the query of a "
                "lazy frame, or one saved with mergeable=False (skprep fit without --mergeable), that has "
                f"the quantiles alone (of up to {n:.0f} values), and two medians do not determine the median "
                "of all rows. Start with partial_fit on rows in memory, which keeps a sketch, or fit on all "
                "rows at once."
            )
        sketches = {**self.sketches, **other.sketches}
        for cell in self.sketches.keys() & other.sketches.keys():
            sketches[cell] = sketch.merged(self.sketches[cell], other.sketches[cell])
        return replace(
            self,
            count=self.count + other.count,
            samples=self.samples.merge(other.samples),
            sketches=sketches,
            answers=answers,
            errors=errors,
        )._condensed()

    @property
    def is_costly(self):
        """Whether what is derived of it takes longer than learning a batch."""
        return bool(self.sketches)

    pooled = None  # the quantiles of all rows, where they were learnt beside those of the groups

    @property
    def pools(self):
        """Say whether the quantiles of all rows are known."""
        return self.pooled is not None

    def pool(self):
        """Return the quantiles of all rows."""
        return self.pooled

    def take(self, groups):
        """Return the statistic whose group i is group ``groups[i]`` of this one."""
        groups = np.asarray(groups, dtype=np.intp)
        sketches = {}
        if self.sketches:
            places = {}
            for new, old in enumerate(groups.tolist()):
                places.setdefault(old, []).append(new)
            for (g, j), bytes_ in self.sketches.items():
                sketches.update(((new, j), bytes_) for new in places.get(g, ()))
        return replace(
            self,
            count=self.count[groups],
            samples=self.samples.take(groups),
            sketches=sketches,
            answers=self.answers[groups],
            errors=self.errors[groups],
        )

    def columns(self, features):
        """Return the statistic whose feature j is feature ``features[j]`` of this one."""
        features = np.asarray(features, dtype=np.intp)
        places = enumerate(features.tolist())
        sketches = {(g, new): b for new, old in places for (g, j), b in self.sketches.items() if j == old}
        return replace(
            self,
            count=self.count[:, features],
            samples=self.samples.columns(features),
            sketches=sketches,
            answers=self.answers[:, features],
            errors=self.errors[:, features],
        )

    def concluded(self):
        """Return the quantiles alone: no value of a row that is not one of them, nothing to go on from."""
        samples = Samples.empty(*self.count.shape)
        return replace(
            self, samples=samples, sketches={}, answers=self.values.copy(), errors=self.rank_error()
        )

    def concatenate(self, other):
        """Return the quantiles alone of the features of both, learnt from the same rows."""
        a, b = self.concluded(), other.concluded()
        whole = {n: np.hstack([getattr(a, n), getattr(b, n)]) for n in ("count", "answers", "errors")}
        return replace(a, samples=Samples.empty(*whole["count"].shape), **whole)

    def to_dict(self):
        """Return the statistic as plain lists, numbers and text (a sketch in base 64, with its CRC-32)."""
        return {
            "count": self.count.tolist(),
            "probabilities": self.probabilities.tolist(),
            "sizes": self.samples.sizes.tolist(),
            "values": [v.tolist() for v in self.samples.by_feature(self.samples.values)],
            "weights": (
                None
                if self.samples.weights is None
                else [w.tolist() for w in self.samples.by_feature(self.samples.weights)]
            ),
            "sketches": [
                [g, j, base64.b64encode(bytes_).decode(), zlib.crc32(bytes_)]
                for (g, j), bytes_ in sorted(self.sketches.items())
            ],
            "answers": self.answers.tolist(),
            "errors": self.errors.tolist(),
            "budget": self.budget,
            "max_rank_error": self.max_rank_error,
        }

    @classmethod
    def from_dict(cls, state):
        """Return the statistic that :meth:`to_dict` described."""
        floats, weights = _end_to_end(state["values"]), state["weights"]
        weights = None if weights is None else _end_to_end(weights)
        count = np.asarray(state["count"], dtype=np.float64)
        sizes = np.asarray(state["sizes"], dtype=np.int64)
        probabilities = np.asarray(state["probabilities"], dtype=np.float64)
        answers, errors = (np.asarray(state[name], dtype=np.float64) for name in ("answers", "errors"))
        samples, sketches = Samples(sizes, floats, weights), _sketches(state["sketches"])
        settings = state["budget"], state["max_rank_error"]
        return cls(count, probabilities, samples, sketches, answers, errors, *settings)

    def _alone(self):
        """Say where the quantiles alone are known."""
        known = self.samples.sizes > 0
        for cell in self.sketches:
            known[cell] = True
        return (self.count > 0) & ~known

    def _condensed(self):
        """Return the statistic with a sketch wherever the values have grown beyond the budget."""
        pending = 0
        if self.samples.weights is None:
            pending = min(MOST_PENDING, max(PENDING, ALL_PENDING // max(1, self.count.size)))
        if self.samples.values.size <= min(pending, self.budget):
            return self
        limit = np.full(self.count.shape, self.budget)
        for cell in self.sketches:
            limit[cell] = min(pending, self.budget if self.budget < PENDING else 2 * self.budget)
        full = self.samples.sizes > limit
        if not full.any():
            return self
        sketches = dict(self.sketches)
        for g, j, values, weight in self.samples.cells(full):
            sketches[g, j] = sketch.updated(sketches.get((g, j)), values, weight, self.max_rank_error)
        return replace(self, samples=self.samples.without(full), sketches=sketches)

    def _with_empty_group(self):
        return replace(
            self,
            count=np.vstack([self.count, np.zeros((1, self.count.shape[1]))]),
            samples=self.samples.with_empty_group(),
            answers=np.concatenate([self.answers, np.full_like(self.answers[:1], np.nan)]),
            errors=np.vstack([self.errors, np.zeros((1, self.count.shape[1]))]),
        )


def _samples_of(x, codes, n_groups, weight):
    """Return the values of a dense block that are there, of rows sorted by group."""
    n_rows, n_features = x.shape
    values = np.array(x.T, dtype=np.float64, order="C").ravel()
    present = ~np.isnan(values)
    if codes is None and present.all():
        sizes = np.full((1, n_features), n_rows, dtype=np.int64)
        return Samples(sizes, values, None if weight is None else np.tile(weight, n_features))
    codes = np.zeros(n_rows, dtype=np.intp) if codes is None else codes
    cells = (np.arange(n_features)[:, None] * n_groups + codes).ravel()[present]
    weights = None if weight is None else np.tile(weight, n_features)[present]
    return Samples.of_cells(values[present], cells, weights, (n_groups, n_features))


def quantiles_of(samples, probabilities):
    """Return the exact quantiles of each cell, NaN where it has no value."""
    n_groups, n_features = sizes = samples.sizes.shape
    first = samples.sizes[0, 0] if samples.sizes.size else 0
    if samples.weights is None and n_groups == 1 and first and (samples.sizes == first).all():
        return sort_and_select(samples.values.reshape(n_features, first).copy(), probabilities)[None]
    column = samples.values, samples.numbers(), n_groups * n_features
    if samples.weights is None:
        found = select_by_group(column[0][:, None], *column[1:], probabilities)[1][:, 0]
    else:
        found = weigh_quantiles(*column, samples.weights, probabilities).T
    return found.reshape(*sizes[::-1], len(probabilities)).transpose(1, 0, 2)


def _end_to_end(lists):
    return np.concatenate([np.empty(0), *(np.asarray(v, dtype=np.float64) for v in lists)])


def _sketches(listed):
    sketches = {}
    for g, j, text, checksum in listed:
        bytes_ = base64.b64decode(text, validate=True)
        if zlib.crc32(bytes_) != checksum:
            raise ValueError(f"the sketch of group {g}, feature {j} is damaged: its CRC-32 differs")
        sketches[g, j] = bytes_
    return sketches


def chunks(X):
    """Yield slices of columns: as many as make one long column of about ``CHUNK`` numbers."""
    width = max(1, CHUNK // max(1, X.shape[0]))
    return (slice(start, start + width) for start in range(0, X.shape[1], width))
