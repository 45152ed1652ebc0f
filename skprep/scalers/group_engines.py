"""How groups are learnt and applied: as rows of one statistic, or as one clone each."""

import copy

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from skprep.kernels.affine import clip_to
from skprep.kernels.blocks import CACHE_ELEMENTS, row_blocks
from skprep.kernels.grouping import summing_matrix
from skprep.scalers import checks
from skprep.scalers.base import AffineScaler, affine, huge_columns
from skprep.scalers.shrinkage import empirical_bayes, towards_pooled
from skprep.statistics import Quantiles

GATHERED_ELEMENTS = 1 << 17  # large enough that gathering parameters pays its overhead


class RowsOfAStatistic:
    """Groups of a skprep scaler: row g of each parameter array belongs to group g.

    Two more rows follow those of the groups: the parameters of all rows, and NaN. So a code is all
    that a row needs, whatever becomes of unknown groups.
    """

    def __init__(self, scaler):
        self.scaler = scaler  # fitted here to all rows
        self.statistic = self.pooled = self.sizes = None

    def learn(self, X, codes, n_groups, weight, stream=False):
        """Return what the rows teach: the statistic per group, that of all rows, and the group sizes."""
        learn = self.scaler._learn_batch if stream else self.scaler._learn
        statistic = learn(X, codes, n_groups, weight)
        pooled = statistic.pool() if statistic.pools else learn(X, None, 1, weight)
        sizes = statistic.count if weight is None else _number_of_values(X, codes, n_groups)
        return statistic, pooled, sizes

    def is_finite(self, learnt):
        """Say whether the rows were free of infinities, None where the statistic cannot tell."""
        return learnt[0].is_finite() if self.scaler._shows_infinity else None

    def adopt(self, learnt, publish=True):
        """Take what :meth:`learn` returned as the state."""
        self.statistic, self.pooled, self.sizes = learnt
        self.scaler._set_statistic(self.pooled, publish)

    def conclude(self):
        """Keep of quantiles the answers alone."""
        self.adopt((self.statistic.concluded(), self.pooled.concluded(), self.sizes))

    def copy(self):
        """Return an engine that may change without this one changing."""
        twin = copy.copy(self)
        twin.scaler = copy.copy(self.scaler)
        return twin

    def joined(self, learnt, n_groups, places, learnt_places=None):
        """Return what this engine has learnt and ``learnt``, each with its groups at its places."""
        statistic, pooled, sizes = learnt
        learnt_places = np.arange(n_groups) if learnt_places is None else learnt_places
        whole = self.statistic.spread(places, n_groups).merge(statistic.spread(learnt_places, n_groups))
        total = np.zeros((n_groups, sizes.shape[1]))
        total[places] += self.sizes
        total[learnt_places] += sizes
        return whole, whole.pool() if whole.pools else self.pooled.merge(pooled), total

    def parameters(self, min_group_size, shrinkage, pooled_units):
        """Return center and scale of each group after the policies, and the prior of "auto"."""
        count, prior = self.statistic.count, None
        center, spread = self.scaler._center_spread(self.statistic)
        everyone = self.scaler._center_spread(self.pooled)
        if shrinkage == "auto":
            shrunk_center, shrunk_spread, prior = empirical_bayes(self.statistic, self.pooled)
            center = None if center is None else shrunk_center
            spread = None if spread is None else shrunk_spread
        pairs = []
        for own, pooled in zip((center, spread), everyone, strict=True):
            if own is None:
                pairs.append(None)
                continue
            if shrinkage is not None and shrinkage != "auto":
                own = towards_pooled(count, own, pooled, shrinkage)
            pairs.append(np.where(self._small(min_group_size), pooled, own))
        center, spread = pairs
        if spread is not None:
            # On the scale of all rows, a group whose own spread is not known is shifted only.
            constant = self.scaler._center_scale(self.pooled)[1] if pooled_units else 1.0
            spread = np.where(spread == 0, constant, spread)
        return center, spread, prior

    def _small(self, min_group_size):
        """Say where a group has too few values of a feature, however they weigh."""
        return (self.sizes < min_group_size) | (self.statistic.count == 0)

    def prepare(self, min_group_size, shrinkage, pooled_units):
        """Lay out the parameter rows that :meth:`transform` gathers; return the learned attributes."""
        center, scale, prior = self.parameters(min_group_size, shrinkage, pooled_units)
        small = self._small(min_group_size)
        own = self.scaler._step_vectors(center, scale, self.statistic)
        everyone = self.scaler._center_scale(self.pooled)
        pooled = self.scaler._step_vectors(*everyone, self.pooled)
        self.tables = []
        for group_rows, all_rows in zip(own, pooled, strict=True):
            if group_rows is None:
                self.tables.append(None)
                continue
            group_rows = np.where(small, all_rows, group_rows)  # e.g. the smallest value of a logarithm
            self.tables.append(np.vstack([group_rows, all_rows, np.full_like(all_rows, np.nan)]))
        count = self.statistic.count
        if all(table is None for table in self.tables):  # neither: yet an unknown group may get NaN
            neutral = np.ones((len(count) + 2, count.shape[1]))
            neutral[-1] = np.nan
            self.tables[1] = neutral
        affine_tables = [np.zeros((1, count.shape[1])) if t is None else t for t in self.tables]
        self.huge = huge_columns(*affine_tables)  # once, not for every row that comes
        learnt = {
            "center_": center,
            "scale_": scale,
            "n_samples_seen_": count.astype(np.int64) if _are_whole(count) else count,
            "global_": tuple(None if v is None else v[0] for v in everyone),
        }
        if isinstance(self.statistic, Quantiles):
            learnt["rank_error_"] = self.statistic.rank_error()
            learnt["exact_"] = not learnt["rank_error_"].any() and self.scaler.exact_
        return learnt if prior is None else {**learnt, "prior_": prior}

    def transform(self, X, codes, pooled_units):
        """Scale each row with the parameters of its code, into a new array."""
        bounds = self.scaler._bounds()
        if self.scaler._is_affine():
            out = np.empty_like(X, subok=False)
            if affine(X, *self.tables, out, codes, bounds=bounds, huge=self.huge):
                checks.refuse_infinity(self.scaler, X)
            if pooled_units:
                affine(out, *self._pooled_rows(), out, undo=True)
            return out

        def step(x, own, everyone, out):
            self.scaler._forward(x, *own, out)
            if not np.isfinite(out).all() and np.isinf(x).any():
                checks.refuse_infinity(self.scaler, X)
            if bounds is not None:
                clip_to(out, bounds)
            if pooled_units:
                self.scaler._backward(out, *everyone, out)

        return self._walk(X, codes, step, self.scaler._check_domain)

    def inverse_transform(self, Z, codes, pooled_units):
        """Undo :meth:`transform`, into a new array."""
        checks.refuse_infinity(self.scaler, Z)
        if self.scaler._is_affine():
            out = np.empty_like(Z, subok=False)
            if pooled_units:
                affine(Z, *self._pooled_rows(), out)
                Z = out
            affine(Z, *self.tables, out, codes, undo=True, huge=self.huge)
            return out

        def step(z, own, everyone, out):
            if pooled_units:
                self.scaler._forward(z, *everyone, out)
                z = out
            self.scaler._backward(z, *own, out)

        return self._walk(Z, codes, step)

    def _pooled_rows(self):
        return [None if t is None else t[-2:-1] for t in self.tables]

    def _walk(self, X, codes, step, check=None):
        """Take ``X`` block by block through ``step``, beside the gathered parameters of its rows."""
        out = np.empty_like(X, subok=False)
        by_column = X.strides[0] < X.strides[1]
        axis = 1 if by_column else 0
        tables = [t if t is None or not by_column else np.ascontiguousarray(t.T) for t in self.tables]
        all_rows = [None if t is None else t.take([-2], axis=axis) for t in tables]
        if not by_column:
            all_rows = [None if t is None else t[0] for t in all_rows]
        for rows in row_blocks(*X.shape, elements=GATHERED_ELEMENTS):
            own = [None if t is None else np.take(t, codes[rows], axis=axis, mode="clip") for t in tables]
            if check is not None:
                check(X[rows], [v if v is None or not by_column else v.T for v in own], rows.start)
            x, o = (X[rows].T, out[rows].T) if by_column else (X[rows], out[rows])
            step(x, own, all_rows, o)
        return out


class OneCloneEach:
    """Groups of any other transformer: a clone of it is fitted to the rows of each group."""

    def __init__(self, scaler):
        self.scaler = scaler  # fitted here to all rows
        self.clones = []
        self.rows = np.zeros(0)

    def copy(self):
        """Return an engine that may change without this one changing."""
        return copy.copy(self)

    def learn(self, X, y, codes, n_groups, places, weight, min_group_size):
        """Fit a clone to each group and one to all rows; go on where old groups have ``places``."""
        fresh = places is None
        method = "fit" if fresh else "partial_fit"
        clones, counts = [None] * n_groups, np.zeros(n_groups)
        if not fresh:
            for place, old, count in zip(places, self.clones, self.rows, strict=True):
                clones[place], counts[place] = copy.deepcopy(old), count
        streams = hasattr(self.scaler, "partial_fit")
        for g, rows in _rows_of(codes):
            if fresh and not streams and len(rows) < min_group_size:
                continue  # it will be answered by the one of all rows, and may be too small to fit
            base = clone(self.scaler) if clones[g] is None else clones[g]
            clones[g] = _fitted(base, method, X, y, weight, rows)
        everyone = clone(self.scaler) if fresh else copy.deepcopy(self.scaler)
        self.scaler = _fitted(everyone, method, X, y, weight, np.arange(len(X)))
        self.clones = clones
        self.rows = counts + np.bincount(codes, minlength=n_groups)

    def prepare(self, min_group_size, shrinkage, pooled_units):
        """Decide which groups are answered by a clone of their own."""
        pairs = zip(self.clones, self.rows, strict=True)
        own = [self.scaler if c is None or n < min_group_size else c for c, n in pairs]
        self.answering = [*own, self.scaler, None]
        return {}

    def transform(self, X, codes, pooled_units):
        """Transform the rows of each code with its clone."""

        def step(scaler, rows):
            part = _dense(scaler.transform(X[rows]))
            return _dense(self.scaler.inverse_transform(part)) if pooled_units else part

        return self._by_code(codes, step)

    def inverse_transform(self, Z, codes, pooled_units):
        """Undo :meth:`transform`."""

        def step(scaler, rows):
            part = _dense(self.scaler.transform(Z[rows])) if pooled_units else Z[rows]
            return _dense(scaler.inverse_transform(part))

        return self._by_code(codes, step)

    def _by_code(self, codes, step):
        """Put together what ``step`` gives for the rows of each code; NaN where nobody answers."""
        groups = [(self.answering[g], rows) for g, rows in _rows_of(codes)]
        answered = [(step(scaler, rows), rows) for scaler, rows in groups if scaler is not None]
        # Where nobody answers at all, one row through the scaler of all tells shape and dtype.
        samples = [part for part, _ in answered] or [step(self.scaler, np.arange(1))]
        dtype = np.result_type(*samples)
        if len(answered) < len(groups):
            dtype = np.result_type(dtype, np.float16)  # NaN needs a float
        out = np.full((len(codes), samples[0].shape[1]), np.nan if dtype.kind == "f" else 0, dtype=dtype)
        for part, rows in answered:
            out[rows] = part
        return out


def _are_whole(count):
    return (count % 1 == 0).all() and (count < 2.0**53).all()


def is_vectorised(scaler):
    """Say whether groups of ``scaler`` are rows of one statistic."""
    return isinstance(scaler, AffineScaler)


def _dense(values):
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


def _number_of_values(X, codes, n_groups):
    """Return how many values each group has of each feature."""
    sizes = np.zeros((n_groups, X.shape[1]))
    for rows in row_blocks(*X.shape, elements=max(CACHE_ELEMENTS, sizes.size)):
        there = ~np.isnan(X[rows])
        sizes += summing_matrix(len(there), codes[rows], n_groups) @ there.astype(np.float64)
    return sizes


def _rows_of(codes):
    """Yield each code that occurs, with the numbers of its rows."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return zip(present.tolist(), np.split(order, starts[1:]), strict=True) if len(codes) else ()


def _fitted(scaler, method, X, y, weight, rows):
    """Return ``scaler`` fitted to some rows; its output stays an array whatever is set globally."""
    if hasattr(scaler, "set_output"):
        scaler.set_output(transform="default")
    extra = {}
    if weight is not None:
        if not has_fit_parameter(scaler, "sample_weight"):
            raise ValueError(
                f"sample_weight needs a scaler that takes it; received {type(scaler).__name__}, which "
                "does not. Leave sample_weight out, or use a scaler of skprep."
            )
        extra["sample_weight"] = weight[rows]
    return getattr(scaler, method)(X[rows], None if y is None else _safe_indexing(y, rows), **extra)
