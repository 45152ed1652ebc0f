"""``skprep transform``: a fitted scaler applied to a file of any size."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Literal

import typer

from skprep.cli.common import check_file, check_out, progress, say, told_errors
from skprep.cli.options import ROWS, Missing, Thousands


def transform(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of rows, of any size.")],
    scaler: Annotated[
        Path, typer.Option("--scaler", "-s", help="Fitted scaler: what `skprep fit` or skprep.save wrote.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The scaled table goes here; .parquet or .csv.")],
    inverse: Annotated[bool, typer.Option("--inverse", help="Undo the scaling instead.")] = False,
    handle_unknown: Annotated[
        Literal["error", "global", "nan"] | None,
        typer.Option(help="What a group gets that the scaler does not know; without, what fit was told."),
    ] = None,
    missing: Missing = None,
    thousands: Thousands = None,
):
    """Scale the columns of a file that the scaler knows; all others stay as they are.

    Rows are read and written a batch at a time, at constant memory. The output appears when it is
    complete; until then a file that was there stays untouched.
    """
    with told_errors():
        from skprep.batches import TableFile, check_suffix

        check_out(out, table=file, scaler=scaler)
        check_suffix(out)
        check_file(scaler, "`skprep fit` makes one.")
        table = TableFile(file, tuple(missing or ()), thousands)

        from skprep.scalers.lazy import known_columns

        fitted = _load(scaler)
        names = getattr(fitted, "feature_names_in_", None)
        known_columns(fitted, table.schema.names, names)
        _set_policy(fitted, handle_unknown)
        fitted.set_output(transform="default")
        with progress("scaling", table.size) as advance:
            _transform_file(fitted, table, out, "inverse_transform" if inverse else "transform", advance)
    say(f"Table: {out}")


def _load(path):
    from skprep.files import TableError
    from skprep.persistence import load

    try:
        return load(path)
    except ValueError as error:
        raise TableError(
            f"--scaler must be a file that `skprep fit` has written; {str(path)!r}: {error}"
        ) from error


def _set_policy(scaler, handle_unknown):
    from skprep.files import TableError
    from skprep.scalers.streams import is_grouped

    if handle_unknown is None:
        return
    if not is_grouped(scaler):
        raise TableError(
            "--handle-unknown goes with a scaler per group; received one without groups. Leave it out, or "
            "fit with --by."
        )
    scaler.set_params(handle_unknown=handle_unknown)


def _transform_file(scaler, table, out, method, advance):
    import pyarrow as pa

    from skprep.batches import empty_as_missing, write_table
    from skprep.files import TableError
    from skprep.scalers.streams import columns_of, scaled_features

    keys, features = columns_of(scaler)
    names = table.schema.names
    types = {} if table.is_parquet else dict.fromkeys(names, pa.string())  # carried along as the text it is
    types |= dict.fromkeys(features, pa.float64())
    if table.is_parquet:
        _check_numbers(table, features)
    fields = [
        pa.field(f.name, _scaled_type(f.type) if f.name in features else types.get(f.name, f.type))
        for f in table.schema
    ]
    readers, first, strange, batches = _key_readers(scaler, keys), 0, 0, 0
    with write_table(out, pa.schema(fields), features) as write:
        for batch in table.read(names, ROWS, types, advance):
            known = batch.select(keys + features)
            if not table.is_parquet:
                known = _with_keys(empty_as_missing(known, keys), readers)
            else:
                known = pa.Table.from_batches([known])
            try:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    scaled = scaled_features(scaler, known, method)
                strange += any("knows none of the groups" in str(w.message) for w in caught)
                batches += 1
            except ValueError as error:
                where = f"In the {len(batch)} rows from row {first} on: "
                if hasattr(error, "received"):
                    error.received = where + error.received
                    raise
                raise TableError(f"{where}{error}") from error
            columns = {name: _column(batch, name, scaled[:, j]) for j, name in enumerate(features)}
            arrays = [columns.get(f.name, batch.column(f.name)) for f in fields]
            arrays = [a.cast(f.type) for a, f in zip(arrays, fields, strict=True)]
            write(pa.record_batch(arrays, schema=pa.schema(fields)))
            first += len(batch)
    if strange and strange == batches:
        _warn_of_strangers(scaler, table.path)


def _warn_of_strangers(scaler, path, most=5):
    keys = scaler.groups_.tolist()
    known = ", ".join(map(repr, keys[:most])) + (", ..." if len(keys) > most else "")
    print(
        f"Warning: none of the groups of {str(path)!r} is known to the scaler, which knows {known}: all rows "
        "got the parameters of all training rows. Check the key column, or pass --handle-unknown error.",
        file=sys.stderr,
    )


def _check_numbers(table, features):
    from skprep.batches import is_numeric_type
    from skprep.files import TableError

    for name in features:
        kind = table.schema.field(name).type
        if not is_numeric_type(kind):
            raise TableError(
                f"The scaler takes numbers in column {name!r}; in {str(table.path)!r} it holds {kind}. "
                "Correct the file, or fit a scaler without that column."
            )


def _key_readers(scaler, keys):
    from skprep.cli.keys import KeyReader

    several = len(keys) > 1
    return {
        name: KeyReader(key[i] if several else key for key in scaler.groups_) for i, name in enumerate(keys)
    }


def _with_keys(batch, readers):
    """Return a pandas frame of a batch of text, its keys read as those that the scaler knows."""
    import pandas as pd
    import pyarrow as pa

    columns = {}
    for name in batch.schema.names:
        column = batch.column(name)
        if name in readers:
            encoded = column.dictionary_encode()
            read = [readers[name](text) for text in encoded.dictionary.to_pylist()]
            codes = encoded.indices.fill_null(len(read)).to_numpy()
            columns[name] = pd.Series([*read, None], dtype=object).take(codes).reset_index(drop=True)
        else:
            columns[name] = pa.array(column).to_numpy(zero_copy_only=False)
    return pd.DataFrame(columns, copy=False)


def _scaled_type(kind):
    import pyarrow as pa

    return kind if kind == pa.float32() else pa.float64()


def _column(batch, name, values):
    """Return scaled values; what was null stays null, whatever NaN the scaler has put there."""
    import numpy as np
    import pyarrow as pa

    null = np.asarray(batch.column(name).is_null())
    return pa.array(np.ascontiguousarray(values), mask=null if null.any() else None)
