"""ComBat as its papers tell it: rows in memory, one regression with a column for each site, plain loops."""

import numpy as np


def harmonised(
    Y, site, Z, *, reference=None, empirical_bayes=True, parametric=True, mean_only=False, tol=1e-4
):
    """Return the harmonised rows of ``Y`` (n_rows, n_features), free of NaN."""
    sites = sorted(set(site))
    rows = [np.flatnonzero(site == s) for s in sites]
    of_site = np.stack([site == s for s in sites], axis=1).astype(float)
    design = np.hstack([of_site, Z])
    B = np.linalg.lstsq(design, Y, rcond=None)[0]
    residual = Y - design @ B
    if reference is None:
        share = np.array([len(r) for r in rows]) / len(Y)
        center, variance = share @ B[: len(sites)], (residual**2).mean(axis=0)
    else:
        r = sites.index(reference)
        center, variance = B[r], (residual[rows[r]] ** 2).mean(axis=0)
    expected = center + Z @ B[len(sites) :]
    S = (Y - expected) / np.sqrt(variance)
    out = np.empty_like(Y)
    for i, r in enumerate(rows):
        if sites[i] == reference:
            out[r] = Y[r]
            continue
        g, d = effects(S[r], empirical_bayes, parametric, mean_only or len(r) == 1, tol)
        out[r] = (S[r] - g) / np.sqrt(d) * np.sqrt(variance) + expected[r]
    return out


def effects(S, empirical_bayes, parametric, mean_only, tol):
    """Return shift and variance of the standardised rows of one site."""
    n = len(S)
    g_hat = S.mean(axis=0)
    d_hat = np.ones(S.shape[1]) if mean_only else S.var(axis=0, ddof=1)
    if not empirical_bayes:
        return g_hat, d_hat
    if not parametric:
        return weighted(S, g_hat, d_hat)
    g_bar, t2 = g_hat.mean(), g_hat.var(ddof=1)
    if mean_only:
        return (t2 * g_hat + g_bar) / (t2 + 1), d_hat
    mu, s2 = d_hat.mean(), d_hat.var(ddof=1)
    a, b = (2 * s2 + mu**2) / s2, (mu * s2 + mu**3) / s2
    g, d = g_hat, d_hat
    while True:
        g_new = (n * t2 * g_hat + d * g_bar) / (n * t2 + d)
        d_new = (0.5 * ((S - g_new) ** 2).sum(axis=0) + b) / (n / 2 + a - 1)
        change = max((abs(g_new - g) / g).max(), (abs(d_new - d) / d).max())
        g, d = g_new, d_new
        if change <= tol:
            return g, d


def weighted(S, g_hat, d_hat):
    """Return the means of the other features' effects, by the likelihood of each feature's rows."""
    found = []
    for j in range(S.shape[1]):
        g, d = np.delete(g_hat, j), np.delete(d_hat, j)
        squares = ((S[:, j, None] - g) ** 2).sum(axis=0)
        log = -len(S) / 2 * np.log(2 * np.pi * d) - squares / (2 * d)
        w = np.exp(log - log.max())
        found.append((w @ g / w.sum(), w @ d / w.sum()))
    return np.array(found).T
