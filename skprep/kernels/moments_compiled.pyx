# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Moments of few rows compiled, for which NumPy is all overhead: see :mod:`skprep.kernels.moments`.

Whatever is rare (a first value that is missing, squares that leave float64, parts of which neither is the larger) is
left to the module in NumPy: None says so.
"""

import numpy as np

from cython cimport floating
from libc.math cimport isfinite
from libc.stdint cimport int64_t

from skprep.kernels.common cimport AHEAD, check_layout, check_rows, check_shape, hot, prefetch, sums_t
from skprep.kernels.sums_compiled import sum_deviations

cdef double FAR = 1e-3  # a share of the squares so small was left by a difference that lost digits
cdef double TINY_SQUARE = 1e-280, TINY_VALUE = 1e-120, HUGE_SQUARE = 1e300  # as in the module in NumPy
cdef double LEAST = 2.0**-400, MOST = 2.0**400  # differences whose squares stay in float64

cdef enum:
    GROUPS = 512  # whose sums are taken in one go
    LOOKED_AT = 1 << 10  # rows that are looked through for missing values before they are added
    NARROW = 8  # columns that are read beside each other without losing one from the cache


cdef bint is_zero(const floating[:, :] X, Py_ssize_t j) noexcept nogil:
    """Say whether a column is 0 throughout, and not of values whose squares are."""
    cdef Py_ssize_t i
    for i in range(X.shape[0]):
        if X[i, j] != 0:
            return False
    return True


def column_moments(const floating[:, :] X, weight=None):
    """Return count, origin, offset and m2 of all rows as one group, or None."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], j
    cdef bint far = False
    cdef double ratio
    check_layout("X", X)
    if n == 0 or m == 0:
        return None
    first, offsets, squares = np.empty((3, 1, m))
    cdef double[:, ::1] origin = first, offset = offsets, m2 = squares, count, shift, square
    for j in range(m):
        origin[0, j] = X[0, j]
        if origin[0, j] != origin[0, j]:
            return None
    counts, shift, square = sum_deviations(X, first, None, 1, weight)
    count = counts
    for j in range(m):
        if not count[0, j] > 0:
            return None
        ratio = shift[0, j] / count[0, j]
        m2[0, j] = square[0, j] - shift[0, j] * ratio
        far |= m2[0, j] < FAR * square[0, j]
    if far:
        for j in range(m):
            origin[0, j] = origin[0, j] + shift[0, j] / count[0, j]
        counts, shift, square = sum_deviations(X, first, None, 1, weight)
        count = counts
    for j in range(m):
        ratio = shift[0, j] / count[0, j]
        m2[0, j] = square[0, j] - shift[0, j] * ratio
        m2[0, j] = 0.0 if m2[0, j] < 0.0 else m2[0, j]
        offset[0, j] = ratio
        if not (isfinite(shift[0, j]) and square[0, j] < HUGE_SQUARE):
            return None
        if square[0, j] < TINY_SQUARE and -TINY_VALUE < origin[0, j] < TINY_VALUE and not is_zero(X, j):
            return None
    return counts, first, offsets, squares


cdef hot find_missing(const floating* x, Py_ssize_t step, Py_ssize_t across, Py_ssize_t n, Py_ssize_t m,
                      int64_t* found) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef int64_t missing = 0
    if across == 1:
        for i in range(n):
            for j in range(m):
                missing |= x[i * step + j] != x[i * step + j]
    else:
        for j in range(m):
            for i in range(n):
                missing |= x[i + j * across] != x[i + j * across]
    found[0] |= missing


cdef int64_t add_all_rows(const floating* x, Py_ssize_t step, Py_ssize_t across, Py_ssize_t n, Py_ssize_t m,
                          const Py_ssize_t* codes, double* cells) noexcept nogil:
    """Add block after block, until one has a value that is missing; say whether one has."""
    cdef Py_ssize_t start = 0, rows
    cdef int64_t missing = 0
    while start < n and not missing:
        rows = min(<Py_ssize_t>LOOKED_AT, n - start)
        find_missing(x + start * step, step, across, rows, m, &missing)
        if not missing:
            add_rows_of_groups(x + start * step, step, across, rows, m, codes + start, cells)
        start += rows
    return missing


cdef hot add_rows_of_groups(const floating* x, Py_ssize_t step, Py_ssize_t across, Py_ssize_t n, Py_ssize_t m,
                            const Py_ssize_t* codes, double* cells) noexcept nogil:
    """Add rows to their groups, the first of which is what deviations are taken from; none is missing.

    The sums of a group lie side by side: number of rows, first row, deviations, squares.
    """
    cdef Py_ssize_t i, j, width = 3 * m + 1
    cdef const floating* row
    cdef double* own
    cdef sums_t pilot
    cdef sums_t shift
    cdef sums_t square
    cdef double d
    for i in range(n):
        if i + AHEAD < n:
            prefetch(cells + codes[i + AHEAD] * width)
        row = x + i * step
        own = cells + codes[i] * width
        pilot = own + 1
        shift = pilot + m
        square = shift + m
        if own[0] == 0.0:
            for j in range(m):
                pilot[j] = row[j * across]
        own[0] += 1.0
        for j in range(m):
            d = row[j * across] - pilot[j]
            shift[j] += d
            square[j] += d * d


def sum_from_first(const floating[:, :] X, const Py_ssize_t[::1] codes, Py_ssize_t n_groups):
    """Return a first row of each group, and count, sum and squares of the deviations from it.

    None where a value is missing or infinite, or many columns lie in one piece each.
    """
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], width = 3 * m + 1, item = sizeof(floating), g, j
    cdef double check = 0.0
    check_rows(n, codes, None, n_groups)
    check_layout("X", X)
    if n == 0 or m == 0 or codes is None or (X.strides[1] != item and m > NARROW):
        return None
    cdef int64_t missing = 0
    cdef double[:, ::1] cells = np.zeros((n_groups, width))
    with nogil:
        if X.strides[1] == item:  # neighbours, which the loops take side by side
            missing = add_all_rows(&X[0, 0], X.strides[0] // item, 1, n, m, &codes[0], &cells[0, 0])
        else:
            missing = add_all_rows(&X[0, 0], 1, X.strides[1] // item, n, m, &codes[0], &cells[0, 0])
    if missing:
        return None
    found = np.empty((4, n_groups, m))
    cdef double[:, :, ::1] f = found
    with nogil:
        for g in range(n_groups):
            for j in range(m):
                f[0, g, j] = cells[g, 1 + j]
                f[1, g, j] = cells[g, 0]
                f[2, g, j] = cells[g, 1 + m + j]
                f[3, g, j] = cells[g, 1 + 2 * m + j]
                check += f[2, g, j] * 0.0
    return (found[0], found[1], found[2], found[3]) if check == check else None


def pool_moments(const double[:, ::1] count, const double[:, ::1] origin, const double[:, ::1] offset,
                 const double[:, ::1] m2, const int64_t[:, ::1] exponent):
    """Return count, origin, offset and m2 of all groups together, or None."""
    cdef Py_ssize_t n = count.shape[0], m = count.shape[1], g, j, start
    cdef double delta, size
    cdef bint safe = True
    for name, values in (("origin", origin), ("offset", offset), ("m2", m2), ("exponent", exponent)):
        check_shape(name, (values.shape[0], values.shape[1]), (n, m))
    if n == 0 or m == 0:
        return None
    found, blocks = np.zeros((5, 1, m)), np.zeros((3, m))
    cdef double[:, :, ::1] f = found
    cdef double[:, ::1] block = blocks
    cdef double[::1] top = np.full(m, -1.0)
    with nogil:
        for g in range(n):
            for j in range(m):
                safe &= exponent[g, j] == 0
                if count[g, j] > top[j]:  # the largest group lends its value
                    top[j] = count[g, j]
                    f[1, 0, j] = origin[g, j]
        for start in range((n + GROUPS - 1) // GROUPS):  # sums of sums: long rows of additions would lose digits
            block[:, :] = 0.0
            for g in range(start * GROUPS, min((start + 1) * GROUPS, n)):
                for j in range(m):
                    if count[g, j] > 0:
                        delta = (origin[g, j] - f[1, 0, j]) + offset[g, j]
                        size = -delta if delta < 0 else delta
                        safe &= size < MOST and not (size > 0 and size < LEAST)
                        block[0, j] += count[g, j]
                        block[1, j] += count[g, j] * delta
                        block[2, j] += m2[g, j]
            for j in range(m):
                f[0, 0, j] += block[0, j]
                f[2, 0, j] += block[1, j]
                f[3, 0, j] += block[2, j]
        for j in range(m):
            f[2, 0, j] = f[2, 0, j] / f[0, 0, j] if f[0, 0, j] > 0 else 0.0
        for start in range((n + GROUPS - 1) // GROUPS):
            block[0, :] = 0.0
            for g in range(start * GROUPS, min((start + 1) * GROUPS, n)):
                for j in range(m):
                    if count[g, j] > 0:
                        delta = (origin[g, j] - f[1, 0, j]) + offset[g, j] - f[2, 0, j]
                        block[0, j] += count[g, j] * (delta * delta)
            for j in range(m):
                f[4, 0, j] += block[0, j]
    return (found[0], found[1], found[2], found[3] + found[4]) if safe else None


cdef struct Part:
    const double* count
    const double* origin
    const double* offset
    const double* m2
    const int64_t* exponent


cdef bint merge_cells(Part a, Part b, Py_ssize_t n, double* count, double* offset, double* m2) noexcept nogil:
    """Merge cell by cell by the formula of Chan et al.; say whether all could be."""
    cdef Py_ssize_t i
    cdef double delta, size, share
    for i in range(n):
        if b.count[i] > a.count[i] or a.exponent[i] or b.exponent[i]:
            return False
        count[i] = a.count[i] + b.count[i]
        share = b.count[i] / count[i] if count[i] > 0 else 0.0
        delta = (b.origin[i] - a.origin[i]) + (b.offset[i] - a.offset[i])
        size = -delta if delta < 0 else delta
        if not size < MOST or (size > 0 and size < LEAST):
            return False
        m2[i] = a.m2[i] + b.m2[i] + delta * delta * (a.count[i] * share)
        offset[i] = a.offset[i] + delta * share
    return True


def merge_moments(const double[:, ::1] count, const double[:, ::1] origin, const double[:, ::1] offset,
                  const double[:, ::1] m2, const int64_t[:, ::1] exponent, const double[:, ::1] count_b,
                  const double[:, ::1] origin_b, const double[:, ::1] offset_b, const double[:, ::1] m2_b,
                  const int64_t[:, ::1] exponent_b):
    """Return count, offset and m2 of two parts, the first of which is the larger one everywhere, or None."""
    cdef Py_ssize_t n = count.shape[0], m = count.shape[1]
    cdef bint done
    for name, values in (("origin", origin), ("offset", offset), ("m2", m2), ("exponent", exponent),
                         ("count_b", count_b), ("origin_b", origin_b), ("offset_b", offset_b), ("m2_b", m2_b),
                         ("exponent_b", exponent_b)):
        check_shape(name, (values.shape[0], values.shape[1]), (n, m))
    found = np.empty((3, n, m))
    if n == 0 or m == 0:
        return found[0], found[1], found[2]
    cdef double[:, :, ::1] f = found
    cdef Part a = Part(&count[0, 0], &origin[0, 0], &offset[0, 0], &m2[0, 0], &exponent[0, 0])
    cdef Part b = Part(&count_b[0, 0], &origin_b[0, 0], &offset_b[0, 0], &m2_b[0, 0], &exponent_b[0, 0])
    with nogil:
        done = merge_cells(a, b, n * m, &f[0, 0, 0], &f[1, 0, 0], &f[2, 0, 0])
    return (found[0], found[1], found[2]) if done else None
