"""The command line: ``skprep compare``, ``skprep fit`` and ``skprep transform``.

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


def _stop(number, frame):
    sys.exit(128 + number)


def build_app():
    """Return the typer application. An ImportError says that the extra is missing."""
    import rich  # noqa: F401 (used by the commands; what is missing is said at once)
    import typer

    from skprep.cli.compare import compare
    from skprep.cli.fit import fit
    from skprep.cli.transform import transform

    app = typer.Typer(
        add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
    )

    @app.callback()
    def skprep():
        """Scale tables for machine learning without leaking."""

    for command in (compare, fit, transform):
        app.command()(command)
    return app
