"""A given range, from the minimum to the maximum of the training rows."""

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from skprep.scalers.base import AffineScaler, StreamingMixin
from skprep.scalers.checks import check_range, name_column, per_feature, samples_seen
from skprep.statistics import Extrema


class MinMaxScaler(StreamingMixin, AffineScaler):
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
    data_range : (low, high), default=None
        Bounds known beforehand, in the units of ``X``: ``(0, 255)`` for pixels, the limits
        of a lidar, ``(20, 70)`` for an age. Numbers, or arrays with one number per feature. Then
        ``fit`` learns nothing from the rows, only their number and feature names.

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

    >>> MinMaxScaler(data_range=(0, 255)).fit_transform([[51.0], [102.0]])
    array([[0.2],
           [0.4]])
    """

    _parameter_constraints = {
        "feature_range": [tuple],
        "copy": ["boolean"],
        "clip": ["boolean"],
        "data_range": [None, tuple, list, np.ndarray],
    }

    __metadata_request__fit = {"sample_weight": False}  # off by default, as scikit-learn has none
    __metadata_request__partial_fit = {"sample_weight": False}
    _learning_parameters = ("data_range",)

    def __init__(self, feature_range=(0, 1), *, copy=True, clip=False, data_range=None):
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip
        self.data_range = data_range

    def _learn_from(self, X, y, sample_weight, **how):
        if sparse.issparse(X):
            raise TypeError(
                "MinMaxScaler does not support sparse input. Consider using MaxAbsScaler instead, "
                "which keeps zeros, or pass X.toarray()."
            )
        return super()._learn_from(X, y, sample_weight, **how)

    def _learn(self, X, codes=None, n_groups=1, sample_weight=None):
        low, high = self.feature_range
        if not low < high or not np.isfinite(high - low):
            raise ValueError(
                "Minimum of desired feature range must be smaller than maximum. Got "
                f"{self.feature_range!r}. Pass finite (low, high) with low < high, for example (0, 1)."
            )
        if isinstance(X, np.ndarray):
            self._check_dtype(X.dtype)
        statistic = Extrema.learn(X, codes, n_groups, sample_weight)
        if self.data_range is not None and statistic.is_finite():
            low, high = self._known_range(X.shape[1])
            statistic.min[:], statistic.max[:] = low, high
            statistic.count[:] = statistic.rows
        return statistic

    def _known_range(self, n_features):
        if len(self.data_range) != 2:
            raise ValueError(
                f"data_range must be a pair (low, high); received {self.data_range!r}. "
                "Pass for example (0, 255), or (lows, highs) with one number per feature each."
            )
        low, high = (per_feature(self, v, n_features, "data_range") for v in self.data_range)
        with np.errstate(all="ignore"):
            wrong = np.flatnonzero(~(low < high) | ~np.isfinite(high - low))
        if wrong.size:
            raise ValueError(
                "data_range must be a pair (low, high) of finite numbers with low < high; received "
                f"{float(low[wrong[0]])!r} and {float(high[wrong[0]])!r} for {name_column(self, wrong[0])}. "
                "Swap or correct them."
            )
        return low, high

    def _empty(self, n_groups, n_features):
        return Extrema.empty(n_groups, n_features)

    def _center_spread(self, statistic):
        there = statistic.count > 0
        low = np.where(there, statistic.min, np.nan)
        high = np.where(there, statistic.max, np.nan)
        with np.errstate(over="ignore"):
            span = high - low
        check_range(self, span, low, high)
        return low, span

    def _publish(self, statistic):
        center, scale = self._center_scale(statistic)
        self.data_min_ = center[0]
        self.data_max_ = np.where(statistic.count > 0, statistic.max, np.nan)[0]
        self.data_range_ = self.data_max_ - self.data_min_
        self.scale_, self.min_ = self._public_pair(center[0], scale[0])
        self.n_samples_seen_ = samples_seen(statistic.rows[0]).item()

    def _public_pair(self, low, span):
        """Return ``scale_`` and ``min_`` for a data minimum and range."""
        a, b = self.feature_range
        scale = (b - a) / span
        return scale, a - low * scale

    def _vectors(self):
        """Return data minimum and range; or, where someone has set them, what scale_ and min_ say."""
        scale, shift = self._learnt("scale_"), self._learnt("min_")
        if hasattr(self, "data_min_") and hasattr(self, "data_range_"):
            low, span = self._learnt("data_min_"), self._learnt("data_range_")
            span = np.where(span == 0, 1.0, span)
            published = self._public_pair(low, span)
            if np.array_equal(published, (scale, shift), equal_nan=True):
                return low, span
        a, b = self.feature_range
        return (a - shift) / scale, (b - a) / scale

    def _is_affine(self):
        return tuple(self.feature_range) == (0, 1)

    def _forward(self, x, center, scale, out):
        low, high = (float(v) for v in self.feature_range)
        if (low, high) == (0.0, 1.0):
            super()._forward(x, center, scale, out)
            return
        # In float64 whatever the rows are: the distance of two bounds may not fit into a narrow type.
        z = out if out.dtype == np.float64 else np.empty(out.shape)
        super()._forward(x, center, scale, z)
        span = high - low
        exact = low + span == high
        top = None if exact else z >= 1
        inside = None if exact else z <= 1
        if span != 1:
            np.multiply(z, span, out=z)
        if low != 0:
            np.add(z, low, out=z)
        if not exact:  # high - low was rounded: the maximum must still come out as high
            np.minimum(z, high, out=z, where=inside)
            np.maximum(z, high, out=z, where=top)
        if z is not out:
            with np.errstate(over="ignore"):
                out[...] = z

    def _backward(self, x, center, scale, out):
        low, high = (float(v) for v in self.feature_range)
        if (low, high) != (0.0, 1.0):
            x = np.subtract(x, low, dtype=np.float64)
            np.divide(x, high - low, out=x)
        super()._backward(x, center, scale, out)

    def _check_domain(self, X, vectors, first_row=0):
        self._check_dtype(X.dtype)

    def _check_dtype(self, dtype):
        """Refuse rows of a type that the range does not fit into."""
        most = np.finfo(dtype).max
        if max(np.abs(self.feature_range)) > most:
            raise ValueError(
                f"feature_range must fit into the type of the rows, {dtype}, which ends at {most:g}; "
                f"received {self.feature_range!r}. Pass rows of float64, or a smaller range."
            )

    def _forward_steps(self):
        low, high = (float(v) for v in self.feature_range)
        if (low, high) == (0.0, 1.0):
            return super()._forward_steps()

        def into_range(z, *_):
            moved = z * (high - low) + low
            if low + (high - low) == high:
                return moved
            # high - low was rounded: the maximum must still come out as high
            wrong = (z == 1.0) | ((z > 1.0) & (moved < high)) | ((z < 1.0) & (moved > high))
            return nw.when(~z.is_nan() & wrong).then(nw.lit(high)).otherwise(moved)

        return [*super()._forward_steps(), into_range]

    def _backward_steps(self):
        low, high = (float(v) for v in self.feature_range)
        if (low, high) == (0.0, 1.0):
            return super()._backward_steps()
        return [lambda z, *_: (z - low) / (high - low), *super()._backward_steps()]

    def _bounds(self):
        return self.feature_range if self.clip else None
