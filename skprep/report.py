"""The comparison as a self-contained HTML page: a chart, a table, features before and after."""

import importlib.metadata
import io
import re
from html import escape

import numpy as np
from sklearn.base import clone

from skprep.atomic import atomic_write
from skprep.compare.candidates import default_scalers
from skprep.display import ScalingDisplay
from skprep.plots import pyplot

PICTURED = 4  # features shown before and after
FIRST = 10  # rows of the table that are shown at once
MARKED = "#010203"  # a color that nothing else has, which becomes that of the page
STYLE = """
:root { color-scheme: light dark; --ink: #1a1a2e; --page: #fff; --line: #d8d8e0; --best: #e3f4e8; --soft:
#5c5c68 } @media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8f0; --page: #16161d; --line: #3a3a46; --best: #17382a; --soft: #a2a2b0 }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page) }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.15rem; margin-top: 2rem }
.verdict { font-size: 1.1rem; font-weight: 600 }
.warn { border-left: 4px solid #d55e00; padding-left: .8rem }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.best td { background: var(--best); font-weight: 600 }
small, .soft { color: var(--soft) }
svg { width: 100%; max-width: 44rem; height: auto; color: var(--ink) }
td { overflow-wrap: normal }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; padding: .8rem; font-size:
.82rem } summary { cursor: pointer; padding: .4rem 0 }
@media (max-width: 480px) {
  body { margin: 1rem auto; padding: 0 .7rem } h1 { font-size: 1.25rem }
  table { font-size: .74rem } th, td { padding: .25rem .2rem }
  td.n, th.n { white-space: normal; overflow-wrap: normal }
  th small { display: none }
}
@media print {
  :root { --ink: #000; --page: #fff; --line: #999; --best: #eee; --soft: #333 }
  body { max-width: none; margin: 0; font-size: 10pt } details > * { display: block }
  figure, tr, pre { break-inside: avoid } pre { white-space: pre-wrap }
}
"""


def write_report(path, title, task, comparison, code=""):
    """Write the page to ``path``: the whole file, or on an error none at all.

    Parameters
    ----------
    path : pathlib.Path
    title : str
        Name of the data.
    task : skprep.tables.Task
    comparison : skprep.compare.Comparison
    code : str, default=""
        Python that fits the best pipeline.
    """
    page = render(title, task, comparison, code)
    with atomic_write(path) as new:
        new.write_text(page, encoding="utf-8")


def render(title, task, comparison, code=""):
    """Return the page as text."""
    version = importlib.metadata.version("skprep")
    notes = "".join(f"<li>{escape(note)}</li>" for note in task.notes)
    warned = "".join(f"<li>{escape(text)}</li>" for text in task.warnings)
    warned = f'<ul class="warn">{warned}</ul>\n' if warned else ""
    best = comparison.best_params_
    tuned = ", ".join(f"{name} = {value}" for name, value in best.items()) or "none"
    code = f"<h2>The best pipeline</h2>\n<pre>{escape(code)}</pre>\n" if code else ""
    groups = about_groups(task, comparison)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>skprep compare: {escape(title)}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>Which scaling is best for {escape(title)}?</h1>\n"
        f'<p class="verdict">{escape(comparison.summary())}</p>\n{warned}'
        f"<figure style='margin:0'>{_chart(comparison)}</figure>\n"
        f"<p>{comparison.n_rows_} rows, {task.X.shape[1]} features, {comparison.n_folds_} folds; every fold "
        "scales, imputes and tunes on its own training rows only. An interval is of the difference in "
        "pairs, fold "
        f"by fold; * and orange: told from the best, for the number of scalers in front of a model. "
        f"Tuned on all rows: {escape(tuned)}."
        + (f" {escape(groups)}" if groups else "")
        + f"</p>\n<h2>Scores</h2>\n{_table(comparison)}\n{code}"
        f"<h2>What was done to the table</h2>\n<ul>{notes or '<li>nothing</li>'}</ul>\n"
        f"<h2>Before and after</h2>\n<p>The first {PICTURED} features of numbers at most; here the scaler is "
        f"fitted to all rows.</p>\n{_before_and_after(task, comparison)}\n"
        f"<p><small>skprep {version}</small></p></body></html>\n"
    )


def about_groups(task, comparison):
    """Return what the split did with the groups, in a sentence; nothing where there are none."""
    if task.by is None:
        return ""
    name, n = str(task.by.name), comparison.n_rows_
    if task.keep_together:
        return (
            f"Rows of one group of {name!r} are kept together in a fold: every test row comes from a "
            f"group that was "
            "in no training row, so scaling per group is left out, which would be scaling by all rows there."
        )
    if not comparison.unseen_:
        return (
            f"Rows of one group of {name!r} are spread over the folds: every test row meets a group of "
            f"the training "
            "rows. With --keep-together none would."
        )
    return (
        f"Rows of one group of {name!r} are spread over the folds: {comparison.unseen_} of {n} test rows "
        f"met a group "
        "that was in no training row; scaling by group gave those the parameters of all training rows."
    )


def _table(comparison):
    head = (
        f"<tr><th>scaler</th><th>model</th><th class=n>{escape(comparison.scoring_)}</th>"
        "<th class=n>± <small>over folds</small></th><th class=n>behind <small>the best</small></th>"
        "<th class=n>fit, ms <small>scaler and model, once</small></th></tr>"
    )
    rows = [_row(r, r is comparison.results_[0]) for r in comparison.results_]
    table = f"<table><thead>{head}</thead><tbody>{''.join(rows[:FIRST])}</tbody></table>"
    if len(rows) > FIRST:
        rest = f"<table><thead>{head}</thead><tbody>{''.join(rows[FIRST:])}</tbody></table>"
        table += f"<details><summary>{len(rows) - FIRST} more</summary>{rest}</details>"
    return table


def _row(r, best):
    name = escape(r.scaler) + ("" if r.converged else " <small>(did not converge)</small>")
    behind = "" if best else f"{r.difference:.4f}{' *' if r.is_told_apart else ''}"
    return (
        f"<tr{' class=best' if best else ''}><td>{name}</td><td>{escape(r.model)}</td><td "
        f"class=n>{r.mean:.4f}</td>"
        f"<td class=n>{r.std:.4f}</td><td class=n>{behind}</td><td class=n>{1e3 * r.fit_time:.1f}</td></tr>"
    )


def _chart(comparison):
    caption = "Differences from the best, with their intervals"
    with _page_style(caption):
        return _svg(comparison.plot().figure, caption)


def _before_and_after(task, comparison):
    numbers = list(task.X.select_dtypes(np.number).columns[:PICTURED])
    by = None if task.by is None else task.by.name
    scaler = default_scalers(by, comparison.n_rows_)[comparison.best_scaler_]
    if isinstance(scaler, str):
        return "<p>The best is no scaling: before is after.</p>"
    given = task.X[numbers]
    if "by group" in comparison.best_scaler_:
        given = given.assign(**{by: task.by})
    caption = f"Features before and after {comparison.best_scaler_}"
    with _page_style(caption):
        return _svg(ScalingDisplay.from_estimator(clone(scaler).fit(given), given).figure_, caption)


def _page_style(salt):
    """Return a context in which lines and letters get the color that becomes that of the page."""
    names = (
        "text.color",
        "axes.edgecolor",
        "axes.labelcolor",
        "xtick.color",
        "ytick.color",
        "axes.titlecolor",
    )
    settings = {**dict.fromkeys(names, MARKED), "svg.fonttype": "none", "svg.hashsalt": salt}
    return pyplot().rc_context({**settings, "savefig.transparent": True, "legend.frameon": False})


def _svg(figure, caption):
    """Return a figure as a part of the page, in its color, and close it."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    pyplot().close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(MARKED, "currentColor")
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg).replace(
        "xlink:href", "href"
    )  # a part of a page needs none
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
