"""CSV files, compressed with gzip or not: their separators, decimal marks, thousands and missing values."""

import csv
import gzip
import io
import re
from contextlib import contextmanager

import numpy as np

from skprep.backends.files.names import is_compressed, suffix
from skprep.backends.files.table import TableFile
from skprep.errors import TableError

BLOCK = 1 << 23  # bytes that are parsed at a time; the first block shows the types
SAMPLE = 1 << 16  # characters of a CSV file that show how its columns are separated
SEPARATORS = ",;\t|"
GAPS = ("", "NA", "N/A", "n/a", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "#N/A", "#NA", "#N/A N/A")
PROBED = 200  # texts that are tried as numbers to see what a column holds
GROUPED = re.compile(r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?")  # a number whose thousands are set apart
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)


class TextTable(TableFile):
    """A CSV file.

    Parameters
    ----------
    path : path-like
    missing : sequence of str, default=()
        What stands for a missing number, besides nothing, NA, NaN and null.
    thousands : str, default=None
        What separates thousands in numbers.
    gaps_in_text : bool, default=False
        Whether a text that says "missing" is missing too.
    separator : str, default=None
        What separates the columns; None: what the first lines show.
    decimal : {".", ","}, default=None
        The decimal mark; None: what the first lines show.
    """

    is_parquet = False

    def __init__(self, path, missing=(), thousands=None, gaps_in_text=False, separator=None, decimal=None):
        self.missing, self.thousands, self.gaps_in_text = (*GAPS, *missing), thousands, gaps_in_text
        self.separator, self.decimal = separator, decimal
        if separator is not None and len(separator) != 1:
            raise TableError(
                f"--sep must be one character, for example ';'; received {separator!r}. A tab is $'\\t' "
                f"in the "
                "shell, or name the file .tsv."
            )
        if decimal is not None and (decimal not in (".", ",") or decimal == separator):
            raise TableError(
                f"--decimal must be '.' or ',' and not what separates the columns; received {decimal!r}."
            )
        super().__init__(path)

    def _look_into(self):
        self.size = self.path.stat().st_size
        with self._open_text() as file:
            sample = file.read(SAMPLE)
        if not sample.strip():
            raise TableError(
                f"The file {str(self.path)!r} cannot be read as a table: it is empty. It must hold a "
                "header and rows."
            )
        tabs = suffix(self.path) == ".tsv" and "\t" in sample.partition("\n")[0]
        self.separator = self.separator or ("\t" if tabs else _separator(sample))
        commas = self.separator != "," and _has_decimal_commas(sample, self.separator)
        self.decimal = self.decimal or ("," if commas else ".")
        if self.thousands is not None and (self.thousands in ("", self.decimal) or self.thousands.isdigit()):
            raise TableError(
                f"--thousands must be what separates thousands, not the decimal mark {self.decimal!r}; "
                f"received {self.thousands!r}. For example --thousands {self._other_mark()!r}."
            )
        if len(sample.splitlines()) == 1:  # a header alone, which the parser does not take
            import pyarrow as pa

            names = next(csv.reader([sample.strip("\r\n")], delimiter=self.separator))
            self.size = 0
            return pa.schema([(name, pa.null()) for name in names])
        with self._blocks({}, None) as blocks:
            return blocks.schema

    def numeric(self):
        """Return the names of the columns of numbers, whole or real.

        A column that is empty in the first block is looked at further on.
        """
        from pyarrow import types

        found = super().numeric()
        found += [f.name for f in self.schema if self._has_thousands(f)]
        later = [f.name for f in self.schema if types.is_null(f.type)]
        if later:
            found += [name for name, cell in self._first_cells(later).items() if self._is_number(cell)]
        return [name for name in self.schema.names if name in found]

    def is_numeric(self, name):
        """Say whether a column can be read as numbers: one that is empty at first may be."""
        return super().is_numeric(name) or self._has_thousands(self.schema.field(name))

    def _has_thousands(self, field):
        from pyarrow import types

        text = self.thousands and types.is_string(field.type)
        return bool(text) and self.slips(field.name) is None

    def slips(self, name):
        """Return ``(row, text, share)`` of the first cell of a column of text that is no number.

        ``share`` says how many of the cells of the first block are numbers, missing ones left out. None for
        a column of another type.
        """
        from pyarrow import types

        if not types.is_string(self.schema.field(name).type):
            return None
        cells = next(iter(self.read([name], BLOCK, {name: text_type()}))).column(0).to_pylist()
        present = [(row, cell) for row, cell in enumerate(cells) if cell and cell.strip() not in self.missing]
        odd = [(row, cell) for row, cell in present if not self._is_number(cell)]
        text = [cell for _, cell in odd if not GROUPED.fullmatch(cell.strip())]
        return (*odd[0], 1 - len(text) / len(present)) if odd else None

    def _first_cells(self, names):
        """Return the first cell of each column that is not missing, as text."""
        found = {}
        for batch in self.read(names, BLOCK, dict.fromkeys(names, text_type())):
            for name in [n for n in names if n not in found]:
                cells = (c for c in batch.column(name).to_pylist() if c and c.strip() not in self.missing)
                cell = next(cells, None)
                if cell is not None:
                    found[name] = cell
            if len(found) == len(names):
                break
        return found

    def _is_number(self, cell):
        cell = cell.strip()
        if self.thousands and self.thousands in cell:
            if not re.fullmatch(self._grouped(), cell):
                return False
            cell = cell.replace(self.thousands, "")
        return NUMBER.fullmatch(cell.replace(self.decimal, ".")) is not None

    def _grouped(self):
        """Return the pattern of a number whose thousands are set apart, three digits each."""
        mark, point = re.escape(self.thousands), re.escape(self.decimal)
        return rf"[+-]?\d{{1,3}}({mark}\d{{3}})+({point}\d+)?"

    def _other_mark(self):
        return "." if self.decimal == "," else ","

    def _read(self, columns, n_rows, types, advance):
        import pyarrow as pa

        numbers = [name for name in columns if types.get(name) == pa.float64()]
        if self.thousands:  # the parser knows no such thing: read as text, and made numbers here
            types = types | dict.fromkeys(numbers, pa.string())
        first = 0
        try:
            with self._blocks(types, columns) as blocks:
                for block in blocks:
                    for start in range(0, len(block), n_rows):
                        batch = block.slice(start, n_rows).select(columns)
                        yield self._without_thousands(batch, numbers, first) if self.thousands else batch
                        first += len(batch)
                    advance(blocks.advanced())
        except pa.ArrowInvalid:
            self._refuse_slip(numbers)
            raise

    def _refuse_slip(self, numbers):
        """Name the first cell that is no number, where that is what a parser stumbled over."""
        if not numbers:
            return
        first = 0
        with self._blocks(dict.fromkeys(numbers, text_type()), numbers) as blocks:
            for block in blocks:
                for name in numbers:
                    self._find_slip(name, block.column(name), first)
                first += len(block)

    def _find_slip(self, name, cells, first):
        for row, cell in enumerate(cells.to_pylist()):
            if cell and cell.strip() not in self.missing and not self._is_number(cell):
                raise self.slip(name, first + row, cell)

    def slip(self, name, row, cell):
        """Return the error for a cell among numbers that is none."""
        return TableError(
            f"Column {name!r} of {str(self.path)!r} must hold numbers; received {cell!r} in row {row} "
            f"(counted from 0, without the header). Correct the cell, say that it is missing (--missing "
            f"{cell!r}), say what separates thousands (--thousands {self._other_mark()!r}), or, in skprep "
            "fit, name the columns to scale (--column)."
        )

    def _without_thousands(self, batch, numbers, first):
        import pyarrow as pa
        import pyarrow.compute as pc

        arrays = []
        for name in batch.schema.names:
            cells = batch.column(name)
            if name in numbers:
                marked = pc.match_substring(cells, self.thousands)
                whole = pc.match_substring_regex(cells, rf"^\s*{self._grouped()}\s*$")
                if pc.any(pc.and_not(marked, whole)).as_py():
                    self._find_slip(name, cells, first)
                text = pc.replace_substring(pc.utf8_trim_whitespace(cells), self.thousands, "")
                text = pc.replace_substring(text, self.decimal, ".") if self.decimal != "." else text
                text = pc.if_else(pc.is_in(text, pa.array(self.missing)), pa.scalar(None, pa.string()), text)
                try:
                    cells = text.cast(pa.float64())
                except pa.ArrowInvalid:
                    self._find_slip(name, cells, first)
                    raise
            arrays.append(cells)
        return pa.record_batch(arrays, names=batch.schema.names)

    @contextmanager
    def _open_text(self):
        opened = gzip.open if is_compressed(self.path) else open
        with opened(self.path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file

    @contextmanager
    def _blocks(self, types, columns):
        """Yield a reader of the blocks of a CSV file; only ``columns`` are converted."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        with pa.OSFile(str(self.path)) as file:
            source = pa.CompressedInputStream(file, "gzip") if is_compressed(self.path) else file
            reader = arrow_csv.open_csv(
                source,
                read_options=arrow_csv.ReadOptions(block_size=BLOCK),
                parse_options=arrow_csv.ParseOptions(delimiter=self.separator, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=types,
                    include_columns=columns,
                    decimal_point=self.decimal,
                    null_values=list(self.missing),
                    strings_can_be_null=self.gaps_in_text,
                ),
            )
            with reader:
                yield _Blocks(reader, file)


class _Blocks:
    """The blocks of a CSV file, and how far in it they are."""

    def __init__(self, reader, file):
        self.reader, self.file, self.before = reader, file, 0
        self.schema = reader.schema

    def __iter__(self):
        return iter(self.reader)

    def advanced(self):
        """Return how many bytes were read since the last call."""
        here = self.file.tell()
        step, self.before = here - self.before, here
        return step


def _separator(sample):
    """Return what separates the columns: what cuts the lines into equally many cells, and most of them."""
    best, rated = ",", (0, 0.0)
    for candidate in SEPARATORS:
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=candidate))
        rows = [row for row in rows if row][: max(1, len(rows) - 1)]  # the last line may be cut off
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows) / max(1, len(rows))
        rating = (alike > 0.9 and width > 1, width * alike)
        if rating > rated:
            best, rated = candidate, rating
    if rated[0]:
        return best
    header = sample.partition("\n")[0]
    cut = max(SEPARATORS, key=header.count)
    if cut in header:
        return cut
    return "," if "," not in sample else ";"  # one column, perhaps of decimal commas


def _has_decimal_commas(sample, separator):
    rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=separator))[1 : PROBED + 1]
    cells = [cell.strip() for row in rows for cell in row]
    commas = sum(bool(re.fullmatch(r"[+-]?\d+,\d+([eE][+-]?\d+)?", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"[+-]?\d+\.\d+([eE][+-]?\d+)?", cell)) for cell in cells)
    return commas > points


def text_type():
    """Return the type that a column of text has."""
    import pyarrow as pa

    return pa.string()


def empty_as_missing(batch, names):
    """Return a batch of a text file with a missing key for an empty one: it has no other way to say so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in names:
        column = batch.column(name)
        if pa.types.is_string(column.type) and np.asarray(pc.equal(column, "")).any():
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
            batch = batch.set_column(batch.schema.get_field_index(name), name, column)
    return batch
