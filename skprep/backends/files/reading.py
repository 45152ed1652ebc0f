"""Files opened by the end of their names, and read whole."""

from pathlib import Path

from skprep.backends.files.keys import readers_of, with_keys
from skprep.backends.files.many import ManyTables
from skprep.backends.files.names import PARQUET, check_suffix
from skprep.backends.files.table import ParquetTable
from skprep.backends.files.text import BLOCK, TextTable, text_type
from skprep.backends.fitted import fitted_of
from skprep.errors import TableError


def open_table(path, missing=(), thousands=None, gaps_in_text=False, separator=None, decimal=None):
    """Return the file as a :class:`~skprep.backends.files.table.TableFile`.

    Parameters
    ----------
    path : path-like
        A Parquet or CSV file, the latter compressed with gzip or not; or a folder of Parquet files.
    missing, thousands, gaps_in_text, separator, decimal
        Of a CSV file; see :class:`~skprep.backends.files.text.TextTable`.
    """
    if Path(path).is_dir():
        return ManyTables([ParquetTable(part) for part in files_in(path)])
    if check_suffix(path):
        return ParquetTable(path)
    return TextTable(path, missing, thousands, gaps_in_text, separator, decimal)


def open_tables(paths, **settings):
    """Return several files as one; each as :func:`open_table` takes it."""
    opened = [open_table(path, **settings) for path in paths]
    tables = [
        part for table in opened for part in (table.tables if isinstance(table, ManyTables) else [table])
    ]
    return tables[0] if len(tables) == 1 else ManyTables(tables)


def files_in(folder):
    """Return the Parquet files of a folder and its folders, in the order of their names."""
    found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in PARQUET and p.is_file())
    if not found:
        raise TableError(
            f"The folder {str(folder)!r} must hold Parquet files; it has none. Name files instead."
        )
    return found


def read_table(path, *, keys=(), known=None, **settings):
    """Return a file, or a list of files, as a pandas frame: with the types that :func:`open_table` sees.

    Columns of a text file that ``keys`` names tell groups apart, and so do those of ``known``, a fitted
    scaler: they are read as `skprep fit` and `skprep transform` read them.
    """
    import pyarrow as pa

    table = open_tables(path if isinstance(path, list) else [path], gaps_in_text=True, **settings)
    types = {}
    if not table.is_parquet:
        numbers = table.numeric()  # a column that is empty in the first block may hold some
        types = {f.name: f.type for f in table.schema}
        types |= {
            n: pa.float64() if n in numbers else text_type() for n, t in types.items() if pa.types.is_null(t)
        }
        keys, readers = (keys, None) if known is None else _known_keys(known)
        keys = [name for name in keys if name in types]
        types |= dict.fromkeys(keys, text_type())
    try:
        batches = list(table.read(table.schema.names, BLOCK, types))
    except TableError:
        if table.is_parquet:
            raise
        # A type of the first block does not hold further on: what is no number there stays text.
        types = {name: text_type() for name in types}
        batches = list(table.read(table.schema.names, BLOCK, types))
    whole = pa.Table.from_batches(batches) if batches else table.schema.empty_table()
    for j, field in enumerate(whole.schema):
        if pa.types.is_decimal(field.type):  # a number, which pandas would hold as an object
            whole = whole.set_column(j, field.name, whole.column(j).cast(pa.float64()))
    frame = whole.to_pandas(ignore_metadata=True, date_as_object=False)
    return frame if table.is_parquet else with_keys(frame, whole, keys, readers)


def _known_keys(scaler):
    """Return the key columns of a fitted scaler, and what reads their texts."""
    fitted = fitted_of(scaler)
    return fitted.key_names, readers_of(fitted.key_names, () if fitted.index is None else fitted.index.keys)
