"""A given range, from the minimum to the maximum of the training rows."""

from typing import Any

import numpy as np

from skprep.maps import RangedMap
from skprep.scalers.base import Scaler
from skprep.statistics import Extrema
from skprep.validation.parameters import check_range, of_features, per_feature, samples_seen
from skprep.validation.rows import name_column


class MinMaxScaler(Scaler):
    r"""Scale each feature to a given range.

    .. math:: z = a + (b - a) \, (x - x_{min}) / (x_{max} - x_{min})

    with :math:`(a, b)` the ``feature_range``. The training minimum comes out as exactly
    :math:`a`, the maximum as exactly :math:`b`. Drop-in for
    :class:`sklearn.preprocessing.MinMaxScaler`.

    Parameters
    ----------
    feature_range : (float, float), default=(0, 1)
        The range that the training rows get.
    copy : bool, default=True
        False scales a float array in place.
    clip : bool, default=False
        Keep later rows within ``feature_range`` too.
    data_bounds : (low, high), default=None
        Bounds known beforehand, in the units of ``X``: ``(0, 255)`` for pixels, the limits
        of a lidar, ``(20, 70)`` for an age. Two numbers, or two arrays with one number per feature, or two
        dicts by feature name: always lows first, then highs. Then
        ``fit`` learns nothing from the rows, only their number and feature names.
    columns : list of str or int, default=None
        The columns of ``X`` to scale, by name or position. All others, text and dates too, pass through as
        they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame of
        its kind. None: all columns.

    Attributes
    ----------
    data_min_, data_max_ : ndarray of shape (n_features,)
        Minimum and maximum of the training rows, float64; NaN for a feature that was never there.
    data_range_ : ndarray of shape (n_features,)
        ``data_max_ - data_min_``.
    scale_ : ndarray of shape (n_features,)
        ``(b - a) / data_range_``, with 1 in the place of a range of 0.
    min_ : ndarray of shape (n_features,)
        ``a - data_min_ * scale_``.
    n_samples_seen_ : int or float
        Number of training rows, or the sum of their weights.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    MaxAbsScaler : Keeps zeros, takes sparse matrices.
    RobustScaler : Does not depend on the two most extreme rows.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. A constant feature comes out as
    :math:`a`. Weights matter only in that rows of weight 0 are left out.

    Examples
    --------
    >>> from skprep import MinMaxScaler
    >>> MinMaxScaler().fit_transform([[-1, 2], [-0.5, 6], [0, 10], [1, 18]])
    array([[0.  , 0.  ],
           [0.25, 0.25],
           [0.5 , 0.5 ],
           [1.  , 1.  ]])

    Pixels, whatever the brightest one in the training images:

    >>> MinMaxScaler(data_bounds=(0, 255)).fit_transform([[51.0], [102.0]])
    array([[0.2],
           [0.4]])
    """

    _parameter_constraints = {
        "columns": "no_validation",  # by validation.tables
        "feature_range": [tuple],
        "copy": ["boolean"],
        "clip": ["boolean"],
        "data_bounds": [None, tuple, list, np.ndarray],
    }

    __metadata_request__fit = {"sample_weight": False}  # off by default, as scikit-learn has none
    __metadata_request__partial_fit = {"sample_weight": False}
    _learning_parameters = ("data_bounds",)

    def __init__(
        self,
        feature_range: tuple[float, float] = (0, 1),
        *,
        copy: bool = True,
        clip: bool = False,
        data_bounds: Any = None,
        columns: Any = None,
    ) -> None:
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip
        self.data_bounds = data_bounds
        self.columns = columns

    def _select_parameters(self, places, names):
        if self.data_bounds is None:
            return {}
        return {"data_bounds": tuple(of_features(v, places, names, len(names)) for v in self.data_bounds)}

    def _statistic(self):
        return Extrema, {}

    def _training_rows(self, X):
        low, high = self.feature_range
        if not low < high or not np.isfinite(high - low):
            raise ValueError(
                "Minimum of desired feature range must be smaller than maximum. Got "
                f"{self.feature_range!r}. Pass finite (low, high) with low < high, for example (0, 1)."
            )
        if isinstance(X, np.ndarray) and X.dtype != np.float64:
            RangedMap(feature_range=self.feature_range).check_dtype(X.dtype)
        return X

    def _map(self, statistic):
        low, high = self._extremes(statistic)
        with np.errstate(over="ignore"):
            span = high - low
        check_range(self, span, low, high)
        return RangedMap(self._bounds(), low, span, feature_range=self.feature_range)

    def _extremes(self, statistic):
        """Return minimum and maximum of each group, NaN for a feature never there; or the known bounds."""
        if self.data_bounds is not None:
            shape = statistic.count.shape
            return tuple(np.broadcast_to(v, shape).copy() for v in self._known_bounds(shape[1]))
        present = statistic.count > 0
        return np.where(present, statistic.min, np.nan), np.where(present, statistic.max, np.nan)

    def _known_bounds(self, n_features):
        if len(self.data_bounds) != 2:
            raise ValueError(
                f"data_bounds must be a pair (low, high); received {self.data_bounds!r}. "
                "Pass for example (0, 255), or (lows, highs) with one number per feature each."
            )
        low, high = (per_feature(self, v, n_features, "data_bounds") for v in self.data_bounds)
        with np.errstate(all="ignore"):
            wrong = np.flatnonzero(~(low < high) | ~np.isfinite(high - low))
        if wrong.size:
            raise ValueError(
                "data_bounds must be a pair (low, high) of finite numbers with low < high; received "
                f"{float(low[wrong[0]])!r} and {float(high[wrong[0]])!r} for {name_column(self, wrong[0])}. "
                "Swap or correct them."
            )
        return low, high

    def _set_fitted_attributes(self, statistic, learnt):
        low, high = self._extremes(statistic)
        self.data_min_, self.data_max_ = low[0], high[0]
        self.data_range_ = self.data_max_ - self.data_min_
        self.scale_, self.min_ = self._scale_and_min(low[0], learnt.scale[0])
        self.n_samples_seen_ = samples_seen(statistic.rows[0]).item()

    def _scale_and_min(self, low, span):
        """Return ``scale_`` and ``min_`` for a data minimum and range."""
        a, b = self.feature_range
        scale = (b - a) / span
        return scale, a - low * scale

    def _map_from_attributes(self):
        """Return the map of data minimum and range; where someone has set them, that of scale_ and min_."""
        scale, shift = self._attribute("scale_"), self._attribute("min_")
        a, b = self.feature_range
        center, span = None, None
        if hasattr(self, "data_min_") and hasattr(self, "data_range_"):
            center, span = self._attribute("data_min_"), self._attribute("data_range_")
            span = np.where(span == 0, 1.0, span)
            if not all(map(_same, self._scale_and_min(center, span), (scale, shift))):
                center = None
        if center is None:
            center, span = (a - shift) / scale, (b - a) / scale
        return RangedMap(self._bounds(), center, span, feature_range=self.feature_range)

    def _bounds(self):
        return self.feature_range if self.clip else None


def _same(a, b):
    """Say whether two rows are equal, NaN to NaN."""
    equal = a == b
    return a.shape == b.shape and bool(equal.all() or (equal | ((a != a) & (b != b))).all())
