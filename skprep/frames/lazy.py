"""Lazy frames: the engine that holds the rows computes the statistics, and only those come here.

Polars LazyFrames, DuckDB relations and Spark DataFrames, through narwhals. What is asked of the engine are
counts, means, extrema and quantiles, in one query; and deviations from the mean in a second one where the
mean is far larger than the spread, because there no engine's variance has the digits.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from skprep.frames.joins import UnfitKey, from_ticks, gathered, join, with_keys
from skprep.frames.keys import key_columns
from skprep.frames.names import safe, safely_named
from skprep.statistics import Extrema, MedianDeviation, Moments, Quantiles, SmallestTwo
from skprep.statistics.groups import GroupIndex

FAR = 100.0  # spreads between 0 and the mean, from which on the deviations are summed separately
MANY = 100  # numbers asked for at a time, from which on the planner of Polars is slow
SAFE = 400  # powers of two whose squares stay in float64


def as_lazy(X):
    """Return a lazy frame as narwhals sees it, None for all else (a Dask frame, too)."""
    if isinstance(X, np.ndarray | pd.DataFrame | list):
        return None
    frame = nw.from_native(X, pass_through=True)
    return frame if isinstance(frame, nw.LazyFrame) and not frame.implementation.is_dask() else None


def transform_by_group(frame, keys, index, learnt, fallback):
    """Return a lazy frame with the parameters of each row's group, and the function that names them.

    Parameters
    ----------
    frame : narwhals LazyFrame
    keys : list of str
    index : GroupIndex
    learnt : Map
        One row for each group, and more behind them.
    fallback : int
        The row for unknown groups.

    Returns
    -------
    joined : narwhals LazyFrame
    parameters : callable
        Gives the parameters of column number j, as :func:`~skprep.maps.expressions.transform_columns` asks.
    """
    tables = {name: v for name, v in learnt.arrays().items() if v is not None}
    n_groups = len(index)
    # Planners in Python are slow with many columns: there, the parameters of a group are a list.
    as_list = not frame.implementation.is_polars()
    if as_list:
        joined = join(frame, keys, index, {f"own_{name}": v[:n_groups] for name, v in tables.items()})
    else:
        named = {f"own_{name}_{j}": v[:, j] for name, v in tables.items() for j in range(v.shape[1])}
        if len(keys) == 1:
            joined = gathered(frame, keys[0], index, named, fallback)
        else:
            joined = join(frame, keys, index, {name: v[:n_groups] for name, v in named.items()})

    def parameters(j):
        own = dict.fromkeys(learnt.parameters)
        for name, v in tables.items():
            found = nw.col(f"own_{name}").list.get(j) if as_list else nw.col(f"own_{name}_{j}")
            own[name] = found.fill_null(float(v[fallback, j]))
        return own

    return joined, parameters


def smallest_outside(frame, columns, learnt, parameters):
    """Return for each column its smallest value outside the domain of a map, and the offset; or None."""
    made = []
    for j, name in enumerate(columns):
        x, own = nw.col(name).cast(nw.Float64).fill_nan(None), SimpleNamespace(**parameters(j))
        outside = learnt.outside(x, own)
        offset = nw.lit(own.offset) if isinstance(own.offset, float) else own.offset
        made += [nw.when(outside).then(x).alias(f"x{j}"), nw.when(outside).then(offset).alias(f"o{j}")]
    found = frame.select(*made).select(nw.all().min()).collect()
    return [tuple(found[f"{n}{j}"].to_list()[0] for n in "xo") for j in range(len(columns))]


class LazyTable:
    """The features and key columns of a lazy frame. A statistic that is to learn from it calls ``summarise``.

    Parameters
    ----------
    frame : narwhals LazyFrame
    features : list of str
        Columns to learn from; numbers or booleans.
    keys : list of str, default=()
        Columns that name the group of a row.

    Attributes
    ----------
    shape : tuple
        ``(None, n_features)``: how many rows there are, nobody has counted.
    index : GroupIndex or None
        The groups, once something has been learnt per group.
    """

    def __init__(self, frame, features, keys=()):
        schema = frame.collect_schema()
        for name in features:
            if not (schema[name].is_numeric() or schema[name] == nw.Boolean):
                raise ValueError(
                    f"Scalers take numbers; received column {name!r} of type {schema[name]}. Select "
                    'what to learn from (X.select("a", "b")), or name a key column in GroupScaler(by=...). '
                    "transform keeps all other columns of a lazy frame as they are."
                )
        names = schema.names()
        place = {name: safe(i) for i, name in enumerate(names)}
        self.features, self.keys = list(features), [f"k{i}" for i in range(len(keys))]
        try:
            frame, self.units = with_keys(safely_named(frame), [place[k] for k in keys], self.keys)
        except UnfitKey as error:
            raise error.named(names) from None
        values = [
            nw.col(place[f]).cast(nw.Float64).fill_nan(None).alias(f"x{j}") for j, f in enumerate(features)
        ]
        self.frame = frame.select(*self.keys, *values)
        self.shape = (None, len(self.features))
        self._found = {"index": None}  # shared with the tables that are made of this one

    @property
    def index(self):
        """The groups, None until something has been learnt per group."""
        return self._found["index"]

    def within(self, inside):
        """Return the table with null wherever ``inside(x, column number)`` is not true."""
        twin = copy(self)
        columns = (nw.col(f"x{j}") for j in range(self.shape[1]))
        kept = [nw.when(inside(x, j)).then(x).alias(f"x{j}") for j, x in enumerate(columns)]
        twin.frame = self.frame.with_columns(*kept)
        return twin

    def summarise(self, kind, grouped=False, **settings):
        """Return the statistic ``kind`` of the rows, per group or of all."""
        if kind not in _SUMMARIES:
            raise ValueError(
                f"A lazy frame needs a statistic that its engine computes; received {kind.__name__}, which "
                f'{kind.why_no_query}. Use method="moments" or RobustScaler, or collect the frame.'
            )
        return _SUMMARIES[kind](self, grouped, **settings)

    def ask(self, grouped, asked, frame=None):
        """Return ``{name: array of (n_groups, n_features)}`` of one query, groups in the order of ``index``.

        ``asked`` gives for each name a prefix of columns and the aggregation of one of them; None
        asks for the number of rows.
        """
        frame = self.frame if frame is None else frame
        p = self.shape[1]
        numbers = {
            f"{name}_{j}": (None if of is None else f"{of[0]}{j}", None if of is None else of[1])
            for name, of in asked.items()
            for j in range(1 if of is None else p)
        }
        table = self._collect(frame, grouped, numbers)
        values = table.select(*numbers).to_numpy()  # null becomes NaN
        rows = values[:, list(numbers).index("rows_0")] if "rows" in asked else np.ones(len(values))
        if rows.sum() == 0:
            raise ValueError(
                f"Found array with 0 sample(s) (shape=(0, {p})) while a minimum of 1 is required. "
                "Pass a lazy frame with at least one row."
            )
        values = values[self._order(table) if grouped else [0]]
        found, at = {}, 0
        for name, of in asked.items():
            width = 1 if of is None else p
            found[name] = np.array(np.broadcast_to(values[:, at : at + width], (len(values), p)))
            at += width
        return found

    def collect_groups(self, frame, numbers):
        """Return ``{name: array of (n_groups,)}`` of a query of ``{name: (column, aggregate)}`` by group."""
        table = self._collect(frame, True, numbers)
        order = self._order(table)
        return {name: table[name].to_numpy().astype(np.float64)[order] for name in numbers}

    def _collect(self, frame, grouped, numbers):
        """Return the answer of a query for ``{name: (column, aggregate)}``, None for the number of rows."""
        columns = [
            (nw.len() if how is None else how.of(nw.col(x))).cast(nw.Float64).alias(name)
            for name, (x, how) in numbers.items()
        ]
        if frame.implementation.is_duckdb():
            # As text: its client compares each expression with the name of each column.
            texts = [
                f"CAST({'count(*)' if how is None else how.sql.format(x)} AS DOUBLE) AS {name}"
                for name, (x, how) in numbers.items()
            ]
            keys = ", ".join(self.keys) if grouped else ""
            native = frame.to_native().aggregate(", ".join([*self.keys, *texts] if grouped else texts), keys)
            return nw.from_native(native).collect()
        if grouped:
            return frame.group_by(*self.keys).agg(*columns).collect()
        if frame.implementation.is_polars() and len(columns) > MANY:
            # One group: the planner of a plain selection takes the square of the number of quantiles.
            return frame.with_columns(nw.lit(0).alias("all")).group_by("all").agg(*columns).collect()
        return frame.select(*columns).collect()

    def derive(self, grouped, make, **parameters):
        """Return the frame with the columns that ``make(x, *parameters)`` gives instead of ``x``.

        ``make`` returns ``{prefix: expression}``; parameters are ``(n_groups, n_features)``.
        """
        frame, features = self.frame, range(self.shape[1])
        if grouped:
            columns = {f"{name}{j}": v[:, j] for name, v in parameters.items() for j in features}
            frame = join(frame, self.keys, self.index, columns, self.units)
        made = []
        for j in features:
            own = [nw.col(f"{n}{j}") if grouped else nw.lit(float(v[0, j])) for n, v in parameters.items()]
            made += [e.alias(f"{prefix}{j}") for prefix, e in make(nw.col(f"x{j}"), *own).items()]
        return frame.select(*self.keys, *made)

    def _order(self, table):
        """Return which row of an answer is which group; the first answer says what groups there are."""
        columns = key_columns(table.select(*self.keys).to_native(), range(len(self.keys)))
        columns = [from_ticks(*pair) for pair in zip(columns, self.units, strict=True)]
        if self.index is None:
            self._found["index"], codes = GroupIndex.learn(columns)
        else:
            codes, _ = self.index.encode(columns)
        order = np.full(len(self.index), -1)
        order[codes] = np.arange(len(codes))
        if len(codes) != len(self.index) or (order < 0).any():
            raise ValueError(
                f"The engine must tell the groups apart as skprep does; received {len(codes)} rows for "
                f"{len(self.index)} groups. Cast the key columns to text or whole numbers."
            )
        return order


@dataclass(frozen=True)
class Aggregate:
    """A number asked of a column: as a function of expressions, and as SQL."""

    of: Callable
    sql: str


COUNT = Aggregate(nw.Expr.count, "count({})")
MIN = Aggregate(nw.Expr.min, "min({})")
MAX = Aggregate(nw.Expr.max, "max({})")
MEAN = Aggregate(nw.Expr.mean, "avg({})")
STD = Aggregate(partial(nw.Expr.std, ddof=0), "stddev_pop({})")


def _quantile(p):
    return Aggregate(lambda x: x.quantile(p, "linear"), f"quantile_cont({{}}, {p!r})")


_BASIC = {"rows": None, "count": ("x", COUNT), "min": ("x", MIN), "max": ("x", MAX)}


def _ask_first(table, grouped, more=()):
    """Return the answers that every statistic needs, and more; refuse infinities."""
    found = table.ask(grouped, {**_BASIC, **dict(more)})
    for name in ("min", "max"):
        odd = np.isinf(found[name])
        if odd.any():
            group, column = np.unravel_index(odd.argmax(), odd.shape)
            raise ValueError(
                "Input X contains infinity. Scalers take finite numbers, and NaN or null for a missing "
                f"value; received {found[name][group, column]} in column {table.features[column]!r}. "
                "Correct the value, or mark it as missing."
            )
    return found


def _extrema(table, grouped):
    found = _ask_first(table, grouped)
    present = found["count"] > 0
    low, high = np.where(present, found["min"], np.inf), np.where(present, found["max"], -np.inf)
    return Extrema(found["count"], low, high, found["rows"])


def _quantiles(table, grouped, probabilities, **settings):
    more = {f"q{i}": ("x", _quantile(float(p))) for i, p in enumerate(probabilities)}
    found = _ask_first(table, grouped, more)
    learnt = Quantiles.empty(*found["count"].shape, probabilities=probabilities, **settings)
    learnt.count[:] = found["count"]
    learnt.answers[:] = np.stack([found[name] for name in more], axis=2)
    return learnt


def _median_deviation(table, grouped, **settings):
    found = _ask_first(table, grouped, {"median": ("x", _quantile(0.5))})
    away = table.derive(
        grouped, lambda x, m: {"x": nw.when(x >= m).then(x - m).otherwise(m - x)}, m=found["median"]
    )
    deviation = table.ask(grouped, {"median": ("x", _quantile(0.5))}, away)["median"]
    learnt = MedianDeviation.empty(*found["count"].shape, **settings)
    learnt.count[:] = found["count"]
    learnt.answers[:] = np.stack([found["median"], deviation], axis=2)
    return learnt


def _smallest_two(table, grouped):
    found = _ask_first(table, grouped)
    first = np.where(found["count"] > 0, found["min"], np.inf)
    above = table.derive(grouped, lambda x, m: {"x": nw.when(x > m).then(x)}, m=first)
    second = table.ask(grouped, {"second": ("x", MIN)}, above)["second"]
    return SmallestTwo(found["count"], first, np.where(np.isnan(second), np.inf, second))


def _moments(table, grouped):
    more = {"mean": ("x", MEAN), "std": ("x", STD)}
    found = _ask_first(table, grouped, more)
    count, low, high = found["count"], found["min"], found["max"]
    present, constant = count > 0, low == high
    with np.errstate(all="ignore"):
        origin = np.where(constant, low, np.clip(found["mean"], low, high))
        origin = np.where(present, origin, 0.0)
        settled = constant | ~present | (np.abs(origin) <= FAR * found["std"])
        settled &= constant | ~present | (np.abs(np.log2(found["std"])) < SAFE)
        m2 = np.where(present & ~constant, count * found["std"] ** 2, 0.0)
    learnt = Moments(count, origin, np.zeros(count.shape), m2, np.zeros(count.shape, dtype=np.int64))
    return learnt if settled.all() else _with_deviations(table, grouped, learnt, high - low)


def _with_deviations(table, grouped, learnt, span):
    """Return moments with the deviations from the mean summed separately, in a unit that can be squared."""
    present = (learnt.count > 0) & (span > 0)
    power = np.where(present, np.frexp(np.where(present, span, 1.0))[1], 0).astype(np.int64)
    power = np.where(np.abs(power) > SAFE, power, 0)
    unit = np.ldexp(1.0, -power)  # a power of two: nothing is rounded

    def deviations(x, unit, origin):
        d = x * unit - origin
        return {"x": d, "y": d * d}

    frame = table.derive(grouped, deviations, u=unit, o=learnt.origin * unit)
    found = table.ask(grouped, {"first": ("x", MEAN), "second": ("y", MEAN)}, frame)
    shift, square = (np.where(present, found[name], 0.0) for name in ("first", "second"))
    m2 = learnt.count * np.maximum(square - shift * shift, 0.0)
    return Moments(learnt.count, learnt.origin, np.ldexp(shift, power), m2, power)


_SUMMARIES = {
    Moments: _moments,
    Extrema: _extrema,
    Quantiles: _quantiles,
    MedianDeviation: _median_deviation,
    SmallestTwo: _smallest_two,
}
