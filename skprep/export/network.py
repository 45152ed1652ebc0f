"""The layers of a SoftmaxClassifier at inference, in nodes of ONNX, in float64."""

import copy

import numpy as np
from onnx import TensorProto
from scipy.special import ndtr

from skprep.nn import GELU, BatchNorm, Dropout, GroupNorm, LayerNorm, Linear, ReLU, RMSNorm, WeightNorm

# The normal distribution function by pieces: beyond FAR it is 0 or 1 to float64, and ONNX has no erf of
# float64.
FAR, PER_UNIT, DEGREE = 38.0, 8, 9


def write_classifier(graph, head, x, label):
    """Write the output ``label`` of a classifier for the rows ``x``; return the probabilities."""
    if head._dtype == np.float32:
        x = graph.double(graph.node("Cast", x, to=TensorProto.FLOAT))
    for layer in head.network_:
        x = LAYERS[type(layer)](graph, layer, x)
    if len(head.classes_) == 2:
        x = graph.joined([x * 0.0, x])
    best = graph.flat(graph.node("ArgMax", x, axis=1, keepdims=0))
    graph.output(graph.rows_of(graph.constant(_labels(head.classes_)), best), label)
    return graph.node("Softmax", x / float(head.temperature), axis=1)


def _labels(classes):
    if classes.dtype.kind in "iub":
        return classes.astype(np.int64)
    return classes if classes.dtype.kind == "f" else np.array([str(c) for c in classes], dtype=object)


def _wide(values):
    return np.asarray(values, dtype=np.float64)


def _linear(graph, layer, x):
    weight = graph.constant(np.ascontiguousarray(_wide(layer.params["weight"]).T))
    x = graph.node("MatMul", x, weight)
    return x + _wide(layer.params["bias"])[None] if "bias" in layer.params else x


def _weight_norm(graph, layer, x):
    return _linear(graph, copy.deepcopy(layer)._assembled(), x)


def _affine(layer, x):
    for name in ("weight", "bias"):
        if name in layer.params:
            own = _wide(layer.params[name])[None]
            x = x * own if name == "weight" else x + own
    return x


def _batch_norm(graph, layer, x):
    mean, variance = (_wide(layer.state_dict()[f"running_{n}"])[None] for n in ("mean", "var"))
    return _affine(layer, (x - mean) * (1.0 / np.sqrt(variance + layer.eps)))


def _group_norm(graph, layer, x):
    return _by_rows(graph, layer, x, layer.num_channels, layer.num_groups, layer.eps)


def _layer_norm(graph, layer, x):
    eps = layer._eps_for(next((v.dtype for v in layer.params.values()), np.dtype(np.float64)))
    return _by_rows(graph, layer, x, layer.normalized_shape[-1], 1, eps, centers=layer._centers)


def _by_rows(graph, layer, x, width, n_groups, eps, centers=True):
    """Normalise each row over groups of its columns; means are products with a matrix."""
    belongs = np.repeat(np.eye(n_groups), width // n_groups, axis=0)

    def mean(values):
        of_group = graph.node("MatMul", values, belongs * (n_groups / width))
        return of_group if n_groups == 1 else graph.node("MatMul", of_group, np.ascontiguousarray(belongs.T))

    x = x - mean(x) if centers else x
    return _affine(layer, x / graph.node("Sqrt", mean(x * x) + float(eps)))


def _relu(graph, layer, x):
    return graph.node("Relu", x)


def _gelu(graph, layer, x):
    """Return x times the normal distribution function, a polynomial for each piece."""
    clipped = graph.node("Where", x < -FAR, -FAR, x)
    clipped = graph.node("Where", clipped > FAR, FAR, clipped)
    place = (clipped + FAR) * float(PER_UNIT)
    n_pieces = int(2 * FAR * PER_UNIT)
    piece = graph.node("Floor", place)
    piece = graph.node("Where", piece > n_pieces - 1.0, n_pieces - 1.0, piece)
    u = (place - piece) * 2.0 - 1.0
    number = graph.node("Cast", piece, to=TensorProto.INT64)
    value = None
    for coefficients in _pieces(n_pieces):
        own = graph.rows_of(graph.constant(coefficients), number)
        value = own if value is None else value * u + own
    return x * value


def _pieces(n_pieces):
    """Return the coefficients of all pieces, the highest power first, of an argument from -1 to 1."""
    nodes = np.polynomial.chebyshev.chebpts1(DEGREE + 1)
    starts = np.arange(n_pieces) / PER_UNIT - FAR
    values = ndtr(starts[:, None] + (nodes + 1.0) / (2.0 * PER_UNIT))
    scale = np.maximum(values.max(axis=1, keepdims=True), np.finfo(float).tiny)
    own = np.linalg.solve(np.vander(nodes, DEGREE + 1), (values / scale).T) * scale.T
    return [np.ascontiguousarray(row) for row in own]


LAYERS = {
    Linear: _linear,
    WeightNorm: _weight_norm,
    BatchNorm: _batch_norm,
    GroupNorm: _group_norm,
    LayerNorm: _layer_norm,
    RMSNorm: _layer_norm,
    ReLU: _relu,
    GELU: _gelu,
    Dropout: lambda graph, layer, x: x,
}
