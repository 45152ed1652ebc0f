"""Dask arrays and frames: learnt block by block and merged in a tree, changed block by block."""

import numpy as np


def is_partitioned(X):
    """Say whether ``X`` is a Dask array or a Dask frame; Dask is not imported for that."""
    kind = _dask_kind(X)
    if kind == "series":
        raise ValueError(
            "Expected rows and columns; received a Dask Series, which is one column. Pass a frame with that "
            f"column alone: frame[[{getattr(X, 'name', 'x')!r}]]."
        )
    return kind is not None


def is_frame(X):
    """Say whether a Dask collection is a frame."""
    return _dask_kind(X) == "frame"


def _dask_kind(X):
    for parent in type(X).__mro__:
        module = parent.__module__
        if module.startswith("dask.array"):
            return "array"
        if module.startswith(("dask.dataframe", "dask_expr")):
            return "frame" if parent.__name__ == "DataFrame" else "series"
    return None


def reduce_blocks(X, others, learn, merge):
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


def map_blocks(X, function, n_columns, dtype):
    """Return a Dask array of ``n_columns`` of ``dtype``, with ``function`` of each block of rows."""
    X = _whole_rows(X)
    chunks = (X.chunks[0], (n_columns,))
    meta = np.empty((0, n_columns), dtype=dtype)
    return X.map_blocks(function, dtype=dtype, chunks=chunks, meta=meta)


def map_partitions(X, function, columns):
    """Return a Dask frame with ``function`` of each partition; ``columns`` gives the dtypes that change."""
    meta = X._meta.astype(columns)
    return X.map_partitions(function, meta=meta)


def distinct_rows(X, columns):
    """Return the distinct rows of some columns of a Dask frame, and how often each occurs."""
    return X[columns].groupby(columns, dropna=False).size().compute()


def _row_blocks(X):
    if is_frame(X):
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
    if is_frame(X):
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
            f"Sample weights must be 1D array or scalar, one number for each of {X.shape[0]} rows; "
            f"received sample_weight.shape == {other.shape}. Pass one weight for each row."
        )
    other = other.rechunk((rows,)) if hasattr(other, "rechunk") else da.from_array(other, chunks=(rows,))
    return other.to_delayed().tolist()
