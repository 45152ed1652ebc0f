"""Keys as codes, and what covariates let expect, in nodes of ONNX."""

import numpy as np
from onnx import TensorProto

from skprep.errors import warn_caller
from skprep.export.nodes import Functions
from skprep.kernels.splines import Spline

MISSING = ("nan", "None", "<NA>", "NaT")  # what onnxruntime makes of missing values among text
NAMES = {"text": "text", "whole": "of whole numbers", "float": "of floats"}


def codes_of(graph, keys, kinds, fitted):
    """Return the row of the map for each row: of its group, or that of unknown ones.

    Parameters
    ----------
    graph : Graph
    keys : list of Value
        The key columns.
    kinds : list of {"text", "whole", "float"}
    fitted : Fitted
    """
    several = len(keys) > 1
    parts = [key if several else (key,) for key in fitted.index.keys]
    codes = np.zeros(len(parts), dtype=np.int64)
    found, radix = None, 1
    for p, (key, kind) in enumerate(zip(keys, kinds, strict=True)):
        levels = list(dict.fromkeys(part[p] for part in parts))
        own = _encoded(graph, key, kind, levels)
        place = {level: i for i, level in enumerate(levels)}
        of_part = np.array([place[part[p]] for part in parts])
        if found is None:
            found, codes, radix = own, of_part, len(levels) + 1
            continue
        # Each pair that occurs gets a number of its own, so that many keys stay small numbers.
        pairs = codes * (len(levels) + 1) + of_part
        known, codes = np.unique(pairs, return_inverse=True)
        pair = found * np.int64(len(levels) + 1) + own
        found = graph.encoded(known.tolist(), np.arange(len(known)), len(known), pair)
        radix = len(known) + 1
    rows = np.full(radix, fitted.fallback, dtype=np.int64)
    rows[codes] = np.arange(len(parts))
    return graph.rows_of(graph.constant(rows), found)


def _encoded(graph, key, kind, levels):
    """Return the number of the level of each row, ``len(levels)`` for those that are none."""
    unknown, gone = len(levels), [i for i, level in enumerate(levels) if level is None]
    fitting = {i: _fitting(level, kind) for i, level in enumerate(levels)}
    fitting = {i: level for i, level in fitting.items() if level is not None}
    if not fitting and (kind == "whole" or len(levels) > len(gone)):
        raise ValueError(
            f"A key column of a model must hold what it held in fit, such as {levels[0]!r}; received a "
            f"sample in which it is {NAMES[kind]}. Pass a sample as in fit."
        )
    flat = graph.flat(key)
    if kind == "text":
        spelt = {fitting[i]: i for i in fitting}
        taken = [word for word in MISSING if word in spelt]
        if taken:
            warn_caller(
                f"A missing text key arrives in onnxruntime as text, such as {taken[0]!r}, which is the name "
                "of a group here: missing keys may be taken for it. Rename the group before fit."
            )
        spelt |= {word: gone[0] for word in MISSING if gone and word not in spelt}
        return graph.encoded(list(spelt), list(spelt.values()), unknown, flat)
    flat = graph.node("Cast", flat, to=TensorProto.INT64 if kind == "whole" else TensorProto.DOUBLE)
    if kind == "float":
        flat = flat + 0.0  # -0.0 is the same key
    found = graph.constant(np.int64(unknown))
    if fitting:
        found = graph.encoded(list(fitting.values()), list(fitting), unknown, flat)
    if kind == "float" and gone:
        found = graph.node("Where", graph.node("IsNaN", flat), np.int64(gone[0]), found)
    return found


def _fitting(level, kind):
    """Return a level as the value of a column of ``kind`` that is equal to it, None where there is none."""
    if kind == "text":
        return level if isinstance(level, str) and _is_unicode(level) else None
    if not isinstance(level, int | float):
        return None
    if kind == "whole":
        return int(level) if -(2**63) <= level < 2**63 and level == int(level) else None
    try:
        return float(level) if float(level) == level else None
    except OverflowError:
        return None


def _is_unicode(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def expected_of(graph, covariates, kinds, model):
    """Return what is expected of each row, by its covariates.

    Parameters
    ----------
    graph : Graph
    covariates : list of Value
    kinds : list of {"text", "whole", "float"}
    model : object
        With ``levels`` of the covariates, ``z_mean``, ``coef`` and ``center``.
    """
    center = graph.constant(np.asarray(model.center, dtype=np.float64)[None])
    columns = []
    for key, kind, levels in zip(covariates, kinds, model.levels, strict=True):
        if levels is None or isinstance(levels, Spline):
            x = graph.double(key)
            columns.append(x if levels is None else _curves(x, levels))
            continue
        table = np.vstack([np.eye(len(levels.keys)), np.full(len(levels.keys), np.nan)])
        columns.append(graph.rows_of(graph.constant(table), _encoded(graph, key, kind, list(levels.keys))))
    if not columns:
        return center
    deviation = graph.joined(columns) - np.asarray(model.z_mean, dtype=np.float64)[None]
    return graph.node("MatMul", deviation, np.ascontiguousarray(np.asarray(model.coef).T)) + center


def _curves(x, spline):
    """Return the columns of a basis of splines, side by side."""
    starts, coefficients = spline.pieces()
    cubics = [[of_all[None] for of_all in piece.T] for piece in coefficients.swapaxes(0, 1)]
    return Functions().piecewise(x, spline.bounds, starts, cubics)
