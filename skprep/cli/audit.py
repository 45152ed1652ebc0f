"""``skprep audit``: whether training and test rows know too much of each other."""

from skprep.cli import options
from skprep.cli.common import errors_as_messages, inputs, listed, put, settings_of, speaking


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
        left = listed(exclude)
        for name, option in ((target, "--target"), (by, "--by"), *((name, "--exclude") for name in left)):
            for table, file in zip(tables, (train, test), strict=True):
                if name is not None and name not in table.columns:
                    raise TableError(
                        f"{option} must name a column of both tables; received {name!r}, which {file!r} "
                        f"lacks. Its columns are: {', '.join(map(repr, table.columns[:30]))}."
                    )
        if target is not None and target == by:
            raise TableError(f"--by and --target must differ; received {by!r} for both.")
        for table, file in zip(tables, (train, test), strict=True):
            if table.empty:
                raise TableError(f"The file {file!r} has no rows. It must hold a header and rows.")
        odd = sorted(set(tables[0].columns) ^ set(tables[1].columns))
        if odd:
            raise TableError(
                f"{train!r} and {test!r} must have the same columns; {odd[0]!r} is in one alone. Make them "
                "alike, or leave it out of the file."
            )
        tables[1] = tables[1][list(tables[0].columns)]
        own = [name for name in (target, by, *left) if name is not None]
        features = [table.drop(columns=own) for table in tables]
        words: dict = {}
        for name, word in ((target, "y"), (by, "groups")):
            if name is not None:
                words |= {f"{word}_train": tables[0][name], f"{word}_test": tables[1][name]}
        report = leakage_report(*features, **words)
        put(_as_json(report, train, test) if as_json else report)
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
