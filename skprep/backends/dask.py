"""Dask arrays and frames: learnt block by block and merged in a tree, transformed block by block."""

import warnings
from copy import deepcopy
from functools import partial

import numpy as np
from sklearn.base import clone

from skprep.backends.fitted import fitted_of
from skprep.backends.lazy import check_keys_are_columns, known_columns, refuse_metadata, refuse_output
from skprep.backends.merging import merge
from skprep.backends.subset import transform_columns_of
from skprep.errors import NoControls
from skprep.validation.unknown import refuse_unknown


def is_collection(X):
    """Say whether ``X`` is a Dask array or a Dask frame; Dask is not imported for that."""
    kind = _dask_kind(X)
    if kind == "series":
        raise ValueError(
            "Expected rows and columns; received a Dask Series, which is one column. Pass a frame with that "
            f"column alone: frame[[{getattr(X, 'name', 'x')!r}]]."
        )
    return kind is not None


def learn(estimator, X, y=None, *, reset, stream=False, set_attributes=True, sample_weight=None, groups=None):
    """Learn from all blocks of ``X`` on the scheduler, on top of earlier rows unless ``reset``."""
    refuse_metadata(groups=groups)
    _check_merges(estimator)
    fresh = clone(estimator).set_output(transform="default")
    learnt = _reduce_blocks(X, [sample_weight], partial(_learn_block, fresh), _merge_two)
    if learnt is None:
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0, {X.shape[1]})) while a minimum of 1 is required. Pass "
            "at least one row with a weight above 0."
        )
    if not reset:
        learnt = merge([estimator, learnt])
    parameters = estimator.get_params(deep=False)
    kept = {name: v for name, v in vars(estimator).items() if name in parameters or "output_config" in name}
    vars(estimator).clear()
    vars(estimator).update({n: v for n, v in vars(learnt).items() if n not in kept}, **kept)
    return estimator


def transform(estimator, X, *, inverse=False, copy=True, **metadata):
    """Return ``X`` scaled, or the scaling undone, as a lazy Dask collection of the same kind."""
    refuse_metadata(**metadata)
    refuse_output(estimator)
    # a twin that no later fit changes, and that never writes into a block
    twin = deepcopy(estimator)
    twin = twin.set_params(copy=True) if "copy" in twin.get_params(deep=False) else twin
    method = "inverse_transform" if inverse else "transform"
    if _is_frame(X):
        return _transform_frame(twin, X, method)
    n_in, n_out = twin.n_features_in_, len(twin.get_feature_names_out())
    dtype = X.dtype if X.dtype in (np.float32, np.float16) else np.dtype(np.float64)
    if getattr(twin, "columns", None) is not None:
        raise ValueError(
            "A Dask array has one type for all columns; received one with columns=, whose others would be "
            "cast. Pass a Dask frame, or leave columns out."
        )
    spare = len(getattr(twin, "controls", None) or ())
    if X.shape[1] not in ((n_out,) if inverse else (n_in, n_in - spare)):
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(twin).__name__} is expecting {n_in} features as input. "
            "Pass the columns seen in fit."
        )
    n_columns = n_in if inverse else n_out
    return _map_blocks(X, partial(_transform_block, twin, method, n_columns, dtype), n_columns, dtype)


def _check_merges(estimator):
    inner = getattr(estimator, "scaler", estimator)
    told = getattr(estimator, "by", None) is not None or getattr(estimator, "controls", None) is not None
    if inner is not estimator and not (told and hasattr(inner, "_merge")):
        raise ValueError(
            "Dask collections need a key column and a scaler of skprep, which merges; received "
            f"by={estimator.by!r} and {type(inner).__name__}. Name the key in by=, or compute X first."
        )


def _transform_frame(estimator, X, method):
    fitted = fitted_of(estimator)
    known_columns(estimator, X.columns, fitted.needed)
    check_keys_are_columns(fitted)
    if fitted.index is not None and fitted.handle_unknown == "error":
        _check_groups(X, fitted)
    dtypes = {n: "float32" if X.dtypes[n] == np.float32 else "float64" for n in fitted.feature_names}
    step = partial(_transform_partition, estimator, fitted, method, dtypes)
    return X.map_partitions(step, meta=X._meta.astype(dtypes))


def _learn_block(estimator, block, weight):
    """Return the estimator fitted to a block; None where the block has no row."""
    if not len(block) or (weight is not None and not np.any(weight)):
        return None
    extra = {} if weight is None else {"sample_weight": np.asarray(weight)}
    try:
        return clone(estimator).partial_fit(block, **extra)
    except NoControls:
        return None
    except ValueError as error:
        raise ValueError(f"In a block of {len(block)} rows, counted from its first: {error}") from error


def _merge_two(a, b):
    both = [part for part in (a, b) if part is not None]
    return merge(both) if len(both) == 2 else (both[0] if both else None)


def _transform_block(estimator, method, n_columns, dtype, block):
    if not len(block):
        return np.empty((0, n_columns), dtype=dtype)
    return np.asarray(getattr(estimator, method)(block)).astype(dtype, copy=False)


def _transform_partition(estimator, fitted, method, dtypes, partition):
    if not len(partition):
        return partition.astype(dtypes)
    with warnings.catch_warnings():  # a partition is not all there is
        warnings.filterwarnings("ignore", message=".* knows none of the groups")
        scaled = transform_columns_of(estimator, fitted, partition, method)
    result = partition.copy()
    for j, (name, dtype) in enumerate(dtypes.items()):
        result[name] = scaled[:, j].astype(dtype, copy=False)
    return result


def _check_groups(X, fitted):
    counts = _distinct_rows(X, fitted.key_names)
    frame = counts.index.to_frame(index=False)
    codes, unknown = fitted.index.encode([frame[key] for key in fitted.key_names])
    if unknown:
        rows = int(counts.to_numpy()[codes < 0].sum())
        refuse_unknown(fitted.index, fitted.key_text, unknown, len(unknown), rows, fitted.owner)


def _is_frame(X):
    return _dask_kind(X) == "frame"


def _dask_kind(X):
    for parent in type(X).__mro__:
        module = parent.__module__
        if module.startswith("dask.array"):
            return "array"
        if module.startswith(("dask.dataframe", "dask_expr")):
            return "frame" if parent.__name__ == "DataFrame" else "series"
    return None


def _reduce_blocks(X, others, learn, merge):
    """Return what ``learn(block, *parts of others)`` gives for each block, merged pairwise on the scheduler.

    ``others`` are arrays with a number per row, or None. Neighbours are merged, so the order of the
    rows is kept. A block without rows is None to ``merge``.
    """
    import dask

    blocks = _row_blocks(X)
    columns = [_split(X, other, len(blocks)) for other in others]
    learn, merge = dask.delayed(learn), dask.delayed(merge)
    parts = [learn(*row) for row in zip(blocks, *columns, strict=True)]
    while len(parts) > 1:
        pairs = [merge(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(pairs) * 2 :]
    return dask.compute(parts[0])[0]


def _map_blocks(X, function, n_columns, dtype):
    """Return a Dask array of ``n_columns`` of ``dtype``, with ``function`` of each block of rows."""
    X = _whole_rows(X)
    chunks = (X.chunks[0], (n_columns,))
    meta = np.empty((0, n_columns), dtype=dtype)
    return X.map_blocks(function, dtype=dtype, chunks=chunks, meta=meta)


def _distinct_rows(X, columns):
    """Return the distinct rows of some columns of a Dask frame, and how often each occurs."""
    return X[columns].groupby(columns, dropna=False).size().compute()


def _row_blocks(X):
    if _is_frame(X):
        return X.to_delayed()
    return _whole_rows(X).to_delayed().ravel().tolist()


def _whole_rows(X):
    """Return a Dask array whose blocks hold whole rows."""
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead. A Dask array must have rows and columns; pass "
            "X.reshape(-1, 1) for a single feature."
        )
    return X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})


def _split(X, other, n_blocks):
    """Return the parts of ``other`` that go with the blocks of rows of ``X``."""
    if other is None:
        return [None] * n_blocks
    if _is_frame(X):
        raise ValueError(
            "sample_weight beside a Dask frame needs the lengths of its partitions; received one. Pass Dask "
            "arrays: X.to_dask_array(lengths=True)."
        )
    import dask.array as da

    rows = X.chunks[0]
    if any(np.isnan(rows)):
        raise ValueError(
            "sample_weight beside a Dask array needs blocks of known length; received blocks of unknown "
            "length. Call X.compute_chunk_sizes() first."
        )
    other = other if _dask_kind(other) == "array" else np.asarray(other)
    if other.shape != (X.shape[0],):
        raise ValueError(
            f"Sample weights must be 1D array or scalar, one number for each of {X.shape[0]} rows; received "
            f"sample_weight.shape == {other.shape}. Pass one weight for each row."
        )
    other = other.rechunk((rows,)) if hasattr(other, "rechunk") else da.from_array(other, chunks=(rows,))
    return other.to_delayed().tolist()
