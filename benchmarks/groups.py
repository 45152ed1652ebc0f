"""Per-group scaling beside those who also do it."""

import numpy as np
import pandas as pd
import polars as pl
import sklearn.preprocessing
from sklego.meta import GroupedTransformer

import skprep
from benchmarks.measure import normal, row, title
from skprep import GroupScaler, StandardScaler


def frame_of(n_rows, n_features, n_groups, text):
    """Return a frame with a key column and normal features."""
    X = normal((n_rows, n_features))
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(n_features)])
    keys = np.random.default_rng(1).integers(0, n_groups, n_rows)
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


def by_skprep(frame):
    """Return z-scores per group by one GroupScaler."""
    return GroupScaler(StandardScaler(), by="key").fit_transform(frame)


def z_scores(rows, quick):
    """Print fit and transform of a pandas frame beside each peer."""
    rounds = 3 if quick else 11
    for shape, n_groups, text in (
        ((rows, 20), 1_000, True),
        ((rows, 20), rows // 5, False),
        ((2 * rows, 2), rows // 5, False),
    ):
        frame = frame_of(*shape, n_groups, text)
        kind = "text" if text else "integer"
        title(f"z-scores of {shape[0]:,} x {shape[1]} by {n_groups:,} {kind} groups, pandas frame", "peer")
        polars = pl.from_pandas(frame)
        row("pandas groupby-transform", lambda f=frame: by_skprep(f), lambda f=frame: by_pandas(f), rounds)
        row("Polars over", lambda f=frame: by_skprep(f), lambda p=polars: by_polars(p), rounds)
        row(
            "Polars over, Polars frame in",
            lambda p=polars: by_skprep(p),
            lambda p=polars: by_polars(p),
            rounds,
        )
        if n_groups == 1_000:
            row("scikit-lego", lambda f=frame: by_skprep(f), lambda f=frame: by_lego(f), 1)


def quantiles(rows, quick):
    """Print the median and IQR per group beside pandas' quantiles of groups."""
    frame = frame_of(rows, 20, 1_000, True)
    features = list(frame.columns.drop("key"))
    title(f"quartiles of {rows:,} x 20 by 1,000 text groups, pandas frame", "peer")
    robust = skprep.RobustScaler()
    row(
        "RobustScaler.fit: pandas groupby-quantile",
        lambda: GroupScaler(robust, by="key").fit(frame),
        lambda: frame.groupby("key", sort=False)[features].quantile([0.25, 0.5, 0.75]),
        1 if quick else 5,
    )


def beside_coreforecast(rows, quick):
    """Print z-scores of sorted series beside coreforecast, which takes one column, sorted, without keys."""
    try:
        from coreforecast.grouped_array import GroupedArray
        from coreforecast.scalers import LocalStandardScaler
    except ImportError:
        return
    keys = np.sort(np.random.default_rng(0).integers(0, 1_000, rows))
    x = normal((rows, 1))
    ends = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [rows]]).astype(np.int32)
    series = GroupedArray(x[:, 0], ends, num_threads=2)
    both = np.column_stack([keys, x])
    title(f"z-scores of {rows:,} x 1 by 1,000 sorted groups", "peer")

    def theirs():
        scaler = LocalStandardScaler().fit(series)
        return scaler.transform(series)

    scaler = GroupScaler(StandardScaler(), by=0)
    row("coreforecast, keys known beforehand", lambda: scaler.fit_transform(both), theirs, 3 if quick else 7)
