"""The linear model of ComBat: one regression of each feature on the covariates, within sites."""

from dataclasses import dataclass

import numpy as np

from skprep.validation.unknown import shown

NOTHING = 1e-12  # of the square of a covariate over all rows: so little, in those of one feature, is none
CONFOUNDED = 1e-10  # what the others leave of the square of a covariate within sites, as a share of it


class Confounded(ValueError):
    """Raised where sites and covariates cannot be told apart."""


@dataclass(frozen=True)
class Regression:
    """What all sites have in common.

    Attributes
    ----------
    coef : float64 ndarray of shape (n_features, n_covariates)
    z_mean : float64 ndarray of shape (n_covariates,)
        Where the covariates are 0 for ``center``: their mean over all rows.
    center : float64 ndarray of shape (n_features,)
        What a row with those covariates has without a site: the mean over sites, or that of the reference.
    variance : float64 ndarray of shape (n_features,)
        Of the residuals; 0 for a feature that sites and covariates explain.
    """

    coef: np.ndarray
    z_mean: np.ndarray
    center: np.ndarray
    variance: np.ndarray

    @property
    def scale(self):
        """The spread of the residuals; 1 where they have none, so that sites are shifted and no more."""
        return np.where(self.variance > 0, np.sqrt(self.variance), 1.0)

    def columns(self, features):
        """Return the regression of some of the features."""
        return Regression(self.coef[features], self.z_mean, self.center[features], self.variance[features])

    def times(self, power):
        """Return the regression of features that are larger by powers of two, and their spreads.

        The spreads are right even where the variance leaves float64.
        """
        with np.errstate(over="ignore", under="ignore"):
            coef, center = np.ldexp(self.coef, power[:, None]), np.ldexp(self.center, power)
            variance = np.ldexp(self.variance, 2 * power)
        scale = np.where(self.variance > 0, np.ldexp(self.scale, power), 1.0)
        return Regression(coef, self.z_mean, center, variance), scale

    @property
    def known_center(self):
        """The center, 0 for a feature without a value: whatever it is, it stays."""
        return np.where(np.isfinite(self.center), self.center, 0.0)

    def expected(self, Z):
        """Return what rows with these covariates have without a site, of shape ``(n_rows, n_features)``.

        Term by term, so that a row alone gives what it gives among others, to the last bit.
        """
        out = np.repeat(self.known_center[None], len(Z), axis=0)
        for k, column in enumerate((Z - self.z_mean).T):
            if self.coef[:, k].any():
                out += column[:, None] * self.coef[:, k]
        return out


def regress(statistic, covariates, reference=None):
    """Return the regression of the sites of a statistic.

    Parameters
    ----------
    statistic : CrossMoments
        One group for each site; in units, see its ``in_units``.
    covariates : Covariates
    reference : int, default=None
        The site whose mean and variance are those of all.

    Raises
    ------
    Confounded
        If the covariates do not vary within sites, or depend on each other there.
    """
    free = covariates.free()
    n_features = statistic.count.shape[1]
    coef = np.zeros((n_features, statistic.n_covariates))
    if len(free):
        square = statistic.square.sum(axis=0)[:, free][:, :, free]
        cross = statistic.cross.sum(axis=0)[:, free]
        names = np.array(covariates.column_names(), dtype=object)[free]
        coef[:, free] = _solved(square, cross, names, statistic.count.sum(axis=0), len(statistic.count))
    n = statistic.count
    weight = n.mean(axis=1)
    z_mean = (weight[:, None] * statistic.z_mean.mean(axis=1)).sum(axis=0) / weight.sum()
    at_mean = intercepts(statistic, coef, z_mean)
    if reference is None:
        total = n.sum(axis=0)
        share = np.divide(n, total, out=np.zeros(n.shape), where=total > 0)
        with np.errstate(invalid="ignore"):
            center = _mean_of_sites(at_mean, share)
            variance = (share * residual_squares(statistic, coef) / np.where(n > 0, n, 1.0)).sum(axis=0)
        center = np.where(total > 0, center, np.nan)
    else:
        center = np.where(n[reference] > 0, at_mean[reference], np.nan)
        rss = residual_squares(statistic, coef)[reference]
        variance = np.divide(rss, n[reference], out=np.zeros(n_features), where=n[reference] > 0)
    return Regression(coef, z_mean, center, variance)


def intercepts(statistic, coef, z_mean):
    """Return the mean of each site and feature for the covariates ``z_mean``."""
    return statistic.moments.mean - ((statistic.z_mean - z_mean) * coef).sum(axis=2)


def residual_squares(statistic, coef):
    """Return the sum of squared residuals of each site and feature, 0 where rounding is all there is."""
    total = statistic.moments.m2
    linear = (statistic.cross * coef).sum(axis=2)
    of_square = (statistic.square * coef[:, None, :]).sum(axis=-1)
    quadratic = (of_square * coef).sum(axis=2)
    rss = total - 2.0 * linear + quadratic
    noise = 64.0 * np.finfo(np.float64).eps * (total + 2.0 * np.abs(linear) + quadratic)
    explained = coef.any(axis=1)  # without covariates the sum is exact, and a constant has exactly 0
    return np.where(explained & (rss <= noise), 0.0, np.maximum(rss, 0.0))


def _mean_of_sites(values, share):
    """Return a weighted mean that lies among the values, to the last bit where all are one."""
    present = share > 0
    base = np.take_along_axis(values, share.argmax(axis=0)[None], axis=0)[0]
    mean = base + (share * np.where(present, values - base, 0.0)).sum(axis=0)
    low = np.where(present, values, np.inf).min(axis=0)
    high = np.where(present, values, -np.inf).max(axis=0)
    return np.clip(mean, low, high)


def _solved(square, cross, names, count, n_sites):
    """Solve the normal equations of each feature; refuse what all of them leave open.

    A feature with gaps may leave more open than the others, a level for instance of which it has no row: it
    takes from the covariates what its own rows say.
    """
    count = count[: len(square)]  # of one feature where all have the same rows
    spread = np.einsum("fkk->fk", square)
    top = spread.max(axis=0)
    still = spread <= NOTHING * top  # what a difference of rounded sums has left
    most = int(count.argmax())
    if count[most] > 0 and still[most].any():
        name = names[still[most].argmax()]
        cause = "which is constant within every site, so that what it explains and what the site does "
        cause += "cannot be told apart"
        advice = "Leave it out, or add rows of sites in which it varies"
        if n_sites >= count[most]:
            cause = f"and {n_sites} sites with a single row each, within which nothing varies"
            advice = "Check by=: is it an id?"
        raise Confounded(f"Covariates must vary within sites; received {name!r}, {cause}. {advice}.")
    scale = np.sqrt(np.where(still, 1.0, spread))
    correlation = square / (scale[:, :, None] * scale[:, None, :])
    correlation[np.repeat(still[:, :, None], len(names), axis=2)] = 0.0
    correlation[np.repeat(still[:, None, :], len(names), axis=1)] = 0.0
    right = np.where(still, 0.0, cross / scale)
    found, dropped, of_earlier = _eliminated(correlation, right)
    if count[most] > 0 and dropped[most].any():
        number = int(dropped[most].argmax())
        among = [*names[:number][np.abs(of_earlier[most, :number, number]) > 1e-3], names[number]]
        raise Confounded(
            "Covariates must not depend on each other within sites; received "
            f"{shown(among)}, of which one follows from the others and the site. Leave one out; of "
            f"levels, look "
            "whether sites spell them differently."
        )
    return found / scale


def _eliminated(A, b):
    """Solve A x = b for a stack of correlation matrices, by elimination in the order of the columns.

    In plain arithmetic, the same on every machine. A column that follows from the earlier ones gets 0.

    Returns
    -------
    x : ndarray of shape (n, k)
    dropped : bool ndarray of shape (n, k)
        Which columns follow from earlier ones.
    A : ndarray of shape (n, k, k)
        Column j of it has by which multiples, where it does.
    """
    A, b, dropped = (
        A.copy(),
        np.array(np.broadcast_to(b, (max(len(A), len(b)), b.shape[1]))),
        np.zeros(A.shape[:2], bool),
    )
    for k in range(A.shape[1]):
        pivot = A[:, k, k].copy()
        dropped[:, k] = pivot < CONFOUNDED
        inverse = np.where(dropped[:, k], 0.0, 1.0 / np.where(dropped[:, k], 1.0, pivot))
        row, right = A[:, k] * inverse[:, None], b[:, k] * inverse
        factor = A[:, :, k].copy()
        factor[:, k] = 0.0
        A -= factor[:, :, None] * row[:, None, :]
        b -= factor * right[:, None]
        A[:, k], b[:, k] = np.where(dropped[:, k, None], A[:, k], row), right
    return np.where(dropped, 0.0, b), dropped, A
