"""The command line: ``skprep compare``, ``skprep fit`` and ``skprep transform``."""

import sys

EXTRA = "The command line needs typer, rich and pyarrow, which are not installed: pip install 'skprep[cli]'"


def main():
    """Run the command line; the entry point of the script ``skprep``."""
    try:
        app = build_app()
    except ImportError:
        sys.exit(EXTRA)
    app()


def build_app():
    """Return the typer application. An ImportError says that the extra is missing."""
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
