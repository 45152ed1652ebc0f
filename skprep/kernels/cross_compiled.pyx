# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Sums of products of features with covariates compiled: see :mod:`skprep.kernels.cross`."""

import numpy as np

from cython cimport floating

from skprep.kernels.common cimport check_layout, check_length, check_rows, check_shape, given_t, hot, is_by_column, sums_t


cdef hot add_row(const floating* x, given_t mean, const double* d, Py_ssize_t m, Py_ssize_t q,
                 sums_t cross, sums_t missing) noexcept nogil:
    """Add the products of one row, a missing value counted and left out."""
    cdef Py_ssize_t j, k
    cdef double y
    for j in range(m):
        y = x[j] - mean[j]
        missing[j] += 0.0 if x[j] == x[j] else 1.0
        cross[j] += d[0] * (y if x[j] == x[j] else 0.0)
    for k in range(1, q):
        for j in range(m):
            y = x[j] - mean[j]
            cross[k * m + j] += d[k] * (y if x[j] == x[j] else 0.0)


cdef void add_column(const floating* x, const double* mean, Py_ssize_t m, const double* d, Py_ssize_t q,
                     const Py_ssize_t* codes, Py_ssize_t n, double* cross, double* missing) noexcept nogil:
    """Add the products of one column, of which ``mean`` and ``cross`` have one number for every ``m``."""
    cdef Py_ssize_t i, k, g
    cdef double y
    for i in range(n):
        if x[i] != x[i]:
            missing[0] += 1.0
            continue
        g = codes[i]
        y = x[i] - mean[g * m]
        for k in range(q):
            cross[(g * q + k) * m] += d[i * q + k] * y


def sum_cross(const floating[:, :] X, const double[:, ::1] D, const double[:, ::1] mean,
              const Py_ssize_t[::1] codes, Py_ssize_t n_groups):
    """Return the sums of products, and how many values of each feature are missing."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], q = D.shape[1], i, j, g
    check_layout("X", X)
    if codes is None:
        raise ValueError("codes must be given: one for each row")
    if q < 1:
        raise ValueError("D must have one column or more; received none")
    check_rows(n, codes, None, n_groups)
    check_length("D", D.shape[0], n)
    check_shape("mean", (mean.shape[0], mean.shape[1]), (n_groups, m))
    sums, gaps = np.zeros((n_groups, q, m)), np.zeros(m)
    cdef double[:, :, ::1] cross = sums
    cdef double[::1] missing = gaps
    if n == 0 or m == 0:
        return sums, gaps
    with nogil:
        if is_by_column(X):
            for j in range(m):
                add_column(&X[0, j], &mean[0, j], m, &D[0, 0], q, &codes[0], n, &cross[0, 0, j], &missing[j])
        else:
            for i in range(n):
                g = codes[i]
                add_row(&X[i, 0], &mean[g, 0], &D[i, 0], m, q, &cross[g, 0, 0], &missing[0])
    return sums, gaps
