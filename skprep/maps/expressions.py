"""narwhals expressions as a language of formulas: for Polars, DuckDB, Spark and Dask.

Functions that engines lack, or have with fewer digits, are made of those that they have. Every use of an
argument repeats it in the query, so an argument should be a column: that is what a formula's ``yield`` makes.
"""

import math
from types import SimpleNamespace

import narwhals.stable.v2 as nw

VALUE = "skprep_value_{}_{}"  # the columns of intermediate values


def transform_columns(frame, columns, formula_of, parameters, undo=False, narrow=()):
    """Return a lazy frame with the formula of a map done to some columns, as float64.

    Parameters
    ----------
    frame : narwhals LazyFrame
    columns : list of str
    formula_of : Map
    parameters : callable
        Gives the parameters of column number j as ``{name: float, expression or None}``.
    undo : bool, default=False
    narrow : collection of str, default=()
        Columns whose results are rounded to float32.
    """
    schema = frame.collect_schema()
    running = {}
    for j, name in enumerate(columns):
        x = nw.col(name) if schema[name] == nw.Float64 else nw.col(name).cast(nw.Float64)
        given = _as_divisors(parameters(j), formula_of.divisors, x) if _is_polars(frame) else parameters(j)
        running[j] = formula_of.formula(x, SimpleNamespace(**given), Functions, undo)
    results, sent, stage, made = {}, dict.fromkeys(running), 0, []
    while running:  # all columns at once: one query for each intermediate value
        named = []
        for j in list(running):
            try:
                value = running[j].send(sent[j])
                named.append(value.alias(VALUE.format(stage, j)))
                sent[j] = nw.col(VALUE.format(stage, j))
            except StopIteration as end:
                results[j] = end.value
                del running[j]
        made += [VALUE.format(stage, j) for j in running]
        frame = frame.with_columns(*named) if named else frame
        stage += 1
    final = [
        (results[j].cast(nw.Float32) if name in narrow else results[j]).alias(name)
        for j, name in enumerate(columns)
    ]
    frame = frame.with_columns(*final)
    return frame.drop(*made) if made else frame


def _is_polars(frame):
    return frame.implementation.is_polars()


def _as_divisors(parameters, divisors, x):
    """Return parameters that Polars divides by: by a literal it would multiply with its rounded inverse."""
    for name in divisors:
        number = parameters.get(name)
        if isinstance(number, float):
            column = nw.when(x.is_finite()).then(x * 0.0 + number).otherwise(number)
            parameters = {**parameters, name: column}
    return parameters


def float32_columns(frame, columns):
    """Return the columns of float32."""
    schema = frame.collect_schema()
    return {name for name in columns if schema[name] == nw.Float32}


class Functions:
    """The functions of a formula, for expressions."""

    @staticmethod
    def where(condition, then, otherwise):
        """Choose by ``condition``; a branch may be a function, which is called where it is needed."""
        if isinstance(condition, bool):
            return _value(then if condition else otherwise)
        then = _value(then)
        return (
            nw.when(condition)
            .then(nw.lit(then) if isinstance(then, float) else then)
            .otherwise(_value(otherwise))
        )

    @staticmethod
    def isnan(x):
        """Say where x is NaN."""
        return x.is_nan()

    @staticmethod
    def clip(x, low, high):
        """Keep x within bounds; NaN stays NaN, which some engines hold for the largest number."""
        present = ~x.is_nan()
        below = nw.when(present & (x < low)).then(nw.lit(low)).otherwise(x)
        return nw.when(present & (x > high)).then(nw.lit(high)).otherwise(below)

    @staticmethod
    def abs(x):
        """Drop the sign."""
        return nw.when(x < 0.0).then(-x).otherwise(x)

    @staticmethod
    def copysign(size, x):
        """Give a size the sign of x."""
        return nw.when(x < 0.0).then(-size).otherwise(size)

    @staticmethod
    def log(x, base):
        """Take the logarithm to a base, ``"e"``, 2 or 10."""
        return x.log() if base == "e" else x.log(float(base))

    @staticmethod
    def exp(x, base):
        """Take the power of a base."""
        return x.exp() if base == "e" else (x * math.log(base)).exp()

    @staticmethod
    def log1p(x):
        """``log(1 + x)``, right near 0: Kahan's way (Goldberg 1991, ACM Comput. Surv. 23(1), theorem 4)."""
        near = 1.0 + x
        exact = near - 1.0
        safe = nw.when(exact == 0.0).then(nw.lit(1.0)).otherwise(exact)
        return nw.when((exact == 0.0) | x.is_nan()).then(x).otherwise(near.log() * (x / safe))

    @staticmethod
    def expm1(x):
        """``exp(x) - 1``, right near 0: Kahan's twin of :meth:`log1p`."""
        near = x.exp()
        exact = near - 1.0
        small = (x > -0.5) & (x < 0.5) & (near != 1.0)
        safe = nw.when(small).then(near).otherwise(nw.lit(2.0))
        slope = nw.when(near == 1.0).then(x).otherwise(exact)
        return nw.when(small).then(exact * (x / safe.log())).otherwise(slope)

    @staticmethod
    def arcsinh(x):
        """Take the area hyperbolic sine, by ``log1p``, right near 0 and far from it."""
        size = yield Functions.abs(x)
        near = size + size * size / (1.0 + (1.0 + size * size).sqrt())
        u = yield nw.when(size > 1e8).then(2.0 * size - 1.0).otherwise(near)
        return Functions.copysign(Functions.log1p(u), x)

    @staticmethod
    def sinh(x):
        """Take the hyperbolic sine, by ``expm1``."""
        size = yield Functions.abs(x)
        u = yield Functions.expm1(size)
        return Functions.copysign(0.5 * (u + u / (u + 1.0)), x)


def _value(branch):
    return branch() if callable(branch) else branch
