"""What the commands share."""

from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from skprep.tables import TableError


@contextmanager
def told_errors():
    """Turn an error that the person can mend into a red line and exit code 2."""
    try:
        yield
    except (TableError, ValueError, ImportError) as error:
        _tell(error)
    except OSError as error:
        _tell(f"the file cannot be written: {error}")


def _tell(error):
    Console(stderr=True).print(f"Error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2) from None


@contextmanager
def progress(console, title, total):
    """Yield a function that moves a progress bar on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda amount=1: bars.advance(bar, amount)


def check_out(file, out):
    """Refuse an output that is the input, or lies in no folder."""
    if out is None:
        return
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise TableError(f"--out must be a file in an existing folder; received {str(out)!r}.")
    if file is not None and file.exists() and out.exists() and out.samefile(file):
        raise TableError(f"--out must not be the table itself; received {str(out)!r} for both.")
