"""What ComBat has learnt: taken from rows, merged, set in one place, and applied."""

from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
import pandas as pd
from scipy import sparse

from skprep.compat import check_feature_names, check_n_features, fit_task, output_kind
from skprep.frames.eager import column_names, named_as, replace_columns
from skprep.frames.keys import key_columns
from skprep.groups.layout import Layout, as_table
from skprep.groups.settings import check_by
from skprep.harmonise.bayes import Effects, Settings, effects_of
from skprep.harmonise.covariates import Covariates
from skprep.harmonise.regression import Confounded, Regression, regress
from skprep.maps.effects import EffectMap
from skprep.statistics import CrossMoments
from skprep.statistics.groups import GroupIndex, plain_key
from skprep.validation.parameters import check_learnt_alike
from skprep.validation.rows import number_columns, numbered_rows, refuse_infinity
from skprep.validation.unknown import codes_of
from skprep.validation.weights import check_some_weight, check_weight, rows_with_weight

LEARNING = ("by", "covariates", "reference")  # the parameters that decide what is learnt


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


class HarmoniseState:
    """Base of ComBat: where site, covariates and features are, what was learnt of them, and its map."""

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, X, y=None, *, reset, stream=False, set_attributes=True, sample_weight=None):
        """Learn from rows, on top of earlier ones unless ``reset``."""
        check_by(self.by)
        _check_covariates(self.covariates)
        layout, table, weight = self._read(X, y, reset, sample_weight)
        if reset:
            check_some_weight(weight)
        else:
            check_learnt_alike(self, self._fit_parameters, "partial_fit")
        with fit_task(self, X, y, sample_weight):
            learnt = self._learnt_from(layout, table, weight)
            learnt = learnt if reset else self._statistic.union(learnt)
            self._set_fitted_state(layout, learnt, strict=not stream, set_attributes=set_attributes)
        return self

    def _add(self, X, y, sample_weight):
        """Learn new sites only."""
        self._check_determined()
        layout, table, weight = self._read(X, y, False, sample_weight)
        known = self._statistic
        new = self._learnt_from(layout, table, weight)
        same = [key for key in new.index.keys if known.index.codes_of([key])[0] >= 0]
        if same:
            raise ValueError(
                f"add_sites takes sites that are not known yet; received rows of {same[0]!r}, which is. "
                f"Leave "
                "them out, or pass them to partial_fit, which learns everything on."
            )
        width = known.covariates.n_columns
        whole = known.covariates.union(new.covariates)[0]
        if whole.n_columns != width:
            known.covariates.matrix(table.covariates)  # refuses the level by name
        new = replace(new, added=np.ones(len(new.index), dtype=bool))
        self._set_fitted_state(layout, known.union(new), strict=True)

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
            layout = Layout.of(
                self.by,
                column_names(X),
                X.shape[1],
                covariates=list(self.covariates),
                owner=type(self).__name__,
            )
        else:
            layout = self._layout
        table = _Table.of(self, X, layout, training=reset)
        weight = check_weight(sample_weight, table.features)
        self._refuse_target(layout, table, y)
        rows = rows_with_weight(weight)
        if rows is not None:
            table, weight = table.take(rows), weight[rows]
        return layout, table, weight

    def _learnt_from(self, layout, table, weight):
        names = [str(name) for name in self._covariate_names(layout)]
        covariates = Covariates.learn(names, table.covariates)
        index, codes = GroupIndex.learn(table.keys)
        named = self._named_features(layout)
        with numbered_rows(named, table.rows):
            statistic = CrossMoments.learn(
                table.features, codes, len(index), weight, covariates=covariates.matrix(table.covariates)
            )
            if not statistic.is_finite():
                refuse_infinity(named, table.features)
        return Learnt(index, covariates, statistic, np.zeros(len(index), dtype=bool))

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
        """Refuse a covariate that is the target."""
        target = np.asarray(y)
        if y is None or target.shape != (len(table.features),):
            return
        target = pd.Series(target)
        codes = pd.factorize(target)[0]
        for name, column in zip(self._covariate_names(layout), table.covariates, strict=True):
            own = pd.factorize(column)[0]
            n_levels = own.max() + 1
            renamed = 1 < n_levels < len(own) and np.array_equal(own, codes)  # the same but for its spelling
            if renamed or (len(own) > 1 and n_levels > 1 and column.reset_index(drop=True).equals(target)):
                raise ValueError(
                    f"Covariates must be known before the target is; received {str(name)!r}, which is y "
                    f"row by "
                    "row. Harmonised by it, features tell the target, in test rows too. Leave it out."
                )

    def _merge(self, estimators):
        """Take what several have learnt together."""
        first = estimators[0]
        for number, other in enumerate(estimators):
            check_learnt_alike(self, other._fit_parameters, "merge")
            if other._layout.place() != first._layout.place():
                raise ValueError(
                    "merge needs estimators whose site and covariates are in the same columns; received "
                    "others "
                    f"at place {number} than at place 0. Fit all parts on the same columns."
                )
        learnt = first._statistic
        for other in estimators[1:]:
            learnt = learnt.union(other._statistic)
        self._set_fitted_state(first._layout, learnt, strict=False)

    def _learnt_state(self):
        """Return what was learnt: what :meth:`_restore` takes."""
        return self._layout, self._statistic

    def _restore(self, state):
        """Become fitted by what was learnt elsewhere; number and names of the columns are known."""
        self._set_fitted_state(*state, strict=False)

    def _set_fitted_state(self, layout, learnt, *, strict, set_attributes=True):
        """Set all that a fitted ComBat has: the one place where that is done."""
        self._layout, self._statistic = layout, learnt
        self._fit_parameters = {name: getattr(self, name) for name in LEARNING}
        if set_attributes:
            self._set_attributes(strict)

    def _set_all(self):
        """Set the learned attributes that batches have left for later."""
        self._set_attributes(strict=True)

    def _set_attributes(self, strict):
        learnt = self._statistic
        self.groups_ = learnt.index.as_array()
        self.covariate_names_ = learnt.covariates.column_names()
        count = learnt.statistic.count
        whole = (count % 1 == 0).all() and (count < 2.0**53).all()
        self.n_samples_seen_ = count.astype(np.int64) if whole else count
        try:
            regression, effects = self._estimated(learnt)
        except Confounded as error:
            if strict:
                raise
            self._reason = str(error)
            for name in ESTIMATED:
                vars(self).pop(name, None)
            return
        self._reason = None
        self._set_estimates(regression, effects)

    def _estimated(self, learnt):
        """Return what sites have in common, and their effects."""
        reference, n = self._reference(learnt), len(learnt.index)
        common = np.flatnonzero(~learnt.added)
        of_common = learnt.statistic.take(common)
        place = None if reference is None else int(np.searchsorted(common, reference))
        regression = regress(of_common, learnt.covariates, place)
        settings = Settings(
            self.empirical_bayes, self.parametric, self.mean_only, self.max_iter, float(self.tol)
        )
        return regression, effects_of(learnt.statistic.take(range(n)), regression, settings, reference)

    def _reference(self, learnt):
        if self.reference is None:
            return None
        key = plain_key(self.reference)
        code = learnt.index.codes_of([key])[0]
        if code < 0 or learnt.added[code]:
            shown = ", ".join(map(repr, learnt.index.keys[:5])) + (", ..." if len(learnt.index) > 5 else "")
            raise Confounded(
                f"reference must be a site of the training rows; received {self.reference!r}, and the sites "
                f"are {shown}. Name one of them; a part without the reference is learnt by partial_fit."
            )
        return int(code)

    def _set_estimates(self, regression: Regression, effects: Effects):
        self._regression = regression
        self.coef_ = regression.coef
        self.intercept_ = regression.center - regression.coef @ regression.z_mean
        self.pooled_variance_ = regression.variance
        self.gamma_, self.delta_, self.n_iter_ = effects.gamma, effects.delta, effects.n_iter
        for name, value in effects.priors.items():
            setattr(self, f"{name}_", value)
        scale = regression.scale
        nothing, unknown = np.zeros((1, len(scale))), np.full((1, len(scale)), np.nan)
        shift = np.vstack([effects.gamma * scale, nothing, unknown])
        self._map = EffectMap(shift=shift, scale=np.vstack([np.sqrt(effects.delta), nothing + 1.0, unknown]))

    # --- applying ------------------------------------------------------------------------------

    def _check_determined(self):
        if self._reason is not None:
            raise ValueError(f"The rows so far do not determine what sites have in common. {self._reason}")

    def _transform_rows(self, X, inverse=False, copy=True):
        """Remove the effects of sites from rows in memory, or put them back."""
        self._check_determined()
        X = as_table(self, X)
        layout = self._layout
        if inverse:
            self._check_columns_are_there(X)
        table = _Table.of(self, X, layout)
        codes = codes_of(
            self._statistic.index,
            table.keys,
            self.handle_unknown,
            lambda: layout.key_text(self),
            type(self).__name__,
        )
        design = self._statistic.covariates.matrix(table.covariates)
        refuse_infinity(self._named_features(layout), table.features)
        expected = self._regression.expected(
            design if layout.covariates else np.zeros((len(table.features), 0))
        )
        # What has no value in training is what it is, without an effect.
        expected = np.where(np.isfinite(self._regression.center), expected, 0.0)
        values = self._map.write_beside(table.features, expected, codes, inverse)
        if inverse or self.keep_by:
            return replace_columns(X, list(layout.features), values, output_kind(self))
        return values

    def _check_columns_are_there(self, X):
        if X.shape[1] == self.n_features_in_:
            return
        raise ValueError(
            f"inverse_transform needs the columns of fit, {self.n_features_in_} with site and covariates; "
            f"received {X.shape[1]}. Use keep_by=True, so that transform keeps them."
        )


ESTIMATED = (
    "coef_",
    "intercept_",
    "pooled_variance_",
    "gamma_",
    "delta_",
    "gamma_mean_",
    "gamma_variance_",
    "delta_shape_",
    "delta_scale_",
    "n_iter_",
    "_map",
    "_regression",
)


@dataclass
class _Table:
    """A table taken apart: the float features, and the columns of site and covariates as pandas Series."""

    features: np.ndarray
    keys: list
    covariates: list
    rows: np.ndarray | None = None

    @classmethod
    def of(cls, estimator, X, layout, training=False):
        parts = layout.take_apart(estimator, X, None, training=training)
        return cls(parts.features, parts.keys, key_columns(X, layout.covariates))

    def take(self, rows):
        """Return some of the rows."""
        keys, covariates = ([c.iloc[rows] for c in columns] for columns in (self.keys, self.covariates))
        return _Table(self.features[rows], keys, covariates, rows)


def _check_covariates(covariates):
    odd = isinstance(covariates, str) or any(
        isinstance(c, bool) or not isinstance(c, str | Integral) for c in covariates
    )
    if odd:
        raise ValueError(
            f"covariates must be a list of column names or positions; received {covariates!r}. For example "
            'covariates=["age", "sex"].'
        )
