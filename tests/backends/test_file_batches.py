import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skprep import GroupScaler, MinMaxScaler, RobustScaler, StandardScaler
from skprep.backends.files import learn_batches
from skprep.backends.subset import transform_columns_of

from ..engines import FEATURES, table


def batches(rows, columns):
    return [rows[columns].iloc[i : i + 90].reset_index(drop=True) for i in range(0, len(rows), 90)] + [
        rows[columns][:0]
    ]


@pytest.mark.parametrize(
    "inner", [StandardScaler(), MinMaxScaler(), RobustScaler()], ids=lambda s: type(s).__name__
)
def test_batches_equal_one_fit(inner):
    rows = table()
    for scaler, columns in ((inner, FEATURES), (GroupScaler(inner, by="site"), ["site", *FEATURES])):
        assert learn_batches(scaler, batches(rows, columns)) == 600
        fitted = scaler._fitted()
        assert [fitted.key_names, fitted.feature_names] == [
            [c for c in columns if c not in FEATURES],
            FEATURES,
        ]
        learnt = transform_columns_of(scaler, fitted, rows, "transform")
        np.testing.assert_allclose(
            learnt, scaler.fit(rows[columns]).transform(rows[columns]), rtol=1e-9, atol=1e-9
        )


def test_no_rows_and_bad_rows():
    assert learn_batches(StandardScaler(), [table()[FEATURES][:0]]) == 0
    bad = [pd.DataFrame({"x": [1.0, 2.0]}), pd.DataFrame({"x": [1.0, np.inf]})]
    with pytest.raises(ValueError, match=r"In the 2 rows from row 2 on: .* inf in column 'x', row 1"):
        learn_batches(StandardScaler(), bad)


def test_features_learnt_apart_are_put_beside_one_another():
    rows = table()
    inner = RobustScaler(exact_budget=20, max_rank_error=0.05)
    parts = [GroupScaler(inner, by="site", min_group_size=3).partial_fit(rows[["site", f]]) for f in FEATURES]
    whole = clone(parts[0])._concatenate(parts)
    assert list(whole.feature_names_in_) == ["site", *FEATURES]
    for name in ("center_", "scale_", "rank_error_", "n_samples_seen_"):
        expected = np.hstack([getattr(p, name) for p in parts])
        np.testing.assert_array_equal(getattr(whole, name), expected)
    assert (whole.rank_error_ > 0).all()
    Z = whole.transform(rows[["site", *FEATURES]])
    np.testing.assert_array_equal(Z[:, [1]], parts[1].transform(rows[["site", FEATURES[1]]]))
