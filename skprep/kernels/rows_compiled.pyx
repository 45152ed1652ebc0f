# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Rows of layers compiled: see :mod:`skprep.kernels.rows`, whose results these are."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY, NAN, sqrt
from libc.stdint cimport int32_t

from skprep.kernels.common cimport (
    LANES, WIDE, add_deviations, check_length, check_shape, fill, given_t, hot, sums_t, total_of,
)

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
