"""Sums of products of features with covariates, per group."""

import numpy as np

from skprep.kernels.grouping import summing_matrix


def sum_cross(X, D, mean, codes, n_groups):
    """Sum ``D * (X - mean)`` over the rows of each group, NaN left out.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
    D : float64 ndarray of shape (n_rows, n_covariates)
        Deviations of covariates, one or more, times the weight of the row.
    mean : float64 ndarray of shape (n_groups, n_features)
    codes : intp ndarray of shape (n_rows,)
    n_groups : int

    Returns
    -------
    cross : float64 ndarray of shape (n_groups, n_covariates, n_features)
    missing : float64 ndarray of shape (n_features,)
        How many values of each feature are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> X, D = np.array([[1.0], [5.0], [np.nan]]), np.array([[-1.0], [1.0], [7.0]])
    >>> sum_cross(X, D, np.array([[3.0]]), np.array([0, 0, 0]), 1)
    (array([[[4.]]]), array([1.]))
    """
    y = X - mean[codes]
    absent = np.isnan(y)
    y[absent] = 0.0
    cross = np.stack([summing_matrix(len(X), codes, n_groups, d) @ y for d in D.T], axis=1)
    return cross, absent.sum(axis=0, dtype=np.float64)
