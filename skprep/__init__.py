"""Preprocessing for scikit-learn: scalers that stream, merge, take weights and never leak.

Names are imported when they are used first (PEP 562), so that the command line answers at once.
"""

from importlib import import_module

__version__ = "0.1.0"

_PLACES = {
    "ComBat": "harmonise",
    "GroupScaler": "groups",
    "LogScaler": "scalers",
    "MaxAbsScaler": "scalers",
    "MinMaxScaler": "scalers",
    "RobustScaler": "scalers",
    "ScalingDisplay": "display",
    "StandardScaler": "scalers",
    "check_no_leakage": "leakage",
    "compare_scalers": "compare",
    "drift_report": "drift",
    "from_json": "persistence",
    "leakage_report": "leakage",
    "load": "persistence",
    "merge": "backends",
    "save": "persistence",
    "show_versions": "versions",
    "to_json": "persistence",
    "to_onnx": "export",
    "to_sql": "export",
}

__all__ = [
    "ComBat",
    "GroupScaler",
    "LogScaler",
    "MaxAbsScaler",
    "MinMaxScaler",
    "RobustScaler",
    "ScalingDisplay",
    "StandardScaler",
    "check_no_leakage",
    "compare_scalers",
    "drift_report",
    "from_json",
    "leakage_report",
    "load",
    "merge",
    "save",
    "show_versions",
    "to_json",
    "to_onnx",
    "to_sql",
]


def __getattr__(name):
    if name == "nn":
        return import_module("skprep.nn")
    if name not in _PLACES:
        raise AttributeError(f"module 'skprep' has no attribute {name!r}")
    value = getattr(import_module(f"skprep.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__, "nn"})
