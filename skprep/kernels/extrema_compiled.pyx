# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Minimum and maximum compiled: see :mod:`skprep.kernels.extrema`, whose results these are."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int64_t

from skprep.kernels.common cimport (
    BLOCK, FOLD, LANES, TALL, check_layout, check_rows, first_of, hot, is_by_column, onward,
)


cdef hot narrow_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                     floating* low, floating* high, floating* total) noexcept nogil:
    """Lower ``low`` and raise ``high`` by ``n`` rows; a NaN shows in ``total`` alone, where all is added."""
    cdef Py_ssize_t i = 0, j
    cdef const floating* r0
    cdef const floating* r1
    cdef floating a, b, small, large
    while i + 2 <= n:
        r0 = x + i * step
        r1 = r0 + step
        for j in range(m):
            a = r0[j]
            b = r1[j]
            small = a if a < low[j] else low[j]
            large = a if a > high[j] else high[j]
            low[j] = b if b < small else small
            high[j] = b if b > large else large
            total[j] += a + b
        i += 2
    if i < n:
        r0 = x + i * step
        for j in range(m):
            a = r0[j]
            low[j] = a if a < low[j] else low[j]
            high[j] = a if a > high[j] else high[j]
            total[j] += a


cdef hot count_rows_present(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                          const double* weight, double* count) noexcept nogil:
    """Add the weights of the values that are not NaN."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef double w
    for i in range(n):
        row = x + i * step
        w = 1.0 if weight == NULL else weight[i]
        for j in range(m):
            count[j] += w if row[j] == row[j] else 0.0


cdef hot count_column_present(const floating* x, Py_ssize_t n, const double* weight,
                            double* count) noexcept nogil:
    cdef double c[LANES]
    cdef Py_ssize_t i = 0
    cdef int k
    for k in range(LANES):
        c[k] = 0.0
    while i + LANES <= n:
        for k in range(LANES):
            c[k] += (1.0 if weight == NULL else weight[i + k]) if x[i + k] == x[i + k] else 0.0
        i += LANES
    while i < n:
        c[0] += (1.0 if weight == NULL else weight[i]) if x[i] == x[i] else 0.0
        i += 1
    for k in range(LANES):
        count[0] += c[k]


cdef void count_block(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, const double* w, bint missing,
                      double* count) noexcept nogil:
    """Add the weights of the values of a block, of which some may be ``missing``."""
    cdef Py_ssize_t i, j
    cdef double weight = n
    if missing:
        if m == 1 and step == 1:
            count_column_present(x, n, w, count)
        else:
            count_rows_present(x, step, n, m, w, count)
        return
    if w != NULL:
        weight = 0.0
        for i in range(n):
            weight += w[i]
    for j in range(m):
        count[j] += weight


cdef struct Extrema:
    double* count
    double* low
    double* high


cdef void narrow_block(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, Py_ssize_t fold,
                       const double* w, floating* lines, Extrema found) noexcept nogil:
    """Narrow by a block of rows, ``fold`` of them side by side."""
    cdef Py_ssize_t width = fold * m, n_lines = n // fold, j, k
    cdef floating* least = lines
    cdef floating* most = lines + width
    cdef floating* total = lines + 2 * width
    cdef floating check = 0.0
    for j in range(width):
        least[j] = INFINITY
        most[j] = -INFINITY
        total[j] = 0.0
    narrow_rows(x, fold * step, n_lines, width, least, most, total)
    narrow_rows(x + n_lines * fold * step, step, n - n_lines * fold, m, least, most, total)
    for j in range(width):
        check += total[j] * 0
    count_block(x, step, n, m, w, check != check, found.count)
    for k in range(fold):
        for j in range(m):
            if least[k * m + j] < found.low[j]:
                found.low[j] = least[k * m + j]
            if most[k * m + j] > found.high[j]:
                found.high[j] = most[k * m + j]


cdef void narrow_groups(const floating[:, :] X, const Py_ssize_t* codes, const double* w, double[:, ::1] count,
                        double[:, ::1] low, double[:, ::1] high) noexcept nogil:
    """Narrow each group by its rows, in the order in which they lie in memory."""
    cdef Py_ssize_t i, j, g, outer, inner
    cdef bint by_row = X.strides[1] == sizeof(floating)
    cdef double v
    for outer in range(X.shape[0] if by_row else X.shape[1]):
        for inner in range(X.shape[1] if by_row else X.shape[0]):
            i = outer if by_row else inner
            j = inner if by_row else outer
            v = X[i, j]
            g = codes[i]
            if v < low[g, j]:
                low[g, j] = v
            if v > high[g, j]:
                high[g, j] = v
            if v == v:
                count[g, j] += 1.0 if w == NULL else w[i]


def find_extrema(const floating[:, :] X, const Py_ssize_t[::1] codes=None, Py_ssize_t n_groups=1,
                 const double[::1] weight=None):
    """See :func:`skprep.kernels.extrema.find_extrema`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], start, rows, j, height
    check_rows(n, codes, weight, n_groups)
    check_layout("X", X)
    count = np.zeros((n_groups, m))
    low = np.full((n_groups, m), np.inf)
    high = np.full((n_groups, m), -np.inf)
    if n == 0 or m == 0:
        return count, low, high
    cdef double[:, ::1] c = count, least = low, most = high
    cdef Py_ssize_t by_row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef bint along_columns = is_by_column(X)
    cdef Py_ssize_t fold = FOLD if along_columns else max(1, FOLD // m) if by_row == m else 1
    cdef Py_ssize_t width = 1 if along_columns else m
    lines = np.empty(3 * fold * width, dtype=np.float32 if floating is float else np.float64)
    cdef floating[::1] line = lines
    cdef const double* w = first_of(weight)
    with nogil:
        if codes is not None:
            narrow_groups(X, &codes[0], w, c, least, most)
        else:
            height = max(TALL, BLOCK // (fold * width)) * fold
            for j in range(m if along_columns else 1):
                start = 0
                while start < n:
                    rows = min(height, n - start)
                    narrow_block(&X[start, j], by_row, rows, width, fold, onward(w, start), &line[0],
                                 Extrema(&c[0, j], &least[0, j], &most[0, j]))
                    start += rows
    return count, low, high


cdef hot sink_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                   floating* first, floating* second, floating* total) noexcept nogil:
    """Lower the two smallest values by ``n`` rows; NaN and infinities show in ``total``, where all is added."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef floating v, low, high
    for i in range(n):
        row = x + i * step
        for j in range(m):
            v = row[j]
            low = v if v < first[j] else first[j]
            high = first[j] if v < first[j] else v
            high = high if high > low else <floating>INFINITY  # the same value once more is no second one
            second[j] = high if high < second[j] else second[j]
            first[j] = low
            total[j] += v


cdef hot find_infinite(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, int64_t* found) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef int64_t any_of = 0
    for i in range(n):
        row = x + i * step
        for j in range(m):
            any_of |= row[j] == INFINITY
    found[0] = any_of


cdef inline void lower(double v, double* first, double* second) noexcept nogil:
    """Lower the two smallest values by one."""
    if v < first[0]:
        second[0] = first[0]
        first[0] = v
    elif v > first[0] and v < second[0]:
        second[0] = v


cdef struct Two:
    double* count
    double* first
    double* second


cdef void sink_block(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, Py_ssize_t fold,
                     const double* w, floating* lines, Two found) noexcept nogil:
    """Lower by a block of rows, ``fold`` of them side by side."""
    cdef Py_ssize_t width = fold * m, n_lines = n // fold, i, j
    cdef int64_t infinite = 0
    cdef floating* first = lines
    cdef floating* second = lines + width
    cdef floating* total = lines + 2 * width
    cdef floating check = 0.0
    for j in range(width):
        first[j] = second[j] = INFINITY
        total[j] = 0.0
    sink_rows(x, fold * step, n_lines, width, first, second, total)
    sink_rows(x + n_lines * fold * step, step, n - n_lines * fold, m, first, second, total)
    for j in range(width):
        check += total[j] * 0
        lower(first[j], &found.first[j % m], &found.second[j % m])
        lower(second[j], &found.first[j % m], &found.second[j % m])
    count_block(x, step, n, m, w, check != check, found.count)
    if check == check:
        return
    find_infinite(x, step, n, m, &infinite)
    if infinite:
        for i in range(n):
            for j in range(m):
                if x[i * step + j] == INFINITY:
                    lower(-INFINITY, &found.first[j], &found.second[j])


cdef void sink_groups(const floating[:, :] X, const Py_ssize_t* codes, const double* w, double[:, ::1] count,
                      double[:, ::1] first, double[:, ::1] second) noexcept nogil:
    """Lower each group by its rows, in the order in which they lie in memory."""
    cdef Py_ssize_t i, j, g, outer, inner
    cdef bint by_row = X.strides[1] == sizeof(floating)
    cdef double v
    for outer in range(X.shape[0] if by_row else X.shape[1]):
        for inner in range(X.shape[1] if by_row else X.shape[0]):
            i = outer if by_row else inner
            j = inner if by_row else outer
            v = X[i, j]
            g = codes[i]
            if v == v:
                count[g, j] += 1.0 if w == NULL else w[i]
                lower(-INFINITY if v == INFINITY else v, &first[g, j], &second[g, j])


def find_smallest_two(const floating[:, :] X, const Py_ssize_t[::1] codes=None, Py_ssize_t n_groups=1,
                      const double[::1] weight=None):
    """See :func:`skprep.kernels.extrema.find_smallest_two`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], start, rows, j, height
    check_rows(n, codes, weight, n_groups)
    check_layout("X", X)
    count = np.zeros((n_groups, m))
    first = np.full((n_groups, m), np.inf)
    second = np.full((n_groups, m), np.inf)
    if n == 0 or m == 0:
        return count, first, second
    cdef double[:, ::1] c = count, a = first, b = second
    cdef Py_ssize_t by_row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef bint along_columns = is_by_column(X)
    cdef Py_ssize_t fold = FOLD if along_columns else max(1, FOLD // m) if by_row == m else 1
    cdef Py_ssize_t width = 1 if along_columns else m
    lines = np.empty(3 * fold * width, dtype=np.float32 if floating is float else np.float64)
    cdef floating[::1] line = lines
    cdef const double* w = first_of(weight)
    with nogil:
        if codes is not None:
            sink_groups(X, &codes[0], w, c, a, b)
        else:
            height = max(TALL, BLOCK // (fold * width)) * fold
            for j in range(m if along_columns else 1):
                start = 0
                while start < n:
                    rows = min(height, n - start)
                    sink_block(&X[start, j], by_row, rows, width, fold, onward(w, start), &line[0],
                               Two(&c[0, j], &a[0, j], &b[0, j]))
                    start += rows
    return count, first, second
