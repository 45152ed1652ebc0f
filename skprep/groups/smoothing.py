"""Small groups borrow strength: their parameters are drawn towards those of all rows."""

import numpy as np
from scipy.special import digamma, polygamma


def weight_of_group(count, m):
    r"""Return :math:`n / (n + m)`: how much of its own parameters a group keeps.

    Parameters
    ----------
    count : ndarray of shape (n_groups, n_features)
        Weight of the values of each group.
    m : float
        How many rows the parameters of all rows are worth.

    Examples
    --------
    >>> import numpy as np
    >>> weight_of_group(np.array([[3.0], [0.0]]), 1)
    array([[0.75],
           [0.  ]])
    """
    return count / np.where(count > 0, count + m, 1.0)


def empirical_bayes(moments, pooled):
    r"""Return means and standard deviations of groups, smoothed as far as the data say.

    The true means are taken as normal around the pooled mean :math:`\mu` with variance
    :math:`\tau^2`, the true variances as scaled inverse :math:`\chi^2` around :math:`s_0^2` with
    :math:`d_0` degrees of freedom. Then

    .. math::

        \tilde s_g^2 = \frac{d_0 s_0^2 + (n_g - 1) s_g^2}{d_0 + n_g - 1}, \qquad
        \tilde\mu_g = w_g \bar x_g + (1 - w_g) \mu, \qquad
        w_g = \frac{\tau^2}{\tau^2 + \tilde s_g^2 / n_g}

    with :math:`s_g^2` the unbiased variance. All hyperparameters come from the groups themselves by the
    method of moments: :math:`\tau^2` from the analysis of variance, :math:`d_0, s_0^2` from
    mean and variance of :math:`\log s_g^2` over the groups in which the feature varies.

    Parameters
    ----------
    moments : Moments with arrays of shape (n_groups, n_features)
    pooled : Moments with arrays of shape (1, n_features)

    Returns
    -------
    center, scale : ndarray of shape (n_groups, n_features)
    prior : dict
        ``"mean"``, ``"between_variance"``, ``"variance"`` and ``"degrees_of_freedom"``, each of
        shape (n_features,).

    References
    ----------
    Johnson, Li & Rabinovic (2007), "Adjusting batch effects in microarray expression data using
    empirical Bayes methods", Biostatistics 8(1), 118-127.
    Smyth (2004), "Linear models and empirical Bayes methods for assessing differential expression
    in microarray experiments", Statistical Applications in Genetics and Molecular Biology 3(1), 3.
    Searle, Casella & McCulloch (1992), "Variance Components", chapter 3: :math:`\tau^2` for
    groups of unequal size.
    """
    unit = _unit(pooled)
    n, present = moments.count, moments.count > 0
    freedom = np.maximum(n - 1.0, 0.0)
    sum_squares = n * (moments.std() / unit) ** 2
    sum_squares = np.where(present, sum_squares, 0.0)
    own = np.divide(sum_squares, freedom, out=np.zeros_like(n), where=freedom > 0)
    prior_variance, prior_freedom = _variance_prior(own, freedom, sum_squares)
    variance = _moderated(own, freedom, prior_variance, prior_freedom)
    mean = pooled.center()
    deviation = np.where(present, moments.center() - mean, 0.0) / unit
    between = _between_variance(deviation, n, present, sum_squares)
    noise = np.divide(variance, n, out=np.zeros_like(n), where=present)
    total = between + noise
    weight = np.divide(between, total, out=np.ones_like(n), where=total > 0)
    center = np.where(present, mean + weight * deviation * unit, mean)
    prior = {
        "mean": mean[0],
        "between_variance": between * (unit * unit)[0],
        "variance": prior_variance * (unit * unit)[0],
        "degrees_of_freedom": prior_freedom,
    }
    return center, np.sqrt(variance) * unit, prior


def _unit(pooled):
    """Return the pooled spread, the unit in which nothing under- or overflows."""
    spread = pooled.std()
    return np.where(spread > 0, spread, 1.0)


def _between_variance(deviation, n, present, sum_squares):
    """Estimate the variance of the true means by the analysis of variance, 0 where it is negative."""
    total, n_groups = n.sum(axis=0), present.sum(axis=0)
    free = total - n_groups
    within = np.divide(sum_squares.sum(axis=0), free, out=np.zeros_like(total), where=free > 0)
    effective = total - np.divide((n * n).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    excess = (n * deviation**2).sum(axis=0) - (n_groups - 1) * within
    between = np.divide(excess, effective, out=np.zeros_like(total), where=effective > 0)
    return np.maximum(between, 0.0)


def _variance_prior(own, freedom, sum_squares):
    """Fit the scaled inverse chi-square of the variances; infinite freedom: all are equal."""
    n_features = own.shape[1]
    variance, degrees = np.zeros(n_features), np.full(n_features, np.inf)
    for j in range(n_features):
        usable = (freedom[:, j] > 0) & (own[:, j] > 0)  # a variance of 0 has no logarithm
        s2, d = own[usable, j], freedom[usable, j]
        if len(s2) < 2:
            variance[j] = sum_squares[:, j].sum() / max(freedom[:, j].sum(), 1.0)
            continue
        log = np.log(s2) - digamma(d / 2) + np.log(d / 2)
        excess = log.var(ddof=1) - polygamma(1, d / 2).mean()
        if excess <= 0:  # the limit of what stands below
            variance[j] = np.exp(log.mean())
            continue
        degrees[j] = 2.0 * _inverse_trigamma(excess)
        variance[j] = np.exp(log.mean() + digamma(degrees[j] / 2) - np.log(degrees[j] / 2))
    return variance, degrees


def _moderated(own, freedom, variance, degrees):
    with np.errstate(invalid="ignore"):
        mixed = (degrees * variance + freedom * own) / (degrees + freedom)
    return np.where(np.isfinite(degrees), mixed, variance)


def _inverse_trigamma(value):
    """Solve ``trigamma(x) = value`` by Newton's method on the reciprocal, as Smyth (2004) does."""
    if value > 1e7:
        return 1.0 / np.sqrt(value)
    if value < 1e-6:
        return 1.0 / value
    x = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1.0 - trigamma / value) / polygamma(2, x)
        x += step
        if -step / x < 1e-10:
            break
    return float(x)
