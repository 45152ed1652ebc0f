"""Some of the features of a fitted scaler, and standard deviations in their units."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skprep import (
    ComBat,
    GroupScaler,
    LogScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    from_json,
    merge,
    to_json,
)

from ..cases import cases

NAMES = ["dose", "age", "volume", "price"]


def rows(seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(np.exp(rng.normal(size=(60, 4))) + np.array([0, 5, 10, 15]), columns=NAMES)


SCALERS = {
    **cases("laws"),
    "offsets": LogScaler(offset=[0.0, 1.0, 2.0, 3.0]),
    "named offsets": LogScaler(offset=dict(zip(NAMES, [0.0, 1.0, 2.0, 3.0], strict=True))),
    "bounds": MinMaxScaler(data_bounds=([0.0, 1.0, 2.0, 3.0], 99.0)),
    "sketched": RobustScaler(exact_budget=20, max_rank_error=0.05),
}


@pytest.mark.parametrize("name", SCALERS)
def test_a_selected_scaler_is_the_one_fitted_on_those_columns(name):
    X, wanted = rows(), ["price", "age"]
    scaler = clone(SCALERS[name])
    whole = scaler.partial_fit(X[:30]).partial_fit(X[30:]) if name == "sketched" else scaler.fit(X)
    some = whole.select(wanted)
    assert type(some) is type(whole)
    assert list(some.feature_names_in_) == wanted
    np.testing.assert_array_equal(some.transform(X[wanted]), whole.transform(X)[:, [3, 1]])
    np.testing.assert_array_equal(
        some.inverse_transform(whole.transform(X)[:, [3, 1]]),
        whole.inverse_transform(whole.transform(X))[:, [3, 1]],
    )
    np.testing.assert_array_equal(whole.select([3, -3]).transform(X[wanted]), some.transform(X[wanted]))
    assert to_json(from_json(to_json(some))) == to_json(some)
    if name != "sketched":
        alone = clone(some).fit(X[wanted])
        np.testing.assert_allclose(some.transform(X[wanted]), alone.transform(X[wanted]), rtol=1e-12)
        some.partial_fit(X[wanted])
        merge([alone, alone])
    for wrong in ("weight", 4, ["age", "age"], []):
        with pytest.raises(ValueError, match="select takes"):
            whole.select(wrong)


def test_attributes_set_by_hand_are_selected_too():
    scaler = StandardScaler().fit(rows())
    scaler.mean_ = np.arange(4.0)
    assert scaler.select("volume").mean_.tolist() == [2.0]


@pytest.mark.parametrize("inner", [StandardScaler(), RobustScaler(), LogScaler(offset=[0.0, 1.0, 2.0, 3.0])])
def test_groups_of_some_of_the_features(inner):
    X = rows()
    X.insert(2, "site", np.arange(60) % 3)
    whole = GroupScaler(inner, by="site").fit(X)
    some = whole.select(["price", "age"])
    expected = whole.transform(X)[:, [3, 1]]
    np.testing.assert_array_equal(some.transform(X[["site", "price", "age"]]), expected)
    assert to_json(from_json(to_json(some))) == to_json(some)
    some.partial_fit(X[["site", "price", "age"]])
    array = GroupScaler(inner, by=2).fit(X.to_numpy()).select([4, 1])
    np.testing.assert_array_equal(array.transform(X[["site", "price", "age"]].to_numpy()), expected)
    with pytest.raises(ValueError, match=r"select takes features.*received 'site'"):
        whole.select("site")


def test_combat_of_some_of_the_features_keeps_what_all_have_taught():
    X = rows()
    X.insert(0, "site", np.arange(60) % 3)
    X.insert(3, "sex", np.where(np.arange(60) % 7 < 3, "m", "f"))
    whole = ComBat("site", covariates=["sex"], keep_by=True).fit(X)
    some = whole.select(["price", "dose"])
    columns = ["site", "sex", "price", "dose"]
    expected = whole.transform(X)
    pd.testing.assert_frame_equal(some.transform(X[columns]), expected[columns], rtol=0, atol=0)
    np.testing.assert_allclose(some.inverse_transform(expected[columns])["price"], X["price"], rtol=1e-12)
    assert some.to_frame().shape == (6, 7)
    for refused in (to_json, lambda s: merge([s, s]), lambda s: s.partial_fit(X[columns])):
        with pytest.raises(ValueError, match="needs the features that the effects were learnt from"):
            refused(some)
    assert len(some.fit(X[columns]).partial_fit(X[columns]).gamma_) == 3


@pytest.mark.parametrize("name", SCALERS)
def test_standard_deviations_come_back_in_units(name):
    scaler, X = clone(SCALERS[name]), rows()
    if "clip" in scaler.get_params() and scaler.clip:
        scaler.set_params(clip=type(scaler)().clip)
    scaler.fit(X)
    Z, small = scaler.transform(X), 1e-6
    S = np.full(Z.shape, small)
    slope = np.abs(scaler.inverse_transform(Z + small) - scaler.inverse_transform(Z - small)) / 2
    np.testing.assert_allclose(scaler.inverse_scale(S, at=Z), slope, rtol=1e-5)


def test_deviations_that_are_refused():
    with pytest.raises(ValueError, match="standard deviations, 0 or more; received -1"):
        StandardScaler().fit([[1.0], [3.0]]).inverse_scale([[-1.0]])
    with pytest.raises(ValueError, match="inverse_scale of LogScaler needs the scaled values"):
        LogScaler().fit([[1.0], [3.0]]).inverse_scale([[1.0]])
