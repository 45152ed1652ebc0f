"""Parquet and CSV files larger than memory: read and written in batches, written whole or not at all."""

import csv
import gzip
import io
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from skprep.files import TableError, whole_file

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")
BLOCK = 1 << 23  # bytes of a CSV file that are parsed at a time; the first block shows the types
SAMPLE = 1 << 16  # characters of a CSV file that show how its columns are separated
SEPARATORS = ",;\t|"
GAPS = ("", "NA", "N/A", "n/a", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "#N/A", "#NA", "#N/A N/A")
REPEATS = 0.1  # of the values of a column: with fewer different ones a dictionary makes the file smaller
PROBED = 200  # texts that are tried as numbers to see what a column holds
GROUPED = re.compile(r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?")  # a number whose thousands are set apart
NAMELESS = re.compile(r"__index_level_\d+__")  # an index of pandas that had no name: numbers of rows
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)


class TableFile:
    """A Parquet or CSV file of rows, the latter compressed with gzip or not.

    Parameters
    ----------
    path : path-like
    missing : sequence of str, default=()
        What stands for a missing number in a CSV file, besides nothing, NA, NaN and null.
    thousands : str, default=None
        What separates thousands in the numbers of a CSV file.

    Attributes
    ----------
    schema : pyarrow.Schema
        Names and types of the columns; those of a CSV file as its first block shows them.
    size : int
        How much there is to read: rows of a Parquet file, bytes of a CSV file.
    """

    def __init__(self, path, missing=(), thousands=None):
        self.path = Path(path)
        self.missing, self.thousands = (*GAPS, *missing), thousands
        self.gaps_in_text = False  # whether a text that says "missing" is missing
        if not self.path.exists():
            raise TableError(f"There is no file {str(path)!r}. Check the path.")
        self.is_parquet = check_suffix(self.path)
        with _readable(self.path):
            self.schema = self._look_into_parquet() if self.is_parquet else self._look_into_text()
        names = self.schema.names
        twice = [name for i, name in enumerate(names) if name in names[:i]]
        if twice:
            raise TableError(f"Column names must differ; {twice[0]!r} appears twice. Rename one of them.")

    def _look_into_parquet(self):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            self.size = file.metadata.num_rows
            return file.schema_arrow.remove_metadata()

    def _look_into_text(self):
        self.size = self.path.stat().st_size
        with self._open_text() as file:
            sample = file.read(SAMPLE)
        if not sample.strip():
            raise TableError(
                f"The file {str(self.path)!r} cannot be read as a table: it is empty. It must hold a "
                "header and rows."
            )
        tabs = _suffix(self.path) == ".tsv" and "\t" in sample.partition("\n")[0]
        self.separator = "\t" if tabs else _separator(sample)
        self.decimal = "."
        if self.separator != "," and _has_decimal_commas(sample, self.separator):
            self.decimal = ","
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

        A column of a CSV file that is empty in the first block is looked at further on.
        """
        from pyarrow import types

        found = [f.name for f in self.schema if is_numeric_type(f.type)]
        found = [name for name in found if not NAMELESS.fullmatch(name)]
        found += [f.name for f in self.schema if self._has_thousands(f)]
        later = [f.name for f in self.schema if types.is_null(f.type)]
        if later and not self.is_parquet:
            found += [name for name, cell in self._first_cells(later).items() if self._is_number(cell)]
        return [name for name in self.schema.names if name in found]

    def is_numeric(self, name):
        """Say whether a column can be read as numbers: one that is empty at first may be."""
        from pyarrow import types

        field = self.schema.field(name)
        kind = field.type
        return is_numeric_type(kind) or types.is_null(kind) or self._has_thousands(field)

    def has_rows(self):
        """Say whether there is a row."""
        return next(iter(self.read(self.schema.names[:1], 1, {}, lambda n: None)), None) is not None

    def _has_thousands(self, field):
        from pyarrow import types

        text = self.thousands and not self.is_parquet and types.is_string(field.type)
        return bool(text) and self.slips(field.name) is None

    def slips(self, name):
        """Return ``(row, text, share)`` of the first cell of a column of text that is no number.

        ``share`` says how many of the cells of the first block are numbers, missing ones left out. None for
        a column of another type.
        """
        from pyarrow import types

        if self.is_parquet or not types.is_string(self.schema.field(name).type):
            return None
        cells = next(iter(self.read([name], BLOCK, {name: _text()}, lambda n: None))).column(0).to_pylist()
        there = [(row, cell) for row, cell in enumerate(cells) if cell and cell.strip() not in self.missing]
        odd = [(row, cell) for row, cell in there if not self._is_number(cell)]
        text = [cell for _, cell in odd if not GROUPED.fullmatch(cell.strip())]
        return (*odd[0], 1 - len(text) / len(there)) if odd else None

    def _first_cells(self, names):
        """Return the first cell of each column that is not missing, as text."""
        found = {}
        for batch in self.read(names, BLOCK, dict.fromkeys(names, _text()), lambda n: None):
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

    def read(self, columns, n_rows, types, advance):
        """Yield batches of ``columns``, of at most ``n_rows`` rows.

        ``types`` overrules the types of columns of a CSV file, where text stays what it is, "NA" too.
        ``advance`` is told how much was read.
        """
        if not self.size:
            return
        with _readable(self.path):
            yield from (self._parquet if self.is_parquet else self._text)(columns, n_rows, types, advance)

    def _parquet(self, columns, n_rows, types, advance):
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            for batch in file.iter_batches(n_rows, columns=columns):
                yield batch.select(columns).replace_schema_metadata(None)
                advance(len(batch))

    def _text(self, columns, n_rows, types, advance):
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
        with self._blocks(dict.fromkeys(numbers, _text()), numbers) as blocks:
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
        opened = gzip.open if _is_compressed(self.path) else open
        with opened(self.path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file

    @contextmanager
    def _blocks(self, types, columns):
        """Yield a reader of the blocks of a CSV file; only ``columns`` are converted."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        with pa.OSFile(str(self.path)) as file:
            source = pa.CompressedInputStream(file, "gzip") if _is_compressed(self.path) else file
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


def read_whole(path):
    """Return a file as a pandas frame: its own columns, with the types that :class:`TableFile` sees."""
    import pyarrow as pa

    table = TableFile(path)
    table.gaps_in_text = True
    types = {}
    if not table.is_parquet:
        numbers = table.numeric()  # a column that is empty in the first block may hold some
        types = {f.name: f.type for f in table.schema}
        types |= {
            n: pa.float64() if n in numbers else _text() for n, t in types.items() if pa.types.is_null(t)
        }
    try:
        batches = list(table.read(table.schema.names, BLOCK, types, lambda n: None))
    except TableError:
        if table.is_parquet:
            raise
        # A type of the first block does not hold further on: what is no number there stays text.
        types = {name: _text() for name in types}
        batches = list(table.read(table.schema.names, BLOCK, types, lambda n: None))
    whole = pa.Table.from_batches(batches) if batches else table.schema.empty_table()
    for j, field in enumerate(whole.schema):
        if pa.types.is_decimal(field.type):  # a number, which pandas would hold as an object
            whole = whole.set_column(j, field.name, whole.column(j).cast(pa.float64()))
    return whole.to_pandas(ignore_metadata=True, date_as_object=False)


def is_numeric_type(kind):
    """Say whether a type of Arrow is one of numbers that are scaled: whole, real or decimal."""
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _text():
    import pyarrow as pa

    return pa.string()


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


def check_suffix(path):
    """Say whether a path is that of a Parquet file; refuse one that is neither that nor CSV."""
    suffix = _suffix(path)
    if suffix not in PARQUET + TEXT or (_is_compressed(path) and suffix in PARQUET):
        raise TableError(
            f"The file must end in .parquet or .csv; received {Path(path).name!r} (.pq, .tsv, .txt and "
            ".csv.gz are read too). Rename it."
        )
    return suffix in PARQUET


def _suffix(path):
    """Return how the name of a file ends, in small letters and without that of a compression."""
    path = Path(path)
    return (path.with_suffix("") if _is_compressed(path) else path).suffix.lower()


def _is_compressed(path):
    return Path(path).suffix.lower() == ".gz"


@contextmanager
def write_table(path, schema, numbers=()):
    """Yield a function that appends a batch; the Parquet or CSV file appears when all of it is there.

    The columns ``numbers`` of a Parquet file get a dictionary only where the first batch says that their
    values repeat: numbers that never do would make it slow and large.
    """
    parquet, path = check_suffix(path), Path(path)
    with whole_file(path) as new:
        if parquet:
            with _ParquetWriter(new, schema, numbers) as writer:
                yield writer.write
        else:
            from pyarrow import csv as arrow_csv

            separator = "\t" if _suffix(path) == ".tsv" else ","
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
        if _is_compressed(path):
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
            column = batch.column(name)
            if pc.count_distinct(column).as_py() < REPEATS * max(1, len(column)):
                few.append(name)
        self.writer = pq.ParquetWriter(self.path, self.schema, use_dictionary=few or False)


@contextmanager
def _readable(path):
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
