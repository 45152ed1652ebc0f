"""The formula of LogMap as NumPy calculates it fastest: function by function, in place, without masks.

Each step is one of the formula's, on the same numbers, so that results are the same to the bit. A block in
which something is not finite is looked at again: where that is more than missing values, by the formula.
"""

import numpy as np

from skprep.kernels.blocks import CACHE_ELEMENTS
from skprep.maps import arrays

ELEMENTS = CACHE_ELEMENTS // 2  # of a block: argument and result lie in the cache side by side
NEAR = 0.5  # within it, bases other than e go by log1p and expm1 where the offset is 1


def evaluate(log_map, X, out, codes=None, undo=False):
    """Write logarithms of the rows of ``X``, or powers, to ``out``; say whether X held what is refused."""
    write = POWERS[log_map.method] if undo else LOGARITHMS[log_map.method]
    apart = out.dtype == np.float64 and not np.may_share_memory(X, out)
    needed = log_map.arrays()
    if log_map.handle_invalid != "clip":
        del needed["data_min"]
    suspect = False
    for x, o, own in arrays.blocks(X, out, needed, codes, ELEMENTS):
        wide = x if x.dtype == np.float64 else x.astype(np.float64)
        z = o if apart else np.empty_like(wide)
        write(log_map, wide, own["offset"], z)
        if not (_has_no_infinity(x) if undo else _is_plain(x, z)):
            suspect |= arrays.evaluate_block(log_map, x, o, own, undo)
        elif z is not o:
            arrays.put(z, o)
    return suspect


def _is_plain(x, z):
    """Say whether all logarithms are finite but those of missing values."""
    return _sums_up(z) or not (~np.isfinite(z) & ~np.isnan(x)).any()


def _has_no_infinity(x):
    """Say whether no value is infinite, whose power may be finite."""
    return _sums_up(x) or not np.isinf(x).any()


def _sums_up(values):
    """Say whether the sum is finite, the fastest way to see that all values are."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def _log(m, x, offset, out):
    with np.errstate(invalid="ignore", divide="ignore"):
        near = _near_one(m, x, offset)
        if near is True:
            np.log1p(x, out=out)
            return
        shifted = np.add(x, offset, out=out) if np.any(offset) else x
        arrays.LOG[m.base](shifted, out=out)
        if near is not None:
            out[near] = _in_base(m, np.log1p(x[near]))


def _symlog(m, x, offset, out):
    u = x + offset
    np.abs(u, out=out)
    np.log1p(out, out=out)
    np.copysign(_in_base(m, out), u, out=out)


def _arcsinh(m, x, offset, out):
    np.add(x, offset, out=out)
    np.arcsinh(out, out=out)
    _in_base(m, out)


def _exp(m, z, offset, out):
    near = _near_one(m, z, offset)
    if near is True:
        np.expm1(z, out=out)
        return
    arrays.EXP[m.base](z, out=out)
    _subtract(out, offset)
    if near is not None:
        out[near] = np.expm1(_from_base(m, z[near]))


def _symexp(m, z, offset, out):
    np.abs(_from_base(m, z), out=out)
    np.expm1(out, out=out)
    np.copysign(out, z, out=out)
    _subtract(out, offset)


def _sinh(m, z, offset, out):
    np.sinh(_from_base(m, z), out=out)
    _subtract(out, offset)


def _near_one(m, x, offset):
    """Return where log1p and expm1 serve: True for everywhere, None for nowhere."""
    ones = offset == 1.0
    if not ones.any():
        return None
    if m.base == "e":
        return True if ones.all() else np.broadcast_to(ones, x.shape)
    near = ones & (np.abs(x) < NEAR)
    return near if near.any() else None


def _in_base(m, z):
    """Divide by the logarithm of the base, in place."""
    return z if m.base == "e" else np.divide(z, m.ln_base, out=z)


def _from_base(m, z):
    return z if m.base == "e" else z * m.ln_base


def _subtract(out, offset):
    if np.any(offset):
        np.subtract(out, offset, out=out)


LOGARITHMS = {"log": _log, "symlog": _symlog, "arcsinh": _arcsinh}
POWERS = {"log": _exp, "symlog": _symexp, "arcsinh": _sinh}
