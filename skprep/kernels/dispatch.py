"""The kernels to call: compiled where the extension was built and takes the array, else NumPy.

Each function here is documented by its twin of the same name in :mod:`skprep.kernels.reference`.
"""

import numpy as np

from skprep.kernels import reference
from skprep.kernels.threads import LONG, by_rows, each, n_threads, shrinking

try:
    from skprep.kernels import (
        affine_compiled,
        columns_compiled,
        counting_compiled,
        cross_compiled,
        entries_compiled,
        extrema_compiled,
        moments_compiled,
        rows_compiled,
        sums_compiled,
    )
except ImportError:  # installed where no compiler was found
    compiled: tuple = ()
else:
    compiled = (
        affine_compiled,
        columns_compiled,
        counting_compiled,
        cross_compiled,
        entries_compiled,
        extrema_compiled,
        moments_compiled,
        rows_compiled,
        sums_compiled,
    )

_LEAST, _LARGEST = 1e-250, 1e250  # reciprocals in between lose nothing


def sum_deviations(X, pilot, codes=None, n_groups=1, weight=None):
    """Sum the deviations from a pilot value."""
    found = _compiled("sum_deviations", X)
    if found is None:
        return reference.sum_deviations(X, pilot, codes, n_groups, weight)
    return found(_laid_out(X), np.ascontiguousarray(pilot), *_plain(codes, n_groups, weight))


def sum_cross(X, D, mean, codes, n_groups):
    """Sum products of features with covariates."""
    found = _compiled("sum_cross", X)
    if found is None:
        return reference.sum_cross(X, D, mean, codes, n_groups)
    given = map(np.ascontiguousarray, (D, mean))
    return found(_laid_out(X), *given, *_plain(codes, n_groups, None)[:2])


def column_moments(X, weight=None):
    """Return count, origin, offset and m2 of one group, None where NumPy has to look at them."""
    found = _compiled("column_moments", X)
    return None if found is None else found(_laid_out(X), *_plain(None, 1, weight)[2:])


def sum_from_first(X, codes, n_groups):
    """Return a row of each group and the sums of deviations from it, None where NumPy has to look at them."""
    found = _compiled("sum_from_first", X)
    return None if found is None else found(_laid_out(X), *_plain(codes, n_groups, None)[:2])


def pool_moments(*parts):
    """Return the moments of all groups together, None where NumPy has to look at them."""
    return moments_compiled.pool_moments(*map(np.ascontiguousarray, parts)) if compiled else None


def merge_moments(a, b):
    """Return count, offset and m2 of two parts (tuples of arrays), None where NumPy has to look at them."""
    if not compiled:
        return None
    return moments_compiled.merge_moments(*map(np.ascontiguousarray, (*a, *b)))


def find_extrema(X, codes=None, n_groups=1, weight=None):
    """Find minimum and maximum."""
    found = _compiled("find_extrema", X)
    if found is None:
        return reference.find_extrema(X, codes, n_groups, weight)
    return found(_laid_out(X), *_plain(codes, n_groups, weight))


def find_smallest_two(X, codes=None, n_groups=1, weight=None):
    """Find the two smallest values."""
    found = _compiled("find_smallest_two", X)
    if found is None:
        return reference.find_smallest_two(X, codes, n_groups, weight)
    return found(_laid_out(X), *_plain(codes, n_groups, weight))


def takes_affine(X, out):
    """Say whether a compiled kernel centers and scales ``X`` into ``out``."""
    return _compiled("apply_affine", X) is not None and _alike(X, out)


def apply_affine(X, center, scale, out, codes=None, bounds=None, onto=None):
    """Center and scale, where :func:`takes_affine` says so; say whether X had an infinity.

    ``onto``: a range that 0 and 1 are put onto.
    """
    divide = True
    if X.dtype == np.float32 and onto is None:  # a product in float64, rounded to float32, is the quotient
        size = np.abs(scale)
        if ((size > _LEAST) & (size < _LARGEST)).all():
            scale, divide = 1.0 / scale, False
    return _affine(_compiled("apply_affine", X), X, center, scale, out, codes, bounds, divide, False, onto)


def undo_affine(Z, center, scale, out, codes=None, onto=None):
    """Undo :func:`apply_affine`, where :func:`takes_affine` says so; say whether Z had an infinity."""
    return _affine(_compiled("undo_affine", Z), Z, center, scale, out, codes, onto)


def _affine(kernel, X, center, scale, out, codes, *more):
    """Cut the rows for threads, or where columns lie in one piece and are many, the columns."""
    threads = n_threads() if codes is None and X.size > LONG else 1
    center, scale = (np.ascontiguousarray(v, dtype=np.float64) for v in (center, scale))
    if threads > 1 and X.shape[1] >= 8 * threads and X.strides[0] == out.strides[0] == X.itemsize:

        def piece(at):
            return kernel(X[:, at], center[:1, at], scale[:1, at], out[:, at], None, *more)

        return any(each(piece, shrinking(X.shape[1], threads, 1), threads))
    return any(by_rows(lambda x, o, c: kernel(x, center, scale, o, c, *more), X, out, codes))


def count_and_collect(X, low, high, present, counts, kept):
    """Count values below, at and between bounds."""
    found = _compiled("count_and_collect", X)
    if found is None:
        reference.count_and_collect(X, low, high, present, counts, kept)
    else:
        found(_laid_out(X), low, high, present, counts, kept)


def count_runs(x, start, sizes, low, high, counts, kept):
    """Count values of sorted runs below, at and between bounds."""
    (_compiled("count_runs", x) or reference.count_runs)(x, start, sizes, low, high, counts, kept)


def gather_groups(x, codes, start, stop, out):
    """Put the values of each group side by side."""
    found = _compiled("gather_groups", x)
    if found is None or not x.flags.aligned:
        found = reference.gather_groups
    return found(x, codes, start, stop, out)


def softmax_rows(x, out):
    """Write the softmax of each row."""
    # NumPy's exponential of float64 is as fast.
    found = rows_compiled.softmax_rows if compiled and x.dtype == np.float32 else reference.softmax_rows
    by_rows(found, x, out)


def normalise_rows(x, eps, center, weight, bias, out, mean, inverse):
    """Normalise each row."""
    found = _compiled("normalise_rows", x) or reference.normalise_rows

    def piece(x, out, mean, inverse):
        found(x, eps, center, weight, bias, out, mean, inverse)

    by_rows(piece, x, out, mean, inverse, period=len(weight))


def normalise_rows_backward(x, grad, center, weight, mean, inverse, out):
    """Take the gradient of normalised rows back."""
    found = _compiled("normalise_rows_backward", x) or reference.normalise_rows_backward

    def piece(x, grad, mean, inverse, out):
        return found(x, grad, center, weight, mean, inverse, out)

    parts = by_rows(piece, x, grad, mean, inverse, out, period=len(weight), sums=True)
    return tuple(sum(part) for part in zip(*parts, strict=True))


def cross_entropy_rows(logits, classes, on_class, on_all, divisor, losses, grad):
    """Write cross-entropy of the softmax of each row, and its gradient."""
    found = _compiled("cross_entropy_rows", logits) or reference.cross_entropy_rows

    def piece(x, classes, on_class, losses, grad):
        return found(x, classes, on_class, on_all, divisor, losses, grad)

    return all(by_rows(piece, logits, classes, on_class, losses, grad))


def normalise_columns(x, head, tail, scale, divide, weight, bias, out):
    """Normalise each column by what is given of it."""
    found = _compiled("normalise_columns", x) or reference.normalise_columns
    by_rows(lambda x, out: found(x, head, tail, scale, divide, weight, bias, out), x, out)


def sum_column_gradients(x, grad, head, tail, scale, divide):
    """Sum gradients of normalised columns."""
    found = _compiled("sum_column_gradients", x) or reference.sum_column_gradients
    parts = by_rows(lambda x, grad: found(x, grad, head, tail, scale, divide), x, grad, sums=True)
    return tuple(sum(part) for part in zip(*parts, strict=True))


def write_column_gradients(x, grad, head, tail, scale, divide, product, total, factor, out):
    """Take the gradient of normalised columns back."""
    found = _compiled("write_column_gradients", x) or reference.write_column_gradients

    def piece(x, grad, out):
        found(x, grad, head, tail, scale, divide, product, total, factor, out)

    by_rows(piece, x, grad, out)


def gelu(x, out):
    """Write the Gaussian error linear unit of a vector."""
    by_rows(_entries("gelu", x), x, out)


def gelu_backward(x, grad, out):
    """Take the gradient of the Gaussian error linear unit back."""
    by_rows(_entries("gelu_backward", x), x, grad, out)


def _entries(name, x):
    """Return a kernel of float32 alone, for which NumPy's is far slower."""
    return getattr(entries_compiled if compiled and x.dtype == np.float32 else reference, name)


def adam_step(param, grad, m, v, *rule):
    """Move a vector of parameters by one step of Adam."""
    (_compiled("adam_step", param) or reference.adam_step)(param, grad, m, v, *rule)


def _specialised(kernel):
    return {np.dtype(np.float64): kernel["double"], np.dtype(np.float32): kernel["float"]}


# The affine map has no twin in the reference: its definition is the formula of maps.AffineMap.
_SINGLE = ("softmax_rows", "gelu", "gelu_backward")  # of float32 alone
_NAMES = [*(name for name in reference.__all__ if name not in _SINGLE), "apply_affine", "undo_affine"]
_NAMES += ["column_moments", "sum_from_first"]  # in NumPy: kernels.moments
_COMPILED = {
    name: _specialised(getattr(module, name))
    for module in compiled
    for name in _NAMES
    if hasattr(module, name)
}


def _compiled(name, X):
    """Return the compiled kernel for the dtype of ``X``, or None."""
    return _COMPILED[name].get(X.dtype) if _COMPILED else None


def is_contiguous(X):
    """Say whether rows or columns lie in one piece, each number where the processor wants it."""
    item = X.itemsize
    return X.flags.aligned and item in X.strides and X.strides[0] % item == 0 and X.strides[1] % item == 0


def _laid_out(X):
    return X if is_contiguous(X) else np.array(X, order="C")


def _alike(X, out):
    """Say whether ``out`` can be written in the order in which ``X`` is read."""
    if X.dtype != out.dtype or not (is_contiguous(X) and is_contiguous(out)):
        return False
    item = X.itemsize
    by_row = X.strides[1] == out.strides[1] == item
    by_column = X.strides[0] == out.strides[0] == item and item not in (X.strides[1], out.strides[1])
    return by_row or by_column or X.strides == out.strides


def _plain(codes, n_groups, weight):
    """Return codes and weights in one piece each."""
    codes = None if codes is None else np.ascontiguousarray(codes, dtype=np.intp)
    weight = None if weight is None else np.ascontiguousarray(weight, dtype=np.float64)
    return codes, n_groups, weight
