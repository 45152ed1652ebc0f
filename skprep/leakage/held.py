"""Rows that an estimator holds beside those that fit is given, and what is fitted inside an unfitted one."""

import copy
import types
from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, np.dtype, type, types.ModuleType)
FUNCTIONS = (types.FunctionType, types.MethodType, partial)
LIBRARIES = (
    "sklearn",
    "skprep",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "builtins",
    "abc",
    "polars",
    "pyarrow",
)


def found_in(value, wanted):
    """Yield ``(where, what, holder)`` of all that a value holds that is ``wanted``.

    Attributes, containers, closures, defaults and globals of functions, those of the methods of its class
    and of functions that these call, are walked. ``holder`` is the ``(container, name)`` outside of the
    value that refers to it, a dictionary of globals or a class; None where the value itself does.
    """
    yield from _walk(value, "", wanted, {}, None)


def _walk(value, where, wanted, seen, holder):
    if isinstance(value, PLAIN) or id(value) in seen:
        return
    seen[id(value)] = value
    if where and wanted(value):
        yield where, value, holder
        return
    for name, part, place in _parts_of(value):
        yield from _walk(
            part, f"{where}.{name}" if where else name, wanted, seen, place or (holder and (value, name))
        )


def _parts_of(value):
    """Return what an object refers to: name, part, and the holder outside of the object or None."""
    if _is_table(value):
        return []
    if isinstance(value, dict):
        return [(str(k), v, None) for k, v in list(value.items())]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(i), v, None) for i, v in enumerate(value)] if len(value) < 10_000 else []
    if isinstance(value, partial):
        return [("func", value.func, None), ("args", value.args, None), ("keywords", value.keywords, None)]
    if isinstance(value, types.MethodType):
        return [("__self__", value.__self__, None), ("__func__", value.__func__, None)]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    return [(n, v, None) for n, v in getattr(value, "__dict__", {}).items()] + _of_class(type(value))


def _of_class(kind):
    """Return what the classes of a person's own hold: their methods, and data."""
    found = []
    for each in kind.__mro__:
        if each.__module__.partition(".")[0] not in LIBRARIES:
            held = {n: v for n, v in vars(each).items() if not n.startswith("__") or n == "__call__"}
            found += [
                (n, getattr(v, "__func__", v), (each, n)) for n, v in held.items() if not _is_setting(n)
            ]
    return found


def _is_setting(name):
    return name.startswith(("_parameter_constraints", "_sklearn", "_get_", "_abc"))


def _of_function(function):
    if (function.__module__ or "").partition(".")[0] in LIBRARIES:
        return []
    names = function.__code__.co_freevars
    cells = [(n, c) for n, c in zip(names, function.__closure__ or (), strict=True)]
    inside = [(n, c.cell_contents, None) for n, c in cells if _is_filled(c)]
    known = function.__globals__
    outside = [
        (n, known[n], (known, n))
        for n in _names_in(function.__code__)
        if n in known and not isinstance(known[n], PLAIN)
    ]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return inside + outside + [("default", v, None) for v in defaults]


def _names_in(code):
    """Return the names that a function, and those written inside it, look up."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return [*code.co_names, *(name for part in inner for name in _names_in(part))]


def _is_filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_table(value):
    known = isinstance(value, np.ndarray | pd.DataFrame | pd.Series | pd.Index) or sparse.issparse(value)
    return known or (hasattr(value, "shape") and hasattr(value, "__array__") and not isinstance(value, type))


def is_rows(X, y):
    """Return what says whether a value is a table of as many rows as ``X``, or a column of it, or ``y``."""
    n_rows = X.shape[0]
    columns = [] if y is None else [np.asarray(y)]
    columns += [np.asarray(take) for take in _columns_of(X)]

    def told(value):
        if isinstance(value, list) and len(value) == n_rows and not isinstance(value[0], list | np.ndarray):
            return _is_one_of(np.array(value, dtype=object), columns)
        if isinstance(value, list) and len(value) == n_rows:
            return all(isinstance(row, list | np.ndarray) for row in value)
        if not _is_table(value) or not value.shape or value.shape[0] != n_rows:
            return False
        if len(value.shape) > 1:
            return value.shape[1] > 0 and value.shape != (n_rows, n_rows)
        labelled = (
            isinstance(value, pd.Series) and isinstance(X, pd.DataFrame) and value.index.equals(X.index)
        )
        return labelled or _is_one_of(np.asarray(value), columns)

    return told


def _columns_of(X):
    if isinstance(X, pd.DataFrame):
        return [X.iloc[:, j].to_numpy() for j in range(min(X.shape[1], 200))]
    if sparse.issparse(X) or getattr(X, "ndim", 2) != 2 or not isinstance(X, np.ndarray):
        return []
    return list(X.T[:200])


def _is_one_of(column, columns):
    return any(
        len(column) == len(own)
        and all(a == b or (a != a and b != b) for a, b in zip(column, own, strict=True))
        for own in columns
        if own.ndim == 1
    )


def is_fitted(value):
    """Say whether a value is an estimator that has learnt something."""
    return isinstance(value, BaseEstimator) and any(
        name.endswith("_") and not name.startswith("_") for name in vars(value)
    )


@contextmanager
def held_instead(holder, other):
    """Let a dictionary of globals, a container in it, or a class hold another object for a while."""
    where, name = holder or (None, None)
    if not isinstance(where, dict | list) and not hasattr(where, "__dict__"):  # nothing, or a tuple
        yield
        return
    if isinstance(where, dict):
        name = next(key for key in where if str(key) == name)
    elif isinstance(where, list):
        name = int(name)
    before = _put(where, name, other)
    try:
        yield
    finally:
        _put(where, name, before)


def _put(where, name, value):
    """Put a value into a container, a class or an object, and return what was there."""
    if isinstance(where, dict | list):
        before, where[name] = where[name], value
        return before
    before = vars(where).get(name)
    setattr(where, name, value)
    return before


def with_others(estimator, replaced):
    """Return a copy of an estimator that holds other objects: ``replaced`` is a list of (old, new)."""
    memo = {id(old): new for old, new in replaced}
    twin = copy.deepcopy(estimator, memo)
    functions = {
        name: _with_others(value, memo)
        for name, value in estimator.get_params().items()
        if isinstance(value, FUNCTIONS)
    }
    return twin.set_params(**functions) if functions else twin


def _with_others(function, memo):
    """Return a twin of a function whose closure and defaults hold other objects."""
    if id(function) in memo:
        return memo[id(function)]
    memo[id(function)] = function  # where it refers to itself
    if isinstance(function, partial):
        words = {name: copy.deepcopy(v, memo) for name, v in function.keywords.items()}
        return partial(_of(function.func, memo), *copy.deepcopy(function.args, memo), **words)
    if isinstance(function, types.MethodType):
        return types.MethodType(function.__func__, copy.deepcopy(function.__self__, memo))
    cells = [
        types.CellType(_of(c.cell_contents, memo)) if _is_filled(c) else c for c in function.__closure__ or ()
    ]
    twin = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        tuple(copy.deepcopy(v, memo) for v in function.__defaults__ or ()) or None,
        tuple(cells) or None,
    )
    twin.__kwdefaults__ = copy.deepcopy(function.__kwdefaults__, memo)
    memo[id(function)] = twin
    return twin


def _of(value, memo):
    return _with_others(value, memo) if isinstance(value, FUNCTIONS) else copy.deepcopy(value, memo)


def changed_rows(value, rows):
    """Return a table or column with other values in some of its rows.

    Examples
    --------
    >>> changed_rows(np.array([1.0, 2.0, 3.0]), np.array([2])).tolist()
    [1.0, 2.0, -12.0]
    >>> changed_rows(["a", "b", "c"], np.array([1, 2]))
    ['a', 'c', 'b']
    """
    if sparse.issparse(value):
        return type(value)(changed_rows(value.toarray(), rows))
    if type(value).__module__.partition(".")[0] == "polars":
        return type(value)(changed_rows(value.to_pandas(), rows))
    if isinstance(value, pd.DataFrame):
        columns = {i: changed_rows(value.iloc[:, i], rows) for i in range(value.shape[1])}
        return pd.concat(columns, axis=1).set_axis(value.columns, axis=1)
    if isinstance(value, pd.Series | pd.Index):
        array = changed_rows(value.to_numpy(), rows)
        if isinstance(value, pd.Index):
            return pd.Index(array, name=value.name)
        return pd.Series(array, index=value.index, name=value.name)
    if isinstance(value, list):
        return changed_rows(_as_array(value), rows).tolist()
    twin = np.array(value)
    if twin.dtype.kind == "f":
        twin[rows] = -3.0 * twin[rows] - 3.0  # another place, another spread, another sign
    else:
        twin[rows] = np.roll(twin[rows], 1, axis=0)  # labels stay labels
    return twin


def _as_array(values):
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else np.array(values, dtype=object)
