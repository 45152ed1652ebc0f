"""Models and queries beside transform: ``python -m benchmarks export``."""

import sqlite3
import time

import numpy as np
import onnxruntime
import pandas as pd
import skl2onnx
import sklearn.preprocessing
from sklearn.base import clone

from benchmarks.measure import cells, heading, seconds
from skprep import (
    ComBat,
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    to_onnx,
    to_sql,
)


def main(rows, quick=False):
    """Print all tables."""
    digits(rows // 100)
    speed(rows // 10)
    many_groups(20_000 if quick else 200_000)


def table(n_rows, dtype=np.float64):
    """Return rows of two keys, a covariate and three features of mean 1e6."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(1e6, 1.0, (n_rows, 3)), columns=["a", "b", "c"]).astype(dtype)
    frame["site"] = np.array(["x", "y", "z"])[np.arange(n_rows) % 3]
    frame["device"] = np.arange(n_rows) % 7
    frame["age"] = rng.normal(60.0, 10.0, n_rows)
    return frame


def head(*names):
    """Print the head of a table."""
    cells(*names)
    cells("---", *["---:"] * (len(names) - 1))


def session_of(model):
    """Return a model, ready to run."""
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def ask(session, X):
    """Return the first output for a frame or an array."""
    if not isinstance(X, pd.DataFrame):
        return session.run(None, {"X": X})[0]
    text = {name: object if name == "site" else None for name in X}
    return session.run(None, {name: X[name].to_numpy(dtype=text[name])[:, None] for name in X})[0]


def run(model, X):
    """Return the first output of a model for a frame or an array."""
    return ask(session_of(model), X)


def exact(scaler, X):
    """Return what a scaler of scikit-learn gives in float64."""
    return clone(scaler).fit(X.astype(np.float64)).transform(X.astype(np.float64))


def digits(n_rows):
    """Print how far results through onnxruntime are from those of transform."""
    heading(
        f"ONNX beside transform: largest difference over the spread, {n_rows:,} rows of mean 1e6, spread 1"
    )
    head("scaler", "float64", "float32")
    features = ["a", "b", "c"]
    cases = [
        ("StandardScaler", StandardScaler(), features),
        ("MinMaxScaler(clip=True)", MinMaxScaler(clip=True), features),
        ("MaxAbsScaler", MaxAbsScaler(), features),
        ("RobustScaler", RobustScaler(), features),
        ("LogScaler", LogScaler(), features),
        ("LogScaler(arcsinh, base 10)", LogScaler(method="arcsinh", base=10), features),
        (
            "GroupScaler by two keys",
            GroupScaler(StandardScaler(), by=["site", "device"]),
            [*features, "site", "device"],
        ),
        ("ComBat with a covariate", ComBat(by="site", covariates=["age"]), [*features, "site", "age"]),
    ]
    for name, scaler, columns in cases:
        own = []
        for dtype in (np.float64, np.float32):
            X = table(n_rows, dtype)[columns]
            expected = np.asarray(scaler.fit(X).transform(X), dtype=np.float64)
            own.append(np.abs(run(to_onnx(scaler, X), X) - expected).max() / expected.std())
        cells(name, *(f"{error:.1e}" for error in own))
    theirs = []
    for dtype in (np.float64, np.float32):
        X = table(n_rows, dtype)[features].to_numpy()
        scaler = sklearn.preprocessing.StandardScaler().fit(X)
        theirs.append(np.abs(run(skl2onnx.to_onnx(scaler, X), X) - exact(scaler, X)).max())
    cells("scikit-learn's StandardScaler by skl2onnx", *(f"{error:.1e}" for error in theirs))


def speed(n_rows):
    """Print the time of a model beside that of transform."""
    heading(f"ONNX beside transform, {n_rows:,} rows of a frame")
    head("scaler", "transform, ms", "onnxruntime, ms")
    X = table(n_rows)[["a", "b", "c", "site"]]
    for name, scaler in (
        ("StandardScaler", StandardScaler()),
        ("GroupScaler", GroupScaler(StandardScaler(), by="site")),
    ):
        columns = X if name == "GroupScaler" else X[["a", "b", "c"]]
        scaler.fit(columns)
        model = to_onnx(scaler, columns[:1])
        session = session_of(model)
        own, theirs = (
            seconds(lambda s=scaler, c=columns: s.transform(c)),
            seconds(lambda t=session, c=columns: ask(t, c)),
        )
        cells(name, f"{1e3 * own:.3g}", f"{1e3 * theirs:.3g}")


def many_groups(n_groups):
    """Print how long queries with many groups take."""
    heading(f"SQL by {n_groups:,} groups, 1,000 rows")
    head("engine", "written, s", "run, s", "largest difference")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(1e6, 1.0, 2 * n_groups), "key": np.arange(2 * n_groups) % n_groups})
    frame["key"] = "id-" + frame["key"].astype(str)
    scaler = GroupScaler(StandardScaler(), by="key").fit(frame)
    rows = frame[:1000].assign(row=np.arange(1000))
    import duckdb

    duck = duckdb.connect()
    duck.register("rows", rows)
    lite = sqlite3.connect(":memory:")
    rows.to_sql("rows", lite, index=False)
    engines = {
        "duckdb": lambda query: duck.query(query).df(),
        "sqlite": lambda query: pd.read_sql(query, lite),
    }
    for dialect, ask in engines.items():
        start = time.perf_counter()
        query = to_sql(scaler, "rows", dialect=dialect, columns=["x", "key", "row"])
        written = time.perf_counter() - start
        found = ask(query).sort_values("row")
        taken = time.perf_counter() - start - written
        error = np.abs(found["x"].to_numpy() - scaler.transform(rows[["x", "key"]])[:, 0]).max()
        cells(dialect, f"{written:.2f}", f"{taken:.2f}", f"{error:.1e}")
    lite.close()
