"""Models run by onnxruntime on the tables that transform takes."""

import numpy as np
import onnxruntime
import pandas as pd

onnxruntime.set_default_logger_severity(3)


def run(model, X):
    """The outputs of a model for an array or a frame, by name."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if not isinstance(X, pd.DataFrame):
        return dict(zip(names, session.run(None, {"X": np.asarray(X)}), strict=True))
    feed = {}
    for given in session.get_inputs():
        column = X[given.name]
        text = not isinstance(column.dtype, np.dtype) or column.dtype.kind == "O"
        feed[given.name] = column.to_numpy(dtype=object if text else None)[:, None]
    return dict(zip(names, session.run(None, feed), strict=True))


def close(found, expected):
    """Equal to 1e-12 in float64, to 2e-6 relative in float32; NaN where NaN is."""
    assert found.dtype == expected.dtype
    rtol = 1e-12 if found.dtype == np.float64 else 2e-6
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
