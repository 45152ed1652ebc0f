# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Rows of layers compiled: see :mod:`skprep.kernels.rows`, whose results these are."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY, NAN, log, sqrt
from libc.stdint cimport int32_t

from skprep.kernels.common cimport (
    LANES, WIDE, add_deviations, check_length, check_shape, fill, first_of, given_t, hot, sums_t, total_of,
)
from skprep.kernels.exponential cimport skprep_exp, skprep_exp64

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


cdef hot sum_any_row(const floating* x, Py_ssize_t n, double pilot, double* shift, double* square) noexcept nogil:
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
        add_deviations(x, WIDE, n // WIDE, WIDE, p, s, q)
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


cdef hot cross_entropy_row(const floating* x, Py_ssize_t m, const double* on_all, double sum_of_all,
                           Py_ssize_t c, double on_class, double divisor, double* e, floating* grad,
                           double* loss) noexcept nogil:
    """Write loss and gradient of a row; ``e`` has room for its exponentials. Not finite where a logit is not."""
    cdef double lanes[LANES]
    cdef floating tops[WIDE]
    cdef double top = x[0], total, factor, log_total, of_all = 0.0
    cdef Py_ssize_t j = 0, whole = m - m % LANES, wide = m - m % WIDE
    cdef int k
    for k in range(WIDE):
        tops[k] = x[0]
    while j < wide:
        for k in range(WIDE):
            tops[k] = x[j + k] if x[j + k] > tops[k] else tops[k]
        j += WIDE
    for k in range(m - wide):
        tops[k] = x[j + k] if x[j + k] > tops[k] else tops[k]
    for k in range(WIDE):
        top = tops[k] if tops[k] > top else top
    for j in range(m):
        e[j] = skprep_exp64(x[j] - top)
    for k in range(LANES):
        lanes[k] = 0.0
    j = 0
    while j < whole:
        for k in range(LANES):
            lanes[k] += e[j + k]
        j += LANES
    for k in range(m - whole):
        lanes[k] += e[j + k]
    total = total_of(lanes, LANES)
    log_total = log(total)
    factor = (on_class + sum_of_all) / total
    loss[0] = on_class * (log_total - (x[c] - top))
    if on_all == NULL:
        for j in range(m):
            grad[j] = <floating>(e[j] * factor / divisor)
    else:
        for j in range(m):
            of_all += on_all[j] * (x[j] - top)
        loss[0] += log_total * sum_of_all - of_all
        for j in range(m):
            grad[j] = <floating>((e[j] * factor - on_all[j]) / divisor)
    grad[c] = <floating>((e[c] * factor - (on_all[c] if on_all != NULL else 0.0) - on_class) / divisor)


def cross_entropy_rows(const floating[:, ::1] logits, const Py_ssize_t[::1] classes, const double[::1] on_class,
                       const double[::1] on_all, double divisor, double[::1] losses, floating[:, ::1] grad):
    """See :func:`skprep.kernels.rows.cross_entropy_rows`."""
    cdef Py_ssize_t i, n = logits.shape[0], m = logits.shape[1]
    cdef bint outside = False
    cdef double check = 0.0, sum_of_all = 0.0
    check_length("classes", classes.shape[0], n)
    check_length("on_class", on_class.shape[0], n)
    check_length("losses", losses.shape[0], n)
    check_shape("grad", (grad.shape[0], grad.shape[1]), (n, m))
    if on_all.shape[0] and on_all.shape[0] != m:
        raise ValueError(f"on_all must have one entry for each of {m} classes; received {on_all.shape[0]}")
    for i in range(n):
        outside |= (classes[i] < 0) | (classes[i] >= m)
    if outside:
        raise ValueError(f"classes must be from 0 to {m - 1}; received others")
    if n == 0:
        return True
    cdef double[::1] e = np.empty(m)
    for i in range(on_all.shape[0]):
        sum_of_all += on_all[i]
    with nogil:
        for i in range(n):
            cross_entropy_row(&logits[i, 0], m, first_of(on_all), sum_of_all, classes[i], on_class[i], divisor,
                              &e[0], &grad[i, 0], &losses[i])
            check += losses[i] * 0.0
    return check == check
