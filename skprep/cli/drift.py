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

        check_file(scaler, "`skprep fit` makes one.")
        fitted = load_scaler(scaler)
        with inputs(files) as paths:
            table = read_table(paths, **settings_of(missing, thousands, sep, decimal))
        names = [
            name for name in getattr(fitted, "feature_names_in_", table.columns) if name in table.columns
        ]
        report = drift_report(fitted, table[names], tolerance=tolerance)
        if as_json:
            put(_as_json(report))
        else:
            put(report)
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
