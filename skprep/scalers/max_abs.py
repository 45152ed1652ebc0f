"""The largest absolute value becomes 1."""

from typing import Any

import numpy as np

from skprep.maps import AffineMap
from skprep.scalers.base import Scaler
from skprep.statistics import Extrema
from skprep.validation.parameters import samples_seen


class MaxAbsScaler(Scaler):
    r"""Scale each feature by its largest absolute value.

    .. math:: z = x / \max |x|

    Nothing is subtracted, so zeros stay zeros and sparse matrices stay sparse. Drop-in for
    :class:`sklearn.preprocessing.MaxAbsScaler`.

    Parameters
    ----------
    copy : bool, default=True
        False scales a float array in place.
    clip : bool, default=False
        Keep later rows within -1 and 1 too.
    columns : list of str or int, default=None
        The columns of ``X`` to scale, by name or position. All others, text and dates too, pass through as
        they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame of
        its kind. None: all columns.

    Attributes
    ----------
    max_abs_ : ndarray of shape (n_features,)
        Largest absolute value of the training rows, float64; NaN for a feature never there.
    scale_ : ndarray of shape (n_features,)
        ``max_abs_``, with 1 in the place of 0.
    n_samples_seen_ : int or float
        Number of training rows, or the sum of their weights.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    MinMaxScaler : Any range, but not for sparse matrices.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. Weights matter only in that rows of
    weight 0 are left out.

    Examples
    --------
    >>> from skprep import MaxAbsScaler
    >>> MaxAbsScaler().fit_transform([[1.0, -1.0], [2.0, 0.0], [0.0, 4.0]])
    array([[ 0.5 , -0.25],
           [ 1.  ,  0.  ],
           [ 0.  ,  1.  ]])
    """

    _parameter_constraints = {
        "columns": "no_validation",  # by validation.tables
        "copy": ["boolean"],
        "clip": ["boolean"],
    }
    __metadata_request__fit = {"sample_weight": False}  # off by default, as scikit-learn has none
    __metadata_request__partial_fit = {"sample_weight": False}
    _sparse_formats = ("csr", "csc")

    def __init__(self, *, copy: bool = True, clip: bool = False, columns: Any = None) -> None:
        self.copy = copy
        self.clip = clip
        self.columns = columns

    def _statistic(self):
        return Extrema, {}

    def _map(self, statistic):
        return AffineMap(scale=_max_abs(statistic), bounds=self._bounds())

    def _set_fitted_attributes(self, statistic, learnt):
        self.max_abs_ = _max_abs(statistic)[0]
        self.scale_ = learnt.scale[0]
        self.n_samples_seen_ = samples_seen(statistic.rows[0]).item()

    def _map_from_attributes(self):
        return AffineMap(scale=self._attribute("scale_"), bounds=self._bounds())

    def _bounds(self):
        return (-1.0, 1.0) if self.clip else None


def _max_abs(statistic):
    largest = np.maximum(np.abs(statistic.min), np.abs(statistic.max))
    return np.where(statistic.count > 0, largest, np.nan)
