"""Is a batch still what a scaler was fitted on? From the fitted scaler alone, without a training row."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from skprep.backends import backend_of, memory
from skprep.drift.figures import FIGURES, figures_of
from skprep.groups import GroupScaler
from skprep.scalers.base import Scaler
from skprep.scalers.limits import takes_infinity
from skprep.types import Keys, Rows
from skprep.validation.parameters import scaled_names
from skprep.validation.unknown import SHOWN


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
    same (13 % with ``tolerance=0``); RobustScaler keeps the level whatever the distribution. One wild value
    in many rows moves no mean: it takes MinMaxScaler, and several, to be an alarm. Weights of training rows
    count as numbers of rows, except in GroupScaler.

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
    tests = figures_of(statistic, count, values, codes, n_groups, tolerance, level)
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


def _check(scaler, tolerance, level):
    if not isinstance(scaler, Scaler | GroupScaler):
        raise TypeError(
            "drift_report takes a fitted scaler of skprep, or a GroupScaler of one; received "
            f"{type(scaler).__name__}. Of a Pipeline pass the step, pipeline[0]."
        )
    if not (np.isscalar(tolerance) and tolerance >= 0) or not 0 < level < 1:
        raise ValueError(
            f"tolerance must be 0 or more and level between 0 and 1; received tolerance={tolerance!r}, "
            f"level={level!r}. The defaults are 0.1 and 0.01."
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
