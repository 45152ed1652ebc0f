"""The parameters of groups as a table in a query, and the condition that joins it to the rows."""

import datetime
import json
import math

import pandas as pd
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from skprep.export.clauses import column, double, number, quoted, spelt
from skprep.export.names import checked, is_text

ROWS, GROUPS = "skprep_rows", "skprep_groups"
READ_JSON, MANY = ("spark", "databricks"), 2000


class Joined:
    """The groups of a fitted scaler, for one dialect."""

    def __init__(self, fitted, dialect):
        self.fitted, self.dialect = fitted, dialect
        self.generator = Dialect.get_or_raise(dialect).generator()

    def _keys(self):
        """Return for each key column its values in the groups, and their kind."""
        keys = self.fitted.index.keys
        parts = [key if len(self.fitted.keys) > 1 else (key,) for key in keys]
        columns = [[part[i] for part in parts] for i in range(len(self.fitted.keys))]
        return [
            (name, own, kind_of(own, name, self.dialect))
            for name, own in zip(self.fitted.key_names, columns, strict=True)
        ]

    def on(self):
        """Return the condition of the join: keys are equal, or missing on both sides.

        As equalities of what is never NULL, for which every engine builds a hash table.
        """
        conditions = []
        for i, (name, own, kind) in enumerate(self._keys()):
            key, theirs = column(checked(name), ROWS), column(f"key_{i}", GROUPS)
            if None in own:
                gone = self._is_missing(key, kind)
                neutral = literal(NEUTRAL[kind], kind)
                key = exp.Case(ifs=[exp.If(this=gone, true=neutral)], default=key)
                mark = exp.Case(
                    ifs=[exp.If(this=gone.copy(), true=exp.Literal.number(1))], default=exp.Literal.number(0)
                )
                conditions.append(exp.EQ(this=mark, expression=column(f"missing_{i}", GROUPS)))
            if self.dialect == "sqlite":
                # An expression has neither affinity nor collation of the column: with those it would
                # build no index, and might take two letters for one.
                key = exp.Coalesce(this=key, expressions=[exp.Null()])
            conditions.append(exp.EQ(this=key, expression=theirs))
        return exp.and_(*conditions)

    def _is_missing(self, key, kind):
        gone = exp.Is(this=key, expression=exp.Null())
        if kind == "number" and self.dialect != "sqlite":
            is_nan = exp.EQ(this=double(key.copy()), expression=double(exp.Literal.string("NaN")))
            return exp.Or(this=gone, expression=is_nan)
        return gone

    def table(self):
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
            list(map(spelt, values)) if kind == "double" else [self._spelt(literal(v, kind)) for v in values]
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
            if kind == "double":
                values = [None if spelt(v) == "NULL" else v for v in values]
            written.append(values)
            own = column(name)
            own = exp.Cast(this=own, to=exp.DataType.build("timestamp")) if kind == "time" else own
            selected.append(self._spelt(exp.Alias(this=own, alias=quoted(name))))
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*written, strict=True)]
        text = self._spelt(exp.Literal.string(json.dumps(rows)))
        rows = f"INLINE(FROM_JSON({text}, 'ARRAY<STRUCT<{', '.join(types)}>>'))"
        return f"SELECT {', '.join(selected)} FROM (SELECT {rows})"

    def _spelt(self, sql):
        return self.generator.generate(sql, copy=False)


NEUTRAL = {"text": "", "number": 0, "boolean": False, "time": pd.Timestamp(0)}


def kind_of(keys, name, dialect):
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
    "text": lambda key: isinstance(key, str) and is_text(key),
    "boolean": lambda key: isinstance(key, bool),
    "number": lambda key: (
        (isinstance(key, float) and math.isfinite(key)) or (isinstance(key, int) and -(2**63) <= key < 2**63)
    ),
    "time": lambda key: isinstance(key, datetime.date) and pd.Timestamp(key).nanosecond == 0,
}


def literal(key, kind):
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
    size = exp.Literal.number(abs(int(key)))
    return exp.Neg(this=size) if key < 0 else size
