"""``skprep drift``: whether rows are still what a scaler was fitted on."""

from skprep.cli import options
from skprep.cli.common import check_file, errors_as_messages, inputs, put, settings_of, speaking


def drift(
    files: options.Files,
    scaler: options.FittedScaler,
    tolerance: options.Tolerance = 0.1,
    missing: options.Missing = None,
    thousands: options.Thousands = None,
    sep: options.Separator = None,
    decimal: options.Decimal = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
):
    """Compare rows with what a fitted scaler knows of its training rows; exit code 1 on drift.

    No training row is needed; of groups, each is looked at, and unseen ones are named. Not for --scaler
    combat. The rows must fit into memory.

    For example:

      skprep drift new.csv --scaler scaler.json

      skprep drift monday.parquet --scaler scaler.json --json
    """
    import typer

    with errors_as_messages(), speaking(quiet):
        from skprep.backends.files import read_table
        from skprep.cli.transform import load_scaler
        from skprep.drift import drift_report
        from skprep.errors import TableError

        check_file(scaler, "`skprep fit` makes one.")
        fitted = load_scaler(scaler)
        with inputs(files) as paths:
            table = read_table(paths, known=fitted, **settings_of(missing, thousands, sep, decimal))
        if table.empty:
            raise TableError(f"{', '.join(files)!r} has no rows. It must hold a header and rows.")
        names = list(getattr(fitted, "feature_names_in_", table.columns))
        gone = [name for name in names if name not in table.columns]
        if gone:
            raise TableError(
                f"The rows must have the columns that the scaler knows; {gone[0]!r} is missing. The columns "
                f"are: {', '.join(map(repr, table.columns[:30]))}."
            )
        report = drift_report(fitted, table[names], tolerance=tolerance)
        put(_as_json(report) if as_json else report)
    if report.drifted:
        raise typer.Exit(1)


def _as_json(report):
    import json

    frame = report.to_frame()
    rows = json.loads(frame.to_json(orient="records"))
    unseen = [[_known(key), n] for key, n in report.unseen_groups.items()]
    found = {"drifted": report.drifted, "rows": report.n_rows, "unseen_groups": unseen, "features": rows}
    return json.dumps(found, ensure_ascii=False, indent=2, default=str, allow_nan=False)


def _known(key):
    """Return a key with null for what is missing."""
    if isinstance(key, tuple):
        return [_known(part) for part in key]
    return None if key is None or key != key else key
