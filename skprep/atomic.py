"""Files that are written whole or not at all."""

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path):
    """Yield the path of a new file beside ``path``; it takes the place of ``path`` when the block is through.

    When the block raises, or is interrupted, the new file is removed and ``path`` stays as it was. A link is
    followed, an old file lends its permissions, and what is no file (a pipe, a device, a folder) is refused.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.txt"
    ...     with atomic_write(path) as new:
    ...         _ = new.write_text("all of it")
    ...     path.read_text(), len(list(Path(folder).iterdir()))
    ('all of it', 1)
    """
    check_replaceable(path)
    path = Path(os.path.realpath(path))
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    with _named(path):
        handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
    try:
        yield Path(new)
        with _named(path):
            os.chmod(new, mode)
            os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


@contextmanager
def _named(path):
    try:
        yield
    except OSError as error:
        raise OSError(f"The file {str(path)!r} cannot be written: {error}") from error


def check_replaceable(path):
    """Refuse a path whose place no file can take.

    Examples
    --------
    >>> check_replaceable("/dev/null")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    OSError: ... must be a file or not there; '/dev/null' is a device. ...
    """
    real = os.path.realpath(path)
    try:
        mode = os.stat(real).st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
        kind = next((name for test, name in kinds if test(mode)), "device")
        raise OSError(f"What is written must be a file or not there; {str(path)!r} is a {kind}. Name a file.")


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
