"""The state of any object as a fingerprint: equal exactly where all that it knows is equal, bit for bit."""

import hashlib
import re
import types
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.neighbors import BallTree, KDTree

CLOCK = re.compile(r"(^|_)times?(_|$)")  # names of what differs between two runs of the same work


def _is_clock(name):
    return isinstance(name, str) and CLOCK.search(name) is not None


def fingerprint(value):
    """Return a text that is equal for equal states: numbers by their bits, objects by what they would pickle.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> one, two, same = (fingerprint(StandardScaler().fit([[0.0], [x]])) for x in (1.0, 2.0, 1.0))
    >>> one == same, one == two
    (True, False)
    """
    digest = hashlib.sha256()
    _add(digest.update, value, {})
    return digest.hexdigest()


def differing(one, two):
    """Return the name of the first attribute in which two objects differ, None where it is not one."""
    one, two = (vars(v) if hasattr(v, "__dict__") else {} for v in (one, two))
    for name in sorted({*one, *two}):
        if not _is_clock(name) and (
            (name in one) != (name in two) or fingerprint(one[name]) != fingerprint(two[name])
        ):
            return name
    return None


def _add(put, value, seen):
    kind = type(value)
    put(f"<{kind.__module__}.{kind.__qualname__}>".encode())
    if value is None or isinstance(value, bool | int | str | bytes | complex):
        put(repr(value).encode())
    elif isinstance(value, float):
        put(value.hex().encode())
    elif isinstance(value, np.ndarray | np.generic):
        _add_array(put, np.asarray(value), seen)
    elif sparse.issparse(value):
        ordered = value.tocsr().copy()  # indices are put in order when somebody needs that
        ordered.sum_duplicates()
        for part in (ordered.data, ordered.indices, ordered.indptr):
            _add_array(put, part, seen)
    elif isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        _add_pandas(put, value, seen)
    elif isinstance(value, KDTree | BallTree):  # pickled with counts of how often it was asked
        _add(put, [np.asarray(part) for part in value.get_arrays()], seen)
    elif isinstance(value, np.random.RandomState):
        _add(put, value.get_state(legacy=False), seen)
    elif isinstance(
        value, type | types.FunctionType | types.BuiltinFunctionType | types.ModuleType | np.dtype
    ):
        put(getattr(value, "__qualname__", str(value)).encode())
    elif id(value) in seen:
        put(f"seen {seen[id(value)][0]}".encode())
    else:
        seen[id(value)] = len(seen), value  # kept alive, so that its number stays its own
        _add_parts(put, value, seen)


def _add_parts(put, value, seen):
    if isinstance(value, dict):
        for name in sorted(value, key=repr):
            if not _is_clock(name):
                _add(put, name, seen)
                _add(put, value[name], seen)
    elif isinstance(value, list | tuple):
        put(str(len(value)).encode())
        for part in value:
            _add(put, part, seen)
    elif isinstance(value, set | frozenset):
        for text in sorted(fingerprint(part) for part in value):
            put(text.encode())
    elif isinstance(value, types.MethodType):
        put(value.__name__.encode())
        _add(put, value.__self__, seen)
    elif isinstance(value, partial):
        _add(put, (value.func, value.args, value.keywords), seen)
    else:
        _add_object(put, value, seen)


def _add_array(put, array, seen):
    put(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.hasobject:
        for part in array.ravel().tolist():
            _add(put, part, seen)
    else:
        put(np.ascontiguousarray(array).tobytes())


def _add_pandas(put, value, seen):
    if isinstance(value, pd.DataFrame):
        _add(put, [*map(str, value.columns)], seen)
        for j in range(value.shape[1]):
            _add_pandas(put, value.iloc[:, j], seen)
        return
    if isinstance(value, pd.Series):
        _add_pandas(put, value.index, seen)
    put(str(value.dtype).encode())
    _add_array(put, value.to_numpy(), seen)


def _add_object(put, value, seen):
    """Add what an object would be pickled as; of one that refuses, its attributes."""
    try:
        reduced = value.__reduce_ex__(4)
    except Exception:  # locks, files, sockets: whatever they raise
        reduced = None
    if isinstance(reduced, tuple):
        _add(put, list(reduced[1]), seen)
        for part in reduced[2:3]:
            _add(put, part, seen)
        for items in reduced[3:5]:
            for item in items or ():
                _add(put, item, seen)
    elif isinstance(reduced, str):
        put(reduced.encode())
    else:
        _add(put, dict(getattr(value, "__dict__", {})), seen)
