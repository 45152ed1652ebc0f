"""Which files are tables, by their names; and what a parser says, as a sentence."""

import csv
from contextlib import contextmanager
from pathlib import Path

from skprep.errors import TableError

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")


def check_suffix(path):
    """Say whether a path is that of a Parquet file; refuse one that is neither that nor CSV."""
    end = suffix(path)
    if end not in PARQUET + TEXT or (is_compressed(path) and end in PARQUET):
        raise TableError(
            f"The file must end in .parquet or .csv; received {Path(path).name!r} (.pq, .tsv, .txt and "
            ".csv.gz are read too). Rename it."
        )
    return end in PARQUET


def suffix(path):
    """Return how the name of a file ends, in small letters and without that of a compression."""
    path = Path(path)
    return (path.with_suffix("") if is_compressed(path) else path).suffix.lower()


def is_compressed(path):
    """Say whether a file is compressed with gzip."""
    return Path(path).suffix.lower() == ".gz"


@contextmanager
def readable(path):
    """Turn what a parser says into a sentence for the person at the command line."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise TableError("Tables in files need pyarrow: pip install 'skprep[cli]'.") from error
    try:
        yield
    except TableError:
        raise
    except UnicodeDecodeError as error:
        raise TableError(
            f"The file {str(path)!r} cannot be read as a table: it must be text in UTF-8; received another "
            f"encoding ({error}). Save it as UTF-8."
        ) from error
    except (OSError, csv.Error, pa.ArrowException) as error:
        raise TableError(f"The file {str(path)!r} cannot be read as a table: {error}") from error
