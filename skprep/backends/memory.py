"""Rows in memory: arrays, lists, sparse matrices, frames of pandas, Polars and PyArrow."""


def learn(estimator, X, y=None, **how):
    """Learn from the rows of ``X``."""
    return estimator._learn_rows(X, y, **how)


def transform(estimator, X, **how):
    """Scale the rows of ``X``, or undo it."""
    return estimator._transform_rows(X, **how)
