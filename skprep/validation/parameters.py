"""Parameters, and what was learnt with them."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skprep.validation.rows import SCALED_COLUMNS, name_column


def scaled_names(estimator):
    """Return the names of the columns that are scaled, None where they have none."""
    names = getattr(estimator, "feature_names_in_", None)
    scaled = vars(estimator).get(SCALED_COLUMNS)
    return names if names is None or scaled is None else names[scaled]


def per_feature(estimator, value, n_features, name):
    """Return a parameter as one float per feature: a number, a sequence, or labels by feature name."""
    names = scaled_names(estimator)
    labelled = isinstance(value, dict) or (
        isinstance(value, pd.Series) and value.index.dtype.kind not in "iu"
    )
    if labelled:
        value = dict(value)
        if names is None or set(value) != set(names):
            known = "X has no names" if names is None else f"X has {list(names)}"
            raise ValueError(
                f"{name} by label must name every feature of X; received {list(value)}, but {known}. Pass a "
                "frame with these columns, or numbers in the order of the columns."
            )
        value = [value[n] for n in names]
    try:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), n_features)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a number, or one number for each of {n_features} features; received {value!r}. "
            "Pass a single number if it is the same for all."
        ) from error


def features_at(estimator, features, known, what="select"):
    """Return the positions, in X, of features by name or position; one alone is a list of one.

    Parameters
    ----------
    estimator : fitted estimator
    features : str, int or sequence of them
    known : sequence of int
        The positions of its features in X.
    """
    names = getattr(estimator, "feature_names_in_", None)
    names = [] if names is None else list(names)
    several = isinstance(features, list | tuple | np.ndarray | pd.Index)
    given = list(features) if several else [features]
    found = []
    for feature in given:
        if isinstance(feature, str) and feature in names:
            found.append(names.index(feature))
        elif isinstance(feature, Integral) and not isinstance(feature, bool):
            n = estimator.n_features_in_
            found.append(int(feature) % n if -n <= feature < n else -1)
        else:
            found.append(-1)
        if found[-1] not in known:
            shown = ", ".join(repr(names[j]) if names else str(j) for j in list(known)[:12])
            raise ValueError(
                f"{what} takes features that {type(estimator).__name__} was fitted on, by name or position; "
                f"received {feature!r}, and they are {shown}. Correct the name."
            )
    if not found or len(set(found)) < len(found):
        raise ValueError(
            f"{what} takes one feature or more, each once; received {features!r}. Name the ones to keep."
        )
    return found


def of_features(value, places, names, n_features):
    """Return a parameter for some of the features: a number for all stays, one for each is chosen from."""
    if isinstance(value, dict):
        return {names[j]: value[names[j]] for j in places}
    if isinstance(value, pd.Series) and value.index.dtype.kind not in "iu":
        return value.loc[[names[j] for j in places]]
    if isinstance(value, pd.Series):
        return value.iloc[list(places)]
    if np.ndim(value) == 1 and len(value) == n_features:
        chosen = [value[j] for j in places]
        return np.array(chosen) if isinstance(value, np.ndarray) else type(value)(chosen)
    return value


def check_clip(clip):
    """Return the bounds ``(low, high)`` that a ``clip`` of Standard or Robust stands for, or None."""
    if clip is None:
        return None
    bounds = (-clip, clip) if isinstance(clip, Real) else clip
    ordered = np.shape(bounds) == (2,) and all(isinstance(b, Real) for b in bounds) and bounds[0] < bounds[1]
    if isinstance(clip, bool) or not ordered:
        raise ValueError(
            "clip must be a number above 0 or a pair (low, high) with low < high, both in scaled units; "
            f"received {clip!r}. For example clip=3 keeps results within -3 and 3."
        )
    return bounds


def check_range(estimator, scale, low, high):
    """Refuse a feature whose range overflows."""
    if np.isinf(scale).any():
        group, column = np.unravel_index(np.isinf(scale).argmax(), scale.shape)
        raise ValueError(
            f"The range of a feature must fit into float64; received one from {low[group, column]:g} to "
            f"{high[group, column]:g} in {name_column(estimator, column)}. Divide the feature by a constant "
            "first."
        )


def samples_seen(count):
    """Return counts per feature the way scikit-learn shows them: one number where all are equal.

    Whole counts are int64, sums of fractional weights float64.

    Examples
    --------
    >>> import numpy as np
    >>> int(samples_seen(np.array([3.0, 3.0])))
    3
    >>> samples_seen(np.array([3.0, 2.5]))
    array([3. , 2.5])
    """
    first = count[0]
    if (count == first).all():
        return np.int64(first) if first % 1 == 0 and first < 2.0**53 else first
    return whole_counts(count)


def whole_counts(count):
    """Return counts as int64 where all are whole, else as they are: sums of fractional weights.

    Examples
    --------
    >>> import numpy as np
    >>> whole_counts(np.array([3.0, 2.0])), whole_counts(np.array([2.5]))
    (array([3, 2]), array([2.5]))
    """
    whole = (count == np.floor(count)).all() and (count < 2.0**53).all()
    return count.astype(np.int64) if whole else count


def check_learnt(estimator, what):
    """Refuse a scaler whose learned attributes were set by hand: what it learnt is not there."""
    if "_learnt" not in vars(estimator):
        raise ValueError(
            f"{what} needs what the scaler has learnt from rows; received a {type(estimator).__name__} whose "
            "attributes were set by hand. Fit it on rows, or start with a new one."
        )


def check_learnt_alike(estimator, settings, what):
    """Refuse to go on where a parameter that decides what is learnt has changed since."""
    for name, value in settings.items():
        now = getattr(estimator, name)
        if now is not value and not same(now, value):
            raise ValueError(
                f"{what} needs the parameters that the earlier rows were learnt with; received "
                f"{name}={now!r}, but it was {value!r}. Set it back, or fit anew."
            )


def same(a, b):
    """Say whether two parameters are equal: numbers, text, sequences, arrays, NaN, estimators.

    Examples
    --------
    >>> import numpy as np
    >>> same((0, np.array([1.0, np.nan])), (0, [1.0, np.nan])), same(1, None)
    (True, False)
    """
    if isinstance(a, BaseEstimator):
        return type(a) is type(b) and same(list(a.get_params().items()), list(b.get_params().items()))
    a, b = (v.tolist() if hasattr(v, "tolist") else v for v in (a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return same(list(a), list(b)) and same(list(a.values()), list(b.values()))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a is b or a == b or (a != a and b != b)
