"""Files that are written whole or not at all."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path):
    """Yield the path of a new file beside ``path``; it takes the place of ``path`` when the block is through.

    When the block raises, or is interrupted, the new file is removed and ``path`` stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.txt"
    ...     with whole_file(path) as new:
    ...         _ = new.write_text("all of it")
    ...     path.read_text(), len(list(Path(folder).iterdir()))
    ('all of it', 1)
    """
    path = Path(path)
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        yield Path(new)
        os.chmod(new, 0o666 & ~_umask())
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
