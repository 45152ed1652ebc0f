"""The estimators, one a file; :class:`~skprep.scalers.base.AffineScaler` does what they share."""

from skprep.scalers.group import GroupScaler
from skprep.scalers.log import LogScaler
from skprep.scalers.max_abs import MaxAbsScaler
from skprep.scalers.merging import merge
from skprep.scalers.min_max import MinMaxScaler
from skprep.scalers.robust import RobustScaler
from skprep.scalers.standard import StandardScaler

__all__ = [
    "GroupScaler",
    "LogScaler",
    "MaxAbsScaler",
    "MinMaxScaler",
    "RobustScaler",
    "StandardScaler",
    "merge",
]
