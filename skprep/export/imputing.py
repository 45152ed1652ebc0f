"""A converter of SimpleImputer for float64, which ONNX's own operator has not in onnxruntime."""

import numpy as np
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType

from skprep.export.nodes import Graph


def convert_imputer(scope, operator, container):
    """Add the nodes of a SimpleImputer: ours where its columns are float64, else those of skl2onnx."""
    imputer, inputs = operator.raw_operator, operator.inputs
    plain = isinstance(imputer.missing_values, float | int) and getattr(imputer, "indicator_", None) is None
    if len(inputs) > 1 or not isinstance(inputs[0].type, DoubleTensorType) or not plain:
        get_converter(operator.type)(scope, operator, container)
        return
    graph = Graph(scope, container)
    x, statistics = graph.named(inputs[0].full_name), imputer.statistics_.astype(np.float64)
    kept = np.flatnonzero(~np.isnan(statistics))  # a column without a value in fit is left out
    if len(kept) < len(statistics):
        x = graph.columns(x, kept)
    missing = (
        graph.node("IsNaN", x) if np.isnan(imputer.missing_values) else x == float(imputer.missing_values)
    )
    graph.output(graph.node("Where", missing, statistics[kept][None], x), operator.outputs[0].full_name)
