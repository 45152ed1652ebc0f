"""Center and scale, and back."""

import numpy as np

from skprep.kernels.blocks import folded_blocks, row_blocks

GATHERED_ELEMENTS = 1 << 17  # large enough that gathering parameters pays its overhead


def apply_affine(X, center, scale, out, codes=None, bounds=None):
    """Write ``(X - center) / scale`` to ``out``, clipped to ``bounds``; say whether X had an infinity.

    Parameters
    ----------
    X, out : float ndarrays of shape (n_rows, n_features)
        They may be one array.
    center, scale : float64 ndarrays of shape (n_groups, n_features)
    codes : intp ndarray of shape (n_rows,), default=None
        Group of each row. None: all rows are group 0.
    bounds : (low, high), default=None

    Returns
    -------
    infinite : bool

    Examples
    --------
    >>> import numpy as np
    >>> X, center, scale = np.array([[1.0, 6.0]]), np.array([[1.0, 2.0]]), np.array([[1.0, 8.0]])
    >>> out = np.empty((1, 2))
    >>> apply_affine(X, center, scale, out), out
    (False, array([[0. , 0.5]]))
    """
    infinite = False
    for x, o, own in _blocks(X, out, (center, scale), codes):
        before = x.copy() if np.may_share_memory(x, o) else x
        scale_array(x, *own, o)
        infinite = infinite or bool(not np.isfinite(o).all() and np.isinf(before).any())
        if bounds is not None:
            clip_to(o, bounds)
    return infinite


def clip_to(values, bounds):
    """Keep ``values`` within ``bounds``, in place; a bound beyond their dtype binds nothing.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([-9.0, 9.0], dtype=np.float16)
    >>> clip_to(values, (-1e9, 3.0))
    >>> values
    array([-9.,  3.], dtype=float16)
    """
    with np.errstate(over="ignore"):
        low, high = (np.float64(bound).astype(values.dtype) for bound in bounds)
    np.clip(values, low, high, out=values)


def undo_affine(Z, center, scale, out, codes=None):
    """Write ``Z * scale + center`` to ``out``, the inverse of :func:`apply_affine`.

    Examples
    --------
    >>> import numpy as np
    >>> Z, center, scale = np.array([[0.0, 0.5]]), np.array([[1.0, 2.0]]), np.array([[1.0, 8.0]])
    >>> out = np.empty((1, 2))
    >>> undo_affine(Z, center, scale, out), out
    (False, array([[1., 6.]]))
    """
    infinite = False
    for z, o, own in _blocks(Z, out, (center, scale), codes):
        infinite = infinite or bool(np.isinf(z).any())
        unscale_array(z, *own, o)
    return infinite


def _blocks(X, out, vectors, codes):
    """Yield block after block of ``X`` and ``out`` with its parameters, ready to broadcast."""
    if codes is None:
        yield from folded_blocks(X, out, [v[0] for v in vectors])
        return
    for rows in row_blocks(*X.shape, elements=GATHERED_ELEMENTS):
        yield X[rows], out[rows], [np.take(v, codes[rows], axis=0, mode="clip") for v in vectors]


def scale_array(x, center, scale, out):
    """Write ``(x - center) / scale`` to ``out``; None stands for no center, no scale.

    float32 subtracts the center as the sum of two float32 numbers, so a mean far from 0
    costs no digits; float16 takes the way through float64. Any shapes that broadcast; ``out``
    may be ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> x, center, scale = np.array([[1.0, 6.0]]), np.array([1.0, 2.0]), np.array([1.0, 8.0])
    >>> scale_array(x, center, scale, out=np.empty((1, 2)))
    array([[0. , 0.5]])
    """
    wide = _working_array(out, center, scale)
    for part in _parts(center, wide.dtype):
        x = np.subtract(x, part, out=wide)
    if scale is not None:
        x = np.divide(x, scale.astype(wide.dtype, copy=False), out=wide)
    return _store(x, out)


def unscale_array(z, center, scale, out):
    """Write ``z * scale + center`` to ``out``: the inverse of :func:`scale_array`.

    Examples
    --------
    >>> import numpy as np
    >>> z, center, scale = np.array([[0.0, 0.5]]), np.array([1.0, 2.0]), np.array([1.0, 8.0])
    >>> unscale_array(z, center, scale, out=np.empty((1, 2)))
    array([[1., 6.]])
    """
    wide = _working_array(out, center, scale)
    if scale is not None:
        z = np.multiply(z, scale.astype(wide.dtype, copy=False), out=wide)
    for part in reversed(_parts(center, wide.dtype)):
        z = np.add(z, part, out=wide)
    return _store(z, out)


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
