"""Groups of a transformer that is not of skprep: one clone each."""

import copy

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from skprep.compat import safe_indexing


class Cloned:
    """Groups of any other transformer: a clone of it is fitted to the rows of each group."""

    def __init__(self, scaler):
        self.scaler = scaler  # fitted here to all rows
        self.clones = []
        self.rows = np.zeros(0)

    def copy(self):
        """Return an engine that may change without this one changing."""
        return copy.copy(self)

    def learn(self, X, y, codes, n_groups, places, weight, min_group_size):
        """Fit a clone to each group and one to all rows; go on where old groups have ``places``."""
        fresh = places is None
        method = "fit" if fresh else "partial_fit"
        clones, counts = [None] * n_groups, np.zeros(n_groups)
        if not fresh:
            for place, old, count in zip(places, self.clones, self.rows, strict=True):
                clones[place], counts[place] = copy.deepcopy(old), count
        streams = hasattr(self.scaler, "partial_fit")
        for g, rows in _rows_of(codes):
            if fresh and not streams and len(rows) < min_group_size:
                continue  # it will be answered by the one of all rows, and may be too small to fit
            base = clone(self.scaler) if clones[g] is None else clones[g]
            clones[g] = _fitted(base, method, X, y, weight, rows)
        pooled = clone(self.scaler) if fresh else copy.deepcopy(self.scaler)
        self.scaler = _fitted(pooled, method, X, y, weight, np.arange(len(X)))
        self.clones = clones
        self.rows = counts + np.bincount(codes, minlength=n_groups)

    def prepare(self, min_group_size, smooth, pooled_units, reference=None):
        """Decide which groups are answered by a clone of their own, and whose units the result has."""
        pairs = zip(self.clones, self.rows, strict=True)
        own = [self.scaler if c is None or n < min_group_size else c for c, n in pairs]
        self.answering = [*own, self.scaler, None]
        units = self.scaler if reference is None else own[reference]
        self.units_scaler = units if pooled_units else None
        return {}

    def transform(self, X, codes):
        """Transform the rows of each code with its clone."""

        def step(scaler, rows):
            part = _dense(scaler.transform(X[rows]))
            units = self.units_scaler
            return part if units is None else _dense(units.inverse_transform(part))

        return self._by_code(codes, step)

    def inverse_transform(self, Z, codes):
        """Undo :meth:`transform`."""

        def step(scaler, rows):
            units = self.units_scaler
            part = Z[rows] if units is None else _dense(units.transform(Z[rows]))
            return _dense(scaler.inverse_transform(part))

        return self._by_code(codes, step)

    def _by_code(self, codes, step):
        """Put together what ``step`` gives for the rows of each code; NaN where no clone answers."""
        groups = [(self.answering[g], rows) for g, rows in _rows_of(codes)]
        answered = [(step(scaler, rows), rows) for scaler, rows in groups if scaler is not None]
        # Where no clone answers at all, one row through the scaler of all tells shape and dtype.
        samples = [part for part, _ in answered] or [step(self.scaler, np.arange(1))]
        dtype = np.result_type(*samples)
        if len(answered) < len(groups):
            dtype = np.result_type(dtype, np.float16)  # NaN needs a float
        out = np.full((len(codes), samples[0].shape[1]), np.nan if dtype.kind == "f" else 0, dtype=dtype)
        for part, rows in answered:
            out[rows] = part
        return out


def _dense(values):
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


def _rows_of(codes):
    """Yield each code that occurs, with the numbers of its rows."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return zip(present.tolist(), np.split(order, starts[1:]), strict=True) if len(codes) else ()


def _fitted(scaler, method, X, y, weight, rows):
    """Return ``scaler`` fitted to some rows; its output stays an array whatever is set globally."""
    if hasattr(scaler, "set_output"):
        scaler.set_output(transform="default")
    extra = {}
    if weight is not None:
        if not has_fit_parameter(scaler, "sample_weight"):
            raise ValueError(
                f"sample_weight needs a scaler that takes it; received {type(scaler).__name__}, which "
                "does not. Leave sample_weight out, or use a scaler of skprep."
            )
        extra["sample_weight"] = weight[rows]
    return getattr(scaler, method)(X[rows], None if y is None else safe_indexing(y, rows), **extra)
