"""Blocks of rows of every dtype, order of memory and way to be empty."""

import numpy as np
from hypothesis import strategies as st

LAYOUTS = ("C", "F", "every second row", "every second column", "backwards", "misaligned", "read-only", "T")


def laid_out(X, layout):
    """Return the numbers of ``X`` in another place and order of memory."""
    n, m = X.shape
    if layout in "CF":
        return np.array(X, order=layout)
    if layout == "every second row":
        wide = np.full((2 * n, m), 7.0, dtype=X.dtype)
        wide[::2] = X
        return wide[::2]
    if layout == "every second column":
        wide = np.full((n, 2 * m), 7.0, dtype=X.dtype)
        wide[:, ::2] = X
        return wide[:, ::2]
    if layout == "backwards":
        return np.array(X[::-1, ::-1], order="C")[::-1, ::-1]
    if layout == "misaligned":
        raw = np.empty(X.nbytes + 1, dtype=np.uint8)[1:]
        moved = raw.view(X.dtype).reshape(X.shape)
        moved[...] = X
        return moved
    if layout == "T":
        return np.array(X.T, order="C").T
    X = X.copy()
    X.flags.writeable = False
    return X


@st.composite
def blocks(draw, dtypes=(np.float32, np.float64)):
    """Draw (X, codes, n_groups, weight)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, m = draw(st.integers(0, 90)), draw(st.sampled_from([1, 2, 3, 7, 45, 0]))
    X = rng.normal(size=(n, m)) * draw(st.sampled_from([1.0, 1e-3, 1e6]))
    if draw(st.booleans()):
        X = np.round(X)
    X += draw(st.sampled_from([0.0, 1e3, -1e7]))
    X = X.astype(draw(st.sampled_from(dtypes)))
    missing = draw(st.sampled_from([0.0, 0.1, 0.9, 1.0]))
    X[rng.random(X.shape) < missing] = np.nan
    n_groups = draw(st.sampled_from([0, 1, 4, 300]))
    codes = rng.integers(0, n_groups, n) if n_groups else None
    weight = rng.choice([0.25, 1.0, 3.0], n) if draw(st.booleans()) else None
    return laid_out(X, draw(st.sampled_from(LAYOUTS))), codes, max(1, n_groups), weight
