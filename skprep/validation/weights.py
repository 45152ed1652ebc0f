"""Weights of rows."""

from numbers import Real

import numpy as np
from sklearn.utils.validation import check_array

LEAST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100  # beyond, sums of weights leave float64


def check_weight(sample_weight, X):
    """Return the weights as float64, or None; refuse negative ones."""
    if sample_weight is None:
        return None
    n_rows = X.shape[0]
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_rows, float(sample_weight))
    if np.ma.isMaskedArray(sample_weight) and np.ma.getmaskarray(sample_weight).any():
        row = int(np.ma.getmaskarray(sample_weight).argmax())
        raise ValueError(
            f"sample_weight must be one number for each of {n_rows} rows; received one that is masked in row "
            f"{row}. Pass weight 0 to leave a row out."
        )
    rules = {"ensure_2d": False, "dtype": np.float64, "ensure_min_samples": 0}
    try:
        weight = check_array(sample_weight, input_name="sample_weight", **rules)
    except (TypeError, ValueError) as error:
        if "NaN" in str(error) or "infinity" in str(error):
            raise
        raise ValueError(
            f"sample_weight must be one number for each of {n_rows} rows; received {_short(sample_weight)} "
            f"({error}). Pass an array of weights, or leave it out."
        ) from error
    _check_values(weight, n_rows)
    return weight


def _check_values(weight, n_rows):
    if weight.shape != (n_rows,):
        raise ValueError(
            f"Sample weights must be 1D array or scalar, one number for each of {n_rows} rows; received "
            f"sample_weight.shape == {weight.shape}. Pass one weight for each row."
        )
    if weight.size and weight.min() < 0:
        row = int(weight.argmin())
        raise ValueError(
            f"sample_weight must be 0 or more for every row; received {float(weight[row])!r} in row {row}. "
            "Use weight 0 to leave a row out."
        )
    odd = (weight > 0) & ~((weight > LEAST_WEIGHT) & (weight < LARGEST_WEIGHT))
    if odd.any():
        row = int(odd.argmax())
        raise ValueError(
            f"sample_weight must be 0, or between {LEAST_WEIGHT:g} and {LARGEST_WEIGHT:g}; received "
            f"{float(weight[row])!r} in row {row}. Divide all weights by their mean."
        )


def rows_with_weight(weight):
    """Return the numbers of the rows of a weight above 0, None where all have one.

    A row of weight 0 is no row, whatever is in it.

    Examples
    --------
    >>> rows_with_weight(np.array([1.0, 0.0, 2.0]))
    array([0, 2])
    """
    return None if weight is None or weight.all() else np.flatnonzero(weight)


def training_rows(rows, weight):
    """Return the numbers of those of ``rows`` that have a weight above 0; None stands for all.

    Examples
    --------
    >>> training_rows(np.array([0, 1]), np.array([0.0, 1.0, 2.0]))
    array([1])
    """
    weighted = rows_with_weight(weight)
    if rows is None or weighted is None:
        return weighted if rows is None else rows
    return np.intersect1d(rows, weighted)


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def check_some_weight(weight, of="row"):
    """Refuse weights that leave no row to learn from."""
    if weight is not None and not weight.any():
        raise ValueError(
            f"sample_weight must be above 0 for at least one {of}; received only zeros. Leave sample_weight "
            "out to give every row the same weight."
        )
