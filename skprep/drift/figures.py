"""What a batch is beside the training rows, in figures, and which of them are no chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import gammaln

from skprep.kernels.grouping import summing_matrix
from skprep.statistics import Extrema, MedianDeviation, Quantiles, SmallestTwo

RANKS = np.arange(1, 100) / 100  # where the distribution of the training rows is looked at
NORMAL_DENSITY = 0.4  # so many ranks per standard deviation, at the most, of a normal distribution
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


def figures_of(statistic, count, X, codes, n_groups, tolerance, level):
    """Try everything that the statistic allows."""
    tests = Tests(count)
    n_tests = max(1, np.isin(np.arange(n_groups), [0] if codes is None else codes).sum()) * count.shape[1] * 3
    alpha = level / n_tests
    center = statistic.center() if hasattr(statistic, "center") else np.zeros(count.shape)
    batch = Batch.of(X, codes, n_groups, center)
    tests.put("n", batch.present)
    tests.infinite = batch.infinite, batch.rows
    _missing(tests, batch, count, tolerance, alpha)
    if hasattr(statistic, "center") and hasattr(statistic, "std"):
        _moments(tests, batch, statistic, tolerance, alpha)
    elif isinstance(statistic, Extrema | SmallestTwo):
        _extremes(tests, batch, statistic, alpha)
    elif isinstance(statistic, Quantiles | MedianDeviation):
        _ranks(tests, batch, statistic, tolerance, alpha)
    return tests


@dataclass
class Batch:
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
        """Return those of rows; ``center`` of the training rows keeps the digits of sums."""
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


class Tests:
    """The figures of every group and feature, and which of them say that it has drifted."""

    def __init__(self, count):
        self.count, self.infinite = count, None
        self.figures = {name: np.full(count.shape, np.nan) for name in FIGURES}
        self.reasons = {}

    def put(self, name, values):
        """Keep a figure of every group and feature."""
        self.figures[name] = values

    def say(self, where, text):
        """Give a reason, ``text(group, feature)``, for the drift of some."""
        for g, j in zip(*np.nonzero(where), strict=True):
            self.reasons.setdefault((g, j), []).append(text(g, j))

    def say_infinite(self):
        """Say where values are infinite, which none of the training rows was."""
        n, rows = self.infinite
        self.say(n > 0, lambda g, j: f"{int(n[g, j])} of {int(rows[g])} values are infinite")

    def row(self, g, j):
        """Return the figures and reasons of one group and feature."""
        found = {name: values[g, j] for name, values in self.figures.items()}
        reasons = self.reasons.get((g, j), [])
        return {**found, "n": int(found["n"]), "drifted": bool(reasons), "reason": "; ".join(reasons)}


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
        flat & (chance_of_extremes(others, n, count) < alpha),
        lambda g, j: (
            f"it was {mean[g, j]:g} in every training row, and is not in {int(others[g, j])} of "
            f"{int(n[g, j])}"
        ),
    )


def _extremes(tests, batch, statistic, alpha):
    low = statistic.min if isinstance(statistic, Extrema) else statistic.first
    high = statistic.max if isinstance(statistic, Extrema) else np.full(low.shape, np.inf)
    X, own, present = batch.values, batch.codes, batch.present + batch.infinite
    with np.errstate(invalid="ignore"):
        below, above = (batch.sums @ far.astype(float) for far in (low[own] > X, high[own] < X))
        tests.put("outside", np.where(present > 0, (below + above) / present, np.nan))
    for k, side, end in (
        (below, "below the training minimum", low),
        (above, "above the training maximum", high),
    ):
        odd = (tests.count > 0) & (chance_of_extremes(k, present, tests.count) < alpha / 2)
        tests.say(
            odd,
            lambda g, j, k=k, side=side, end=end: (
                f"{int(k[g, j])} of {int(present[g, j])} values are {side}, {end[g, j]:g}"
            ),
        )


def chance_of_extremes(k, n, n_train):
    """Return the chance that the k most extreme of all values are all of the batch."""
    with np.errstate(all="ignore"):
        log = gammaln(n + 1) - gammaln(n - k + 1) - gammaln(n + n_train + 1) + gammaln(n + n_train - k + 1)
    return np.where(k > 0, np.exp(np.minimum(log, 0.0)), 1.0)


def _ranks(tests, batch, statistic, tolerance, alpha):
    count, shape = tests.count, tests.count.shape
    points, ranks, slack = _known(statistic)
    distance, middle, spread = (np.full(shape, np.nan) for _ in range(3))
    for g in range(shape[0]):
        rows = batch.values[batch.codes == g]
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
            "scales"
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
