"""Is a batch still what a scaler was fitted on? From the fitted scaler alone, without a training row."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.special import gammaln
from sklearn.utils.validation import check_is_fitted

from skprep.backends import backend_of, memory
from skprep.groups import GroupScaler
from skprep.kernels.grouping import summing_matrix
from skprep.scalers.base import Scaler
from skprep.scalers.limits import takes_infinity
from skprep.statistics import Extrema, MedianDeviation, Quantiles, SmallestTwo
from skprep.types import Keys, Rows
from skprep.validation.parameters import scaled_names
from skprep.validation.unknown import SHOWN

RANKS = np.arange(1, 100) / 100  # where the distribution of the training rows is looked at
NORMAL_DENSITY = 0.4  # so many ranks per standard deviation, at the most, of a normal distribution


class DriftReport:
    """What :func:`drift_report` has found.

    Attributes
    ----------
    drifted : bool
        Whether a feature has drifted, in any group, or a group is unseen.
    unseen_groups : dict
        Keys that the scaler does not know, with their numbers of rows.
    n_rows : int
        Rows of the batch.
    """

    def __init__(self, frame, unseen, n_rows, level, tolerance):
        self._frame, self.unseen_groups, self.n_rows = frame, unseen, n_rows
        self.level, self.tolerance = level, tolerance

    @property
    def drifted(self):
        """Whether anything has drifted."""
        return bool(self._frame["drifted"].any()) or bool(self.unseen_groups)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures as a table, one row for each feature, and group where there are groups.

        Returns
        -------
        frame : DataFrame
            ``n`` values present; ``missing``, the share that is not; ``shift`` of the center in training
            scales, with its standard error ``shift_error``; ``scale_ratio`` of the spreads, with the
            standard error of its logarithm ``scale_error``; ``outside``, the share beyond the training
            minimum and maximum; ``distance``, the largest difference of the two distributions in ranks;
            ``drifted``, and ``reason`` in words. NaN where the scaler does not know what it takes.
        """
        return self._frame.copy()

    def __str__(self):
        bad = self._frame[self._frame["drifted"]]
        lines = []
        if self.unseen_groups:
            rows, keys = sum(self.unseen_groups.values()), list(self.unseen_groups)
            shown = ", ".join(map(repr, keys[:SHOWN])) + (", ..." if len(keys) > SHOWN else "")
            what = "1 group is" if len(keys) == 1 else f"{len(keys)} groups are"
            lines.append(f"- {what} unseen, with {rows} of {self.n_rows} rows: {shown}.")
        for _, row in bad.iterrows():
            where = f" of group {row['group']!r}" if "group" in row else ""
            lines.append(f"- {row['feature']!r}{where}: {row['reason']}.")
        n = len(self._frame)
        cells = f"{n} feature{'s' * (n != 1)}{' and groups' if 'group' in self._frame else ''}"
        tested = f"{cells}, {self.n_rows} rows"
        if not lines:
            return f"No drift found ({tested}; chance of a false alarm {self.level:g})."
        return "\n".join([f"Drift found ({tested}; chance of a false alarm {self.level:g}):", *lines])

    def __repr__(self):
        return f"DriftReport(drifted={self.drifted}, rows={self.n_rows})"

    def _repr_html_(self):
        shown = self._frame.sort_values("drifted", ascending=False, kind="stable").head(20)
        head = "Drift found" if self.drifted else "No drift found"
        lines = "".join(f"<li>{escape(line[2:])}</li>" for line in str(self).splitlines()[1:])
        return f"<p><b>{head}</b></p><ul>{lines}</ul>{shown.to_html(index=False, float_format='%.3f')}"


def drift_report(
    scaler: Any, X: Rows, *, groups: Keys = None, tolerance: float = 0.1, level: float = 0.01
) -> DriftReport:
    r"""Compare a batch with what a fitted scaler knows of its training rows.

    No training row is needed: everything comes from the scaler, one from a JSON document too. What is
    compared depends on what it has learnt:

    - mean and standard deviation (StandardScaler): the shift :math:`(\bar x - \mu)/\sigma` and the ratio
      :math:`s/\sigma`, each with an error bar from both samples; the spread's by the fourth moment;
    - minimum and maximum (MinMaxScaler, MaxAbsScaler, LogScaler's minimum): values beyond them, by the chance
      that so many of the most extreme of all values are in the batch;
    - quantiles (RobustScaler): the largest difference between the two distributions in ranks, at the three
      quantiles, or at 99 where values or a sketch are kept;
    - counts: shares of missing values, as far as features have different ones;
    - groups (GroupScaler): all of that in each group, and keys that were not in the training rows.

    Parameters
    ----------
    scaler : fitted scaler of skprep, or GroupScaler of one
        What the training rows are known by; one from :func:`~skprep.load` does.
    X : array-like or frame of shape (n_samples, n_features)
        The batch, with the columns of ``fit``. NaN is missing; infinite values lie outside of everything.
    groups : array-like of shape (n_samples,), default=None
        Keys of the rows, for a GroupScaler with ``by=None``.
    tolerance : float, default=0.1
        How far a feature may move and still be the same: in training standard deviations for the center, as a
        relative change for the spread, and in ranks what 0.1 of a normal distribution's deviations make,
        0.04.
    level : float, default=0.01
        The chance of a false alarm in the whole report, spread over all its tests (Bonferroni).

    Returns
    -------
    report : DriftReport
        ``.drifted``, ``.unseen_groups``, ``to_frame()``; it prints as text, and shows as HTML in a notebook.

    Raises
    ------
    TypeError
        If ``scaler`` is something else, or ``X`` is lazy or sparse.
    sklearn.exceptions.NotFittedError
        If nothing was learnt yet.

    Notes
    -----
    Means are judged by Student's distribution with the larger of the two spreads, quantiles by the
    inequality of Dvoretzky, Kiefer & Wolfowitz, values outside exactly: whatever the distribution, up to the
    approximation of a mean. A spread is only as well known as the tails of the batch: for "narrower" the
    error bar is longer in small batches, and a batch of equal values is judged by how many could be equal
    at all. With five lognormal features of sigma 1 up to 6 % of small batches are false alarms all the
    same; RobustScaler keeps the level whatever the distribution. One wild value in many rows moves no mean:
    it takes MinMaxScaler, and several, to be an alarm. Weights of training rows count as numbers of rows,
    except in GroupScaler.

    References
    ----------
    Massart (1990), "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", Annals of Probability
    18(3), 1269-1283.
    Rabanser, Günnemann & Lipton (2019), "Failing loudly: an empirical study of methods for detecting dataset
    shift", NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from skprep import StandardScaler, drift_report
    >>> rng = np.random.default_rng(0)
    >>> scaler = StandardScaler().fit(rng.normal(50, 7, size=(500, 2)))
    >>> drift_report(scaler, rng.normal(50, 7, size=(200, 2))).drifted
    False
    >>> print(drift_report(scaler, rng.normal([50, 57], 7, size=(200, 2))))
    Drift found (2 features, 200 rows; chance of a false alarm 0.01):
    - 1: the mean has moved by 0.86 training standard deviations, ± 0.08.
    """
    _check(scaler, tolerance, level)
    check_is_fitted(scaler)
    if sparse.issparse(X) or backend_of(X) is not memory:
        raise TypeError(
            "drift_report takes rows in memory, as an array or a frame; received "
            f"{type(X).__module__.partition('.')[0]}.{type(X).__name__}. Collect a batch of them first."
        )
    statistic, values, codes, keys, names, unseen, count = _read(scaler, X, groups)
    n_groups = len(keys) if keys is not None else 1
    tests = _tests(statistic, count, values, codes, n_groups, tolerance, level)
    if not takes_infinity(getattr(scaler, "scaler", scaler)):
        tests.say_infinite()
    rows = []
    for g in range(n_groups):
        for j, name in enumerate(names):
            if keys is not None and not (codes == g).any():
                continue
            rows.append(
                {**({"group": keys[g]} if keys is not None else {}), "feature": name, **tests.row(g, j)}
            )
    columns = [*(["group"] if keys is not None else []), "feature", *FIGURES, "drifted", "reason"]
    frame = pd.DataFrame(rows, columns=columns)
    return DriftReport(frame, unseen, len(values) + sum(unseen.values()), level, tolerance)


FIGURES = (
    "n",
    "missing",
    "shift",
    "shift_error",
    "scale_ratio",
    "scale_error",
    "outside",
    "distance",
)


def _check(scaler, tolerance, level):
    if not isinstance(scaler, Scaler | GroupScaler):
        raise TypeError(
            "drift_report takes a fitted scaler of skprep, or a GroupScaler of one; received "
            f"{type(scaler).__name__}. Of a Pipeline pass the step, pipeline[0]."
        )
    if not (np.isscalar(tolerance) and tolerance >= 0) or not 0 < level < 1:
        raise ValueError(
            "tolerance must be 0 or more and level between 0 and 1; received "
            f"tolerance={tolerance!r}, level={level!r}. The defaults are 0.1 and 0.01."
        )


def _read(scaler, X, groups):
    """Return what was learnt, the batch, codes and keys of groups, names, unseen keys, training values."""
    if isinstance(scaler, GroupScaler):
        layout, index, (statistic, _, sizes) = scaler._learnt_state()
        table = layout.take_apart(scaler, X, groups)
        codes, _ = index.encode(table.keys)
        lost = codes < 0
        unseen = {}
        if lost.any():
            shown = list(zip(*(key[lost].tolist() for key in table.keys), strict=True))
            shown = shown if layout.n_keys > 1 else [key[0] for key in shown]
            counts = pd.Series(shown, dtype=object).value_counts(dropna=False)
            unseen = dict(zip(counts.index.tolist(), counts.tolist(), strict=True))
        values = np.asarray(table.features, dtype=np.float64)[~lost]
        names = layout.feature_names
        names = list(layout.features) if names is None else list(names)
        return statistic, values, codes[~lost], index.keys, names, unseen, sizes
    values = np.asarray(scaler._checked(X, reset=False), dtype=np.float64)
    names = scaled_names(scaler)
    places = scaler._places() or range(scaler.n_features_in_)
    names = list(places) if names is None else list(names)
    statistic = scaler._learnt_state()
    return statistic, values, None, None, names, {}, statistic.count


@dataclass
class _Batch:
    """Counts, means, spreads and fourth moments of a batch, per group and feature."""

    present: np.ndarray
    rows: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    kurtosis: np.ndarray
    infinite: np.ndarray
    values: np.ndarray
    sums: Any
    codes: np.ndarray

    def others(self, center):
        """Return how many values are not the center, up to rounding."""
        with np.errstate(invalid="ignore"):
            far = np.abs(self.values - center[self.codes]) > 1e-9 * np.abs(center[self.codes])
        return self.sums @ far.astype(np.float64)

    @classmethod
    def of(cls, X, codes, n_groups, center):
        codes = np.zeros(len(X), dtype=np.intp) if codes is None else codes
        sums = summing_matrix(len(X), codes, n_groups) if len(X) else np.zeros((n_groups, 0))
        finite = np.isfinite(X)
        center = np.nan_to_num(center)  # sums of deviations keep their digits
        d = np.where(finite, X - center[codes], 0.0)
        n = sums @ finite.astype(np.float64)
        with np.errstate(all="ignore"):
            mean = (sums @ d) / n
            d = np.where(finite, d - np.nan_to_num(mean)[codes], 0.0)
            m2, m4 = (sums @ d**2) / n, (sums @ d**4) / n
            kurtosis = np.where(m2 > 0, m4 / m2**2, 3.0)
            std = np.sqrt(m2 * n / np.maximum(n - 1, 1))
        infinite = sums @ np.isinf(X).astype(np.float64)
        rows = np.bincount(codes, minlength=n_groups).astype(float)
        return cls(n, rows, mean + center, std, kurtosis, infinite, X, sums, codes)


class _Tests:
    """The figures of every group and feature, and which of them say that it has drifted."""

    def __init__(self, count):
        self.count, self.infinite = count, None
        self.figures = {name: np.full(count.shape, np.nan) for name in FIGURES}
        self.reasons = {}

    def put(self, name, values):
        self.figures[name] = values

    def say(self, where, text):
        for g, j in zip(*np.nonzero(where), strict=True):
            self.reasons.setdefault((g, j), []).append(text(g, j))

    def say_infinite(self):
        """Say where values are infinite, which none of the training rows was."""
        n, rows = self.infinite
        self.say(n > 0, lambda g, j: f"{int(n[g, j])} of {int(rows[g])} values are infinite")

    def row(self, g, j):
        found = {name: values[g, j] for name, values in self.figures.items()}
        reasons = self.reasons.get((g, j), [])
        return {**found, "n": int(found["n"]), "drifted": bool(reasons), "reason": "; ".join(reasons)}


def _tests(statistic, count, X, codes, n_groups, tolerance, level):
    """Try everything that the statistic allows."""
    tests = _Tests(count)
    n_tests = max(1, np.isin(np.arange(n_groups), [0] if codes is None else codes).sum()) * count.shape[1] * 3
    alpha = level / n_tests
    center = statistic.center() if hasattr(statistic, "center") else np.zeros(count.shape)
    batch = _Batch.of(X, codes, n_groups, center)
    tests.put("n", batch.present)
    tests.infinite = batch.infinite, batch.rows
    _missing(tests, batch, count, tolerance, alpha)
    if hasattr(statistic, "center") and hasattr(statistic, "std"):
        _moments(tests, batch, statistic, tolerance, alpha)
    elif isinstance(statistic, Extrema | SmallestTwo):
        _extremes(tests, batch, X, codes, statistic, alpha)
    elif isinstance(statistic, Quantiles | MedianDeviation):
        _ranks(tests, batch, X, codes, statistic, tolerance, alpha)
    return tests


def _missing(tests, batch, count, tolerance, alpha):
    rows = batch.rows[:, None]
    with np.errstate(all="ignore"):
        there = batch.present + batch.infinite
        tests.put("missing", np.where(rows > 0, 1.0 - there / rows, np.nan))
        # The scaler counts what was there; beside the fullest feature, the rest was missing.
        then, now = (1.0 - n / n.max(axis=1, keepdims=True) for n in (count, there))
        bound = tolerance + np.sqrt(
            np.log(2 / alpha) / 2 * (1 / batch.present.max(axis=1, keepdims=True) + 1 / count)
        )
        moved = np.abs(now - then) > bound
    gone = (there == 0) & (rows > 0) & (count > 0) & (rows * np.log(2) > np.log(1 / alpha))
    tests.say(gone, lambda g, j: f"all {int(batch.rows[g])} values are missing")
    tests.say(
        moved & ~gone,
        lambda g, j: (
            f"{tests.figures['missing'][g, j]:.0%} are missing, {then[g, j]:.0%} of the training rows were"
        ),
    )


def _moments(tests, batch, statistic, tolerance, alpha):
    mean, std, count = statistic.center(), statistic.std(), tests.count
    n = batch.present
    with np.errstate(all="ignore"):
        flat = std <= 1e-12 * np.abs(mean)
        scale = np.where(flat, np.nan, std)
        shift = (batch.mean - mean) / scale
        ratio = np.where(n > 1, batch.std / scale, np.nan)
        ratio[ratio < 1e-12] = 0.0  # roundings of equal values
        error = np.sqrt(np.fmax(1.0, ratio**2) / n + 1.0 / count)
        tails = np.fmax(batch.kurtosis, 3.0)
        sizes = 1.0 / np.maximum(n - 1, 1) + 1.0 / np.maximum(count - 1, 1)
        log_error = np.sqrt((tails - 1.0) / 4.0 * sizes)
        # A batch may lack the rare values that make most of a spread, and then does not know its own tails.
        lower_error = np.sqrt((tails * (1.0 + 10.0 / np.sqrt(n)) - 1.0) / 4.0 * sizes)
        bar = stats.t.isf(alpha / 2, np.maximum(np.minimum(n, count) - 1, 1))
        known = ~flat & (count > 2)
        moved = known & (n > 1) & (np.abs(shift) > tolerance + bar * error)
        wider = np.log(ratio) > np.log1p(tolerance) + bar * log_error
        narrower = -np.log(ratio) > np.log1p(tolerance) + bar * lower_error
        # Ties at a distance d from the mean have at most the share 1 / (1 + d^2) in any distribution
        # (Cantelli).
        tied = n * np.log1p(shift**2) > -np.log(alpha)
        narrower &= (ratio > 0) | tied
    for name, values in (
        ("shift", shift),
        ("shift_error", error),
        ("scale_ratio", ratio),
        ("scale_error", log_error),
    ):
        tests.put(name, values)
    tests.say(
        moved,
        lambda g, j: (
            f"the mean has moved by {shift[g, j]:.2f} training standard deviations, ± {error[g, j]:.2f}"
        ),
    )
    tests.say(
        known & (wider | narrower) & (n > 2) & ~(moved & (ratio == 0)),
        lambda g, j: f"the spread is {ratio[g, j]:.2g} times that of the training rows",
    )
    others = batch.others(mean)
    tests.say(
        flat & (_chance(others, n, count) < alpha),
        lambda g, j: (
            f"it was {mean[g, j]:g} in every training row, and is not in {int(others[g, j])} of "
            f"{int(n[g, j])}"
        ),
    )


def _extremes(tests, batch, X, codes, statistic, alpha):
    low = statistic.min if isinstance(statistic, Extrema) else statistic.first
    high = statistic.max if isinstance(statistic, Extrema) else np.full(low.shape, np.inf)
    own = np.zeros(len(X), dtype=np.intp) if codes is None else codes
    sums = summing_matrix(len(X), own, len(low)) if len(X) else np.zeros((len(low), 0))
    with np.errstate(invalid="ignore"):
        below, above = sums @ (low[own] > X).astype(float), sums @ (high[own] < X).astype(float)
        present = sums @ (~np.isnan(X)).astype(float)
        tests.put("outside", np.where(present > 0, (below + above) / present, np.nan))
    for k, side, end in (
        (below, "below the training minimum", low),
        (above, "above the training maximum", high),
    ):
        odd = (tests.count > 0) & (_chance(k, present, tests.count) < alpha / 2)
        tests.say(
            odd,
            lambda g, j, k=k, side=side, end=end: (
                f"{int(k[g, j])} of {int(present[g, j])} values are {side}, {end[g, j]:g}"
            ),
        )


def _chance(k, n, n_train):
    """Return the chance that the k most extreme of all values are all of the batch."""
    with np.errstate(all="ignore"):
        log = gammaln(n + 1) - gammaln(n - k + 1) - gammaln(n + n_train + 1) + gammaln(n + n_train - k + 1)
    return np.where(k > 0, np.exp(np.minimum(log, 0.0)), 1.0)


def _ranks(tests, batch, X, codes, statistic, tolerance, alpha):
    count, shape = tests.count, tests.count.shape
    points, ranks, slack = _known(statistic)
    own = np.zeros(len(X), dtype=np.intp) if codes is None else codes
    distance, middle, spread = (np.full(shape, np.nan) for _ in range(3))
    for g in range(shape[0]):
        rows = X[own == g]
        for j in range(shape[1]):
            x = np.sort(rows[:, j][~np.isnan(rows[:, j])])
            q = points[g, j]
            if len(x) and not np.isnan(q).any():
                # A value equal to a quantile counts as below it or above, whichever is nearer
                below, upto = (np.searchsorted(x, q, side=side) / len(x) for side in ("left", "right"))
                distance[g, j] = max(0.0, (ranks - upto).max(), (below - ranks).max())
                middle[g, j], spread[g, j] = _middle_and_spread(x, statistic)
    with np.errstate(all="ignore"):
        center, scale = _learnt_middle_and_spread(statistic)
        scale = np.where(scale > 0, scale, np.nan)
        tests.put("shift", (middle - center) / scale)
        tests.put("scale_ratio", spread / scale)
        bar = np.sqrt(np.log(2 / alpha) / 2 * (1 / batch.present + 1 / count))
        moved = distance > tolerance * NORMAL_DENSITY + slack + 1 / count + bar
    tests.put("distance", distance)
    shift = tests.figures["shift"]
    tests.say(
        moved,
        lambda g, j: (
            f"its distribution differs by {distance[g, j]:.2f} in ranks, the median by {shift[g, j]:.2f} "
            f"scales"
        ),
    )


def _middle_and_spread(x, statistic):
    """Return of sorted values what the scaler takes of its training rows."""
    if isinstance(statistic, MedianDeviation):
        middle = np.median(x)
        return middle, np.median(np.abs(x - middle))
    low, middle, high = np.quantile(x, statistic.probabilities)
    return middle, high - low


def _learnt_middle_and_spread(statistic):
    if isinstance(statistic, MedianDeviation):
        return np.moveaxis(statistic.values, 2, 0)
    low, middle, high = np.moveaxis(statistic.values, 2, 0)
    return middle, high - low


def _known(statistic):
    """Return quantiles of every cell, their ranks, and how far those may be off."""
    if isinstance(statistic, MedianDeviation):
        median = statistic.values[..., 0]
        return median[..., None], np.array([0.5]), np.zeros(median.shape)
    more = statistic.at(RANKS)
    if more is not None:
        return more, RANKS, statistic.rank_error()
    return statistic.values, statistic.probabilities, statistic.rank_error()
