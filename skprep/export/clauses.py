"""Expressions of SQL as a language of formulas, written by sqlglot.

Numbers are spelt with an exponent, which engines read as float64; NaN is NULL, the missing value of SQL.
"""

import math

from sqlglot import exp

from skprep.maps.composed import Composed, value_of

HAVE_LOG2 = ("duckdb", "sqlite", "spark", "databricks", "mysql", "clickhouse")
HAVE_LOG10 = (*HAVE_LOG2, "postgres", "bigquery")


class Term:
    """An expression with the operators of Python."""

    def __init__(self, sql):
        self.sql = sql

    def _with(self, kind, other):
        return Term(kind(this=_inner(self.sql), expression=_inner(sql_of(other))))

    def _after(self, kind, other):
        return Term(kind(this=_inner(sql_of(other)), expression=_inner(self.sql)))

    def __add__(self, other):
        return self._with(exp.Add, other)

    def __radd__(self, other):
        return self._after(exp.Add, other)

    def __sub__(self, other):
        return self._with(exp.Sub, other)

    def __rsub__(self, other):
        return self._after(exp.Sub, other)

    def __mul__(self, other):
        return self._with(exp.Mul, other)

    def __rmul__(self, other):
        return self._after(exp.Mul, other)

    def __truediv__(self, other):
        return Term(exp.Div(this=_inner(self.sql), expression=_inner(sql_of(other)), typed=True, safe=False))

    def __rtruediv__(self, other):
        return Term(sql_of(other)) / self

    def __neg__(self):
        return Term(exp.Neg(this=_inner(self.sql)))

    def __lt__(self, other):
        return self._with(exp.LT, other)

    def __le__(self, other):
        return self._with(exp.LTE, other)

    def __gt__(self, other):
        return self._with(exp.GT, other)

    def __ge__(self, other):
        return self._with(exp.GTE, other)

    def __eq__(self, other):
        return self._with(exp.EQ, other)

    def __ne__(self, other):
        return self._with(exp.NEQ, other)

    def __and__(self, other):
        return self._with(exp.And, other)

    def __or__(self, other):
        return self._with(exp.Or, other)

    def __invert__(self):
        return Term(exp.Not(this=_inner(self.sql)))

    __hash__ = None  # type: ignore[assignment]


def _inner(sql):
    """Return an expression as a part of another one, in parentheses where it needs them."""
    return exp.Paren(this=sql) if isinstance(sql, exp.Binary | exp.Connector | exp.Not | exp.Neg) else sql


def sql_of(value):
    """Return a term, or a number, as an expression of sqlglot."""
    return value.sql if isinstance(value, Term) else number(value)


def number(value):
    """Return a number with all its digits, as float64."""
    text = spelt(value)
    if text == "NULL":
        return exp.Null()
    literal = exp.Literal.number(text.lstrip("-"))
    return exp.Neg(this=literal) if text.startswith("-") else literal


def spelt(value):
    """Return a number as it is written in every dialect.

    Examples
    --------
    >>> spelt(1000000.25), spelt(1e-320), spelt(float("nan"))
    ('1000000.25e0', '1e-320', 'NULL')
    """
    value = float(value)
    if math.isnan(value):
        return "NULL"
    if math.isinf(value):
        raise ValueError(
            "Numbers in a query must be finite; received an infinite parameter. Leave out what is "
            "infinite in fit."
        )
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def column(name, table=None):
    """Return a column by its name, quoted."""
    return exp.column(quoted(name), table=None if table is None else quoted(table))


def quoted(name):
    """Return a name as a quoted identifier."""
    return exp.Identifier(this=name, quoted=True)


def double(sql):
    """Return an expression as float64."""
    return exp.Cast(this=sql, to=exp.DataType.build("double"))


class Functions(Composed):
    """The functions of a formula, for one dialect of SQL."""

    def __init__(self, dialect):
        self.dialect = dialect

    def where(self, condition, then, otherwise):
        """Choose by ``condition``; a branch may be a function, which is called where it is needed."""
        if isinstance(condition, bool):
            return value_of(then if condition else otherwise)
        branch = exp.If(this=condition.sql, true=sql_of(value_of(then)))
        return Term(exp.Case(ifs=[branch], default=sql_of(value_of(otherwise))))

    def isnan(self, x):
        """Say where x is NaN, which is equal to itself in engines that have it; SQLite has none."""
        if self.dialect == "sqlite":
            return Term(exp.false())
        return Term(exp.EQ(this=_inner(x.sql), expression=double(exp.Literal.string("NaN"))))

    def sqrt(self, x):
        """Take the square root."""
        return Term(exp.Sqrt(this=x.sql))

    def log(self, x, base):
        """Take the logarithm to a base, ``"e"``, 2 or 10."""
        if base in (2, 10) and self.dialect in (HAVE_LOG2 if base == 2 else HAVE_LOG10):
            return Term(exp.Anonymous(this=f"LOG{base}", expressions=[x.sql]))
        ln = Term(exp.Ln(this=x.sql))
        return ln if base == "e" else ln / math.log(base)

    def exp(self, x, base):
        """Take the power of a base."""
        return (
            Term(exp.Exp(this=x.sql)) if base == "e" else Term(exp.Pow(this=number(base), expression=x.sql))
        )
