"""``skprep transform``: a fitted scaler applied to a file of any size."""

import sys

from skprep.cli import options
from skprep.cli.common import (
    check_file,
    check_out,
    errors_as_messages,
    inputs,
    output,
    progress,
    say,
    settings_of,
    speaking,
)


def transform(
    files: options.Files,
    scaler: options.FittedScaler,
    out: options.TableOut,
    inverse: options.Inverse = False,
    handle_unknown: options.OtherPolicy = None,
    missing: options.Missing = None,
    thousands: options.Thousands = None,
    sep: options.Separator = None,
    decimal: options.Decimal = None,
    quiet: options.Quiet = False,
):
    """Scale the columns of a file that the scaler knows; all others stay as they are.

    Rows are read and written a batch at a time, at constant memory. The output appears when it is
    complete; until then a file that was there stays untouched.

    For example:

      skprep transform test.csv --scaler scaler.json --out scaled.csv

      cat rows.csv | skprep transform - -s scaler.json -o - | head
    """
    with errors_as_messages(), speaking(quiet, "stderr" if out == "-" else "stdout"):
        with inputs(files) as paths:
            check_out(out, table=files, scaler=scaler)
            from skprep.backends.files import check_suffix, open_tables, transform_file

            check_suffix("stdout.csv" if out == "-" else out)
            check_file(scaler, "`skprep fit` makes one.")
            table = open_tables(paths, **settings_of(missing, thousands, sep, decimal))
            fitted = load_scaler(scaler)
            _set_policy(fitted, handle_unknown)
            fitted.set_output(transform="default")
            with progress("scaling", table.size) as advance, output(out) as target:
                known = transform_file(fitted, table, target, inverse=inverse, advance=advance)
        if not known:
            _warn_unknown_groups(fitted, table.path)
        if out != "-":
            say(f"Table: {out}")


def load_scaler(path):
    """Return the fitted scaler of a file."""
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
        f"Warning: none of the groups of {str(path)!r} is known to the scaler, which knows {known}: all "
        f"rows {got}. Check the key column, or pass --handle-unknown error.",
        file=sys.stderr,
    )
