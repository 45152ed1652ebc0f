"""A fitted estimator as an ONNX model."""

from importlib import import_module
from typing import Any

from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skprep.frames.kinds import column_kinds

KINDS = {
    "double": "DoubleTensorType",
    "float": "FloatTensorType",
    "int64": "Int64TensorType",
    "int32": "Int32TensorType",
    "int16": "Int16TensorType",
    "int8": "Int8TensorType",
    "uint8": "UInt8TensorType",
    "uint16": "UInt16TensorType",
    "uint32": "UInt32TensorType",
    "bool": "BooleanTensorType",
    "string": "StringTensorType",
}


def to_onnx(
    estimator: Any,
    X_sample: Any,
    *,
    target_opset: int | dict[str, int] | None = None,
    options: dict[Any, Any] | None = None,
) -> Any:
    r"""Return a fitted scaler, or a pipeline with it, as an ONNX model.

    For every scaler of skprep, :class:`~skprep.GroupScaler`, :class:`~skprep.ComBat` and
    :class:`~skprep.nn.SoftmaxClassifier`, alone or in a ``Pipeline``, ``ColumnTransformer`` or
    ``FeatureUnion`` with the estimators of scikit-learn that skl2onnx knows. Scaling is computed in
    float64, by the same formula as ``transform``, and rounded once: float32 in, float32 out, and an offset
    of :math:`10^6` costs no digits.

    ``import skprep.export.onnx`` registers the same converters with skl2onnx, whose own ``to_onnx`` then
    takes estimators of skprep too.

    Parameters
    ----------
    estimator : fitted estimator
        Of skprep, or a pipeline with such.
    X_sample : array or frame of shape (n_samples, n_features)
        Rows of the types that the model will get; one is enough. An array becomes the one input ``X``, of a
        frame (pandas, Polars, PyArrow) each column becomes an input of its name and of shape ``(n, 1)``.
        Numbers, booleans, text and categories.
    target_opset : int or dict, default=None
        Version of ONNX's operators, 13 at least; None: the newest that skl2onnx has been tested with.
    options : dict, default=None
        Of skl2onnx. None: probabilities of a classifier are one array, ``{"zipmap": False}`` in skl2onnx's
        words.

    Returns
    -------
    model : onnx.ModelProto
        ``model.SerializeToString()`` is the file. A scaler has the output ``variable``; one that also returns
        columns of other types (``keep_by=True``, ``columns=``) has one for each column, ``name_out``.

    Raises
    ------
    ImportError
        Without the extra ``onnx``.
    ValueError
        Where the model cannot be what the estimator is: keys that come as metadata (``by=None``), a
        GroupScaler of another library's transformer, columns that do not fit, keys of dates.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Notes
    -----
    A model cannot raise. Where ``transform`` does, it gives NaN: for a group unknown to
    ``handle_unknown="error"``, a logarithm outside its domain, an unknown level of a covariate, a covariate
    that is missing. Infinite values, which ``transform`` refuses, are calculated with. NaN stays NaN.

    Text has no missing value in ONNX. A missing text key is sent as ``"nan"``, ``"None"``, ``"<NA>"`` or
    ``"NaT"`` (what onnxruntime makes of ``nan``, ``None`` and their like in an array of objects), and comes
    out so; where one of these is the name of a group, a warning says that the two cannot be told apart. Text
    classes come out as text, booleans as whole numbers.

    Each column of the sample is an input that the model asks for: leave out those that ``fit`` did not see.
    What stands behind a scaler gets float64 where the features are float64, which onnxruntime does not have
    for every estimator (trees, for one): pass float32 there.

    References
    ----------
    Open Neural Network Exchange, operators of ``ai.onnx`` and ``ai.onnx.ml``, https://onnx.ai/onnx/operators/.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep import StandardScaler, to_onnx
    >>> X = np.array([[1e6], [1e6 + 2.0]])
    >>> model = to_onnx(StandardScaler().fit(X), X)
    >>> [node.op_type for node in model.graph.node]
    ['Sub', 'Div']
    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession(model.SerializeToString())
    >>> session.run(None, {"X": X})[0]
    array([[-1.],
           [ 1.]])
    """
    try:
        converters = import_module("skprep.export.onnx")
    except ImportError as error:
        raise ImportError(
            f"to_onnx needs the package skl2onnx; received an environment without it ({error}). Install the "
            "extra: pip install 'skprep[onnx]'."
        ) from error
    types = [
        (name, getattr(converters.data_types, KINDS[kind])([None, width]))
        for name, kind, width in column_kinds(X_sample)
    ]
    if options is None:
        options = {id(last): {"zipmap": False} for last in _classifiers(estimator)}
    return converters.converted(estimator, types, target_opset, options)


def _classifiers(estimator):
    """Return the classifier that a pipeline ends with."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return [estimator] if is_classifier(estimator) else []
