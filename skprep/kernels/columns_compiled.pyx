# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Columns of layers compiled: see :mod:`skprep.kernels.columns`, whose results these are."""

import numpy as np

from cython cimport floating

from skprep.kernels.common cimport check_length, check_shape, given_t, hot, part, sums_t

cdef struct Columns:
    const double* head
    const double* tail
    const double* scale
    const double* weight
    const double* bias


cdef inline double normal(double x, double head, double tail, double scale, bint divide) noexcept nogil:
    return ((x - head) - tail) / scale if divide else ((x - head) - tail) * scale


cdef inline part write_row(const floating* x, Py_ssize_t m, Columns columns, bint divide, floating* out) noexcept nogil:
    cdef Py_ssize_t j
    cdef given_t head = columns.head
    cdef given_t tail = columns.tail
    cdef given_t scale = columns.scale
    cdef given_t weight = columns.weight
    cdef given_t bias = columns.bias
    for j in range(m):
        out[j] = <floating>(normal(x[j], head[j], tail[j], scale[j], divide) * weight[j] + bias[j])


cdef hot write_rows(const floating* x, Py_ssize_t n, Py_ssize_t m, Columns columns, bint divide,
                    floating* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if divide:
            write_row(x + i * m, m, columns, True, out + i * m)
        else:
            write_row(x + i * m, m, columns, False, out + i * m)


cdef inline part add_row(const floating* x, const floating* grad, Py_ssize_t m, Columns columns, bint divide,
                         sums_t product, sums_t total) noexcept nogil:
    cdef Py_ssize_t j
    cdef given_t head = columns.head
    cdef given_t tail = columns.tail
    cdef given_t scale = columns.scale
    for j in range(m):
        product[j] += grad[j] * normal(x[j], head[j], tail[j], scale[j], divide)
        total[j] += grad[j]


cdef hot add_rows(const floating* x, const floating* grad, Py_ssize_t n, Py_ssize_t m, Columns columns, bint divide,
                  double* product, double* total) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if divide:
            add_row(x + i * m, grad + i * m, m, columns, True, product, total)
        else:
            add_row(x + i * m, grad + i * m, m, columns, False, product, total)


cdef inline part write_gradient(const floating* x, const floating* grad, Py_ssize_t m, Columns columns, bint divide,
                                given_t product, given_t total, given_t factor, floating* out) noexcept nogil:
    cdef Py_ssize_t j
    cdef given_t head = columns.head
    cdef given_t tail = columns.tail
    cdef given_t scale = columns.scale
    for j in range(m):
        out[j] = <floating>(
            ((grad[j] - normal(x[j], head[j], tail[j], scale[j], divide) * product[j]) - total[j]) * factor[j]
        )


cdef hot write_gradients(const floating* x, const floating* grad, Py_ssize_t n, Py_ssize_t m, Columns columns,
                         bint divide, const double* product, const double* total, const double* factor,
                         floating* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if divide:
            write_gradient(x + i * m, grad + i * m, m, columns, True, product, total, factor, out + i * m)
        else:
            write_gradient(x + i * m, grad + i * m, m, columns, False, product, total, factor, out + i * m)


cdef check_columns(Py_ssize_t m, head, tail, scale, weight, bias):
    for name, values in (("head", head), ("tail", tail), ("scale", scale), ("weight", weight), ("bias", bias)):
        if len(values) != m:
            raise ValueError(f"{name} must have one entry for each of {m} columns; received {len(values)}")


def normalise_columns(const floating[:, ::1] x, const double[::1] head, const double[::1] tail,
                      const double[::1] scale, bint divide, const double[::1] weight, const double[::1] bias,
                      floating[:, ::1] out):
    """See :func:`skprep.kernels.columns.normalise_columns`."""
    cdef Py_ssize_t n = x.shape[0], m = x.shape[1]
    check_columns(m, head, tail, scale, weight, bias)
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if n == 0 or m == 0:
        return
    cdef Columns columns = Columns(&head[0], &tail[0], &scale[0], &weight[0], &bias[0])
    with nogil:
        write_rows(&x[0, 0], n, m, columns, divide, &out[0, 0])


def sum_column_gradients(const floating[:, ::1] x, const floating[:, ::1] grad, const double[::1] head,
                         const double[::1] tail, const double[::1] scale, bint divide):
    """See :func:`skprep.kernels.columns.sum_column_gradients`."""
    cdef Py_ssize_t n = x.shape[0], m = x.shape[1]
    check_columns(m, head, tail, scale, scale, scale)
    check_shape("grad", (grad.shape[0], grad.shape[1]), (n, m))
    sums = np.zeros((2, m))
    if n == 0 or m == 0:
        return sums[0], sums[1]
    cdef double[:, ::1] s = sums
    cdef Columns columns = Columns(&head[0], &tail[0], &scale[0], &scale[0], &scale[0])
    with nogil:
        add_rows(&x[0, 0], &grad[0, 0], n, m, columns, divide, &s[0, 0], &s[1, 0])
    return sums[0], sums[1]


def write_column_gradients(const floating[:, ::1] x, const floating[:, ::1] grad, const double[::1] head,
                           const double[::1] tail, const double[::1] scale, bint divide, const double[::1] product,
                           const double[::1] total, const double[::1] factor, floating[:, ::1] out):
    """See :func:`skprep.kernels.columns.write_column_gradients`."""
    cdef Py_ssize_t n = x.shape[0], m = x.shape[1]
    check_columns(m, head, tail, scale, product, total)
    check_columns(m, factor, factor, factor, factor, factor)
    check_shape("grad", (grad.shape[0], grad.shape[1]), (n, m))
    check_shape("out", (out.shape[0], out.shape[1]), (n, m))
    if n == 0 or m == 0:
        return
    cdef Columns columns = Columns(&head[0], &tail[0], &scale[0], &scale[0], &scale[0])
    with nogil:
        write_gradients(&x[0, 0], &grad[0, 0], n, m, columns, divide, &product[0], &total[0], &factor[0], &out[0, 0])
