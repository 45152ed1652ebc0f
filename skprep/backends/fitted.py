"""A fitted scaler as backends and languages see it: columns, groups and map."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skprep.maps import Map
from skprep.statistics.groups import GroupIndex


def fitted_of(estimator):
    """Return what backends and languages need of a fitted scaler of skprep."""
    check_is_fitted(estimator)
    return estimator._fitted()


@dataclass(frozen=True)
class Fitted:
    """What is needed to scale rows anywhere.

    Attributes
    ----------
    names : list of str or None
        The columns seen in ``fit``; None where they had no names.
    keys, features : list of int
        Positions of the key columns and of the features.
    learnt : Map
        One row of parameters; with groups one each, then that of all rows, then NaN.
    index : GroupIndex or None
        The groups; None for a plain scaler.
    pooled : Map or None
        What ``units="global"`` undoes; None where units are those of the groups.
    handle_unknown : {"error", "global", "nan"}
    owner : str
        The class of the estimator, for a message.
    key_text : str
        Where the key is, for a message.
    covariates : list of int
        Positions of the columns that say what is expected of a row, for
        :class:`~skprep.maps.effects.EffectMap`.
    model : object or None
        What is expected: ``levels`` of the covariates (None for numbers), ``z_mean``, ``coef``, ``center``,
        and ``check(columns)``, which refuses what the design does not know.
    transform_features : callable or None
        ``transform_features(features, beside, method)`` scales features in memory, by the keys and
        covariates of a frame beside them; None: ``transform`` of the scaler takes the features alone.
    whole : bool
        Whether ``transform`` in memory gives the columns that are not scaled, too.
    n_columns : int
        How many columns were seen in ``fit``.
    """

    names: list | None
    keys: list
    features: list
    learnt: Map
    index: GroupIndex | None = None
    pooled: Map | None = None
    handle_unknown: str = "error"
    owner: str = ""
    key_text: str = ""
    covariates: list = field(default_factory=list)
    model: Any = None
    transform_features: Callable | None = None
    whole: bool = False
    n_columns: int = 0

    @classmethod
    def of(cls, estimator, *, features, learnt, keys=(), **groups):
        """Return that of an estimator, whose columns are named by its ``feature_names_in_``."""
        names = getattr(estimator, "feature_names_in_", None)
        names = None if names is None else [str(name) for name in names]
        own = {"owner": type(estimator).__name__, "n_columns": int(estimator.n_features_in_)}
        return cls(names, list(keys), list(features), learnt, **own, **groups)

    @property
    def needed(self):
        """The names of the columns that ``transform`` needs: without those that only tell control rows."""
        return None if self.names is None else [self.names[j] for j in sorted(self._positions())]

    def _positions(self):
        return [*self.keys, *self.features, *self.covariates]

    @property
    def key_names(self):
        """The names of the key columns."""
        return [self.names[j] for j in self.keys]

    @property
    def covariate_names(self):
        """The names of the covariates."""
        return [self.names[j] for j in self.covariates]

    @property
    def feature_names(self):
        """The names of the features."""
        return [self.names[j] for j in self.features]

    @property
    def fallback(self):
        """The row of the map for unknown groups."""
        return len(self.index) + (0 if self.handle_unknown == "global" else 1)
