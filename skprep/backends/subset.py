"""The columns that a fitted scaler knows, of a frame in memory that may have others too."""

import numpy as np

from skprep.frames.eager import some_columns


def transform_columns_of(estimator, fitted, frame, method):
    """Return the features of ``frame``, transformed by ``method``, as an array.

    Parameters
    ----------
    estimator : fitted scaler
    fitted : Fitted
        Of that scaler.
    frame : pandas, Polars or PyArrow frame
    method : {"transform", "inverse_transform"}
    """
    if fitted.transform_features is None:
        return np.asarray(getattr(estimator, method)(some_columns(frame, fitted.feature_names)))
    beside = some_columns(frame, fitted.key_names + fitted.covariate_names)
    return fitted.transform_features(some_columns(frame, fitted.feature_names), beside, method)
