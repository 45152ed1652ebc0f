"""Fitted scalers of every kind, to be written and read."""

import datetime
import decimal
import uuid
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, make_pipeline

from skprep import ComBat, GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from skprep.nn import SoftmaxClassifier


def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["dose", "größe", "x y"])
    X["größe"] *= 1e-155  # squares leave float64
    X.loc[3, "dose"] = np.nan
    X["x y"] = X["x y"].abs()
    return X


def keys(kind):
    pairs = {
        "text": ["a", "ü", ""],
        "missing": ["a", None, "b"],
        "whole": [3, -(2**62), 7],
        "huge": [2**80, 1, -(2**70)],
        "real": [0.5, np.inf, 2.0],
        "dates": pd.DatetimeIndex([pd.Timestamp(1714564800000000001), pd.NaT, pd.Timestamp(0)]),
        "zones": pd.to_datetime(["2024-01-01", "2024-05-01", "1999-01-01"]).tz_localize("Europe/Berlin"),
        "spans": pd.to_timedelta([1, 5, 10**15], unit="ns"),
        "months": pd.period_range("2024-01", periods=3, freq="M"),
        "bins": pd.cut(np.arange(3.0), 3),
        "mixed": [1, "1", None],
        "truth": [True, False, None],
        "bytes": [b"\x00a", b"", b"b"],
        "others": [decimal.Decimal("1.10"), uuid.UUID(int=5), datetime.time(12, 30)],
    }
    return pairs[kind]


KEYS = [
    *("text", "missing", "whole", "huge", "real", "dates", "zones", "spans", "months", "bins"),
    *("mixed", "truth", "bytes", "others"),
]


def by_key(kind):
    X = table()
    X.insert(
        1, "key", pd.Series(keys(kind), dtype=object if kind in ("huge", "mixed") else None).repeat(20).array
    )
    return GroupScaler(StandardScaler(), by="key").fit(X), X


def plain():
    """Name, fitted scaler."""
    X, array = table(), table().to_numpy()
    offset = {"dose": 9.0, "größe": 1.0, "x y": 0.25}
    yield "standard", StandardScaler().fit(X)
    yield "weighted", StandardScaler(clip=(-2, 3)).fit(array, sample_weight=np.linspace(0, 1, 60))
    yield "only mean", StandardScaler(with_std=False).set_output(transform="pandas").fit(X)
    yield "median of means", StandardScaler(method="median_of_means", n_blocks=3).fit(array)
    yield "min-max", MinMaxScaler((-1, 2.5)).fit(X)
    yield "known range", MinMaxScaler(data_bounds=(np.array([-9.0, -1, 0]), [9, 1, 9.5])).fit(array)
    yield "max-abs", MaxAbsScaler().fit(array.astype(np.float32))
    yield "robust", RobustScaler(unit_variance=True).fit(X)
    yield "robust, weighted", RobustScaler().fit(array, sample_weight=np.linspace(0, 1, 60))
    yield "robust, alone", RobustScaler(exact_budget=5).fit(X)
    sketched = RobustScaler(exact_budget=10, max_rank_error=0.05)
    yield "robust, sketched", sketched.partial_fit(X).partial_fit(X * 2)
    yield "log", LogScaler(handle_invalid="clip").fit(X)
    yield "log, offsets", LogScaler(offset=offset).fit(X)
    yield "squashed", RobustScaler(soft_clip=3, handle_infinity="clip").fit(X)
    yield "never there", MinMaxScaler().fit(array * [1, np.nan, 1])


def grouped():
    """Name, fitted GroupScaler, table."""
    X = table()
    X["a"], X["b"] = np.arange(60) % 4, np.where(np.arange(60) % 3, "x", None)
    two = ["a", "b"]
    yield "two keys", GroupScaler(StandardScaler(), by=two, smooth="auto", min_group_size=3).fit(X), X
    yield "robust", GroupScaler(RobustScaler(), by=two, units="global", keep_by=True).fit(X), X
    streaming = GroupScaler(RobustScaler(exact_budget=9, max_rank_error=0.05), by="b")
    yield (
        "sketched",
        streaming.fit(X.drop(columns="a")[:1]).partial_fit(X.drop(columns="a")),
        X.drop(columns="a"),
    )
    yield (
        "log",
        GroupScaler(LogScaler(handle_invalid="nan"), by=np.int64(3)).fit(X.drop(columns="b")),
        X.drop(columns="b"),
    )
    C = table().rename(columns={"größe": "size"})
    C["size"] *= 1e155
    C["site"], C["age"] = np.arange(60) % 3, np.linspace(20, 70, 60) ** 1.1
    C["sex"] = np.where(np.arange(60) % 7 < 3, "m", "f")
    covariates = ["age", "sex"]
    yield "harmonised", ComBat("site", covariates=covariates, reference=1).fit(C), C
    added = ComBat("site", keep_by=True, parametric=False).fit(C[C.site < 2].drop(columns=covariates))
    yield "sites added", added.add_sites(C[C.site == 2].drop(columns=covariates)), C.drop(columns=covariates)
    part = ComBat("site", covariates=covariates).partial_fit(C[::2]).partial_fit(C[1::2])
    yield "harmonised in parts", part, C
    A = table().to_numpy()
    A[:, 0] = np.arange(60) // 20
    yield "array", GroupScaler(MinMaxScaler(), by=0, handle_unknown="nan").fit(A), A


def pipelines():
    """Name, fitted pipeline or head, table."""
    X = table().fillna(0.0)
    X["größe"] *= 1e155
    X["device"] = np.array(["a", None, "b"], dtype=object)[np.arange(60) % 3]
    y = np.array(["low", "höher", "x"])[np.arange(60) // 20]
    numbers = X.columns[:3]
    columns = ColumnTransformer(
        [
            ("device", GroupScaler(StandardScaler(), by="device"), ["device", "dose"]),
            ("none", "drop", []),
            ("as is", "passthrough", ["x y"]),
        ],
        remainder=make_pipeline(LogScaler(method="symlog"), MinMaxScaler()),
    )
    yield "columns", columns.fit(X), X
    few = {"max_iter": 3, "random_state": 0, "solver": "adam"}
    head = SoftmaxClassifier((5,), norm="batch", weight_norm=True, **few)
    yield "pipeline", _quiet(make_pipeline(columns, head), X, y), X
    both = FeatureUnion(
        [("z", StandardScaler()), ("as is", "passthrough"), ("r", RobustScaler())],
        transformer_weights={"z": 0.5},
    )
    yield "union", both.set_output(transform="pandas").fit(X[numbers]), X[numbers]
    yield (
        "head",
        _quiet(SoftmaxClassifier(), X[numbers].to_numpy(np.float32), np.arange(60) % 2 > 0),
        X[numbers].to_numpy(np.float32),
    )
    stopped = SoftmaxClassifier(
        8, norm="group", activation="gelu", early_stopping=True, max_iter=4, solver="sgd", random_state=1
    )
    yield "head, stopped early", _quiet(stopped, X[numbers], np.arange(60) % 3), X[numbers]


def _quiet(estimator, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # too few epochs to learn anything, which is enough here
        return estimator.fit(X, y)
