"""``skprep transform``: a fitted scaler applied to a file of any size."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from skprep.batches import TableFile, check_suffix, write_table
from skprep.cli.common import check_out, progress, told_errors
from skprep.cli.fit import ROWS, with_gaps
from skprep.persistence import load
from skprep.scalers.lazy import known_columns
from skprep.scalers.streams import columns_of, scaled_features
from skprep.tables import TableError


def transform(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of rows, of any size.")],
    scaler: Annotated[
        Path, typer.Option("--scaler", "-s", help="Fitted scaler: what `skprep fit` or skprep.save wrote.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The scaled table goes here; .parquet or .csv.")],
    inverse: Annotated[bool, typer.Option("--inverse", help="Undo the scaling instead.")] = False,
):
    """Scale the columns of a file that the scaler knows; all others stay as they are.

    Rows are read and written a batch at a time, at constant memory. The output appears when it is
    complete; until then a file that was there stays untouched.
    """
    console = Console()
    with told_errors():
        check_out(file, out)
        check_suffix(out)
        if not scaler.exists():
            raise TableError(f"There is no file {str(scaler)!r}. `skprep fit` makes one.")
        fitted, table = load(scaler), TableFile(file)
        names = getattr(fitted, "feature_names_in_", None)
        known_columns(fitted, table.schema.names, names)
        fitted.set_output(transform="default")
        with progress(console, "scaling", table.size) as advance:
            _transform_file(fitted, table, out, "inverse_transform" if inverse else "transform", advance)
    console.print(f"Table: {out}", markup=False, highlight=False)


def _transform_file(scaler, table, out, method, advance):
    import pyarrow as pa

    keys, features = columns_of(scaler)
    names = table.schema.names
    types = {name: pa.float64() for name in features}
    if not table.is_parquet:  # text that is carried along stays the text that it is
        types |= {name: pa.string() for name in names if name not in keys + features}
        types |= {name: _key_type(scaler, i) for i, name in enumerate(keys)}
    fields = [
        pa.field(f.name, _scaled_type(f.type) if f.name in features else types.get(f.name, f.type))
        for f in table.schema
    ]
    first = 0
    with write_table(out, pa.schema(fields)) as write:
        for batch in table.read(names, ROWS, types, advance):
            frame = with_gaps(batch.select(keys + features).to_pandas(), keys)
            try:
                scaled = scaled_features(scaler, frame, method)
            except ValueError as error:
                raise TableError(f"In the {len(batch)} rows from row {first} on: {error}") from error
            columns = {name: _column(batch, name, scaled[:, j]) for j, name in enumerate(features)}
            arrays = [columns.get(f.name, batch.column(f.name)) for f in fields]
            arrays = [a.cast(f.type) for a, f in zip(arrays, fields, strict=True)]
            write(pa.record_batch(arrays, schema=pa.schema(fields)))
            first += len(batch)


def _key_type(scaler, i):
    """Return as what key column ``i`` of a CSV file is read: numbers where the scaler knows only those."""
    import pyarrow as pa

    parts = [key[i] if isinstance(key, tuple) else key for key in scaler.groups_]
    whole = all(part is None or isinstance(part, int) for part in parts)
    return pa.int64() if whole else pa.string()


def _scaled_type(kind):
    import pyarrow as pa

    return kind if kind == pa.float32() else pa.float64()


def _column(batch, name, values):
    """Return scaled values; what was null stays null, whatever NaN the scaler has put there."""
    import pyarrow as pa

    null = np.asarray(batch.column(name).is_null())
    return pa.array(np.ascontiguousarray(values), mask=null if null.any() else None)
