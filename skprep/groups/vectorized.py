"""Groups of a scaler of skprep: rows of one statistic, and of one map."""

import copy

import numpy as np
from sklearn.base import clone

from skprep.compat import validate_parameters
from skprep.groups.smoothing import empirical_bayes, weight_of_group
from skprep.kernels.blocks import CACHE_ELEMENTS, row_blocks
from skprep.kernels.grouping import summing_matrix
from skprep.validation.parameters import whole_counts
from skprep.validation.rows import number_columns, refuse_infinity


class Vectorized:
    """What a scaler of skprep has learnt of groups, and the map of each.

    Parameters
    ----------
    scaler : scaler of skprep
        A clone of it is fitted here to all rows.
    layout : Layout
        Of the table that it will learn from.

    Attributes
    ----------
    statistic, pooled : Statistic
        Of each group, and of all rows.
    sizes : float64 ndarray of shape (n_groups, n_features)
        How many values there are, however they weigh.
    learnt : Map
        One row for each group, then that of all rows, then NaN: a code is all that a row needs.
    pooled_map : Map
        That of all rows.
    units_map : Map or None
        That in whose units :meth:`transform` gives the result: of all rows, or of one group. None: as it
        comes.
    """

    def __init__(self, scaler, layout):
        self.scaler = clone(scaler)
        validate_parameters(self.scaler)
        self.scaler.n_features_in_ = len(layout.features)
        number_columns(self.scaler, layout.features)
        if layout.feature_names is not None:
            self.scaler.feature_names_in_ = layout.feature_names
        self.statistic = self.pooled = self.sizes = None

    def learn(self, X, codes, n_groups, weight, stream=False):
        """Return what the rows teach: the statistic per group, that of all rows, and the group sizes."""
        learn, X = self.scaler._learn_statistic, self.scaler._finite(X)
        statistic = learn(X, codes, n_groups, weight, stream)
        pooled = statistic.pool() if statistic.pools else learn(X, None, 1, weight, stream)
        sizes = statistic.count if weight is None else _number_of_values(X, codes, n_groups)
        return statistic, pooled, sizes

    def set(self, learnt, set_attributes=True):
        """Take what :meth:`learn` returned as the state."""
        self.statistic, self.pooled, self.sizes = learnt
        self.scaler._set_statistic(self.pooled, set_attributes)

    def state(self):
        """Return what :meth:`set` takes."""
        return self.statistic, self.pooled, self.sizes

    def copy(self):
        """Return a twin that may change without this one changing."""
        twin = copy.copy(self)
        twin.scaler = copy.copy(self.scaler)
        return twin

    def merged(self, learnt, n_groups, places, learnt_places=None):
        """Return what is learnt here and ``learnt``, each with its groups at its places."""
        statistic, pooled, sizes = learnt
        learnt_places = np.arange(n_groups) if learnt_places is None else learnt_places
        whole = self.statistic.scatter(places, n_groups).merge(statistic.scatter(learnt_places, n_groups))
        total = np.zeros((n_groups, sizes.shape[1]))
        total[places] += self.sizes
        total[learnt_places] += sizes
        return whole, whole.pool() if whole.pools else self.pooled.merge(pooled), total

    def prepare(self, min_group_size, smooth, pooled_units, reference=None):
        """Make the map of every group by the policies; return the learned attributes.

        With ``pooled_units``, ``reference`` is the code of the group whose units those are; None: of all
        rows.
        """
        prior = None
        own, pooled = map(self.scaler._map, (self.statistic, self.pooled))
        if smooth == "auto":
            center, scale, prior = empirical_bayes(self.statistic, self.pooled)
            center = None if own.center is None else center
            own = own.having(center=center, scale=scale if self.scaler.with_std else own.scale)
        elif smooth is not None:
            own = own.blend(pooled, weight_of_group(self.statistic.count, smooth))
        own = own.where((self.sizes < min_group_size) | (self.statistic.count == 0), pooled)
        self.pooled_map = pooled.with_constants().unbounded()  # units are put back unclipped
        units = fallback = self.pooled_map
        if reference is not None:
            units = own.take([reference]).unbounded()
            flat = getattr(units, "scale", None)
            if flat is not None and not flat.all():  # nothing is known of its spread: all are shifted only
                own = own.having(scale=np.where(flat == 0, 0.0, own.scale))
                fallback = fallback.having(scale=np.where(flat == 0, 1.0, fallback.scale))
            units = units.with_constants()
        # On the scale of others, a group whose own scale is not known is shifted only.
        own = own.with_constants(getattr(units, "scale", 1.0) if pooled_units else 1.0)
        self.learnt = own.with_fallbacks(fallback)
        self.units_map = units if pooled_units else None
        return self._attributes(own, prior)

    def _attributes(self, own, prior):
        count = self.statistic.count
        learnt = {f"{name}_": v for name, v in own.shown().items()}
        pooled = self.pooled_map.shown()
        learnt |= {f"global_{name}_": None if v is None else v[0] for name, v in pooled.items()}
        learnt["n_samples_seen_"] = whole_counts(count)
        if hasattr(self.statistic, "rank_error"):
            learnt["rank_error_"] = self.statistic.rank_error()
            learnt["exact_"] = not learnt["rank_error_"].any() and self.scaler.exact_
        return learnt if prior is None else {**learnt, "prior_": prior}

    def transform(self, X, codes):
        """Scale each row with the parameters of its code, into a new array."""
        if self.units_map is not None and X.dtype != np.float64:  # two maps, rounded once
            return self.transform(X.astype(np.float64), codes).astype(X.dtype)
        self.learnt.check_dtype(X.dtype)
        out = np.empty_like(X, subok=False)
        if self.learnt.write(X, out, codes):
            self.scaler._refuse(self.learnt, X, codes=codes)
        if self.units_map is not None:
            self.units_map.write(out, out, undo=True)
        return out

    def inverse_transform(self, Z, codes):
        """Undo :meth:`transform`, into a new array."""
        if self.units_map is not None and Z.dtype != np.float64:
            return self.inverse_transform(Z.astype(np.float64), codes).astype(Z.dtype)
        refuse_infinity(self.scaler, Z)
        out = np.empty_like(Z, subok=False)
        if self.units_map is not None:
            self.units_map.write(Z, out)
            Z = out
        self.learnt.write(Z, out, codes, undo=True)
        return out


def concatenated(engines):
    """Return what several have learnt from different features of the same rows, as one."""
    statistic, pooled = engines[0].statistic.concluded(), engines[0].pooled.concluded()
    for other in engines[1:]:
        statistic = statistic.concatenate(other.statistic)
        pooled = pooled.concatenate(other.pooled)
    return statistic, pooled, np.hstack([e.sizes for e in engines])


def is_vectorized(scaler):
    """Say whether groups of ``scaler`` are rows of one statistic."""
    return hasattr(scaler, "_learn_statistic")


def _number_of_values(X, codes, n_groups):
    """Return how many values each group has of each feature."""
    sizes = np.zeros((n_groups, X.shape[1]))
    for rows in row_blocks(*X.shape, elements=max(CACHE_ELEMENTS, sizes.size)):
        present = ~np.isnan(X[rows])
        sizes += summing_matrix(len(present), codes[rows], n_groups) @ present.astype(np.float64)
    return sizes
