"""Functions that engines lack, or have with fewer digits, as expressions of those they have.

Every use of an argument repeats it, so an argument should be a column: what is composed of several
functions goes step by step, a column for each.
"""

import narwhals.stable.v2 as nw


def subtract_and_divide(x, center, scale):
    """``(x - center) / scale``; None stands for no center, no scale."""
    x = x if center is None else x - center
    return x if scale is None else x / scale


def multiply_and_add(z, center, scale):
    """``z * scale + center``, the inverse of :func:`subtract_and_divide`."""
    z = z if scale is None else z * scale
    return z if center is None else z + center


def clip(x, low, high):
    """``x`` within ``low`` and ``high``; NaN stays NaN, which some engines hold for the largest number."""
    there = ~x.is_nan()
    return (
        nw.when(there & (x > high))
        .then(nw.lit(high))
        .otherwise(nw.when(there & (x < low)).then(nw.lit(low)).otherwise(x))
    )


def log1p(x):
    """``log(1 + x)``, right near 0: Kahan's way (Goldberg 1991, ACM Computing Surveys 23(1), theorem 4)."""
    near = 1.0 + x
    exact = near - 1.0
    safe = nw.when(exact == 0.0).then(nw.lit(1.0)).otherwise(exact)
    return nw.when((exact == 0.0) | x.is_nan()).then(x).otherwise(near.log() * (x / safe))


def expm1(x):
    """``exp(x) - 1``, right near 0: Kahan's twin of :func:`log1p`."""
    near = x.exp()
    exact = near - 1.0
    small = (x > -0.5) & (x < 0.5) & (near != 1.0)
    safe = nw.when(small).then(near).otherwise(nw.lit(2.0))
    slope = nw.when(near == 1.0).then(x).otherwise(exact)
    return nw.when(small).then(exact * (x / safe.log())).otherwise(slope)


def symlog(x):
    """``sign(x) * log(1 + abs(x))``."""
    return with_sign(x, log1p(magnitude(x)))


def symexp(x):
    """``sign(x) * (exp(abs(x)) - 1)``, the inverse of :func:`symlog`."""
    return with_sign(x, expm1(magnitude(x)))


def before_symlog(x):
    """``u`` such that ``symlog(u)`` is ``arcsinh(x)``, right near 0 and far from it."""
    size = magnitude(x)
    near = size + size * size / (1.0 + (1.0 + size * size).sqrt())
    return with_sign(x, nw.when(size > 1e8).then(2.0 * size - 1.0).otherwise(near))


def after_symexp(u):
    """``sinh(x)`` where ``u`` is ``symexp(x)``."""
    size = magnitude(u)
    return with_sign(u, 0.5 * (size + size / (size + 1.0)))


def magnitude(x):
    """``abs(x)``."""
    return nw.when(x < 0.0).then(-x).otherwise(x)


def with_sign(x, size):
    """``size`` with the sign of ``x``."""
    return nw.when(x < 0.0).then(-size).otherwise(size)
