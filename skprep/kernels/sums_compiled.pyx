# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""The sums of deviations compiled: see :mod:`skprep.kernels.sums`, whose results these are.

Each matrix is read in the order in which it lies in memory, along its rows or its columns. Loops run without
the interpreter's lock. Sums are taken in float64 over a few thousand numbers at a time, and those are added up.

A block is first read as if nothing were missing. A NaN makes its sums NaN, and then the block, which is still in
the cache, is read again by the slower loop that leaves NaN out.
"""

import numpy as np

from cython cimport floating
from libc.string cimport memcpy

from skprep.kernels.common cimport (
    BLOCK, FOLD, LANES, TALL, add_deviations, check_layout, check_rows, check_shape, fill, first_of, given_t, hot,
    is_by_column, onward, sums_t,
)

cdef enum:
    FEW_CELLS = 1 << 11  # groups x features whose sums may be taken block by block

cdef struct Sums:
    double* count
    double* shift
    double* square


cdef hot add_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                  given_t pilot, sums_t shift, sums_t square) noexcept nogil:
    """Add deviations and their squares of ``n`` rows, none of them missing."""
    add_deviations(x, step, n, m, pilot, shift, square)


cdef hot add_rows_with_missing(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                               given_t pilot, const double* weight, Sums* sums) noexcept nogil:
    """Add weights, weighted deviations and their squares of ``n`` rows, NaN left out."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef double d, w, present, own
    cdef sums_t count = sums.count
    cdef sums_t shift = sums.shift
    cdef sums_t square = sums.square
    for i in range(n):
        row = x + i * step
        w = 1.0 if weight == NULL else weight[i]
        for j in range(m):
            d = row[j] - pilot[j]
            present = w if row[j] == row[j] else 0.0
            own = d if row[j] == row[j] else 0.0
            count[j] += present
            d = w * own
            shift[j] += d
            square[j] += d * own


cdef hot add_column_with_missing(const floating* x, Py_ssize_t n, double pilot, const double* weight,
                                 Sums* sums) noexcept nogil:
    """Add weights, weighted deviations and their squares of ``n`` neighbours, NaN left out."""
    cdef double c[LANES]
    cdef double s[LANES]
    cdef double q[LANES]
    cdef double d, w, own, present
    cdef Py_ssize_t i = 0
    cdef int k
    for k in range(LANES):
        c[k] = 0.0
        s[k] = 0.0
        q[k] = 0.0
    while i + LANES <= n:
        for k in range(LANES):
            w = 1.0 if weight == NULL else weight[i + k]
            d = x[i + k] - pilot
            present = w if x[i + k] == x[i + k] else 0.0
            own = d if x[i + k] == x[i + k] else 0.0
            c[k] += present
            d = present * own
            s[k] += d
            q[k] += d * own
        i += LANES
    while i < n:
        if x[i] == x[i]:
            w = 1.0 if weight == NULL else weight[i]
            d = x[i] - pilot
            c[0] += w
            s[0] += w * d
            q[0] += w * d * d
        i += 1
    for k in range(LANES):
        sums.count[0] += c[k]
        sums.shift[0] += s[k]
        sums.square[0] += q[k]


cdef void add_column(const floating* x, Py_ssize_t n, double pilot, Sums* sums) noexcept nogil:
    """Add deviations and their squares of ``n`` neighbours, none of them missing."""
    cdef double p[FOLD]
    cdef double s[FOLD]
    cdef double q[FOLD]
    cdef Py_ssize_t whole = n - n % FOLD
    cdef int k
    fill(p, FOLD, pilot)
    fill(s, FOLD, 0.0)
    fill(q, FOLD, 0.0)
    add_rows(x, FOLD, n // FOLD, FOLD, p, s, q)  # neighbours side by side, as if they were a row
    add_rows(x + whole, FOLD, 1, n - whole, p, s, q)
    for k in range(FOLD):
        sums.shift[0] += s[k]
        sums.square[0] += q[k]


cdef hot add_grouped_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                          const Py_ssize_t* codes, const double* pilot, Sums* sums) noexcept nogil:
    """Add the rows to the sums of their groups, none of them missing."""
    cdef Py_ssize_t i, at
    for i in range(n):
        at = codes[i] * m
        add_deviations(x + i * step, step, 1, m, pilot + at, sums.shift + at, sums.square + at)


cdef void add_grouped_rows_with_missing(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                                        const Py_ssize_t* codes, const double* pilot, const double* weight,
                                        Sums* sums) noexcept nogil:
    cdef Py_ssize_t i, at
    cdef Sums own
    for i in range(n):
        at = codes[i] * m
        own = Sums(sums.count + at, sums.shift + at, sums.square + at)
        add_rows_with_missing(x + i * step, step, 1, m, pilot + at, onward(weight, i), &own)


cdef void add_grouped_column(const floating* x, Py_ssize_t n, const Py_ssize_t* codes,
                             const double* weight, bint missing, double* cell) noexcept nogil:
    """Add a column to ``cell``: pilot, count, shift and square of each group, side by side."""
    cdef Py_ssize_t i
    cdef double* own
    cdef double d, w
    if not missing:
        for i in range(n):
            own = cell + 4 * codes[i]
            d = x[i] - own[0]
            own[2] += d
            own[3] += d * d
        return
    for i in range(n):
        if x[i] == x[i]:
            own = cell + 4 * codes[i]
            w = 1.0 if weight == NULL else weight[i]
            d = x[i] - own[0]
            own[1] += w
            own[2] += w * d
            own[3] += w * d * d


cdef bint any_nan(const double* values, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef double total = 0.0
    for i in range(n):
        total += values[i] * 0.0
    return total != total


cdef void move_sums(double* source, double* whole, Py_ssize_t n) noexcept nogil:
    """Add ``source`` to ``whole`` and empty it."""
    cdef Py_ssize_t i
    for i in range(n):
        whole[i] += source[i]
        source[i] = 0.0


cdef void move_all(Sums* source, Sums* whole, Py_ssize_t n) noexcept nogil:
    move_sums(source.count, whole.count, n)
    move_sums(source.shift, whole.shift, n)
    move_sums(source.square, whole.square, n)


cdef void sum_rows(const floating[:, :] X, const double* pilot, const double* w, double* p, Py_ssize_t fold,
                   Sums* block, Sums* whole) noexcept nogil:
    """Sum rows; ``fold`` short ones are read as one line, whose pilot ``p`` repeats that of a row."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], step = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t height = max(TALL, BLOCK // (m * fold)) * fold, start = 0, rows, lines, j, k
    cdef const floating* x = &X[0, 0]
    cdef bint missing = w != NULL
    for k in range(fold):
        memcpy(p + k * m, pilot, m * sizeof(double))
    while start < n:
        rows = min(height, n - start)
        if not missing:
            lines = rows // fold
            add_rows(x + start * step, fold * step, lines, fold * m, p, block.shift, block.square)
            add_rows(x + (start + lines * fold) * step, step, rows - lines * fold, m, p, block.shift, block.square)
            if any_nan(block.shift, fold * m):
                missing = True
                fill(block.shift, fold * m, 0.0)
                fill(block.square, fold * m, 0.0)
            else:
                for j in range(m):
                    block.count[j] = rows
        if missing:
            add_rows_with_missing(x + start * step, step, rows, m, pilot, onward(w, start), block)
        move_sums(block.count, whole.count, m)
        for k in range(fold):
            move_sums(block.shift + k * m, whole.shift, m)
            move_sums(block.square + k * m, whole.square, m)
        start += rows


cdef void sum_columns(const floating[:, :] X, const double* pilot, const double* w, Sums* whole) noexcept nogil:
    cdef Py_ssize_t n = X.shape[0], j, start, rows
    cdef bint missing
    cdef double c, s, q
    cdef Sums block = Sums(&c, &s, &q)
    cdef const floating* column
    for j in range(X.shape[1]):
        column = &X[0, j]
        missing = w != NULL
        start = 0
        while start < n:
            rows = min(<Py_ssize_t>BLOCK, n - start)
            c = s = q = 0.0
            if not missing:
                add_column(column + start, rows, pilot[j], &block)
                c = rows
                if s != s:
                    missing = True
                    c = s = q = 0.0
            if missing:
                add_column_with_missing(column + start, rows, pilot[j], onward(w, start), &block)
            whole.count[j] += c
            whole.shift[j] += s
            whole.square[j] += q
            start += rows


cdef void count_codes(const Py_ssize_t* codes, Py_ssize_t n, Py_ssize_t n_groups, double* rows) noexcept nogil:
    cdef Py_ssize_t i
    fill(rows, n_groups, 0.0)
    for i in range(n):
        rows[codes[i]] += 1.0


cdef void sum_grouped_rows(const floating[:, :] X, const Py_ssize_t* codes, const double[:, ::1] pilot,
                           const double* w, double* of_group, Sums* scratch, Sums* whole) noexcept nogil:
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], step = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t n_groups = pilot.shape[0], cells = n_groups * m, start = 0, rows, g, j, height
    cdef const floating* x = &X[0, 0]
    cdef const double* p = &pilot[0, 0]
    cdef bint few = cells <= FEW_CELLS, missing = w != NULL
    cdef Sums* block = scratch if few else whole  # larger than a block, the sums are taken in one go
    height = max(TALL, BLOCK // m) if few else n
    while start < n:
        rows = min(height, n - start)
        if not missing:
            add_grouped_rows(x + start * step, step, rows, m, codes + start, p, block)
            if any_nan(block.shift, cells):
                missing = True
                fill(block.shift, cells, 0.0)
                fill(block.square, cells, 0.0)
            else:
                count_codes(codes + start, rows, n_groups, of_group)
                for g in range(n_groups):
                    for j in range(m):
                        block.count[g * m + j] = of_group[g]
        if missing:
            add_grouped_rows_with_missing(
                x + start * step, step, rows, m, codes + start, p, onward(w, start), block
            )
        if few:
            move_all(block, whole, cells)
        start += rows


cdef void sum_grouped_columns(const floating[:, :] X, const Py_ssize_t* codes, const double[:, ::1] pilot,
                              const double* w, double* of_group, double* cell, Sums* whole) noexcept nogil:
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], n_groups = pilot.shape[0], j, g, start = 0, rows
    cdef Py_ssize_t height = BLOCK if n_groups <= FEW_CELLS else n
    cdef const floating* column
    cdef bint missing
    cdef double total
    while start < n:
        rows = min(height, n - start)
        count_codes(codes + start, rows, n_groups, of_group)
        for j in range(m):
            column = &X[start, j]
            for g in range(n_groups):
                cell[4 * g] = pilot[g, j]
                cell[4 * g + 1] = cell[4 * g + 2] = cell[4 * g + 3] = 0.0
            missing = w != NULL
            if not missing:
                add_grouped_column(column, rows, codes + start, w, False, cell)
                total = 0.0
                for g in range(n_groups):
                    cell[4 * g + 1] = of_group[g]
                    total += cell[4 * g + 2] * 0.0
                if total != total:
                    missing = True
                    for g in range(n_groups):
                        cell[4 * g + 1] = cell[4 * g + 2] = cell[4 * g + 3] = 0.0
            if missing:
                add_grouped_column(column, rows, codes + start, onward(w, start), True, cell)
            for g in range(n_groups):
                whole.count[g * m + j] += cell[4 * g + 1]
                whole.shift[g * m + j] += cell[4 * g + 2]
                whole.square[g * m + j] += cell[4 * g + 3]
        start += rows


def sum_deviations(const floating[:, :] X, const double[:, ::1] pilot, const Py_ssize_t[::1] codes,
                   Py_ssize_t n_groups, const double[::1] weight):
    """See :func:`skprep.kernels.sums.sum_deviations`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], cells = n_groups * m
    check_rows(n, codes, weight, n_groups)
    check_shape("pilot", (pilot.shape[0], pilot.shape[1]), (n_groups, m))
    check_layout("X", X)
    result = np.zeros((3, n_groups, m))
    if n == 0 or m == 0:
        return result[0], result[1], result[2]
    cdef double[:, :, ::1] sums = result
    cdef Py_ssize_t fold = 1
    if codes is None and X.strides[0] == m * <Py_ssize_t>sizeof(floating):
        fold = max(1, FOLD // m)
    cdef double[:, ::1] scratch = np.zeros((4, max(cells * fold, 4 * n_groups)))
    cdef double[::1] of_group = np.zeros(n_groups)
    cdef Sums block = Sums(&scratch[0, 0], &scratch[1, 0], &scratch[2, 0])
    cdef Sums whole = Sums(&sums[0, 0, 0], &sums[1, 0, 0], &sums[2, 0, 0])
    cdef const double* w = first_of(weight)
    with nogil:
        if codes is None and is_by_column(X):
            sum_columns(X, &pilot[0, 0], w, &whole)
        elif codes is None:
            sum_rows(X, &pilot[0, 0], w, &scratch[3, 0], fold, &block, &whole)
        elif is_by_column(X):
            sum_grouped_columns(X, &codes[0], pilot, w, &of_group[0], &scratch[0, 0], &whole)
        else:
            sum_grouped_rows(X, &codes[0], pilot, w, &of_group[0], &block, &whole)
    return result[0], result[1], result[2]
