"""``skprep audit``: whether training and test rows know too much of each other."""

from skprep.cli import options
from skprep.cli.common import errors_as_messages, inputs, listed, put, say, settings_of, speaking


def audit(
    train: options.TrainFile,
    test: options.TestFile,
    target: options.AuditTarget = None,
    by: options.AuditBy = None,
    exclude: options.Exclude = None,
    missing: options.Missing = None,
    thousands: options.Thousands = None,
    sep: options.Separator = None,
    decimal: options.Decimal = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
):
    """Look for leaks between training and test rows; exit code 1 on a leak.

    Columns scaled, ranked or encoded before the split; rows in both; groups in both; columns that are the
    target in disguise.

    For example:

      skprep audit train.csv test.csv --target price

      skprep audit train.parquet test.parquet --by patient && deploy
    """
    import typer

    with errors_as_messages(), speaking(quiet):
        from skprep.backends.files import read_table
        from skprep.errors import TableError
        from skprep.leakage import leakage_report

        settings = settings_of(missing, thousands, sep, decimal)
        with inputs([train, test]) as paths:
            tables = [read_table(path, **settings) for path in paths]
        for name, option in ((target, "--target"), (by, "--by")):
            for table, file in zip(tables, (train, test), strict=True):
                if name is not None and name not in table.columns:
                    raise TableError(
                        f"{option} must name a column of both tables; received {name!r}, which {file!r} "
                        f"lacks. Its "
                        f"columns are: {', '.join(map(repr, table.columns[:30]))}."
                    )
        own = [name for name in (target, by, *listed(exclude)) if name is not None]
        features = [table.drop(columns=own, errors="ignore") for table in tables]
        words: dict = {}
        for name, word in ((target, "y"), (by, "groups")):
            if name is not None:
                words |= {f"{word}_train": tables[0][name], f"{word}_test": tables[1][name]}
        report = leakage_report(*features, **words)
        if as_json:
            put(_as_json(report, train, test))
        else:
            say(report)
    if report.leaks:
        raise typer.Exit(1)


def _as_json(report, train, test):
    import json

    leaks = [
        {"kind": leak.kind, "column": None if leak.column is None else str(leak.column)}
        | {"text": leak.text, "advice": leak.advice}
        for leak in report.leaks
    ]
    found = {"train": train, "test": test, "leaks": leaks, "looked_for": report.checked}
    return json.dumps(found, ensure_ascii=False, indent=2)
