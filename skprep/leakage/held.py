"""Rows that an estimator holds beside those that fit is given, and what is fitted inside an unfitted one."""

import copy
import types
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, np.dtype, type, types.ModuleType)

FUNCTIONS = (types.FunctionType, types.MethodType, partial)


def found_in(value, wanted):
    """Yield ``(where, what)`` of all that a value holds, closures and globals too, that is ``wanted``."""
    yield from _walk(value, "", wanted, {})


def _walk(value, where, wanted, seen):
    if isinstance(value, PLAIN) or id(value) in seen:
        return
    seen[id(value)] = value
    if where and wanted(value):
        yield where, value
        return
    for name, part in _parts_of(value):
        yield from _walk(part, f"{where}.{name}" if where else name, wanted, seen)


def _parts_of(value):
    """Return what an object refers to, by name."""
    if isinstance(value, np.ndarray | pd.DataFrame | pd.Series | pd.Index) or sparse.issparse(value):
        return []
    if isinstance(value, dict):
        return [(str(k), v) for k, v in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(i), v) for i, v in enumerate(value)] if len(value) < 10_000 else []
    if isinstance(value, partial):
        return [("func", value.func), *_parts_of(value.args), *_parts_of(value.keywords)]
    if isinstance(value, types.MethodType):
        return [("__self__", value.__self__)]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    return list(getattr(value, "__dict__", {}).items())


def _of_function(function):
    names = function.__code__.co_freevars
    cells = [(n, c) for n, c in zip(names, function.__closure__ or (), strict=True)]
    inside = [(n, c.cell_contents) for n, c in cells if _is_filled(c)]
    known = function.__globals__
    outside = [(n, known[n]) for n in function.__code__.co_names if n in known and _is_data(known[n])]
    return inside + outside + [("default", v) for v in function.__defaults__ or ()]


def _is_filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_data(value):
    return isinstance(value, np.ndarray | pd.DataFrame | pd.Series | BaseEstimator) or sparse.issparse(value)


def is_rows(n_rows):
    """Return what says whether a value is a table, or a column, of so many rows."""

    def told(value):
        if isinstance(value, np.ndarray | pd.DataFrame | pd.Series | pd.Index) or sparse.issparse(value):
            return value.ndim > 0 and value.shape[0] == n_rows
        return (
            isinstance(value, list)
            and len(value) == n_rows
            and all(isinstance(v, (*PLAIN, list)) for v in value)
        )

    return told


def is_fitted(value):
    """Say whether a value is an estimator that has learnt something."""
    return isinstance(value, BaseEstimator) and any(
        name.endswith("_") and not name.startswith("_") for name in vars(value)
    )


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
    """Return a twin of a function whose closure, globals and defaults hold other objects."""
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
    known = function.__globals__
    names = [n for n in function.__code__.co_names if n in known and _is_data(known[n])]
    twin = types.FunctionType(
        function.__code__,
        {**known, **{name: copy.deepcopy(known[name], memo) for name in names}} if names else known,
        function.__name__,
        tuple(copy.deepcopy(v, memo) for v in function.__defaults__ or ()) or None,
        tuple(cells) or None,
    )
    twin.__kwdefaults__ = function.__kwdefaults__
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
