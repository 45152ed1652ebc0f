"""Files opened by the end of their names, and read whole."""

from skprep.backends.files.names import check_suffix
from skprep.backends.files.table import ParquetTable
from skprep.backends.files.text import BLOCK, TextTable, text_type
from skprep.errors import TableError


def open_table(path, missing=(), thousands=None, gaps_in_text=False):
    """Return the file as a :class:`~skprep.backends.files.table.TableFile`.

    Parameters
    ----------
    path : path-like
        A Parquet or CSV file, the latter compressed with gzip or not.
    missing, thousands, gaps_in_text
        Of a CSV file; see :class:`~skprep.backends.files.text.TextTable`.
    """
    return ParquetTable(path) if check_suffix(path) else TextTable(path, missing, thousands, gaps_in_text)


def read_table(path):
    """Return a file as a pandas frame: its own columns, with the types that :func:`open_table` sees."""
    import pyarrow as pa

    table = open_table(path, gaps_in_text=True)
    types = {}
    if not table.is_parquet:
        numbers = table.numeric()  # a column that is empty in the first block may hold some
        types = {f.name: f.type for f in table.schema}
        types |= {
            n: pa.float64() if n in numbers else text_type() for n, t in types.items() if pa.types.is_null(t)
        }
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
    return whole.to_pandas(ignore_metadata=True, date_as_object=False)
