"""Covariates of ComBat as the columns of a design, in a query."""

from sqlglot import exp

from skprep.export.clauses import Functions, Term, column, double, number
from skprep.export.joining import ROWS, kind_of, literal
from skprep.export.names import checked
from skprep.kernels.splines import Spline


def design_of(fitted, dialect, number_of):
    """Return the columns of the design, by name; of a level 1 or 0, of an unknown one NULL.

    ``number_of(name)`` gives a column as float64.
    """
    if fitted.model is None:
        return {}
    made, k, model = {}, 0, fitted.model
    for name, levels in zip(fitted.covariate_names, model.levels, strict=True):
        column_of = column(checked(name), ROWS)
        if levels is None:
            own = [number_of(name)]
        elif isinstance(levels, Spline):
            own = _curve(dialect, Term(number_of(name)), levels)
        else:
            own = _indicators(column_of, list(levels.keys), name, dialect)
        for sql in own:
            made[f"skprep_z_{k}"] = sql
            k += 1
    return made


def _indicators(key, keys, name, dialect):
    kind = kind_of(keys, name, dialect)
    literals = [literal(level, kind) for level in keys]
    if kind == "text" and dialect == "sqlite":
        key = exp.Collate(this=key, expression=exp.Var(this="BINARY"))
    made = []
    for own in literals:
        is_it = exp.EQ(this=key.copy(), expression=own.copy())
        known = exp.In(this=key.copy(), expressions=[other.copy() for other in literals])
        branches = [exp.If(this=is_it, true=number(1.0)), exp.If(this=known, true=number(0.0))]
        made.append(double(exp.Case(ifs=branches)))
    return made


def _curve(dialect, x, spline):
    """Return the columns of a basis of splines."""
    starts, coefficients = spline.pieces()
    f = Functions(dialect)
    return [f.piecewise(x, spline.bounds, starts, cubics).sql for cubics in coefficients.tolist()]
