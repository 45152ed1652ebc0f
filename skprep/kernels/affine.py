"""Center and scale, and back."""

import numpy as np


def apply_affine(X, center, scale, out):
    """Write ``(X - center) / scale`` to ``out``; None stands for no center, no scale.

    float32 subtracts the center as the sum of two float32 numbers, so a mean far from 0
    costs no digits; float16 takes the way through float64. ``out`` may be ``X``.

    Examples
    --------
    >>> import numpy as np
    >>> X, center, scale = np.array([[1.0, 6.0]]), np.array([1.0, 2.0]), np.array([1.0, 8.0])
    >>> apply_affine(X, center, scale, out=np.empty((1, 2)))
    array([[0. , 0.5]])
    """
    wide = _working_array(out, center, scale)
    for part in _parts(center, wide.dtype):
        X = np.subtract(X, part, out=wide)
    if scale is not None:
        X = np.divide(X, scale.astype(wide.dtype, copy=False), out=wide)
    return _store(X, out)


def undo_affine(Z, center, scale, out):
    """Write ``Z * scale + center`` to ``out``: the inverse of :func:`apply_affine`.

    Examples
    --------
    >>> import numpy as np
    >>> Z, center, scale = np.array([[0.0, 0.5]]), np.array([1.0, 2.0]), np.array([1.0, 8.0])
    >>> undo_affine(Z, center, scale, out=np.empty((1, 2)))
    array([[1., 6.]])
    """
    wide = _working_array(out, center, scale)
    if scale is not None:
        Z = np.multiply(Z, scale.astype(wide.dtype, copy=False), out=wide)
    for part in reversed(_parts(center, wide.dtype)):
        Z = np.add(Z, part, out=wide)
    return _store(Z, out)


def _working_array(out, center, scale):
    """Return ``out`` itself where its dtype can carry the arithmetic, else a float64 array."""
    if out.dtype == np.float64 or (out.dtype == np.float32 and _fit_float32(center, scale)):
        return out
    return np.empty(out.shape)


def _fit_float32(center, scale):
    limits = np.finfo(np.float32)
    with np.errstate(invalid="ignore"):
        huge = any(v is not None and (np.abs(v) > limits.max / 4).any() for v in (center, scale))
        return not huge and (scale is None or not (np.abs(scale) < limits.tiny).any())


def _parts(center, dtype):
    """Return numbers of ``dtype`` that sum to ``center`` to twice its digits."""
    if center is None:
        return []
    if center.dtype == dtype:
        return [center]
    head = center.astype(dtype)
    return [head, (center - head).astype(dtype)]


def _store(values, out):
    if values is not out:
        out[...] = values
    return out
