"""What a column gives away: that it was scaled, ranked or encoded on rows that it should not have seen."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln

OWN = 0.9  # share of values that are there once, from which on a column is taken for continuous
MANY_CLASSES = 20  # whole numbers with more distinct values than this are a quantity
DISTINCT = 10  # values that a column needs before its statistics say anything
ROUNDINGS = 1e-9  # relative to the unit that something was scaled to; of float32 columns 1e-5
LEVELS = 4  # of an encoded column, from which on two parameters of smoothing cannot fit all by chance
DIGITS = range(-3, 7)  # to which a target is rounded
CHANCE = 1e-6  # that a column without any part in it parts the classes
NORMAL_IQR = float(stats.norm.ppf(0.75) - stats.norm.ppf(0.25))
SAME = 0.999  # correlation of ranks from which on a column is the target in other words


def scaled_together(train, test):
    """Return how a column was scaled over training and test rows together, None where it was not.

    What holds exactly over both and not over the training rows alone can only have been computed from both.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(50.0, 7.0, size=90)
    >>> z = (x - x.mean()) / x.std()
    >>> scaled_together(z[:60], z[60:])
    'standardised'
    >>> print(scaled_together((x[:60] - x[:60].mean()) / x[:60].std(), z[60:]))
    None
    """
    both = np.concatenate([train, test])
    bound = 1e-5 if train.dtype == np.float32 or test.dtype == np.float32 else ROUNDINGS
    train, test, both = (v[~np.isnan(v)].astype(np.float64) for v in (train, test, both))
    if len(train) < 2 or len(test) < 1 or not np.isfinite(both).all():
        return None
    n_distinct = len(np.unique(both))
    if n_distinct < DISTINCT or (both == np.round(both)).all():
        return None  # counts and codes have such means and ends by themselves
    for what, fits in SCALINGS.items():
        if n_distinct < OWN * len(both) and fits in (_is_ranged, _is_ranged_by_size):
            continue  # proportions, scores and cycles of time end at 0 and 1 by themselves
        if fits(both, bound) and not fits(train, bound):
            return what
    if len(test) >= DISTINCT and _is_standardised(test, bound) and _is_standardised(train, bound):
        return "standardised by itself in the test rows"
    return None


def _near(value, wanted, bound):
    return abs(value - wanted) <= bound


def _is_standardised(x, bound):
    return _near(x.mean(), 0.0, bound) and any(
        len(x) > ddof and _near(x.std(ddof=ddof), 1.0, bound) for ddof in (0, 1)
    )


def _has_unit_variance(x, bound):
    return any(len(x) > ddof and _near(x.std(ddof=ddof), 1.0, bound) for ddof in (0, 1))


def _is_ranged(x, bound):
    low, high = x.min(), x.max()
    ends = any(_near(low, a, bound) and _near(high, b, bound) for a, b in ((0.0, 1.0), (-1.0, 1.0)))
    return ends and max((x == low).sum(), (x == high).sum()) <= 2 and _thins_out(np.sort(x))


def _thins_out(ordered):
    """Say whether values do not crowd at their ends, as they do where a cosine or a share has its bounds."""
    least = 0.1 * (ordered[-1] - ordered[0]) / len(ordered)
    return ordered[1] - ordered[0] > least and ordered[-1] - ordered[-2] > least


def _is_ranged_by_size(x, bound):
    sizes = np.sort(np.abs(x))
    apart = sizes[-1] - sizes[-2] > 0.1 * sizes[-1] / len(x)
    return _near(sizes[-1], 1.0, bound) and apart


def _is_robust(x, bound):
    low, median, high = np.quantile(x, (0.25, 0.5, 0.75))
    return _near(median, 0.0, bound) and any(_near(high - low, width, bound) for width in (1.0, NORMAL_IQR))


def _is_ranked(x, bound):
    steps = np.diff(np.sort(x))
    even = len(steps) >= DISTINCT and np.ptp(steps) <= bound * max(1.0, np.abs(x).max())
    return bool(even) and x.min() >= 0.0 and x.max() <= 1.0 and steps[0] > 0


SCALINGS = {
    "ranked": _is_ranked,
    "standardised": _is_standardised,
    "scaled to unit variance": _has_unit_variance,
    "scaled by median and IQR": _is_robust,
    "scaled to its minimum and maximum": _is_ranged,
    "scaled to its largest size": _is_ranged_by_size,
}


def encoded_target(train, test, y_train, y_test):
    """Say whether a column holds means of the target over training and test rows together.

    Each value v of a level with n rows whose mean is m must be ``(n m + a) / (n + b)``: the mean, drawn
    towards a prior by any smoothing. Two unknowns that fit four levels or more over both and not over the
    training rows alone are no chance.
    """
    both = _levels(np.concatenate([train, test]), np.concatenate([y_train, y_test]))
    own = _levels(train, y_train)
    return both is not None and _is_encoded(*both) and not (own is not None and _is_encoded(*own))


def _levels(x, y):
    kept = ~np.isnan(x)
    values, codes, counts = np.unique(x[kept], return_inverse=True, return_counts=True)
    if len(values) < 2 or len(values) > 0.5 * kept.sum() or (values == np.round(values)).all():
        return None
    return values, counts.astype(np.float64), np.bincount(codes, y[kept]) / counts


def _is_encoded(v, n, m):
    if len(v) < LEVELS:
        return bool((np.abs(v - m) <= 1e-9 * (1.0 + np.abs(v))).all())
    left, right = n * (m - v), np.column_stack([v, -np.ones_like(v)])  # b v - a = n (m - v)
    fit, *_ = np.linalg.lstsq(right, left, rcond=None)
    error = np.abs(right @ fit - left)
    return bool(fit[0] >= -1e-6 and (error <= 1e-7 * (1.0 + np.abs(n * v))).all() and np.ptp(v) > 0)


def target_in_disguise(x, y, is_class):
    """Return how a column alone gives the target, None where it does not.

    Parameters
    ----------
    x : ndarray
        Numbers, or objects: categories.
    y : ndarray
        Numbers, or codes of classes.
    is_class : bool

    Examples
    --------
    >>> y = np.arange(40.0)
    >>> target_in_disguise(np.log(y + 1.0), y, False)
    'it rises with the target without exception'
    """
    if x.dtype.kind == "f":
        kept = ~np.isnan(x)
        if kept.sum() < 0.9 * len(x):
            return None
        x, y = x[kept], y[kept]
    if len(y) < DISTINCT or len(pd.unique(pd.Series(x))) < 2 or len(np.unique(y)) < 2:
        return None
    return _gives_class(x, y) if is_class else _gives_number(x, y)


def _gives_class(x, y):
    codes, values = pd.factorize(pd.Series(x))
    classes, counts = np.unique(y, return_counts=True)
    n_classes = len(classes)
    # Of so many orders of the classes along the rows, n_classes! keep each in one piece
    orders = gammaln(len(y) + 1) - gammaln(counts + 1).sum() - gammaln(n_classes + 1)
    if orders < -np.log(CHANCE):
        return None
    if len(values) == n_classes and len(pd.unique(pd.Series(codes * n_classes + y))) == n_classes:
        return "each of its values is one class"
    if x.dtype.kind != "f":
        return None
    ordered = y[np.argsort(x, kind="stable")]
    ends = np.sort(x)
    changes = np.flatnonzero(np.diff(ordered))
    parted = (ends[changes + 1] > ends[changes]).all()
    return "thresholds in it part the classes" if len(changes) == n_classes - 1 and parted else None


def _gives_number(x, y):
    if x.dtype.kind != "f":
        return None
    if np.ptp(x) == 0 or np.ptp(y) == 0 or len(np.unique(x)) < DISTINCT:
        return None
    if any((np.round(y, digits) == x).all() for digits in DIGITS):
        return "it is the target, rounded"
    rank = float(stats.spearmanr(x, y)[0])
    if abs(rank) >= 1.0 - 1e-12:
        return f"it {'rises' if rank > 0 else 'falls'} with the target without exception"
    if abs(rank) >= SAME:
        return f"its ranks are those of the target (correlation {rank:.5f})"
    line = float(np.corrcoef(x, y)[0, 1])
    return f"it is the target on a line (correlation {line:.6f})" if abs(line) >= 1 - 1e-6 else None


def numbers_the_rows(x):
    """Say whether a column counts the rows: whole numbers, one more in each.

    Examples
    --------
    >>> numbers_the_rows(np.arange(5.0, 30.0)), numbers_the_rows(np.array([1.0, 3.0, 2.0]))
    (True, False)
    """
    return len(x) >= DISTINCT and bool((np.diff(x) == 1).all())
