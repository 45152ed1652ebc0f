"""NumPy as a language of formulas: what every map computes, by definition."""

from types import SimpleNamespace

import numpy as np

from skprep.kernels.blocks import CACHE_ELEMENTS, folded_blocks, row_blocks

GATHERED_ELEMENTS = 1 << 17  # large enough that gathering parameters pays its overhead
LOG = {"e": np.log, 2: np.log2, 10: np.log10}
EXP = {"e": np.exp, 2: np.exp2, 10: lambda x, out=None: np.power(10.0, x, out=out)}


def evaluate(formula_of, X, out, codes=None, undo=False):
    """Write the formula of a map for the rows of ``X`` to ``out``; say whether X held what is refused.

    Block by block, in float64, rounded once to the dtype of ``out``.
    """
    suspect = False
    for x, o, own in blocks(X, out, formula_of.arrays(), codes):
        suspect |= evaluate_block(formula_of, x, o, own, undo)
    return suspect


def evaluate_block(formula_of, x, out, own, undo):
    """Do for one block what :func:`evaluate` does; ``own`` are its parameters, ready to broadcast."""
    p = SimpleNamespace(**own)
    suspect = bool(not np.isfinite(x).all() and np.isinf(x).any())
    wide = x if x.dtype == np.float64 else x.astype(np.float64)
    if formula_of.has_domain and not undo:
        suspect = suspect or bool(formula_of.outside(wide, p).any())
    put(result_of(formula_of.formula(wide, p, Functions, undo)), out)
    return suspect


def put(z, out):
    """Write float64 to ``out``, rounded to its type; what is too large for it is infinite."""
    if out.dtype == np.float64:
        out[...] = z
        return
    with np.errstate(over="ignore"):
        out[...] = z


def result_of(steps):
    """Run a formula in a language that has variables.

    Examples
    --------
    >>> def formula(x):
    ...     half = yield x / 2
    ...     return half + 1
    >>> result_of(formula(4.0))
    3.0
    """
    try:
        value = next(steps)
        while True:
            value = steps.send(value)
    except StopIteration as end:
        return end.value


def blocks(X, out, parameters, codes, elements=CACHE_ELEMENTS):
    """Yield block after block of ``X`` and ``out`` with its parameters, ready to broadcast."""
    names = list(parameters)
    if codes is None and X.size <= elements:  # a small call, as it is
        yield X, out, {name: None if v is None else v[0] for name, v in parameters.items()}
        return
    if codes is None:
        rows = [None if v is None else v[0] for v in parameters.values()]
        for x, o, own in folded_blocks(X, out, rows, elements):
            yield x, o, dict(zip(names, own, strict=True))
        return
    by_column = X.strides[0] < X.strides[1]
    axis = 1 if by_column else 0
    tables = {
        n: np.ascontiguousarray(v.T) if by_column else v for n, v in parameters.items() if v is not None
    }
    for rows in row_blocks(*X.shape, elements=GATHERED_ELEMENTS):
        own = {n: np.take(v, codes[rows], axis=axis, mode="clip") for n, v in tables.items()}
        x, o = (X[rows].T, out[rows].T) if by_column else (X[rows], out[rows])
        yield x, o, {name: own.get(name) for name in names}


class Functions:
    """The functions of a formula, for arrays."""

    abs = staticmethod(np.abs)
    copysign = staticmethod(np.copysign)
    isnan = staticmethod(np.isnan)
    expm1 = staticmethod(np.expm1)
    sqrt = staticmethod(np.sqrt)

    @staticmethod
    def where(condition, then, otherwise):
        """Choose by ``condition``; a branch may be a function, which is called where it is needed."""
        if condition is True or not np.any(condition):
            return _value(then if condition is True else otherwise)
        if np.all(condition):
            return _value(then)
        return np.where(condition, _value(then), _value(otherwise))

    @staticmethod
    def clip(x, low, high):
        """Keep x within bounds; NaN stays NaN."""
        return np.clip(x, low, high)

    @staticmethod
    def log(x, base):
        """Take the logarithm to a base, ``"e"``, 2 or 10."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return LOG[base](x)

    @staticmethod
    def exp(x, base):
        """Take the power of a base."""
        return EXP[base](x)

    @staticmethod
    def log1p(x):
        """``log(1 + x)``, NaN outside its domain."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log1p(x)

    @staticmethod
    def arcsinh(x):
        """Take the area hyperbolic sine."""
        return (yield np.arcsinh(x))

    @staticmethod
    def sinh(x):
        """Take the hyperbolic sine."""
        return (yield np.sinh(x))


def _value(branch):
    return branch() if callable(branch) else branch
