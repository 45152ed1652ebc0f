"""Scalers on lazy frames: fitted by queries, applied as expressions; the rows stay where they are."""

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils._set_output import _get_output_config

from skprep.frames.expressions import clip
from skprep.frames.joins import UnfitKey, join, unknown_keys
from skprep.frames.lazy import LazyTable
from skprep.frames.names import named_back, safe, safely_named
from skprep.scalers import checks


def learn(scaler, frame, sample_weight, *, reset):
    """Learn from all columns of a lazy frame, on top of earlier rows unless ``reset``."""
    if sample_weight is not None:
        refuse_metadata("sample_weight")
    names = _features_of(scaler, frame, reset)
    if not reset:
        checks.check_learnt_alike(scaler, scaler._learnt_with, "partial_fit")
    learnt = scaler._learn(LazyTable(frame, names))
    scaler._set_statistic(learnt if reset else scaler._statistic.merge(learnt))
    return scaler


def transform(scaler, frame, *, inverse=False):
    """Return the lazy frame with the features scaled, or the scaling undone; other columns as they are."""
    refuse_output(scaler)
    columns = frame.collect_schema().names()
    features = known_columns(scaler, columns, scaler.feature_names_in_ if _has_names(scaler) else None)
    places = {name: safe(i) for i, name in enumerate(columns)}
    frame, at = safely_named(frame), [places[name] for name in features]
    vectors = scaler._vectors()

    def parameters(j):
        numbers = [None if v is None else float(v[j]) for v in vectors]
        if frame.implementation.is_polars() and numbers[1] is not None:
            # Polars divides by a literal by multiplying with its rounded inverse: make it a column.
            x = nw.col(at[j]).cast(nw.Float64)
            numbers[1] = nw.when(x.is_finite()).then(x * 0.0 + numbers[1]).otherwise(numbers[1])
        return numbers

    if not inverse:
        _check_domain(scaler, frame, at, features, parameters)
    steps = _given(scaler._backward_steps() if inverse else _clipped_steps(scaler), parameters)
    return named_back(_walk(frame, at, steps), columns).to_native()


def _walk(frame, features, steps):
    """Return the frame with every ``step(x, j)`` done to each feature; float32 stays float32.

    One step after the other: an expression inside an expression would repeat it. Casts are no such steps.
    """
    schema = frame.collect_schema()
    kinds = [nw.Float32 if schema[name] == nw.Float32 else nw.Float64 for name in features]
    for number, step in enumerate(steps):
        made = []
        for j, name in enumerate(features):
            x = nw.col(name)
            x = step(x.cast(nw.Float64) if number == 0 and schema[name] != nw.Float64 else x, j)
            last = number == len(steps) - 1 and kinds[j] != nw.Float64
            made.append((x.cast(kinds[j]) if last else x).alias(name))
        frame = frame.with_columns(*made)
    return frame


def _given(steps, parameters):
    """Return steps of ``(x, center, scale)`` as steps of ``(x, number of the feature)``."""
    return [lambda x, j, step=step: step(x, *parameters(j)) for step in steps]


def _clipped_steps(scaler):
    bounds = scaler._bounds()
    steps = scaler._forward_steps()
    return steps if bounds is None else [*steps, lambda x, *_: clip(x, *(float(b) for b in bounds))]


def transform_groups(scaler, frame, *, inverse=False):
    """Return the lazy frame with the features scaled by group; other columns, keys too, as they are."""
    engine, inner = scaler._engine, scaler.scaler_
    columns = frame.collect_schema().names()
    refuse_output(scaler)
    names = known_columns(scaler, columns, scaler.feature_names_in_ if _has_names(scaler) else None)
    keys, features = columns_by_role(scaler, names)
    places = {name: safe(i) for i, name in enumerate(columns)}
    frame, at = safely_named(frame), [places[name] for name in features]
    on = [places[name] for name in keys]
    tables = {name: table for name, table in zip(("c", "s"), engine.tables, strict=True) if table is not None}
    # Planners in Python are slow with many columns: there, the parameters of a group are a list.
    whole = not frame.implementation.is_polars()
    if whole:
        named = {f"own_{n}": t[:-2] for n, t in tables.items()}
    else:
        named = {f"own_{n}{j}": t[:-2, j] for n, t in tables.items() for j in range(len(features))}
    try:
        if scaler.handle_unknown == "error":
            _refuse_unknown(scaler, frame, on)
        joined = join(frame, on, scaler._index, named)
    except UnfitKey as error:
        raise error.named(columns) from None
    answer = -2 if scaler.handle_unknown == "global" else -1  # the row of the tables for unknown groups

    def own(j):
        found = {n: nw.col(f"own_{n}").list.get(j) if whole else nw.col(f"own_{n}{j}") for n in tables}
        return [found[n].fill_null(float(tables[n][answer, j])) if n in tables else None for n in ("c", "s")]

    def everyone(j):
        return [float(tables[n][-2, j]) if n in tables else None for n in ("c", "s")]

    pooled = scaler.units == "global"
    if inverse:
        steps = _given(inner._forward_steps(), everyone) if pooled else []
        steps += _given(inner._backward_steps(), own)
    else:
        _check_domain(inner, joined, at, features, own)
        steps = _given(_clipped_steps(inner), own)
        steps += _given(inner._backward_steps(), everyone) if pooled else []
    scaled = _walk(joined, at, steps).select(*(safe(i) for i in range(len(columns))))
    return named_back(scaled, columns).to_native()


def columns_by_role(scaler, names):
    """Return the names of the key columns and of the features of a fitted GroupScaler."""
    if not scaler._rows.by:
        raise ValueError(
            "On a lazy frame the key must be a column; received a GroupScaler with by=None. "
            'Name the key column, GroupScaler(..., by="device").'
        )
    return [names[j] for j in scaler._rows.by], [names[j] for j in scaler._rows.features]


def refuse_output(scaler):
    """Refuse ``set_output``: what is lazy stays what it is."""
    if _get_output_config("transform", scaler)["dense"] != "default":
        raise ValueError(
            "A lazy frame comes back as a lazy frame of its own engine; received one under set_output, which "
            'asks for another kind. Use set_output(transform="default"), or collect the frame.'
        )


def known_columns(scaler, there, names):
    """Return the columns seen in fit, ``names``; they must be ``there``, in any order and among others."""
    if names is None:
        raise ValueError(
            f"The columns of a lazy frame are found by name; {type(scaler).__name__} was fitted on an array "
            "without names. Fit it on a frame."
        )
    there = list(there)
    absent = [str(n) for n in names if n not in there]
    if absent:
        raise ValueError(
            f"The frame must have the columns seen in fit, {_some(names)}; received one without "
            f"{_some(absent)}. It has {_some(there)}."
        )
    return [str(n) for n in names]


def _features_of(scaler, frame, reset):
    names = frame.collect_schema().names()
    if reset:
        scaler.feature_names_in_ = np.array(names, dtype=object)
        scaler.n_features_in_ = len(names)
        return names
    known = list(getattr(scaler, "feature_names_in_", []))
    if sorted(names) != sorted(known):
        raise ValueError(
            f"partial_fit needs the columns of the earlier rows, {_some(known)}; received {_some(names)}. "
            "Select those columns."
        )
    return known


def refuse_metadata(name):
    """Refuse a list beside the rows."""
    instead = "Leave it out" if name == "sample_weight" else "Make the groups a column and name it in by="
    raise ValueError(
        f"{name} is a list in the order of the rows, which rows outside memory need not have; received one. "
        f"{instead}, or bring the rows into memory."
    )


def _refuse_unknown(scaler, frame, keys):
    shown, count, rows = unknown_keys(frame, keys, scaler._index, most=5)
    if count:
        scaler._refuse_unknown(shown, count, rows)


def _check_domain(scaler, frame, at, features, parameters):
    """Ask the engine whether a logarithm meets a value outside its domain, where that is an error."""
    if not scaler._has_domain():
        return
    columns = [nw.col(name).cast(nw.Float64).fill_nan(None) for name in at]
    pairs = [(x, parameters(j)[0]) for j, x in enumerate(columns)]
    outside = [nw.when(x + offset <= 0).then(x).alias(f"x{j}") for j, (x, offset) in enumerate(pairs)]
    least = [nw.when(x + offset <= 0).then(offset).alias(f"o{j}") for j, (x, offset) in enumerate(pairs)]
    found = frame.select(*outside, *least)
    found = found.select(nw.all().min()).collect()
    for j in range(len(features)):
        value, offset = (found[f"{n}{j}"].to_list()[0] for n in ("x", "o"))
        if value is not None:
            scaler._refuse_value(value, f"column {features[j]!r}", offset)


def _has_names(scaler):
    return hasattr(scaler, "feature_names_in_")


def _some(names, most=12):
    shown = ", ".join(repr(str(n)) for n in list(names)[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
