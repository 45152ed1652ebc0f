"""Zero mean and unit variance."""

from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np

from skprep.compat import Interval, StrOptions
from skprep.maps import AffineMap
from skprep.scalers.base import Scaler
from skprep.scalers.limits import CONSTRAINTS, check_limits, limited
from skprep.statistics import MedianOfMeans, Moments
from skprep.types import Rows, Weights
from skprep.validation.parameters import samples_seen

ROWS_IN_ONE_GO = 10_000
ROUNDINGS = 4  # of a mean or of a value, that are taken for noise


class StandardScaler(Scaler):
    r"""Scale each feature to zero mean and unit variance.

    .. math:: z = (x - \mu) / \sigma

    with :math:`\mu` the mean of the training rows and :math:`\sigma` their biased standard
    deviation (unless ``ddof`` says otherwise). Drop-in for :class:`sklearn.preprocessing.StandardScaler`.

    Parameters
    ----------
    copy : bool, default=True
        False scales a float array in place.
    with_mean : bool, default=True
        Subtract the mean. Must be False for a sparse matrix, whose zeros would be filled in.
    with_std : bool, default=True
        Divide by the standard deviation.
    clip : float or (float, float), default=None
        Bounds for the result of ``transform`` in standard deviations: 3 keeps it within
        -3 and 3. Values that were clipped come back from ``inverse_transform`` as the bound.
    method : {"moments", "median_of_means"}, default="moments"
        How to estimate mean and variance. ``"median_of_means"`` cuts the training rows into
        ``n_blocks`` blocks (row i goes to block ``i % n_blocks``, so shuffle rows that repeat with a
        period) and takes medians over them: the answer survives *fewer than* ``n_blocks / 2``
        *bad rows*, however bad, no matter how many rows there are. It does not survive a bad
        *fraction* of the rows: where 1 % of 10,000 rows may be wrong, use :class:`RobustScaler`,
        whose median and quartiles stand up to nearly 25 %. On clean symmetric data both
        estimators agree up to noise.
    n_blocks : int, default=10
        Number of blocks of ``"median_of_means"``. More blocks survive more bad rows, but
        blocks of few rows estimate a skewed feature with bias: keep 20 rows or more in each.
    ddof : float, default=0
        What is taken off the number of values, n, in the divisor of the variance: 0 as in scikit-learn and
        NumPy, 1 as in pandas, Polars, R and SQL. Where n is not above it, nothing is known of the spread:
        ``var_`` is NaN and ``scale_`` 1. Weights count rows, so their sum is n.
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
    mean_ : ndarray of shape (n_features,) or None
        Mean of the training rows, float64; NaN for a feature that was never there. None
        when both ``with_mean`` and ``with_std`` are False.
    var_ : ndarray of shape (n_features,) or None
        Variance, with divisor n - ``ddof``. None when ``with_std`` is False.
    scale_ : ndarray of shape (n_features,) or None
        Standard deviation; 1 for a constant feature. None when ``with_std`` is False.
    n_samples_seen_ : int or ndarray of shape (n_features,)
        Number of training values, or sum of their weights; an array where features differ.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    RobustScaler : Median and interquartile range, for a fraction of outliers.
    MinMaxScaler : A given range.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. A feature counts as constant, with scale 1, when
    its standard deviation is at most 4 roundings of its mean (9e-16 of it); with ``with_mean=False``,
    where its mean would be blown up too, below the bound of Chan et al., as in scikit-learn. Mean and
    variance are accumulated in float64 from values shifted by one of them, so a constant feature gives
    exactly 0 and a mean of 1e9 costs no digits; ``scale_`` is right even where ``var_`` leaves the range of
    float64.

    With ``"median_of_means"``, a row of weight w counts as w rows: weights that sum to 1 are one row, and
    fall into one block. Multiply them by the number of rows first.

    References
    ----------
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance: analysis and
    recommendations", The American Statistician 37(3), 242-247.
    Lugosi & Mendelson (2019), "Mean estimation and regression under heavy-tailed
    distributions: a survey", Foundations of Computational Mathematics 19, 1145-1190.

    Examples
    --------
    >>> from skprep import StandardScaler
    >>> scaler = StandardScaler().fit([[0, 0], [0, 0], [1, 1], [1, 1]])
    >>> scaler.mean_
    array([0.5, 0.5])
    >>> scaler.transform([[2, 2]])
    array([[3., 3.]])

    One poisoned row among thirty:

    >>> import numpy as np
    >>> X = np.append(np.tile([1.0, 2.0, 3.0], 10), 1e9)[:, None]
    >>> robust = StandardScaler(method="median_of_means", n_blocks=5).fit(X)
    >>> print(StandardScaler().fit(X).mean_.round(), robust.mean_.round(2))
    [32258066.] [2.]
    """

    _parameter_constraints = {
        "columns": "no_validation",  # by validation.tables
        "copy": ["boolean"],
        "with_mean": ["boolean"],
        "with_std": ["boolean"],
        **CONSTRAINTS,
        "method": [StrOptions({"moments", "median_of_means"})],
        "n_blocks": [Interval(Integral, 1, None, closed="left")],
        "ddof": [Interval(Real, 0, None, closed="left")],
    }
    _learning_parameters = ("method", "n_blocks", "handle_infinity")
    _sparse_formats = "csr"

    def __init__(
        self,
        *,
        copy: bool = True,
        with_mean: bool = True,
        with_std: bool = True,
        clip: float | tuple[float, float] | None = None,
        method: Literal["moments", "median_of_means"] = "moments",
        n_blocks: int = 10,
        ddof: float = 0,
        columns: Any = None,
        soft_clip: float | None = None,
        handle_infinity: Literal["error", "clip"] = "error",
    ) -> None:
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std
        self.clip = clip
        self.method = method
        self.n_blocks = n_blocks
        self.ddof = ddof
        self.columns = columns
        self.soft_clip = soft_clip
        self.handle_infinity = handle_infinity

    # scikit-learn takes sample_weight and copy by position here, and only here.

    def fit(self, X: Rows, y: Any = None, sample_weight: Weights = None) -> Self:  # noqa: D102 (documented in the base)
        return super().fit(X, y, sample_weight=sample_weight)

    def partial_fit(self, X: Rows, y: Any = None, sample_weight: Weights = None) -> Self:  # noqa: D102
        return super().partial_fit(X, y, sample_weight=sample_weight)

    def transform(self, X: Rows, copy: bool | None = None) -> Rows:
        """Scale the rows of ``X`` with the learned parameters; each row alone.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Rows with the features seen in ``fit``. NaN stays NaN.
        copy : bool, default=None
            Overrides the parameter ``copy`` for this call.

        Returns
        -------
        X_tr : ndarray, sparse matrix, frame, lazy frame or Dask collection
            Of shape (n_samples, n_features). Scaled rows; float32 and float16 keep their dtype, all else is
            float64. A frame where ``set_output`` asks for one. A lazy frame or Dask collection comes back as
            one of its kind.

        Raises
        ------
        ValueError
            If the columns are not those of ``fit``, or a value is infinite; it is named by column and row.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        return self._transform(X, self.copy if copy is None else copy)

    def inverse_transform(self, X: Rows, copy: bool | None = None) -> Rows:
        """Undo the scaling: the rows that ``transform`` turned into ``X``.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Scaled rows. A frame must have the columns seen in ``fit``, in that order.
        copy : bool, default=None
            Overrides the parameter ``copy`` for this call.

        Returns
        -------
        X_original : ndarray, sparse matrix, frame, lazy frame or Dask collection
            Of shape (n_samples, n_features). Rows in the original units; a frame where ``set_output``
            asks for one.

        Raises
        ------
        ValueError
            If the columns are not those of ``fit``, or a value is infinite; it is named by column and row.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        return self._transform(X, self.copy if copy is None else copy, inverse=True)

    def _statistic(self):
        check_limits(self)
        if self.method == "median_of_means":
            return MedianOfMeans, {"n_blocks": int(self.n_blocks)}
        return Moments, {}

    def _map(self, statistic):
        center = mean = statistic.center()
        scale = None
        if self.with_std:
            scale = statistic.std()
            scale[_is_constant(mean, scale, statistic.count, self.with_mean)] = 0.0
            if self.ddof:
                scale = np.nan_to_num(scale * np.sqrt(self._more(statistic.count)), nan=0.0)
                scale[statistic.count == 0] = np.nan
        if not self.with_mean:
            center = None
        return limited(self, AffineMap.of(center, scale, mean.shape))

    def _more(self, count):
        """Return by how much the divisor n - ddof makes a variance larger; NaN where nothing is left of n."""
        if not self.ddof:
            return 1.0
        left = count - self.ddof
        return np.divide(count, left, out=np.full(count.shape, np.nan), where=left > 0)

    def _set_fitted_attributes(self, statistic, learnt):
        self.mean_ = statistic.center()[0] if self.with_mean or self.with_std else None
        self.var_ = (statistic.variance() * self._more(statistic.count))[0] if self.with_std else None
        self.scale_ = learnt.scale[0] if self.with_std else None
        self.n_samples_seen_ = samples_seen(statistic.count[0])

    def _map_from_attributes(self):
        center = self._attribute("mean_") if self.with_mean else None
        scale = self._attribute("scale_") if self.with_std else None
        shape = (1, self._n_scaled() if "n_features_in_" in vars(self) else 1)
        return limited(self, AffineMap.of(center, scale, shape))


def _is_constant(mean, std, count, centered):
    """Say where a feature cannot be told from a constant.

    Deviations are summed from a value of the data, so that a constant has a spread of exactly 0, and what
    is centered needs to be no more than a few roundings of its own digits away from that. Uncentered, a
    feature that hardly varies would be blown up, mean and all: there the bound of Chan et al. holds, whose
    n is the number of values summed in one go, as in scikit-learn.
    """
    eps, most = np.finfo(np.float64).eps, ROUNDINGS if centered else ROWS_IN_ONE_GO
    with np.errstate(all="ignore"):
        constant = std <= (2 * most * eps) * np.abs(mean)  # few can be, of many groups
        near = np.flatnonzero(constant)
        if near.size:
            mean, std, count = (v.ravel()[near] for v in (mean, std, count))
            count = np.minimum(count, most)
            bound = (count * eps) * np.abs(mean)
            constant.ravel()[near] = std * np.sqrt(np.maximum(0.0, 1.0 - count * eps)) <= bound
    return constant
