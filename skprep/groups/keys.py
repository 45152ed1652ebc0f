"""Keys that come beside the rows, as metadata: an array, a list, a frame, a multi-index."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from skprep.frames.eager import column_names
from skprep.frames.keys import as_key, key_columns


def as_list(groups):
    """Return what can be walked only once as a list."""
    return list(groups) if isinstance(groups, Iterator) else groups


def columns_of(groups):
    """Return the key columns of metadata: of a frame, a matrix, a list of rows, a multi-index or one key."""
    groups = _as_columns(groups)
    n_keys = n_keys_of(groups)
    if column_names(groups) is None and len(_shape_of(groups)) < 2:
        return [as_key(groups)]
    return key_columns(groups, range(n_keys))


def n_keys_of(groups):
    """Return how many keys a row of metadata has."""
    groups = _as_columns(groups)
    names = column_names(groups)
    if names is not None:
        return len(names)
    shape = _shape_of(groups)
    if isinstance(groups, str | bytes | dict):
        return 1  # as_key says what is wrong
    if len(shape) not in (1, 2) or 0 in shape[1:]:
        received = f"an array of shape {shape}" if shape else repr(groups)
        raise ValueError(
            "groups must have one key for each row, or a column for each of several keys; received "
            f"{received}. Pass a list, an array or a frame."
        )
    return shape[1] if len(shape) == 2 else 1


def _shape_of(groups):
    if hasattr(groups, "shape"):
        return tuple(groups.shape)
    return (len(groups),) if hasattr(groups, "__len__") and not isinstance(groups, str | bytes | dict) else ()


def _as_columns(groups):
    """Return metadata as something with columns, where it has several keys a row."""
    if isinstance(groups, pd.MultiIndex):
        return groups.to_frame(index=False)
    if not isinstance(groups, list | tuple) or not groups or not _is_row(groups[0]):
        return groups
    odd = next((i for i, row in enumerate(groups) if not _is_row(row) or len(row) != len(groups[0])), None)
    if odd is not None:
        raise ValueError(
            f"groups must have the same number of keys in each row; received {groups[0]!r} in row 0 and "
            f"{groups[odd]!r} in row {odd}. Fill missing keys with None."
        )
    table = np.empty((len(groups), len(groups[0])), dtype=object)
    for i, row in enumerate(groups):
        table[i, :] = row
    return table


def _is_row(row):
    return isinstance(row, list | tuple) or (isinstance(row, np.ndarray) and row.ndim == 1)
