"""Lazy frames of Polars, DuckDB and Spark: fitted by queries, transformed by expressions."""

from skprep.backends.fitted import fitted_of
from skprep.compat import output_kind
from skprep.frames.design import look_at, with_expectations
from skprep.frames.joins import UnfitKey, unknown_keys
from skprep.frames.lazy import as_lazy, smallest_outside, transform_by_group
from skprep.frames.names import named_back, safe, safely_named
from skprep.maps.expressions import float32_columns, transform_columns
from skprep.validation.domain import outside_domain
from skprep.validation.unknown import refuse_unknown


def is_lazy(X):
    """Say whether ``X`` is a lazy frame."""
    return as_lazy(X) is not None


def learn(estimator, X, y=None, *, reset, stream=False, set_attributes=True, **metadata):
    """Learn from all columns of a lazy frame, on top of earlier rows unless ``reset``."""
    refuse_metadata(**metadata)
    frame = as_lazy(X)
    names = frame.collect_schema().names()
    if not reset:
        names = _same_columns(estimator, names)
    estimator._learn_frame(frame, names, reset=reset)
    return estimator


def transform(estimator, X, *, inverse=False, copy=True, **metadata):
    """Return the lazy frame with the features scaled, or the scaling undone; other columns as they are."""
    refuse_metadata(**metadata)
    refuse_output(estimator)
    frame = as_lazy(X)
    columns = frame.collect_schema().names()
    fitted = fitted_of(estimator)
    check_keys_are_columns(fitted)
    known_columns(estimator, columns, fitted.needed)
    places = {name: safe(i) for i, name in enumerate(columns)}
    keys, features = ([places[name] for name in names] for names in (fitted.key_names, fitted.feature_names))
    frame = safely_named(frame)
    try:
        if fitted.index is None:
            parameters = constants(fitted.learnt, 0)
        else:
            if fitted.handle_unknown == "error":
                _check_groups(frame, keys, fitted)
            frame, parameters = transform_by_group(frame, keys, fitted.index, fitted.learnt, fitted.fallback)
        if fitted.model is not None:
            frame, parameters = _with_expectations(frame, parameters, fitted, places)
    except UnfitKey as error:
        raise error.named(columns) from None
    if fitted.learnt.has_domain and not inverse:
        _check_domain(frame, features, fitted, parameters)
    steps = [(fitted.learnt, parameters, inverse)]
    if fitted.pooled is not None:
        pooled = (fitted.pooled, constants(fitted.pooled, 0), not inverse)
        steps = [pooled, *steps] if inverse else [*steps, pooled]
    narrow = float32_columns(frame, features)
    for number, (learnt, own, undo) in enumerate(steps, 1):
        frame = transform_columns(frame, features, learnt, own, undo, narrow if number == len(steps) else ())
    scaled = frame.select(*(safe(i) for i in range(len(columns))))
    return named_back(scaled, columns).to_native()


def _with_expectations(frame, parameters, fitted, places):
    """Return the frame and the parameters with what is expected of each row."""
    covariates = [places[name] for name in fitted.covariate_names]
    fitted.model.check(look_at(frame, covariates))
    frame, expected = with_expectations(frame, covariates, fitted.model)
    return frame, lambda j: {**parameters(j), "expected": expected(j)}


def constants(learnt, group):
    """Return the function from the number of a feature to the parameters of one group, as floats."""
    arrays = learnt.arrays()
    return lambda j: {name: None if v is None else float(v[group, j]) for name, v in arrays.items()}


def refuse_output(estimator):
    """Refuse ``set_output``: what is lazy stays what it is."""
    if output_kind(estimator) != "default":
        raise ValueError(
            "A lazy frame comes back as a lazy frame of its own engine; received one under set_output, which "
            'asks for another kind. Use set_output(transform="default"), or collect the frame.'
        )


def known_columns(estimator, present, names):
    """Refuse a frame without the columns seen in fit, ``names``; their order and others do not matter."""
    if names is None:
        raise ValueError(
            f"The columns of a lazy frame are found by name; {type(estimator).__name__} was fitted on an "
            "array without names. Fit it on a frame."
        )
    present = [str(name) for name in present]
    absent = [name for name in names if name not in present]
    if absent:
        raise ValueError(
            f"The frame must have the columns seen in fit, {_some(names)}; received one without "
            f"{_some(absent)}. It has {_some(present)}."
        )


def check_keys_are_columns(fitted, where="On a lazy frame"):
    """Refuse groups that came as metadata."""
    if fitted.index is not None and not fitted.keys:
        raise ValueError(
            f"{where} the key must be a column; received a GroupScaler with by=None. "
            'Name the key column, GroupScaler(..., by="device").'
        )


def refuse_metadata(**metadata):
    """Refuse a list beside the rows."""
    for name, value in metadata.items():
        if value is None:
            continue
        instead = "Leave it out"
        if name == "groups":
            instead = 'Make the groups a column and name it, GroupScaler(..., by="device")'
        raise ValueError(
            f"{name} is a list in the order of the rows, which rows outside memory need not have; received "
            f"one. {instead}, or bring the rows into memory."
        )


def _same_columns(estimator, names):
    known = list(getattr(estimator, "feature_names_in_", []))
    if sorted(names) != sorted(known):
        raise ValueError(
            f"partial_fit needs the columns of the earlier rows, {_some(known)}; received {_some(names)}. "
            "Select those columns."
        )
    return known


def _check_groups(frame, keys, fitted):
    shown, count, rows = unknown_keys(frame, keys, fitted.index, most=5)
    if count:
        refuse_unknown(fitted.index, fitted.key_text, shown, count, rows, fitted.owner)


def _check_domain(frame, features, fitted, parameters):
    """Ask the engine whether a logarithm meets a value outside its domain, where that is an error."""
    found = smallest_outside(frame, features, fitted.learnt, parameters)
    for name, (value, offset) in zip(fitted.feature_names, found, strict=True):
        if value is not None:
            raise outside_domain(value, f"column {name!r}", offset)


def _some(names, most=12):
    shown = ", ".join(repr(str(n)) for n in list(names)[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
