"""``skprep compare``: the best scaling for a table."""

from skprep.cli import options
from skprep.cli.common import (
    check_out,
    errors_as_messages,
    inputs,
    listed,
    progress,
    put,
    say,
    settings_of,
    speaking,
)


def compare(
    files: options.ComparedFiles = None,
    target: options.Target = None,
    exclude: options.Exclude = None,
    by: options.ByOne = None,
    keep_together: options.KeepTogether = False,
    time: options.Time = None,
    model: options.Model = None,
    scoring: options.Scoring = None,
    out: options.Report = None,
    save_pipeline: options.SavedPipeline = None,
    task: options.Task = "auto",
    folds: options.Folds = 5,
    max_rows: options.MaxRows = 2000,
    seed: options.Seed = 0,
    missing: options.Missing = None,
    thousands: options.Thousands = None,
    sep: options.Separator = None,
    decimal: options.Decimal = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
):
    """Find the scaling that is best for a table, judged without leaking.

    Cross-validates every scaler, and none, in front of models that care about scale, tuning
    each inside its training folds, and says which the data do not tell apart.

    For example:

      skprep compare table.csv --target price --exclude id -o report.html

      skprep compare scans.parquet --target sick --by device --scoring f1

      skprep compare sales.csv --target units --time week --model linear
    """
    with errors_as_messages(), speaking(quiet, "stderr" if as_json else "stdout"):
        check_out(out, table=list(files or []))
        _check_models(model)
        check_out(save_pipeline, "--save-pipeline", table=list(files or []))
        _check_pipeline(save_pipeline, out)
        settings = settings_of(missing, thousands, sep, decimal)
        table, title, read = _input(files, target, by, settings)
        target = target if files else "target"
        ready, comparison = _run(
            *(table, target, by, keep_together, task, folds, max_rows, seed, listed(exclude), time),
            model,
            scoring,
        )
        code = _code(table, ready, comparison, read)
        if as_json:
            put(_as_json(title, ready, comparison, code))
        else:
            _show(title, ready, comparison, code)
        if out is not None:
            from skprep.report import write_report

            write_report(out, title, ready, comparison, code)
            say(f"Report: {out}")
        if save_pipeline is not None:
            _save(comparison.best_pipeline_, save_pipeline)
            say(f"Pipeline: {save_pipeline} (joblib.load gives it back; a pickle, so load none of strangers)")
            if ready.read:
                say(
                    f"It takes numbers in {', '.join(map(repr, ready.read))}: read them as the Python above "
                    "does."
                )


def _run(table, target, by, keep_together, kind, folds, max_rows, seed, exclude, time, model, scoring):
    """Return the task that the table is, and the comparison on it."""
    from sklearn.model_selection import TimeSeriesSplit

    from skprep.compare import compare_scalers
    from skprep.compare.candidates import default_models, default_scalers
    from skprep.errors import TableError
    from skprep.tables import prepare

    options_of = {"kind": kind, "folds": folds, "max_rows": max_rows, "seed": seed, "exclude": exclude}
    ready = prepare(table, target, by=by, keep_together=keep_together, time=time, **options_of)
    n_train = int(len(ready.X) * (1 - 1 / folds))
    # Where all test groups are new, scaling per group is scaling by all rows: it would be ranked for nothing.
    key = None if by is None or keep_together else by
    scalers = default_scalers(key, n_train, seed)
    models = default_models(ready.kind, n_train // 2)
    if model:
        names = [name for short in model for name in options.MODELS[short]]
        models = {name: each for name, each in models.items() if name in names}
    X = ready.X if key is None else ready.X.assign(**{key: ready.by})
    with progress("cross-validating", len(scalers) * folds) as advance:
        try:
            comparison = compare_scalers(
                X,
                ready.y,
                scalers=scalers,
                models=models,
                by=key,
                groups=ready.by if keep_together else None,
                cv=TimeSeriesSplit(folds) if ready.in_order else folds,
                scoring=scoring,
                max_rows=None,
                n_jobs=-1,
                random_state=seed,
                progress=advance,
            )
        except ValueError as error:
            advice = (
                "Take another scorer."
                if scoring and "scoring" in str(error)
                else "Try another number of --folds, or bring more rows of each class and group."
            )
            raise TableError(
                f"The table cannot be split and fitted: {str(error).rstrip('.')}. {advice}"
            ) from error
    return ready, comparison


def _input(files, target, by, settings):
    """Return the table, how to call it, and the Python that reads it."""
    from sklearn.datasets import load_breast_cancer

    from skprep.backends.files import read_table
    from skprep.errors import TableError

    if not files:
        if target is not None or by is not None:
            raise TableError("--target and --by go with a FILE; without one, bundled data are used.")
        read = [
            "from sklearn.datasets import load_breast_cancer",
            "table = load_breast_cancer(as_frame=True).frame",
        ]
        return load_breast_cancer(as_frame=True).frame, "breast cancer (bundled)", read
    with inputs(files) as paths:
        table = read_table(paths, keys=[by] if by is not None else [], **settings)
    names = ", ".join(files)
    if table.empty:
        raise TableError(f"The file {names!r} has no rows. It must hold a header and rows.")
    if target is None:
        raise TableError(
            "--target must name the column to predict. The columns are: "
            f"{', '.join(repr(str(c)) for c in table.columns[:30])}."
        )
    title = "stdin" if files == ["-"] else paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return table, title, ["import pandas as pd", _reading(files, settings, _as_text(table, by))]


def _as_text(table, by):
    """Return the key column where pandas would take its texts for numbers (007), else None."""
    if by not in table.columns:
        return None
    present = table[by].dropna()
    is_text = not present.empty and present.map(lambda key: isinstance(key, str) and key.isdigit()).all()
    return by if is_text else None


def _reading(files, settings, as_text=None):
    if len(files) > 1 or files == ["-"]:
        return "table = ...  # the rows of " + (", ".join(files) if files != ["-"] else "stdin")
    if files[0].endswith((".parquet", ".pq")) or "." not in files[0].rpartition("/")[2]:
        return f"table = pd.read_parquet({files[0]!r})"
    words = {"sep": settings["separator"], "decimal": settings["decimal"], "thousands": settings["thousands"]}
    if files[0].endswith((".tsv", ".tsv.gz")):
        words["sep"] = words["sep"] or "\t"
    given = "".join(f", {name}={value!r}" for name, value in words.items() if value)
    given += f", dtype={{{as_text!r}: str}}" if as_text is not None else ""
    return f"table = pd.read_csv({files[0]!r}{given})"


def _code(table, ready, comparison, read):
    """Return the Python that makes the best pipeline."""
    import numpy as np

    from skprep.compare.recipe import recipe

    numbers = list(ready.X.select_dtypes(np.number).columns)
    by_group = "by group" in comparison.best_scaler_
    key = ready.by.name if by_group else None
    kept = [*ready.X.columns, ready.target, key]
    drop = [str(name) for name in table.columns if name not in kept]
    read = list(read)
    if ready.read:
        columns = ", ".join(map(repr, ready.read))
        read = [
            *read[:-1],
            f"{read[-1]}\ntable[[{columns}]] = table[[{columns}]].apply(pd.to_numeric, errors='coerce')",
        ]
    if table[ready.target].isna().any():
        first, *more = read[-1].split("\n")
        read = [*read[:-1], "\n".join([f"{first}.dropna(subset=[{ready.target!r}])", *more])]
    categories = [name for name in ready.X.columns if name not in numbers]
    return recipe(
        *(comparison,),
        read=read,
        drop=drop,
        target=ready.target,
        key=key,
        numbers=numbers,
        categories=categories,
    )


def _show(title, task, comparison, code):
    """Print the outcome for a person."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from skprep.cli.common import SAID
    from skprep.report import about_groups

    if SAID["quiet"]:
        put(comparison.summary())
        return
    console = Console()
    plain = {"markup": False, "highlight": False}
    head = f"{title}: {comparison.n_rows_} rows, {task.X.shape[1]} features, {comparison.n_folds_} folds"
    shown = Table(title=Text(head))
    for name, side in (("model", "left"), ("scaler", "left"), (comparison.scoring_, "right"), ("±", "right")):
        shown.add_column(name, justify=side, no_wrap=True)
    shown.add_column("fit, ms", justify="right", no_wrap=True)
    previous = None
    for r in sorted(comparison.results_, key=lambda r: (r.model, -r.mean)):
        if previous not in (None, r.model):
            shown.add_section()
        cells = (f"{r.mean:.4f}", f"{r.std:.4f}", f"{1e3 * r.fit_time:.1f}")
        name = r.scaler + ("" if r.converged else " *")
        best = r is comparison.results_[0]
        style = "bold green" if best else "dim" if r.is_told_apart else None
        shown.add_row(r.model if r.model != previous else "", name, *cells, style=style)
        previous = r.model
    console.print(shown)
    console.print(
        "±: standard deviation over the folds. fit, ms: scaler and model once. Dim: worse than the best, "
        "in pairs.",
        **plain,
    )
    if not all(r.converged for r in comparison.results_):
        console.print("*: the solver did not converge in every fold.")
    for note in task.notes:
        console.print(f"- {note}", **plain)
    if task.by is not None:
        console.print(about_groups(task, comparison), **plain)
    for warning in task.warnings:
        console.print(f"Warning: {warning}", style="yellow", **plain)
    console.print(comparison.summary(), style="bold", **plain)
    tuned = ", ".join(f"{name}={value}" for name, value in comparison.best_params_.items())
    console.print(f"Tuned on all rows: {tuned or 'nothing'}. In Python:\n", **plain)
    console.print(code + "\n", soft_wrap=True, **plain)


def _as_json(title, task, comparison, code):
    import json

    rows = json.loads(comparison.to_frame().to_json(orient="records", double_precision=15))
    found = {
        "data": title,
        "rows": comparison.n_rows_,
        "features": task.X.shape[1],
        "task": task.kind,
        "scoring": comparison.scoring_,
        "best": {"scaler": comparison.best_scaler_, "model": comparison.best_model_}
        | {"score": comparison.best_score_, "parameters": comparison.best_params_},
        "verdict": comparison.summary(),
        "results": rows,
        "notes": task.notes,
        "warnings": task.warnings,
        "python": code,
    }
    return json.dumps(found, ensure_ascii=False, indent=2)


def _check_models(names):
    from skprep.errors import TableError

    odd = [name for name in names or () if name not in options.MODELS]
    if odd:
        raise TableError(
            f"--model must be one of {', '.join(options.MODELS)}; received {odd[0]!r}. Correct it."
        )


def _check_pipeline(path, out):
    from skprep.errors import TableError

    if path is not None and path.suffix not in (".joblib", ".pkl", ".pickle"):
        raise TableError(f"--save-pipeline must end in .joblib or .pkl; received {str(path)!r}. Rename it.")
    if path is not None and path == out:
        raise TableError(f"--save-pipeline and --out must differ; received {str(path)!r} for both.")


def _save(pipeline, path):
    import joblib

    from skprep.atomic import atomic_write

    with atomic_write(path) as new:
        joblib.dump(pipeline, new)
