"""Smooth bounds, and infinite values that are sent there."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skprep import GroupScaler, RobustScaler, StandardScaler

X = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, -50.0], [4.0, 80.0], [500.0, 20.0]])
HOLES = np.where(X == 500.0, np.inf, np.where(X == -50.0, -np.inf, X))


@pytest.mark.parametrize("kind", [StandardScaler, RobustScaler])
@pytest.mark.parametrize("bound", [0.5, 3])
def test_it_is_the_scaled_value_squashed(kind, bound):
    z = kind().fit_transform(X)
    found = kind(soft_clip=bound).fit_transform(X)
    np.testing.assert_allclose(found, z / np.sqrt(1 + (z / bound) ** 2), rtol=1e-15)
    assert (np.abs(found) < bound).all()
    np.testing.assert_array_equal(np.argsort(found, axis=0), np.argsort(X, axis=0))


@pytest.mark.parametrize("kind", [StandardScaler, RobustScaler])
def test_infinite_values_are_left_out_of_fit_and_put_at_the_bound(kind):
    scaler = kind(soft_clip=3, handle_infinity="clip").fit(HOLES)
    missing = kind(soft_clip=3).fit(np.where(np.isinf(HOLES), np.nan, HOLES))
    np.testing.assert_array_equal(scaler.scale_, missing.scale_)
    np.testing.assert_array_equal(scaler.n_samples_seen_, [4, 4])
    found = scaler.transform(HOLES)
    assert found[4, 0] == 3.0
    assert found[2, 1] == -3.0
    np.testing.assert_array_equal(scaler.inverse_transform(found)[[4, 2], [0, 1]], [np.inf, -np.inf])
    hard = kind(clip=(-2, 4), handle_infinity="clip").fit(HOLES).transform(HOLES)
    assert (hard[4, 0], hard[2, 1]) == (4.0, -2.0)
    narrow = scaler.transform(HOLES.astype(np.float32))
    assert narrow.dtype == np.float32
    assert narrow[4, 0] == 3.0


def test_infinite_values_in_batches_weights_groups_and_sparse_rows():
    whole = StandardScaler(soft_clip=3, handle_infinity="clip").fit(HOLES)
    parts = StandardScaler(soft_clip=3, handle_infinity="clip").partial_fit(HOLES[:3]).partial_fit(HOLES[3:])
    np.testing.assert_allclose(parts.transform(HOLES), whole.transform(HOLES), rtol=1e-14)
    frame = pd.DataFrame({"g": list("aabba"), "x": HOLES[:, 0], "y": HOLES[:, 1]})
    inner = StandardScaler(soft_clip=3, handle_infinity="clip")
    for weight in (None, np.ones(5)):
        grouped = GroupScaler(inner, by="g", min_group_size=2).fit(frame, sample_weight=weight)
        np.testing.assert_array_equal(grouped.n_samples_seen_, [[2, 3], [2, 1]])
        assert grouped.transform(frame)[4, 0] == 3.0
    rows = sparse.csr_array(np.nan_to_num(HOLES, nan=0.0, posinf=np.inf, neginf=-np.inf))
    scaled = StandardScaler(soft_clip=3, handle_infinity="clip", with_mean=False).fit(rows)
    assert scaled.transform(rows).toarray()[4, 0] == 3.0
    assert np.isinf(rows.data).any()


def test_units_of_all_rows_keep_the_bounds_of_the_group():
    frame = pd.DataFrame({"g": ["a"] * 5 + ["b"] * 5, "x": np.r_[X[:, 0], X[:, 1]]})
    own = GroupScaler(RobustScaler(soft_clip=3), by="g", units="global").fit(frame)
    free = RobustScaler().fit(frame[["x"]])
    for name, rows in (("a", slice(0, 5)), ("b", slice(5, 10))):
        part = frame[["x"]][frame["g"] == name]
        z = RobustScaler(soft_clip=3).fit_transform(part)
        np.testing.assert_allclose(own.transform(frame)[rows], z * free.scale_ + free.center_, rtol=1e-13)
    keeps = GroupScaler(RobustScaler(soft_clip=3), by="g", units="global", keep_by=True).fit(frame)
    np.testing.assert_allclose(
        keeps.inverse_transform(keeps.transform(frame))["x"].astype(float), frame["x"], rtol=1e-9
    )


def test_parameters_that_do_not_go_together():
    with pytest.raises(ValueError, match=r"received clip=2 and soft_clip=3\. Pass one of them"):
        RobustScaler(clip=2, soft_clip=3).fit(X)
    with pytest.raises(ValueError, match="soft_clip must be a number above 0"):
        StandardScaler(soft_clip=True).fit(X)
    for bad in (-1, np.inf):
        with pytest.raises(ValueError, match="'soft_clip' parameter of StandardScaler must be"):
            StandardScaler(soft_clip=bad).fit(X)
    for settings in ({}, {"clip": (-1.0, np.inf)}):
        with pytest.raises(ValueError, match=r"which must be finite; received clip=.* Pass soft_clip=3"):
            StandardScaler(handle_infinity="clip", **settings).fit(X)
    with pytest.raises(ValueError, match="received -inf in column 1, row 2"):
        StandardScaler(soft_clip=3).fit(HOLES)
    scaler = StandardScaler(soft_clip=3).fit(X)
    with pytest.raises(ValueError, match="received -inf in column 1, row 2"):
        scaler.transform(HOLES[:4])
    with pytest.raises(ValueError, match="received inf in column 0, row 0"):
        scaler.set_params(handle_infinity="clip").inverse_transform([[np.inf, 0.0]])


def test_deviations_go_by_the_slope_where_they_are():
    scaler = StandardScaler(soft_clip=2).fit(X)
    with pytest.raises(ValueError, match="needs the scaled values"):
        scaler.inverse_scale([[0.1, 0.1]])
    at = scaler.transform(X[:1])
    slope = scaler.scale_ / (1 - (at / 2) ** 2) ** 1.5
    np.testing.assert_allclose(scaler.inverse_scale([[0.1, 0.1]], at=at), 0.1 * slope, rtol=1e-12)
