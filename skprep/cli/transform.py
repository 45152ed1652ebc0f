"""``skprep transform``: a fitted scaler applied to a file of any size."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from skprep.cli.common import check_file, check_out, errors_as_messages, progress, say
from skprep.cli.options import Missing, Thousands


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
    with errors_as_messages():
        check_file(file, "Check the path.")
        check_out(out, table=file, scaler=scaler)
        from skprep.backends.files import check_suffix, open_table, transform_file

        check_suffix(out)
        check_file(scaler, "`skprep fit` makes one.")
        table = open_table(file, tuple(missing or ()), thousands)
        fitted = _load(scaler)
        _set_policy(fitted, handle_unknown)
        fitted.set_output(transform="default")
        with progress("scaling", table.size) as advance:
            known = transform_file(fitted, table, out, inverse=inverse, advance=advance)
    if not known:
        _warn_unknown_groups(fitted, table.path)
    say(f"Table: {out}")


def _load(path):
    from skprep.errors import TableError
    from skprep.persistence import load

    try:
        return load(path)
    except ValueError as error:
        raise TableError(
            f"--scaler must be a file that `skprep fit` has written; {str(path)!r}: {error}"
        ) from error


def _set_policy(scaler, handle_unknown):
    from skprep.errors import TableError

    if handle_unknown is None:
        return
    if not hasattr(scaler, "groups_"):
        raise TableError(
            "--handle-unknown goes with a scaler per group; received one without groups. Leave it out, or "
            "fit with --by."
        )
    scaler.set_params(handle_unknown=handle_unknown)


def _warn_unknown_groups(scaler, path, most=5):
    keys = scaler.groups_.tolist()
    known = ", ".join(map(repr, keys[:most])) + (", ..." if len(keys) > most else "")
    got = "got the parameters of all training rows" if hasattr(scaler, "scaler") else "stayed as they are"
    print(
        f"Warning: none of the groups of {str(path)!r} is known to the scaler, which knows {known}: all rows "
        f"{got}. Check the key column, or pass --handle-unknown error.",
        file=sys.stderr,
    )
