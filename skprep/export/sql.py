"""Queries that scale: rows joined with the parameters of their groups, formulas on top."""

import datetime
import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from skprep.export.clauses import Functions, Term, column, double, number, quoted, spelt, sql_of
from skprep.kernels.splines import Spline
from skprep.maps.composed import in_stages

ROWS, GROUPS = "skprep_rows", "skprep_groups"
CASE_SENSITIVE = ("postgres", "snowflake", "oracle")
READ_JSON, MANY = ("spark", "databricks"), 2000
READ_AS_DOUBLE = ("duckdb", "sqlite", "spark", "databricks")  # what 1e0 is there
REPLACES = ("duckdb",)  # has SELECT * REPLACE, so that columns nobody named are kept in their place


def written(fitted, table, dialect, columns):
    """Return the query for a fitted scaler."""
    _check(fitted)
    return Query(fitted, _parts(table), _dialect(dialect), columns).text()


def _dialect(name):
    try:
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError("not a name")
        Dialect.get_or_raise(name.lower())
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"dialect must be one that sqlglot knows; received {name!r} ({error}). Tested are 'duckdb', "
            "'sqlite', 'postgres' and 'spark'."
        ) from None
    return name.lower()


def _check(fitted):
    if fitted.names is None:
        raise ValueError(
            f"The columns of a table are found by name; {fitted.owner} was fitted on columns that have none, "
            "or names that are no text. Fit it on a frame with names."
        )
    if fitted.index is not None and not fitted.keys:
        raise ValueError(
            "In SQL the key must be a column; received a GroupScaler with by=None. Name the key column, "
            'GroupScaler(..., by="device").'
        )


def _parts(table):
    parts = [table] if isinstance(table, str) else table
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 3:
        raise ValueError(
            f"table must be a name, or up to three of them (catalog, schema, table); received {table!r}. For "
            "example "
            '("main", "scans").'
        )
    return [_name(part) for part in parts]


def _name(name):
    """Refuse what no engine takes for a name."""
    if not isinstance(name, str) or not name or not _is_text(name) or name.lower().startswith("skprep_"):
        raise ValueError(
            "The name of a table or column must be text without null characters that does not begin with "
            f"skprep_; received {name!r}. Rename it."
        )
    return name


def _is_text(text):
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return "\0" not in text


class Query:
    """The query of one scaler for one table."""

    def __init__(self, fitted, table, dialect, columns):
        self.fitted, self.table, self.dialect = fitted, table, dialect
        self.features = [_name(name) for name in fitted.feature_names]
        self.kept = self._kept(columns)
        self._check_letters(fitted.names if self.kept is None else self.kept)
        self.functions = Functions(dialect)
        self.generator = Dialect.get_or_raise(dialect).generator()

    def _kept(self, columns):
        """Return the names of the columns to return; None: all that the table has."""
        if isinstance(columns, str):
            if columns != "all":
                raise ValueError(
                    f'columns must be "all" or a list of names; received {columns!r}. Pass ["{columns}"].'
                )
            return None if self.dialect in REPLACES else [_name(name) for name in self.fitted.names]
        if not isinstance(columns, list | tuple | np.ndarray | pd.Index):
            raise ValueError(
                f'columns must be "all" or a list of names; received {columns!r}. For example ["age"].'
            )
        kept = [_name(str(name) if isinstance(name, np.str_) else name) for name in columns]
        if not kept or len(set(kept)) < len(kept):
            raise ValueError(
                f"columns must be different names, one at least; received {kept!r}. Name each once."
            )
        return kept

    def _check_letters(self, names):
        """Refuse names that most engines do not tell apart."""
        known = {name.lower(): name for name in self.features}
        for name in names:
            twin = known.setdefault(name.lower(), name)
            if twin != name and self.dialect not in CASE_SENSITIVE:
                raise ValueError(
                    f"Column names must differ by more than upper and lower case in {self.dialect}; received "
                    f"{twin!r} and {name!r}. Rename one of them."
                )

    def text(self):
        """Return the query."""
        returned = [j for j, name in enumerate(self.features) if self.kept is None or name in self.kept]
        try:
            results = in_stages({j: self._formula(j) for j in returned}, _refuse_stages)
            select = self._outer(self._joined(), ROWS, results, ())
        except NeedsStages:
            select = self._staged(returned)
        written = select.sql(dialect=self.dialect, pretty=self._is_printable(), comments=False)
        return self._parameter_table() + written

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
            pooled = SimpleNamespace(**_row(fitted.pooled, 0, j))
            z = yield from fitted.pooled.formula(z, pooled, self.functions, undo=True)
        return z

    def _number(self, name):
        value = column(_name(name), ROWS)
        if self.dialect == "sqlite":  # where a column of numbers may hold text, which CAST makes 0
            kind = exp.Anonymous(this="TYPEOF", expressions=[value])
            numbers = exp.In(this=kind, expressions=[exp.Literal.string(k) for k in ("integer", "real")])
            value = exp.Case(ifs=[exp.If(this=numbers, true=value.copy())])
        return double(value)

    def _parameters(self, j, staged):
        if self.fitted.index is None:
            return SimpleNamespace(**_row(self.fitted.learnt, 0, j))
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
        design = self._design()
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
        return self._outer(_from(inner), ROWS, results, hidden)

    def _with_columns(self, source, made, first=False):
        """Return a query of all columns of a source, and of ``made``."""
        every = [exp.Column(this=exp.Star(), table=quoted(ROWS))]
        if first and self.kept is not None:
            every = [column(name, ROWS) for name in self.kept]
        own = [exp.Alias(this=sql, alias=quoted(name)) for name, sql in made.items()]
        return exp.Select(expressions=[*every, *own], **source)

    def _outer(self, source, alias, results, hidden):
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
            selected = [exp.Column(this=star, table=quoted(alias))]
        else:
            selected = [scaled.get(name) or column(name, alias) for name in self.kept]
        return exp.Select(expressions=selected, **source)

    def _joined(self):
        """Return the clauses FROM and JOIN: the rows, with the parameters of their groups."""
        catalog = [quoted(part) for part in self.table]
        names = dict(zip(("this", "db", "catalog"), reversed(catalog), strict=False))
        rows = exp.Table(**names, alias=exp.TableAlias(this=quoted(ROWS)))
        clauses = {"from_": exp.From(this=rows)}
        if self.fitted.index is not None:
            table = exp.Table(this=quoted(GROUPS))
            clauses["joins"] = [exp.Join(this=table, side="LEFT", on=self._on())]
        return clauses

    def _keys(self):
        """Return for each key column its values in the groups, and their kind."""
        keys = self.fitted.index.keys
        parts = [key if len(self.fitted.keys) > 1 else (key,) for key in keys]
        columns = [[part[i] for part in parts] for i in range(len(self.fitted.keys))]
        return [
            (name, own, _kind(own, name, self.dialect))
            for name, own in zip(self.fitted.key_names, columns, strict=True)
        ]

    def _on(self):
        """Return the condition of the join: keys are equal, or missing on both sides.

        As equalities of what is never NULL, for which every engine builds a hash table.
        """
        conditions = []
        for i, (name, own, kind) in enumerate(self._keys()):
            key, theirs = column(_name(name), ROWS), column(f"key_{i}", GROUPS)
            if None in own:
                gone = self._is_missing(key, kind)
                neutral = _literal(NEUTRAL[kind], kind)
                key = exp.Case(ifs=[exp.If(this=gone, true=neutral)], default=key)
                mark = exp.Case(
                    ifs=[exp.If(this=gone.copy(), true=exp.Literal.number(1))], default=exp.Literal.number(0)
                )
                conditions.append(exp.EQ(this=mark, expression=column(f"missing_{i}", GROUPS)))
            if self.dialect == "sqlite":
                # An expression has neither affinity nor collation of the column: else it would build no
                # index, and
                # might take two letters for one.
                key = exp.Coalesce(this=key, expressions=[exp.Null()])
            conditions.append(exp.EQ(this=key, expression=theirs))
        return exp.and_(*conditions)

    def _is_missing(self, key, kind):
        gone = exp.Is(this=key, expression=exp.Null())
        if kind == "number" and self.dialect != "sqlite":
            is_nan = exp.EQ(this=double(key.copy()), expression=double(exp.Literal.string("NaN")))
            return exp.Or(this=gone, expression=is_nan)
        return gone

    def _parameter_table(self):
        """Return the table of parameters that stands in front of the query; it may have many lines."""
        if self.fitted.index is None:
            return ""
        columns = {}
        for i, (_, own, kind) in enumerate(self._keys()):
            columns[f"key_{i}"] = kind, [NEUTRAL[kind] if key is None else key for key in own]
            if None in own:
                columns[f"missing_{i}"] = "number", [int(key is None) for key in own]
        n_groups = len(self.fitted.index)
        for name, values in self.fitted.learnt.arrays().items():
            for j in range(0 if values is None else values.shape[1]):
                columns[f"{name}_{j}"] = "double", values[:n_groups, j].tolist()
        if self.dialect in READ_JSON and n_groups > MANY:
            return f"WITH {self._spelt(quoted(GROUPS))} AS ({self._as_json(columns)})\n"
        head = ", ".join(self._spelt(quoted(name)) for name in columns)
        written = [
            list(map(spelt, values)) if kind == "double" else [self._spelt(_literal(v, kind)) for v in values]
            for kind, values in columns.values()
        ]
        rows = ",\n".join(f"  ({', '.join(row)})" for row in zip(*written, strict=True))
        return f"WITH {self._spelt(quoted(GROUPS))}({head}) AS (VALUES\n{rows})\n"

    def _as_json(self, columns):
        """Return the table of many groups as one text: so many VALUES fill the memory of Spark's parser."""
        kinds = {"double": "double", "text": "string", "boolean": "boolean", "time": "string"}
        types, written, selected = [], [], []
        for name, (kind, values) in columns.items():
            whole = kind == "number" and not any(isinstance(v, float) for v in values)
            types.append(f"{name}:{'bigint' if whole else kinds.get(kind, 'double')}")
            values = [v.isoformat(sep=" ") for v in values] if kind == "time" else values
            written.append([None if isinstance(v, float) and math.isnan(v) else v for v in values])
            own = column(name)
            own = exp.Cast(this=own, to=exp.DataType.build("timestamp")) if kind == "time" else own
            selected.append(self._spelt(exp.Alias(this=own, alias=quoted(name))))
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*written, strict=True)]
        text = self._spelt(exp.Literal.string(json.dumps(rows)))
        rows = f"INLINE(FROM_JSON({text}, 'ARRAY<STRUCT<{', '.join(types)}>>'))"
        return f"SELECT {', '.join(selected)} FROM (SELECT {rows})"

    def _spelt(self, sql):
        return self.generator.generate(sql, copy=False)

    def _design(self):
        """Return the columns of the design, by name; of a level 1 or 0, of an unknown one NULL."""
        if self.fitted.model is None:
            return {}
        made, k, model = {}, 0, self.fitted.model
        for name, levels in zip(self.fitted.covariate_names, model.levels, strict=True):
            column_of = column(_name(name), ROWS)
            if levels is None:
                own = [self._number(name)]
            elif isinstance(levels, Spline):
                own = self._curve(Term(self._number(name)), levels)
            else:
                own = self._indicators(column_of, list(levels.keys), name)
            for sql in own:
                made[f"skprep_z_{k}"] = sql
                k += 1
        return made

    def _indicators(self, key, keys, name):
        kind = _kind(keys, name, self.dialect)
        literals = [_literal(level, kind) for level in keys]
        if kind == "text" and self.dialect == "sqlite":
            key = exp.Collate(this=key, expression=exp.Var(this="BINARY"))
        made = []
        for literal in literals:
            is_it = exp.EQ(this=key.copy(), expression=literal.copy())
            known = exp.In(this=key.copy(), expressions=[other.copy() for other in literals])
            branches = [exp.If(this=is_it, true=number(1.0)), exp.If(this=known, true=number(0.0))]
            made.append(double(exp.Case(ifs=branches)))
        return made

    def _curve(self, x, spline):
        """Return the columns of a basis of splines: a cubic for each piece."""
        f, (low, high) = self.functions, spline.bounds
        x = f.where(x < low, low, f.where(x > high, high, x))
        starts, coefficients = spline.pieces()
        made = []
        for of_column in coefficients:
            value = None
            for start, (a, b, c, d) in zip(starts, of_column.tolist(), strict=True):
                u = x - float(start)
                piece = ((u * a + b) * u + c) * u + d
                value = piece if value is None else f.where(x >= float(start), piece, value)
            made.append(value.sql)
        return made

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


def _row(learnt, group, j):
    return {name: None if v is None else float(v[group, j]) for name, v in learnt.arrays().items()}


NEUTRAL = {"text": "", "number": 0, "boolean": False, "time": pd.Timestamp(0)}


def _kind(keys, name, dialect):
    """Return what the keys of a column are; refuse what no column of a table is, or not alike everywhere."""
    present = [key for key in keys if key is not None]
    kinds = {next((kind for kind, test in TESTS.items() if test(key)), None) for key in present} or {"text"}
    if kinds == {"boolean", "number"}:
        kinds = {"number"}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or (kind == "time" and dialect == "sqlite"):
        shown = ", ".join(repr(key) for key in present[:5])
        raise ValueError(
            "A key column in SQL holds text without null characters, numbers, booleans or (not in SQLite) "
            f"dates and times of whole microseconds, and one of these only; received in {name!r}: {shown}. "
            "Cast the column to text before fit."
        )
    return kind


TESTS = {
    "text": lambda key: isinstance(key, str) and _is_text(key),
    "boolean": lambda key: isinstance(key, bool),
    "number": lambda key: (
        (isinstance(key, float) and math.isfinite(key)) or (isinstance(key, int) and -(2**63) <= key < 2**63)
    ),
    "time": lambda key: isinstance(key, datetime.date) and pd.Timestamp(key).nanosecond == 0,
}


def _literal(key, kind):
    """Return a key as a literal."""
    if kind == "text":
        return exp.Literal.string(key)
    if kind == "boolean":
        return exp.Boolean(this=bool(key))
    if kind == "time":
        return exp.Cast(
            this=exp.Literal.string(pd.Timestamp(key).isoformat(sep=" ")), to=exp.DataType.build("timestamp")
        )
    if isinstance(key, float):
        return number(key)
    literal = exp.Literal.number(abs(int(key)))
    return exp.Neg(this=literal) if key < 0 else literal
