"""Logarithms that know their domain."""

from numbers import Real

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils._param_validation import Options, StrOptions

from skprep.frames.expressions import after_symexp, before_symlog, expm1, log1p, symexp, symlog
from skprep.kernels.blocks import row_blocks
from skprep.scalers.base import AffineScaler, StreamingMixin
from skprep.scalers.checks import name_column, per_feature, refuse_infinity, row_number
from skprep.statistics import SmallestTwo


class LogScaler(StreamingMixin, AffineScaler):
    r"""Take the logarithm of each feature, shifted into its domain by what the training rows show.

    With base :math:`b` and offset :math:`c`,

    .. math::

        \text{log:}     \quad & y = \log_b(x + c) \\
        \text{symlog:}  \quad & y = \operatorname{sign}(x + c) \, \log_b(1 + |x + c|) \\
        \text{arcsinh:} \quad & y = \operatorname{arcsinh}(x + c) / \ln b

    Parameters
    ----------
    base : {"e", 2, 10}, default="e"
        Base of the logarithm.
    method : {"log", "symlog", "arcsinh"}, default="log"
        ``"log"`` needs ``x + c > 0``; the other two take any sign, are nearly linear around
        0 and logarithmic far from it.
    offset : "auto", float, array-like of shape (n_features,) or dict, default="auto"
        What is added first; a dict or Series gives it by feature name. ``"auto"`` learns it for
        ``"log"`` from the training rows, per feature:

        - 0 where the training minimum is positive;
        - otherwise ``gap - minimum``, where ``gap`` is the smallest positive distance of a training
          value from the minimum: the smallest value is put where the next one would be if the
          feature began at 0. Counts 0, 1, 2, ... get ``log(1 + x)``;
        - ``1 - minimum`` for a constant that is not positive, which becomes 0;
        - 0 for a feature that was never there.

        For ``"symlog"`` and ``"arcsinh"``, ``"auto"`` is 0.
    handle_invalid : {"error", "nan", "clip"}, default="error"
        What ``"log"`` does with a value outside its domain (``x + c <= 0``), in ``fit`` and in
        ``transform``: raise a ValueError that names column, row and value; return NaN;
        or treat it as the smallest training value inside the domain.
    copy : bool, default=True
        False works in place on a float array.

    Attributes
    ----------
    offset_ : ndarray of shape (n_features,)
        The offset of each feature, float64.
    data_min_ : ndarray of shape (n_features,)
        Smallest training value inside the domain; NaN where there was none.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    See Also
    --------
    sklearn.preprocessing.PowerTransformer : Learns the power that makes a feature most normal.

    Notes
    -----
    NaN is left out in ``fit`` and kept by ``transform``. ``inverse_transform`` is exact up to the
    rounding of y itself: a relative error of about ``(1 + |y| ln b)`` units in the last
    place of ``x + c``. Where the offset is 1, log1p and expm1 keep full relative precision near
    0. float32 and float16 are computed in float64 and rounded once.

    References
    ----------
    Webber (2013), "A bi-symmetric log transformation for wide-range data", Measurement
    Science and Technology 24(2), 027001.
    Burbidge, Magee & Robb (1988), "Alternative transformations to handle extreme values of the
    dependent variable", Journal of the American Statistical Association 83(401), 123-127.

    Examples
    --------
    >>> from skprep import LogScaler
    >>> scaler = LogScaler(base=2).fit([[0.0, 4.0], [1.0, 8.0], [7.0, 16.0]])
    >>> scaler.offset_
    array([1., 0.])
    >>> scaler.transform([[3.0, 32.0]])
    array([[2., 5.]])
    >>> scaler.inverse_transform([[2.0, 5.0]])
    array([[ 3., 32.]])
    >>> LogScaler(base=10, method="symlog").fit_transform([[-99.0], [0.0], [9.0]])
    array([[-2.],
           [ 0.],
           [ 1.]])
    """

    _parameter_constraints = {
        "base": [StrOptions({"e"}), Options(Real, {2, 10})],
        "method": [StrOptions({"log", "symlog", "arcsinh"})],
        "offset": [StrOptions({"auto"}), Real, "array-like", dict],
        "handle_invalid": [StrOptions({"error", "nan", "clip"})],
        "copy": ["boolean"],
    }
    _learning_parameters = ("method", "offset")
    _shows_infinity = False
    _shrinks = False

    def __init__(self, *, base="e", method="log", offset="auto", handle_invalid="error", copy=True):
        self.base = base
        self.method = method
        self.offset = offset
        self.handle_invalid = handle_invalid
        self.copy = copy

    def _learn(self, X, codes=None, n_groups=1, sample_weight=None):
        if isinstance(self.offset, str):
            return SmallestTwo.learn(X, codes, n_groups, sample_weight)
        offset = self._known_offset(X.shape[1])
        if hasattr(X, "summarise"):
            return self._learn_elsewhere(X, codes, offset)
        if self.method == "log" and self.handle_invalid == "error":
            self._refuse_invalid(X, offset)
        whole = SmallestTwo.empty(n_groups, X.shape[1])
        for rows in row_blocks(*X.shape):  # only what lies inside the domain counts
            inside = X[rows] + offset > 0 if self.method == "log" else True
            block = (np.where(inside, X[rows], np.nan), None if codes is None else codes[rows])
            weight = None if sample_weight is None else sample_weight[rows]
            whole = whole.merge(SmallestTwo.learn(*block, n_groups, weight))
        if self.method == "log" and self.handle_invalid == "clip":
            self._refuse_nothing_inside(X, whole)
        return whole

    def _learn_elsewhere(self, table, codes, offset):
        """Learn from rows that are not in memory."""
        if self.method != "log":
            return SmallestTwo.learn(table, codes)
        whole = SmallestTwo.learn(table, codes)
        inside = SmallestTwo.learn(table.within(lambda x, j: x + float(offset[j]) > 0), codes)
        if self.handle_invalid == "error":
            self._refuse_outside(whole.first.min(axis=0), offset)
        if self.handle_invalid == "clip":
            there = (whole.count > 0).any(axis=0) & (inside.count == 0).all(axis=0)
            for column in np.flatnonzero(there):
                self._refuse_none_inside(column)
        return inside

    def _refuse_nothing_inside(self, X, statistic):
        for column in np.flatnonzero((statistic.count == 0).all(axis=0)):
            if not np.isnan(X[:, column]).all():
                self._refuse_none_inside(column)

    def _refuse_none_inside(self, column):
        raise ValueError(
            'handle_invalid="clip" needs a training value inside the domain; received none in '
            f"{name_column(self, column)} with offset={self.offset!r}. Pass a larger offset."
        )

    def _known_offset(self, n_features):
        offset = per_feature(self, self.offset, n_features, "offset")
        if not np.isfinite(offset).all():
            raise ValueError(
                f'offset must be "auto" or finite; received {self.offset!r}. '
                'With "auto" it is learnt from the training rows.'
            )
        return offset

    def _empty(self, n_groups, n_features):
        return SmallestTwo.empty(n_groups, n_features)

    def _center_spread(self, statistic):
        n_groups, n_features = statistic.count.shape
        if not isinstance(self.offset, str):
            offset = np.broadcast_to(self._known_offset(n_features), (n_groups, n_features))
        elif self.method == "log":
            offset = _learnt_offset(statistic)
        else:
            offset = np.zeros((n_groups, n_features))
        return -offset, None

    def _publish(self, statistic):
        self.offset_ = 0.0 - self._center_scale(statistic)[0][0]
        self.data_min_ = np.where(np.isfinite(statistic.first), statistic.first, np.nan)[0]

    def _vectors(self):
        return self._learnt("offset_"), self._learnt("data_min_")

    def _step_vectors(self, center, scale, statistic):
        return 0.0 - center, np.where(np.isfinite(statistic.first), statistic.first, np.nan)

    def _check_domain(self, X, vectors, first_row=0):
        if self.method == "log" and self.handle_invalid == "error":
            self._refuse_invalid(X, vectors[0], first_row)
        elif self.method == "log" and self.handle_invalid == "clip":
            refuse_infinity(self, X, first_row)  # the bound would hide it

    def _refuse_invalid(self, X, offset, first_row=0):
        offset = np.broadcast_to(offset, X.shape)
        for rows in row_blocks(*X.shape):
            outside = X[rows] + offset[rows] <= 0
            if outside.any():
                row, column = np.unravel_index(outside.argmax(), outside.shape)
                number = row_number(self, first_row + rows.start + int(row))
                place = f"{name_column(self, column)}, row {number}"
                self._refuse_value(X[rows][row, column], place, offset[rows][row, column])

    def _refuse_outside(self, smallest, offset):
        """Refuse features whose smallest value is outside the domain."""
        for column in np.flatnonzero(smallest + offset <= 0):
            self._refuse_value(smallest[column], name_column(self, column), offset[column])

    def _refuse_value(self, value, place, offset):
        raise ValueError(
            f"LogScaler takes the logarithm of x + offset, which must be above 0; received "
            f"{float(value)!r} in {place}, where the offset asks for values above {0.0 - float(offset)!r}. "
            'Pass handle_invalid="nan" or "clip", a larger offset, or method="symlog", '
            "which takes any sign."
        )

    def _is_affine(self):
        return False

    def _forward(self, x, offset, smallest, out):
        wide = np.add(x, offset, dtype=np.float64)
        if self.method == "symlog":
            wide = np.copysign(self._log1p(np.abs(wide)), wide)
        elif self.method == "arcsinh":
            wide = np.arcsinh(wide) / self._log_base()
        else:
            wide = self._log(x, wide, offset, smallest)
        out[...] = wide

    def _log(self, x, shifted, offset, smallest):
        outside = shifted <= 0
        if self.handle_invalid == "clip":
            x = np.where(outside, smallest, x)
            shifted = np.where(outside, smallest + offset, shifted)
        elif outside.any():
            shifted = np.where(outside, np.nan, shifted)
        log = {"e": np.log, 2: np.log2, 10: np.log10}[self.base]
        near = self._near_one(offset, x)
        if not near.any():
            return log(shifted)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(near & ~outside, self._log1p(x), log(shifted))

    def _near_one(self, offset, x):
        """Say where log1p and expm1 are more exact: offset 1, and x near 0 unless the base is e."""
        return (offset == 1) & ((np.abs(x) < 0.5) | (self.base == "e"))

    def _backward(self, y, offset, smallest, out):
        y = np.asarray(y, dtype=np.float64)
        if self.method == "arcsinh":
            out[...] = np.sinh(y * self._log_base()) - offset
        elif self.method == "symlog":
            out[...] = np.copysign(np.expm1(np.abs(y) * self._log_base()), y) - offset
        else:
            power = {"e": np.exp, 2: np.exp2, 10: lambda v: np.power(10.0, v)}[self.base]
            near = self._near_one(offset, y)
            wide = power(y) - offset
            if near.any():
                wide = np.where(near, np.expm1(y * self._log_base()), wide)
            out[...] = wide

    def _has_domain(self):
        return self.method == "log" and self.handle_invalid == "error"

    def _forward_steps(self):
        base = float(self._log_base())
        if self.method == "symlog":
            return [lambda x, offset, _: x + offset, lambda x, *_: symlog(x) / base]
        if self.method == "arcsinh":
            return [
                lambda x, offset, _: x + offset,
                lambda x, *_: before_symlog(x),
                lambda x, *_: symlog(x) / base,
            ]
        return [self._inside, self._logarithm]

    def _inside(self, x, offset, smallest):
        invalid = smallest if self.handle_invalid == "clip" else float("nan")
        invalid = nw.lit(invalid) if isinstance(invalid, float) else invalid
        return nw.when(x + offset <= 0.0).then(invalid).otherwise(x)

    def _logarithm(self, x, offset, smallest):
        base = {"e": 1.0, 2: 2.0, 10: 10.0}[self.base]
        plain = (x + offset).log() if base == 1.0 else (x + offset).log(base)
        if isinstance(offset, float) and offset != 1.0:
            return plain
        near = (offset == 1.0) & (x > -0.5) & (x < 0.5)
        return nw.when(near).then(log1p(x) / float(self._log_base())).otherwise(plain)

    def _backward_steps(self):
        base = float(self._log_base())
        if self.method == "arcsinh":
            return [
                lambda y, *_: y * base,
                lambda y, *_: symexp(y),
                lambda u, offset, _: after_symexp(u) - offset,
            ]
        if self.method == "symlog":
            return [lambda y, *_: y * base, lambda y, offset, _: symexp(y) - offset]
        return [lambda y, *_: y * base, self._exponential]

    def _exponential(self, y, offset, smallest):
        if isinstance(offset, float) and offset != 1.0:
            return y.exp() - offset
        near = (offset == 1.0) & (y > -0.5) & (y < 0.5)
        return nw.when(near).then(expm1(y)).otherwise(y.exp() - offset)

    def _log1p(self, x):
        return np.log1p(x.astype(np.float64)) / self._log_base()

    def _log_base(self):
        return 1.0 if self.base == "e" else np.log(float(self.base))


def _learnt_offset(statistic):
    """Return the offset of the rule in :class:`LogScaler`, per group and feature."""
    first, second = statistic.first, statistic.second
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isfinite(second), second - first, 1.0)
        offset = np.where((first > 0) | (statistic.count == 0), 0.0, gap - first)
        # Rounding may put the smallest value on 0, the edge of the domain.
        return np.where(first + offset <= 0, np.nextafter(offset, np.inf), offset)
