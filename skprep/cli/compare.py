"""``skprep compare``: the best scaling for a table."""

from skprep.cli import options
from skprep.cli.common import check_file, check_out, errors_as_messages, progress


def compare(
    file: options.ComparedFile = None,
    target: options.Target = None,
    by: options.ByOne = None,
    keep_together: options.KeepTogether = False,
    out: options.Report = None,
    task: options.Task = "auto",
    folds: options.Folds = 5,
    max_rows: options.MaxRows = 2000,
    seed: options.Seed = 0,
):
    """Find the scaling that is best for a table, judged without leaking.

    Cross-validates every scaler, and none, in front of models that care about scale, tuning
    each inside its training folds.
    """
    with errors_as_messages():
        from rich.console import Console

        from skprep.compare import compare as run_comparison
        from skprep.compare import n_steps
        from skprep.report import write_report
        from skprep.tables import prepare

        console = Console()
        check_out(out, table=file)
        table, target, title = _input(file, target, by)
        ready = prepare(
            table,
            target,
            by=by,
            keep_together=keep_together,
            kind=task,
            folds=folds,
            max_rows=max_rows,
            seed=seed,
        )
        with progress("cross-validating", n_steps(ready)) as advance:
            results = list(run_comparison(ready, seed=seed, progress=advance))
        _show(title, ready, results, console)
        if out is not None:
            write_report(out, title, ready, results)
            console.print(f"Report: {out}", markup=False, highlight=False)


def _input(file, target, by):
    from sklearn.datasets import load_breast_cancer

    from skprep.backends.files import read_table
    from skprep.errors import TableError

    if file is None:
        if target is not None or by is not None:
            raise TableError("--target and --by go with a FILE; without one, bundled data are used.")
        return load_breast_cancer(as_frame=True).frame, "target", "breast cancer (bundled)"
    check_file(file, "Check the path.")
    table = read_table(file)
    if table.empty:
        raise TableError(f"The file {str(file)!r} has no rows. It must hold a header and rows.")
    if target is None:
        raise TableError(
            "--target must name the column to predict. The columns are: "
            f"{', '.join(repr(str(c)) for c in table.columns[:30])}."
        )
    return table, target, file.name


def _show(title, task, results, console):
    import numpy as np
    from rich.table import Table
    from rich.text import Text

    from skprep.compare import winner
    from skprep.report import about_groups, verdict

    best, _ = winner(results)
    score = "accuracy" if task.kind == "classification" else "R²"
    title = f"{title}: {len(task.X)} rows, {task.X.shape[1]} features, {task.folds} folds"
    shown = Table(title=Text(title))
    for name, side in (("model", "left"), ("scaler", "left"), (score, "right"), ("std", "right")):
        shown.add_column(name, justify=side, no_wrap=True)
    shown.add_column("fit, ms", justify="right", no_wrap=True)
    previous = None
    for r in sorted(results, key=lambda r: (r.model, -r.mean)):
        if previous not in (None, r.model):
            shown.add_section()
        cells = (f"{r.mean:.4f}", f"{r.std:.4f}", f"{1e3 * np.mean(r.fit_times):.1f}")
        name = r.scaler + ("" if r.converged else " *")
        model = r.model if r.model != previous else ""
        shown.add_row(model, name, *cells, style="bold green" if r is best else None)
        previous = r.model
    console.print(shown)
    if not all(r.converged for r in results):
        console.print("* the solver did not converge in every fold")
    for note in task.notes:
        console.print(f"- {note}", markup=False, highlight=False)
    if task.by is not None:
        console.print(about_groups(task, results), markup=False, highlight=False)
    console.print(verdict(results), style="bold", markup=False, highlight=False)
