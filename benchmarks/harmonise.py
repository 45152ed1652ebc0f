"""ComBat beside neurocombat and GroupScaler: ``python -m benchmarks harmonise``."""

import contextlib
import io

import numpy as np
import pandas as pd

from benchmarks.measure import cells, heading, peak_memory, reach_row, reach_title, seconds
from skprep import ComBat, GroupScaler, StandardScaler


def main(rows, quick=False):
    """Print all tables."""
    rounds = 1 if quick else 3
    beside_neurocombat(1_000 if quick else 5_000, rounds)
    beside_group_scaler(rows, 3 if quick else 7)
    weights_of_features(1_000 if quick else 5_000)


def table(n_rows, n_features, n_sites):
    """Return rows of a site, an age and features."""
    rng = np.random.default_rng(0)
    site = np.arange(n_rows) % n_sites
    features = rng.normal(size=(n_rows, n_features)) * rng.uniform(0.5, 2.0, n_features)
    return np.column_stack([site, rng.normal(60, 10, n_rows), features + site[:, None] * 0.3])


def beside_neurocombat(n_features, rounds):
    """Print 300 rows of 5 sites beside neurocombat, whose answer is the same."""
    try:
        from neuroCombat import neuroCombat
    except ImportError:
        return
    if not hasattr(np, "int"):  # which it still names
        np.int = int  # noqa: NPY001
    X = table(300, n_features, 5)
    sites = pd.DataFrame({"site": X[:, 0].astype(int), "age": X[:, 1]})
    reach_title(f"ComBat, 300 rows x {n_features:,} features, 5 sites, one covariate")

    def theirs(n, **settings):
        with contextlib.redirect_stdout(io.StringIO()):
            columns = {"batch_col": "site", "continuous_cols": ["age"]}
            return neuroCombat(dat=X[:, 2 : 2 + n].T, covars=sites, **columns, **settings)["data"].T

    def ours(n, **settings):
        return ComBat(0, covariates=[1], **settings).fit_transform(X[:, : 2 + n])

    few = n_features // 10  # its non-parametric loop takes the square of the features, and a loop for each
    np.testing.assert_allclose(ours(few), theirs(few), rtol=1e-6, atol=1e-6)
    own, other = (lambda f=f: f(n_features) for f in (ours, theirs))
    reach_row("parametric", own, "neurocombat", other, None, rounds)
    own, other = (lambda f=f: f(few, parametric=False) for f in (ours, theirs))
    reach_row(f"non-parametric, {few} features", own, "neurocombat", other, None, rounds)


def beside_group_scaler(rows, rounds):
    """Print a fit with one covariate beside one without."""
    X = table(rows, 100, 20)
    reach_title(f"{rows:,} rows x 100 features, 20 sites, one covariate")
    combat, scaler = ComBat(0, covariates=[1]), GroupScaler(StandardScaler(), by=0)
    reach_row("fit", lambda: combat.fit(X), "GroupScaler", lambda: scaler.fit(X), 1 / 3, rounds)
    reach_row(
        "transform", lambda: combat.transform(X), "GroupScaler", lambda: scaler.transform(X), None, rounds
    )
    heading(f"Memory of the fit beside the {X.nbytes / 1e6:,.0f} MB of rows")
    cells("what", "MB")
    cells("---", "---:")
    cells("ComBat", f"{peak_memory(lambda: combat.fit(X)) / 1e6:.0f}")


def weights_of_features(n_features):
    """Print the non-parametric priors of many features."""
    heading(f"Non-parametric priors, {n_features:,} features")
    cells("rows and sites", "s", "peak MB")
    cells("---", "---:", "---:")
    for n_rows, n_sites in ((300, 5), (1_000, 20)):
        X = table(n_rows, n_features, n_sites)
        fit = lambda X=X: ComBat(0, covariates=[1], parametric=False).fit(X)  # noqa: E731
        cells(f"{n_rows:,}, {n_sites}", f"{seconds(fit, 1):.2f}", f"{peak_memory(fit) / 1e6:.0f}")
