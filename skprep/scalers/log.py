"""Logarithms that know their domain."""

from numbers import Real
from typing import Any, Literal

import numpy as np

from skprep.compat import Options, StrOptions
from skprep.kernels.blocks import row_blocks
from skprep.maps import LogMap
from skprep.scalers.base import Scaler
from skprep.statistics import SmallestTwo
from skprep.validation.domain import check_domain, outside_domain
from skprep.validation.parameters import of_features, per_feature, samples_seen
from skprep.validation.rows import name_column, refuse_infinity


class LogScaler(Scaler):
    r"""Take the logarithm of each feature, shifted into its domain by what the training rows show.

    With base :math:`b` and offset :math:`c`,

    .. math::

        \text{log:}     \quad & y = \log_b(x + c) \\
        \text{symlog:}  \quad & y = \operatorname{sign}(x + c) \, \log_b(1 + |x + c|) \\
        \text{arcsinh:} \quad & y = \operatorname{arcsinh}(x + c) / \ln b

    Parameters
    ----------
    base : {"e", 2, 10}, default="e"
        Base of the logarithm.
    method : {"log", "symlog", "arcsinh"}, default="log"
        ``"log"`` needs ``x + c > 0``; the other two take any sign, are nearly linear around
        0 and logarithmic far from it.
    offset : "auto", float, array-like of shape (n_features,) or dict, default="auto"
        What is added first; a dict or Series gives it by feature name. ``"auto"`` learns it for
        ``"log"`` from the training rows, per feature:

        - 0 where the training minimum is positive;
        - otherwise ``gap - minimum``, where ``gap`` is the smallest positive distance of a training
          value from the minimum: the smallest value is put where the next one would be if the
          feature began at 0. Counts 0, 1, 2, ... get ``log(1 + x)``;
        - ``1 - minimum`` for a constant that is not positive, which becomes 0;
        - 0 for a feature that was never there.

        For ``"symlog"`` and ``"arcsinh"``, ``"auto"`` is 0.
    handle_invalid : {"error", "nan", "clip"}, default="error"
        What ``"log"`` does with a value outside its domain (``x + c <= 0``), in ``fit`` and in
        ``transform``: raise a ValueError that names column, row and value; return NaN;
        or treat it as the smallest training value inside the domain.
    copy : bool, default=True
        False works in place on a float array.
    columns : list of str or int, default=None
        The columns of ``X`` to scale, by name or position. All others, text and dates too, pass through as
        they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame of
        its kind. None: all columns.

    Attributes
    ----------
    offset_ : ndarray of shape (n_features,)
        The offset of each feature, float64.
    data_min_ : ndarray of shape (n_features,)
        Smallest training value inside the domain; NaN where there was none.
    n_samples_seen_ : int or ndarray of shape (n_features,)
        Number of training values inside the domain, or sum of their weights; an array where features differ.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    sklearn.preprocessing.PowerTransformer : Learns the power that makes a feature most normal.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. ``inverse_transform`` is exact up to the
    rounding of y itself: a relative error of about ``(1 + |y| ln b)`` units in the last
    place of ``x + c``. Where the offset is 1, log1p and expm1 keep full relative precision near
    0. float32 and float16 are computed in float64 and rounded once.

    References
    ----------
    Webber (2013), "A bi-symmetric log transformation for wide-range data", Measurement
    Science and Technology 24(2), 027001.
    Burbidge, Magee & Robb (1988), "Alternative transformations to handle extreme values of the
    dependent variable", Journal of the American Statistical Association 83(401), 123-127.

    Examples
    --------
    >>> from skprep import LogScaler
    >>> scaler = LogScaler(base=2).fit([[0.0, 4.0], [1.0, 8.0], [7.0, 16.0]])
    >>> scaler.offset_
    array([1., 0.])
    >>> scaler.transform([[3.0, 32.0]])
    array([[2., 5.]])
    >>> scaler.inverse_transform([[2.0, 5.0]])
    array([[ 3., 32.]])
    >>> LogScaler(base=10, method="symlog").fit_transform([[-99.0], [0.0], [9.0]])
    array([[-2.],
           [ 0.],
           [ 1.]])
    """

    _parameter_constraints = {
        "columns": "no_validation",  # by validation.tables
        "base": [StrOptions({"e"}), Options(Real, {2, 10})],
        "method": [StrOptions({"log", "symlog", "arcsinh"})],
        "offset": [StrOptions({"auto"}), Real, "array-like", dict],
        "handle_invalid": [StrOptions({"error", "nan", "clip"})],
        "copy": ["boolean"],
    }
    _learning_parameters = ("method", "offset")

    def __init__(
        self,
        *,
        base: Literal["e", 2, 10] = "e",
        method: Literal["log", "symlog", "arcsinh"] = "log",
        offset: Any = "auto",
        handle_invalid: Literal["error", "nan", "clip"] = "error",
        copy: bool = True,
        columns: Any = None,
    ) -> None:
        self.base = base
        self.method = method
        self.offset = offset
        self.handle_invalid = handle_invalid
        self.copy = copy
        self.columns = columns

    def _select_parameters(self, places, names):
        return {"offset": of_features(self.offset, places, names, len(names))}

    def _statistic(self):
        return SmallestTwo, {}

    def _training_rows(self, X):
        """Return the rows with NaN in the place of what lies outside a given domain: only the rest counts."""
        if isinstance(self.offset, str):
            return X
        offset = self._known_offset(X.shape[1])
        if self.method != "log":
            return X
        if hasattr(X, "summarise"):
            return self._inside_elsewhere(X, offset)
        return X if self.handle_invalid == "error" else self._inside(X, offset)

    def _learn_statistic(self, X, *how, **more):
        """Return the statistic of rows; refuse a value outside a given domain: the smallest one shows it."""
        learnt = super()._learn_statistic(X, *how, **more)
        given = not isinstance(self.offset, str) and self.method == "log" and self.handle_invalid == "error"
        if given and not hasattr(X, "summarise"):
            offset = self._known_offset(X.shape[1])
            if (learnt.first + offset <= 0).any():
                check_domain(self, self._map_of(offset[None], None), X)
        return learnt

    def _inside(self, X, offset):
        rows = None
        for at in row_blocks(*X.shape):
            outside = X[at] + offset <= 0
            if outside.any():
                if np.isneginf(X[at]).any():
                    refuse_infinity(self, X)
                rows = X.copy() if rows is None else rows
                rows[at][outside] = np.nan
        if rows is None:
            return X
        for column in np.flatnonzero(np.isnan(rows).all(axis=0)):
            if not np.isnan(X[:, column]).all():
                self._refuse_none_inside(column)
        return rows

    def _inside_elsewhere(self, table, offset):
        """Do the same to rows that are not in memory."""
        inside = table.within(lambda x, j: x + float(offset[j]) > 0)
        if self.handle_invalid == "nan":
            return inside
        whole = SmallestTwo.learn(table)
        if self.handle_invalid == "error":
            for column in np.flatnonzero(whole.first[0] + offset <= 0):
                raise outside_domain(whole.first[0, column], name_column(self, column), offset[column])
            return table  # all of it is inside
        kept = SmallestTwo.learn(inside)
        for column in np.flatnonzero((whole.count > 0)[0] & (kept.count == 0)[0]):
            self._refuse_none_inside(column)
        return inside

    def _refuse_none_inside(self, column):
        if self.handle_invalid == "clip":
            raise ValueError(
                'handle_invalid="clip" needs a training value inside the domain; received none in '
                f"{name_column(self, column)} with offset={self.offset!r}. Pass a larger offset."
            )

    def _known_offset(self, n_features):
        offset = per_feature(self, self.offset, n_features, "offset")
        if not np.isfinite(offset).all():
            raise ValueError(
                f'offset must be "auto" or finite; received {self.offset!r}. '
                'With "auto" it is learnt from the training rows.'
            )
        return offset

    def _map(self, statistic):
        n_groups, n_features = statistic.count.shape
        if not isinstance(self.offset, str):
            offset = np.broadcast_to(self._known_offset(n_features), (n_groups, n_features)).copy()
        elif self.method == "log":
            offset = _learnt_offset(statistic)
        else:
            offset = np.zeros((n_groups, n_features))
        return self._map_of(offset, np.where(np.isfinite(statistic.first), statistic.first, np.nan))

    def _map_of(self, offset, data_min):
        return LogMap(None, offset, data_min, self.base, self.method, self.handle_invalid)

    def _set_fitted_attributes(self, statistic, learnt):
        self.offset_ = learnt.offset[0]
        self.data_min_ = learnt.data_min[0]
        self.n_samples_seen_ = samples_seen(statistic.count[0])

    def _map_from_attributes(self):
        return self._map_of(self._attribute("offset_"), self._attribute("data_min_"))


def _learnt_offset(statistic):
    """Return the offset of the rule in :class:`LogScaler`, per group and feature."""
    first, second = statistic.first, statistic.second
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isfinite(second), second - first, 1.0)
        offset = np.where((first > 0) | (statistic.count == 0), 0.0, gap - first)
        # Rounding may put the smallest value on 0, the edge of the domain.
        return np.where(first + offset <= 0, np.nextafter(offset, np.inf), offset)
