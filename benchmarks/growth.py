"""How cost grows with rows, features, groups and threads: a picture each. Needs matplotlib."""

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn.preprocessing

import skprep
from benchmarks.groups import by_pandas, by_skprep
from benchmarks.measure import cells, seconds

NAMES = ("StandardScaler", "MinMaxScaler", "RobustScaler")
COLOURS = {
    **{"StandardScaler": "#1f77b4", "MinMaxScaler": "#2ca02c", "RobustScaler": "#d62728"},
    **{"GroupScaler": "#1f77b4", "groupby-transform": "#ff7f0e", "fit": "#1f77b4", "transform": "#ff7f0e"},
}


def draw(folder, quick):
    """Measure, print and draw all four."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows(folder / "rows.png", quick)
    features(folder / "features.png", quick)
    groups(folder / "groups.png", quick)
    threads(folder / "threads.png", quick)


def fits(X, names=NAMES):
    """Return the seconds of ``fit`` of ours and of scikit-learn's by name."""
    rounds = 3 if X.size > 1e6 else 9
    found = {}
    for name in names:
        for where, module in (("skprep", skprep), ("scikit-learn", sklearn.preprocessing)):
            found[f"{name}, {where}"] = seconds(lambda m=module, n=name: getattr(m, n)().fit(X), rounds)
    return found


def rows(path, quick):
    """Draw fit over the number of rows."""
    sizes = [10**k for k in range(3, 7 if quick else 9)]
    whole = np.random.default_rng(0).random((sizes[-1], 4))
    found = [fits(whole[:n], NAMES if n < 10**8 else NAMES[:2]) for n in sizes]
    _table("rows, 4 features", sizes, found)
    _picture(path, sizes, found, "rows (4 features)", "fit grows with the rows")


def features(path, quick):
    """Draw fit over the number of features."""
    sizes = [1, 10, 100, 1_000, *([] if quick else [10_000])]
    whole = np.random.default_rng(0).random((1_000, sizes[-1]))
    found = [fits(np.ascontiguousarray(whole[:, :n])) for n in sizes]
    _table("features, 1,000 rows", sizes, found)
    _picture(path, sizes, found, "features (1,000 rows)", "fit grows with the features")


def groups(path, quick):
    """Draw fit and transform over the number of groups."""
    n = 200_000 if quick else 2_000_000
    sizes = [10**k for k in range(6 if quick else 7)]
    frame = pd.DataFrame(np.random.default_rng(0).random((n, 2)), columns=["a", "b"])
    found = []
    for k in sizes:
        frame["key"] = np.random.default_rng(1).integers(0, k, n)
        found.append(
            {
                "GroupScaler, skprep": seconds(lambda: by_skprep(frame)),
                "groupby-transform, pandas": seconds(lambda: by_pandas(frame)),
            }
        )
    _table(f"groups, {n:,} x 2", sizes, found)
    _picture(path, sizes, found, f"groups ({n:,} rows, 2 features)", "fit and transform, by groups")


def threads(path, quick):
    """Draw fit and transform with one thread and with two."""
    sizes = [10**k for k in range(3, 6 if quick else 8)]
    whole = np.random.default_rng(0).random((sizes[-1], 20))
    found = []
    for n in sizes:
        X, times = whole[:n], {}
        for n_jobs in (1, 2):
            with joblib.parallel_config(n_jobs=n_jobs):
                scaler, name = skprep.StandardScaler().fit(X), f"{n_jobs} thread{'s'[: n_jobs - 1]}"
                times[f"fit, {name}"] = seconds(lambda X=X, s=scaler: s.fit(X), 7)
                times[f"transform, {name}"] = seconds(lambda X=X, s=scaler: s.transform(X), 7)
        found.append(times)
    _table("rows, 20 features, StandardScaler", sizes, found)
    _picture(path, sizes, found, "rows (20 features)", "StandardScaler on one thread and on two")


def _table(name, sizes, found):
    print(f"\n### Seconds by {name}\n")
    names = list(found[0])
    cells("", *(f"{n:,}" for n in sizes))
    cells("---", *["---:"] * len(sizes))
    for key in names:
        cells(key, *(f"{f[key]:.2e}" if key in f else "" for f in found))


def _picture(path, sizes, found, xlabel, title):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for key in found[0]:
        points = [(n, f[key]) for n, f in zip(sizes, found, strict=True) if key in f]
        colour = COLOURS[key.split(",")[0]]
        ours = "skprep" in key or "2 threads" in key
        axes.loglog(
            *zip(*points, strict=True), "o-" if ours else "s--", color=colour, label=key, markersize=4
        )
    axes.set(xlabel=xlabel, ylabel="seconds", title=title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)
    print(f"\n![{title}]({path.name})", flush=True)
