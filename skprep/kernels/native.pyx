# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""The kernels compiled: the same names, arguments and results as :mod:`skprep.kernels.reference`.

Each matrix is walked in the order in which it lies in memory, along its rows or its columns: one
of the two strides has to be that of one number. Loops run without the interpreter's lock. Sums
are taken in float64 over a few thousand numbers at a time, and those sums are added up.

A block is first read as if nothing were missing. A NaN makes its sums NaN, and then the
block, which is still in the cache, is read again by the slower loop that leaves NaN out.
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY, NAN, sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    /* Where the linker can choose at run time, hot loops also exist for wider registers. */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define skprep_hot __attribute__((target_clones("avx2", "default"))) void
    #else
    #define skprep_hot void
    #endif
    """
    ctypedef void hot "skprep_hot"
    # Pointers that never overlap: without the promise the loops over short rows are not vectorised.
    ctypedef double* sums_t "double *CYTHON_RESTRICT"
    ctypedef const double* given_t "const double *CYTHON_RESTRICT"

cdef enum:
    BLOCK = 1 << 14  # numbers summed in one go; they stay in the level-2 cache
    LANES = 8
    WIDE = 32
    FOLD = 40  # numbers of a narrow matrix that are read side by side; not a power of 2: those collide in the cache
    FEW_CELLS = 1 << 11  # groups x features whose sums may be taken block by block
    TILE = 256  # rows that are transposed at a time
    TALL = 64  # rows of a block at least, however wide they are


cdef check_rows(Py_ssize_t n, const Py_ssize_t[::1] codes, const double[::1] weight, Py_ssize_t n_groups):
    """Refuse codes and weights that do not go with ``n`` rows of ``n_groups`` groups."""
    cdef Py_ssize_t i
    cdef bint outside = False
    if n_groups < 1:
        raise ValueError(f"n_groups must be 1 or more; received {n_groups}")
    if codes is not None:
        check_length("codes", codes.shape[0], n)
        with nogil:
            for i in range(n):
                outside |= (codes[i] < 0) | (codes[i] >= n_groups)
        if outside:
            raise ValueError(f"codes must be from 0 to {n_groups - 1}; received others")
    if weight is not None:
        check_length("weight", weight.shape[0], n)


cdef check_length(name, Py_ssize_t received, Py_ssize_t n):
    if received != n:
        raise ValueError(f"{name} must have one entry for each of {n} rows; received {received}")


cdef check_shape(name, received, required):
    if received != required:
        raise ValueError(f"{name} must have shape {required}; received {received}")


cdef check_layout(name, const void* first, Py_ssize_t by_row, Py_ssize_t by_column, Py_ssize_t item):
    """Refuse a matrix of which neither rows nor columns lie in one piece, number beside number."""
    if by_row % item or by_column % item or (by_row != item and by_column != item) or <size_t>first % item:
        raise ValueError(
            f"{name} must have rows or columns that lie in one piece; received strides "
            f"{(by_row, by_column)} for numbers of {item} bytes"
        )


cdef inline const double* onward(const double* values, Py_ssize_t n) noexcept nogil:
    if values == NULL:
        return values
    return values + n


# --- sums of deviations -----------------------------------------------------------------------

cdef hot add_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                   given_t pilot, sums_t shift, sums_t square) noexcept nogil:
    """Add deviations and their squares of ``n`` rows, none of them missing."""
    cdef Py_ssize_t i = 0, j
    cdef const floating* r0
    cdef const floating* r1
    cdef const floating* r2
    cdef const floating* r3
    cdef double a, b, c, d
    while i + 4 <= n:
        r0 = x + i * step
        r1 = r0 + step
        r2 = r1 + step
        r3 = r2 + step
        for j in range(m):
            a = r0[j] - pilot[j]
            b = r1[j] - pilot[j]
            c = r2[j] - pilot[j]
            d = r3[j] - pilot[j]
            shift[j] += (a + b) + (c + d)
            square[j] += (a * a + b * b) + (c * c + d * d)
        i += 4
    while i < n:
        r0 = x + i * step
        for j in range(m):
            a = r0[j] - pilot[j]
            shift[j] += a
            square[j] += a * a
        i += 1


cdef hot add_rows_with_missing(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                                given_t pilot, const double* weight, sums_t count,
                                sums_t shift, sums_t square) noexcept nogil:
    """Add weights, weighted deviations and their squares of ``n`` rows, NaN left out."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef double d, w, there, own
    for i in range(n):
        row = x + i * step
        w = 1.0 if weight == NULL else weight[i]
        for j in range(m):
            d = row[j] - pilot[j]
            there = w if row[j] == row[j] else 0.0
            own = d if row[j] == row[j] else 0.0
            count[j] += there
            d = w * own
            shift[j] += d
            square[j] += d * own


cdef void add_column(const floating* x, Py_ssize_t n, double pilot,
                     double* shift, double* square) noexcept nogil:
    """Add deviations and their squares of ``n`` neighbours, none of them missing."""
    cdef double p[FOLD]
    cdef double s[FOLD]
    cdef double q[FOLD]
    cdef double d
    cdef Py_ssize_t i = n - n % FOLD
    cdef int k
    fill(p, FOLD, pilot)
    fill(s, FOLD, 0.0)
    fill(q, FOLD, 0.0)
    add_rows(x, FOLD, n // FOLD, FOLD, p, s, q)  # neighbours side by side, as if they were a row
    for k in range(n - i):
        d = x[i + k] - pilot
        s[k] += d
        q[k] += d * d
    for k in range(FOLD):
        shift[0] += s[k]
        square[0] += q[k]


cdef hot add_column_with_missing(const floating* x, Py_ssize_t n, double pilot, const double* weight,
                                  double* count, double* shift, double* square) noexcept nogil:
    """Add weights, weighted deviations and their squares of ``n`` neighbours, NaN left out."""
    cdef double c[LANES]
    cdef double s[LANES]
    cdef double q[LANES]
    cdef double d, w, own, there
    cdef Py_ssize_t i = 0
    cdef int k
    for k in range(LANES):
        c[k] = 0.0
        s[k] = 0.0
        q[k] = 0.0
    while i + LANES <= n:
        if weight == NULL:
            for k in range(LANES):
                d = x[i + k] - pilot
                there = 1.0 if x[i + k] == x[i + k] else 0.0
                own = d if x[i + k] == x[i + k] else 0.0
                c[k] += there
                s[k] += own
                q[k] += own * own
        else:
            for k in range(LANES):
                d = x[i + k] - pilot
                there = weight[i + k] if x[i + k] == x[i + k] else 0.0
                own = d if x[i + k] == x[i + k] else 0.0
                c[k] += there
                d = there * own
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
        count[0] += c[k]
        shift[0] += s[k]
        square[0] += q[k]


cdef hot add_grouped_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                           const Py_ssize_t* codes, const double* weight, const double* pilot,
                           double* count, double* shift, double* square) noexcept nogil:
    """Add the rows to the sums of their groups; a ``count`` says that NaN are to be left out."""
    cdef Py_ssize_t i, at
    for i in range(n):
        at = codes[i] * m
        if count != NULL:
            add_rows_with_missing(
                x + i * step, step, 1, m, pilot + at, onward(weight, i),
                count + at, shift + at, square + at,
            )
        else:
            add_one_row(x + i * step, m, pilot + at, shift + at, square + at)


cdef inline void add_one_row(const floating* row, Py_ssize_t m, given_t pilot,
                             sums_t shift, sums_t square) noexcept nogil:
    cdef Py_ssize_t j
    cdef double d
    for j in range(m):
        d = row[j] - pilot[j]
        shift[j] += d
        square[j] += d * d


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


cdef void move_sums(double* part, double* whole, Py_ssize_t n) noexcept nogil:
    """Add ``part`` to ``whole`` and empty it."""
    cdef Py_ssize_t i
    for i in range(n):
        whole[i] += part[i]
        part[i] = 0.0


cdef void fill(double* values, Py_ssize_t n, double value) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        values[i] = value


def sum_deviations(const floating[:, :] X, const double[:, ::1] pilot, const Py_ssize_t[::1] codes,
                   Py_ssize_t n_groups, const double[::1] weight):
    """See :func:`skprep.kernels.sums.sum_deviations`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], cells = n_groups * m
    check_rows(n, codes, weight, n_groups)
    check_shape("pilot", (pilot.shape[0], pilot.shape[1]), (n_groups, m))
    result = np.zeros((3, n_groups, m))
    if n == 0 or m == 0:
        return result[0], result[1], result[2]
    check_layout("X", &X[0, 0], X.strides[0], X.strides[1], sizeof(floating))
    cdef double[:, :, ::1] sums = result
    cdef Py_ssize_t fold = max(1, FOLD // max(1, m)) if codes is None else 1
    cdef double[:, ::1] part = np.zeros((4, max(cells * fold, 4 * n_groups)))
    cdef double[::1] of_group = np.zeros(n_groups)
    cdef const floating* x = &X[0, 0]
    cdef Py_ssize_t by_row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t by_column = X.strides[1] // <Py_ssize_t>sizeof(floating)
    cdef bint along_columns = by_row == 1 and (by_column != 1 or m == 1)
    cdef const Py_ssize_t* code = NULL
    cdef const double* w = NULL
    if codes is not None:
        code = &codes[0]
    if weight is not None:
        w = &weight[0]
    with nogil:
        if code == NULL and along_columns:
            sum_columns(x, by_column, n, m, &pilot[0, 0], w, &sums[0, 0, 0], &sums[1, 0, 0], &sums[2, 0, 0])
        elif code == NULL:
            if by_row != m:
                fold = 1
            sum_rows(x, by_row, n, m, &pilot[0, 0], w, fold, &part[3, 0], &part[0, 0], &part[1, 0],
                     &part[2, 0], &sums[0, 0, 0], &sums[1, 0, 0], &sums[2, 0, 0])
        elif along_columns:
            sum_grouped_columns(x, by_column, n, m, code, n_groups, w, &pilot[0, 0], &of_group[0], &part[0, 0],
                                &sums[0, 0, 0], &sums[1, 0, 0], &sums[2, 0, 0])
        else:
            sum_grouped_rows(x, by_row, n, m, code, n_groups, w, &pilot[0, 0], &of_group[0],
                             &part[0, 0], &part[1, 0], &part[2, 0],
                             &sums[0, 0, 0], &sums[1, 0, 0], &sums[2, 0, 0])
    return result[0], result[1], result[2]


cdef void sum_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, const double* pilot,
                   const double* w, Py_ssize_t fold, double* p, double* c, double* s, double* q,
                   double* count, double* shift, double* square) noexcept nogil:
    """Sum rows; ``fold`` short ones are read as one line, whose pilot ``p`` repeats that of a row."""
    cdef Py_ssize_t height = max(TALL, BLOCK // (m * fold)) * fold, start = 0, rows, lines, j, k
    cdef bint missing = w != NULL
    for k in range(fold):
        memcpy(p + k * m, pilot, m * sizeof(double))
    while start < n:
        rows = min(height, n - start)
        if not missing:
            lines = rows // fold
            add_rows(x + start * step, fold * step, lines, fold * m, p, s, q)
            add_rows(x + (start + lines * fold) * step, step, rows - lines * fold, m, p, s, q)
            if any_nan(s, fold * m):
                missing = True
                fill(s, fold * m, 0.0)
                fill(q, fold * m, 0.0)
            else:
                for j in range(m):
                    c[j] = rows
        if missing:
            add_rows_with_missing(x + start * step, step, rows, m, pilot, onward(w, start), c, s, q)
        move_sums(c, count, m)
        for k in range(fold):
            move_sums(s + k * m, shift, m)
            move_sums(q + k * m, square, m)
        start += rows


cdef void sum_columns(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, const double* pilot,
                      const double* w, double* count, double* shift, double* square) noexcept nogil:
    cdef Py_ssize_t j, start, rows
    cdef bint missing
    cdef double c, s, q
    cdef const floating* column
    for j in range(m):
        column = x + j * step
        missing = w != NULL
        start = 0
        while start < n:
            rows = min(<Py_ssize_t>BLOCK, n - start)
            c = s = q = 0.0
            if not missing:
                add_column(column + start, rows, pilot[j], &s, &q)
                c = rows
                if s != s:
                    missing = True
                    c = s = q = 0.0
            if missing:
                add_column_with_missing(
                    column + start, rows, pilot[j], onward(w, start), &c, &s, &q
                )
            count[j] += c
            shift[j] += s
            square[j] += q
            start += rows


cdef void count_codes(const Py_ssize_t* codes, Py_ssize_t n, Py_ssize_t n_groups, double* rows) noexcept nogil:
    cdef Py_ssize_t i
    fill(rows, n_groups, 0.0)
    for i in range(n):
        rows[codes[i]] += 1.0


cdef void sum_grouped_rows(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                           const Py_ssize_t* codes, Py_ssize_t n_groups, const double* w,
                           const double* pilot, double* of_group, double* c, double* s, double* q,
                           double* count, double* shift, double* square) noexcept nogil:
    cdef Py_ssize_t cells = n_groups * m, start = 0, rows, g, j, height
    cdef bint few = cells <= FEW_CELLS, missing = w != NULL
    if not few:  # the sums are larger than a block: they are taken in one go
        c, s, q = count, shift, square
    height = max(TALL, BLOCK // m) if few else n
    while start < n:
        rows = min(height, n - start)
        if not missing:
            add_grouped_rows(x + start * step, step, rows, m, codes + start, <const double*>NULL, pilot,
                             <double*>NULL, s, q)
            if any_nan(s, cells):
                missing = True
                fill(s, cells, 0.0)
                fill(q, cells, 0.0)
            else:
                count_codes(codes + start, rows, n_groups, of_group)
                for g in range(n_groups):
                    for j in range(m):
                        c[g * m + j] = of_group[g]
        if missing:
            add_grouped_rows(x + start * step, step, rows, m, codes + start,
                             onward(w, start), pilot, c, s, q)
        if few:
            move_sums(c, count, cells)
            move_sums(s, shift, cells)
            move_sums(q, square, cells)
        start += rows


cdef void sum_grouped_columns(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                              const Py_ssize_t* codes, Py_ssize_t n_groups, const double* w,
                              const double* pilot, double* of_group, double* cell,
                              double* count, double* shift, double* square) noexcept nogil:
    cdef Py_ssize_t j, g, start = 0, rows
    cdef Py_ssize_t height = BLOCK if n_groups <= FEW_CELLS else n
    cdef bint missing
    cdef double total
    while start < n:
        rows = min(height, n - start)
        count_codes(codes + start, rows, n_groups, of_group)
        for j in range(m):
            for g in range(n_groups):
                cell[4 * g] = pilot[g * m + j]
                cell[4 * g + 1] = cell[4 * g + 2] = cell[4 * g + 3] = 0.0
            missing = w != NULL
            if not missing:
                add_grouped_column(x + start + j * step, rows, codes + start, w, False, cell)
                total = 0.0
                for g in range(n_groups):
                    cell[4 * g + 1] = of_group[g]
                    total += cell[4 * g + 2] * 0.0
                if total != total:
                    missing = True
                    for g in range(n_groups):
                        cell[4 * g + 1] = cell[4 * g + 2] = cell[4 * g + 3] = 0.0
            if missing:
                add_grouped_column(
                    x + start + j * step, rows, codes + start, onward(w, start), True, cell
                )
            for g in range(n_groups):
                count[g * m + j] += cell[4 * g + 1]
                shift[g * m + j] += cell[4 * g + 2]
                square[g * m + j] += cell[4 * g + 3]
        start += rows


# --- extrema ----------------------------------------------------------------------------------

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


cdef hot count_rows_there(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
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


cdef hot count_column_there(const floating* x, Py_ssize_t n, const double* weight,
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


cdef void narrow_block(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, Py_ssize_t fold,
                       const double* w, double weight, floating* lines,
                       double* count, double* low, double* high) noexcept nogil:
    """Narrow by a block of rows, ``fold`` of them side by side; ``weight`` is that of all its rows."""
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
    if check == check:
        for j in range(m):
            count[j] += weight
    elif m == 1 and step == 1:
        count_column_there(x, n, w, count)
    else:
        count_rows_there(x, step, n, m, w, count)
    for k in range(fold):
        for j in range(m):
            if least[k * m + j] < low[j]:
                low[j] = least[k * m + j]
            if most[k * m + j] > high[j]:
                high[j] = most[k * m + j]


cdef void narrow_groups(const floating* x, Py_ssize_t by_row, Py_ssize_t by_column, Py_ssize_t n,
                        Py_ssize_t m, const Py_ssize_t* codes, bint* missing,
                        double* low, double* high) noexcept nogil:
    cdef Py_ssize_t i, j, outer, inner, at
    cdef Py_ssize_t n_outer = n if by_column == 1 else m, n_inner = m if by_column == 1 else n
    cdef double v
    for outer in range(n_outer):
        for inner in range(n_inner):
            i = outer if by_column == 1 else inner
            j = inner if by_column == 1 else outer
            v = x[i * by_row + j * by_column]
            at = codes[i] * m + j
            if v < low[at]:
                low[at] = v
            if v > high[at]:
                high[at] = v
            if v != v:
                missing[0] = True


cdef void count_there(const floating* x, Py_ssize_t by_row, Py_ssize_t by_column, Py_ssize_t n,
                      Py_ssize_t m, const Py_ssize_t* codes, const double* w, bint missing,
                      double* count) noexcept nogil:
    """Add the weights of the values that are there to the counts of their groups."""
    cdef Py_ssize_t i, j
    cdef double weight
    cdef floating v
    for i in range(n):
        weight = 1.0 if w == NULL else w[i]
        for j in range(m):
            v = x[i * by_row + j * by_column]
            if not missing or v == v:
                count[(0 if codes == NULL else codes[i]) * m + j] += weight


def find_extrema(const floating[:, :] X, const Py_ssize_t[::1] codes=None, Py_ssize_t n_groups=1,
                 const double[::1] weight=None):
    """See :func:`skprep.kernels.extrema.find_extrema`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], start, rows, j, i, height
    check_rows(n, codes, weight, n_groups)
    count = np.zeros((n_groups, m))
    low = np.full((n_groups, m), np.inf)
    high = np.full((n_groups, m), -np.inf)
    if n == 0 or m == 0:
        return count, low, high
    check_layout("X", &X[0, 0], X.strides[0], X.strides[1], sizeof(floating))
    cdef double[:, ::1] c = count, least = low, most = high
    cdef const floating* x = &X[0, 0]
    cdef Py_ssize_t by_row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t by_column = X.strides[1] // <Py_ssize_t>sizeof(floating)
    cdef bint along_columns = by_row == 1 and (by_column != 1 or m == 1), missing = False
    cdef Py_ssize_t fold = FOLD if along_columns else max(1, FOLD // m) if by_row == m else 1
    cdef Py_ssize_t width = 1 if along_columns else m
    lines = np.empty(3 * fold * width, dtype=np.float32 if floating is float else np.float64)
    cdef floating[::1] line = lines
    cdef const double* w = NULL
    cdef double total
    if weight is not None:
        w = &weight[0]
    with nogil:
        if codes is not None:
            narrow_groups(x, by_row, by_column, n, m, &codes[0], &missing, &least[0, 0], &most[0, 0])
            count_there(x, by_row, by_column, n, m, &codes[0], w, missing, &c[0, 0])
        else:
            height = max(TALL, BLOCK // (fold * width)) * fold
            for j in range(m if along_columns else 1):
                start = 0
                while start < n:
                    rows = min(height, n - start)
                    total = rows
                    if w != NULL:
                        total = 0.0
                        for i in range(start, start + rows):
                            total += w[i]
                    narrow_block(x + start * by_row + j * by_column, by_row, rows, width, fold,
                                 onward(w, start), total, &line[0],
                                 &c[0, j], &least[0, j], &most[0, j])
                    start += rows
    return count, low, high


def find_smallest_two(const floating[:, :] X, const Py_ssize_t[::1] codes=None, Py_ssize_t n_groups=1,
                      const double[::1] weight=None):
    """See :func:`skprep.kernels.extrema.find_smallest_two`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], i, j, g
    check_rows(n, codes, weight, n_groups)
    count = np.zeros((n_groups, m))
    first = np.full((n_groups, m), np.inf)
    second = np.full((n_groups, m), np.inf)
    cdef double[:, ::1] c = count, a = first, b = second
    cdef double v, w
    with nogil:
        for i in range(n):
            g = 0 if codes is None else codes[i]
            w = 1.0 if weight is None else weight[i]
            for j in range(m):
                v = X[i, j]
                if v == v:
                    c[g, j] += w
                    if v < a[g, j]:
                        b[g, j] = a[g, j]
                        a[g, j] = v
                    elif v > a[g, j] and v < b[g, j]:
                        b[g, j] = v
    return count, first, second


# --- center and scale -------------------------------------------------------------------------

cdef hot scale_row(const floating* x, Py_ssize_t n, Py_ssize_t m, Py_ssize_t step, given_t center,
                   given_t scale, bint divide, bint clip, double low, double high,
                   floating* out, Py_ssize_t out_step, int64_t* infinite) noexcept nogil:
    """Write ``(x - center) / scale`` of ``n`` rows; without ``divide``, ``scale`` is a factor."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef floating* to
    cdef double v, z
    cdef int64_t beyond = 0
    for i in range(n):
        row = x + i * step
        to = out + i * out_step
        if divide:
            for j in range(m):
                v = row[j]
                beyond |= (v if v > 0 else -v) == INFINITY
                to[j] = <floating>((v - center[j]) / scale[j])
        else:
            for j in range(m):
                v = row[j]
                beyond |= (v if v > 0 else -v) == INFINITY
                to[j] = <floating>((v - center[j]) * scale[j])
        if clip:
            for j in range(m):
                z = to[j]
                z = low if z < low else z
                to[j] = <floating>(high if z > high else z)
    infinite[0] |= beyond


cdef hot unscale_row(const floating* x, Py_ssize_t n, Py_ssize_t m, Py_ssize_t step, given_t center,
                     given_t scale, floating* out, Py_ssize_t out_step, int64_t* infinite) noexcept nogil:
    """Write ``x * scale + center`` of ``n`` rows."""
    cdef Py_ssize_t i, j
    cdef const floating* row
    cdef floating* to
    cdef double v
    cdef int64_t beyond = 0
    for i in range(n):
        row = x + i * step
        to = out + i * out_step
        for j in range(m):
            v = row[j]
            beyond |= (v if v > 0 else -v) == INFINITY
            to[j] = <floating>(v * scale[j] + center[j])
    infinite[0] |= beyond


cdef hot scale_column(const floating* x, Py_ssize_t n, double center, double scale, bint divide,
                      bint clip, double low, double high, bint undo, floating* out,
                      int64_t* infinite) noexcept nogil:
    """The same for ``n`` neighbours that share a center and a scale."""
    cdef Py_ssize_t i
    cdef double v, z
    cdef int64_t beyond = 0
    if undo:
        for i in range(n):
            v = x[i]
            beyond |= (v if v > 0 else -v) == INFINITY
            out[i] = <floating>(v * scale + center)
    elif divide:
        for i in range(n):
            v = x[i]
            beyond |= (v if v > 0 else -v) == INFINITY
            out[i] = <floating>((v - center) / scale)
    else:
        for i in range(n):
            v = x[i]
            beyond |= (v if v > 0 else -v) == INFINITY
            out[i] = <floating>((v - center) * scale)
    if clip:
        for i in range(n):
            z = out[i]
            z = low if z < low else z
            out[i] = <floating>(high if z > high else z)
    infinite[0] |= beyond


cdef hot scale_grouped_column(const floating* x, Py_ssize_t n, const Py_ssize_t* codes,
                              const double* pair, bint divide, bint clip, double low, double high,
                              bint undo, floating* out, int64_t* infinite) noexcept nogil:
    """The same for ``n`` neighbours of different groups; ``pair``: center and scale side by side."""
    cdef Py_ssize_t i
    cdef const double* own
    cdef double v, z
    cdef int64_t beyond = 0
    for i in range(n):
        own = pair + 2 * codes[i]
        v = x[i]
        beyond |= (v if v > 0 else -v) == INFINITY
        if undo:
            z = v * own[1] + own[0]
        elif divide:
            z = (v - own[0]) / own[1]
        else:
            z = (v - own[0]) * own[1]
        if clip:
            z = low if z < low else z
            z = high if z > high else z
        out[i] = <floating>z
    infinite[0] |= beyond


cdef void walk_affine(const floating* x, Py_ssize_t by_row, Py_ssize_t by_column, Py_ssize_t n, Py_ssize_t m,
                      const double* center, const double* scale, Py_ssize_t n_groups,
                      const Py_ssize_t* codes, bint divide, bint clip, double low, double high, bint undo,
                      Py_ssize_t fold, double* c, double* s, floating* out, Py_ssize_t out_row,
                      Py_ssize_t out_column, int64_t* infinite) noexcept nogil:
    """Take ``x`` to ``out`` in memory order; ``c`` and ``s`` are scratch, for ``fold`` rows or all groups."""
    cdef Py_ssize_t i, j, g, at, lines, width
    if by_row == 1 and out_row == 1 and (by_column != 1 or m == 1):
        for j in range(m):
            if codes != NULL:
                for g in range(n_groups):
                    c[2 * g] = center[g * m + j]
                    c[2 * g + 1] = scale[g * m + j]
                scale_grouped_column(x + j * by_column, n, codes, c, divide, clip, low, high, undo,
                                     out + j * out_column, infinite)
            else:
                scale_column(x + j * by_column, n, center[j], scale[j], divide, clip, low, high,
                             undo, out + j * out_column, infinite)
    elif codes != NULL:
        for i in range(n):
            g = codes[i] * m
            if undo:
                unscale_row(x + i * by_row, 1, m, by_row, center + g, scale + g,
                            out + i * out_row, out_row, infinite)
            else:
                scale_row(x + i * by_row, 1, m, by_row, center + g, scale + g, divide, clip,
                          low, high, out + i * out_row, out_row, infinite)
    else:
        for i in range(fold):
            memcpy(c + i * m, center, m * sizeof(double))
            memcpy(s + i * m, scale, m * sizeof(double))
        lines = n // fold
        at = lines * fold
        width = fold * m
        if undo:
            unscale_row(x, lines, width, fold * by_row, c, s, out, fold * out_row, infinite)
            unscale_row(x + at * by_row, n - at, m, by_row, c, s, out + at * out_row, out_row, infinite)
        else:
            scale_row(x, lines, width, fold * by_row, c, s, divide, clip, low, high,
                      out, fold * out_row, infinite)
            scale_row(x + at * by_row, n - at, m, by_row, c, s, divide, clip, low, high,
                      out + at * out_row, out_row, infinite)


def apply_affine(const floating[:, :] X, const double[:, ::1] center, const double[:, ::1] scale,
                 floating[:, :] out, const Py_ssize_t[::1] codes=None, bounds=None, bint divide=True,
                 bint undo=False):
    """See :func:`skprep.kernels.affine.apply_affine`; without ``divide``, ``scale`` is a factor."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], item = sizeof(floating), n_groups = center.shape[0]
    check_rows(n, codes, None, n_groups)
    check_shape("center", (n_groups, center.shape[1]), (n_groups, m))
    check_shape("scale", (scale.shape[0], scale.shape[1]), (n_groups, m))
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if n == 0 or m == 0:
        return False
    check_layout("X", &X[0, 0], X.strides[0], X.strides[1], item)
    check_layout("out", &out[0, 0], out.strides[0], out.strides[1], item)
    if not (X.strides[0] == out.strides[0] == item or X.strides[1] == out.strides[1] == item):
        raise ValueError("X and out must lie in memory in one order, by rows or by columns")
    cdef double low = -INFINITY, high = INFINITY
    cdef bint clip = bounds is not None
    if clip:
        low, high = bounds
    cdef Py_ssize_t by_row = X.strides[0] // item, by_column = X.strides[1] // item
    cdef Py_ssize_t out_row = out.strides[0] // item, out_column = out.strides[1] // item
    cdef Py_ssize_t fold = max(1, FOLD // m) if by_row == m and out_row == m and codes is None else 1
    cdef double[::1] scratch = np.empty(2 * max(n_groups if by_row == 1 and out_row == 1 else 1, fold * m))
    cdef const Py_ssize_t* code = NULL
    cdef int64_t infinite = 0
    if codes is not None:
        code = &codes[0]
    with nogil:
        walk_affine(&X[0, 0], by_row, by_column, n, m, &center[0, 0], &scale[0, 0], n_groups, code,
                    divide, clip, low, high, undo, fold, &scratch[0], &scratch[fold * m], &out[0, 0],
                    out_row, out_column, &infinite)
    return infinite != 0


def undo_affine(const floating[:, :] Z, const double[:, ::1] center, const double[:, ::1] scale,
                floating[:, :] out, const Py_ssize_t[::1] codes=None):
    """See :func:`skprep.kernels.affine.undo_affine`."""
    return apply_affine(Z, center, scale, out, codes, None, False, True)


# --- order statistics -------------------------------------------------------------------------

cdef hot count_run(const floating* x, Py_ssize_t n, floating low, floating high,
                   int64_t* below, int64_t* upto, int64_t* within) noexcept nogil:
    """Count the values below ``low``, up to ``low`` and up to ``high``."""
    cdef Py_ssize_t i
    cdef int32_t a = 0, b = 0, c = 0
    for i in range(n):
        a += x[i] < low
        b += x[i] <= low
        c += x[i] <= high
    below[0] += a
    upto[0] += b
    within[0] += c


cdef hot count_values(const floating* x, Py_ssize_t n, int64_t* there) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t a = 0
    for i in range(n):
        a += x[i] == x[i]
    there[0] += a


cdef hot mark_run(const floating* x, Py_ssize_t n, const floating* low, const floating* high,
                  Py_ssize_t n_brackets, uint8_t* inside) noexcept nogil:
    """Mark the values that lie strictly inside of any bracket."""
    cdef Py_ssize_t i, k
    cdef floating least, most
    memset(inside, 0, n)
    for k in range(n_brackets):
        least, most = low[k], high[k]
        for i in range(n):
            inside[i] |= (x[i] > least) & (x[i] < most)


cdef inline Py_ssize_t keep_marked(const floating* x, Py_ssize_t n, const uint8_t* marked,
                                   floating* found) noexcept nogil:
    """Copy what is marked; each value is written, few are kept."""
    cdef Py_ssize_t i, at = 0
    for i in range(n):
        found[at] = x[i]
        at += marked[i]
    return at


cdef inline Py_ssize_t collect_run(const floating* x, Py_ssize_t n, floating low, floating high,
                                   floating* found, Py_ssize_t at) noexcept nogil:
    """Append the values strictly between ``low`` and ``high``; each is written, few are kept."""
    cdef Py_ssize_t i
    for i in range(n):
        found[at] = x[i]
        at += (x[i] > low) & (x[i] < high)
    return at


def count_and_collect(const floating[:, :] X, const floating[:, ::1] low, const floating[:, ::1] high,
                      int64_t[::1] there, int64_t[:, :, ::1] counts, floating[:, :, ::1] kept):
    """See :func:`skprep.kernels.counting.count_and_collect`."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], k, n_brackets = low.shape[1], room = kept.shape[2]
    cdef Py_ssize_t start, first, rows, columns, near, i, j, width
    cdef floating[::1] inside = np.empty(TILE, dtype=np.float32 if floating is float else np.float64)
    cdef uint8_t[TILE] marks
    cdef floating[:, ::1] tile = np.empty((8, TILE), dtype=np.float32 if floating is float else np.float64)
    cdef Py_ssize_t item = sizeof(floating)
    cdef Py_ssize_t by_row = X.strides[0] // item, by_column = X.strides[1] // item
    cdef const floating* x
    cdef const floating* run
    check_shape("high", (high.shape[0], high.shape[1]), (low.shape[0], n_brackets))
    check_shape("low", (low.shape[0], n_brackets), (m, n_brackets))
    check_shape("there", (there.shape[0],), (m,))
    check_shape("counts", (counts.shape[0], counts.shape[1], counts.shape[2]), (4, m, n_brackets))
    check_shape("kept", (kept.shape[0], kept.shape[1], room), (m, n_brackets, room))
    for j in range(m):
        for k in range(n_brackets):
            if counts[3, j, k] < 0:
                raise ValueError("counts of what is kept must not be negative")
    if n == 0 or m == 0 or n_brackets == 0:
        return
    x = &X[0, 0]
    check_layout("X", x, X.strides[0], X.strides[1], item)
    width = 1 if by_row == 1 else 8
    with nogil:
        first = 0
        while first < m:
            columns = min(width, m - first)
            start = 0
            while start < n:
                rows = min(<Py_ssize_t>TILE, n - start)
                if by_row != 1:
                    for i in range(rows):
                        for j in range(columns):
                            tile[j, i] = x[(start + i) * by_row + (first + j) * by_column]
                for j in range(first, first + columns):
                    run = x + start + j * by_column if by_row == 1 else &tile[j - first, 0]
                    count_values(run, rows, &there[j])
                    mark_run(run, rows, &low[j, 0], &high[j, 0], n_brackets, marks)
                    near = keep_marked(run, rows, marks, &inside[0])
                    for k in range(n_brackets):
                        count_run(run, rows, low[j, k], high[j, k], &counts[0, j, k], &counts[1, j, k],
                                  &counts[2, j, k])
                        if counts[3, j, k] + rows > room:
                            counts[3, j, k] = room + 1  # for good
                        else:
                            counts[3, j, k] = collect_run(
                                &inside[0], near, low[j, k], high[j, k], &kept[j, k, 0], counts[3, j, k]
                            )
                start += rows
            first += columns


cdef inline Py_ssize_t first_from(const floating* x, Py_ssize_t at, Py_ssize_t end, floating bound) noexcept nogil:
    """Return the first place in a sorted run whose value is at least the bound."""
    cdef Py_ssize_t middle
    while at < end:
        middle = at + (end - at) // 2
        if x[middle] < bound:
            at = middle + 1
        else:
            end = middle
    return at


cdef inline Py_ssize_t first_above(const floating* x, Py_ssize_t at, Py_ssize_t end, floating bound) noexcept nogil:
    """Return the first place in a sorted run whose value is above the bound."""
    cdef Py_ssize_t middle
    while at < end:
        middle = at + (end - at) // 2
        if x[middle] <= bound:
            at = middle + 1
        else:
            end = middle
    return at


def count_runs(const floating[::1] x, const Py_ssize_t[::1] start, const Py_ssize_t[::1] sizes,
               const floating[::1] low, const floating[::1] high, int64_t[:, ::1] counts, floating[:, ::1] kept):
    """See :func:`skprep.kernels.counting.count_runs`."""
    cdef Py_ssize_t g, k, a, b, c, d, end, room = kept.shape[1], n_brackets = low.shape[0]
    check_length("sizes", sizes.shape[0], start.shape[0])
    check_shape("high", (high.shape[0],), (n_brackets,))
    check_shape("counts", (counts.shape[0], counts.shape[1]), (4, n_brackets))
    check_shape("kept", (kept.shape[0], room), (n_brackets, room))
    for g in range(start.shape[0]):
        if start[g] < 0 or sizes[g] < 0 or start[g] > x.shape[0] - sizes[g]:
            raise ValueError(f"runs must lie within {x.shape[0]} values; received one from {start[g]} of {sizes[g]}")
    for k in range(n_brackets):
        if counts[3, k] < 0:
            raise ValueError("counts of what is kept must not be negative")
    with nogil:
        for g in range(start.shape[0]):
            if sizes[g] == 0:
                continue
            end = start[g] + sizes[g]
            for k in range(low.shape[0]):
                a = first_from(&x[0], start[g], end, low[k])
                b = first_above(&x[0], a, end, low[k])
                c = first_from(&x[0], b, end, high[k])
                d = first_above(&x[0], c, end, high[k])
                counts[0, k] += a - start[g]
                counts[1, k] += b - start[g]
                counts[2, k] += d - start[g]
                if counts[3, k] + c - b > room:
                    counts[3, k] = room + 1  # for good
                elif c > b:
                    memcpy(&kept[k, counts[3, k]], &x[b], (c - b) * sizeof(floating))
                    counts[3, k] += c - b


def gather_groups(const floating[:] x, const Py_ssize_t[::1] codes, const Py_ssize_t[::1] start,
                  const Py_ssize_t[::1] stop, floating[::1] out):
    """See :func:`skprep.kernels.counting.gather_groups`."""
    cdef Py_ssize_t n = x.shape[0], n_groups = start.shape[0], i, g
    cdef bint full = False
    check_rows(n, codes, None, max(1, n_groups))
    check_length("stop", stop.shape[0], n_groups)
    for g in range(n_groups):
        if not 0 <= start[g] <= stop[g] <= out.shape[0]:
            raise ValueError(f"groups must lie within {out.shape[0]} values; received {start[g]} to {stop[g]}")
    if n and not n_groups:
        raise ValueError("there must be a group for each code")
    sizes = np.array(start)
    cdef Py_ssize_t[::1] at = sizes
    cdef floating v
    with nogil:
        for i in range(n):
            v = x[i]
            if v == v:
                g = codes[i]
                if at[g] >= stop[g]:
                    full = True
                    break
                out[at[g]] = v
                at[g] += 1
        for g in range(n_groups):
            for i in range(at[g], stop[g]):
                out[i] = INFINITY
            at[g] -= start[g]
    if full:
        raise ValueError("a group has more values than there is room for")
    return sizes


# --- rows of layers ---------------------------------------------------------------------------

cdef extern from *:
    """
    #include <string.h>
    #include <stdint.h>
    /* e to the x for -88 <= x <= 0, to about one unit in the last place: x = k log 2 + r, and a polynomial
       in r (coefficients of Cephes' expf). Below the smallest normal number it is 0. No condition, so that
       compilers turn a loop over it into vector instructions. */
    static inline float skprep_exp(float x) {
        const float shifter = 12582912.0f;  /* 1.5 * 2**23: adding it rounds to a whole number */
        float k = (x * 1.44269504f + shifter) - shifter;
        float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
        float p = 1.9875691500e-4f;
        float power;
        int32_t bits = (int32_t)((uint32_t)((int32_t)k + 127) << 23);  /* 0 where k is -127 */
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = (p * r) * r + r + 1.0f;
        memcpy(&power, &bits, 4);
        return p * power;
    }
    """
    float skprep_exp(float x) noexcept nogil


cdef hot softmax_row(const float* x, Py_ssize_t n, float* out) noexcept nogil:
    cdef float top[WIDE]
    cdef float sums[WIDE]
    cdef float most = -INFINITY, v
    cdef double total = 0.0
    cdef int32_t missing = 0
    cdef Py_ssize_t i = 0, stop, whole = n - n % WIDE
    cdef int k
    for k in range(WIDE):
        top[k] = -INFINITY
    while i < whole:
        for k in range(WIDE):
            top[k] = x[i + k] if x[i + k] > top[k] else top[k]
        i += WIDE
    for k in range(n - whole):
        top[k] = x[i + k] if x[i + k] > top[k] else top[k]
    for k in range(WIDE):
        most = top[k] if top[k] > most else most
    if most == -INFINITY or most == INFINITY:  # nothing is left to choose from, or the infinite ones
        for i in range(n):
            missing |= x[i] != x[i]
            total += x[i] == INFINITY
        for i in range(n):
            out[i] = 1.0 / total if x[i] == INFINITY else 0.0
            if missing:
                out[i] = NAN
        return
    for i in range(n):
        v = x[i] - most
        out[i] = -88.0 if v < -88.0 else v  # a NaN stays, and makes the total NaN
    for i in range(n):
        out[i] = skprep_exp(out[i])
    i = 0
    while i < whole:
        stop = min(whole, i + 1024)
        for k in range(WIDE):
            sums[k] = 0.0
        while i < stop:
            for k in range(WIDE):
                sums[k] += out[i + k]
            i += WIDE
        for k in range(WIDE):
            total += sums[k]
    while i < n:
        total += out[i]
        i += 1
    v = <float>(1.0 / total)
    for i in range(n):
        out[i] = out[i] * v


def softmax_rows(const float[:, ::1] x, float[:, ::1] out):
    """See :func:`skprep.kernels.rows.softmax_rows`."""
    cdef Py_ssize_t i, n = x.shape[0], m = x.shape[1]
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if m == 0:
        return
    with nogil:
        for i in range(n):
            softmax_row(&x[i, 0], m, &out[i, 0])


cdef inline double total_of(double* values, int n) noexcept nogil:
    """Sum ``n`` (a power of 2) numbers by halves: a chain of additions would wait for each."""
    cdef int k
    while n > 1:
        n //= 2
        for k in range(n):
            values[k] += values[k + n]
    return values[0]


cdef hot sum_row(const floating* x, Py_ssize_t n, double pilot, double* shift, double* square) noexcept nogil:
    """Sum ``x - pilot`` and its squares, of a short row."""
    cdef double s[LANES]
    cdef double q[LANES]
    cdef double d
    cdef Py_ssize_t i = 0, whole = n - n % LANES
    cdef int k
    for k in range(LANES):
        s[k] = 0.0
        q[k] = 0.0
    while i < whole:
        for k in range(LANES):
            d = x[i + k] - pilot
            s[k] += d
            q[k] += d * d
        i += LANES
    for k in range(n - whole):
        d = x[i + k] - pilot
        s[k] += d
        q[k] += d * d
    shift[0] = total_of(s, LANES)
    square[0] = total_of(q, LANES)


cdef void sum_any_row(const floating* x, Py_ssize_t n, double pilot, double* shift, double* square) noexcept nogil:
    """Sum ``x - pilot`` and its squares, a long row as lines of a narrow matrix."""
    cdef double p[WIDE]
    cdef double s[WIDE]
    cdef double q[WIDE]
    cdef Py_ssize_t whole = 0
    cdef int k
    if n >= 4 * WIDE:
        whole = n - n % WIDE
        fill(p, WIDE, pilot)
        fill(s, WIDE, 0.0)
        fill(q, WIDE, 0.0)
        add_rows(x, WIDE, n // WIDE, WIDE, p, s, q)
    sum_row(x + whole, n - whole, pilot, shift, square)
    if whole:
        shift[0] += total_of(s, WIDE)
        square[0] += total_of(q, WIDE)


cdef void center_row(const floating* x, Py_ssize_t n, double* mean, double* m2) noexcept nogil:
    """Write the mean, in two parts, and the sum of squared deviations.

    The first part is near the values, so that a mean far from 0 costs no digits.
    """
    cdef double shift, square, pilot = x[0]
    sum_any_row(x, n, pilot, &shift, &square)
    m2[0] = square - shift * (shift / n)
    if not m2[0] > 1e-3 * square:  # it lies far out: the difference above lost digits
        pilot = pilot + shift / n
        sum_any_row(x, n, pilot, &shift, &square)
        m2[0] = square - shift * (shift / n)
    mean[0] = pilot
    mean[1] = shift / n


cdef hot write_row(const floating* x, Py_ssize_t n, double pilot, double shift, double inverse,
                   const floating* weight, const floating* bias, floating* out) noexcept nogil:
    """Write the normalised row; float32 in float32, but for the digits of a mean far from 0."""
    cdef Py_ssize_t j
    cdef double mean = pilot + shift
    cdef floating head, tail, factor = <floating>inverse
    if floating is float:
        head = <floating>mean
        tail = <floating>(mean - <floating>mean)
    else:
        head = pilot
        tail = shift
    if floating is float and not (inverse < 1e30 and inverse > 1e-30 and mean < 1e37 and mean > -1e37):
        for j in range(n):
            out[j] = <floating>((x[j] - mean) * inverse * weight[j] + bias[j])
    else:
        for j in range(n):
            out[j] = ((x[j] - head) - tail) * factor * weight[j] + bias[j]


def normalise_rows(const floating[:, ::1] x, double eps, bint center, const double[:, ::1] weight,
                   const double[:, ::1] bias, floating[:, ::1] out, double[:, ::1] mean, double[::1] inverse):
    """See :func:`skprep.kernels.rows.normalise_rows`."""
    cdef Py_ssize_t i, k, n = x.shape[0], m = x.shape[1], period = weight.shape[0]
    cdef double total, square
    check_turns(n, m, weight, mean, inverse)
    check_shape("bias", (bias.shape[0], bias.shape[1]), (period, m))
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if m == 0:
        return
    dtype = np.float32 if floating is float else np.float64
    cdef const floating[:, ::1] w = np.asarray(weight, dtype=dtype), b = np.asarray(bias, dtype=dtype)
    with nogil:
        for i in range(n):
            k = i % period
            mean[i, 0] = mean[i, 1] = 0.0
            if center:
                center_row(&x[i, 0], m, &mean[i, 0], &square)
            else:
                sum_any_row(&x[i, 0], m, 0.0, &total, &square)
            inverse[i] = 1.0 / sqrt(max(square, 0.0) / m + eps)
            write_row(&x[i, 0], m, mean[i, 0], mean[i, 1], inverse[i], &w[k, 0], &b[k, 0], &out[i, 0])


cdef check_turns(Py_ssize_t n, Py_ssize_t m, const double[:, ::1] weight, const double[:, ::1] mean,
                 const double[::1] inverse):
    if weight.shape[0] < 1:
        raise ValueError("weight must have one row or more")
    check_shape("weight", (weight.shape[0], weight.shape[1]), (weight.shape[0], m))
    check_shape("mean", (mean.shape[0], mean.shape[1]), (n, 2))
    check_length("inverse", inverse.shape[0], n)


cdef hot sum_products(const floating* x, const floating* grad, Py_ssize_t n, double pilot, double shift,
                      double inverse,
                      given_t weight, sums_t grad_weight, sums_t grad_bias,
                      double* total, double* product) noexcept nogil:
    """Sum the gradient and its products with what the row was normalised to."""
    cdef double s[LANES]
    cdef double q[LANES]
    cdef double g, z
    cdef Py_ssize_t i = 0, j, whole = n - n % LANES
    cdef int k
    for j in range(n):
        g = grad[j]
        grad_weight[j] += g * ((x[j] - pilot - shift) * inverse)
        grad_bias[j] += g
    for k in range(LANES):
        s[k] = 0.0
        q[k] = 0.0
    while i < whole:
        for k in range(LANES):
            g = grad[i + k] * weight[i + k]
            z = (x[i + k] - pilot - shift) * inverse
            s[k] += g
            q[k] += g * z
        i += LANES
    for k in range(n - whole):
        g = grad[i + k] * weight[i + k]
        s[k] += g
        q[k] += g * ((x[i + k] - pilot - shift) * inverse)
    total[0] = total_of(s, LANES)
    product[0] = total_of(q, LANES)


cdef hot write_gradient(const floating* x, const floating* grad, Py_ssize_t n, double pilot, double shift,
                        double inverse, const double* weight, double total, double product, floating* out) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(n):
        out[j] = <floating>(
            inverse * (grad[j] * weight[j] - total - ((x[j] - pilot - shift) * inverse) * product)
        )


def normalise_rows_backward(const floating[:, ::1] x, const floating[:, ::1] grad, bint center,
                            const double[:, ::1] weight, const double[:, ::1] mean,
                            const double[::1] inverse, floating[:, ::1] out):
    """See :func:`skprep.kernels.rows.normalise_rows_backward`."""
    cdef Py_ssize_t i, k, n = x.shape[0], m = x.shape[1], period = weight.shape[0]
    cdef double total, product
    check_turns(n, m, weight, mean, inverse)
    check_shape("grad", (grad.shape[0], grad.shape[1]), (n, m))
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    grad_weight, grad_bias = np.zeros((period, m)), np.zeros((period, m))
    cdef double[:, ::1] of_weight = grad_weight, of_bias = grad_bias
    if n == 0 or m == 0:
        return grad_weight, grad_bias
    with nogil:
        for i in range(n):
            k = i % period
            sum_products(&x[i, 0], &grad[i, 0], m, mean[i, 0], mean[i, 1], inverse[i], &weight[k, 0], &of_weight[k, 0],
                         &of_bias[k, 0], &total, &product)
            write_gradient(&x[i, 0], &grad[i, 0], m, mean[i, 0], mean[i, 1], inverse[i], &weight[k, 0],
                           total / m if center else 0.0, product / m, &out[i, 0])
    return grad_weight, grad_bias
