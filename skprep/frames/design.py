"""Covariates of a lazy frame: looked at, turned into the columns of a design, and used."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from skprep.frames.joins import key_expression
from skprep.frames.keys import key_column
from skprep.frames.lazy import Aggregate, LazyTable
from skprep.frames.names import safe, safely_named
from skprep.kernels.splines import Spline
from skprep.maps.expressions import Functions
from skprep.statistics import CrossMoments, Moments

SUM = Aggregate(nw.Expr.sum, "sum({})")
DESIGN = "skprep_z{}"  # the columns of the design, in a frame of rows
NUMBER = pd.Series([0.0])  # stands for a column of numbers where only its kind counts


def look_at(frame, covariates):
    """Return for each covariate of a lazy frame a pandas Series of what is in it.

    Of text, booleans and categories all levels that occur, of numbers a single one: what
    the design needs to know. Not a number, in one of them, is what a number that is missing or infinite is.

    Parameters
    ----------
    frame : narwhals LazyFrame
    covariates : list of str
    """
    schema, found = frame.collect_schema(), []
    for name in covariates:
        dtype = schema[name]
        if dtype.is_numeric():
            x = nw.col(name).cast(nw.Float64)
            odd = x.is_null() | x.is_nan() | (x.abs() == float("inf"))
            n_odd = frame.select(odd.cast(nw.Int64).sum().alias("odd")).collect()["odd"].to_list()[0]
            found.append(pd.Series([np.nan]) if n_odd else NUMBER)
            continue
        levels = frame.select(key_expression(name, dtype).alias("level")).unique().collect()
        found.append(key_column(levels.to_native(), 0))
    return found


def design_columns(frame, covariates, levels):
    """Return the columns of the design as expressions; of a level 1 or 0.

    Parameters
    ----------
    frame : narwhals LazyFrame
    covariates : list of str
    levels : sequence of (GroupIndex, Spline or None)
        The levels of each covariate, or the basis of a smooth function; None for numbers.
    """
    schema, made = frame.collect_schema(), []
    for name, index in zip(covariates, levels, strict=True):
        if index is None:
            made.append(nw.col(name).cast(nw.Float64))
            continue
        if isinstance(index, Spline):
            made += _pieces(nw.col(name).cast(nw.Float64), index)
            continue
        own = key_expression(name, schema[name])
        made += [nw.when(own == level).then(nw.lit(1.0)).otherwise(nw.lit(0.0)) for level in index.keys]
    return made


def _pieces(x, spline):
    """Return the columns of a basis of splines as expressions."""
    starts, coefficients = spline.pieces()
    f = Functions()
    return [f.piecewise(x, spline.bounds, starts, cubics) for cubics in coefficients.tolist()]


def with_expectations(frame, covariates, model):
    """Return a lazy frame with the design, and the function from the number of a feature to what is expected.

    Parameters
    ----------
    frame : narwhals LazyFrame
    covariates : list of str
    model : object
        With ``levels`` of the covariates, ``z_mean`` and ``center`` and ``coef`` of the features.
    """
    columns = design_columns(frame, covariates, model.levels)
    used = [k for k in range(len(columns)) if model.coef[:, k].any()]
    if used:
        frame = frame.with_columns(
            *((columns[k] - float(model.z_mean[k])).alias(DESIGN.format(k)) for k in used)
        )

    def expected(j):
        whole = nw.lit(float(model.center[j]))
        for k in used:
            whole = whole + nw.col(DESIGN.format(k)) * float(model.coef[j, k])
        return whole

    return frame, expected


def learn_cross_moments(frame, features, keys, covariates, levels):
    """Return the statistic of a lazy frame per group, computed by its engine, and the groups.

    Means first, then products of deviations from them: a far-off mean costs no digits.

    Parameters
    ----------
    frame : narwhals LazyFrame
    features, keys, covariates : list of str
    levels : sequence of (GroupIndex or None)
    """
    names = frame.collect_schema().names()
    places = {name: safe(i) for i, name in enumerate(names)}
    plain = safely_named(frame)
    columns = design_columns(plain, [places[name] for name in covariates], levels)
    design = [DESIGN.format(k) for k in range(len(columns))]
    if columns:
        plain = plain.with_columns(*(c.alias(name) for c, name in zip(columns, design, strict=True)))
        plain = plain.rename({places[name]: name for name in names})
        frame = plain
    table = LazyTable(frame, features + design, keys)
    moments = table.summarise(Moments, grouped=True)
    n_features, n_columns, n_groups = len(features), len(design), len(moments.count)
    own = Moments(*(part[:, :n_features] for part in moments._parts()))
    if not design:
        return CrossMoments(own, *_nothing(n_groups, n_features)), table.index
    count, n_rows = own.count, moments.count[:, n_features:]
    found = _products(table, moments.mean, n_features, n_columns, (count < n_rows[:, :1]).any(axis=0))
    z_mean, square = moments.mean[:, None, n_features:], found["square"][:, None]
    gaps = np.flatnonzero((count < n_rows[:, :1]).any(axis=0))
    if len(gaps):
        z_mean, square = (np.repeat(part, n_features, axis=1) for part in (z_mean, square))
        n = count[:, gaps, None]
        offset = np.divide(found["first"], n, out=np.zeros(found["first"].shape), where=n > 0)
        z_mean[:, gaps] = np.where(n > 0, z_mean[:, gaps] + offset, 0.0)
        square[:, gaps] = found["own_square"] - found["first"][..., :, None] * offset[..., None, :]
    return CrossMoments(own, z_mean, square, found["cross"]), table.index


def _products(table, mean, n_features, n_columns, has_gaps):
    """Return the sums of products of deviations, ``{name: array}``, asked in one query."""
    frame = table.derive(True, lambda x, o: {"x": x - o}, o=mean)
    z = [nw.col(f"x{n_features + k}") for k in range(n_columns)]
    pairs = [(k, m) for k in range(n_columns) for m in range(k + 1)]
    gaps = np.flatnonzero(has_gaps).tolist()
    made = {f"s_{k}_{m}": z[k] * z[m] for k, m in pairs}
    made |= {f"c_{j}_{k}": nw.col(f"x{j}") * z[k] for j in range(n_features) for k in range(n_columns)}
    for j in gaps:
        there = ~nw.col(f"x{j}").is_null()
        made |= {f"f_{j}_{k}": nw.when(there).then(z[k]) for k in range(n_columns)}
        made |= {f"g_{j}_{k}_{m}": nw.when(there).then(z[k] * z[m]) for k, m in pairs}
    frame = frame.select(*table.keys, *(value.alias(name) for name, value in made.items()))
    sums = table.collect_groups(frame, {f"sum_{name}": (name, SUM) for name in made})
    value = {name: np.nan_to_num(sums[f"sum_{name}"]) for name in made}

    def each(prefix, which=(None,)):
        """Return the numbers of one kind, of shape (n_groups, len(which), n_columns)."""
        heads = [prefix if j is None else f"{prefix}_{j}" for j in which]
        of = [[value[f"{head}_{k}"] for k in range(n_columns)] for head in heads]
        return np.moveaxis(np.array(of).reshape(len(heads), n_columns, len(mean)), 2, 0)

    def pairwise(prefix, which=(None,)):
        found = np.empty((len(mean), len(which), n_columns, n_columns))
        for i, j in enumerate(which):
            head = prefix if j is None else f"{prefix}_{j}"
            for k, m in pairs:
                found[:, i, k, m] = found[:, i, m, k] = value[f"{head}_{k}_{m}"]
        return found

    return {
        "cross": each("c", range(n_features)),
        "square": pairwise("s")[:, 0],
        "first": each("f", gaps),
        "own_square": pairwise("g", gaps),
    }


def _nothing(n_groups, n_features):
    empty = CrossMoments.empty(n_groups, n_features)
    return empty.z_mean, empty.square, empty.cross
