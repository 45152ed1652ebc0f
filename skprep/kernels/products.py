"""Sums of products of covariates with each other and with features, about the means of groups."""

import numpy as np

from skprep.kernels.dispatch import sum_cross
from skprep.kernels.grouping import count_rows, summing_matrix


def sum_products(X, Z, mean, codes, n_groups, weight=None):
    """Sum, over the rows of each group, the products of deviations of covariates from their means.

    Parameters
    ----------
    X : float ndarray of shape (n_rows, n_features)
        NaN is a missing value: its row does not count for that feature.
    Z : float64 ndarray of shape (n_rows, n_covariates)
        Free of NaN.
    mean : float64 ndarray of shape (n_groups, n_features)
        Of the values of X that are there.
    codes : intp ndarray of shape (n_rows,)
    n_groups : int
    weight : float64 ndarray of shape (n_rows,), default=None

    Returns
    -------
    z_mean : float64 ndarray of shape (n_groups, n_features or 1, n_covariates)
        1 where no value is missing, so that all features have the same rows.
    square : float64 ndarray of shape (n_groups, n_features or 1, n_covariates, n_covariates)
    cross : float64 ndarray of shape (n_groups, n_features, n_covariates)

    Examples
    --------
    >>> import numpy as np
    >>> X, Z = np.array([[1.0], [5.0]]), np.array([[0.0], [2.0]])
    >>> z_mean, square, cross = sum_products(X, Z, np.array([[3.0]]), np.array([0, 0]), 1)
    >>> z_mean.tolist(), square.tolist(), cross.tolist()
    ([[[1.0]]], [[[[2.0]]]], [[[4.0]]])
    """
    n_covariates = Z.shape[1]
    n = count_rows(len(X), codes, n_groups, weight)
    total = summing_matrix(len(X), codes, n_groups, weight)
    # A value of each group to shift by: a far-off mean costs no digits, and a constant is exactly one.
    row = np.zeros(n_groups, dtype=np.intp)
    row[codes] = np.arange(len(codes))
    origin = Z[row] if len(Z) else np.zeros((n_groups, n_covariates))
    d = Z - origin[codes]
    shift = _ratio(total @ d, n)
    d -= shift[codes]
    z_mean = np.where(n > 0, origin + shift, 0.0)[:, None, :]
    square = (total @ _pairs(d)).reshape(n_groups, 1, n_covariates, n_covariates)
    weighted = d if weight is None else d * weight[:, None]
    cross, missing = sum_cross(X, weighted, mean, codes, n_groups)
    cross = np.ascontiguousarray(cross.transpose(0, 2, 1))
    gaps = np.flatnonzero(missing)
    if len(gaps):
        z_mean, square = (np.repeat(part, X.shape[1], axis=1) for part in (z_mean, square))
        present = ~np.isnan(X[:, gaps])
        count = total @ present.astype(np.float64)
        own = weighted.T
        first = np.stack([summing_matrix(len(X), codes, n_groups, dk) @ present for dk in own], axis=2)
        offset = _ratio(first, count[:, :, None])
        # About the mean of the rows that are there, so that the rounding of the mean of X is multiplied by 0.
        left = total @ np.where(present, X[:, gaps] - mean[codes][:, gaps], 0.0)
        cross[:, gaps] -= offset * left[:, :, None]
        z_mean[:, gaps] = np.where(count[:, :, None] > 0, z_mean[:, gaps] + offset, 0.0)
        for k in range(n_covariates):
            for m in range(k + 1):
                of_pair = summing_matrix(len(X), codes, n_groups, own[k] * d[:, m]) @ present
                of_pair -= first[:, :, k] * offset[:, :, m]
                square[:, gaps, k, m] = square[:, gaps, m, k] = of_pair
    return z_mean, square, cross


def _pairs(d):
    return (d[:, :, None] * d[:, None, :]).reshape(len(d), -1)


def _ratio(total, count):
    return np.divide(
        total, count, out=np.zeros(np.broadcast_shapes(total.shape, count.shape)), where=count > 0
    )
