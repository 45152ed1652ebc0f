"""One answer from every engine: how far off, how long it takes. ``python -m benchmarks.engines``.

Needs the extra ``benchmarks`` and Java 17 for Spark. Everything runs on this machine.
"""

import os
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from benchmarks.measure import by_turns, cells, title
from benchmarks.measure import print_row as print_times
from skprep import GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, merge

FEATURES = ["far", "skewed", "normal", "counts"]
SCALERS = {
    "StandardScaler": StandardScaler(),
    "MinMaxScaler": MinMaxScaler((-1, 1)),
    "MaxAbsScaler": MaxAbsScaler(),
    "RobustScaler": RobustScaler(exact_budget=200_000),
    "LogScaler": LogScaler(),
}


def main():
    """Print all tables."""
    warnings.simplefilter("ignore")
    spark = session()
    try:
        agreement(spark)
        streaming()
        against_dask_ml()
        against_spark_ml(spark)
    finally:
        spark.stop()


def session():
    """Return a local Spark session on the loopback interface."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.memory": "3g",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def table(n):
    """Return rows whose features are far from 0, skewed, normal and whole; a key of text; missing values."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "key": rng.choice(["a", "b", "c", None], n),
            "far": rng.normal(size=n) + 1e8,
            "skewed": np.exp(rng.normal(size=n)),
            "normal": 3.0 * rng.normal(size=n),
            "counts": rng.integers(0, 50, n),
        }
    )
    frame.loc[::13, "skewed"] = np.nan
    return frame


def ways(frame, spark):
    """Yield the name of a way, and how a scaler is fitted in that way."""
    import dask.array as da
    import dask.dataframe as dd
    import duckdb
    import polars as pl
    import pyarrow as pa

    def pieces(scaler, columns, n):
        return [frame[columns].iloc[i] for i in np.array_split(np.arange(len(frame)), n)]

    def batches(scaler, columns):
        for piece in pieces(scaler, columns, 20):
            scaler.partial_fit(piece)
        return scaler

    def parts(scaler, columns):
        return merge([clone(scaler).partial_fit(p) for p in pieces(scaler, columns, 7)])

    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    connection = duckdb.connect()
    connection.register("rows", arrow)
    rows, dask_frame = spark.createDataFrame(arrow), dd.from_pandas(frame, npartitions=5)
    codes = frame.assign(key=frame["key"].map({"a": 0.0, "b": 1.0, "c": 2.0}))
    yield "pandas", lambda s, c: s.fit(frame[c])
    yield "Polars", lambda s, c: s.fit(pl.from_pandas(frame).select(c))
    yield "LazyFrame", lambda s, c: s.fit(pl.from_pandas(frame).lazy().select(c))
    yield "DuckDB", lambda s, c: s.fit(connection.table("rows").select(*c))
    yield "Dask frame", lambda s, c: s.fit(dask_frame[c])
    yield "Spark", lambda s, c: s.fit(rows.select(*c))
    yield (
        "Dask array",
        lambda s, c: (s.set_params(by=0) if "key" in c else s).fit(
            da.from_array(codes[c].to_numpy(dtype=float), chunks=(20_000, -1))
        ),
    )
    yield "20 batches", batches
    yield "7 parts merged", parts


def agreement(spark, n=100_000):
    """Print the largest relative difference of center and scale to those of one fit on the array."""
    frame = table(n)
    given = list(ways(frame, spark))
    print(
        f"\nLargest relative difference of center and scale to one fit on the array, "
        f"{n:,} rows, a mean of 1e8:\n"
    )
    cells("scaler", *(name for name, _ in given))
    cells("---", *("---:" for _ in given))
    for name, scaler in SCALERS.items():
        for grouped in (False, True):
            columns = ["key", *FEATURES] if grouped else FEATURES
            make = (
                (lambda s=scaler: GroupScaler(clone(s), by="key")) if grouped else (lambda s=scaler: clone(s))
            )
            whole = (
                make().fit(frame[columns]) if grouped else make().fit(frame[columns].to_numpy(dtype=float))
            )
            found = [difference(fit(make(), columns), whole) for _, fit in given]
            cells(f"GroupScaler({name}())" if grouped else name, *(f"{d:.1e}" for d in found))


def difference(found, whole):
    """Return the largest relative difference of the parameters."""
    worst = 0.0
    for a, b in zip(parameters(found), parameters(whole), strict=True):
        if a is not None:
            with np.errstate(invalid="ignore"):
                gap = np.abs(a - b) / np.where(b == 0, 1.0, np.abs(b))
            worst = max(worst, float(gap.max()))
    return worst


def parameters(scaler):
    """Return center and scale of a fitted scaler."""
    if isinstance(scaler, GroupScaler):
        return scaler.center_, scaler.scale_
    center, scale = scaler._vectors()
    return center, None if isinstance(scaler, LogScaler) else scale


def streaming(n=5_000_000, seeds=20):
    """Print the rank errors of sketched quantiles of a stream."""
    bound, errors, seconds = 0.001, [], []
    for seed in range(seeds):
        x = np.random.default_rng(seed).permutation(n).astype(np.float64)
        scaler = RobustScaler(max_rank_error=bound)
        start = time.perf_counter()
        for batch in np.split(x, 50):
            scaler.partial_fit(batch[:, None])
        seconds.append(time.perf_counter() - start)
        values = scaler._statistic.values[0, 0]
        errors.append(np.abs(values / n - [0.25, 0.5, 0.75]).max())
    print(
        f"\nStreaming {n:,} values in 50 batches, max_rank_error={bound}, {seeds} seeds, "
        "three quantiles each:"
    )
    print(
        f"largest rank error {max(errors):.6f}, median {np.median(errors):.6f}; "
        f"{1e9 * np.median(seconds) / n:.0f} ns a value"
    )


def against_dask_ml(n=4_000_000, p=20):
    """Print times beside dask-ml on one Dask array in memory, threads as scheduler."""
    try:
        import dask_ml  # noqa: F401
    except ImportError:
        return
    import dask.array as da
    from dask_ml.preprocessing import MinMaxScaler as DaskMinMax
    from dask_ml.preprocessing import RobustScaler as DaskRobust
    from dask_ml.preprocessing import StandardScaler as DaskStandard

    X = da.from_array(np.random.default_rng(0).normal(size=(n, p)), chunks=(n // 16, p)).persist()
    title(f"Dask array, {n:,} x {p}, 16 blocks, {os.cpu_count()} processors", peer="dask-ml")
    pairs = ((StandardScaler, DaskStandard), (MinMaxScaler, DaskMinMax), (RobustScaler, DaskRobust))
    for ours, theirs in pairs:
        report(f"{ours.__name__}.fit", lambda c=ours: c().fit(X), lambda c=theirs: c().fit(X))
        a, b = ours().fit(X), theirs().fit(X)
        report(
            f"{ours.__name__}.transform, summed",
            lambda s=a: s.transform(X).sum().compute(),
            lambda s=b: s.transform(X).sum().compute(),
        )


def against_spark_ml(spark, n=1_000_000, p=10):
    """Print times beside Spark ML's StandardScaler in one session."""
    import pyarrow as pa
    from pyspark.ml.feature import StandardScaler as SparkStandard
    from pyspark.ml.feature import VectorAssembler

    names = [f"x{j}" for j in range(p)]
    X = np.random.default_rng(0).normal(size=(n, p))
    rows = spark.createDataFrame(pa.table({name: X[:, j] for j, name in enumerate(names)})).cache()
    rows.count()
    vectors = VectorAssembler(inputCols=names, outputCol="x").transform(rows).select("x").cache()
    vectors.count()
    theirs = SparkStandard(inputCol="x", outputCol="z", withMean=True)
    print(f"\nBeside Spark ML, {n:,} x {p} cached rows (Spark ML's already assembled into vectors), ms:\n")
    cells("call", "skprep", "Spark ML", "times as fast", "from", "to")
    cells("---", *["---:"] * 5)
    report("StandardScaler.fit", lambda: StandardScaler().fit(rows), lambda: theirs.fit(vectors))
    a, b = StandardScaler().fit(rows), theirs.fit(vectors)
    report(
        "StandardScaler.transform, written to nowhere",
        lambda: a.transform(rows).write.format("noop").mode("overwrite").save(),
        lambda: b.transform(vectors).select("z").write.format("noop").mode("overwrite").save(),
    )


def report(name, ours, theirs):
    """Print one row of times, by turns."""
    print_times(name, *by_turns(ours, theirs, rounds=5))


if __name__ == "__main__":
    main()
