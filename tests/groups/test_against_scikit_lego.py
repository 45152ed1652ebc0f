"""A second opinion on GroupScaler: scikit-lego's GroupedTransformer."""

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from sklego.meta import GroupedTransformer

from skprep import GroupScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler


@pytest.mark.parametrize("ours", [StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler()])
@pytest.mark.parametrize("keys", [["device"], ["site", "device"]])
def test_known_groups_and_the_global_fallback_agree(ours, keys):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=["x", "y", "z"])
    X["device"], X["site"] = rng.integers(0, 5, 400), rng.integers(0, 3, 400)
    new = X.iloc[:50].assign(device=np.where(np.arange(50) < 5, 99, X["device"].iloc[:50]))
    theirs = getattr(sklearn.preprocessing, type(ours).__name__)()
    X, new = X[["x", "y", "z", *keys]], new[["x", "y", "z", *keys]]
    lego = GroupedTransformer(theirs, groups=keys, use_global_model=True).fit(X)
    scaler = GroupScaler(ours, by=keys, handle_unknown="global").fit(X)
    for rows in (X, new):
        np.testing.assert_allclose(
            scaler.transform(rows), np.asarray(lego.transform(rows))[:, :3], rtol=1e-9, atol=1e-9
        )
