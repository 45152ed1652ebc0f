"""Files: Parquet and CSV of any size, read, learnt from and transformed batch by batch."""

from skprep.backends.files.keys import KeyReader
from skprep.backends.files.learning import fit_file, learn, learn_batches
from skprep.backends.files.names import check_suffix
from skprep.backends.files.reading import open_table, open_tables, read_table
from skprep.backends.files.table import TableFile
from skprep.backends.files.text import GAPS
from skprep.backends.files.transforming import transform, transform_file
from skprep.backends.files.writing import write_table

__all__ = [
    "GAPS",
    "KeyReader",
    "TableFile",
    "check_suffix",
    "fit_file",
    "learn",
    "learn_batches",
    "open_table",
    "open_tables",
    "read_table",
    "transform",
    "transform_file",
    "write_table",
]
