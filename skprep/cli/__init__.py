"""The command line: ``skprep compare``, ``fit``, ``transform``, ``audit`` and ``drift``.

What a command needs is imported when it runs, so that help and errors come at once.
"""

import os
import signal
import sys

EXTRA = "The command line needs typer, rich and pyarrow, which are not installed: pip install 'skprep[cli]'"


def main():
    """Run the command line; the entry point of the script ``skprep``."""
    for name in ("SIGTERM", "SIGHUP"):  # so that what is half written is removed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    try:
        try:
            app = build_app()
        except ImportError:
            sys.exit(EXTRA)
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(asked):
    import typer

    from skprep import __version__

    if asked:
        print(f"skprep {__version__}")
        raise typer.Exit


def _stop(number, frame):
    sys.exit(128 + number)


def build_app():
    """Return the typer application. An ImportError says that the extra is missing."""
    import rich  # noqa: F401 (used by the commands; what is missing is said at once)
    import typer

    from skprep.cli.audit import audit
    from skprep.cli.compare import compare
    from skprep.cli.drift import drift
    from skprep.cli.fit import fit
    from skprep.cli.transform import transform

    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

    @app.callback()
    def skprep(
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Print the version and leave."
        ),
    ):
        """Scale tables for machine learning without leaking.

        From nothing to a model: compare scalers on a table, audit the split, fit and transform, and look
        later whether new rows are still what the scaler was fitted on.

          skprep compare table.csv --target price --save-pipeline best.joblib

          skprep audit train.csv test.csv --target price

          skprep fit train.csv --target price --out scaler.json

          skprep transform test.csv --scaler scaler.json --out scaled.csv

          skprep drift new.csv --scaler scaler.json
        """

    for command in (compare, fit, transform, audit, drift):
        app.command()(command)
    return app
