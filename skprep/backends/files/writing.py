"""Parquet and CSV files written batch by batch, whole or not at all."""

from contextlib import contextmanager
from pathlib import Path

from skprep.atomic import atomic_write
from skprep.backends.files.names import check_suffix, is_compressed, suffix

REPEATS = 0.1  # of the values of a column: with fewer different ones a dictionary makes the file smaller
LOOKED_AT = 1 << 13  # values of a column that say so


@contextmanager
def write_table(path, schema, numbers=()):
    """Yield a function that appends a batch; the Parquet or CSV file appears when all of it is there.

    The columns ``numbers`` of a Parquet file get a dictionary only where the first batch says that their
    values repeat: numbers that never do would make it slow and large.
    """
    parquet, path = check_suffix(path), Path(path)
    with atomic_write(path) as new:
        if parquet:
            with _ParquetWriter(new, schema, numbers) as writer:
                yield writer.write
        else:
            from pyarrow import csv as arrow_csv

            separator = "\t" if suffix(path) == ".tsv" else ","
            options = arrow_csv.WriteOptions(delimiter=separator)
            with (
                _text_sink(new, path) as sink,
                arrow_csv.CSVWriter(sink, schema, write_options=options) as writer,
            ):
                yield writer.write_batch


@contextmanager
def _text_sink(new, path):
    import pyarrow as pa

    with pa.OSFile(str(new), "wb") as file:
        if is_compressed(path):
            with pa.CompressedOutputStream(file, "gzip") as sink:
                yield sink
        else:
            yield file


class _ParquetWriter:
    """A Parquet file whose columns are laid out as its first batch suggests."""

    def __init__(self, path, schema, numbers):
        self.path, self.schema, self.numbers, self.writer = path, schema, numbers, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.writer is None and error[0] is None:
            self._open(None)
        if self.writer is not None:
            self.writer.close()

    def write(self, batch):
        if self.writer is None:
            self._open(batch)
        self.writer.write_batch(batch)

    def _open(self, batch):
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        few = [name for name in self.schema.names if name not in self.numbers]
        for name in self.numbers if batch is not None else ():
            column = batch.column(name).slice(0, LOOKED_AT)
            if pc.count_distinct(column).as_py() < REPEATS * max(1, len(column)):
                few.append(name)
        self.writer = pq.ParquetWriter(self.path, self.schema, use_dictionary=few or False)
