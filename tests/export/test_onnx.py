"""Models give what transform and predict give, through onnxruntime."""

import numpy as np
import pandas as pd
import pytest
import skl2onnx
import sklearn.preprocessing
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder

import skprep.export.onnx  # noqa: F401  (registers the converters)
from skprep import ComBat, GroupScaler, LogScaler, MinMaxScaler, RobustScaler, StandardScaler, to_onnx
from skprep.nn import SoftmaxClassifier

from ..cases import CASES, SWITCHES
from ..laws.strategies import matrices
from .models import close, run

PLAIN = {case.name: case.scaler for case in CASES}


def rows(dtype=np.float64, far=1e6):
    """Bundled data, as far from 0 as a mean of 1e6, with missing values."""
    X = load_wine().data[:, [0, 4, 12]]
    X = np.abs((X - X.mean(axis=0)) / X.std(axis=0)) + far
    X[[3, 7], [0, 2]] = np.nan
    return X.astype(dtype)


def frame(dtype=np.float64, far=1e6):
    X = pd.DataFrame(rows(dtype, far), columns=["alcohol", "magnesium", "proline"])
    n = np.arange(len(X))
    X["site"] = pd.Series(np.array(["a", None, "b", "ü"], dtype=object)[n % 4], dtype=object)
    X["device"] = n // 9 % 4 - 1
    X["dose"] = np.array([0.5, np.nan, 0.1, -0.0])[n % 4].astype(dtype)
    X["on"] = n % 7 < 3
    X["age"] = np.linspace(20, 80, len(X)) ** 1.01
    X["sex"] = np.where(n % 5 < 2, "f", "m")
    return X


FEATURES = ["alcohol", "magnesium", "proline"]


def outside_as_nan(scaler, X):
    """The scaler with NaN outside the domain, where it would raise."""
    if getattr(scaler, "handle_invalid", None) != "error":
        return scaler.transform(X)
    return clone(scaler).set_params(handle_invalid="nan").fit(X).transform(X)


@pytest.mark.parametrize("far", [1e6, 0.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", PLAIN)
def test_every_scaler(name, dtype, far):
    X = rows(dtype, far)
    scaler = clone(PLAIN[name]).fit(X)
    (found,) = run(to_onnx(scaler, X), X).values()
    close(found, outside_as_nan(scaler, X))
    named = frame(dtype, far)[FEATURES]
    scaler = clone(PLAIN[name]).fit(named)
    (found,) = run(to_onnx(scaler, named), named).values()
    close(found, outside_as_nan(scaler, named))


SETTINGS = [
    (kind, dict(zip(switches, values, strict=True)))
    for kind, switches in SWITCHES.items()
    for values in __import__("itertools").product(*switches.values())
]


@settings(max_examples=100)
@given(data=st.data())
def test_every_setting_on_any_numbers(data):
    X = data.draw(matrices(min_rows=2))
    kind, given_settings = data.draw(st.sampled_from(SETTINGS))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    X = np.ascontiguousarray(X, dtype=dtype)
    if given_settings.get("handle_invalid") == "clip":  # which needs a value inside the domain
        X = np.abs(X)
    with np.errstate(all="ignore"):
        scaler = kind(**given_settings).fit(X)
        expected = scaler.transform(X)
    (found,) = run(to_onnx(scaler, X), X).values()
    close(found, expected)


KEYS = {
    "text": ["site"],
    "whole": ["device"],
    "floats": ["dose"],
    "booleans": ["on"],
    "two": ["site", "device"],
    "all": ["site", "device", "dose", "on"],
}


@pytest.mark.parametrize("units", ["group", "global"])
@pytest.mark.parametrize(
    "inner", ["standard", "min-max, odd range", "max-abs", "robust", "log, clip", "arcsinh2"]
)
@pytest.mark.parametrize("keys", KEYS)
def test_groups_by_every_kind_of_key(keys, inner, units):
    X = frame()[[*KEYS[keys], *FEATURES]]
    units = "group" if inner == "log, clip" else units
    scaler = GroupScaler(
        clone(PLAIN[inner]), by=KEYS[keys], units=units, handle_unknown="global", min_group_size=8
    )
    scaler.fit(X)
    (found,) = run(to_onnx(scaler, X), X).values()
    close(found, scaler.transform(X))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_float32_frames_give_float32(dtype):
    X = frame(dtype)[["dose", *FEATURES]]
    scaler = GroupScaler(StandardScaler(), by="dose").fit(X)
    (found,) = run(to_onnx(scaler, X), X).values()
    close(found, scaler.transform(X))


def test_groups_of_an_array():
    X = np.column_stack([frame()["device"], rows()])
    for whole in (X, X.astype(np.float32)):
        scaler = GroupScaler(RobustScaler(), by=0).fit(whole)
        (found,) = run(to_onnx(scaler, whole), whole).values()
        close(found, scaler.transform(whole))
        scaler.set_params(keep_by=True)
        (found,) = run(to_onnx(scaler, whole), whole).values()
        close(found, scaler.transform(whole))


@pytest.mark.parametrize("policy", ["global", "nan", "error"])
@pytest.mark.parametrize("keys", KEYS)
def test_unknown_keys(keys, policy):
    X = frame()[[*KEYS[keys], *FEATURES]]
    known = (X["device"] if keys in ("whole", "two", "all") else X.iloc[:, 0]) != X.iloc[5, 0]
    learnt = X[known.to_numpy(dtype=bool)][:20]
    scaler = GroupScaler(StandardScaler(), by=KEYS[keys], handle_unknown=policy, smooth=2.0).fit(learnt)
    model = to_onnx(scaler, learnt)
    if policy == "error":
        scaler.set_params(handle_unknown="nan")
    (found,) = run(model, X).values()
    close(found, scaler.transform(X))


def test_a_missing_key_that_was_not_there_in_fit_is_unknown():
    X = frame()[["site", *FEATURES]]
    scaler = GroupScaler(StandardScaler(), by="site", handle_unknown="nan").fit(X[X["site"].notna()])
    (found,) = run(to_onnx(scaler, X[:1]), X).values()
    assert np.isnan(found[1]).all()
    close(found, scaler.transform(X))


@pytest.mark.parametrize("missing", ["nan", "None", "<NA>", "NaT"])
def test_how_a_missing_text_key_is_spelt(missing):
    X = frame()[["site", *FEATURES]]
    scaler = GroupScaler(StandardScaler(), by="site").fit(X)
    spelt = X.assign(site=X["site"].astype(object).where(X["site"].notna(), missing))
    (found,) = run(to_onnx(scaler, X[:1]), spelt).values()
    close(found, scaler.transform(X))
    real = spelt[spelt["site"].isin(["a", missing])]  # where it is the name of a group, it is that group
    scaler = GroupScaler(StandardScaler(), by="site").fit(real)
    with pytest.warns(UserWarning, match="which is the name of a group"):
        (found,) = run(to_onnx(scaler, real[:1]), real).values()
    close(found, scaler.transform(real))


def test_numbers_that_are_equal_are_one_key():
    X = pd.DataFrame({"k": [0, 1, 1, 2**53], "x": [1.0, 2.0, 4.0, 7.0]})
    scaler = GroupScaler(StandardScaler(), by="k", handle_unknown="nan").fit(X)
    for column in (
        np.array([0.0, 1.0, 0.1, 2.0**53]),
        np.array([-0.0, np.nan, 1.0, 5.0]),
        np.array([True, False, True, True]),
    ):
        Z = X.assign(k=column)
        (found,) = run(to_onnx(scaler, Z), Z).values()
        close(found, scaler.transform(Z))
    narrow = X.assign(k=X["k"].clip(upper=100).astype(np.int8))
    (found,) = run(to_onnx(scaler, narrow), narrow).values()
    close(found, scaler.transform(narrow))


@settings(max_examples=40)
@given(
    keys=st.lists(st.floats(allow_infinity=True), min_size=1, max_size=9, unique_by=str),
    more=st.lists(st.floats(), max_size=5),
)
def test_any_float_is_found_by_all_its_digits(keys, more):
    X = pd.DataFrame({"k": keys * 2, "x": np.arange(2.0 * len(keys))})
    scaler = GroupScaler(StandardScaler(), by="k", handle_unknown="nan").fit(X)
    Z = pd.DataFrame({"k": np.array([*keys, *more, *np.nextafter(keys, 0.0)])})
    Z["x"] = 1.5
    (found,) = run(to_onnx(scaler, Z), Z).values()
    close(found, scaler.transform(Z))


@pytest.mark.filterwarnings("ignore:A missing text key:UserWarning")
@settings(max_examples=40)
@given(
    keys=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1, max_size=6, unique=True
    )
)
def test_any_text_is_found(keys):
    X = pd.DataFrame({"k": pd.Series([*keys, *keys], dtype=object), "x": np.arange(2.0 * len(keys))})
    scaler = GroupScaler(StandardScaler(), by="k").fit(X)
    (found,) = run(to_onnx(scaler, X), X).values()
    close(found, scaler.transform(X))


def test_keep_by_and_columns_have_an_output_for_each_column():
    X = frame()[["alcohol", "site", "magnesium", "device"]]
    scaler = GroupScaler(StandardScaler(), by=["site", "device"], keep_by=True).fit(X)
    found, expected = run(to_onnx(scaler, X), X), scaler.transform(X)
    assert list(found) == ["alcohol_out", "site_out", "magnesium_out", "device_out"]
    for name in ("alcohol", "magnesium"):
        close(found[f"{name}_out"][:, 0], expected[name].to_numpy())
    assert found["device_out"][:, 0].tolist() == X["device"].tolist()
    assert found["site_out"][:4, 0].tolist() == ["a", "None", "b", "ü"]
    scaler = StandardScaler(columns=["magnesium"]).fit(X[["alcohol", "magnesium"]])
    (found,) = run(to_onnx(scaler, X[["alcohol", "magnesium"]]), X[["alcohol", "magnesium"]]).values()
    close(found, np.asarray(scaler.transform(X[["alcohol", "magnesium"]])))
    model = make_pipeline(
        GroupScaler(StandardScaler(), by="site", keep_by=True),
        ColumnTransformer(
            [("site", OneHotEncoder(sparse_output=False), ["site"]), ("x", "passthrough", ["alcohol"])]
        ),
    )
    W = X[["alcohol", "site"]].assign(site=X["site"].fillna("none"))
    (found,) = run(to_onnx(model.fit(W), W), W).values()
    np.testing.assert_allclose(found, model.transform(W), rtol=1e-6)


@pytest.mark.parametrize(
    "settings_of",
    [
        {},
        {"parametric": False},
        {"mean_only": True},
        {"empirical_bayes": False},
        {"reference": "a"},
        {"smooth": {"age": 5}},
        {"keep_by": True},
    ],
    ids=str,
)
def test_combat_with_covariates(settings_of):
    X = frame()
    X["site"] = X["site"].fillna("c")
    X = X[[*FEATURES, "site", "age", "sex", "on"]]
    scaler = ComBat(by="site", covariates=["age", "sex", "on"], **settings_of).fit(X)
    model = to_onnx(scaler, X)
    expected = scaler.transform(X)
    found = run(model, X)
    if scaler.keep_by:
        for name in FEATURES:
            close(found[f"{name}_out"][:, 0], expected[name].to_numpy())
        return
    close(found["variable"], np.asarray(expected))
    odd = X.assign(
        sex=X["sex"].where(np.arange(len(X)) != 9, "unknown"), age=X["age"].where(np.arange(len(X)) != 4)
    )
    found = run(model, odd)["variable"]
    assert np.isnan(found[[9, 4]]).all()
    close(np.delete(found, [9, 4], axis=0), np.delete(np.asarray(expected), [9, 4], axis=0))


NORMS = [
    {},
    {"hidden_layer_sizes": (8,), "norm": "batch", "activation": "gelu", "weight_norm": True},
    {"hidden_layer_sizes": (8, 5), "norm": "layer", "dropout": 0.1},
    {"hidden_layer_sizes": (12,), "norm": "group", "activation": "gelu"},
    {"hidden_layer_sizes": 6, "norm": "rms", "temperature": 2.5},
]


@pytest.mark.filterwarnings("ignore:SoftmaxClassifier stopped:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("parameters", NORMS, ids=str)
def test_heads(parameters, dtype):
    X, y = load_iris(return_X_y=True)
    X = X.astype(dtype)
    for labels in (y, np.array(["a", "b", "ç"])[y], y > 0, y.astype(np.float64)):
        model = make_pipeline(StandardScaler(), SoftmaxClassifier(max_iter=20, random_state=0, **parameters))
        model.fit(X, labels)
        label, probabilities = run(to_onnx(model, X), X).values()
        assert label.tolist() == model.predict(X).tolist()
        close(probabilities, model.predict_proba(X))


def test_in_pipelines_with_estimators_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    y = y > 140
    X["clinic"] = np.array(["a", "b"])[np.arange(len(X)) % 2]
    model = make_pipeline(
        ColumnTransformer(
            [
                ("clinic", GroupScaler(StandardScaler(), by="clinic"), ["clinic", "bmi", "bp"]),
                ("blood", make_pipeline(LogScaler(), MinMaxScaler((-1, 1))), ["s1", "s2", "s3"]),
                ("age", "passthrough", ["age"]),
            ]
        ),
        FeatureUnion([("as is", RobustScaler()), ("axes", make_pipeline(PCA(2), StandardScaler()))]),
        LogisticRegression(max_iter=1000),
    ).fit(X, y)
    label, probabilities = run(to_onnx(model, X), X).values()
    assert label.astype(bool).tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(X), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values:UserWarning")
@pytest.mark.parametrize(
    "imputer", [SimpleImputer(), SimpleImputer(strategy="median"), SimpleImputer(missing_values=-1.0)]
)
def test_the_pipeline_of_the_readme_with_missing_values(imputer):
    X = frame()
    X["site"] = X["site"].fillna("c")
    X = X[[*FEATURES, "site", "age", "sex"]].assign(empty=np.nan)
    X.loc[5, "proline"] = -1.0
    X = X if np.isnan(imputer.missing_values) else X.fillna(0.0)
    X = X.drop(columns=["age", "sex"])
    model = make_pipeline(
        GroupScaler(StandardScaler(), by="site"), imputer, LogisticRegression(max_iter=1000)
    ).fit(X, np.arange(len(X)) % 2)
    probabilities = run(to_onnx(model, X), X)["probabilities"]
    np.testing.assert_allclose(probabilities, model.predict_proba(X), rtol=1e-9)
    combat = make_pipeline(ComBat("site"), imputer, LogisticRegression(max_iter=1000))
    X = X.drop(columns="empty")
    combat.fit(X, np.arange(len(X)) % 2)
    np.testing.assert_allclose(
        run(to_onnx(combat, X), X)["probabilities"], combat.predict_proba(X), rtol=1e-9
    )


def test_skl2onnx_takes_them_too():
    X = rows()
    scaler = StandardScaler().fit(X)
    close(run(skl2onnx.to_onnx(scaler, X), X)["variable"], scaler.transform(X))
    model = make_pipeline(RobustScaler(), SelectFromModel(SoftmaxClassifier(), prefit=False, max_features=2))
    X = np.nan_to_num(X, nan=1e6)
    model.fit(X, np.arange(len(X)) % 3)
    close(run(skl2onnx.to_onnx(model, X), X)["variable"], model.transform(X))


def test_float32_far_from_0_keeps_its_digits_where_skl2onnx_loses_them():
    X = rows(np.float32)[8:]
    ours, theirs = StandardScaler().fit(X), sklearn.preprocessing.StandardScaler().fit(X)
    exact = (X.astype(np.float64) - ours.mean_) / ours.scale_
    (found,) = run(to_onnx(ours, X), X).values()
    (other,) = run(skl2onnx.to_onnx(theirs, X), X).values()
    assert np.abs(found - exact).max() < 2e-7
    assert np.abs(other - exact).max() > 1e-3


def test_the_graph_is_small_and_older_operators_will_do():
    X = rows()
    model = to_onnx(StandardScaler().fit(X), X, target_opset=13)
    assert [node.op_type for node in model.graph.node] == ["Sub", "Div"]
    close(run(model, X)["variable"], StandardScaler().fit(X).transform(X))
    assert {o.domain: o.version for o in model.opset_import}[""] == 13
    model = to_onnx(
        GroupScaler(StandardScaler(), by="site").fit(frame()[["site", *FEATURES]]),
        frame()[["site", *FEATURES]],
        target_opset={"": 15},
    )
    close(
        run(model, frame()[["site", *FEATURES]])["variable"],
        GroupScaler(StandardScaler(), by="site").fit_transform(frame()[["site", *FEATURES]]),
    )
    assert "NaN" in model.doc_string


def test_zipmap_is_an_option():
    X, y = load_iris(return_X_y=True)
    head = SoftmaxClassifier(alpha=1.0).fit(X, y)
    model = to_onnx(head, X, options={id(head): {"zipmap": True}})
    found = list(run(model, X).values())[1]
    assert found[0].keys() == {0, 1, 2}
    found = list(run(skl2onnx.to_onnx(head, X), X).values())[1]
    np.testing.assert_allclose([list(row.values()) for row in found], head.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda X: to_onnx(GroupScaler(StandardScaler()).fit(X[FEATURES], groups=X["site"]), X[FEATURES]),
            "key must be a column",
        ),
        (lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), X[FEATURES[:2]]), "needs the 3 columns"),
        (lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), rows()[:, :2]), "received 2: X"),
        (lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), X[FEATURES], target_opset=9), "from 13 to"),
        (lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), rows()[0]), "must be a table"),
        (
            lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), X[FEATURES].assign(proline="x")),
            "received text in column 2",
        ),
        (
            lambda X: to_onnx(StandardScaler().fit(X[FEATURES]), X[FEATURES].assign(proline=pd.Timestamp(0))),
            "column 'proline' of type Datetime",
        ),
        (
            lambda X: to_onnx(
                GroupScaler(StandardScaler(), by="device").fit(X[["device", *FEATURES]]),
                X[["device", *FEATURES]].astype({"device": str}),
            ),
            r"must hold what it held in fit, such as -1; received .* text",
        ),
        (
            lambda X: to_onnx(
                GroupScaler(sklearn.preprocessing.StandardScaler(), by="device").fit(
                    X[["device", *FEATURES]]
                ),
                X[["device", *FEATURES]],
            ),
            "needs a scaler of skprep inside",
        ),
    ],
)
def test_what_cannot_be_a_model_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(frame())


@pytest.mark.parametrize(
    "last", [LogisticRegression(), make_pipeline(SimpleImputer(), LogisticRegression())], ids=str
)
@pytest.mark.parametrize("by", ["site", "device"])
def test_float32_features_by_any_key_in_front_of_scikit_learn(by, last):
    X = frame(np.float32, far=0.0)[[by, *FEATURES]].dropna()
    model = make_pipeline(GroupScaler(StandardScaler(), by=by), clone(last)).fit(X, np.arange(len(X)) % 2)
    probabilities = run(to_onnx(model, X), X)["probabilities"]
    np.testing.assert_allclose(probabilities, model.predict_proba(X), rtol=1e-5)


def test_a_group_called_as_a_missing_key_is_warned_of():
    X = frame()[["site", *FEATURES]].assign(site="None")
    scaler = GroupScaler(StandardScaler(), by="site").fit(X)
    with pytest.warns(UserWarning, match="'None', which is the name of a group here") as caught:
        to_onnx(scaler, X)
    assert caught[0].filename == __file__


def test_columns_without_names_and_categories_of_numbers():
    X = pd.DataFrame(rows()[:9])
    scaler = StandardScaler().fit(X)
    close(run(to_onnx(scaler, X), X.to_numpy())["variable"], scaler.transform(X))
    X = pd.DataFrame({"k": pd.Categorical([1, 1, 2, 2]), "x": [1.0, 2.0, 3.0, 5.0]})
    scaler = GroupScaler(StandardScaler(), by="k").fit(X)
    found = run(to_onnx(scaler, X), X.astype({"k": int}))["variable"]
    close(found, scaler.transform(X))


def test_outputs_have_names_of_their_own():
    X = pd.DataFrame({"hu": [1.0, 2.0, 3.0], "hu_out": [1, 5, 6]})
    found = run(to_onnx(StandardScaler(columns=["hu"]).fit(X), X), X)
    assert list(found) == ["hu_out_", "hu_out_out"]


@pytest.mark.parametrize("columns", [["a b", "a_b"], ["variable", "variable_out"], ["a", "b"]])
def test_inputs_keep_their_names_whatever_they_are(columns):
    X = pd.DataFrame(rows()[8:, :2], columns=columns)
    for model in (StandardScaler(), make_pipeline(MinMaxScaler(), StandardScaler(columns=[1]))):
        made = to_onnx(model.fit(X), X)
        assert [i.name for i in made.graph.input] == columns
        close(next(iter(run(made, X).values())), np.asarray(model.transform(X)))


def test_float32_beside_small_whole_numbers():
    n = np.arange(170)
    X = pd.DataFrame({"a": rows(np.float32, far=0.0)[8:, 1], "b": n.astype(np.int16), "c": n % 2 > 0})
    close(run(to_onnx(StandardScaler().fit(X), X), X)["variable"], StandardScaler().fit_transform(X))
    X = X.assign(b=n)
    close(run(to_onnx(StandardScaler().fit(X), X), X)["variable"], StandardScaler().fit_transform(X))


def test_small_and_huge_numbers_under_arcsinh():
    x = np.array([0.0, 1e-200, -1e-163, 1e-8, 0.5, -1e9, 1e200, 1e308, -1e308])[:, None]
    scaler = LogScaler(method="arcsinh").fit(x)
    np.testing.assert_allclose(run(to_onnx(scaler, x), x)["variable"], np.arcsinh(x), rtol=1e-12)
