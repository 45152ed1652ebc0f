# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Order statistics by counting, compiled: see :mod:`skprep.kernels.counting`, whose results these are."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy, memset

from skprep.kernels.common cimport check_layout, check_length, check_rows, check_shape, hot

cdef enum:
    TILE = 256  # rows that are transposed at a time


cdef check_apart(name, values, others):
    """Refuse to write into the memory of an array that was checked and says where values go."""
    if np.may_share_memory(np.asarray(values), np.asarray(others)):
        raise ValueError(f"{name} must not share memory with the arrays that say where its values go")


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


cdef hot count_values(const floating* x, Py_ssize_t n, int64_t* present) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t a = 0
    for i in range(n):
        a += x[i] == x[i]
    present[0] += a


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
                      int64_t[::1] present, int64_t[:, :, ::1] counts, floating[:, :, ::1] kept):
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
    check_shape("present", (present.shape[0],), (m,))
    check_shape("counts", (counts.shape[0], counts.shape[1], counts.shape[2]), (4, m, n_brackets))
    check_shape("kept", (kept.shape[0], kept.shape[1], room), (m, n_brackets, room))
    for j in range(m):
        for k in range(n_brackets):
            if not 0 <= counts[3, j, k] <= room + 1:
                raise ValueError(f"counts of what is kept must be from 0 to {room + 1}; received another")
    check_apart("kept", kept, counts)
    if n == 0 or m == 0 or n_brackets == 0:
        return
    x = &X[0, 0]
    check_layout("X", X)
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
                    count_values(run, rows, &present[j])
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
        if not 0 <= counts[3, k] <= room + 1:
            raise ValueError(f"counts of what is kept must be from 0 to {room + 1}; received another")
    check_apart("kept", kept, counts)
    check_apart("kept", kept, start)
    check_apart("kept", kept, sizes)
    check_apart("counts", counts, start)
    check_apart("counts", counts, sizes)
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
    if codes is None:
        raise ValueError("codes must say which group a value is of; received None")
    check_rows(n, codes, None, max(1, n_groups))
    check_apart("out", out, codes)
    check_apart("out", out, start)
    check_apart("out", out, stop)
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
