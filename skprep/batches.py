"""Parquet and CSV files larger than memory: read and written in batches, written whole or not at all."""

from contextlib import contextmanager
from pathlib import Path

from skprep.files import whole_file
from skprep.tables import TableError

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")
BLOCK = 1 << 23  # bytes of a CSV file that are parsed at a time; the first block shows the types


class TableFile:
    """A Parquet or CSV file of rows.

    Parameters
    ----------
    path : path-like

    Attributes
    ----------
    schema : pyarrow.Schema
        Names and types of the columns; those of a CSV file as its first block shows them.
    size : int
        How much there is to read: rows of a Parquet file, bytes of a CSV file.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.exists():
            raise TableError(f"There is no file {str(path)!r}. Check the path.")
        self.is_parquet = check_suffix(self.path)
        with _readable(self.path):
            self.schema = self._look_into_parquet() if self.is_parquet else self._look_into_csv()
        names = self.schema.names
        twice = [name for i, name in enumerate(names) if name in names[:i]]
        if twice:
            raise TableError(f"Column names must differ; {twice[0]!r} appears twice. Rename one of them.")

    def _look_into_parquet(self):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            self.size = file.metadata.num_rows
            return file.schema_arrow

    def _look_into_csv(self):
        with open(self.path, encoding="utf-8-sig") as file:
            header = file.readline()
        self.separator = max(",;\t|", key=header.count)
        self.size = self.path.stat().st_size
        with self._csv(self.path, {}) as reader:
            return reader.schema

    def numeric(self):
        """Return the names of the columns of numbers, whole or real."""
        from pyarrow import types

        return [f.name for f in self.schema if types.is_integer(f.type) or types.is_floating(f.type)]

    def read(self, columns, n_rows, types, advance):
        """Yield batches of ``columns``, of at most ``n_rows`` rows.

        ``types`` overrules the types of columns of a CSV file, where text stays what it is, "NA" too.
        ``advance`` is told how much was read.
        """
        with _readable(self.path):
            yield from (self._parquet if self.is_parquet else self._text)(columns, n_rows, types, advance)

    def _parquet(self, columns, n_rows, types, advance):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            for batch in file.iter_batches(n_rows, columns=columns):
                yield batch.select(columns)
                advance(len(batch))

    def _text(self, columns, n_rows, types, advance):
        import pyarrow as pa

        with pa.OSFile(str(self.path)) as source, self._csv(source, types) as reader:
            before = 0
            for block in reader:
                for start in range(0, len(block), n_rows):
                    yield block.slice(start, n_rows).select(columns)
                here = source.tell()
                advance(here - before)
                before = here

    def _csv(self, source, types):
        from pyarrow import csv

        return csv.open_csv(
            source,
            read_options=csv.ReadOptions(block_size=BLOCK),
            parse_options=csv.ParseOptions(delimiter=self.separator),
            convert_options=csv.ConvertOptions(column_types=types),
        )


def check_suffix(path):
    """Say whether a path is that of a Parquet file; refuse one that is neither that nor CSV."""
    suffix = Path(path).suffix.lower()
    if suffix not in PARQUET + TEXT:
        raise TableError(f"The file must end in .parquet or .csv; received {Path(path).name!r}. Rename it.")
    return suffix in PARQUET


@contextmanager
def write_table(path, schema):
    """Yield a function that appends a batch; the Parquet or CSV file appears when all of it is there."""
    parquet = check_suffix(path)
    with whole_file(path) as new:
        if parquet:
            import pyarrow.parquet as pq

            with pq.ParquetWriter(new, schema) as writer:
                yield writer.write_batch
        else:
            from pyarrow import csv

            with csv.CSVWriter(new, schema) as writer:
                yield writer.write_batch


@contextmanager
def _readable(path):
    """Turn what a parser says into a sentence for the person at the command line."""
    import pyarrow as pa

    try:
        yield
    except TableError:
        raise
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise TableError(f"The file {str(path)!r} cannot be read as a table: {error}") from error
