"""A KLL sketch of one column, as bytes: quantiles of any number of values in bounded memory.

The sketch is that of Apache DataSketches (extra ``sketch``). Kept as bytes it takes half the memory of
the live object, cannot be changed by accident, and goes into files and to other machines as it is. Bytes
from a document are read by :func:`check` first: the library trusts what it is given.

References
----------
Karnin, Lang & Liberty (2016), "Optimal quantile approximation in streams", IEEE Symposium on
Foundations of Computer Science, 71-78.
"""

import random
import struct
from dataclasses import dataclass
from functools import cache

import numpy as np

REPEATED = 1 << 20  # values that are spelt out at most, where weights stand for repetitions
LARGEST_WEIGHT = 2.0**53  # of all values together: beyond, counts lose their last digit
LARGEST_K = 65_535
LEAST_RANK_ERROR = 1e-4
DRAWN = random.Random()  # of its own: the stream of the caller's random.seed stays where it is
ROOM = 1.5  # times k items fit beside each other into two levels or more
# Of the format: what the first bytes say.
FULL, SINGLE, SERIAL, SERIAL_SINGLE, FAMILY, LEVEL_SIZE = 5, 2, 1, 2, 15, 8
EMPTY, SORTED, ALONE = 1, 2, 4  # flags
MOST_LEVELS = 60


def updated(sketch, values, weights, max_rank_error):
    """Return ``sketch`` (bytes, or None for a new one) with more values; a weight of 3 repeats one."""
    k = size_for(max_rank_error)
    kll = _open(sketch) if sketch is not None else _library()(k)
    if weights is None:
        some, rest = _thinned(values, k)
        if some is not None:
            kll.merge(_open(some))
        kll.update(np.ascontiguousarray(rest))
        return kll.serialize()
    odd = weights[weights % 1 != 0]
    if odd.size:
        raise ValueError(
            "Beyond exact_budget rows, RobustScaler takes weights that are whole numbers, because a sketch "
            f"repeats rows; received {float(odd[0])!r}. Scale the weights to whole numbers, raise "
            "exact_budget, or fit on all rows at once."
        )
    total = float(weights.sum()) + kll.n
    if total > LARGEST_WEIGHT:
        raise ValueError(
            f"Beyond exact_budget rows, the weights of RobustScaler may sum to {LARGEST_WEIGHT:.0f} at most, "
            f"because a sketch counts repeated rows; received a sum of {total:g}. Divide all weights by "
            "a whole number, raise exact_budget, or fit on all rows at once."
        )
    if weights.sum() <= REPEATED:
        kll.update(np.repeat(values, weights.astype(np.int64)))
    else:
        kll.merge(_repeated(values, weights.astype(np.int64), size_for(max_rank_error)))
    return kll.serialize()


def _thinned(values, k):
    """Return a sketch of most of many values, and the rest of them; None where they are few.

    Sorted, every ``2**h``-th from a random one on stands for ``2**h`` values: what the sketch does step by
    step, in one, with a smaller error, and at the speed of NumPy's sort.
    """
    level = 0
    while len(values) >> level > ROOM * k:
        level += 1
    whole = len(values) >> level << level
    if not level:
        return None, values
    ordered = np.sort(values[:whole])
    kept = ordered[DRAWN.randrange(1 << level) :: 1 << level]
    return written(kept, level, k, ordered[0], ordered[-1]), values[whole:]


def written(items, level, k, least, most):
    """Return the bytes of a sketch whose sorted items stand for ``2**level`` values each."""
    start = capacity(k, level + 1) - len(items)
    head = struct.pack("<BBBBHBB", FULL, SERIAL, FAMILY, SORTED, k, LEVEL_SIZE, 0)
    counts = struct.pack("<QHBB", len(items) << level, k, level + 1, 0)
    levels = np.full(level + 1, start, dtype="<u4").tobytes()
    return head + counts + levels + struct.pack("<dd", least, most) + items.astype("<f8").tobytes()


def _repeated(values, weights, k):
    """Return a sketch of each value repeated as often as its weight, in as many steps as that has bits."""
    whole = _library()(k)
    for bit in reversed(range(int(weights.max()).bit_length())):
        if whole.n:
            whole.merge(_open(whole.serialize()))  # everything so far counts twice
        whole.update(np.ascontiguousarray(values[(weights >> bit) & 1 == 1]))
    return whole


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
    """Return the quantiles of a sketch and of some more values (or None).

    Nothing is drawn at random here, so that two looks give one answer: the values stand beside those that
    the sketch holds, each with the weight of its level.
    """
    parts = read(sketch)
    items, level = parts.items, parts.levels_of_items()
    values = np.empty(0) if values is None else values
    items = np.concatenate([items, values])
    weight = np.concatenate([np.ldexp(1.0, level), np.ones(len(values))])
    order = np.argsort(items)
    items, rank = items[order], np.cumsum(weight[order])
    least, most = min(parts.least, items[0]), max(parts.most, items[-1])  # known exactly
    found = []
    for p in probabilities:
        place = min(int(np.searchsorted(rank, np.floor(p * rank[-1]), side="right")), len(items) - 1)
        found.append(float(least if p == 0.0 else most if p == 1.0 else items[place]))
    return found


def deviation(sketch, values, center):
    """Return the median distance from ``center`` of what a sketch and some more values (or None) stand for.

    Examples
    --------
    >>> import numpy as np
    >>> deviation(updated(None, np.arange(9.0), None, 0.01), None, 4.0)
    2.0
    """
    parts = read(sketch)
    values = np.empty(0) if values is None else values
    away = np.abs(np.concatenate([parts.items, values]) - center)
    weight = np.concatenate([np.ldexp(1.0, parts.levels_of_items()), np.ones(len(values))])
    order = np.argsort(away)
    rank = np.cumsum(weight[order])
    return float(away[order][np.searchsorted(rank, np.floor(0.5 * rank[-1]), side="right")])


def count(sketch):
    """Return the number of values that a sketch has seen."""
    return read(sketch).n


def rank_error(sketch):
    """Return the bound that the error of a rank keeps with a probability of 99 %."""
    return _error_of(read(sketch).min_k, False)


def _error_of(k, two_sided):
    """Return the bound of Apache DataSketches for a sketch of size ``k``, fitted by its authors."""
    return 2.446 / k**0.9433 if two_sided else 2.296 / k**0.9723


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
    low, high = 8, LARGEST_K
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _error_of(middle, True) > max_rank_error else (low, middle)
    return low


@dataclass
class Parts:
    """What the bytes of a sketch say.

    Attributes
    ----------
    k, min_k : int
        Its size, and the smallest of those that were merged into it.
    n : int
        Number of values seen.
    edges : int64 ndarray of shape (n_levels + 1,)
        Where the items of each level begin.
    least, most : float
    items : float64 ndarray
        Those of the first level first; one of level h stands for ``2**h`` values.
    level_zero_sorted : bool
    """

    k: int
    min_k: int
    n: int
    edges: np.ndarray
    least: float
    most: float
    items: np.ndarray
    level_zero_sorted: bool

    def levels_of_items(self):
        """Return the level of each item."""
        return np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))


def read(sketch):
    """Return the :class:`Parts` of a sketch; a ValueError where its lengths do not fit together."""
    _demand(len(sketch) >= 8, "it is too short")
    ints, serial, family, flags, k, m, _ = struct.unpack_from("<BBBBHBB", sketch)
    _demand(family == FAMILY and m == LEVEL_SIZE and 8 <= k <= LARGEST_K, "its head is another one")
    _demand(not flags & ~(EMPTY | SORTED | ALONE), "its flags are unknown")
    if flags & ALONE:
        _demand((ints, serial, len(sketch)) == (SINGLE, SERIAL_SINGLE, 16), "its length is wrong")
        items = np.frombuffer(sketch, dtype="<f8", offset=8)
        return Parts(k, k, 1, np.array([0, 1]), items[0], items[0], items, True)
    _demand((ints, serial) == (FULL, SERIAL) and not flags & EMPTY and len(sketch) >= 20, "it is empty")
    n, min_k, n_levels, _ = struct.unpack_from("<QHBB", sketch, 8)
    _demand(1 <= n_levels <= MOST_LEVELS and 8 <= min_k <= k, "its number of levels is wrong")
    _demand(len(sketch) >= 36 + 4 * n_levels, "it is too short")
    edges = np.empty(n_levels + 1, dtype=np.int64)
    edges[:-1] = np.frombuffer(sketch, dtype="<u4", count=n_levels, offset=20)
    edges[-1] = capacity(k, n_levels)
    _demand((np.diff(edges) >= 0).all(), "its levels overlap")
    least, most = struct.unpack_from("<dd", sketch, 20 + 4 * n_levels)
    _demand(len(sketch) == 36 + 4 * n_levels + 8 * int(edges[-1] - edges[0]), "its length is wrong")
    items = np.frombuffer(sketch, dtype="<f8", offset=36 + 4 * n_levels)
    return Parts(k, min_k, n, edges - edges[0], least, most, items, bool(flags & SORTED))


def check(sketch):
    """Refuse bytes that are not a whole, consistent sketch, before the library reads them.

    Raises
    ------
    ValueError
        Which says what does not fit.
    """
    parts = read(sketch)
    sizes = np.diff(parts.edges)
    weight = sum(int(size) << h for h, size in enumerate(sizes))
    _demand(0 < weight == parts.n, "its items do not add up to its number of values")
    _demand(np.isfinite(parts.items).all(), "an item is not finite")
    inside = parts.least <= parts.items.min() and parts.items.max() <= parts.most
    _demand(inside and np.isfinite([parts.least, parts.most]).all(), "an item lies beyond its extremes")
    for h, (start, stop) in enumerate(zip(parts.edges[:-1], parts.edges[1:], strict=True)):
        if h or parts.level_zero_sorted:
            items = parts.items[start:stop]
            _demand((items[1:] >= items[:-1]).all(), f"level {h} is not sorted")


def capacity(k, n_levels):
    """Return how many items a sketch of size ``k`` with so many levels has room for.

    Each level is two thirds as large as the one above it, and the top one holds k.

    Examples
    --------
    >>> capacity(200, 1), capacity(200, 3)
    (200, 422)
    """
    return sum(max(LEVEL_SIZE, _shrunk(k, n_levels - h - 1)) for h in range(n_levels))


def _shrunk(k, depth):
    """Return ``k * (2/3)**depth``, rounded in the steps of the library."""
    if depth > 30:
        return _shrunk(_shrunk(k, depth // 2), depth - depth // 2)
    return (((k << 1) << depth) // 3**depth + 1) >> 1


def _demand(holds, otherwise):
    if not holds:
        raise ValueError(f"the sketch is damaged: {otherwise}")


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
