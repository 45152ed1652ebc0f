"""Several files of the same columns, read as one."""

from skprep.backends.files.table import TableFile
from skprep.errors import TableError


class ManyTables(TableFile):
    """The rows of several files, one file after the other.

    Parameters
    ----------
    tables : list of TableFile
        All Parquet or all CSV, with the same column names. A column has the type that all agree on; whole and
        real numbers agree.
    """

    def __init__(self, tables):
        self.tables = tables
        first = tables[0]
        self.path, self.is_parquet = first.path, first.is_parquet
        for other in tables[1:]:
            if other.is_parquet is not first.is_parquet:
                raise TableError(
                    f"Several files must be all Parquet or all CSV; received {str(first.path)!r} and "
                    f"{str(other.path)!r}. Convert one of them."
                )
            if sorted(other.schema.names) != sorted(first.schema.names):
                odd = sorted(set(first.schema.names) ^ set(other.schema.names))[0]
                raise TableError(
                    f"Several files must have the same columns; {odd!r} is in one of {str(first.path)!r} and "
                    f"{str(other.path)!r} alone. Make the columns alike."
                )
        self.size = sum(table.size for table in tables)
        self.schema = self._common()

    def _common(self):
        import pyarrow as pa

        fields = []
        for field in self.tables[0].schema:
            types = {table.schema.field(field.name).type for table in self.tables}
            known = [kind for kind in types if not pa.types.is_null(kind)]
            kind = known[0] if known else pa.null()
            if len(known) > 1:
                texts = all(pa.types.is_string(k) or pa.types.is_large_string(k) for k in known)
                numbers = all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in known)
                kind = pa.float64() if numbers else pa.string()
                if not numbers and not texts and self.is_parquet:
                    raise TableError(
                        f"Column {field.name!r} must have one type in all files; received {known[0]} and "
                        f"{known[1]}. Convert one of them."
                    )
            fields.append(pa.field(field.name, kind))
        return pa.schema(fields)

    def numeric(self):
        """Return the names of the columns of numbers in every file."""
        found = [set(table.numeric()) for table in self.tables]
        return [name for name in self.schema.names if all(name in names for names in found)]

    def is_numeric(self, name):
        """Say whether a column can be read as numbers in every file."""
        return all(table.is_numeric(name) for table in self.tables)

    def has_rows(self):
        """Say whether there is a row."""
        return any(table.has_rows() for table in self.tables)

    def slips(self, name):
        """Return the first cell that is no number, as a file does."""
        return next((found for table in self.tables if (found := table.slips(name)) is not None), None)

    def slip(self, *where):
        """Return the error for a cell among numbers that is none."""
        return self.tables[0].slip(*where)

    @property
    def thousands(self):
        """What separates thousands in CSV files."""
        return getattr(self.tables[0], "thousands", None)

    def read(self, columns, n_rows, types=None, advance=None):
        """Yield batches of ``columns``, file after file, in the types that all have."""
        import pyarrow as pa

        types = types or {}
        wanted = pa.schema([pa.field(n, types.get(n, self.schema.field(n).type)) for n in columns])
        own = {f.name: f.type for f in wanted if not pa.types.is_null(f.type)}
        for table in self.tables:
            for batch in table.read(columns, n_rows, own, advance):
                yield batch if batch.schema.equals(wanted) else _cast(batch, wanted)


def _cast(batch, wanted):
    import pyarrow as pa

    return pa.record_batch([batch.column(f.name).cast(f.type) for f in wanted], schema=wanted)
