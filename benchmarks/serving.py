"""One row at a time, as a web service scales them: ``python -m benchmarks serving``."""

import time

import numpy as np
import pandas as pd
import polars as pl
import sklearn.preprocessing

from benchmarks.measure import cells, heading, normal
from skprep import GroupScaler, StandardScaler

NAMES = [f"x{j}" for j in range(20)]


def main(calls=10_000):
    """Print the median and the 99th percentile of one call on one row."""
    X = normal((1_000, 20))
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(X, columns=NAMES)
    keyed = frame.assign(device=rng.choice(["a", "b", "c"], len(X)))
    heading(f"transform of one row of 20 features, {calls:,} calls, microseconds")
    cells(
        "rows", "skprep p50", "p99", "scikit-learn's StandardScaler p50", "p99", "times as fast", "to reach"
    )
    cells("---", *["---:"] * 6)
    peer = sklearn.preprocessing.StandardScaler().fit(frame)
    plain = StandardScaler().fit(frame)
    grouped = GroupScaler(StandardScaler(), by="device").fit(keyed)
    bare = sklearn.preprocessing.StandardScaler().fit(X), StandardScaler().fit(X)
    one, one_keyed = frame.iloc[[7]], keyed.iloc[[7]]
    wide, wide_keyed = pl.from_pandas(one), pl.from_pandas(one_keyed)
    for name, ours, theirs, goal in (
        ("pandas, StandardScaler", lambda: plain.transform(one), lambda: peer.transform(one), "5"),
        (
            "pandas, GroupScaler by a text column",
            lambda: grouped.transform(one_keyed),
            lambda: peer.transform(one),
            "3",
        ),
        ("Polars, StandardScaler", lambda: plain.transform(wide), lambda: peer.transform(wide), ""),
        (
            "Polars, GroupScaler by a text column",
            lambda: grouped.transform(wide_keyed),
            lambda: peer.transform(wide),
            "",
        ),
        ("NumPy, StandardScaler", lambda: bare[1].transform(X[:1]), lambda: bare[0].transform(X[:1]), ""),
    ):
        own, other = (np.array(t) * 1e6 for t in one_by_one(ours, theirs, calls))
        middle = np.median(other) / np.median(own)
        figures = (f"{np.percentile(t, q):.0f}" for t in (own, other) for q in (50, 99))
        cells(name, *figures, f"{middle:.1f}", goal)


def one_by_one(ours, theirs, calls):
    """Return the time of each call in seconds, both sides by turns."""
    times = ([], [])
    for _ in range(50):
        ours(), theirs()
    for _ in range(calls):
        for function, record in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            function()
            record.append(time.perf_counter() - start)
    return times
