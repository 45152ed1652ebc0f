"""How often the answers are right, and how fast they come: ``python -m benchmarks answers``."""

import time
import warnings
from functools import partial

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from benchmarks.measure import cells, heading, seconds
from skprep import (
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    compare_scalers,
    drift_report,
    leakage_report,
)
from skprep.compare.candidates import default_models, default_scalers

SETS = (load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine)


def main(rows, quick=False):
    """Print all tables."""
    times = 40 if quick else 400
    scores(100 if quick else 400)
    verdicts(times)
    drift(times)
    splits(times)
    squashing(rows)


def head(*names):
    """Print the head of a table."""
    cells(*names)
    cells("---", *["---:"] * (len(names) - 1))


def scores(most):
    """Print the comparison beside nested cross-validation written by hand with scikit-learn."""
    heading(f"compare_scalers beside GridSearchCV in folds, at most {most} rows, one process")
    head("data", "pairs", "largest difference of a score", "skprep, s", "by hand, s")
    for load in SETS:
        X, y = (part[:most] for part in load(return_X_y=True))
        order = np.random.default_rng(0).permutation(len(y))
        X, y = X[order], y[order]
        kind = "regression" if load is load_diabetes else "classification"
        split = KFold if kind == "regression" else StratifiedKFold
        outer, inner = (split(k, shuffle=True, random_state=0) for k in (5, 3))
        smallest = len(y) * 4 // 5
        models, scalers = default_models(kind, smallest // 2), default_scalers(None, smallest)
        begin = time.perf_counter()
        found = compare_scalers(X, y)
        ours = time.perf_counter() - begin
        begin, worst = time.perf_counter(), 0.0
        table = {(r.scaler, r.model): r.scores for r in found.results_}
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            for scaler, transformer in scalers.items():
                for model, (estimator, grid) in models.items():
                    impute = SimpleImputer(strategy="median", keep_empty_features=True)
                    pipeline = make_pipeline(transformer, impute, estimator)
                    named = {f"{pipeline.steps[-1][0]}__{n}": v for n, v in grid.items()}
                    by_hand = []
                    for train, test in outer.split(X, y):
                        search = GridSearchCV(pipeline, named, cv=inner).fit(X[train], y[train])
                        by_hand.append(search.score(X[test], y[test]))
                    worst = max(worst, np.abs(np.subtract(table[scaler, model], by_hand)).max())
        theirs = time.perf_counter() - begin
        cells(load.__name__[5:], str(len(table)), f"{worst:.1e}", f"{ours:.1f}", f"{theirs:.1f}")


def some_columns(X, own):
    """Return some columns of an array."""
    return X[:, own]


def one_verdict(seed, n_scalers, n_rows, gain):
    """Return whether scalers that are equally good (but the last, by ``gain``) are told apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3 * n_scalers))
    weight = np.ones(3 * n_scalers)
    weight[-3:] += gain
    y = (X @ weight + 4.0 * rng.normal(size=n_rows) > 0).astype(int)
    picks = {
        f"s{k}": FunctionTransformer(partial(some_columns, own=slice(3 * k, 3 * k + 3)))
        for k in range(n_scalers)
    }
    found = compare_scalers(X, y, scalers=picks, models={"m": LogisticRegression()}, random_state=seed)
    worse = [r for r in found.results_ if r.is_told_apart]
    if not gain:
        return bool(worse)
    return found.best_scaler_ == f"s{n_scalers - 1}" and len(worse) / (n_scalers - 1)


def verdicts(times):
    """Print how often the paired verdict is wrong for exchangeable scalers, and right for others."""
    heading(f"The paired verdict, 10 exchangeable scalers, 300 rows, 5 folds, {times} runs")
    head("the best one", "share of runs or of others told apart")
    for gain, name in (
        (0.0, "is as good as the others: any told apart"),
        (2.0, "is better"),
        (4.0, "is far better"),
    ):
        runs = Parallel(n_jobs=-1)(delayed(one_verdict)(seed, 10, 300, gain) for seed in range(times))
        cells(name, f"{np.mean(runs):.3f}")


def drawn(kind, rng, shape):
    """Return numbers of a distribution."""
    if kind == "normal":
        return rng.normal(50.0, 7.0, shape)
    if kind == "uniform":
        return rng.uniform(0.0, 1.0, shape)
    return rng.standard_t(5, shape) if kind == "t of 5" else rng.lognormal(0.0, 1.0, shape)


def one_drift(kind, scaler, n_rows, seed, shift, tolerance):
    """Return whether a batch of five features, one of them shifted, is taken for drifted."""
    rng = np.random.default_rng(seed)
    train, batch = drawn(kind, rng, (2000, 5)), drawn(kind, rng, (n_rows, 5))
    batch[:, 0] += shift * train[:, 0].std()
    frame = drift_report(scaler.fit(train), batch, tolerance=tolerance).to_frame()
    return bool(frame["drifted"][0]) if shift else bool(frame["drifted"].any())


def drift(times):
    """Print false alarms and power of drift_report."""
    sizes = (20, 100, 1000, 10_000, 100_000)
    for tolerance in (0.0, 0.1):
        heading(f"drift_report, 2,000 training rows, five features, level 0.01, tolerance {tolerance}")
        head("scaler, distribution, shift", *(f"{n:,} rows" for n in sizes))
        for scaler in (StandardScaler(), RobustScaler(), MinMaxScaler()):
            for kind in ("normal", "uniform", "t of 5", "lognormal"):
                for shift in (0.0, 0.5, 1.0):
                    row = []
                    for n in sizes:
                        runs = max(20, times * 1000 // max(1000, n))
                        found = Parallel(n_jobs=-1)(
                            delayed(one_drift)(kind, scaler, n, seed, shift, tolerance)
                            for seed in range(runs)
                        )
                        row.append(f"{np.mean(found):.3f}")
                    cells(f"{type(scaler).__name__}, {kind}, {shift}", *row)


def one_split(seed):
    """Return whether a clean split seems to leak, as it is and scaled by its training rows."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 400))
    frame = pd.DataFrame(
        {
            "normal": rng.normal(50, 7, n),
            "skewed": rng.lognormal(0, 1, n),
            "rounded": rng.normal(0, 1, n).round(1),
            "share": rng.beta(2, 2, n).round(2),
            "zeros": np.where(rng.random(n) < 0.3, 0.0, rng.uniform(0, 1, n)),
            "count": rng.poisson(3, n),
            "side": rng.choice([-1.0, 1.0], n),
            "site": rng.choice(list("abcdefgh"), n),
        }
    )
    y = (frame["normal"] + rng.normal(0, 7, n) > 50).astype(int).to_numpy()
    train, test, a, b = train_test_split(frame, y, random_state=seed)
    raw = leakage_report(train, test, y_train=a, y_test=b)
    numbers = ["normal", "skewed", "rounded", "share"]
    found = []
    for scaler in (StandardScaler(), MinMaxScaler(), RobustScaler()):
        scaler.fit(train[numbers])
        sides = (pd.DataFrame(scaler.transform(side[numbers])) for side in (train, test))
        found.append(bool(leakage_report(*sides, y_train=a, y_test=b)))
    return [bool(raw), *found]


def splits(times):
    """Print how often leakage_report finds something in a clean split."""
    heading(f"leakage_report of clean random splits, {times} tables of eight columns")
    head("table", "false alarms")
    found = np.mean(Parallel(n_jobs=-1)(delayed(one_split)(seed) for seed in range(times)), axis=0)
    for name, share in zip(("as it is", "standardised", "min-max", "robust"), found, strict=True):
        cells(name, f"{share:.4f}")


def squashing(n_rows):
    """Print smooth clipping beside skrub's SquashingScaler, on columns where that is right."""
    from skrub import SquashingScaler

    X = np.random.default_rng(0).standard_t(2, (n_rows // 10, 10))
    heading(f"RobustScaler(soft_clip=3) beside skrub's SquashingScaler, {len(X):,} rows x 10 features")
    head("work", "skprep, ms", "skrub, ms", "largest difference")
    ours, theirs = RobustScaler(soft_clip=3).fit(X), SquashingScaler().fit(X)
    gap = np.abs(ours.transform(X) - np.asarray(theirs.transform(X))).max()
    for name, one, two in (
        ("fit", lambda: ours.fit(X), lambda: theirs.fit(X)),
        ("transform", lambda: ours.transform(X), lambda: theirs.transform(X)),
    ):
        cells(name, f"{1e3 * seconds(one):.1f}", f"{1e3 * seconds(two):.1f}", f"{gap:.1e}")
