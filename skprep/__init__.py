"""Preprocessing for scikit-learn: scalers that stream, merge, take weights and never leak."""

from skprep.scalers import (
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    merge,
)

__version__ = "0.1.0"

__all__ = [
    "LogScaler",
    "MaxAbsScaler",
    "MinMaxScaler",
    "RobustScaler",
    "StandardScaler",
    "merge",
]
