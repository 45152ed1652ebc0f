"""The databases that queries run on: SQLite, DuckDB, Spark, and PostgreSQL on a server of our own."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from glob import glob
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..engines import library, spark_session

NAMES = ("duckdb", "sqlite", "postgres", "spark")


class DuckDB:
    """DuckDB, in memory."""

    dialect = "duckdb"

    def __init__(self):
        self.connection = library("duckdb").connect()

    def load(self, frame, name="rows"):
        self.connection.register("given", frame)
        self.connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT * FROM given")

    def query(self, text):
        return self.connection.execute(text).df()

    def close(self):
        self.connection.close()


class SQLite:
    """SQLite, in memory."""

    dialect = "sqlite"

    def __init__(self):
        self.connection = sqlite3.connect(":memory:")

    def load(self, frame, name="rows"):
        kinds = ", ".join(f"{quoted(c)} {TYPES[kind_of(frame[c])]}" for c in frame)
        self.connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        self.connection.execute(f"CREATE TABLE {quoted(name)} ({kinds})")
        marks = ", ".join("?" * frame.shape[1])
        rows = [[str(v) if isinstance(v, pd.Timestamp) else v for v in row] for row in plain(frame)]
        self.connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", rows)

    def query(self, text):
        cursor = self.connection.execute(text)
        return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])

    def close(self):
        self.connection.close()


class Postgres:
    """PostgreSQL, on a server that is stopped at the end."""

    dialect = "postgres"

    def __init__(self):
        self.server = Server()
        self.connection = library("psycopg").connect(
            host="127.0.0.1", port=self.server.port, user="postgres", dbname="postgres", autocommit=True
        )

    def load(self, frame, name="rows"):
        kinds = ", ".join(f"{quoted(c)} {TYPES[kind_of(frame[c])]}" for c in frame)
        with self.connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
            cursor.execute(f"CREATE TABLE {quoted(name)} ({kinds})")
            with cursor.copy(f"COPY {quoted(name)} FROM STDIN") as copy:
                for row in plain(frame):
                    copy.write_row(row)

    def query(self, text):
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])

    def close(self):
        self.connection.close()
        self.server.stop()


class Spark:
    """A local Spark session."""

    dialect = "spark"

    def __init__(self, session=None):
        self.session = session or spark_session()
        self._own = session is None

    def load(self, frame, name="rows"):
        table = library("pyarrow").Table.from_pandas(frame, preserve_index=False)
        self.session.createDataFrame(table).createOrReplaceTempView("`" + name.replace("`", "``") + "`")

    def query(self, text):
        return self.session.sql(text).toArrow().to_pandas()

    def close(self):
        if self._own:  # Spark has but one session a process, which other tests use, too
            self.session.stop()


class Server:
    """A PostgreSQL server on a free port of the loopback interface, in a folder of its own."""

    def __init__(self):
        found = sorted(glob("/usr/lib/postgresql/*/bin")) or [
            str(Path(shutil.which("postgres") or "").parent)
        ]
        if not Path(found[-1], "postgres").exists():
            if os.environ.get("SKPREP_ALL_ENGINES"):
                pytest.fail("PostgreSQL is not installed")
            pytest.skip("PostgreSQL is not installed")
        self.folder = tempfile.mkdtemp(prefix="skprep-postgres-")
        self.user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}  # it refuses root
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        data, programs = f"{self.folder}/data", found[-1]
        subprocess.run(
            [f"{programs}/initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self.user,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = [
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={self.folder}",
            "-c",
            "fsync=off",
        ]
        with open(f"{self.folder}/log", "wb") as log:
            self.process = subprocess.Popen(
                [f"{programs}/postgres", "-D", data, "-p", str(self.port), *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self.user,
            )
        for _ in range(300):
            ready = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        text = Path(self.folder, "log").read_text()
        self.stop()
        pytest.fail(f"PostgreSQL did not start: {text}")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


KINDS = {"duckdb": DuckDB, "sqlite": SQLite, "postgres": Postgres, "spark": Spark}
TYPES = {
    "number": "DOUBLE PRECISION",
    "whole": "BIGINT",
    "truth": "BOOLEAN",
    "time": "TIMESTAMP",
    "text": "TEXT",
}


def kind_of(column):
    kind = column.dtype.kind
    return {"f": "number", "i": "whole", "b": "truth", "M": "time"}.get(kind, "text")


def plain(frame):
    """Rows of Python's own values, None for what is missing but NaN in a column of numbers, which stays."""
    columns = []
    for name in frame:
        values = frame[name].astype(object).tolist()
        if kind_of(frame[name]) != "number":
            values = [None if pd.isna(v) else v for v in values]
        columns.append(values)
    return list(zip(*columns, strict=True))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def features(frame, names):
    """Columns of an answer as float64, NULL as NaN."""
    return np.column_stack([pd.to_numeric(frame[name]).astype(np.float64) for name in names])
