"""What is installed, for a report of an error."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from skprep.kernels.dispatch import compiled
from skprep.kernels.threads import n_threads

PACKAGES = ("skprep", "numpy", "scipy", "scikit-learn", "pandas", "narwhals", "joblib")
OPTIONAL = ("polars", "pyarrow", "duckdb", "dask", "pyspark", "datasketches", "matplotlib", "torch")


def show_versions() -> None:
    """Print the versions of everything that skprep works with, and which kernels serve.

    The kernels are ``compiled`` where the package found a compiler when it was installed, else
    ``NumPy``: the same answers, several times slower.

    Examples
    --------
    >>> import skprep
    >>> skprep.show_versions()  # doctest: +ELLIPSIS
    Python: 3...
    system: ...
    kernels: ...
    """
    print(f"Python: {sys.version.split()[0]} ({sys.executable})")
    print(f"system: {platform.platform()}, {os.cpu_count()} processors")
    print(f"kernels: {kernels()}, on up to {n_threads()} threads")
    for name in PACKAGES + OPTIONAL:
        try:
            print(f"{name}: {version(name)}")
        except PackageNotFoundError:
            if name in PACKAGES:
                print(f"{name}: not installed as a package")


def kernels():
    """Return ``"compiled"`` or ``"NumPy"``.

    Examples
    --------
    >>> kernels() in ("compiled", "NumPy")
    True
    """
    return "NumPy" if not compiled else "compiled"
