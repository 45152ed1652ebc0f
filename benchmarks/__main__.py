"""Print speed and memory of skprep beside its peers, as Markdown. Needs the extra ``test``.

Every scenario runs both libraries by turns in this process, so that a busy machine slows
both; the ratio is that of the medians.
"""

import argparse
import gc
import os
import platform
import time
import tracemalloc
from statistics import median

import numpy as np
import pandas as pd
import polars as pl
import scipy
import sklearn
import sklearn.preprocessing
from sklego.meta import GroupedTransformer

import skprep

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
CALLS = ("fit", "partial_fit", "transform", "inverse_transform", "fit_transform")


def call(module, name, method, X):
    """Return a function without arguments that runs ``method`` of a scaler on ``X``."""
    scaler = getattr(module, name)
    if method in ("fit", "fit_transform"):
        return lambda: getattr(scaler(), method)(X)
    fitted = scaler().fit(X)
    return lambda: getattr(fitted, method)(X)


def by_turns(ours, theirs, rounds):
    """Return the run times of both in seconds, measured by turns after a warm-up."""
    ours(), theirs()
    times = ([], [])
    for _ in range(rounds):
        for function, record in zip((ours, theirs), times, strict=True):
            gc.collect(0)
            start = time.perf_counter()
            function()
            record.append(time.perf_counter() - start)
    return times


def speed_table(shape, dtype, order, rounds, scalers=SCALERS):
    """Print one row per scaler and call: both medians, their ratio, and its spread."""
    X = np.random.default_rng(0).normal(3.0, 2.0, size=shape).astype(dtype)
    X = np.asarray(X, order=order)
    print(f"\n### {shape[0]:,} x {shape[1]}, {np.dtype(dtype).name}, order {order}\n")
    print("| call | skprep, ms | scikit-learn, ms | times as fast | from | to |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in scalers:
        for method in CALLS:
            if not hasattr(getattr(skprep, name), method):
                continue
            pair = [call(module, name, method, X) for module in (skprep, sklearn.preprocessing)]
            print_row(f"{name}.{method}", *by_turns(*pair, rounds))


def peak_memory(function):
    """Return the most bytes that were allocated at once while ``function`` ran."""
    gc.collect()
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def memory_table(shape):
    """Print the peak memory of ``fit`` beside X, in percent of X."""
    X = np.random.default_rng(0).normal(size=shape)
    print(f"\n### Peak memory of fit, {shape[0]:,} x {shape[1]} float64, in percent of X\n")
    print("| scaler | skprep | scikit-learn |\n| --- | ---: | ---: |")
    for name in SCALERS:
        peaks = [peak_memory(call(m, name, "fit", X)) for m in (skprep, sklearn.preprocessing)]
        print(f"| {name} | " + " | ".join(f"{100 * p / X.nbytes:.2f}" for p in peaks) + " |")


def grouped_frame(n_rows, n_features, n_groups, text):
    """Return a frame with a key column and normal features."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n_rows, n_features)), columns=[f"x{j}" for j in range(n_features)])
    keys = rng.integers(0, n_groups, n_rows)
    frame["key"] = [f"device {k:06d}" for k in keys] if text else keys
    return frame


def by_pandas(frame):
    """Return z-scores per group the way pandas does them fastest."""
    features = frame.columns.drop("key")
    groups = frame.groupby("key", sort=False)[list(features)]
    return (frame[features] - groups.transform("mean")) / groups.transform("std", ddof=0)


def by_polars(frame):
    """Return z-scores per group by window expressions."""
    columns = [pl.col(c) for c in frame.columns if c != "key"]
    return frame.select([(c - c.mean().over("key")) / c.std(ddof=0).over("key") for c in columns])


def by_lego(frame):
    """Return z-scores per group by scikit-lego, one clone per group."""
    return GroupedTransformer(sklearn.preprocessing.StandardScaler(), groups="key").fit_transform(frame)


def group_table(shape, n_groups, text, rounds, peers):
    """Print fit and transform of GroupScaler on a pandas frame beside its peers."""
    frame = grouped_frame(*shape, n_groups, text)
    scaler = skprep.GroupScaler(skprep.StandardScaler(), by="key")
    keys = "text" if text else "integer"
    print(f"\n### z-scores of {shape[0]:,} x {shape[1]} by {n_groups:,} {keys} groups, pandas frame\n")
    print("| peer | skprep, ms | peer, ms | times as fast | from | to |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in peers:
        given = pl.from_pandas(frame) if name == "Polars over" else frame
        pair = (lambda: scaler.fit_transform(frame), lambda peer=PEERS[name], given=given: peer(given))
        a, b = by_turns(*pair, 1 if name == "scikit-lego" else rounds)
        print_row(name, a, b)


PEERS = {"pandas groupby": by_pandas, "Polars over": by_polars, "scikit-lego": by_lego}


def print_row(name, ours, theirs):
    """Print both medians, their ratio and its spread."""
    ratios = sorted(t / o for o, t in zip(ours, theirs, strict=True))
    low, high = ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
    cells = (1e3 * median(ours), 1e3 * median(theirs), median(theirs) / median(ours), low, high)
    print(f"| {name} | " + " | ".join(f"{c:.3g}" for c in cells) + " |", flush=True)


def main():
    """Run all tables, smaller ones with ``--quick``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, fewer rounds")
    quick = parser.parse_args().quick
    rows = 100_000 if quick else 1_000_000
    print("# skprep beside its peers\n")
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"scikit-learn {sklearn.__version__}, skprep {skprep.__version__}; "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores."
    )
    for dtype in ("float64", "float32"):
        for order in ("C", "F"):
            speed_table((rows, 50), dtype, order, 3 if quick else 7)
    for shape in ((1, 20), (1_000, 20)):
        speed_table(shape, "float64", "C", 100 if quick else 500)
    group_table((rows, 20), 1_000, True, 5, list(PEERS))
    group_table((2 * rows, 2), 2 * rows // 10, False, 7, ["pandas groupby", "Polars over"])
    memory_table((2 * rows, 20))


if __name__ == "__main__":
    main()
