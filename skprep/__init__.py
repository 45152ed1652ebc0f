"""Preprocessing for scikit-learn: scalers that stream, merge, take weights and never leak."""

from skprep.persistence import from_json, load, save, to_json
from skprep.scalers import (
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    merge,
)
from skprep.versions import show_versions

__version__ = "0.1.0"

__all__ = [
    "GroupScaler",
    "LogScaler",
    "MaxAbsScaler",
    "MinMaxScaler",
    "RobustScaler",
    "StandardScaler",
    "from_json",
    "load",
    "merge",
    "save",
    "show_versions",
    "to_json",
]
