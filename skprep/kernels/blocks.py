"""Cut a matrix into blocks that fit the cache, along the order in which it lies in memory."""

import numpy as np

CACHE_ELEMENTS = 1 << 16  # 512 KiB of float64: half a common level-2 cache
FOLDED_WIDTH = 1 << 12  # NumPy pays per row, so short rows are read several at a time


def row_blocks(n_rows, n_features, elements=CACHE_ELEMENTS):
    """Yield the slices that cut ``n_rows`` rows into blocks of about ``elements`` numbers.

    Examples
    --------
    >>> list(row_blocks(5, 2, elements=4))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, elements // max(1, n_features))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def column_chunks(X):
    """Return the slices of columns that are worth reading together.

    All columns where a row lies in one piece, a few where a column does: a block
    of rows of a column-ordered matrix would otherwise be thousands of short runs.

    Examples
    --------
    >>> import numpy as np
    >>> column_chunks(np.empty((100_000, 40)))
    [slice(0, 40, None)]
    >>> column_chunks(np.empty((100_000, 40), order="F"))
    [slice(0, 16, None), slice(16, 32, None), slice(32, 40, None)]
    """
    n_rows, n_features = X.shape
    by_column = X.strides[0] < X.strides[1]
    width = min(8192, max(16, CACHE_ELEMENTS // max(1, n_rows))) if by_column else CACHE_ELEMENTS
    return [slice(start, min(start + width, n_features)) for start in range(0, n_features, width)]


def fold_of(n_rows, n_features):
    """Return how many rows to read as one line, so that few of ``n_rows`` stay over.

    Examples
    --------
    >>> fold_of(1000, 20)  # 5 lines of 200 rows
    200
    """
    fold = max(1, min(n_rows, FOLDED_WIDTH // max(1, n_features)))
    lines = max(1, -(-n_rows // fold))
    return max(1, n_rows // lines)


def folded_blocks(X, out, vectors, elements=CACHE_ELEMENTS):
    """Yield ``(block of X, block of out, vectors)`` ready for elementwise arithmetic.

    Each of ``vectors`` (one number per feature, or None) comes back in the shape that
    broadcasts against the block. Rows of a row-ordered matrix are folded, several
    rows to a line; a column-ordered matrix is walked transposed.

    Examples
    --------
    >>> import numpy as np
    >>> X, out = np.ones((3, 2)), np.empty((3, 2))
    >>> for x, o, (center,) in folded_blocks(X, out, [np.array([1.0, 2.0])]):
    ...     np.subtract(x, center, out=o)
    array([[ 0., -1.,  0., -1.,  0., -1.]])
    >>> out[0]
    array([ 0., -1.])
    """
    if X.flags.c_contiguous and out.flags.c_contiguous:
        yield from _folded_rows(X, out, vectors, elements)
    elif X.flags.f_contiguous and out.flags.f_contiguous:
        for cols in row_blocks(X.shape[1], X.shape[0], elements):  # whole columns, as many as fit
            columns = [None if v is None else v[cols, None] for v in vectors]
            for rows in row_blocks(X.shape[0], cols.stop - cols.start, elements):
                yield X[rows, cols].T, out[rows, cols].T, columns
    else:
        for rows in row_blocks(*X.shape, elements):
            yield X[rows], out[rows], vectors


def _folded_rows(X, out, vectors, elements):
    n_rows, n_features = X.shape
    fold = fold_of(n_rows, n_features)
    whole = n_rows - n_rows % fold
    tiled = vectors if fold == 1 else [None if v is None else np.tile(v, fold) for v in vectors]
    lines = X[:whole].reshape(whole // fold, fold * n_features)
    out_lines = out[:whole].reshape(whole // fold, fold * n_features)
    for rows in row_blocks(*lines.shape, elements):
        yield lines[rows], out_lines[rows], tiled
    if whole < n_rows:
        yield X[whole:], out[whole:], vectors
