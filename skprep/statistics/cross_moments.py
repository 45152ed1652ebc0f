"""Moments of features, and their products with covariates."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from skprep.kernels import threads
from skprep.kernels.blocks import row_blocks
from skprep.kernels.products import sum_products
from skprep.statistics.base import Statistic
from skprep.statistics.moments import Moments

ELEMENTS = 1 << 21  # of a block, of which copies are made


@dataclass(eq=False)
class CrossMoments(Statistic):
    r"""What a regression of each feature on covariates needs, per group: sums that merge.

    With y a feature and z the covariates: count, mean and :math:`\sum (y - \bar y)^2` of y, the means of z,
    :math:`S_{zz} = \sum (z - \bar z)(z - \bar z)'` and :math:`S_{zy} = \sum (z - \bar z)(y - \bar y)`, over
    the rows in which y is there. Two parts merge as in :class:`Moments`,

    .. math:: S_{zy} = S_{zy,a} + S_{zy,b} + \delta_z \delta_y \, n_a n_b / n,

    and likewise :math:`S_{zz}`.

    Attributes
    ----------
    moments : Moments
        Of the features; of shape ``(n_groups, n_features)``.
    z_mean : float64 ndarray of shape (n_groups, n_features or 1, n_covariates)
        1 where all features have the same rows, because no value is missing.
    square : float64 ndarray of shape (n_groups, n_features or 1, n_covariates, n_covariates)
    cross : float64 ndarray of shape (n_groups, n_features, n_covariates)

    References
    ----------
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance: analysis and
    recommendations", The American Statistician 37(3), 242-247.

    Examples
    --------
    >>> import numpy as np
    >>> y, z = np.array([[1.0], [3.0], [8.0]]), np.array([[0.0], [1.0], [2.0]])
    >>> whole = CrossMoments.learn(y, covariates=z)
    >>> parts = CrossMoments.learn(y[:1], covariates=z[:1]), CrossMoments.learn(y[1:], covariates=z[1:])
    >>> whole.cross.tolist(), parts[0].merge(parts[1]).cross.tolist()
    ([[[7.0]]], [[[7.0]]])
    """

    moments: Moments
    z_mean: np.ndarray
    square: np.ndarray
    cross: np.ndarray

    @classmethod
    def learn(cls, X, codes=None, n_groups=1, sample_weight=None, *, covariates=None, stream=False):
        """Return the statistic of the rows of ``X``, NaN left out.

        Parameters
        ----------
        X : float ndarray of shape (n_rows, n_features)
        codes : int ndarray of shape (n_rows,), default=None
            None: all rows are group 0.
        n_groups : int, default=1
        sample_weight : float ndarray of shape (n_rows,), default=None
        covariates : float64 ndarray of shape (n_rows, n_covariates), default=None
            Free of NaN. None: there are none.
        stream : bool, default=False
            All the same here.

        Returns
        -------
        CrossMoments
        """
        if covariates is None or not covariates.shape[1]:
            moments = Moments.learn(X, codes, n_groups, sample_weight)
            return cls(moments, *_no_products(n_groups, X.shape[1], 0))
        codes = np.zeros(len(X), dtype=np.intp) if codes is None else codes

        def learn_block(rows):
            weight = None if sample_weight is None else sample_weight[rows]
            moments = Moments._learn_block(X[rows], codes[rows], weight, n_groups)
            with np.errstate(all="ignore"):  # an infinity is refused by what the moments show
                parts = sum_products(X[rows], covariates[rows], moments.mean, codes[rows], n_groups, weight)
            return cls(moments, *parts)

        blocks = list(row_blocks(*X.shape, elements=max(ELEMENTS, 64 * n_groups * X.shape[1])))
        parts = threads.each(learn_block, blocks, None if len(blocks) > 1 else 1)
        return (
            reduce(lambda a, b: a.merge(b), parts)
            if parts
            else cls.empty(n_groups, X.shape[1], covariates.shape[1])
        )

    @classmethod
    def empty(cls, n_groups, n_features, n_covariates=0):
        """Return the statistic of no rows: the identity of :meth:`merge`."""
        return cls(Moments.empty(n_groups, n_features), *_no_products(n_groups, n_features, n_covariates))

    @property
    def count(self):
        """Weight of the values that are there."""
        return self.moments.count

    @property
    def n_covariates(self):
        """How many covariates there are."""
        return self.cross.shape[2]

    def merge(self, other):
        """Return the statistic of the rows of both."""
        a, b = self.moments, other.moments
        delta = ((b.origin - a.origin) + (b.offset - a.offset))[:, :, None]
        n_a, n_b = a.count[:, :, None], b.count[:, :, None]
        total = n_a + n_b
        share = np.divide(n_b, total, out=np.zeros(total.shape), where=total > 0)
        weight = n_a * share
        delta = np.where(weight > 0, delta, 0.0)  # of a group without values the mean is no value
        alike = self.z_mean.shape[1] == other.z_mean.shape[1] == 1
        z_share, z_weight = (share[:, :1], weight[:, :1]) if alike else (share, weight)
        z_delta = other.z_mean - self.z_mean
        z_mean = self.z_mean + z_delta * z_share
        outer = z_delta[..., :, None] * z_delta[..., None, :]
        square = self.square + other.square + outer * z_weight[..., None]
        cross = self.cross + other.cross + z_delta * (delta * weight)
        return CrossMoments(a.merge(b), z_mean, square, cross)

    def take(self, groups):
        """Return the statistic whose group i is group ``groups[i]`` of this one."""
        groups = np.asarray(groups, dtype=np.intp)
        parts = self.z_mean, self.square, self.cross
        return CrossMoments(self.moments.take(groups), *(part[groups] for part in parts))

    def columns(self, features):
        """Return the statistic whose feature j is feature ``features[j]`` of this one."""
        features = np.asarray(features, dtype=np.intp)
        alike = self.z_mean.shape[1] == 1
        of_z = (part if alike else part[:, features] for part in (self.z_mean, self.square))
        return CrossMoments(self.moments.columns(features), *of_z, self.cross[:, features])

    def having(self, places, n_covariates):
        """Return the statistic of more covariates, of which number ``places[k]`` is number k of this one.

        The others were 0 in all rows so far: levels that nobody had met.

        Examples
        --------
        >>> import numpy as np
        >>> learnt = CrossMoments.learn(np.array([[1.0], [3.0]]), covariates=np.array([[0.0], [1.0]]))
        >>> learnt.having([1], 2).cross.tolist()
        [[[0.0, 1.0]]]
        """
        places = np.asarray(places, dtype=np.intp)
        z_mean, cross = (np.zeros((*part.shape[:2], n_covariates)) for part in (self.z_mean, self.cross))
        z_mean[..., places], cross[..., places] = self.z_mean, self.cross
        square = np.zeros((*self.square.shape[:2], n_covariates, n_covariates))
        square[..., places[:, None], places] = self.square
        return CrossMoments(self.moments, z_mean, square, cross)

    def in_units(self):
        """Return the statistic of features divided by powers of two near their spread, and those powers.

        So squares stay in float64, whatever units the features have.

        Examples
        --------
        >>> import numpy as np
        >>> learnt, power = CrossMoments.learn(np.array([[1e200], [3e200]])).in_units()
        >>> learnt.moments.m2.round(2), power
        (array([[0.85]]), array([665], dtype=int32))
        """
        own = self.moments
        size = np.frexp(own.m2)[1] // 2 + own.exponent
        power = np.where(own.m2 > 0, size, np.iinfo(np.int32).min).max(axis=0)
        power = np.where((own.m2 > 0).any(axis=0), power, 0).astype(np.int32)
        origin, offset = np.ldexp(own.origin, -power), np.ldexp(own.offset, -power)
        m2 = np.ldexp(own.m2, (2 * (own.exponent - power)).astype(np.int32))
        moments = Moments(own.count, origin, offset, m2, np.zeros_like(own.exponent))
        cross = np.ldexp(self.cross, -power[:, None])
        return CrossMoments(moments, self.z_mean, self.square, cross), power

    def is_finite(self):
        """Say whether the rows were free of infinities."""
        return self.moments.is_finite()

    @classmethod
    def concat(cls, parts, axis):
        """Return the statistic of the groups (``axis=0``) or features (``axis=1``) of all parts."""
        moments = Moments.concat([p.moments for p in parts], axis)
        cross = np.concatenate([p.cross for p in parts], axis)
        alike = axis == 0 and all(p.z_mean.shape[1] == 1 for p in parts)
        of_z = [
            [part if alike else _per_feature(part, p.cross.shape[1]) for part in (p.z_mean, p.square)]
            for p in parts
        ]
        return cls(moments, *(np.concatenate(part, axis) for part in zip(*of_z, strict=True)), cross)

    def _with_empty_group(self):
        return self.concat([self, self.empty(1, self.count.shape[1], self.n_covariates)], axis=0)


def _no_products(n_groups, n_features, n_covariates):
    return (
        np.zeros((n_groups, 1, n_covariates)),
        np.zeros((n_groups, 1, n_covariates, n_covariates)),
        np.zeros((n_groups, n_features, n_covariates)),
    )


def _per_feature(part, n_features):
    return part if part.shape[1] == n_features else np.repeat(part, n_features, axis=1)
