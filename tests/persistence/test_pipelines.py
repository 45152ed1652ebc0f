"""Documents of pipelines and heads: what comes back answers to the last bit, and goes on."""

import json
import pickle
import warnings
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import skprep.persistence
from skprep import (
    GroupScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    from_json,
    load,
    save,
    to_json,
)
from skprep.nn import SoftmaxClassifier
from skprep.persistence.reading import HEAD

from .fitted import pipelines, table
from .test_golden import FOLDER, answers

SCHEMA = json.loads((Path(skprep.persistence.__file__).parent / "schema.json").read_text(encoding="utf-8"))
FITTED = {name: (estimator, X) for name, estimator, X in pipelines()}
NUMBERS = ["dose", "größe", "x y"]


@pytest.mark.parametrize("name", FITTED)
def test_an_estimator_comes_back_to_the_last_bit(name, tmp_path):
    estimator, X = FITTED[name]
    save(estimator, tmp_path / "it.json")
    again = load(tmp_path / "it.json")
    assert type(again) is type(estimator)
    assert to_json(again) == to_json(estimator)
    np.testing.assert_array_equal(answers(again, X), answers(estimator, X))
    restored = pickle.loads(pickle.dumps(again))
    np.testing.assert_array_equal(answers(restored, X), answers(estimator, X))
    if hasattr(estimator, "predict"):
        assert again.predict(X).tolist() == estimator.predict(X).tolist()
        assert again.predict(X).dtype == estimator.predict(X).dtype
    else:
        assert again.get_feature_names_out().tolist() == estimator.get_feature_names_out().tolist()
        assert type(again.transform(X)) is type(estimator.transform(X))
    assert again.n_features_in_ == estimator.n_features_in_
    shallow, expected = (e.get_params(deep=False).keys() for e in (again, estimator))
    assert shallow == expected


@pytest.mark.parametrize("name", FITTED)
def test_it_can_be_cloned_and_fitted_anew(name):
    estimator, X = FITTED[name]
    again = clone(from_json(to_json(estimator)))
    y = np.arange(len(X)) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few epochs
        assert np.isfinite(answers(again.fit(X, y), X)).all()


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_head_goes_on_as_if_it_had_never_been_away(solver):
    X, y = table().fillna(0.0).to_numpy(), np.arange(60) % 3
    head = SoftmaxClassifier((4,), norm="batch", dropout=0.2, solver=solver, random_state=0)
    for _ in range(3):
        head.partial_fit(X, y, classes=[0, 1, 2])
    again = from_json(to_json(head))
    for one in (head, again):
        one.partial_fit(X, y).partial_fit(X[::-1], y[::-1])
    np.testing.assert_array_equal(again.predict_proba(X), head.predict_proba(X))
    assert to_json(again) == to_json(head)
    short = to_json(head, mergeable=False)
    assert len(short) < len(to_json(head))
    np.testing.assert_array_equal(from_json(short).predict_proba(X), head.predict_proba(X))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", "bb"]),
        np.array(["a", "bb"], dtype=object),
        np.array([3, 2**62]),
        np.array([False, True]),
        np.array([1.0, 2.0]),
        np.array([1, 200], dtype=np.uint8),
    ],
    ids=lambda v: str(v.dtype),
)
def test_labels_of_every_type(labels):
    X = table().fillna(0.0).to_numpy()
    head = SoftmaxClassifier().fit(X, labels[np.arange(60) % 2])
    again = from_json(to_json(head))
    assert again.classes_.dtype == head.classes_.dtype
    assert again.predict(X).tolist() == head.predict(X).tolist()


@pytest.mark.parametrize(
    "columns",
    [["dose", "x y"], [0, 2], [-1], slice(0, 2), slice("dose", "größe"), np.array([True, False, True])],
    ids=str,
)
def test_columns_however_they_were_chosen(columns):
    X = table()
    whole = ColumnTransformer(
        [("a", StandardScaler(), columns)], remainder=MinMaxScaler(), verbose_feature_names_out=False
    ).fit(X)
    again = from_json(to_json(whole))
    np.testing.assert_array_equal(again.transform(X), whole.transform(X))
    assert again.get_feature_names_out().tolist() == whole.get_feature_names_out().tolist()
    shuffled = X[["x y", "größe", "dose"]]  # by name, where they have names
    if isinstance(columns, list) and columns == ["dose", "x y"]:
        np.testing.assert_array_equal(again.transform(shuffled), whole.transform(shuffled))


def test_nested_pipelines_with_their_own_frames():
    X = table()
    inner = make_pipeline(StandardScaler().set_output(transform="pandas"), "passthrough")
    whole = Pipeline(
        [("both", FeatureUnion([("a", inner), ("b", RobustScaler())])), ("c", MinMaxScaler())]
    ).fit(X)
    again = from_json(to_json(whole))
    np.testing.assert_array_equal(again.transform(X), whole.transform(X))
    assert isinstance(again.named_steps["both"].transformer_list[0][1].transform(X), pd.DataFrame)
    assert again.named_steps["both"].transformer_list[0][1].steps[1][1] == "passthrough"


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            r"received LogisticRegression from sklearn\..*skops",
        ),
        (
            ColumnTransformer([("a", OneHotEncoder(), ["dose"])]),
            r"received OneHotEncoder from sklearn\..*skops",
        ),
        (FeatureUnion([("a", FunctionTransformer(np.abs))]), "received FunctionTransformer"),
        (
            ColumnTransformer([("a", StandardScaler(), make_column_selector())]),
            r"received a function for step 'a'.*\['dose', 'größe', 'x y'\]",
        ),
        (make_pipeline(StandardScaler(), memory="cache"), "received memory='cache' in a Pipeline"),
        (
            ColumnTransformer(
                [("a", StandardScaler(), ["dose"])], verbose_feature_names_out=lambda name, column: column
            ),
            "received verbose_feature_names_out=<function",
        ),
        (make_pipeline(GroupScaler(LogisticRegression())), "."),
    ],
)
def test_what_is_not_ours_is_refused_by_name(estimator, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = table().fillna(0.0), np.arange(60) % 2
    if message == ".":
        with pytest.raises(Exception, match=message):
            estimator.fit(X, y)
        return
    estimator.fit(X, y)
    with pytest.raises(ValueError, match=message):
        to_json(estimator)
    with pytest.raises(ValueError, match=message):
        save(estimator, tmp_path / "it.json")
    assert not (tmp_path / "it.json").exists()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("steps", 1, "estimator", "weights", "0.bias", 2),
            "big",
            r"\$\.steps\[1\]\.estimator\.weights\.0\.bias\[2\] must be a number",
        ),
        (
            ("steps", 1, "estimator", "layers", "hidden_layer_sizes"),
            [10**7],
            r"layers must be of as many weights",
        ),
        (
            ("steps", 1, "estimator", "classes", "values"),
            ["x", "low", "höher"],
            r"classes\.values must be different labels in rising order",
        ),
        (
            ("steps", 0, "estimator", "steps", 0, "columns"),
            ["nowhere"],
            r"\$\.steps\[0\]\.estimator\.steps\[0\]\.columns must be columns seen",
        ),
        (
            (
                "steps",
                0,
                "estimator",
                "steps",
                3,
                "estimator",
                "steps",
                0,
                "estimator",
                "learned",
                "offset_",
                0,
            ),
            5.0,
            r"\$\.steps\[0\].*learned\.offset_ must be",
        ),
        (("steps", 0, "name"), "softmaxclassifier", "steps must be steps of different names"),
        (
            ("steps", 0, "estimator", "class"),
            "LogisticRegression",
            r"\$\.steps\[0\]\.estimator\.class must be one of",
        ),
        (("parameters", "memory"), "/tmp", r"\$\.parameters\.memory must be null"),
        (("steps",), [], r"\$\.steps must be a list of steps"),
    ],
)
def test_the_message_says_where(path, value, message):
    document = json.loads(to_json(FITTED["pipeline"][0]))
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(ValueError, match=message) as info:
        from_json(json.dumps(document))
    assert str(info.value).startswith("Not a document of a fitted scaler: $")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_every_golden_document_is_what_the_schema_says(path):
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(path.read_text(encoding="utf-8")))


def test_the_schema_is_one_and_refuses():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(to_json(FITTED["columns"][0]))
    check = jsonschema.Draft202012Validator(SCHEMA)
    assert check.is_valid(document)
    assert not check.is_valid({**document, "more": 1})
    assert not check.is_valid({**document, "class": "LogisticRegression"})
    document["steps"][0]["estimator"]["statistic"]["kind"] = "Secret"
    assert not check.is_valid(document)


def test_a_document_of_groups_begins_with_what_people_look_for():
    X = table().assign(device=np.array(["a", "b"])[np.arange(60) % 2])
    text = to_json(GroupScaler(StandardScaler(), by="device").fit(X))
    assert list(json.loads(text))[:7] == [
        "format",
        "version",
        "written_by",
        "class",
        "feature_names",
        "groups",
        "learned",
    ]
    assert text.index('"center_"') < text.index('"parameters"')


def test_coefficients_of_a_linear_head_serve_selection():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    y = (X[:, 2] - X[:, 4] > 0).astype(int)
    head = SoftmaxClassifier(alpha=1.0).fit(X, y)
    twin = LogisticRegression(C=1.0, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(head.coef_, twin.coef_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(head.intercept_, twin.intercept_, rtol=1e-2, atol=1e-4)
    np.testing.assert_allclose(X @ head.coef_[0] + head.intercept_, head.decision_function(X), rtol=1e-12)
    three = SoftmaxClassifier(alpha=1.0).fit(X, y + (X[:, 2] > 1))
    assert (three.coef_.shape, three.intercept_.shape) == ((3, 6), (3,))
    assert SelectFromModel(SoftmaxClassifier(alpha=1.0), max_features=2).fit(X, y).get_support(
        indices=True
    ).tolist() == [2, 4]
    assert RFE(SoftmaxClassifier(alpha=1.0), n_features_to_select=2).fit(X, y).get_support(
        indices=True
    ).tolist() == [2, 4]
    head.coef_[:] = 0.0  # a copy
    assert head.coef_.any()


def test_a_head_of_layers_has_no_coefficients():
    head = SoftmaxClassifier((3,), max_iter=1, solver="adam")
    assert not hasattr(head, "coef_")
    with pytest.warns(ConvergenceWarning):
        head.fit(table().fillna(0.0), np.arange(60) % 2)
    with pytest.raises(AttributeError, match=r"those of one linear layer; received hidden layers"):
        head.coef_  # noqa: B018


def columns_document():
    whole = ColumnTransformer([("s", StandardScaler(), ["dose", "x y"])], remainder=MinMaxScaler())
    return json.loads(to_json(whole.fit(table())))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("steps", 0, "columns"), ["dose", "größe"], r"steps\[0\]\.estimator must be fitted on the columns"),
        (("steps", 0, "columns"), ["dose"], r"steps\[0\]\.estimator must be fitted on 1 columns; received 2"),
        (("steps", 0, "n_features_out"), 3, r"n_features_out must be 2, as the estimator gives"),
        (
            ("steps", 0, "n_features_out"),
            10**9,
            r"n_features_out must be a number of columns that are described",
        ),
        (
            ("steps", 1, "columns"),
            ["dose"],
            r"steps\[1\]\.estimator must be fitted on the columns \['dose'\]",
        ),
        (("sparse_output",), 1, r"\$\.sparse_output must be true or false"),
        (("parameters", "transformer_weights"), {"dict": [["t", 2.0]]}, "must be weights of the steps"),
        (
            ("parameters", "verbose_feature_names_out"),
            "{feature_name.__class__}",
            "text with the names alone",
        ),
        (
            ("parameters", "verbose_feature_names_out"),
            "{feature_name:>999999999}",
            "text with the names alone",
        ),
    ],
)
def test_steps_and_columns_agree(path, value, message):
    document = columns_document()
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(ValueError, match=message):
        from_json(json.dumps(document))


def test_a_step_takes_what_the_one_before_gives():
    X, y = table().fillna(0.0), np.arange(60) % 2
    document = json.loads(to_json(make_pipeline(StandardScaler(), MinMaxScaler()).fit(X)))
    other = json.loads(to_json(make_pipeline(MinMaxScaler()).fit(X[["dose"]])))
    document["steps"][1]["estimator"] = other["steps"][0]["estimator"]
    with pytest.raises(ValueError, match=r"steps\[1\]\.estimator must be fitted on 3 columns.*received 1"):
        from_json(json.dumps(document))
    document = json.loads(to_json(make_pipeline(StandardScaler(), SoftmaxClassifier(alpha=1.0)).fit(X, y)))
    document["steps"].reverse()
    with pytest.raises(ValueError, match=r"steps\[0\]\.estimator must be a transformer; received Softmax"):
        from_json(json.dumps(document))


def test_a_document_of_many_steps_asks_for_no_more_memory_than_it_is_long():
    document = columns_document()
    whole = {"columns": ["dose"], "n_features_out": 10**4, "estimator": "passthrough"}
    document["steps"] = [{"name": f"s{i}", **whole} for i in range(300)]
    document["steps"].append({"name": "remainder", "columns": [], "n_features_out": 0, "estimator": "drop"})
    with pytest.raises(ValueError, match="n_features_out must be a number of columns that are described"):
        from_json(json.dumps(document) + " " * 10**4)


def test_pipelines_in_pipelines_end_somewhere():
    X = table()
    nested = StandardScaler()
    for _ in range(8):
        nested = make_pipeline(nested)
    text = to_json(nested.fit(X))
    np.testing.assert_array_equal(from_json(text).transform(X), nested.transform(X))
    document = json.loads(text)
    for _ in range(3):
        inner = {name: value for name, value in document.items() if name not in HEAD}
        document = {**document, "steps": [{"name": "deeper", "estimator": inner}]}
    with pytest.raises(ValueError, match="at most 8 pipelines inside each other"):
        from_json(json.dumps(document))


def test_words_and_sparse_rows_come_back():
    X = sparse.random(40, 4, 0.1, format="csr", random_state=0)
    steps = [("s", MaxAbsScaler(), [0, 1]), ("none", StandardScaler(), [])]
    whole = ColumnTransformer(steps, remainder="passthrough", sparse_threshold=1.0, verbose=0)
    again = from_json(to_json(whole.fit(X)))
    assert sparse.issparse(again.transform(X))
    np.testing.assert_array_equal(again.transform(X).toarray(), whole.transform(X).toarray())
    union = FeatureUnion([("d", "drop"), ("s", StandardScaler())]).fit(table())
    np.testing.assert_array_equal(from_json(to_json(union)).transform(table()), union.transform(table()))
    for step in (FunctionTransformer(), FunctionTransformer(validate=True)):
        with pytest.raises(ValueError, match="received FunctionTransformer"):
            to_json(make_pipeline(step, StandardScaler()).fit(table().fillna(0.0)))
