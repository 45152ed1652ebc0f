"""The estimators, one a file; :class:`~skprep.scalers.base.Scaler` does what they share."""

from skprep.scalers.log import LogScaler
from skprep.scalers.max_abs import MaxAbsScaler
from skprep.scalers.min_max import MinMaxScaler
from skprep.scalers.robust import RobustScaler
from skprep.scalers.standard import StandardScaler

__all__ = ["LogScaler", "MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler"]
