"""Sums per group as one matrix product."""

import numpy as np


def count_rows(n_rows, codes=None, n_groups=1, weight=None):
    """Return the weight of the rows of each group, as a column.

    Examples
    --------
    >>> import numpy as np
    >>> count_rows(3, np.array([0, 1, 1]), n_groups=2)
    array([[1.],
           [2.]])
    """
    if codes is None:
        return np.array([[float(n_rows) if weight is None else weight.sum()]])
    return np.bincount(codes, weights=weight, minlength=n_groups).astype(np.float64)[:, None]


def summing_matrix(n_rows, codes=None, n_groups=1, weight=None):
    """Return the ``(n_groups, n_rows)`` matrix whose product with X sums the rows of each group.

    A sparse one-hot matrix, which multiplies at the speed of memory; a dense row where all
    rows are one group.

    Examples
    --------
    >>> import numpy as np
    >>> summing_matrix(3, np.array([0, 1, 1]), 2) @ np.array([[1.0], [2.0], [3.0]])
    array([[1.],
           [5.]])
    """
    weight = np.ones(n_rows) if weight is None else weight
    if codes is None:
        return weight[None, :]
    from scipy import sparse  # here, so that the layers need NumPy alone

    return sparse.csc_array((weight, codes, np.arange(n_rows + 1)), shape=(n_groups, n_rows))
