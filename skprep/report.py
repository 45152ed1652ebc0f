"""The comparison as a self-contained HTML page: a table, and histograms before and after."""

import importlib.metadata
from html import escape

import numpy as np
from sklearn.base import clone

from skprep.atomic import atomic_write
from skprep.compare import scalers, winner

PICTURED = 6  # features shown as histograms
NAMED = 3  # ties named in the verdict
BINS = 30
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a2e }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #ddd; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
tr.best td { background: #e8f5e9; font-weight: 600 }
.grid { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem }
figure { margin: 0 } figcaption { font-size: .85rem; color: #555 }
svg { width: 100%; height: auto; background: #f7f7fb }
svg rect { fill: #3d5a98 } svg rect.after { fill: #2e7d4f }
svg text { font: 11px system-ui, sans-serif; fill: #555 }
"""


def write_report(path, title, task, results):
    """Write the page to ``path``: the whole file, or on an error none at all.

    Parameters
    ----------
    path : pathlib.Path
    title : str
        Name of the data.
    task : skprep.tables.Task
    results : list of skprep.compare.Result
    """
    page = render(title, task, results)
    with atomic_write(path) as new:
        new.write_text(page, encoding="utf-8")


def render(title, task, results):
    """Return the page as text."""
    best, _ = winner(results)
    score = "accuracy" if task.kind == "classification" else "R²"
    version = importlib.metadata.version("skprep")
    notes = "".join(f"<li>{escape(note)}</li>" for note in task.notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>skprep compare: {escape(title)}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>Which scaling is best for {escape(title)}?</h1>\n"
        f"<p>{escape(verdict(results))}</p>\n"
        f"<p>{len(task.X)} rows, {task.X.shape[1]} features. Mean {score} over {task.folds} "
        "cross-validation folds and its standard deviation; every fold scales, imputes and tunes on "
        f"its own training rows only. skprep {version}.</p>\n<p>{escape(about_groups(task, results))}</p>\n"
        f"<ul>{notes}</ul>\n"
        f"<h2>Results</h2>\n{_table(results, best, score)}\n"
        f"<h2>Before and after</h2>\n<p>The first {PICTURED} numeric features at most; here the scaler is "
        f"fitted to all rows.</p>\n{_histograms(task, best.scaler)}\n</body></html>\n"
    )


def verdict(results):
    """Return the outcome in a sentence or two."""
    best, ties = winner(results)
    text = (
        f"Best: {best.scaler} in front of {best.model}, {best.mean:.4f} ± {best.std:.4f}."
        if best.scaler != "none"
        else f"Best: no scaling in front of {best.model}, {best.mean:.4f} ± {best.std:.4f}."
    )
    if ties:
        pairs = "1 other pair lies" if len(ties) == 1 else f"{len(ties)} other pairs lie"
        names = ", ".join(f"{r.scaler} with {r.model}" for r in ties[:NAMED])
        text += (
            f" {pairs} within that spread ({names}{', ...' if len(ties) > NAMED else ''}): "
            "folds alone do not tell them apart."
        )
    return text


def about_groups(task, results):
    """Return what the split did with the groups, in a sentence; nothing where there are none."""
    if task.by is None:
        return ""
    kept = "are kept together in a fold" if task.keep_together else "are spread over the folds"
    return (
        f"Rows of one group of {str(task.by.name)!r} {kept}: {results[0].unseen} of {len(task.X)} test "
        "rows met a group that was in no training row; scaling by group gave those the parameters of all "
        "training rows."
    )


def _table(results, best, score):
    rows = [
        f"<tr><th>model</th><th>scaler</th><th class=n>{score}</th><th class=n>std</th>"
        "<th class=n>fit of both, ms</th></tr>"
    ]
    for r in sorted(results, key=lambda r: (r.model, -r.mean)):
        mark = " class=best" if r is best else ""
        name = escape(r.scaler) + ("" if r.converged else " (did not converge)")
        rows.append(
            f"<tr{mark}><td>{escape(r.model)}</td><td>{name}</td><td class=n>{r.mean:.4f}</td>"
            f"<td class=n>{r.std:.4f}</td><td class=n>{1e3 * np.mean(r.fit_times):.1f}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def _histograms(task, scaler_name):
    numbers = task.X.select_dtypes(np.number)
    columns = list(numbers.columns[:PICTURED])
    by = None if task.by is None else task.by.name
    scaler = scalers(by)[scaler_name]
    values = numbers[columns].to_numpy()
    if scaler == "passthrough":
        after, label = values, "not scaled"
    else:
        given = values if "by group" not in scaler_name else numbers[columns].assign(**{by: task.by})
        after, label = clone(scaler).fit_transform(given), f"after {scaler_name}"
    figures = []
    for j, name in enumerate(columns):
        figures.append(_figure(values[:, j], f"{name}: before", ""))
        figures.append(_figure(after[:, j], f"{name}: {label}", "after"))
    return f'<div class="grid">{"".join(figures)}</div>'


def _figure(values, caption, kind):
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    span = high - low if high > low else 1.0
    place = np.minimum((values - low) / span * BINS, BINS - 1).astype(int)
    counts = np.bincount(place, minlength=BINS)
    heights = 100 * counts / max(1, counts.max())
    bars = "".join(
        f'<rect class="{kind}" x="{10 + 12 * i}" y="{110 - h:.1f}" width="11" height="{h:.1f}"/>'
        for i, h in enumerate(heights)
    )
    ticks = [
        (10, "start", low),
        (10 + 6 * BINS, "middle", low + span / 2),
        (10 + 12 * BINS, "end", low + span),
    ]
    labels = "".join(
        f'<text x="{x}" y="126" text-anchor="{anchor}">{value:.4g}</text>' for x, anchor, value in ticks
    )
    return (
        f'<figure><svg viewBox="0 0 {20 + 12 * BINS} 132" role="img">{bars}{labels}</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
