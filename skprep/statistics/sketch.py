"""A KLL sketch of one column, as bytes: quantiles of any number of values in bounded memory.

The sketch is that of Apache DataSketches (extra ``sketch``). Kept as bytes it takes half the memory of
the live object, cannot be changed by accident, and goes into files and to other machines as it is.

References
----------
Karnin, Lang & Liberty (2016), "Optimal quantile approximation in streams", IEEE Symposium on
Foundations of Computer Science, 71-78.
"""

from functools import cache

import numpy as np

REPEATED = 1 << 20  # values that are spelt out at a time, where weights stand for repetitions
LARGEST_K = 65_535
LEAST_RANK_ERROR = 1e-4


def updated(sketch, values, weights, max_rank_error):
    """Return ``sketch`` (bytes, or None for a new one) with more values; a weight of 3 repeats one."""
    kll = _open(sketch) if sketch is not None else _library()(size_for(max_rank_error))
    if weights is None:
        kll.update(np.ascontiguousarray(values))
        return kll.serialize()
    odd = weights[weights % 1 != 0]
    if odd.size:
        raise ValueError(
            "Beyond exact_budget rows, RobustScaler takes weights that are whole numbers, because a sketch "
            f"repeats rows; received {float(odd[0])!r}. Scale the weights to whole numbers, raise "
            "exact_budget, or fit on all rows at once."
        )
    while len(values):  # a piece at a time: what is spelt out must fit in memory
        share = np.minimum(weights, REPEATED)
        stop = max(1, int(np.searchsorted(np.cumsum(share), REPEATED, side="right")))
        kll.update(np.repeat(values[:stop], share[:stop].astype(np.int64)))
        weights = np.concatenate([weights[:stop] - share[:stop], weights[stop:]])
        values, weights = values[weights > 0], weights[weights > 0]
    return kll.serialize()


def merged(a, b):
    """Return the sketch of the values of both.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = (updated(None, np.arange(s, s + 5.0), None, 0.01) for s in (0, 5))
    >>> quantiles(merged(low, high), None, [0.0, 1.0])
    [0.0, 9.0]
    """
    kll = _open(a)
    kll.merge(_open(b))
    return kll.serialize()


def quantiles(sketch, values, probabilities):
    """Return the quantiles of a sketch and of some more values (or None)."""
    kll = _open(sketch)
    if values is not None:
        kll.update(np.ascontiguousarray(values))
    found = kll.get_quantiles([float(p) for p in probabilities])
    extremes = {0.0: kll.get_min_value(), 1.0: kll.get_max_value()}  # known exactly
    return [extremes.get(float(p), q) for p, q in zip(probabilities, found, strict=True)]


def count(sketch):
    """Return the number of values that a sketch has seen."""
    return _open(sketch).n


def rank_error(sketch):
    """Return the bound that the error of a rank keeps with a probability of 99 %."""
    return _open(sketch).normalized_rank_error(False)


@cache
def size_for(max_rank_error):
    """Return the size parameter k whose two-sided 99 % bound is ``max_rank_error``.

    The two-sided bound is that of the difference of two ranks. A single rank keeps it with a
    probability of more than 99.9 %.

    Examples
    --------
    >>> size_for(0.01), size_for(0.001)
    (341, 3910)
    """
    error = _library().get_normalized_rank_error
    low, high = 8, LARGEST_K
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if error(middle, True) > max_rank_error else (low, middle)
    return low


def _open(sketch):
    return _library().deserialize(sketch)


def _library():
    try:
        from datasketches import kll_doubles_sketch
    except ImportError as error:
        raise ImportError(
            "Beyond exact_budget rows, RobustScaler streams through Apache DataSketches, which is "
            "not installed: pip install 'skprep[sketch]'. Or raise exact_budget, or fit on all rows at once."
        ) from error
    return kll_doubles_sketch
