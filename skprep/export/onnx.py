"""Converters of skprep's estimators for skl2onnx; importing this module registers them.

One converter serves every scaler: it reads the formula of the map. What differs is where the parameters of
a row come from: nowhere (one row of them), from the key columns, or, for ComBat, from covariates too.
"""

from numbers import Integral
from types import SimpleNamespace

import numpy as np
import skl2onnx
from onnx import TensorProto
from skl2onnx import _parse, update_registered_converter
from skl2onnx.common import data_types
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.impute import SimpleImputer

from skprep.backends.fitted import fitted_of
from skprep.backends.lazy import check_keys_are_columns
from skprep.export.imputing import convert_imputer
from skprep.export.inputs import Columns, in_order, input_at, is_float32, width_of
from skprep.export.lookup import codes_of, expected_of
from skprep.export.network import write_classifier
from skprep.export.nodes import Functions, Graph
from skprep.groups import GroupScaler
from skprep.harmonise import ComBat
from skprep.maps.arrays import result_of
from skprep.nn import SoftmaxClassifier
from skprep.scalers import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, LogScaler, GroupScaler, ComBat)
LEAST_OPSET = 13
FITS_FLOAT32 = (
    FloatTensorType,
    data_types.BooleanTensorType,
    data_types.Int8TensorType,
    data_types.Int16TensorType,
    data_types.UInt8TensorType,
    data_types.UInt16TensorType,
)


def converted(estimator, types, target_opset, options):
    """Return the model of an estimator for inputs of ``types``."""
    model = skl2onnx.convert_sklearn(
        estimator,
        initial_types=types,
        target_opset=_checked(target_opset),
        options=options,
        custom_conversion_functions={SimpleImputer: convert_imputer},  # skl2onnx's own stays as it is
    )
    _name_back(model.graph, [name for name, _ in types])
    del model.metadata_props[:]
    model.doc_string = (
        "Made by skprep. Where transform raises an error, this model gives NaN: a group unknown to "
        'handle_unknown="error", a value outside the domain of a logarithm, an unknown level of a covariate. '
        'A missing text key is "nan", "None", "<NA>" or "NaT".'
    )
    return model


def _name_back(graph, names):
    """Give the inputs their names where outputs of the same name took them; those are ``name_out`` then."""
    present = [value.name for value in graph.input]
    new = {given: name for given, name in zip(present, names, strict=True) if given != name}
    taken = {*names, *(value.name for value in graph.output)}
    for name in set(new.values()) - set(present):
        out = f"{name}_out"
        while out in taken:
            out += "_"
        taken.add(out)
        new[name] = out
    for node in graph.node:
        for side in (node.input, node.output):
            side[:] = [new.get(name, name) for name in side]
    for value in (*graph.input, *graph.output):
        value.name = new.get(value.name, value.name)


def _checked(target_opset):
    """Refuse versions that lack operators."""
    given = target_opset.get("") if isinstance(target_opset, dict) else target_opset
    newest = skl2onnx.__max_supported_opset__
    if given is not None and not (isinstance(given, Integral) and LEAST_OPSET <= given <= newest):
        raise ValueError(
            f"target_opset must be a whole number from {LEAST_OPSET} to {newest}, or a dict of one; received "
            f"{target_opset!r}. Leave it out for the newest."
        )
    return target_opset


def parse(scope, model, inputs, custom_parsers=None):
    """Declare the operator of a scaler and its outputs: a matrix, or columns where some are text."""
    operator = scope.declare_local_operator(ALIAS, model)
    operator.inputs = inputs
    fitted = fitted_of(model)
    if not fitted.whole or len({type(i.type) for i in inputs}) == 1:
        kind = _result_kind(inputs if len(inputs) == 1 else in_order(inputs, fitted), fitted)
        operator.outputs.append(scope.declare_local_variable("variable", kind([None, _n_outputs(fitted)])))
        return operator.outputs
    for i in in_order(inputs, fitted):
        for _ in range(width_of(i)):
            operator.outputs.append(scope.declare_local_variable(i.raw_name, i.type.__class__([None, 1])))
    return operator.outputs


def _n_outputs(fitted):
    return fitted.n_columns if fitted.whole else len(fitted.features)


def _result_kind(inputs, fitted):
    """Return the type of the result, as transform has it: float32, or that with what fits into it."""
    own = inputs if len(inputs) == 1 else [input_at(inputs, j) for j in fitted.features]
    narrow = any(map(is_float32, own)) and all(isinstance(i.type, FITS_FLOAT32) for i in own)
    return FloatTensorType if narrow else DoubleTensorType


def shapes(operator):
    """Set types and shapes of the outputs."""
    fitted = fitted_of(operator.raw_operator)
    inputs = in_order(operator.inputs, fitted)
    kind = _result_kind(inputs, fitted)
    if len(operator.outputs) == 1:
        operator.outputs[0].type = kind([None, _n_outputs(fitted)])
        return
    for j, output in enumerate(operator.outputs):
        own = input_at(inputs, j)
        output.type = kind([None, 1]) if j in fitted.features else own.type.__class__([None, 1])


def convert(scope, operator, container):
    """Add the nodes of a scaler."""
    graph, fitted = Graph(scope, container), fitted_of(operator.raw_operator)
    columns = Columns(graph, in_order(operator.inputs, fitted))
    parameters = _parameters(graph, fitted, columns)
    z = columns.numbers(fitted.features)
    z = _formula(z, fitted.learnt, parameters, undo=False)
    if fitted.pooled is not None:
        z = _formula(z, fitted.pooled, _constants(graph, fitted.pooled), undo=True)
    outputs = operator.outputs
    if len(outputs) == 1:
        z = columns.whole(fitted.features, z) if fitted.whole else z
        graph.output(_as(graph, z, outputs[0]), outputs[0].full_name)
        return
    for j, output in enumerate(outputs):
        if j in fitted.features:
            own = _as(graph, graph.columns(z, [fitted.features.index(j)]), output)
        else:
            own = columns.at(j)
        graph.output(own, output.full_name)


def _as(graph, value, output):
    narrow = isinstance(output.type, FloatTensorType)
    return graph.node("Cast", value, to=TensorProto.FLOAT) if narrow else value


def _formula(x, learnt, parameters, undo):
    return result_of(learnt.formula(x, parameters, Functions(), undo))


def _constants(graph, learnt):
    arrays = learnt.arrays()
    return SimpleNamespace(**{n: None if v is None else graph.constant(v[:1]) for n, v in arrays.items()})


def _parameters(graph, fitted, columns):
    """Return the parameters of each row."""
    if fitted.index is None:
        return _constants(graph, fitted.learnt)
    check_keys_are_columns(fitted, "In an ONNX model")
    codes = codes_of(graph, [columns.at(j) for j in fitted.keys], columns.kinds(fitted.keys), fitted)
    given = fitted.learnt.arrays()
    own = {n: None if v is None else graph.rows_of(graph.constant(v), codes) for n, v in given.items()}
    if fitted.model is not None:
        own["expected"] = expected_of(
            graph, [columns.at(j) for j in fitted.covariates], columns.kinds(fitted.covariates), fitted.model
        )
    return SimpleNamespace(**own)


def classifier_shapes(operator):
    """Set types and shapes of label and probabilities."""
    head = operator.raw_operator
    label, probabilities = operator.outputs[:2]
    kinds = {"i": Int64TensorType, "u": Int64TensorType, "b": Int64TensorType, "f": DoubleTensorType}
    label.type = kinds.get(head.classes_.dtype.kind, StringTensorType)([None])
    zipped = operator.scope_inst.get_options(head, {"zipmap": True}, fail=False)["zipmap"]
    narrow = head._dtype == np.float32 or zipped  # a ZipMap of ONNX takes float32 alone
    probabilities.type = (FloatTensorType if narrow else DoubleTensorType)([None, len(head.classes_)])


def convert_classifier(scope, operator, container):
    """Add the nodes of a SoftmaxClassifier."""
    graph = Graph(scope, container)
    columns = Columns(graph, list(operator.inputs))
    x = columns.numbers(range(sum(map(width_of, operator.inputs))))
    label, probabilities = operator.outputs[:2]
    answer = write_classifier(graph, operator.raw_operator, x, label.full_name)
    graph.output(_as(graph, answer, probabilities), probabilities.full_name)


ALIAS = "SkprepScaler"
for kind in SCALERS:
    update_registered_converter(kind, ALIAS, shapes, convert, parser=parse)
update_registered_converter(
    SoftmaxClassifier,
    "SkprepSoftmaxClassifier",
    classifier_shapes,
    convert_classifier,
    options={"zipmap": [True, False, "columns"], "output_class_labels": [False, True], "nocl": [False]},
)
# A ColumnTransformer would make one text matrix of a key and its features.
_parse.do_not_merge_columns += tuple(kind for kind in SCALERS if kind not in _parse.do_not_merge_columns)

__all__ = ["converted", "data_types"]
