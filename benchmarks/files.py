"""Files larger than a batch, beside DuckDB and Polars: ``python -m benchmarks files``.

Each side learns from a Parquet file and writes it scaled to another. The command line pays for the start of
Python and the import of scikit-learn twice; DuckDB and Polars run in this process.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measure import by_turns, cells, heading, print_reach, reach_title
from skprep import GroupScaler, RobustScaler, StandardScaler
from skprep.backends.files import fit_file, open_table

FEATURES = [f"x{j}" for j in range(10)]


def main(rows=5_000_000, rounds=3):
    """Print all tables."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        table = write_table(folder / "rows.parquet", rows)
        size = table.stat().st_size / 1e6
        beside_duckdb(folder, table, f"{rows:,} x 10 ({size:.0f} MB)", rounds)
        beside_polars(folder, table, f"{rows:,} x 10 ({size:.0f} MB)", rounds)
        parts(table, folder)


def write_table(path, rows):
    """Write normal numbers and 1,000 whole keys."""
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(3.0, 2.0, rows) for name in FEATURES}
    pl.DataFrame({**columns, "key": rng.integers(0, 1_000, rows)}).write_parquet(path)
    return path


def beside_duckdb(folder, table, shape, rounds):
    """Print ``skprep fit`` and ``skprep transform`` beside COPY."""
    try:
        import duckdb
    except ImportError:
        return
    reach_title(f"skprep fit + skprep transform, Parquet {shape}")
    connection, out = duckdb.connect(), folder / "out.parquet"

    def commands(*by):
        scaler = folder / "scaler.json"
        run("fit", table, "--out", scaler, *by, *(f"--column={name}" for name in FEATURES))
        run("transform", table, "--scaler", scaler, "--out", out)

    def copy(group):
        asked = ", ".join(f"avg({x}) AS m_{x}, stddev_pop({x}) AS s_{x}" for x in FEATURES)
        scaled = ", ".join(f"(r.{x} - m_{x}) / s_{x} AS {x}" for x in FEATURES)
        known = f"SELECT {asked}{', key' if group else ''} FROM '{table}'{' GROUP BY key' if group else ''}"
        join, on = ("LEFT JOIN", " ON r.key = k.key") if group else ("CROSS JOIN", "")
        joined = f"'{table}' r {join} ({known}) k{on}"
        connection.execute(f"COPY (SELECT {scaled}, r.key FROM {joined}) TO '{out}' (FORMAT parquet)")

    for name, by in (("plain", ()), ("1,000 groups", ("--by", "key"))):
        print_reach(
            name, *by_turns(lambda by=by: commands(*by), lambda by=by: copy(by), rounds), "DuckDB COPY", 1.0
        )


def run(*arguments):
    """Run a command of the command line."""
    subprocess.run([sys.executable, "-m", "skprep", *map(str, arguments)], check=True, capture_output=True)


def beside_polars(folder, table, shape, rounds):
    """Print fit and transform of a LazyFrame, written by its engine, beside the same by hand."""
    reach_title(f"scan_parquet + sink_parquet, {shape}")
    out = folder / "polars.parquet"
    for name, grouped in (("plain", False), ("1,000 groups", True)):
        frame = pl.scan_parquet(table) if grouped else pl.scan_parquet(table).drop("key")

        def ours(frame=frame, grouped=grouped):
            scaler = GroupScaler(StandardScaler(), by="key") if grouped else StandardScaler()
            scaler.fit(frame).transform(frame).sink_parquet(out)

        def theirs(frame=frame, grouped=grouped):
            columns = pl.col(FEATURES)
            asked = columns.mean().name.prefix("m_"), columns.std(ddof=0).name.prefix("s_")
            scaled = [(pl.col(x) - pl.col(f"m_{x}")) / pl.col(f"s_{x}") for x in FEATURES]
            if grouped:
                known = frame.group_by("key").agg(asked).collect(engine="streaming")
                joined = frame.join(known.lazy(), on="key", how="left").with_columns(scaled)
                joined.select("key", *FEATURES).sink_parquet(out)
                return
            known = frame.select(asked).collect(engine="streaming")
            fixed = [(pl.col(x) - known[f"m_{x}"][0]) / known[f"s_{x}"][0] for x in FEATURES]
            frame.with_columns(fixed).sink_parquet(out)

        print_reach(name, *by_turns(ours, theirs, rounds), "Polars by hand", 0.9)


def parts(table, folder):
    """Print what the time of the command line goes to."""
    heading("The command line, seconds")
    cells("part", "s")
    cells("---", "---:")
    small = folder / "small.csv"
    small.write_text("x\n1\n2\n")
    for name, work in (
        (
            "import sklearn.base, alone",
            lambda: subprocess.run([sys.executable, "-c", "import sklearn.base"], check=True),
        ),
        ("skprep --help", lambda: run("--help")),
        ("skprep fit of two rows", lambda: run("fit", small, "--out", folder / "s.json")),
        ("skprep fit --scaler robust, plain, in this process", lambda: fit(table, RobustScaler())),
        ("the same, 1,000 groups", lambda: fit(table, GroupScaler(RobustScaler(), by="key"))),
    ):
        start = time.perf_counter()
        work()
        cells(name, f"{time.perf_counter() - start:.2f}")


def fit(table, scaler):
    """Learn from a file."""
    fit_file(scaler, open_table(table), FEATURES)
