"""The scalers beside scikit-learn's, on arrays and frames, and beside what memory allows."""

import numpy as np
import pandas as pd
import sklearn.preprocessing

import skprep
from benchmarks.measure import cells, normal, peak_memory, row, title
from skprep.kernels.threads import each, n_threads

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
CALLS = ("fit", "partial_fit", "transform", "inverse_transform", "fit_transform")


def pair(name, method, X, **more):
    """Return what runs ``method`` of our scaler, and of scikit-learn's, on ``X``."""

    def one(module):
        scaler = getattr(module, name)
        if method in ("fit", "fit_transform"):
            return lambda: getattr(scaler(), method)(X, **more)
        fitted = scaler().fit(X)
        return lambda: getattr(fitted, method)(X)

    return one(skprep), one(sklearn.preprocessing)


def beside_scikit_learn(rows, quick):
    """Print fit and transform of every scaler, in every layout, with NaN, weights and ties."""
    rounds, few = (3, 3) if quick else (11, 5)
    for dtype in ("float64", "float32"):
        for order in "CF":
            X = normal((rows, 50), dtype, order)
            title(f"{rows:,} x 50, {dtype}, order {order}", peer="scikit-learn")
            for name in SCALERS[:3]:
                for method in ("fit", "transform", "inverse_transform"):
                    row(f"{name}.{method}", *pair(name, method, X), rounds)
            if order == "C":
                weight = np.random.default_rng(1).random(rows)
                more = {"sample_weight": weight}
                row("StandardScaler.fit, weighted", *pair("StandardScaler", "fit", X, **more), few)
                X[::7, ::3] = np.nan
                for name in SCALERS[:3]:
                    row(f"{name}.fit, with NaN", *pair(name, "fit", X), few)
                    row(f"{name}.transform, with NaN", *pair(name, "transform", X), few)
        title(f"RobustScaler, {rows:,} x 20, {dtype}", peer="scikit-learn")
        X = normal((rows, 20), dtype)
        row("fit", *pair("RobustScaler", "fit", X), few)
        row("fit, order F", *pair("RobustScaler", "fit", np.asfortranarray(X)), few)
        row("transform", *pair("RobustScaler", "transform", X), rounds)
        row("fit, sorted", *pair("RobustScaler", "fit", np.sort(X, axis=0)), few)
        row("fit, ten values", *pair("RobustScaler", "fit", np.floor(X * 1.5)), few)
        X[::7, ::3] = np.nan
        row("fit, with NaN", *pair("RobustScaler", "fit", X), few)


def frames(rows, quick):
    """Print the same for a pandas frame in and out."""
    X = normal((rows, 20))
    frame = pd.DataFrame({f"x{j}": X[:, j] for j in range(20)})
    title(f"pandas frame in and out, {rows:,} x 20", peer="scikit-learn")
    with sklearn.config_context(transform_output="pandas"):
        for name in SCALERS:
            for method in ("fit", "transform"):
                row(f"{name}.{method}", *pair(name, method, frame), 3 if quick else 11)


def small(quick):
    """Print every call on few rows, where overhead is all."""
    for shape in ((1, 20), (1_000, 20)):
        X = normal(shape)
        title(f"{shape[0]:,} x {shape[1]}", peer="scikit-learn")
        for name in SCALERS:
            for method in CALLS:
                if hasattr(getattr(sklearn.preprocessing, name), method):
                    row(f"{name}.{method}", *pair(name, method, X), 100 if quick else 500)


def limits(rows, quick):
    """Print fit beside one read of X, and transform beside one copy; a ratio of 1 is the limit."""
    rounds = 3 if quick else 9
    title(f"Beside the memory itself, {rows:,} x 50: times as fast as one read, one copy", peer="memory")
    for dtype in ("float64", "float32"):
        X = normal((rows, 50), dtype)
        halves = np.array_split(X, n_threads())

        def read(halves=halves):
            each(np.sum, halves)

        def copy(X=X):
            return X.copy()

        def copy_on_threads(X=X):
            out = np.empty_like(X)
            cuts = np.array_split(np.arange(len(X)), n_threads())
            each(lambda at: np.copyto(out[at[0] : at[-1] + 1], X[at[0] : at[-1] + 1]), cuts)

        for name in SCALERS[:3]:
            fit, _ = pair(name, "fit", X)
            row(f"{name}.fit, {dtype}: one read on {n_threads()} threads", fit, read, rounds)
        for name in SCALERS[:2]:
            transform, _ = pair(name, "transform", X)
            row(f"{name}.transform, {dtype}: a copy", transform, copy, rounds)
            row(
                f"{name}.transform, {dtype}: a copy on {n_threads()} threads",
                transform,
                copy_on_threads,
                rounds,
            )


def memory(rows):
    """Print the peak memory of ``fit`` beside X, in percent of X."""
    X = normal((rows, 20))
    print(f"\n### Peak memory of fit, {rows:,} x 20 float64, in percent of X\n")
    cells("scaler", "skprep", "scikit-learn")
    cells("---", "---:", "---:")
    for name in SCALERS:
        cells(name, *(f"{100 * peak_memory(call) / X.nbytes:.2f}" for call in pair(name, "fit", X)))
