"""Files of rows, larger than memory perhaps: read in batches."""

import re
from pathlib import Path

from skprep.backends.files.names import readable
from skprep.errors import TableError

NAMELESS = re.compile(r"__index_level_\d+__")  # an index of pandas that had no name: numbers of rows


class TableFile:
    """A file of rows; :func:`~skprep.backends.files.open_table` opens one by the end of its name.

    Attributes
    ----------
    path : Path
    schema : pyarrow.Schema
        Names and types of the columns; those of a CSV file as its first block shows them.
    size : int
        How much there is to read: rows of a Parquet file, bytes of a CSV file.
    is_parquet : bool
        Whether the file knows the types of its columns; all but numbers are text where it does not.
    """

    is_parquet = True

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.exists():
            raise TableError(f"There is no file {str(path)!r}. Check the path.")
        with readable(self.path):
            self.schema = self._look_into()
        names = self.schema.names
        twice = [name for i, name in enumerate(names) if name in names[:i]]
        if twice:
            raise TableError(f"Column names must differ; {twice[0]!r} appears twice. Rename one of them.")

    def numeric(self):
        """Return the names of the columns of numbers, whole or real."""
        found = [f.name for f in self.schema if is_numeric_type(f.type)]
        return [name for name in found if not NAMELESS.fullmatch(name)]

    def is_numeric(self, name):
        """Say whether a column can be read as numbers: one that is empty at first may be."""
        from pyarrow import types

        kind = self.schema.field(name).type
        return is_numeric_type(kind) or types.is_null(kind)

    def has_rows(self):
        """Say whether there is a row."""
        return next(iter(self.read(self.schema.names[:1], 1)), None) is not None

    def slips(self, name):
        """Return ``(row, text, share)`` of the first cell of a column of text that is no number, or None."""
        return None

    def read(self, columns, n_rows, types=None, advance=None):
        """Yield batches of ``columns``, of at most ``n_rows`` rows.

        ``types`` overrules the types of columns of a CSV file, where text stays what it is, "NA" too.
        ``advance`` is told how much was read.
        """
        if not self.size:
            return
        with readable(self.path):
            yield from self._read(columns, n_rows, types or {}, advance or (lambda amount: None))

    def _look_into(self):
        raise NotImplementedError

    def _read(self, columns, n_rows, types, advance):
        raise NotImplementedError


class ParquetTable(TableFile):
    """A Parquet file."""

    def _look_into(self):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            self.size = file.metadata.num_rows
            return file.schema_arrow.remove_metadata()

    def _read(self, columns, n_rows, types, advance):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            for batch in file.iter_batches(n_rows, columns=columns):
                yield batch.select(columns).replace_schema_metadata(None)
                advance(len(batch))


def is_numeric_type(kind):
    """Say whether a type of Arrow is one of numbers that are scaled: whole, real or decimal."""
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
