"""narwhals expressions as a language of formulas: for Polars, DuckDB, Spark and Dask.

Functions that engines lack, or have with fewer digits, are made of those that they have. Every use of an
argument repeats it in the query, so an argument should be a column: that is what a formula's ``yield`` makes.
"""

import math
from types import SimpleNamespace

import narwhals.stable.v2 as nw

from skprep.maps.composed import Composed, in_stages, value_of

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
        running[j] = formula_of.formula(x, SimpleNamespace(**given), Functions(), undo)
    made = []

    def put(stage, values):
        nonlocal frame
        names = {j: VALUE.format(stage, j) for j in values}
        frame = frame.with_columns(*(value.alias(names[j]) for j, value in values.items()))
        made.extend(names.values())
        return {j: nw.col(name) for j, name in names.items()}

    results = in_stages(running, put)
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


class Functions(Composed):
    """The functions of a formula, for expressions."""

    @staticmethod
    def where(condition, then, otherwise):
        """Choose by ``condition``; a branch may be a function, which is called where it is needed."""
        if isinstance(condition, bool):
            return value_of(then if condition else otherwise)
        then = value_of(then)
        return (
            nw.when(condition)
            .then(nw.lit(then) if isinstance(then, float) else then)
            .otherwise(value_of(otherwise))
        )

    @staticmethod
    def isnan(x):
        """Say where x is NaN."""
        return x.is_nan()

    @staticmethod
    def sqrt(x):
        """Take the square root."""
        return x.sqrt()

    @staticmethod
    def log(x, base):
        """Take the logarithm to a base, ``"e"``, 2 or 10."""
        return x.log() if base == "e" else x.log(float(base))

    @staticmethod
    def exp(x, base):
        """Take the power of a base."""
        return x.exp() if base == "e" else (x * math.log(base)).exp()
