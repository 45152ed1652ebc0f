# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Entry by entry compiled: see :mod:`skprep.kernels.entries`, whose results these are."""

from cython cimport floating
from libc.math cimport sqrt, sqrtf

from skprep.kernels.common cimport check_length, hot
from skprep.kernels.exponential cimport skprep_exp64, skprep_phi


cdef hot gelu_entries(const float* x, Py_ssize_t n, float* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = <float>(x[i] * skprep_phi(x[i]))


cdef hot gelu_gradients(const float* x, const float* grad, Py_ssize_t n, float* out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double v, density
    for i in range(n):
        v = x[i]
        density = skprep_exp64(-0.5 * v * v) * 0.3989422804014327
        out[i] = <float>(grad[i] * (skprep_phi(v) + v * density))


def gelu(const float[::1] x, float[::1] out):
    """See :func:`skprep.kernels.entries.gelu`."""
    check_length("out", out.shape[0], x.shape[0])
    if x.shape[0]:
        with nogil:
            gelu_entries(&x[0], x.shape[0], &out[0])


def gelu_backward(const float[::1] x, const float[::1] grad, float[::1] out):
    """See :func:`skprep.kernels.entries.gelu_backward`."""
    check_length("grad", grad.shape[0], x.shape[0])
    check_length("out", out.shape[0], x.shape[0])
    if x.shape[0]:
        with nogil:
            gelu_gradients(&x[0], &grad[0], x.shape[0], &out[0])


cdef struct Rule:
    double first
    double second
    double rate
    double root
    double eps


cdef hot adam_entries(floating* param, const floating* grad, floating* m, floating* v, Py_ssize_t n,
                      Rule rule) noexcept nogil:
    """Step in the type of the parameters, as NumPy does; the division by the root alone is in float64."""
    cdef Py_ssize_t i
    cdef floating first = <floating>rule.first, second = <floating>rule.second
    cdef floating newest = <floating>(1.0 - rule.first), square = <floating>(1.0 - rule.second)
    cdef floating rate = <floating>rule.rate, eps = <floating>rule.eps, step
    for i in range(n):
        m[i] = m[i] * first + newest * grad[i]
        v[i] = v[i] * second + square * (grad[i] * grad[i])
        if floating is float:
            step = <float>(<double>sqrtf(v[i]) / rule.root)
        else:
            step = sqrt(v[i]) / rule.root
        param[i] -= m[i] / (step + eps) * rate


def adam_step(floating[::1] param, const floating[::1] grad, floating[::1] m, floating[::1] v, double first,
              double second, double rate, double root, double eps):
    """See :func:`skprep.kernels.entries.adam_step`."""
    cdef Py_ssize_t n = param.shape[0]
    check_length("grad", grad.shape[0], n)
    check_length("m", m.shape[0], n)
    check_length("v", v.shape[0], n)
    if n:
        with nogil:
            adam_entries(&param[0], &grad[0], &m[0], &v[0], n, Rule(first, second, rate, root, eps))
