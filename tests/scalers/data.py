"""Data that several tests of scalers share."""

import numpy as np


def measurements(n_rows=200, missing=0.1, seed=0, dtype=np.float64):
    """Columns of different units, offsets and shapes, with missing values."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.normal(-1000.0, 120.0, n_rows),  # Hounsfield units of air
            rng.gamma(2.0, 1e-6, n_rows),
            rng.integers(0, 5, n_rows).astype(float),
            np.full(n_rows, 14.62),
            rng.normal(1e8, 1.0, n_rows),
        ]
    )
    X[rng.random(X.shape) < missing] = np.nan
    return X.astype(dtype)
