"""Types of public signatures."""

from typing import Any, TypeAlias

Rows: TypeAlias = Any
"""Rows and columns of any kind: array, list, sparse matrix, frame, lazy frame, Dask collection."""

Keys: TypeAlias = Any
"""One key for each row, or several: array, list, series, frame."""

Weights: TypeAlias = Any
"""One number for each row: array, list, series; None for 1 each."""

Array: TypeAlias = Any
"""Numbers that NumPy reads as an array."""
