"""What folds can tell: paired differences, whose folds share most of their training rows."""

import numpy as np
from scipy import stats

LEVEL = 0.05


def corrected_t_test(differences, test_share):
    r"""Return mean, standard error, and the two-sided p value of paired differences over folds.

    .. math:: t = \bar d \Big/ \sqrt{\left(\tfrac{1}{J} + \tfrac{n_{test}}{n_{train}}\right) s_d^2}

    with J - 1 degrees of freedom: the corrected resampled t-test. Training sets of different folds overlap,
    so that the variance over folds alone is too small.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
    test_share : float
        Test rows over training rows.

    References
    ----------
    Nadeau & Bengio (2003), "Inference for the generalization error", Machine Learning 52(3), 239-281.

    Examples
    --------
    >>> mean, error, p = corrected_t_test([0.02, 0.04, 0.03, 0.05, 0.01], 0.25)
    >>> round(mean, 3), round(error, 5), round(p, 4)
    (0.03, 0.01061, 0.0474)
    """
    d = np.asarray(differences, dtype=np.float64)
    mean, n = float(d.mean()), len(d)
    spread = float(d.std(ddof=1)) if n > 1 else np.nan
    error = np.sqrt(1.0 / n + test_share) * spread
    if spread <= 1e-12 * abs(mean):  # the same in every fold: no spread to judge by, but a sign n times
        return mean, 0.0, 1.0 if mean == 0.0 else 2.0 ** (1 - n)
    return mean, float(error), float(2.0 * stats.t.sf(abs(mean) / error, n - 1))


def interval(mean, error, n_folds, level=LEVEL):
    """Return the ends of the confidence interval of a paired difference."""
    half = 0.0 if error == 0 else float(stats.t.isf(level / 2, n_folds - 1)) * error
    return mean - half, mean + half


def holm(p_values):
    """Return p values adjusted for how many there are, by Holm's steps; NaN stays NaN.

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6(2), 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    found = np.empty_like(p)
    found[order] = np.minimum(raised, 1.0)
    return found
