"""GroupScaler among scikit-learn's tools: checks, pipelines, searches, and metadata that gets lost."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import PowerTransformer
from sklearn.preprocessing import StandardScaler as TheirStandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skprep import GroupScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

KEY_IN_COLUMN_0 = "column 0 is the key here: "
BY_0 = {
    "check_fit2d_1feature": KEY_IN_COLUMN_0 + "a single column leaves none to scale",
    "check_array_api_input": KEY_IN_COLUMN_0 + "inverse_transform needs it, and the check does not pass it",
}


LOST = "fitted with groups as metadata, and transform received none.*make the key a column of X"
# An older scikit-learn loses metadata on the way to scoring too.
SCORING_FORWARDS = tuple(int(n) for n in sklearn.__version__.split(".")[:2]) >= (1, 9)


def expected_failures(estimator):
    return BY_0 if estimator.by == 0 else {}


@pytest.mark.filterwarnings("ignore:GroupScaler got neither by= nor groups")
@parametrize_with_checks(
    [
        GroupScaler(StandardScaler()),
        GroupScaler(RobustScaler(), units="global", min_group_size=3),
        GroupScaler(MinMaxScaler(), smooth=2.0),
        GroupScaler(StandardScaler(), smooth="auto"),
        GroupScaler(TheirStandardScaler()),
    ]
)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)


nothing_known = pytest.mark.filterwarnings("ignore:GroupScaler knows none of the groups")


@nothing_known
@parametrize_with_checks(
    [GroupScaler(StandardScaler(), by=0, handle_unknown="global")],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_compatible_with_a_key_column(estimator, check):
    check(estimator)


@pytest.fixture
def scans():
    """Four devices with their own offset and gain, and a class that each of them can tell."""
    rng = np.random.default_rng(0)
    device = np.repeat(["a", "b", "c", "d"], 50)
    y = rng.integers(0, 2, 200)
    gain, offset = np.repeat([1.0, 3.0, 0.2, 10.0], 50), np.repeat([0.0, 100.0, -5.0, 40.0], 50)
    X = rng.normal(size=(200, 3)) + y[:, None] * [2.0, 1.0, 0.0]
    frame = pd.DataFrame(X * gain[:, None] + offset[:, None], columns=["x", "y", "z"])
    frame.insert(1, "device", device)
    return frame, y, device


@nothing_known
def test_grid_search_over_the_inner_scaler_leaves_devices_out(scans):
    X, y, device = scans
    pipeline = Pipeline(
        [
            ("groupscaler", GroupScaler(StandardScaler(), by="device", handle_unknown="global")),
            ("model", LogisticRegression()),
        ]
    )
    grid = {
        "groupscaler__scaler": [StandardScaler(), RobustScaler(), MinMaxScaler(), MaxAbsScaler()],
        "groupscaler__units": ["group", "global"],
        "groupscaler__smooth": [None, 5.0],
    }
    search = GridSearchCV(pipeline, grid, cv=LeaveOneGroupOut(), error_score="raise")
    search.fit(X, y, groups=device)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    nested = {"groupscaler__scaler__with_std": [True, False]}
    GridSearchCV(pipeline, nested, cv=3, error_score="raise").fit(X, y)


@nothing_known
def test_per_device_scaling_beats_global_scaling_on_known_devices(scans):
    X, y, device = scans
    per_device = make_pipeline(GroupScaler(StandardScaler(), by="device"), LogisticRegression())
    features = X.drop(columns="device")
    pooled = make_pipeline(StandardScaler(), LogisticRegression())
    ours = cross_val_score(per_device, X, y, error_score="raise").mean()
    assert ours > cross_val_score(pooled, features, y).mean() + 0.1
    per_device[0].set_params(handle_unknown="global")
    left_out = cross_val_score(per_device, X, y, groups=device, cv=LeaveOneGroupOut(), error_score="raise")
    assert left_out.shape == (4,)


def routed():
    """A GroupScaler that asks for groups wherever it can."""
    scaler = GroupScaler(StandardScaler(), handle_unknown="global")
    scaler.set_fit_request(groups=True).set_transform_request(groups=True)
    return scaler.set_inverse_transform_request(groups=True)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_metadata_reaches_fit_and_transform_where_scikit_learn_forwards_it(scans):
    X, y, device = scans
    X = X.drop(columns="device")
    expected = GroupScaler(StandardScaler()).fit(X, groups=device).transform(X, groups=device)
    pipeline = Pipeline([("scaler", routed()), ("keep", SelectKBest(k="all"))])
    np.testing.assert_allclose(pipeline.fit_transform(X, y, groups=device), expected)
    np.testing.assert_allclose(pipeline.transform(X, groups=device), expected)
    np.testing.assert_allclose(pipeline.inverse_transform(expected, groups=device), X, rtol=1e-9)
    union = FeatureUnion([("scaler", routed())]).fit(X, y, groups=device)
    np.testing.assert_allclose(union.transform(X, groups=device), expected)
    columns = ColumnTransformer([("scaler", routed(), make_column_selector())]).fit(X, y, groups=device)
    np.testing.assert_allclose(columns.transform(X, groups=device), expected)


@pytest.mark.usefixtures("routing")
@nothing_known
def test_metadata_reaches_scoring_in_cross_validation_and_searches(scans):
    X, y, device = scans
    X = X.drop(columns="device")
    pipeline = make_pipeline(routed(), LogisticRegression())
    by_column = make_pipeline(
        GroupScaler(StandardScaler(), by="device", handle_unknown="global"), LogisticRegression()
    )
    if not SCORING_FORWARDS:
        with pytest.raises(ValueError, match=LOST):
            cross_validate(pipeline, X, y, cv=GroupKFold(4), params={"groups": device}, error_score="raise")
        return
    expected = cross_validate(by_column, scans[0], y, cv=GroupKFold(4), params={"groups": device})
    found = cross_validate(pipeline, X, y, cv=GroupKFold(4), params={"groups": device}, error_score="raise")
    np.testing.assert_allclose(found["test_score"], expected["test_score"])
    search = GridSearchCV(pipeline, {"groupscaler__smooth": [None, 2.0]}, cv=3, error_score="raise")
    search.fit(X, y, groups=device)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.filterwarnings("ignore:GroupScaler got neither")  # TransformedTargetRegressor, before it raises
@pytest.mark.usefixtures("routing")
def test_where_scikit_learn_drops_groups_an_error_says_so(scans):
    X, y, device = scans
    X = X.drop(columns="device")
    pipeline = make_pipeline(routed(), LogisticRegression())
    with pytest.raises(ValueError, match=LOST):
        cross_val_predict(pipeline, X, y, params={"groups": device})
    with pytest.raises(ValueError, match=LOST):
        CalibratedClassifierCV(pipeline).fit(X, y, groups=device).predict(X)
    search = GridSearchCV(pipeline, {"groupscaler__smooth": [None]}, cv=3, error_score="raise")
    if not SCORING_FORWARDS:
        with pytest.raises(ValueError, match=LOST):
            search.fit(X, y, groups=device)
        return
    search.fit(X, y, groups=device)
    with pytest.raises(TypeError, match="groups"):
        search.predict(X, groups=device)
    with pytest.raises(ValueError, match=LOST):
        search.predict(X)
    with pytest.raises((TypeError, UnsetMetadataPassedError), match="groups"):
        TransformedTargetRegressor(Ridge(), transformer=routed()).fit(X, X["x"], groups=device)
    with pytest.raises(UnsetMetadataPassedError, match="groups"):
        make_pipeline(GroupScaler(StandardScaler()), Ridge()).fit(X, y, groups=device)


def test_without_routing_a_pipeline_cannot_lose_groups_silently(scans):
    X, y, device = scans
    X = X.drop(columns="device")
    pipeline = Pipeline([("scaler", GroupScaler(StandardScaler())), ("model", Ridge())])
    pipeline.fit(X, y, scaler__groups=device)
    with pytest.raises(ValueError, match=LOST):
        pipeline.predict(X)


def test_a_fit_without_any_key_warns_and_refuses_keys_later():
    X = np.arange(6.0).reshape(3, 2)
    with pytest.warns(UserWarning, match="neither by= nor groups: all rows form one group"):
        scaler = GroupScaler(StandardScaler()).fit(X)
    np.testing.assert_array_equal(scaler.transform(X), StandardScaler().fit_transform(X))
    with pytest.raises(ValueError, match="fitted without groups, and transform received some"):
        scaler.transform(X, groups=[1, 2, 3])


def test_names_and_frames_of_every_kind(scans):
    X, _, _ = scans
    scaler = GroupScaler(StandardScaler(), by="device").fit(X)
    assert list(scaler.get_feature_names_out()) == ["x", "y", "z"]
    assert list(clone(scaler).set_params(keep_by=True).fit(X).get_feature_names_out()) == list(X.columns)
    expected = scaler.transform(X)
    for kind in ("pandas", "polars"):
        framed = clone(scaler).set_output(transform=kind).fit(X)
        Z = framed.transform(X)
        assert list(Z.columns) == ["x", "y", "z"]
        np.testing.assert_array_equal(Z.to_numpy(), expected)
        kept = clone(framed).set_params(keep_by=True)
        Z = kept.fit_transform(X)
        assert list(Z.columns) == ["x", "device", "y", "z"]
        assert Z["device"].to_list() == X["device"].to_list()
        back = kept.inverse_transform(Z)
        np.testing.assert_allclose(back[["x", "y", "z"]].to_numpy(), X[["x", "y", "z"]].to_numpy())
    assert framed.fit_transform(X).shape == (200, 3)
    arrays = GroupScaler(StandardScaler(), by=[1]).fit(X.to_numpy())
    assert list(arrays.get_feature_names_out()) == ["x0", "x2", "x3"]


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
@pytest.mark.parametrize(
    "inner", [PowerTransformer(), make_pipeline(TheirStandardScaler(), PowerTransformer())]
)
def test_any_transformer_works_inside_whatever_the_global_output(scans, inner, output):
    X, _, device = scans
    with config_context(transform_output=output):
        scaler = GroupScaler(inner, by="device", handle_unknown="nan").fit(X)
        Z = np.asarray(scaler.transform(X))
    features = X.drop(columns="device").to_numpy()
    for d in "abcd":
        rows = device == d
        alone = clone(inner).set_output(transform="default").fit(features[rows])
        np.testing.assert_allclose(Z[rows], alone.transform(features[rows]))
        back = scaler.set_output(transform="default").inverse_transform(Z[rows], groups=device[rows])
        np.testing.assert_allclose(back, alone.inverse_transform(Z[rows]))
    new = X.assign(device="e")
    assert np.isnan(np.asarray(scaler.transform(new))).all()
    with pytest.raises(ValueError, match="to_frame needs a scaler of skprep inside"):
        scaler.to_frame()


def test_a_foreign_scaler_streams_and_serves_small_and_unknown_groups(scans):
    X, _, _ = scans
    whole = GroupScaler(StandardScaler(), by="device", handle_unknown="global", min_group_size=51).fit(X)
    theirs = GroupScaler(TheirStandardScaler(), by="device", handle_unknown="global", min_group_size=51)
    for rows in np.array_split(np.arange(200), 7):
        theirs.partial_fit(X.iloc[rows])
    np.testing.assert_allclose(theirs.transform(X), whole.transform(X))  # all groups are small
    theirs.set_params(min_group_size=1).fit(X)
    ours = GroupScaler(StandardScaler(), by="device").fit(X)
    np.testing.assert_allclose(theirs.transform(X), ours.transform(X))


TABLE = pd.DataFrame({"site": ["s", "t"], "x": [1.0, 2.0], "note": ["good", "bad"]})


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        (
            {"by": "sites"},
            TABLE,
            "by must name columns of X; received 'sites', but X has 'site', 'x', 'note'",
        ),
        ({"by": "site"}, TABLE, "scales numbers; received 'good' in column 'note', row 0"),
        ({"by": ["site", "site"]}, TABLE, "by must name each column once"),
        ({"by": []}, TABLE, "by must be a column name or position"),
        ({"by": 7}, np.ones((2, 2)), "received 7, but X has 2 columns without names"),
        ({"by": "site"}, TABLE[["site"]], "needs at least one column to scale"),
        ({"by": "site", "smooth": "auto", "scaler": RobustScaler()}, TABLE, 'smooth="auto" needs'),
        (
            {"by": "site", "smooth": 1.0, "scaler": PowerTransformer()},
            TABLE,
            "smooth needs a scaler",
        ),
    ],
)
def test_bad_settings_are_refused(settings, X, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        GroupScaler(**{"scaler": StandardScaler(), **settings}).fit(X)


def test_bad_rows_are_named():
    X = pd.DataFrame({"site": ["s", "t", "s"], "x": [1.0, 2.0, 3.0], "dose": [1.0, 2.0, 3.0]})
    scaler = GroupScaler(StandardScaler(), by="site").fit(X)
    with pytest.raises(ValueError, match="received inf in column 'dose', row 2"):
        scaler.transform(X.assign(dose=[1.0, 2.0, np.inf]))
    with pytest.raises(ValueError, match="feature names should match"):
        scaler.transform(X[["x", "site", "dose"]])
    with pytest.raises(ValueError, match="received groups as well"):
        scaler.transform(X, groups=[1, 2, 3])
    with pytest.raises(ValueError, match="needs the group of each row; received none"):
        scaler.inverse_transform(X[["x", "dose"]])
    with pytest.raises(ValueError, match="names should match those that transform gave: 'x', 'dose'"):
        scaler.inverse_transform(X[["dose", "x"]], groups=["s", "s", "t"])
    with pytest.raises(ValueError, match="0 sample"):
        scaler.transform(X[:0])
