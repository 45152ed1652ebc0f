"""What the commands share."""

import sys
from contextlib import contextmanager, suppress
from pathlib import Path

SAID = {"quiet": False, "to": "stdout"}  # what `say` does: for the one command that a process runs


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


@contextmanager
def speaking(quiet=False, to="stdout"):
    """Let :func:`say` and :func:`progress` be quiet, or speak on stderr where stdout is for a result."""
    before = dict(SAID)
    SAID.update(quiet=quiet, to=to)
    try:
        yield
    finally:
        SAID.update(before)


def say(text):
    """Print a line of what was done; somebody who no longer listens is no error."""
    if not SAID["quiet"]:
        put(text, sys.stderr if SAID["to"] == "stderr" else sys.stdout)


def put(text, stream=None):
    """Print a result, wherever it was asked for."""
    with suppress(BrokenPipeError):
        print(text, file=stream, flush=True)
        return
    sys.stdout = None  # or Python would complain at the end


@contextmanager
def progress(title, total):
    """Yield a function that moves a progress bar on; it is on the screen only, never in what is piped on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = SAID["quiet"] or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda amount=1: bars.advance(bar, amount)


def check_out(out, option="--out", **inputs):
    """Refuse an output that is one of the inputs, lies in no folder, or is no file."""
    from skprep.atomic import check_replaceable
    from skprep.errors import TableError

    if out is None or str(out) == "-":
        return
    out = Path(out)
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise TableError(f"{option} must be a file in an existing folder; received {str(out)!r}.")
    check_replaceable(out)
    for name, files in inputs.items():
        for file in files if isinstance(files, list) else [files]:
            if file is None or str(file) == "-" or not Path(file).exists():
                continue
            inside = name == "table" and Path(file).is_dir() and Path(file).resolve() in out.resolve().parents
            if inside or (out.exists() and out.samefile(file)):
                where = "lie in" if inside else "be"
                raise TableError(
                    f"{option} must not {where} the {name} itself; received {str(out)!r} for both."
                )


def check_file(path, what, folders=False):
    """Refuse a path that is no file to read."""
    from skprep.errors import TableError

    path = Path(path)
    if not path.exists():
        raise TableError(f"There is no file {str(path)!r}. {what}")
    if not (path.is_file() or (folders and path.is_dir())):
        raise TableError(f"{str(path)!r} must be a file; it is a folder or a device. {what}")


@contextmanager
def inputs(files):
    """Yield the paths of files to read; what comes by stdin is kept in one until the command ends."""
    import shutil
    import tempfile

    from skprep.errors import TableError

    if files.count("-") > 1:
        raise TableError(
            "There is one stdin; received - twice. Name files, or join them in front of the pipe."
        )
    for file in files:
        if file != "-":
            check_file(file, "Check the path.", folders=True)
    if "-" not in files:
        yield [Path(file) for file in files]
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "stdin"
        with kept.open("wb") as sink:
            shutil.copyfileobj(sys.stdin.buffer, sink)
        with kept.open("rb") as source:
            start = source.read(4)
        end = ".parquet" if start == b"PAR1" else ".csv.gz" if start[:2] == b"\x1f\x8b" else ".csv"
        kept = kept.rename(kept.with_name(f"stdin{end}"))
        yield [kept if file == "-" else Path(file) for file in files]


@contextmanager
def output(out):
    """Yield the path to write to; for - a file whose bytes go to stdout when it is complete."""
    import shutil
    import tempfile

    if out != "-":
        yield Path(out)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdout.csv"
        yield path
        with suppress(BrokenPipeError), path.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def listed(values):
    """Return what an option was given, which may be repeated or separated by commas.

    For example:

    >>> listed(["a,b", "c"]), listed(None)
    (['a', 'b', 'c'], [])
    """
    return [part for value in values or () for part in value.split(",") if part]


def settings_of(missing, thousands, sep, decimal):
    """Return how a CSV file is to be read."""
    return {
        "missing": tuple(missing or ()),
        "thousands": thousands,
        "separator": {"\\t": "\t", "tab": "\t"}.get(sep, sep),
        "decimal": decimal,
    }
