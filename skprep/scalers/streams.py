"""Fitted from batches, applied to batches: what files and partitions have in common."""

import numpy as np

from skprep.frames.eager import some_columns
from skprep.scalers.lazy import columns_by_role


def learn_batches(scaler, batches):
    """Fit ``scaler`` to all rows of an iterable of tables; return how many there were.

    The learned attributes are worked out once, at the end.
    """
    n_rows = 0
    groups = (None,) if is_grouped(scaler) else ()
    for batch in batches:
        if not len(batch):
            continue
        try:
            scaler._learn_from(batch, None, *groups, None, reset=n_rows == 0, stream=True, publish=False)
        except ValueError as error:
            raise ValueError(f"In the {len(batch)} rows from row {n_rows} on: {error}") from error
        n_rows += len(batch)
    if n_rows:
        scaler._publish_all()
    return n_rows


def is_grouped(scaler):
    """Say whether ``scaler`` is a GroupScaler."""
    return hasattr(scaler, "handle_unknown")


def columns_of(scaler):
    """Return the names of the key columns and of the features of a fitted scaler."""
    names = [str(name) for name in scaler.feature_names_in_]
    return columns_by_role(scaler, names) if is_grouped(scaler) else ([], names)


def scaled_features(scaler, frame, method):
    """Return the features of a frame in memory, which may have other columns too, scaled by ``method``."""
    keys, features = columns_of(scaler)
    if keys:
        return scaler._scaled_rows(frame, keys, features, method)
    return np.asarray(getattr(scaler, method)(some_columns(frame, features)))
