"""The scalers that tests go through: one list. A new scaler is added here, and nowhere else.

The tags say which tests take a case:

- ``base``: what all scalers share, one case a class;
- ``laws``: the laws, under Hypothesis;
- ``cost``: work that grows with the rows and nothing else;
- ``checks``: scikit-learn's checks of an estimator;
- ``engines``: every frame library and lazy engine;
- ``dask``: Dask arrays and frames;
- ``groups``: the loop that per-group scaling must equal (groups/oracle.py);
- ``document``: written as JSON and read again, with a golden file.
"""

from dataclasses import dataclass

from sklearn.base import BaseEstimator, clone

from skprep import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

ALL = ("base", "laws", "cost", "checks", "engines", "dask", "groups")
FEW = ("laws", "checks", "engines")


@dataclass(frozen=True)
class Case:
    """A scaler with a name, and which tests take it."""

    name: str
    scaler: BaseEstimator
    tags: tuple


CASES = [
    Case("standard", StandardScaler(), ALL),
    Case("standard, mean only", StandardScaler(with_std=False), ("laws", "engines", "groups")),
    Case("standard, spread only", StandardScaler(with_mean=False), ("laws", "checks")),
    Case("standard, unbiased", StandardScaler(ddof=1), ("laws", "engines", "groups")),
    Case("standard, clipped", StandardScaler(clip=(-1, 1.5)), ("engines", "groups")),
    Case("standard, mean only, clipped", StandardScaler(with_std=False, clip=(-2.0, 3.0)), ("checks",)),
    Case(
        "standard, squashed", StandardScaler(soft_clip=2.0), ("laws", "checks", "engines", "dask", "groups")
    ),
    Case(
        "median of means",
        StandardScaler(method="median_of_means", n_blocks=3),
        ("laws", "cost", "checks", "dask", "groups"),
    ),
    Case("min-max", MinMaxScaler(), ("base", "laws", "checks")),
    Case("min-max, odd range", MinMaxScaler((-0.1, 0.3)), ("laws", "engines", "groups")),
    Case("min-max, odd range, clipped", MinMaxScaler((-0.1, 0.3), clip=True), ("checks",)),
    Case("min-max, -1 to 1", MinMaxScaler((-1, 1)), ("cost", "dask")),
    Case("min-max, clipped", MinMaxScaler(clip=True), ("engines",)),
    Case("min-max, known range", MinMaxScaler(data_bounds=(-1e6, 2e8)), ("laws", "engines")),
    Case("min-max, near known bounds", MinMaxScaler(data_bounds=(-200, 900)), ("checks", "groups")),
    Case("max-abs", MaxAbsScaler(), ALL),
    Case("max-abs, clipped", MaxAbsScaler(clip=True), ("checks",)),
    Case("robust", RobustScaler(), ALL),
    Case(
        "robust, unit variance",
        RobustScaler(unit_variance=True, quantile_range=(10.0, 80.0)),
        ("laws", "engines"),
    ),
    Case(
        "robust, scale only, clipped",
        RobustScaler(with_centering=False, unit_variance=True, clip=2),
        ("checks",),
    ),
    Case(
        "robust, squashed, infinite",
        RobustScaler(soft_clip=3, handle_infinity="clip"),
        ("laws", "checks", "engines"),
    ),
    Case("robust, deviation", RobustScaler(method="mad"), ("laws", "engines", "groups", "dask")),
    Case(
        "robust, deviation, unit variance", RobustScaler(method="mad", unit_variance=True), ("checks", "laws")
    ),
    Case("log", LogScaler(), FEW),
    Case("log, clip", LogScaler(handle_invalid="clip"), ("checks", "dask", "groups")),
    Case("log10, clip", LogScaler(base=10, offset=-0.5, handle_invalid="clip"), ("engines",)),
    Case("log2", LogScaler(base=2), ("laws",)),
    Case("log2, nan", LogScaler(base=2, offset=-0.5, handle_invalid="nan"), ("engines",)),
    Case("log, nan", LogScaler(handle_invalid="nan", offset=0.0), ("checks",)),
    Case("symlog", LogScaler(method="symlog"), ("base", "cost", "groups")),
    Case("symlog2", LogScaler(method="symlog", base=2), ("engines",)),
    Case("symlog10", LogScaler(method="symlog", base=10), ("laws", "checks")),
    Case("arcsinh", LogScaler(method="arcsinh"), ("laws", "engines")),
    Case("arcsinh2", LogScaler(method="arcsinh", base=2, offset=1.5), ("checks",)),
]

SWITCHES = {  # class: parameters whose every combination is tried
    StandardScaler: {
        "with_mean": [True, False],
        "with_std": [True, False],
        "clip": [None, 1.5],
        "method": ["moments", "median_of_means"],
    },
    MinMaxScaler: {
        "feature_range": [(0, 1), (-1, 1), (-0.1, 0.3)],
        "clip": [False, True],
        "data_bounds": [None, (-10.0, 20.0)],
    },
    MaxAbsScaler: {"clip": [False, True]},
    RobustScaler: {
        "with_centering": [True, False],
        "with_scaling": [True, False],
        "unit_variance": [False, True],
        "clip": [None, (-1.0, 2.0)],
    },
    LogScaler: {
        "method": ["log", "symlog", "arcsinh"],
        "base": ["e", 2, 10],
        "offset": ["auto", 1.0, 25.0],
        "handle_invalid": ["nan", "clip"],
    },
}


def cases(tag):
    """Return ``{name: scaler}`` of the cases with a tag."""
    return {case.name: clone(case.scaler) for case in CASES if tag in case.tags}
