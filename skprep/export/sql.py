"""Queries that scale: rows joined with the parameters of their groups, formulas on top."""

from types import SimpleNamespace

import numpy as np
from sqlglot import exp

from skprep.backends.lazy import check_keys_are_columns, constants
from skprep.export.clauses import Functions, Term, column, double, number, quoted, sql_of
from skprep.export.design import design_of
from skprep.export.joining import GROUPS, ROWS, Joined
from skprep.export.names import check_letters, checked, dialect_of, kept_of, table_of
from skprep.maps.composed import in_stages

READ_AS_DOUBLE = ("duckdb", "sqlite", "spark", "databricks")  # what 1e0 is there


def written(fitted, table, dialect, columns):
    """Return the query for a fitted scaler."""
    _check(fitted)
    return Query(fitted, table_of(table), dialect_of(dialect), columns).text()


def _check(fitted):
    if fitted.names is None:
        raise ValueError(
            f"The columns of a table are found by name; {fitted.owner} was fitted on columns that have none, "
            "or names that are no text. Fit it on a frame with names."
        )
    check_keys_are_columns(fitted, "In SQL")


class Query:
    """The query of one scaler for one table."""

    def __init__(self, fitted, table, dialect, columns):
        self.fitted, self.table, self.dialect = fitted, table, dialect
        self.features = [checked(name) for name in fitted.feature_names]
        self.kept = kept_of(columns, fitted, dialect)
        check_letters(fitted.names if self.kept is None else self.kept, self.features, dialect)
        self.joined = Joined(fitted, dialect)
        self.functions = Functions(dialect)

    def text(self):
        """Return the query."""
        returned = [j for j, name in enumerate(self.features) if self.kept is None or name in self.kept]
        try:
            results = in_stages({j: self._formula(j) for j in returned}, _refuse_stages)
            select = self._outer(self._joined(), results, ())
        except NeedsStages:
            select = self._staged(returned)
        pretty = self._is_printable()
        return self.joined.table() + select.sql(dialect=self.dialect, pretty=pretty, comments=False)

    def _is_printable(self):
        """Say whether names and levels have no line breaks, which a pretty printer might take for its own."""
        words = [*self.table, *(self.kept or ()), *map(str, self.fitted.names)]
        for levels in getattr(self.fitted.model, "levels", ()):
            words += map(str, getattr(levels, "keys", ()))
        return all(word.isprintable() for word in words)

    def _formula(self, j, staged=False):
        """Run the formula of feature j, on the joined tables or on columns of an inner query."""
        fitted, x = self.fitted, Term(column(f"skprep_x_{j}") if staged else self._number(self.features[j]))
        z = yield from fitted.learnt.formula(x, self._parameters(j, staged), self.functions)
        if fitted.pooled is not None:
            pooled = SimpleNamespace(**constants(fitted.pooled, 0)(j))
            z = yield from fitted.pooled.formula(z, pooled, self.functions, undo=True)
        return z

    def _number(self, name):
        value = column(checked(name), ROWS)
        if self.dialect == "sqlite":  # where a column of numbers may hold text, which CAST makes 0
            kind = exp.Anonymous(this="TYPEOF", expressions=[value])
            numbers = exp.In(this=kind, expressions=[exp.Literal.string(k) for k in ("integer", "real")])
            value = exp.Case(ifs=[exp.If(this=numbers, true=value.copy())])
        return double(value)

    def _parameters(self, j, staged):
        if self.fitted.index is None:
            return SimpleNamespace(**constants(self.fitted.learnt, 0)(j))
        own = {}
        for name, values in self.fitted.learnt.arrays().items():
            sql = column(f"skprep_{name}_{j}") if staged else self._parameter(name, j)
            own[name] = None if values is None else Term(sql)
        if self.fitted.model is not None:
            own["expected"] = Term(column(f"skprep_expected_{j}"))
        return SimpleNamespace(**own)

    def _parameter(self, name, j):
        """Return a parameter of the group of a row; of an unknown group the fallback, or NULL."""
        sql = column(f"{name}_{j}", GROUPS)
        fallback = self.fitted.learnt.arrays()[name][self.fitted.fallback, j]
        if not np.isnan(fallback):
            sql = exp.Coalesce(this=sql, expressions=[number(fallback)])
        return sql if self.dialect in READ_AS_DOUBLE else double(sql)

    def _staged(self, returned):
        """Return the query in which each intermediate value is a column of an inner query."""
        made = {f"skprep_x_{j}": self._number(self.features[j]) for j in returned}
        if self.fitted.index is not None:
            names = [n for n, v in self.fitted.learnt.arrays().items() if v is not None]
            made |= {f"skprep_{n}_{j}": self._parameter(n, j) for j in returned for n in names}
        design = design_of(self.fitted, self.dialect, self._number)
        made |= design
        inner = self._with_columns(self._joined(), made, first=True)
        hidden = list(made)
        if self.fitted.model is not None:
            own = {f"skprep_expected_{j}": self._expected(j, design) for j in returned}
            inner, hidden = self._with_columns(_from(inner), own), [*hidden, *own]

        def put(stage, values):
            nonlocal inner
            own = {f"skprep_value_{stage}_{j}": sql_of(v) for j, v in values.items()}
            inner = self._with_columns(_from(inner), own)
            hidden.extend(own)
            return {j: Term(column(name)) for j, name in zip(values, own, strict=True)}

        results = in_stages({j: self._formula(j, staged=True) for j in returned}, put)
        return self._outer(_from(inner), results, hidden)

    def _with_columns(self, source, made, first=False):
        """Return a query of all columns of a source, and of ``made``."""
        every = [exp.Column(this=exp.Star(), table=quoted(ROWS))]
        if first and self.kept is not None:
            every = [column(name, ROWS) for name in self.kept]
        own = [exp.Alias(this=sql, alias=quoted(name)) for name, sql in made.items()]
        return exp.Select(expressions=[*every, *own], **source)

    def _outer(self, source, results, hidden):
        """Return the query of the columns that are wanted, features scaled."""
        scaled = {
            self.features[j]: exp.Alias(this=sql_of(v), alias=quoted(self.features[j]))
            for j, v in results.items()
        }
        if self.kept is None:
            star = exp.Star(
                **({"except_": [quoted(name) for name in hidden]} if hidden else {}),
                replace=list(scaled.values()),
            )
            selected = [exp.Column(this=star, table=quoted(ROWS))]
        else:
            selected = [scaled.get(name) or column(name, ROWS) for name in self.kept]
        return exp.Select(expressions=selected, **source)

    def _joined(self):
        """Return the clauses FROM and JOIN: the rows, with the parameters of their groups."""
        catalog = [quoted(part) for part in self.table]
        names = dict(zip(("this", "db", "catalog"), reversed(catalog), strict=False))
        rows = exp.Table(**names, alias=exp.TableAlias(this=quoted(ROWS)))
        clauses = {"from_": exp.From(this=rows)}
        if self.fitted.index is not None:
            table = exp.Table(this=quoted(GROUPS))
            clauses["joins"] = [exp.Join(this=table, side="LEFT", on=self.joined.on())]
        return clauses

    def _expected(self, j, design):
        model = self.fitted.model
        whole = Term(number(model.center[j]))
        for k, name in enumerate(design):
            whole = whole + (Term(column(name)) - float(model.z_mean[k])) * float(model.coef[j, k])
        return whole.sql


class NeedsStages(Exception):
    """A formula has intermediate values, which are columns of inner queries."""


def _refuse_stages(stage, values):
    raise NeedsStages


def _from(query):
    return {"from_": exp.From(this=exp.Subquery(this=query, alias=exp.TableAlias(this=quoted(ROWS))))}
