"""Count, mean and sum of squared deviations."""

from dataclasses import dataclass

import numpy as np

from skprep.kernels.reference import sum_moments
from skprep.statistics.base import Statistic

SAFE = 400  # deviations within 2**-400 .. 2**400 can be squared as they are


@dataclass(eq=False)
class Moments(Statistic):
    r"""Count :math:`n`, mean :math:`\bar x` and :math:`m_2 = \sum w (x - \bar x)^2` per feature.

    Two parts merge by the pairwise formula of Chan, Golub and LeVeque,

    .. math:: \bar x = \bar x_a + \delta \, n_b / n, \qquad
              m_2 = m_{2,a} + m_{2,b} + \delta^2 \, n_a n_b / n, \qquad
              \delta = \bar x_b - \bar x_a,

    which loses no digits when the mean is large beside the spread, and keeps a constant
    exactly constant.

    Attributes
    ----------
    count, mean, m2 : float64 ndarray of shape (n_groups, n_features)
        0 where a group has no value of a feature.
    exponent : int64 ndarray of shape (n_groups, n_features)
        The sum of squared deviations is ``m2 * 4.0**exponent``. 0 unless the values are so
        large or small (beyond about 1e140 or 1e-140) that their squares leave float64.

    References
    ----------
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance: analysis and
    recommendations", The American Statistician 37(3), 242-247.

    Examples
    --------
    >>> import numpy as np
    >>> a = Moments.learn(np.array([[1e9 + 1], [1e9 + 2]]))
    >>> b = Moments.learn(np.array([[1e9 + 6], [np.nan]]))
    >>> a.merge(b).mean, a.merge(b).m2
    (array([[1.e+09]]), array([[14.]]))
    """

    count: np.ndarray
    mean: np.ndarray
    m2: np.ndarray
    exponent: np.ndarray

    @classmethod
    def empty(cls, n_groups, n_features):
        """Return the moments of no rows: the identity of :meth:`merge`."""
        return cls._of_zeros(np.zeros((n_groups, n_features)))

    @classmethod
    def _of_zeros(cls, count):
        return cls(
            count.astype(np.float64),
            np.zeros(count.shape),
            np.zeros(count.shape),
            np.zeros(count.shape, dtype=np.int64),
        )

    @classmethod
    def _learn_block(cls, X, codes, weight, n_groups):
        return cls(*sum_moments(X, codes, n_groups, weight))

    def merge(self, other):
        """Return the moments of the rows of both."""
        with np.errstate(all="ignore"):
            count = self.count + other.count
            share = np.divide(other.count, count, out=np.zeros(count.shape), where=count > 0)
            delta = other.mean - self.mean
            weight = self.count * share
            mean = self.mean + delta * share
            m2 = self.m2 + other.m2 + delta * delta * weight
            exponent = self.exponent
            if self._outside_safe_range(other, delta):
                m2, exponent = self._merge_scaled(other, weight)
                mean = np.where(np.isfinite(delta), mean, self.mean * (1 - share) + other.mean * share)
        return Moments(count, mean, m2, exponent)

    def _outside_safe_range(self, other, delta):
        size = np.abs(delta)
        return (
            self.exponent.any()
            or other.exponent.any()
            or not (size < 2.0**SAFE).all()
            or ((size > 0) & (size < 2.0**-SAFE)).any()
        )

    def _merge_scaled(self, other, weight):
        """Merge m2 in a common power of two, where squares would leave the range of float64."""
        gap = np.where(weight > 0, np.ldexp(other.mean, -1) - np.ldexp(self.mean, -1), 0.0)
        power = np.frexp(gap)[1] + 1
        power = np.where(np.abs(power) > SAFE, power, 0)
        terms = [(self.m2, self.exponent), (other.m2, other.exponent), (np.abs(gap), power)]
        lowest = np.iinfo(np.int64).min
        exponent = np.max([np.where(size > 0, p, lowest) for size, p in terms], axis=0)
        exponent = np.where(exponent == lowest, 0, exponent)
        between = np.ldexp(gap, 1 - exponent) ** 2 * weight
        within = [np.ldexp(p.m2, _clip(2 * (p.exponent - exponent))) for p in (self, other)]
        return within[0] + within[1] + between, exponent

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        return bool(np.isfinite(self.mean).all() and np.isfinite(self.m2).all())

    def center(self):
        """Return the mean, NaN where there is no value."""
        return np.where(self.count > 0, self.mean, np.nan)

    def variance(self):
        """Return the biased variance ``m2 / count``, NaN where there is no value."""
        with np.errstate(all="ignore"):
            return np.ldexp(self._mean_square(), _clip(2 * self.exponent))

    def std(self):
        """Return the root of :meth:`variance`, right even where the variance is out of range."""
        return np.ldexp(np.sqrt(self._mean_square()), _clip(self.exponent))

    def _mean_square(self):
        unknown = np.full(self.m2.shape, np.nan)
        return np.divide(self.m2, self.count, out=unknown, where=self.count > 0)


def _clip(power):
    """Return exponents that ldexp takes on every platform (a C int), far beyond float64 all the same."""
    return np.clip(power, -(2**20), 2**20).astype(np.int32)
