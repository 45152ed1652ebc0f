"""What each site does to each feature, and how far sites are drawn towards what they do to all features."""

from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skprep.errors import warn_caller
from skprep.harmonise.regression import intercepts, residual_squares
from skprep.kernels import threads

BLOCK = 1 << 20  # weights of features on features that are held at a time


@dataclass(frozen=True)
class Effects:
    """The effects of sites, each an array of shape ``(n_sites, n_features)``.

    Attributes
    ----------
    gamma : float64 ndarray
        Shift, in spreads of the residuals.
    delta : float64 ndarray
        Variance, as a share of that of the residuals.
    priors : dict
        ``{name: float64 ndarray of shape (n_sites,)}``, NaN where a site has none.
    n_iter : int
        Steps of the parametric estimates, of the site that took most.
    """

    gamma: np.ndarray
    delta: np.ndarray
    priors: dict
    n_iter: int


@dataclass(frozen=True)
class Settings:
    """How effects are estimated: the parameters of ComBat that say it."""

    empirical_bayes: bool
    parametric: bool
    mean_only: bool
    max_iter: int
    tol: float


def effects_of(statistic, regression, settings, reference=None):
    """Return the effects of the sites of a statistic, given what all have in common.

    Parameters
    ----------
    statistic : CrossMoments
        One group for each site.
    regression : Regression
    settings : Settings
    reference : int, default=None
        The site that has no effect.
    """
    sites = _Sites.of(statistic, regression, settings.mean_only)
    gamma, delta = sites.shift.copy(), sites.variance.copy()
    priors, n_iter = {name: np.full(len(gamma), np.nan) for name in PRIORS}, 1
    if settings.empirical_bayes and gamma.shape[1] > 1:
        for number in range(len(gamma)):
            among = np.flatnonzero(sites.informed[number])
            if number == reference or len(among) < 2:
                continue
            site = _Site(*(part[number, among] for part in sites.parts()))
            prior = _prior(site.shift, site.variance[~site.single])
            for name, value in zip(PRIORS, prior, strict=True):
                priors[name][number] = value
            if settings.parametric:
                gamma[number, among], delta[number, among], steps = _parametric(site, prior, settings)
                n_iter = max(n_iter, steps)
            else:
                gamma[number, among], delta[number, among] = _nonparametric(site)
    elif settings.empirical_bayes:
        warn_caller(
            "ComBat has one feature, and empirical Bayes learns across features: each site's own shift and "
            "variance are used, as with empirical_bayes=False.",
        )
    if reference is not None:
        gamma[reference], delta[reference] = 0.0, 1.0
    return Effects(gamma, delta, priors, n_iter)


PRIORS = ("gamma_mean", "gamma_variance", "delta_shape", "delta_scale")


@dataclass(frozen=True)
class _Site:
    """The standardised rows of a site, in numbers for each of its features."""

    shift: np.ndarray
    variance: np.ndarray
    squares: np.ndarray
    count: np.ndarray
    single: np.ndarray  # of one value, or to be shifted only

    def squares_about(self, shift):
        """Return the sum of squared deviations of the rows from another shift."""
        return self.squares + self.count * (self.shift - shift) ** 2


@dataclass(frozen=True)
class _Sites:
    """The same of all sites, ``(n_sites, n_features)``, and which features tell what is usual."""

    shift: np.ndarray
    variance: np.ndarray
    squares: np.ndarray
    count: np.ndarray
    single: np.ndarray
    informed: np.ndarray

    def parts(self):
        return self.shift, self.variance, self.squares, self.count, self.single

    @classmethod
    def of(cls, statistic, regression, mean_only):
        n, spread = statistic.count, regression.variance > 0
        known = (n > 0) & np.isfinite(regression.center)
        shift = intercepts(statistic, regression.coef, regression.z_mean) - regression.center
        shift = np.where(known, shift / regression.scale, 0.0)
        rss = residual_squares(statistic, regression.coef)
        squares = np.divide(rss, regression.variance, out=np.zeros(n.shape), where=spread)
        one = known & (n <= 1)
        varies = (squares > 0) & (statistic.moments.m2 > 0)
        single = one | mean_only
        own = np.divide(squares, n - 1.0, out=np.ones(n.shape), where=known & varies & ~single)
        return cls(shift, own, squares, n, single, known & spread & (varies | one))


def _prior(hat, var):
    """Return mean and variance of the shifts, and shape and scale of the variances, across features."""
    shape = scale = np.nan
    if len(var) > 1:
        mu, s2 = var.mean(), var.var(ddof=1)
        if s2 > 0:
            shape, scale = (2.0 * s2 + mu * mu) / s2, (mu * s2 + mu**3) / s2
        else:  # all variances alike: the prior is that number
            shape, scale = np.inf, mu
    return hat.mean(), hat.var(ddof=1), shape, scale


def _parametric(site, prior, settings):
    """Return the posterior means of shift and variance, found in turns, and the number of turns.

    Until no feature changes by more than ``tol``, as a share of its signed old value: so features of a
    negative shift never hold the loop. That is the rule of R's ComBat, without which the last digits differ.
    """
    center, between, shape, scale = prior
    hat, single = site.shift, site.single
    if single.all():
        return _posterior(hat, 1.0, 1.0, between, center), np.ones(len(hat)), 1
    g, d, change = hat, site.variance, np.inf
    n = np.where(single, 1.0, site.count)
    for step in range(1, settings.max_iter + 1):
        g_new = _posterior(hat, n, np.where(single, 1.0, d), between, center)
        if np.isinf(shape):
            d_new = np.full(len(d), scale)
        elif np.isnan(shape):  # one feature with a variance of its own
            d_new = d
        else:
            d_new = (0.5 * site.squares_about(g_new) + scale) / (0.5 * site.count + shape - 1.0)
        d_new = np.where(single, 1.0, d_new)
        change = max(_largest_change(g_new, g), _largest_change(d_new, d))
        g, d = g_new, d_new
        if change <= settings.tol:
            return g, d, step
    warn_caller(
        f"ComBat's estimates did not settle within max_iter={settings.max_iter} steps: they still change by "
        f"{change:.1g}, and tol={settings.tol:g}. Raise max_iter or tol.",
        category=ConvergenceWarning,
    )
    return g, d, settings.max_iter


def _posterior(hat, n, d, between, center):
    total = between * n + d
    return (between * n * hat + d * center) / total


def _largest_change(new, old):
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.abs(new - old) / old
    return np.max(np.where(new == old, 0.0, change))


def _nonparametric(site):
    """Return weighted means of all other features' shifts and variances, by how well they explain each.

    The weights of all features on all are held a block at a time.
    """
    shift, variance = site.shift, site.variance
    size = max(1, BLOCK // len(shift))
    level = np.log(2.0 * np.pi * variance)

    def some(rows):
        weight = (shift[rows, None] - shift) ** 2
        weight *= site.count[rows, None]
        weight += site.squares[rows, None]
        weight /= variance
        weight += site.count[rows, None] * level
        weight *= -0.5
        own = np.arange(len(shift))[rows]
        weight[np.arange(len(own)), own] = -np.inf
        weight -= weight.max(axis=1, keepdims=True)
        np.exp(weight, out=weight)
        weight /= weight.sum(axis=1, keepdims=True)
        return weight @ shift, weight @ variance

    blocks = [slice(first, first + size) for first in range(0, len(shift), size)]
    found = threads.each(some, blocks)
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))
