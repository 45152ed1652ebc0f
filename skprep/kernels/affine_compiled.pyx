# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Center and scale compiled: the fast twin of the formula of :class:`skprep.maps.affine.AffineMap`."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from skprep.kernels.common cimport (
    AHEAD, FOLD, check_layout, check_rows, check_shape, given_t, hot, is_by_column, part, prefetch,
)

cdef enum:
    DIVIDE = 0  # (x - center) / scale
    MULTIPLY = 1  # (x - center) * scale
    UNDO = 2  # x * scale + center
    ONTO = 3  # DIVIDE, and from 0 and 1 onto a range
    ONTO_TOP = 4  # the same where ``high - low`` was rounded: what reaches 1 becomes high
    FROM = 5  # from a range to 0 and 1, and UNDO

cdef struct Rule:
    int formula
    bint clip
    double low
    double high
    double start  # of the range that is scaled onto, its length and its end
    double length
    double end


cdef inline double result_of(double x, double center, double scale, int formula, Rule rule) noexcept nogil:
    cdef double z, moved
    cdef bint wrong
    if formula == UNDO:
        return x * scale + center
    if formula == FROM:
        return ((x - rule.start) / rule.length) * scale + center
    if formula == MULTIPLY:
        return (x - center) * scale
    z = (x - center) / scale
    if formula == DIVIDE:
        return z
    moved = z * rule.length + rule.start
    if formula == ONTO:
        return moved
    wrong = (z == 1.0) | ((z > 1.0) & (moved < rule.end)) | ((z < 1.0) & (moved > rule.end))
    return rule.end if wrong else moved


cdef inline double clipped(double z, Rule rule) noexcept nogil:
    z = rule.low if z < rule.low else z
    return rule.high if z > rule.high else z


cdef inline bint is_infinite(double x) noexcept nogil:
    return (x if x > 0 else -x) == INFINITY


cdef inline part write_line(const floating* x, Py_ssize_t m, given_t center, given_t scale, int formula,
                            Rule rule, floating* out, int64_t* infinite) noexcept nogil:
    cdef Py_ssize_t j
    cdef double v
    cdef int64_t beyond = 0
    for j in range(m):
        v = x[j]
        beyond |= is_infinite(v)
        out[j] = <floating>result_of(v, center[j], scale[j], formula, rule)
    infinite[0] |= beyond


cdef hot write_lines(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m, given_t center, given_t scale,
                     Rule rule, floating* out, Py_ssize_t out_step, int64_t* infinite) noexcept nogil:
    """Write the result of ``n`` lines of ``m`` numbers that share their parameters."""
    cdef Py_ssize_t i, j
    cdef const floating* line
    cdef floating* to
    cdef int64_t beyond = 0
    for i in range(n):
        line = x + i * step
        to = out + i * out_step
        if rule.formula == UNDO:  # the formula is a constant of each loop
            write_line(line, m, center, scale, UNDO, rule, to, &beyond)
        elif rule.formula == DIVIDE:
            write_line(line, m, center, scale, DIVIDE, rule, to, &beyond)
        elif rule.formula == MULTIPLY:
            write_line(line, m, center, scale, MULTIPLY, rule, to, &beyond)
        elif rule.formula == ONTO:
            write_line(line, m, center, scale, ONTO, rule, to, &beyond)
        elif rule.formula == ONTO_TOP:
            write_line(line, m, center, scale, ONTO_TOP, rule, to, &beyond)
        else:
            write_line(line, m, center, scale, FROM, rule, to, &beyond)
        if rule.clip:
            for j in range(m):
                to[j] = <floating>clipped(to[j], rule)
    infinite[0] |= beyond


cdef hot write_grouped_column(const floating* x, Py_ssize_t n, const Py_ssize_t* codes, const double* pair,
                              Rule rule, floating* out, int64_t* infinite) noexcept nogil:
    """Write the result of ``n`` neighbours of different groups; ``pair``: center and scale side by side."""
    cdef Py_ssize_t i
    cdef const double* own
    cdef double z
    cdef int64_t beyond = 0
    for i in range(n):
        if i + AHEAD < n:
            prefetch(pair + 2 * codes[i + AHEAD])
        own = pair + 2 * codes[i]
        beyond |= is_infinite(x[i])
        z = result_of(x[i], own[0], own[1], rule.formula, rule)
        out[i] = <floating>(clipped(z, rule) if rule.clip else z)
    infinite[0] |= beyond


cdef void write_columns(const floating[:, :] X, const double[:, ::1] center, const double[:, ::1] scale,
                        const Py_ssize_t[::1] codes, Rule rule, double* scratch, floating[:, :] out,
                        int64_t* infinite) noexcept nogil:
    """Go through matrices whose columns lie in one piece."""
    cdef Py_ssize_t n = X.shape[0], lines = n // FOLD, at = lines * FOLD, g, j, k
    for j in range(X.shape[1]):
        if codes is not None:
            for g in range(center.shape[0]):
                scratch[2 * g] = center[g, j]
                scratch[2 * g + 1] = scale[g, j]
            write_grouped_column(&X[0, j], n, &codes[0], scratch, rule, &out[0, j], infinite)
            continue
        for k in range(FOLD):  # neighbours side by side, as if they were a row
            scratch[k] = center[0, j]
            scratch[FOLD + k] = scale[0, j]
        write_lines(&X[0, j], FOLD, lines, FOLD, scratch, scratch + FOLD, rule, &out[0, j], FOLD, infinite)
        if at < n:
            write_lines(&X[at, j], FOLD, 1, n - at, scratch, scratch + FOLD, rule, &out[at, j], FOLD, infinite)


cdef void write_rows(const floating[:, :] X, const double[:, ::1] center, const double[:, ::1] scale,
                     const Py_ssize_t[::1] codes, Rule rule, Py_ssize_t fold, double* scratch, floating[:, :] out,
                     int64_t* infinite) noexcept nogil:
    """Go through matrices whose rows lie in one piece, ``fold`` short ones as one line."""
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], item = sizeof(floating), lines = n // fold, at = lines * fold
    cdef Py_ssize_t by_row = X.strides[0] // item, out_row = out.strides[0] // item, i, g
    cdef double* c = scratch
    cdef double* s = scratch + fold * m
    if codes is not None:
        for i in range(n):
            g = codes[i]
            if i + AHEAD < n:
                prefetch(&center[codes[i + AHEAD], 0])
                prefetch(&scale[codes[i + AHEAD], 0])
            write_lines(&X[i, 0], by_row, 1, m, &center[g, 0], &scale[g, 0], rule, &out[i, 0], out_row, infinite)
        return
    for i in range(fold):
        memcpy(c + i * m, &center[0, 0], m * sizeof(double))
        memcpy(s + i * m, &scale[0, 0], m * sizeof(double))
    write_lines(&X[0, 0], fold * by_row, lines, fold * m, c, s, rule, &out[0, 0], fold * out_row, infinite)
    if at < n:
        write_lines(&X[at, 0], by_row, n - at, m, c, s, rule, &out[at, 0], out_row, infinite)


cdef check_apart(name, values, others):
    """Refuse to write into the memory of an array that was checked and says where values go."""
    if np.may_share_memory(np.asarray(values), np.asarray(others)):
        raise ValueError(f"{name} must not share memory with the arrays that say where its values go")


def apply_affine(const floating[:, :] X, const double[:, ::1] center, const double[:, ::1] scale,
                 floating[:, :] out, const Py_ssize_t[::1] codes=None, bounds=None, bint divide=True,
                 bint undo=False, onto=None):
    """Write the map of ``X`` to ``out``, 0 and 1 put ``onto`` a range where there is one.

    Without ``divide``, ``scale`` is a factor, and there is no range. Say whether X has an infinity.
    """
    cdef Py_ssize_t n = X.shape[0], m = X.shape[1], item = sizeof(floating), n_groups = center.shape[0]
    check_rows(n, codes, None, n_groups)
    check_shape("center", (n_groups, center.shape[1]), (n_groups, m))
    check_shape("scale", (scale.shape[0], scale.shape[1]), (n_groups, m))
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if n == 0 or m == 0:
        return False
    check_layout("X", X)
    check_layout("out", out)
    cdef bint by_column = is_by_column(X) and out.strides[0] == item
    if not (by_column or X.strides[1] == out.strides[1] == item):
        raise ValueError("X and out must lie in memory in one order, by rows or by columns")
    if codes is not None:
        check_apart("out", out, codes)
    cdef int formula = UNDO if undo else DIVIDE if divide else MULTIPLY
    cdef Rule rule = Rule(formula, bounds is not None, -INFINITY, INFINITY, 0.0, 1.0, 1.0)
    if bounds is not None:
        rule.low, rule.high = bounds
    if onto is not None:
        rule.start, rule.end = onto
        rule.length = rule.end - rule.start
        rule.formula = FROM if undo else ONTO if rule.start + rule.length == rule.end else ONTO_TOP
    cdef Py_ssize_t fold = 1
    if codes is None and X.strides[0] == m * item and out.strides[0] == m * item:
        fold = max(1, FOLD // m)
    cdef double[::1] scratch = np.empty(2 * max(n_groups if by_column else 1, fold * m, FOLD))
    cdef int64_t infinite = 0
    with nogil:
        if by_column:
            write_columns(X, center, scale, codes, rule, &scratch[0], out, &infinite)
        else:
            write_rows(X, center, scale, codes, rule, fold, &scratch[0], out, &infinite)
    return infinite != 0


def undo_affine(const floating[:, :] Z, const double[:, ::1] center, const double[:, ::1] scale,
                floating[:, :] out, const Py_ssize_t[::1] codes=None, onto=None):
    """Write the inverse of :func:`apply_affine` to ``out``; say whether Z has an infinity."""
    return apply_affine(Z, center, scale, out, codes, None, False, True, onto)
