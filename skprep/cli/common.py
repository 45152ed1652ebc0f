"""What the commands share."""

import sys
from contextlib import contextmanager, suppress


@contextmanager
def errors_as_messages():
    """Turn an error that the person can mend into a red line and exit code 2."""
    try:
        yield
    except (ValueError, TypeError, ImportError, OSError) as error:
        if hasattr(error, "received"):  # an unknown group: its advice is for Python
            error = (
                f"{error.received} Fit on rows of these groups too, or pass --handle-unknown global "
                f"({error.policy}) or --handle-unknown nan."
            )
        _tell(error)


def _tell(error):
    import typer
    from rich.console import Console

    Console(stderr=True).print(f"Error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2) from None


def say(text):
    """Print a line of the result; somebody who no longer listens is no error."""
    with suppress(BrokenPipeError):
        print(text, flush=True)
        return
    sys.stdout = None  # or Python would complain at the end


@contextmanager
def progress(title, total):
    """Yield a function that moves a progress bar on; it is on the screen only, never in what is piped on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda amount=1: bars.advance(bar, amount)


def check_out(out, **inputs):
    """Refuse an output that is one of the inputs, lies in no folder, or is no file."""
    from skprep.atomic import check_replaceable
    from skprep.errors import TableError

    if out is None:
        return
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise TableError(f"--out must be a file in an existing folder; received {str(out)!r}.")
    check_replaceable(out)
    for name, file in inputs.items():
        if file is not None and file.exists() and out.exists() and out.samefile(file):
            raise TableError(f"--out must not be the {name} itself; received {str(out)!r} for both.")


def check_file(path, what):
    """Refuse a path that is no file to read."""
    from skprep.errors import TableError

    if not path.exists():
        raise TableError(f"There is no file {str(path)!r}. {what}")
    if not path.is_file():
        raise TableError(f"{str(path)!r} must be a file; it is a folder or a device. {what}")
