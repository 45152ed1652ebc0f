"""The best pipeline as a few lines of Python, for people to go on from."""

import re
from pprint import pformat

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

WIDE = 88


def recipe(comparison, *, read, drop, target, key=None, numbers=(), categories=()):
    """Return Python that reads the table and fits the best pipeline, with its tuned parameters.

    Parameters
    ----------
    comparison : Comparison
    read : list of str
        The lines that make ``table``, with what they import in front.
    drop : list of str
        Columns of the table that are no features.
    target : str
    key : str, default=None
        Key column, where the best scaler goes by it.
    numbers : sequence of str
        The columns of numbers.
    categories : sequence of str, default=()
        The columns to encode.
    """
    columns, model = comparison.best_pipeline_.named_steps.values()
    chain = columns if isinstance(columns, Pipeline) else columns.transformers[0][1]
    scaler = chain.steps[0][1]
    parts = [] if isinstance(scaler, str) else [scaler]
    imports = _imports([*parts, model])
    imports |= {("sklearn.impute", "SimpleImputer"), ("sklearn.pipeline", "make_pipeline")}
    steps = [*map(spelt, parts), 'SimpleImputer(strategy="median")']
    if key is not None or categories:
        imports |= {("sklearn.compose", "make_column_transformer")}
        body = [f"numbers = make_pipeline({', '.join(steps)})", "columns = make_column_transformer("]
        body.append(f"    (numbers, {_listed([*numbers, *([] if key is None else [key])])}),")
        if categories:
            imports |= {("sklearn.preprocessing", "OneHotEncoder")}
            body.append(f'    (OneHotEncoder(handle_unknown="ignore"), {_listed(categories)}),')
        body += [")", _pipeline(["columns", spelt(model)])]
    else:
        body = [_pipeline([*steps, spelt(model)])]
    lines = [*read[:-1], *_import_lines(imports), "", read[-1]]
    lines += [f"X, y = table.drop(columns={_listed([target, *drop])}), table[{target!r}]", *body]
    return "\n".join([*lines, "# of rows to come: pipeline.predict(rows[X.columns])"])


def _listed(names):
    return pformat(list(names), width=WIDE - 16, compact=True).replace("\n", "\n     ")


def _pipeline(steps):
    line = f"pipeline = make_pipeline({', '.join(steps)}).fit(X, y)"
    if len(line) <= WIDE:
        return line
    return "\n".join(["pipeline = make_pipeline(", *(f"    {step}," for step in steps), ").fit(X, y)"])


def spelt(estimator):
    """Return an estimator as Python that makes it.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skprep import LogScaler, RobustScaler
    >>> spelt(make_pipeline(LogScaler(), RobustScaler(soft_clip=3)))
    'make_pipeline(LogScaler(), RobustScaler(soft_clip=3))'
    """
    if isinstance(estimator, Pipeline):
        return f"make_pipeline({', '.join(spelt(step) for _, step in estimator.steps)})"
    return re.sub(r"\s+", " ", repr(estimator))


def _imports(estimators):
    """Return the modules and names that estimators and those inside them come from."""
    found = set()
    for estimator in estimators:
        inside = [v for v in estimator.get_params().values() if isinstance(v, BaseEstimator)]
        for each in [estimator, *inside]:
            if not isinstance(each, Pipeline):
                parts = type(each).__module__.split(".")
                public = parts[:1] if parts[0] == "skprep" else [p for p in parts if not p.startswith("_")]
                found.add((".".join(public), type(each).__name__))
    return found


def _import_lines(imports):
    names = {}
    for module, name in sorted(imports):
        names.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(found)}" for module, found in names.items()]
