"""Pipelines, column transformers and unions of skprep's estimators, written into documents and read."""

import inspect
import json
import string
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from skprep.compat import output_setting, put_remainder
from skprep.persistence.features import features_of, read_features, restore_output
from skprep.persistence.values import ROOT, check_members, decode, encode

KINDS = (Pipeline, ColumnTransformer, FeatureUnion)
NAMES = {kind.__name__: kind for kind in KINDS}
OWN = {  # parameters that say what is inside; written as such
    "Pipeline": ("steps",),
    "ColumnTransformer": ("transformers", "remainder"),
    "FeatureUnion": ("transformer_list",),
}
WITHOUT_EFFECT = ("force_int_remainder_cols",)  # deprecated
MEMBERS = ["class", "parameters", "output", "steps"]
OF_COLUMNS = ["n_features", "feature_names", *MEMBERS]
STEP = ["name", "estimator"]
OF_COLUMNS_STEP = ["name", "columns", "n_features_out", "estimator"]
WORDS = ("passthrough", "drop")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_weights(value):
    return isinstance(value, dict) and all(isinstance(n, str) and _is_number(v) for n, v in value.items())


def _is_pattern(value):
    """Say whether a pattern of names asks for nothing but them: a format string can ask for more."""
    if not isinstance(value, str):
        return isinstance(value, bool)
    fields = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(value) if name is not None]
    return all(n in ("feature_name", "transformer_name") and not spec and not how for n, spec, how in fields)


PARAMETERS = {  # name: what it must be, in words and as a test
    "memory": ("null", lambda v: v is None),
    "n_jobs": ("null or a whole number", lambda v: v is None or type(v) is int),
    "sparse_threshold": ("a number", _is_number),
    "transform_input": (
        "null or a list of names",
        lambda v: v is None or (isinstance(v, list) and all(isinstance(name, str) for name in v)),
    ),
    "transformer_weights": ("null or a number for each name", lambda v: v is None or _are_weights(v)),
    "verbose": ("true, false or a whole number", lambda v: isinstance(v, int)),
    "verbose_feature_names_out": ("true, false, or text with the names alone", _is_pattern),
}


def described(estimator, describe):
    """Return the members of the document of a pipeline, ``describe`` giving those of what is inside."""
    kind = type(estimator).__name__
    written = {"class": kind, "parameters": _parameters(estimator)}
    if kind == "ColumnTransformer":
        check_is_fitted(estimator)
        own = {**features_of(estimator), "sparse_output": bool(estimator.sparse_output_)}
        return {**written, **own, "steps": _column_steps(estimator, describe)}
    inside = estimator.steps if kind == "Pipeline" else estimator.transformer_list
    if kind == "FeatureUnion":
        written |= _features_of_union(estimator)
        inside = [(name, _word_of(step)) for name, step in inside]
    steps = [{"name": name, "estimator": _described(step, describe)} for name, step in inside]
    return {"output": None, **written, "steps": steps}


def _described(step, describe):
    if step is None:
        return "passthrough"
    return step if isinstance(step, str) else describe(step)


def _features_of_union(union):
    """Return what the documents of estimators say of columns, by a member that has seen them."""
    member = next((step for _, step in union.transformer_list if not isinstance(step, str)), None)
    if member is None:
        raise ValueError(
            "A document holds what was learnt; received a FeatureUnion without a fitted step. Fit it, or "
            "leave it out."
        )
    return {**features_of(member), "output": output_setting(union)}


def _word_of(step):
    """Return "passthrough" for what FeatureUnion makes of that word in fit."""
    made = FunctionTransformer(feature_names_out="one-to-one")
    same = isinstance(step, FunctionTransformer) and step.get_params() == made.get_params()
    return "passthrough" if same else step


def _parameters(estimator):
    kind = type(estimator).__name__
    given = estimator.get_params(deep=False)
    written = {}
    for name, value in sorted(given.items()):
        if name in (*OWN[kind], *WITHOUT_EFFECT):
            continue
        if callable(value) or (name == "memory" and value is not None):
            raise ValueError(
                f"A document holds values, no code and no folder; received {name}={value!r} in a {kind}. "
                f"Call set_params({name}=None) first, or use skops (skops.io.dump)."
            )
        written[name] = encode(value, ROOT / "parameters" / name)
    return written


def _column_steps(estimator, describe):
    given = {name: step for name, step, _ in estimator.transformers} | {"remainder": estimator.remainder}
    steps = []
    for name, step, columns in estimator.transformers_:
        own = estimator.output_indices_[name]
        step = given[name] if isinstance(given[name], str) else step
        step = "drop" if own.stop == own.start and not hasattr(step, "n_features_in_") else step
        spelt = next((c for n, _, c in estimator.transformers if n == name), columns)
        steps.append(
            {
                "name": name,
                "columns": _columns(spelt, name, estimator),
                "n_features_out": own.stop - own.start,
                "estimator": _described(step, describe),
            }
        )
    if "remainder" not in {step["name"] for step in steps}:
        word = estimator.remainder if isinstance(estimator.remainder, str) else "drop"
        steps.append({"name": "remainder", "columns": [], "n_features_out": 0, "estimator": word})
    return steps


def _columns(columns, name, estimator):
    """Return a choice of columns: names or positions."""
    if callable(columns):
        raise ValueError(
            f"A document holds columns by name or position; received a function for step {name!r} of a "
            "ColumnTransformer. Pass the columns that it has chosen: "
            f"{next(c for n, _, c in estimator.transformers_ if n == name)!r}."
        )
    if isinstance(columns, slice):
        labelled = isinstance(columns.start, str) or isinstance(columns.stop, str)
        every = list(estimator.feature_names_in_) if labelled else list(range(estimator.n_features_in_))
        if labelled:
            first = 0 if columns.start is None else every.index(columns.start)
            last = len(every) if columns.stop is None else every.index(columns.stop) + 1
            return [str(v) for v in every[first : last : columns.step]]
        return every[columns]
    if isinstance(columns, str) or np.ndim(columns) == 0:
        return columns if isinstance(columns, str) else int(columns)
    columns = np.asarray(columns)
    if columns.dtype.kind == "b":
        return np.flatnonzero(columns).tolist()
    return [v if isinstance(v, str) else int(v) for v in columns.tolist()]


def read(document, length, read_part):
    """Return the pipeline of a document; ``read_part(document, place)`` reads what is inside."""
    kind = NAMES[document["class"]]
    by_columns = kind is ColumnTransformer
    own = ["sparse_output"] if by_columns else []
    check_members(document, ROOT, MEMBERS if kind is Pipeline else [*OF_COLUMNS, *own])
    parameters = _read_parameters(document["parameters"], kind)
    steps = document["steps"]
    if not isinstance(steps, list) or not steps:
        (ROOT / "steps").refuse("a list of steps", steps)
    read_steps = []
    for i, step in enumerate(steps):
        place = ROOT / "steps" / i
        check_members(step, place, OF_COLUMNS_STEP if by_columns else STEP)
        if not isinstance(step["name"], str) or "__" in step["name"]:
            (place / "name").refuse("text without __", step["name"])
        given = step["estimator"]
        if isinstance(given, str):
            if given not in WORDS or (given == "drop" and kind is Pipeline):
                (place / "estimator").refuse('an object, "passthrough" or "drop"', given)
        else:
            given = read_part(given, place / "estimator", length=len(json.dumps(given)))
        read_steps.append((step["name"], given))
    names = [name for name, _ in read_steps]
    if len(set(names)) < len(names):
        (ROOT / "steps").refuse("steps of different names", names)
    inner = read_steps[:-1] if kind is Pipeline else read_steps
    for i, (_, step) in enumerate(inner):
        if not isinstance(step, str) and not hasattr(step, "transform"):
            (ROOT / "steps" / i / "estimator").refuse("a transformer", type(step).__name__)
    weights = parameters.get("transformer_weights") or {}
    if not set(weights) <= set(names):
        (ROOT / "parameters" / "transformer_weights").refuse("weights of the steps", list(weights))
    if kind is Pipeline:
        if document["output"] is not None:
            (ROOT / "output").refuse("null in a Pipeline, whose steps have their own", document["output"])
        _check_chain([step for _, step in read_steps if not isinstance(step, str)])
        return Pipeline(read_steps, **parameters)
    sample = _sample(*read_features(document, length))
    if by_columns:
        return _read_column_transformer(document, read_steps, parameters, sample, length)
    for i, (_, step) in enumerate(read_steps):
        _check_columns_of(step, sample, list(range(sample.shape[1])), ROOT / "steps" / i / "estimator")
    through = [
        (n, FunctionTransformer(feature_names_out="one-to-one").fit(sample) if s == "passthrough" else s)
        for n, s in read_steps
    ]
    union = FeatureUnion(through, **parameters)
    restore_output(union, document["output"])
    return union


def _read_parameters(given, kind):
    place, known = ROOT / "parameters", inspect.signature(kind).parameters
    if not isinstance(given, dict):
        place.refuse("an object", given)
    check_members(given, place, [name for name in given if name in known and name not in OWN[kind.__name__]])
    read = {name: decode(value, place / name) for name, value in given.items()}
    for name, value in read.items():
        required, holds = PARAMETERS.get(name, ("absent", lambda v: False))
        if not holds(value):
            (place / name).refuse(required, given[name])
    return read


def _check_chain(steps):
    """Refuse a step that does not take what the one before gives."""
    for i, (before, after) in enumerate(pairwise(steps), 1):
        given, taken = _width(before), getattr(after, "n_features_in_", None)
        if given is not None and taken is not None and given != taken:
            (ROOT / "steps" / i / "estimator").refuse(f"fitted on {given} columns, as come there", taken)


def _width(step):
    """Return the number of columns that a fitted transformer gives, None where it does not say."""
    try:
        return len(step.get_feature_names_out())
    except (AttributeError, ValueError):
        return None


def _check_columns_of(step, sample, columns, place):
    """Refuse an estimator that was fitted on other columns than it gets."""
    if isinstance(step, str):
        return
    if step.n_features_in_ != len(columns):
        place.refuse(f"fitted on {len(columns)} columns", step.n_features_in_)
    names = getattr(step, "feature_names_in_", None)
    if names is not None and isinstance(sample, pd.DataFrame):
        own = [str(c if isinstance(c, str) else sample.columns[c]) for c in columns]
        if list(names) != own:
            place.refuse(f"fitted on the columns {own}", list(names))


def _sample(n_features, names):
    """Return a row of zeros with the columns of ``fit``."""
    row = np.zeros((1, n_features))
    return row if names is None else pd.DataFrame(row, columns=names)


class _Known(TransformerMixin, BaseEstimator):
    """Stands for a fitted estimator while the transformer around it finds its columns."""

    def __init__(self, estimator=None, n_features_out=0):
        self.estimator, self.n_features_out = estimator, n_features_out

    def __sklearn_clone__(self):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.zeros((len(X), self.n_features_out))


def _read_column_transformer(document, steps, parameters, sample, length):
    known = []
    for i, ((name, estimator), step) in enumerate(zip(steps, document["steps"], strict=True)):
        place, n_out = ROOT / "steps" / i, step["n_features_out"]
        if type(n_out) is not int or not 0 <= n_out <= length:
            (place / "n_features_out").refuse("a number of columns that are described", n_out)
        length -= n_out  # of all steps together
        columns = step["columns"]
        _check_columns(columns, place / "columns", sample)
        columns = columns if isinstance(columns, list) else [columns]
        _check_columns_of(estimator, sample, columns, place / "estimator")
        width = _width(estimator) if not isinstance(estimator, str) else None
        if width is not None and width != n_out:
            (place / "n_features_out").refuse(f"{width}, as the estimator gives", n_out)
        known.append(
            (name, estimator if isinstance(estimator, str) else _Known(estimator, n_out), step["columns"])
        )
    if known[-1][0] != "remainder":
        (ROOT / "steps").refuse('closed by the step "remainder"', known[-1][0])
    *known, (_, remainder, _) = known
    whole = ColumnTransformer(known, remainder=remainder, **parameters).fit(sample)
    for step in document["steps"]:
        own = whole.output_indices_.get(step["name"], slice(0, 0))
        if own.stop - own.start != step["n_features_out"]:
            (ROOT / "steps").refuse("consistent in their numbers of columns", step["name"])
    remaining = next((c for n, _, c in whole.transformers_ if n == "remainder"), [])
    if list(remaining) != document["steps"][-1]["columns"]:
        (ROOT / "steps" / len(known) / "columns").refuse(
            f"the remaining columns, {list(remaining)}", document["steps"][-1]["columns"]
        )
    if type(document["sparse_output"]) is not bool:
        (ROOT / "sparse_output").refuse("true or false", document["sparse_output"])
    whole.sparse_output_ = document["sparse_output"]
    whole.transformers_ = [(name, _own(step), columns) for name, step, columns in whole.transformers_]
    whole.transformers = [(name, _own(step), columns) for name, step, columns in whole.transformers]
    put_remainder(whole, _own(remainder))
    restore_output(whole, document["output"])
    return whole


def _own(step):
    return step.estimator if isinstance(step, _Known) else step


def _check_columns(columns, place, sample):
    names = sample.columns.tolist() if isinstance(sample, pd.DataFrame) else []
    for column in columns if isinstance(columns, list) else [columns]:
        by_name = isinstance(column, str) and column in names
        if not by_name and not (type(column) is int and -sample.shape[1] <= column < sample.shape[1]):
            place.refuse("columns seen in fit, by name or position", column)
