"""Preprocessing for scikit-learn: scalers that stream, merge, take weights and never leak."""

from skprep.scalers import (
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    merge,
)

__version__ = "0.1.0"

__all__ = [
    "GroupScaler",
    "LogScaler",
    "MaxAbsScaler",
    "MinMaxScaler",
    "RobustScaler",
    "StandardScaler",
    "merge",
]
