"""The frame libraries: how to make a frame of each from a pandas one, and pandas from what comes back."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest

EAGER = ("pandas", "polars", "pyarrow")
LAZY = ("polars lazy", "duckdb", "spark")
ALL = (*EAGER, *LAZY, "dask")


class Engine:
    """One frame library."""

    def __init__(self, name, spark=None):
        self.name, self._spark = name, spark

    def make(self, frame):
        """The frame of this library; a missing value becomes null where the library has it."""
        if self.name == "pandas":
            return frame
        if self.name == "dask":
            return library("dask.dataframe").from_pandas(frame, npartitions=3)
        if self.name.startswith("polars"):
            eager = library("polars").from_pandas(frame)
            return eager.lazy() if self.name == "polars lazy" else eager
        table = library("pyarrow").Table.from_pandas(frame, preserve_index=False)
        if self.name == "pyarrow":
            return table
        if self.name == "spark":
            return self._spark.createDataFrame(table)
        connection = library("duckdb").connect()  # not the default one
        connection.register("rows", table)
        return connection.table("rows")

    def select(self, frame, columns):
        """Some columns of a frame."""
        if self.name in ("pandas", "dask"):
            return frame[columns]
        return frame.select(*columns) if self.name in ("duckdb", "spark") else frame.select(columns)

    def collect(self, frame, by="row"):
        """What came back as pandas, rows ordered by a column."""
        collected = {
            "dask": lambda: frame.compute(),
            "polars lazy": lambda: frame.collect().to_pandas(),
            "polars": lambda: frame.to_pandas(),
            "duckdb": lambda: frame.df(),
            "pyarrow": lambda: frame.to_pandas(),
            "spark": lambda: frame.toArrow().to_pandas(),
        }.get(self.name, lambda: frame)()
        return collected.sort_values(by).reset_index(drop=True)

    @property
    def is_lazy(self):
        """Whether transform gives a lazy frame."""
        return self.name in LAZY or self.name == "dask"


def library(name):
    """Import an optional library, or skip; where all have to be there, fail."""
    if os.environ.get("SKPREP_ALL_ENGINES"):
        return __import__(name, fromlist=["_"])
    return pytest.importorskip(name)


def spark_session():
    """A local session on the loopback interface; stopped by the fixture that asked for it.

    Hundreds of small queries, each run once: one thread, as the other core has another worker of pytest, and
    no second compilation of what will not run again. Two partitions, so that rows do come from two places.
    """
    if not os.environ.get("SKPREP_ALL_ENGINES") and not shutil.which("java"):
        pytest.skip("Spark needs Java")
    sql = library("pyspark.sql")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.default.parallelism": "2",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:CICompilerCount=1 -XX:+UseSerialGC",
        "spark.sql.dataFrameQueryContext.enabled": "false",  # would look at the stack in each operation
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def table(n=600, seed=0):
    """Rows with a number, keys, features far from 0 and near it, missing values, other columns."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "row": np.arange(n),
            "site": rng.choice(["a", "b", "ü", None], n),
            "far": rng.normal(size=n) + 1e8,
            "skewed": np.exp(2 * rng.normal(size=n)),
            "device": rng.integers(0, 4, n).astype(np.float64),
            "constant": np.full(n, 14.62),
            "counts": rng.integers(0, 9, n),
            "note": rng.choice(["x", "y"], n),
        }
    )
    frame.loc[::9, "skewed"] = np.nan
    frame.loc[::10, "device"] = np.nan
    return frame


FEATURES = ["far", "skewed", "constant", "counts"]


def same_column(found, expected):
    """Whether two columns hold the same values and gaps, however a library writes a gap."""
    gaps = found.isna().to_numpy(), expected.isna().to_numpy()
    values = (found[~gaps[0]].tolist(), expected[~gaps[1]].tolist())
    return bool((gaps[0] == gaps[1]).all()) and values[0] == values[1]
