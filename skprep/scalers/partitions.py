"""Scalers on Dask arrays and frames: learnt block by block and merged, applied block by block."""

import warnings
from copy import deepcopy
from functools import partial

import numpy as np
from sklearn.base import clone

from skprep.frames.partitions import distinct_rows, is_frame, map_blocks, map_partitions, reduce_blocks
from skprep.scalers import lazy
from skprep.scalers.merging import merge
from skprep.scalers.streams import columns_of, scaled_features


def learn(scaler, X, sample_weight, *, reset):
    """Learn from all blocks of ``X`` on the scheduler, on top of earlier rows unless ``reset``."""
    fresh = clone(scaler).set_output(transform="default")
    learnt = reduce_blocks(X, [sample_weight], partial(_learn_block, fresh), _merge_two)
    if learnt is None:
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0, {X.shape[1]})) while a minimum of 1 is required. "
            "Pass at least one row with a weight above 0."
        )
    if not reset:
        learnt = merge([scaler, learnt])
    parameters = scaler.get_params(deep=False)
    kept = {name: v for name, v in vars(scaler).items() if name in parameters or "output_config" in name}
    vars(scaler).clear()
    vars(scaler).update({n: v for n, v in vars(learnt).items() if n not in kept}, **kept)
    return scaler


def transform(scaler, X, *, inverse=False):
    """Return ``X`` scaled, or the scaling undone, as a lazy Dask collection of the same kind."""
    scaler = _for_blocks(scaler)
    if is_frame(X):
        return _transform_frame(scaler, X, inverse)
    n_columns = scaler.n_features_in_ if inverse else len(scaler.get_feature_names_out())
    dtype = X.dtype if X.dtype in (np.float32, np.float16) else np.dtype(np.float64)
    if X.shape[1] != (scaler.n_features_in_ if not inverse else len(scaler.get_feature_names_out())):
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(scaler).__name__} is expecting {scaler.n_features_in_} "
            "features as input. Pass the columns seen in fit."
        )
    step = partial(
        _transform_block, scaler, "inverse_transform" if inverse else "transform", n_columns, dtype
    )
    return map_blocks(X, step, n_columns, dtype)


def _transform_frame(scaler, X, inverse):
    names = scaler.feature_names_in_ if hasattr(scaler, "feature_names_in_") else None
    lazy.known_columns(scaler, X.columns, names)
    keys, features = columns_of(scaler)
    if keys and scaler.handle_unknown == "error":
        _refuse_unknown(scaler, X, keys)
    dtypes = {n: "float32" if X.dtypes[n] == np.float32 else "float64" for n in features}
    method = "inverse_transform" if inverse else "transform"
    return map_partitions(X, partial(_transform_partition, scaler, method, dtypes), dtypes)


def _learn_block(scaler, block, weight):
    """Return ``scaler`` fitted to a block; None where the block has no row."""
    if not len(block) or (weight is not None and not np.any(weight)):
        return None
    extra = {} if weight is None else {"sample_weight": np.asarray(weight)}
    try:
        return clone(scaler).partial_fit(block, **extra)
    except ValueError as error:
        raise ValueError(f"In a block of {len(block)} rows, counted from its first: {error}") from error


def _merge_two(a, b):
    both = [part for part in (a, b) if part is not None]
    return merge(both) if len(both) == 2 else (both[0] if both else None)


def _for_blocks(scaler):
    """Return a twin that no later fit of ``scaler`` changes, and that never writes into a block."""
    lazy.refuse_output(scaler)
    twin = deepcopy(scaler)
    return twin.set_params(copy=True) if "copy" in twin.get_params(deep=False) else twin


def _transform_block(scaler, method, n_columns, dtype, block):
    if not len(block):
        return np.empty((0, n_columns), dtype=dtype)
    return np.asarray(getattr(scaler, method)(block)).astype(dtype, copy=False)


def _transform_partition(scaler, method, dtypes, partition):
    if not len(partition):
        return partition.astype(dtypes)
    with warnings.catch_warnings():  # a partition is not all there is
        warnings.filterwarnings("ignore", message="GroupScaler knows none of the groups")
        scaled = scaled_features(scaler, partition, method)
    result = partition.copy()
    for j, (name, dtype) in enumerate(dtypes.items()):
        result[name] = scaled[:, j].astype(dtype, copy=False)
    return result


def _refuse_unknown(scaler, X, keys):
    counts = distinct_rows(X, keys)
    frame = counts.index.to_frame(index=False)
    codes, unknown = scaler._index.encode([frame[key] for key in keys])
    if unknown:
        scaler._refuse_unknown(unknown, len(unknown), int(counts.to_numpy()[codes < 0].sum()))
