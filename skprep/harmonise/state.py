"""What ComBat has learnt: taken from rows, merged, set in one place, and applied."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone

from skprep.backends import backend_of, memory
from skprep.backends.fitted import Fitted
from skprep.backends.lazy import known_columns
from skprep.compat import check_feature_names, check_n_features, fit_task, output_kind
from skprep.errors import NoControls, warn_caller
from skprep.frames.design import learn_cross_moments, look_at
from skprep.frames.eager import column_names, named_as, replace_columns
from skprep.frames.keys import key_columns
from skprep.groups.controls import check_controls, control_rows, lazy_controls
from skprep.groups.layout import Layout, Table, at_new_places
from skprep.groups.settings import check_by
from skprep.harmonise.bayes import Settings, effects_of
from skprep.harmonise.covariates import Covariates, is_numeric
from skprep.harmonise.regression import Confounded, regress
from skprep.kernels.splines import Spline
from skprep.maps.effects import EffectMap
from skprep.statistics import CrossMoments
from skprep.statistics.groups import GroupIndex, plain_key
from skprep.validation.parameters import check_learnt_alike, whole_counts
from skprep.validation.rows import number_columns, numbered_rows, refuse_infinity
from skprep.validation.tables import as_floats, as_table, is_column
from skprep.validation.unknown import codes_of, shown
from skprep.validation.weights import check_some_weight, check_weight, training_rows

LEARNING = (
    "by",
    "covariates",
    "controls",
    "columns",
    "smooth",
    "reference",
)  # the parameters that decide what is learnt
ALIKE = 20  # rows from which on it is no chance that one column tells another
ESTIMATING = ("empirical_bayes", "parametric", "mean_only", "max_iter", "tol")  # and how estimates are made
ESTIMATED = (  # what is not there while rows do not determine it
    *("coef_", "intercept_", "pooled_variance_", "gamma_", "delta_", "n_iter_"),
    *("gamma_mean_", "gamma_variance_", "delta_shape_", "delta_scale_", "_map", "_regression"),
)


@dataclass(frozen=True)
class Learnt:
    """What rows have taught.

    Attributes
    ----------
    index : GroupIndex
        The sites.
    covariates : Covariates
    statistic : CrossMoments
        One group for each site.
    added : bool ndarray of shape (n_sites,)
        The sites that were added later: nothing that sites have in common is learnt from them.
    """

    index: GroupIndex
    covariates: Covariates
    statistic: CrossMoments
    added: np.ndarray

    @classmethod
    def first(cls, index, covariates, statistic):
        """Return that of rows none of whose sites were added later."""
        return cls(index, covariates, statistic, np.zeros(len(index), dtype=bool))

    def union(self, other):
        """Return what the rows of both teach."""
        index, places, others = self.index.union(other.index)
        covariates, columns, other_columns = self.covariates.union(other.covariates)
        width = covariates.n_columns
        statistic = self.statistic.having(columns, width).scatter(places, len(index))
        statistic = statistic.merge(other.statistic.having(other_columns, width).scatter(others, len(index)))
        added = np.ones(len(index), dtype=bool)
        added[places] &= self.added
        added[others] &= other.added
        return Learnt(index, covariates, statistic, added)

    def with_keys(self, keys):
        """Return the same of sites by other names."""
        index = GroupIndex(keys)
        places = index.codes_of(keys)
        statistic = self.statistic.scatter(places, len(index))
        return replace(self, index=index, statistic=statistic, added=self.added[np.argsort(places)])


@dataclass(frozen=True)
class Model:
    """What is expected of a row, as backends and languages see it."""

    levels: tuple
    check: object
    z_mean: np.ndarray
    coef: np.ndarray
    center: np.ndarray


class HarmoniseState:
    """Base of ComBat: where site, covariates and features are, what was learnt of them, and its map."""

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, X, y=None, *, reset, stream=False, set_attributes=True, sample_weight=None):
        """Learn from rows wherever they are; ``set_attributes=False`` leaves the attributes for later."""
        check_by(self.by)
        _check_covariates(self.covariates)
        check_controls(self.controls)
        _check_smooth(self.smooth)
        if reset:
            for name in ("_of_more", "_statistic"):
                vars(self).pop(name, None)
        self._check_whole("partial_fit")
        how = {"reset": reset, "stream": stream, "set_attributes": set_attributes}
        backend_of(X).learn(self, X, y, sample_weight=sample_weight, **how)
        if stream:
            return self
        if self._reason is not None:
            raise ValueError(self._reason)
        if len(self.groups_) == 1:
            warn_caller(
                f"ComBat was fitted on one site, {self.groups_[0]!r}: there is nothing to harmonise it with. "
                "Name the column of the site in by=; parts of one site are learnt by partial_fit, and "
                "merged."
            )
        return self

    def _learn_rows(self, X, y, *, reset, stream, set_attributes, sample_weight):
        """Learn from rows in memory."""
        if not reset:
            check_learnt_alike(self, self._fit_parameters, "partial_fit")
        try:
            layout, table, weight = self._read(X, y, reset, sample_weight)
        except NoControls:
            if reset:
                raise
            return  # a batch without a control teaches nothing
        with fit_task(self, X, y, sample_weight):
            learnt = self._learnt_from(layout, table, weight)
            learnt = learnt if reset else self._statistic.union(learnt)
            self._set_fitted_state(layout, learnt, set_attributes)

    def _learn_frame(self, frame, names, *, reset):
        """Learn from a lazy frame, whose engine computes the sums."""
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
        else:
            check_learnt_alike(self, self._fit_parameters, "partial_fit")
        layout = self._layout_of(names, len(names)) if reset else self._layout
        parts = layout.features, layout.by, layout.covariates
        features, keys, covariates = ([names[j] for j in positions] for positions in parts)
        if self.controls:
            frame = lazy_controls(frame, [names[j] for j in layout.controls], self.controls)
        seen = look_at(frame, covariates)
        known = Covariates.learn(covariates, seen, False, self._smooth(layout, covariates))
        known.matrix(seen, rows=False)
        statistic, index = learn_cross_moments(frame, features, keys, covariates, known.levels)
        learnt = Learnt.first(index, known, statistic)
        self._set_fitted_state(layout, learnt if reset else self._statistic.union(learnt))

    def _add(self, X, y, sample_weight):
        """Learn new sites only."""
        self._check_determined()
        self._check_whole("add_sites")
        check_learnt_alike(self, {**self._fit_parameters, **self._estimated_with}, "add_sites")
        known = self._statistic
        if backend_of(X) is memory:
            new = self._learnt_from(*self._read(X, y, False, sample_weight))
        else:
            curves = zip(known.covariates.names, known.covariates.levels, strict=True)
            curves = {n: {"knots": b.knots, "bounds": b.bounds} for n, b in curves if isinstance(b, Spline)}
            twin = clone(self).set_output(transform="default").set_params(smooth=curves or None)
            new = twin._learn(X, y, reset=True, stream=True, sample_weight=sample_weight)._statistic
            known_columns(self, twin.feature_names_in_, list(self.feature_names_in_))
        known.covariates.refuse_new(new.covariates)
        same = [key for key in new.index.keys if known.index.codes_of([key])[0] >= 0]
        if same:
            raise ValueError(
                f"add_sites takes sites that are not known yet; received rows of {same[0]!r}, which is. "
                "Leave them out, or pass them to partial_fit, which learns everything on."
            )
        new = replace(new, added=np.ones(len(new.index), dtype=bool))
        self._set_fitted_state(self._layout, known.union(new))
        return self

    def _read(self, X, y, reset, sample_weight):
        """Return layout, table and weights of training rows."""
        if sparse.issparse(X):
            raise TypeError(
                f"{type(self).__name__} does not support sparse input: what it removes would fill the zeros. "
                "Pass X.toarray()."
            )
        X = as_table(self, X)
        if reset:
            check_feature_names(self, named_as(X), reset=True)
            check_n_features(self, X, reset=True)
        layout = self._layout_of(column_names(X), X.shape[1]) if reset else self._layout
        table = layout.take_apart(self, X, None, training=reset, learning=True)
        weight = check_weight(sample_weight, table.features)
        self._refuse_target(layout, table, y)
        rows = training_rows(control_rows(table.controls, self.controls), weight)
        if rows is not None:
            table, weight = table.take(rows), None if weight is None else weight[rows]
            check_some_weight(weight, "control row" if self.controls else "row")
        return layout, table, weight

    def _layout_of(self, names, n_columns):
        names = None if names is None else list(names)
        owner, covariates = type(self).__name__, [] if self.covariates is None else list(self.covariates)
        how = {"covariates": covariates, "controls": self.controls, "columns": self.columns, "owner": owner}
        return Layout.of(self.by, names, n_columns, **how)

    def _learnt_from(self, layout, table, weight):
        names = [str(name) for name in self._covariate_names(layout)]
        covariates = Covariates.learn(names, table.covariates, table.rows, self._smooth(layout, names))
        index, codes = GroupIndex.learn(table.keys)
        _warn_of_small_weights(index, codes, weight)
        named = self._named_features(layout)
        with numbered_rows(named, table.rows):
            design = covariates.matrix(table.covariates, table.rows)
            statistic = CrossMoments.learn(table.features, codes, len(index), weight, covariates=design)
            if not statistic.is_finite():
                refuse_infinity(named, table.features)
        return Learnt.first(index, covariates, statistic)

    def _smooth(self, layout, names):
        """Return by number of a covariate the basis that it is to have: as learnt, given, or its size."""
        found, known = {}, vars(self).get("_statistic")
        for column, wanted in (self.smooth or {}).items():
            at = [i for i, name in enumerate(names) if column in (name, layout.covariates[i])]
            if not at:
                raise ValueError(
                    f"smooth must name covariates; received {column!r}, and the covariates are "
                    f"{shown(names)}. Name it in covariates too, or leave it out of smooth."
                )
            given = wanted
            if isinstance(wanted, dict):
                given = Spline(tuple(map(float, wanted["knots"])), tuple(map(float, wanted["bounds"])))
            found[at[0]] = given if known is None else known.covariates.levels[at[0]]
        return found

    def _named_features(self, layout):
        """Return a stand-in whose columns are the features, for messages about them."""
        named = object.__new__(type(self))
        number_columns(named, layout.features)
        if layout.feature_names is not None:
            named.feature_names_in_ = layout.feature_names
        return named

    def _covariate_names(self, layout):
        names = getattr(self, "feature_names_in_", None)
        return [f"x{j}" if names is None else names[j] for j in layout.covariates]

    def _refuse_target(self, layout, table, y):
        """Refuse a covariate that is the target: equal, or the same levels by other names."""
        target = np.ravel(np.asarray(y))
        if y is None or target.shape != (len(table.features),):
            return
        codes = pd.factorize(target)[0]
        for name, column in zip(self._covariate_names(layout), table.covariates, strict=True):
            own = pd.factorize(column)[0]
            if is_numeric(column) and target.dtype.kind in "iuf":
                same = np.array_equal(
                    column.to_numpy(dtype=np.float64, na_value=np.nan), target.astype(float)
                )
            else:
                same = np.array_equal(column.to_numpy(dtype=object), target.astype(object))
            if own.max() > 0 and (same or _tells(own, codes) or _tells(codes, own)):
                which = "is y row by row" if same else "goes with y in every row: one says what the other is"
                raise ValueError(
                    f"Covariates must be known before the target is; received {str(name)!r}, which {which}. "
                    "Harmonised by it, features tell the target, in test rows too. Leave it out."
                )

    def _merge(self, estimators):
        """Take what several have learnt together."""
        first = estimators[0]
        for number, other in enumerate(estimators):
            other._check_whole("merge")
            check_learnt_alike(self, other._fit_parameters, "merge")
            if other._layout.place() != first._layout.place():
                raise ValueError(
                    "merge needs estimators whose site and covariates are in the same columns; received "
                    f"others at place {number} than at place 0. Fit all parts on the same columns."
                )
        learnt = first._statistic
        for other in estimators[1:]:
            learnt = learnt.union(other._statistic)
        self._set_fitted_state(first._layout, learnt)

    def _selected(self, places):
        """Return a twin that transforms some of the features, at ``places`` in the table of fit."""
        self._check_determined()
        layout, kept, moved = self._layout.of_some(places)
        which = [self._layout.features.index(j) for j in places]
        moving = {
            name: at_new_places(getattr(self, name), moved, self.n_features_in_)
            for name in ("by", "covariates", "controls", "smooth")
        }
        twin = clone(self).set_params(columns=None, **moving)
        vars(twin).update({name: v for name, v in vars(self).items() if name not in vars(twin)})
        twin._layout, twin.n_features_in_ = layout, len(kept)
        if hasattr(self, "feature_names_in_"):
            twin.feature_names_in_ = self.feature_names_in_[kept]
        twin._statistic = replace(self._statistic, statistic=self._statistic.statistic.columns(which))
        twin._regression, twin._map = self._regression.columns(which), self._map.columns(which)
        for name in ("coef_", "intercept_", "pooled_variance_"):
            setattr(twin, name, getattr(self, name)[which])
        for name in ("gamma_", "delta_", "n_samples_seen_"):
            setattr(twin, name, getattr(self, name)[:, which])
        twin._of_more = True
        return twin

    def _check_whole(self, what):
        """Refuse to go on from some of the features, whose effects were learnt from more."""
        if getattr(self, "_of_more", False):
            raise ValueError(
                f"{what} needs the features that the effects were learnt from; received what select gave. Go "
                "on from the whole, and select afterwards."
            )

    def _learnt_state(self):
        """Return what was learnt: what :meth:`_restore` takes."""
        self._check_whole("to_json")
        return self._layout, self._statistic

    def _restore(self, state):
        """Become fitted by what was learnt elsewhere; number and names of the columns are known."""
        self._set_fitted_state(*state)

    def _set_keys(self, read):
        """Turn every key into what ``read(part, number of its column)`` says: text into what it spells."""
        known, n_keys = self._statistic, self._layout.n_keys
        parts = [key if n_keys > 1 else (key,) for key in known.index.keys]
        keys = [tuple(read(part, i) for i, part in enumerate(key)) for key in parts]
        self._set_fitted_state(self._layout, known.with_keys(keys if n_keys > 1 else [k[0] for k in keys]))

    def _set_fitted_state(self, layout, learnt, set_attributes=True):
        """Set all that a fitted ComBat has: the one place where that is done."""
        self._layout, self._statistic, self._reason = layout, learnt, None
        self._fit_parameters = {name: getattr(self, name) for name in LEARNING}
        if set_attributes:
            self._set_attributes()

    def _set_all(self):
        """Set the learned attributes that batches have left for later."""
        self._set_attributes()

    def _set_attributes(self):
        learnt = self._statistic
        self.groups_ = learnt.index.as_array()
        self.covariate_names_ = learnt.covariates.column_names()
        self.n_samples_seen_ = whole_counts(learnt.statistic.count)
        try:
            self._set_estimates(learnt)
        except Confounded as error:
            self._reason = str(error)
            for name in ESTIMATED:
                vars(self).pop(name, None)

    def _set_estimates(self, learnt):
        """Set what sites have in common, their effects, and the map."""
        reference = self._reference(learnt)
        common = np.flatnonzero(~learnt.added)
        place = None if reference is None else int(np.searchsorted(common, reference))
        in_units, power = learnt.statistic.in_units()
        regression = regress(in_units.take(common), learnt.covariates, place)
        how = self.empirical_bayes, self.parametric, self.mean_only, self.max_iter, float(self.tol)
        effects = effects_of(in_units, regression, Settings(*how), reference)
        self._regression, scale = regression.times(power)
        regression, self._estimated_with = self._regression, {n: getattr(self, n) for n in ESTIMATING}
        self.coef_ = regression.coef
        self.intercept_ = regression.center - (regression.coef * regression.z_mean).sum(axis=1)
        self.pooled_variance_ = regression.variance
        self.gamma_, self.delta_, self.n_iter_ = effects.gamma, effects.delta, effects.n_iter
        for name, value in effects.priors.items():
            setattr(self, f"{name}_", value)
        nothing, unknown = np.zeros((1, len(scale))), np.full((1, len(scale)), np.nan)
        shift = np.vstack([effects.gamma * scale, nothing, unknown])
        self._map = EffectMap(shift=shift, scale=np.vstack([np.sqrt(effects.delta), nothing + 1.0, unknown]))

    def _reference(self, learnt):
        if self.reference is None:
            return None
        key = tuple(self.reference) if isinstance(self.reference, list) else self.reference
        if not isinstance(key, Hashable):
            raise ValueError(
                "reference must be a site as it stands in its column, or a tuple of several; received "
                f"{key!r}. Name one site."
            )
        code = learnt.index.codes_of([plain_key(key)])[0]
        if code < 0 or learnt.added[code]:
            raise Confounded(
                f"reference must be a site of the training rows; received {self.reference!r}, and the sites "
                f"are {shown(learnt.index.keys)}. Name one of them; a part without the reference is learnt "
                "by partial_fit."
            )
        return int(code)

    # --- applying ------------------------------------------------------------------------------

    def _check_determined(self):
        if self._reason is not None:
            raise ValueError(f"The rows so far do not determine what sites have in common. {self._reason}")

    def _transform_rows(self, X, inverse=False, copy=True):
        """Remove the effects of sites from rows in memory, or put them back."""
        self._check_determined()
        X = as_table(self, X)
        if inverse and X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"inverse_transform needs the columns of fit, {self.n_features_in_} with site and "
                f"covariates; received {X.shape[1]}. Use keep_by=True, so that transform keeps them."
            )
        table = self._layout.take_apart(self, X, None)
        values = self._written(table, inverse)
        if inverse or self._layout.keeps(self):
            return replace_columns(X, list(self._layout.features), values, output_kind(self))
        return values

    def _transform_features(self, features, beside, method):
        """Return features in memory, transformed by ``method``; site and covariates are in a frame beside."""
        layout = self._layout
        columns = key_columns(beside, range(layout.n_keys + len(layout.covariates)))
        table = Table(as_floats(self, features), columns[: layout.n_keys], columns[layout.n_keys :])
        return self._written(table, method == "inverse_transform")

    def _written(self, table, inverse):
        """Return the features of a table with the effects of sites removed, or put back."""
        learnt, regression = self._statistic, self._regression
        codes = codes_of(
            learnt.index,
            table.keys,
            self.handle_unknown,
            lambda: self._layout.key_text(self),
            type(self).__name__,
        )
        design = np.zeros((len(table.features), 0))
        if table.covariates:
            design = learnt.covariates.matrix(table.covariates)
        refuse_infinity(self._named_features(self._layout), table.features)
        return self._map.write_beside(
            table.features, lambda rows: regression.expected(design[rows]), codes, inverse
        )

    def _fitted(self):
        """Return columns, sites and map, for backends and languages."""
        self._check_determined()
        layout, covariates, regression = self._layout, self._statistic.covariates, self._regression
        return Fitted.of(
            self,
            keys=layout.by,
            features=layout.features,
            learnt=self._map,
            index=self._statistic.index,
            handle_unknown=self.handle_unknown,
            key_text=layout.key_text(self),
            covariates=list(layout.covariates),
            model=Model(
                covariates.levels,
                partial(covariates.matrix, rows=False),
                regression.z_mean,
                regression.coef,
                regression.known_center,
            ),
            transform_features=self._transform_features,
            whole=layout.keeps(self),
        )


def _tells(codes, others):
    """Say whether each of a few levels goes with one level of another column, in too many rows for chance."""
    n_levels = codes.max() + 1
    if len(codes) < ALIKE or not 1 < n_levels <= len(codes) // 5 or others.max() < 1:
        return False
    return len(np.unique(codes * (others.max() + 1) + others)) == n_levels


def _check_covariates(covariates):
    given = () if covariates is None else covariates
    odd = not isinstance(given, list | tuple | np.ndarray | pd.Index) or not all(map(is_column, given))
    if odd:
        raise ValueError(
            f"covariates must be a list of column names or positions; received {covariates!r}. For example "
            'covariates=["age", "sex"].'
        )


def _check_smooth(smooth):
    """Refuse what is no size and no knots of a basis."""
    for column, wanted in (smooth or {}).items():
        right = isinstance(wanted, Integral) and not isinstance(wanted, bool) and wanted >= 3
        if (
            isinstance(wanted, dict)
            and set(wanted) == {"knots", "bounds"}
            and np.shape(wanted["bounds"]) == (2,)
        ):
            places = [wanted["bounds"][0], *wanted["knots"], wanted["bounds"][1]]
            right = all(isinstance(v, Real) and np.isfinite(v) for v in places) and np.all(
                np.diff(places) > 0
            )
        if not right:
            raise ValueError(
                "smooth must give for each covariate a whole number of columns from 3 on, or its knots and "
                f"bounds in rising order; received {wanted!r} for {column!r}. For example "
                f"smooth={{{column!r}: 5}} or "
                f'smooth={{{column!r}: {{"knots": [40, 60], "bounds": (18, 90)}}}}.'
            )


def _warn_of_small_weights(index, codes, weight):
    """Warn where the weights of several rows sum to no more than one."""
    if weight is None:
        return
    total, rows = (np.bincount(codes, weights=w, minlength=len(index)) for w in (weight, None))
    small = np.flatnonzero((rows > 1) & (total <= 1))
    if len(small):
        warn_caller(
            f"Weights count rows: those of the {rows[small[0]]} rows of site {index.keys[small[0]]!r} sum to "
            f"{total[small[0]]:.3g}, so that it is shifted only, as a single row is. Divide weights by their "
            "mean."
        )
