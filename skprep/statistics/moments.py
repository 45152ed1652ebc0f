"""Count, mean and sum of squared deviations."""

from dataclasses import dataclass, fields

import numpy as np

from skprep.kernels.dispatch import merge_moments, pool_moments
from skprep.kernels.moments import sum_moments
from skprep.statistics.base import Statistic, plain

SAFE = 400  # deviations within 2**-400 .. 2**400 can be squared as they are


@dataclass(eq=False)
class Moments(Statistic):
    r"""Count :math:`n`, mean :math:`\bar x` and :math:`m_2 = \sum w (x - \bar x)^2` per feature.

    Two parts merge by the pairwise formula of Chan, Golub and LeVeque,

    .. math:: \bar x = \bar x_a + \delta \, n_b / n, \qquad
              m_2 = m_{2,a} + m_{2,b} + \delta^2 \, n_a n_b / n, \qquad
              \delta = \bar x_b - \bar x_a,

    which loses no digits when the mean is large beside the spread, and keeps a constant
    exactly constant. The mean is kept as a value of the data and the offset from it, so that
    row after row of a stream loses none either.

    Attributes
    ----------
    count : float64 ndarray of shape (n_groups, n_features)
        Weight of the values that are there.
    origin, offset : float64 ndarray of shape (n_groups, n_features)
        The mean is ``origin + offset``; both 0 where a group has no value of a feature.
    m2 : float64 ndarray of shape (n_groups, n_features)
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
    >>> a.merge(b).mean - 1e9, a.merge(b).m2
    (array([[3.]]), array([[14.]]))
    """

    waits = True

    count: np.ndarray
    origin: np.ndarray
    offset: np.ndarray
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
            np.zeros(count.shape),
            np.zeros(count.shape, dtype=np.int64),
        )

    @classmethod
    def _learn_block(cls, X, codes, weight, n_groups):
        return cls(*sum_moments(X, codes, n_groups, weight))

    @property
    def mean(self):
        """The mean, 0 where there is no value."""
        return self.origin + self.offset

    def merge(self, other):
        """Return the moments of the rows of both."""
        found = merge_moments(self._parts(), other._parts())
        if found is not None:
            count, offset, m2 = found
            return Moments(count, self.origin, offset, m2, self.exponent)
        if (other.count > self.count).any():  # the larger part keeps its origin
            if (other.count < self.count).any():
                return self._merge_by_cell(other)
            self, other = other, self
        with np.errstate(all="ignore"):
            count = self.count + other.count
            share = np.divide(other.count, count, out=np.zeros(count.shape), where=count > 0)
            delta = (other.origin - self.origin) + (other.offset - self.offset)
            weight = self.count * share
            if self._outside_safe_range(other, delta):
                return self._merge_scaled(other, count, share, weight)
            m2 = self.m2 + other.m2 + delta * delta * weight
        return Moments(count, self.origin, self.offset + delta * share, m2, self.exponent)

    def _parts(self):
        return self.count, self.origin, self.offset, self.m2, self.exponent

    def pool(self):
        """Return the moments of all groups together, as one group."""
        found = pool_moments(*self._parts())
        if found is not None:
            return Moments(*found, np.zeros((1, self.count.shape[1]), dtype=np.int64))
        with np.errstate(all="ignore"):
            one = np.ones((1, len(self.count)))  # a product sums narrow columns fastest
            total = one @ self.count
            largest = self.count.argmax(axis=0)
            origin = np.take_along_axis(self.origin, largest[None], axis=0)
            delta = np.where(self.count > 0, (self.origin - origin) + self.offset, 0.0)
            if self._outside_safe_range(self, delta):
                return super().pool()
            offset = np.divide(
                one @ (self.count * delta),
                total,
                out=np.zeros(total.shape),
                where=total > 0,
            )
            between = np.einsum("ij,ij,ij->j", self.count, delta - offset, delta - offset)
            m2 = one @ self.m2 + between
            exponent = np.zeros(total.shape, dtype=np.int64)
        return Moments(total, origin, offset, m2, exponent)

    def _merge_by_cell(self, other):
        """Merge where either part is the larger one somewhere."""
        swap = other.count > self.count
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        large = Moments(*(np.where(swap, b, a) for a, b in pairs))
        return large.merge(Moments(*(np.where(swap, a, b) for a, b in pairs)))

    def _outside_safe_range(self, other, delta):
        size = np.abs(delta)
        return (
            self.exponent.any()
            or other.exponent.any()
            or not (size < 2.0**SAFE).all()
            or ((size > 0) & (size < 2.0**-SAFE)).any()
        )

    def _merge_scaled(self, other, count, share, weight):
        """Merge in a common power of two, where squares would leave the range of float64."""
        half = [np.ldexp(p.origin, -1) + np.ldexp(p.offset, -1) for p in (self, other)]
        gap = np.where(weight > 0, half[1] - half[0], 0.0)
        power = np.frexp(gap)[1].astype(np.int64) + 1
        power = np.where(np.abs(power) > SAFE, power, 0)
        terms = [(self.m2, self.exponent), (other.m2, other.exponent), (np.abs(gap), power)]
        lowest = np.iinfo(np.int64).min
        exponent = np.max([np.where(size > 0, p, lowest) for size, p in terms], axis=0)
        exponent = np.where(exponent == lowest, 0, exponent)
        between = np.ldexp(gap, _clip(1 - exponent)) ** 2 * weight
        within = [np.ldexp(p.m2, _clip(2 * (p.exponent - exponent))) for p in (self, other)]
        offset = self.offset + gap * share * 2.0
        return Moments(count, self.origin, offset, within[0] + within[1] + between, exponent)

    def to_dict(self):
        """Return the statistic as plain lists and numbers.

        ``origin`` is a value of a training row, which a document is not to show: the mean stands in its
        place, and ``offset`` is what rounding left of it, so that the two still add up to the same number.
        """
        mean = self.mean
        with np.errstate(all="ignore"):
            moved = mean - self.origin
            rest = (self.origin - (mean - moved)) + (self.offset - moved)  # exact, by Knuth's two-sum
        rest = np.where(np.isfinite(rest), rest, 0.0)
        return {**super().to_dict(), "origin": plain(mean), "offset": plain(rest)}

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
