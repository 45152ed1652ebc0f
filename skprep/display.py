"""Pictures of a scaler at work: each feature before and after, groups overlaid."""

import copy
from textwrap import shorten
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from skprep.backends.fitted import fitted_of
from skprep.frames.eager import as_pandas, column_names, some_columns, take_columns
from skprep.frames.keys import as_key, key_columns
from skprep.maps import RangedMap
from skprep.plots import COLORS, GREY, pyplot
from skprep.statistics.groups import plain_key
from skprep.types import Keys, Rows
from skprep.validation.parameters import features_at

BINS = 30
NAMED = 8  # groups with a color of their own
LONG = 28  # letters of a name that fit above a picture
PAIRS = ((4, 1), (12, 2), (10**9, 3))  # up to so many features, so many pairs in a row


class ScalingDisplay:
    """Histograms of features before and after scaling, with what the scaler has learnt.

    Make one with :meth:`from_estimator`.

    Parameters
    ----------
    before, after : ndarray of shape (n_samples, n_features)
        Values of the features, NaN where they are missing.
    feature_names : list of str
        Their names, one each.
    marks : list of (before, after) or None
        Of each feature its center, and the ends of a band of one scale to both sides, NaN where the scaler
        has none. None: no marks.
    groups : list of (name, ndarray of bool, kind) or None
        Rows of each group; ``kind`` is ``"known"``, ``"small"`` or ``"unseen"``.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes of shape (n_features, 2)
        Before on the left, after on the right.

    See Also
    --------
    drift_report : The same in figures.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from skprep import ScalingDisplay, StandardScaler
    >>> X = pd.DataFrame({"age": [31.0, 47.0, 60.0, 52.0], "dose": [1.0, 2.0, 4.0, 9.0]})
    >>> display = ScalingDisplay.from_estimator(StandardScaler().fit(X), X)
    >>> display.axes_.shape
    (2, 2)
    >>> display.axes_[0, 0].get_title(loc="left")
    'age'
    """

    def __init__(
        self,
        before: np.ndarray,
        after: np.ndarray,
        feature_names: list[str],
        marks: list | None = None,
        groups: list | None = None,
    ) -> None:
        self.before, self.after = before, after
        self.feature_names, self.marks, self.groups = feature_names, marks, groups

    @classmethod
    def from_estimator(
        cls, scaler: Any, X: Rows, *, features: Any = None, groups: Keys = None, ax: Any = None
    ) -> Self:
        """Draw what a fitted scaler does to rows.

        Parameters
        ----------
        scaler : fitted estimator
            A scaler of skprep, :class:`GroupScaler` or :class:`ComBat`, whose groups are overlaid: small ones
            (``min_group_size``) dashed, unseen ones dotted. Of other transformers, those that give one
            column for each.
        X : array-like or frame of shape (n_samples, n_features)
            Rows with the columns of ``fit``.
        features : list of str or int, default=None
            The features to show, by name or position. None: all.
        groups : array-like of shape (n_samples,), default=None
            Keys of the rows, for a GroupScaler with ``by=None``.
        ax : matplotlib Axes, default=None
            Where to draw, in the place of it; None makes a figure.

        Returns
        -------
        display : ScalingDisplay
            With ``figure_`` and ``axes_``.

        Raises
        ------
        ImportError
            If matplotlib is missing: it is in the extra ``plot``.
        ValueError
            If a feature is unknown, or a transformer gives other columns than it takes.
        """
        pyplot()
        check_is_fitted(scaler)
        X = as_pandas(X)
        X = X.toarray() if sparse.issparse(X) else X if hasattr(X, "shape") else np.asarray(X)
        if not hasattr(scaler, "_fitted"):
            return cls(*_of_any(scaler, X, features)).plot(ax=ax)
        fitted = fitted_of(scaler)
        shown = (
            fitted.features
            if features is None
            else features_at(scaler, features, fitted.features, "features")
        )
        places = [fitted.features.index(j) for j in shown]
        names = [fitted.names[j] if fitted.names else f"feature {j}" for j in shown]
        before = _floats(take_columns(X, shown))
        found = None if fitted.index is None else _groups(scaler, fitted, X, groups)
        after = _scaled(scaler, fitted, X, groups)[:, places]
        marks = None if fitted.index is not None else _marks(fitted.learnt, places)
        return cls(before, after, names, marks, found).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw the histograms.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, in the place of it; None makes a figure.

        Returns
        -------
        display : ScalingDisplay
        """
        plt = pyplot()
        n = len(self.feature_names)
        pairs = next(pairs for most, pairs in PAIRS if n <= most)
        lines = -(-n // pairs)
        if ax is None:
            size = (6.4 * pairs, 1.2 + 1.9 * lines)
            self.figure_ = plt.figure(figsize=size, layout="constrained")
            grid = self.figure_.add_gridspec(lines, 2 * pairs)
        else:
            ax.set_axis_off()
            self.figure_ = ax.figure
            place, apart = ax.get_subplotspec(), {"wspace": 0.3, "hspace": 0.6}
            if place is not None:
                grid = place.subgridspec(lines, 2 * pairs, **apart)
            else:
                box = ax.get_position()
                sides = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
                grid = self.figure_.add_gridspec(lines, 2 * pairs, **sides, **apart)
        self.axes_ = np.empty((n, 2), dtype=object)
        for j in range(n):
            line, pair = j % lines, j // lines
            for side in (0, 1):
                own = self.figure_.add_subplot(grid[line, 2 * pair + side])
                self.axes_[j, side] = own
                self._draw(own, j, side)
        if self.groups:
            self._legend()
        return self

    def _draw(self, ax, j, side):
        values = (self.before, self.after)[side][:, j]
        seen = values[np.isfinite(values)]
        ax.set_title(_short(self.feature_names[j]) if side == 0 else "scaled", loc="left", fontsize="small")
        ax.tick_params(labelsize="x-small")
        ax.set_yticks([])
        for edge in ("top", "right", "left"):
            ax.spines[edge].set_visible(False)
        if not len(seen):
            ax.text(0.5, 0.5, "no value", transform=ax.transAxes, ha="center", va="center", color=GREY)
            ax.set_xticks([])
            return
        edges = _edges(seen)
        if self.groups is None:
            ax.hist(seen, bins=edges, color=COLORS[0] if side == 0 else COLORS[2])
        else:
            for _, rows, kind, color in self._shown_groups():
                own = values[rows]
                own = own[np.isfinite(own)]
                if len(own):
                    style = {"known": "-", "small": "--", "unseen": ":"}[kind]
                    ax.hist(own, bins=edges, histtype="step", color=color, linestyle=style, linewidth=1.3)
        notes = []
        if len(seen) < len(values):
            notes.append(f"{1 - len(seen) / len(values):.0%} missing")
        if seen.min() == seen.max():
            notes.append("constant")
        if notes:
            ax.text(
                1.0, 0.98, ", ".join(notes), transform=ax.transAxes, ha="right", va="top", fontsize="x-small"
            )
        if seen.min() < seen.max():
            self._mark(ax, j, side)
        ax.set_xlim(edges[0], edges[-1])

    def _mark(self, ax, j, side):
        """Mark the center by a line, and a band from one scale below it to one above; scaled, the same."""
        if self.marks is None:
            return
        middle, low, high = self.marks[j][side]
        if np.isfinite(middle):
            ax.axvline(middle, color=COLORS[1], linewidth=1.2)
        if low < high:
            ax.axvspan(low, high, color=COLORS[1], alpha=0.12, linewidth=0)

    def _shown_groups(self):
        """Return the groups with a color each, the unseen and small ones among them, the rest in grey."""
        order = sorted(range(len(self.groups)), key=lambda i: self.groups[i][2] == "known")
        colors = {i: COLORS[k % len(COLORS)] for k, i in enumerate(order[:NAMED])}
        return [(*group, colors.get(i, GREY)) for i, group in enumerate(self.groups)]

    def _legend(self):
        lines = pyplot().Line2D
        styles = {"known": "-", "small": "--", "unseen": ":"}
        groups = self._shown_groups()
        named = [g for g in groups if g[3] != GREY]
        handles = [
            lines(
                [],
                [],
                color=color,
                linestyle=styles[kind],
                label=f"{name}{'' if kind == 'known' else f' ({kind})'}",
            )
            for name, _, kind, color in named
        ]
        if len(groups) > len(named):
            handles.append(lines([], [], color=GREY, label=f"{len(groups) - len(named)} more"))
        self.figure_.legend(
            handles=handles,
            loc="outside lower center",
            ncols=-(-len(handles) // -(-len(handles) // 6)),
            fontsize="small",
        )


def _short(name):
    return (
        name
        if len(name) <= LONG
        else shorten(name, LONG, placeholder="…")
        if " " in name
        else name[: LONG - 1] + "…"
    )


def _edges(values):
    low, high = float(values.min()), float(values.max())
    if not low < high or not np.isfinite(high - low):
        half = max(abs(low) * 0.05, 0.5)
        return np.linspace(low - half, low + half, BINS + 1)
    edges = np.linspace(low, high, BINS + 1)
    return edges if (np.diff(edges) > 0).all() else np.array([low, high])


def _floats(columns):
    if hasattr(columns, "to_numpy"):
        columns = columns.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(columns, dtype=np.float64)


def _groups(scaler, fitted, X, groups):
    """Return the groups that are there, with their rows and kinds."""
    keys = key_columns(X, fitted.keys) if fitted.keys else [as_key(groups)] if groups is not None else None
    if keys is None:
        raise ValueError(
            f"{fitted.owner} with by=None needs the groups of the rows; received none. Pass groups=, one key "
            "for each row."
        )
    codes, _ = fitted.index.encode(keys)
    least = getattr(scaler, "min_group_size", 1)
    sizes = np.asarray(getattr(scaler, "n_samples_seen_", np.ones((len(fitted.index), 1))))
    sizes = sizes.max(axis=1) if sizes.ndim == 2 else np.full(len(fitted.index), np.inf)
    found = []
    for code, key in enumerate(fitted.index.keys):
        rows = codes == code
        if rows.any():
            found.append((_named(key), rows, "small" if sizes[code] < least else "known"))
    lost = np.flatnonzero(codes < 0)
    if len(lost):
        theirs = [tuple(plain_key(key.iloc[i]) for key in keys) for i in lost]
        for key in dict.fromkeys(theirs):
            rows = np.zeros(len(codes), dtype=bool)
            rows[[i for i, own in zip(lost, theirs, strict=True) if own == key]] = True
            found.append((_named(key if len(key) > 1 else key[0]), rows, "unseen"))
    return found


def _named(key):
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _scaled(scaler, fitted, X, groups):
    """Return the features scaled; rows of unseen groups as NaN where the scaler would refuse them."""
    twin = copy.copy(scaler)
    if getattr(twin, "handle_unknown", None) == "error":
        twin.handle_unknown = "nan"
    words = {} if fitted.keys or fitted.index is None else {"groups": groups}
    Z = as_pandas(twin.transform(X, **words))
    if fitted.whole:
        Z = take_columns(Z, fitted.features) if column_names(Z) is None else _by_name(Z, fitted, X)
    return _floats(Z)


def _by_name(Z, fitted, X):
    names = column_names(X)
    return some_columns(Z, [names[j] for j in fitted.features])


def _marks(learnt, places):
    """Return of each feature its center and one scale to both sides, before and after."""
    arrays = learnt.shown()
    known = {name: arrays.get(name) for name in ("center", "scale")}
    if all(v is None for v in known.values()):
        return None
    n = learnt.shape[1]
    center = np.zeros(n) if known["center"] is None else known["center"][0]
    scale = np.full(n, np.nan) if known["scale"] is None else known["scale"][0]
    below = 0.0 if isinstance(learnt, RangedMap) else scale  # whose center is the minimum
    given = np.vstack([center, center - below, center + scale])
    with np.errstate(all="ignore"):
        scaled = learnt.apply(given)
    return [(given[:, j], scaled[:, j]) for j in places]


def _of_any(scaler, X, features):
    """Return what there is to draw of a transformer that is not of this package."""
    Z = _floats(as_pandas(scaler.transform(X)))
    names = column_names(X)
    if Z.shape != tuple(X.shape):
        raise ValueError(
            "ScalingDisplay shows transformers that give one column for each; received "
            f"{type(scaler).__name__}, which makes {Z.shape[1]} of {X.shape[1]}. Pass a scaler."
        )
    places = list(range(X.shape[1]))
    if features is not None:
        places = features_at(scaler, features, places, "features")
    labels = [str(names[j]) if names is not None else f"feature {j}" for j in places]
    return _floats(take_columns(X, places)), Z[:, places], labels
