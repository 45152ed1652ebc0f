"""Labels and weights of rows, as a classifier takes them."""

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skprep.compat import check_sample_weight


def weighed_rows(X, y, sample_weight, class_weight, classes=None):
    """Return the rows that weigh something, their weights, and the classes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,) or None
    class_weight : dict, "balanced" or None
    classes : ndarray, default=None
        All labels; None: those of ``y``.
    """
    check_classification_targets(y)
    y = column_or_1d(y, warn=True)
    weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    classes = np.unique(y) if classes is None else classes
    given = "sample_weight"
    if class_weight is not None and weight.any():
        weight = weight * _class_factors(y, weight, classes, class_weight)
        given = "sample_weight times class_weight"
    keep = weight > 0
    if not keep.any():
        raise ValueError(
            f"{given} must be above 0 for at least one row; received only zeros. Leave it out to "
            "give every row the same weight."
        )
    return (X, y, weight, classes) if keep.all() else (X[keep], y[keep], weight[keep], classes)


def _class_factors(y, weight, classes, class_weight):
    """Return the weight of the class of each row."""
    place = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    known = classes[place] == y  # a row of another label weighs nothing, or is refused later
    if class_weight == "balanced":
        total = np.bincount(place[known], weights=weight[known], minlength=len(classes))
        factors = np.divide(total.sum(), len(classes) * total, out=np.ones(len(classes)), where=total > 0)
    else:
        factors = np.array([float(class_weight.get(c, 1.0)) for c in classes.tolist()])
        if not (factors >= 0).all():
            raise ValueError(
                f"class_weight must be 0 or more for every class; received {class_weight!r}. Use 0 "
                "to leave a class out."
            )
    return np.where(known, factors[place], 1.0)


def encode(y, classes):
    """Return the number of the class of each row.

    Examples
    --------
    >>> encode(np.array(["b", "a"]), np.array(["a", "b"]))
    array([1, 0])
    """
    codes = np.searchsorted(classes, y)
    known = classes[np.minimum(codes, len(classes) - 1)] == y
    if not np.all(known):
        raise ValueError(
            f"y must hold the classes {classes.tolist()}; received {y[~known][0]!r}. Name all of them in "
            "classes at the first call."
        )
    return codes


def refuse_missing_labels(y):
    """Refuse a label that is None or NaN, which does not sort; a label of its own may say "unknown"."""
    if not isinstance(y, np.ndarray | list | tuple | pd.Series) or np.ndim(y) != 1:
        return  # refused, or seen to, by scikit-learn
    missing = np.flatnonzero(pd.isna(y))
    if len(missing):
        row = int(missing[0])
        raise ValueError(
            f"Input y contains NaN: y must hold a label in every row; received {np.asarray(y)[row]!r} in row "
            f"{row}, {len(missing)} missing in all. Leave these rows out, or give them a label of their own."
        )


def all_logits(logits):
    """Return a logit for each class: two classes have one, beside 0."""
    return logits if logits.shape[1] > 1 else np.hstack([np.zeros_like(logits), logits])
