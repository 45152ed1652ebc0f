"""Median and interquartile range."""

from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from scipy import stats

from skprep.compat import Interval, StrOptions
from skprep.maps import AffineMap
from skprep.scalers.base import Scaler
from skprep.scalers.limits import CONSTRAINTS, check_limits, limited
from skprep.statistics import MedianDeviation, Quantiles
from skprep.statistics.quantiles import EXACT_BUDGET
from skprep.statistics.sketch import LEAST_RANK_ERROR
from skprep.validation.parameters import check_range, samples_seen


class RobustScaler(Scaler):
    r"""Scale each feature by its median and a range of quantiles.

    .. math:: z = (x - q_{50}) / (q_{75} - q_{25})

    A few outliers move neither. Drop-in for :class:`sklearn.preprocessing.RobustScaler`.

    Parameters
    ----------
    with_centering : bool, default=True
        Subtract the median. Must be False for a sparse matrix, whose zeros would be filled in.
    with_scaling : bool, default=True
        Divide by the range of quantiles.
    quantile_range : (float, float), default=(25.0, 75.0)
        The two quantiles in percent, from 0 to 100.
    copy : bool, default=True
        False scales a float array in place.
    unit_variance : bool, default=False
        Divide the range by that of a standard normal distribution, so that normal
        features get unit variance (as in :class:`StandardScaler`). A constant keeps scale 1 then too
        (scikit-learn: 1 / 1.349).
    clip : float or (float, float), default=None
        Bounds for the result of ``transform`` in scaled units.
    exact_budget : int, default=4096
        How many values of a feature (and group) ``partial_fit`` and ``merge`` keep, and so stay exact.
        Beyond, they keep a sketch, and so does ``fit`` on a Dask collection. ``fit`` on rows in memory
        or on a lazy frame is always exact; of at most so many rows in memory it keeps the values, for
        ``partial_fit`` and ``merge`` to go on from. Parts of more rows begin with ``partial_fit``.
    max_rank_error : float, default=0.001
        How far the rank of a quantile may be off once a sketch takes over, from 0.0001 to 0.5: with
        0.001 the median lies between the true quantiles of 49.9 % and 50.1 %, with a probability of
        more than 99.9 %. Needs the extra ``sketch``. A sketch takes about 50 kB
        a feature (and group) at 0.001, 6 kB at 0.01, however many rows it has seen.
    method : {"iqr", "mad"}, default="iqr"
        What to divide by: the range of quantiles, or the median of the absolute deviations from the median,
        which stands up to nearly half of the rows. ``quantile_range`` has no part in it; ``unit_variance``
        multiplies it by 1.4826. A feature of which half of the values are the median has deviation 0, and
        scale 1.
    columns : list of str or int, default=None
        The columns of ``X`` to scale, by name or position. All others, text and dates too, pass through as
        they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame of
        its kind. None: all columns.
    soft_clip : float, default=None
        A smooth bound B in scaled units: z becomes :math:`z / \sqrt{1 + (z/B)^2}`, which is z near 0 and
        tends to -B and B far out. Outliers stay in their order, and ``inverse_transform`` finds them again (a
        result that is B itself comes back as infinite). Not with ``clip``. With ``units="global"`` of
        :class:`GroupScaler` the bounds are those of each group.
    handle_infinity : {"error", "clip"}, default="error"
        What becomes of infinite values: they are refused, or left out in ``fit`` like NaN and put at the
        bound by ``transform``, which ``soft_clip`` or ``clip`` must name.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,) or None
        Median of the training rows, float64; NaN for a feature that was never there.
    scale_ : ndarray of shape (n_features,) or None
        Range of the quantiles, 1 where both are equal; or the median absolute deviation, 1 where it is 0.
    exact_ : bool
        Whether the quantiles of all features are exact, not those of a sketch.
    rank_error_ : ndarray of shape (n_features,)
        0 for exact quantiles; else the bound that the error of a rank keeps with a
        probability of 99 %, below ``max_rank_error``.
    n_samples_seen_ : int or ndarray of shape (n_features,)
        Number of training values, or sum of their weights; an array where features differ.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    StandardScaler : Mean and standard deviation.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. Quantiles are exact, by linear
    interpolation (type 7 of Hyndman & Fan, NumPy's default). A whole weight equals
    the row repeated. Fractional weights are taken as they are while the effective
    sample size stays below their sum, so weights normalised to sum 1 work too; a sketch repeats
    rows, and refuses weights that are not whole. The sketch draws random bits of its own when it takes
    values in: two runs over one stream may differ within ``max_rank_error``, two looks at one scaler do not.

    References
    ----------
    Hyndman & Fan (1996), "Sample quantiles in statistical packages", The American
    Statistician 50(4), 361-365.
    Akinshin (2023), "Weighted quantile estimators", arXiv:2304.07265.

    Examples
    --------
    >>> from skprep import RobustScaler
    >>> RobustScaler().fit_transform([[1.0], [2.0], [3.0], [4.0], [1000.0]])
    array([[ -1. ],
           [ -0.5],
           [  0. ],
           [  0.5],
           [498.5]])
    >>> stream = RobustScaler()
    >>> for batch in ([[1.0], [2.0], [3.0]], [[4.0], [1000.0]]):
    ...     stream = stream.partial_fit(batch)
    >>> stream.center_, stream.scale_, stream.exact_
    (array([3.]), array([2.]), True)
    """

    _parameter_constraints = {
        "columns": "no_validation",  # by validation.tables
        "with_centering": ["boolean"],
        "with_scaling": ["boolean"],
        "quantile_range": [tuple],
        "copy": ["boolean"],
        "unit_variance": ["boolean"],
        **CONSTRAINTS,
        "exact_budget": [Interval(Integral, 1, None, closed="left")],
        "max_rank_error": [Interval(Real, LEAST_RANK_ERROR, 0.5, closed="both")],
        "method": [StrOptions({"iqr", "mad"})],
    }
    __metadata_request__fit = {"sample_weight": False}  # off by default, as scikit-learn has none
    __metadata_request__partial_fit = {"sample_weight": False}
    _learning_parameters = ("quantile_range", "exact_budget", "max_rank_error", "method", "handle_infinity")
    _sparse_formats = ("csr", "csc")

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: tuple[float, float] = (25.0, 75.0),
        copy: bool = True,
        unit_variance: bool = False,
        clip: float | tuple[float, float] | None = None,
        exact_budget: int = EXACT_BUDGET,
        max_rank_error: float = 0.001,
        method: Literal["iqr", "mad"] = "iqr",
        columns: Any = None,
        soft_clip: float | None = None,
        handle_infinity: Literal["error", "clip"] = "error",
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range
        self.copy = copy
        self.unit_variance = unit_variance
        self.clip = clip
        self.exact_budget = exact_budget
        self.max_rank_error = max_rank_error
        self.method = method
        self.columns = columns
        self.soft_clip = soft_clip
        self.handle_infinity = handle_infinity

    def _statistic(self):
        check_limits(self)
        kept = {"budget": int(self.exact_budget), "max_rank_error": float(self.max_rank_error)}
        if self.method == "mad":
            return MedianDeviation, kept
        low, high = self.quantile_range
        if not 0 <= low <= high <= 100:
            raise ValueError(
                f"Invalid quantile range: {self.quantile_range!r}. It must be a pair (low, high) in "
                "percent with 0 <= low <= high <= 100, for example (25.0, 75.0)."
            )
        if self.unit_variance and self.with_scaling and (low == 0 or high == 100 or low == high):
            raise ValueError(
                "unit_variance=True needs 0 < low < high < 100 in quantile_range, because a normal "
                f"distribution has no finite width beyond; received {self.quantile_range!r}. "
                "Use for example (25.0, 75.0), or unit_variance=False."
            )
        return Quantiles, {"probabilities": (low / 100, 0.5, high / 100), **kept}

    def _map(self, statistic):
        scale = None
        if self.method == "mad":
            median, deviation = np.moveaxis(statistic.values, 2, 0)
            deviation = np.where(np.isnan(deviation) & ~np.isnan(median), np.inf, deviation)  # inf - inf
            low, high, ends = np.zeros_like(deviation), deviation, [0.5, 0.75]
        else:
            low, median, high = np.moveaxis(statistic.values, 2, 0)
            ends = statistic.probabilities[[0, 2]]
        if self.with_scaling:
            with np.errstate(over="ignore"):
                scale = high - low
            check_range(self, scale, low, high)
            if self.unit_variance:
                scale = scale / np.diff(stats.norm.ppf(ends))
        center = median if self.with_centering else None
        return limited(self, AffineMap.of(center, scale, median.shape))

    def _set_fitted_attributes(self, statistic, learnt):
        self.center_ = learnt.center[0].copy() if self.with_centering else None
        self.scale_ = learnt.scale[0] if self.with_scaling else None
        self.rank_error_ = statistic.rank_error()[0]
        self.exact_ = not self.rank_error_.any()
        self.n_samples_seen_ = samples_seen(statistic.count[0])

    def _map_from_attributes(self):
        center = self._attribute("center_") if self.with_centering else None
        scale = self._attribute("scale_") if self.with_scaling else None
        shape = (1, self._n_scaled() if "n_features_in_" in vars(self) else 1)
        return limited(self, AffineMap.of(center, scale, shape))
