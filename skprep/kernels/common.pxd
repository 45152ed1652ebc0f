# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
#
# What the compiled kernels share: how they are compiled, what every entry checks at its head, and the loop of
# sums that both columns and rows of layers take.

from cython cimport floating
from libc.stdint cimport uintptr_t

cdef extern from *:
    """
    /* Where the linker can choose at run time, hot loops also exist for wider registers. What is shared is part
       of the loop that calls it. */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define skprep_hot __attribute__((target_clones("avx2", "default"))) void
    #else
    #define skprep_hot void
    #endif
    #if defined(__GNUC__)
    #define skprep_part __attribute__((always_inline)) void
    #define skprep_prefetch(address) __builtin_prefetch(address)
    #else
    #define skprep_part void
    #define skprep_prefetch(address) ((void) 0)
    #endif
    """
    ctypedef void hot "skprep_hot"
    ctypedef void part "skprep_part"
    # Pointers that never overlap: without the promise the loops over short rows are not vectorised.
    ctypedef double* sums_t "double *CYTHON_RESTRICT"
    ctypedef const double* given_t "const double *CYTHON_RESTRICT"
    void prefetch "skprep_prefetch"(const void* address) noexcept nogil

cdef enum:
    BLOCK = 1 << 14  # numbers summed in one go; they stay in the level-2 cache
    LANES = 8
    WIDE = 32
    FOLD = 40  # numbers of a narrow matrix that are read side by side; not a power of 2: those collide in the cache
    AHEAD = 12  # rows from now, whose group is fetched into the cache meanwhile
    TALL = 64  # rows of a block at least, however wide they are


cdef inline check_length(name, Py_ssize_t received, Py_ssize_t n):
    if received != n:
        raise ValueError(f"{name} must have one entry for each of {n} rows; received {received}")


cdef inline check_shape(name, received, required):
    if received != required:
        raise ValueError(f"{name} must have shape {required}; received {received}")


cdef inline check_rows(Py_ssize_t n, const Py_ssize_t[::1] codes, const double[::1] weight, Py_ssize_t n_groups):
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


cdef inline check_layout(name, const floating[:, :] X):
    """Refuse a matrix of which neither rows nor columns lie in one piece, number beside number."""
    cdef Py_ssize_t item = sizeof(floating), by_row = X.strides[0], by_column = X.strides[1]
    if X.shape[0] == 0 or X.shape[1] == 0:
        return
    if by_row % item or by_column % item or (by_row != item and by_column != item) or <uintptr_t>&X[0, 0] % item:
        raise ValueError(
            f"{name} must have rows or columns that lie in one piece; received strides "
            f"{(by_row, by_column)} for numbers of {item} bytes"
        )


cdef inline bint is_by_column(const floating[:, :] X) noexcept nogil:
    """Say whether a column lies in one piece; a single one, where its rows are no line."""
    return X.strides[0] == sizeof(floating) and (X.strides[1] != sizeof(floating) or X.shape[1] == 1)


cdef inline const double* onward(const double* values, Py_ssize_t n) noexcept nogil:
    if values == NULL:
        return values
    return values + n


cdef inline const double* first_of(const double[::1] values) noexcept nogil:
    """Return the first of some weights, NULL where there are none."""
    if values is None or values.shape[0] == 0:
        return NULL
    return &values[0]


cdef inline void fill(double* values, Py_ssize_t n, double value) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        values[i] = value


cdef inline double total_of(double* values, int n) noexcept nogil:
    """Sum ``n`` (a power of 2) numbers by halves: a chain of additions would wait for each."""
    cdef int k
    while n > 1:
        n //= 2
        for k in range(n):
            values[k] += values[k + n]
    return values[0]


cdef inline part add_deviations(const floating* x, Py_ssize_t step, Py_ssize_t n, Py_ssize_t m,
                                given_t pilot, sums_t shift, sums_t square) noexcept nogil:
    """Add ``x - pilot`` and its square of ``n`` rows of ``m`` numbers, none of them missing."""
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
