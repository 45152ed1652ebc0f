"""Where rows live: asked once, here, and answered by a module that learns from them and transforms them.

Each backend has two functions::

    learn(estimator, X, y, *, reset, stream, set_attributes, **metadata)
    transform(estimator, X, *, inverse, copy, **metadata)

``metadata`` are ``sample_weight`` and ``groups``. A block, a batch, a partition and the rows of another
machine are the same thing to all of them: learnt from, and merged.
"""

import numpy as np
import pandas as pd
from sklearn import get_config

from skprep.backends import array_api, dask, files, lazy, memory
from skprep.backends.merging import merge

__all__ = ["backend_of", "merge"]


def backend_of(X):
    """Return the module for rows that live where ``X`` does.

    Parameters
    ----------
    X : object
        Rows in memory (an array, a list, a sparse matrix, a frame); an array of another library, under
        scikit-learn's ``array_api_dispatch``; a lazy frame of Polars, DuckDB or Spark; a Dask array or
        frame; a :class:`~skprep.backends.files.TableFile`.

    Examples
    --------
    >>> import polars as pl
    >>> backend_of([[1.0]]).__name__, backend_of(pl.LazyFrame({"x": [1.0]})).__name__
    ('skprep.backends.memory', 'skprep.backends.lazy')
    """
    if not isinstance(X, np.ndarray | pd.DataFrame | list):
        if isinstance(X, files.TableFile):
            return files
        if dask.is_collection(X):
            return dask
        if lazy.is_lazy(X):
            return lazy
    return array_api if get_config()["array_api_dispatch"] else memory
