"""Cubic B-splines: a smooth function of a number as a few columns of a design."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline, PPoly

DEGREE = 3


@dataclass(frozen=True)
class Spline:
    """A basis of cubic B-splines, without the first: with the sites, which have a constant each, it is whole.

    Attributes
    ----------
    knots : tuple of float
        Where pieces meet, within the bounds.
    bounds : (float, float)
        A number outside counts as the bound.

    References
    ----------
    de Boor (1978), "A Practical Guide to Splines", chapter IX.

    Examples
    --------
    >>> import numpy as np
    >>> spline = Spline.through(np.array([20.0, 30.0, 40.0, 80.0]), df=4)
    >>> spline.knots, spline.bounds
    ((35.0,), (20.0, 80.0))
    >>> spline.columns(np.array([20.0, 35.0, 80.0, 99.0])).round(2)
    array([[0.  , 0.  , 0.  , 0.  ],
           [0.56, 0.38, 0.06, 0.  ],
           [0.  , 0.  , 0.  , 1.  ],
           [0.  , 0.  , 0.  , 1.  ]])
    """

    knots: tuple
    bounds: tuple

    @classmethod
    def through(cls, x, df):
        """Return a basis of ``df`` columns with knots at quantiles of ``x``, and its ends as bounds."""
        inner = np.quantile(x, np.linspace(0, 1, df - DEGREE + 2)[1:-1])
        return cls(tuple(inner.tolist()), (float(x.min()), float(x.max())))

    @property
    def df(self):
        """How many columns it gives."""
        return len(self.knots) + DEGREE

    @property
    def _vector(self):
        low, high = self.bounds
        return np.array([*[low] * (DEGREE + 1), *self.knots, *[high] * (DEGREE + 1)])

    def columns(self, x):
        """Return the basis at the numbers ``x``, of shape ``(len(x), df)``."""
        inside = np.clip(x, *self.bounds)
        return BSpline.design_matrix(inside, self._vector, DEGREE).toarray()[:, 1:]

    def outside(self, x):
        """Say which numbers count as a bound."""
        return (x < self.bounds[0]) | (x > self.bounds[1])

    def pieces(self):
        """Return where pieces begin, and the coefficients of each column in each, the cube first.

        Of the distance from where the piece begins: what a language without splines needs.

        Returns
        -------
        starts : list of float
        coefficients : ndarray of shape (df, n_pieces, 4)
        """
        t, n = self._vector, self.df + 1
        starts = [self.bounds[0], *sorted(set(self.knots))]
        found = []
        for k in range(1, n):
            whole = PPoly.from_spline(BSpline(t, np.eye(n)[k], DEGREE))
            at = [int(np.searchsorted(whole.x, s, side="right")) - 1 for s in starts]
            found.append(whole.c[:, at].T)
        return starts, np.array(found)
