"""``columns=``: some are scaled, the others pass through as they are, where they are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

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

SCALED = ["price", "dose"]


def table(n=40):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "dose": np.exp(rng.normal(size=n)) + 1})
    frame["seen"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), "D")
    frame["price"] = rng.integers(1, 99, n)
    frame["site"] = np.where(np.arange(n) % 3, "a", "b")
    frame["note"] = pd.Categorical(np.where(np.arange(n) % 2, "x", None))
    return frame.set_index(np.arange(n) * 2 + 1)


SCALERS = {
    **cases("base"),
    "offsets": LogScaler(offset=[1.0, 2.0]),
    "named offsets": LogScaler(offset={"price": 1.0, "dose": 2.0}),
    "bounds": MinMaxScaler(data_bounds=([0.0, 1.0], 99.0)),
    "nothing": StandardScaler(with_mean=False, with_std=False),
}
ESTIMATORS = {name: clone(s).set_params(columns=SCALED) for name, s in SCALERS.items()} | {
    "groups": GroupScaler(StandardScaler(), by="site", columns=SCALED),
    "metadata": GroupScaler(RobustScaler(), columns=SCALED),
    "combat": ComBat("site", columns=SCALED),
}
BESIDE = {"metadata": {"groups": np.arange(40) % 4}}


def whole_of(name):
    """The estimator of the scaled columns alone, and the columns that it takes."""
    estimator = clone(ESTIMATORS[name]).set_params(columns=None)
    return estimator, (["site", *SCALED] if getattr(estimator, "by", None) else SCALED)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_scaled_as_alone_and_the_rest_as_it_was(name):
    frame, beside = table(), BESIDE.get(name, {})
    before = frame.copy(deep=True)
    fitted = clone(ESTIMATORS[name]).fit(frame, **beside)
    alone, columns = whole_of(name)
    expected = np.asarray(alone.fit(frame[columns], **beside).transform(frame[columns], **beside))
    result = fitted.transform(frame, **beside)
    assert list(result) == list(frame)
    pd.testing.assert_index_equal(result.index, frame.index)
    np.testing.assert_allclose(result[SCALED], expected, rtol=1e-13)
    others = [c for c in frame if c not in SCALED]
    pd.testing.assert_frame_equal(result[others], frame[others])
    back = fitted.inverse_transform(result, **beside)
    np.testing.assert_allclose(back[SCALED], frame[SCALED].astype(float), rtol=1e-12)
    pd.testing.assert_frame_equal(back[others], frame[others])
    pd.testing.assert_frame_equal(frame, before)
    assert list(fitted.get_feature_names_out()) == list(frame)
    again = clone(fitted).fit_transform(frame, **beside)
    pd.testing.assert_frame_equal(again, result)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_positions_of_an_array(name):
    frame, beside = table(), BESIDE.get(name, {})
    fitted = clone(ESTIMATORS[name]).fit(frame, **beside)
    expected = fitted.transform(frame, **beside)
    if name == "named offsets":
        return
    array = frame.to_numpy(dtype=object)
    places = clone(fitted).set_params(columns=[3, 1])
    if getattr(places, "by", None):
        places.set_params(by=4)
    places.fit(array, **beside)
    result = places.transform(array, **beside)
    np.testing.assert_allclose(result[:, [3, 1]].astype(float), expected[SCALED], rtol=1e-13)
    assert (result[:, 0] == array[:, 0]).all()
    numbers = frame[["dose", "price"]].assign(more=np.arange(40.0)).to_numpy()
    if not getattr(places, "by", None) and not beside:
        plain = places.set_params(columns=[1, 0]).fit(numbers).transform(numbers)
        assert plain.dtype == np.float64
        np.testing.assert_array_equal(plain[:, 2], numbers[:, 2])
        np.testing.assert_allclose(plain[:, [1, 0]], expected[SCALED], rtol=1e-13)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_streams_parts_documents_and_selection(name):
    frame, beside = table(), BESIDE.get(name, {})
    unfitted = clone(ESTIMATORS[name])
    fitted = clone(unfitted).fit(frame, **beside)
    result = fitted.transform(frame, **beside)[SCALED]
    halves = [slice(0, 17), slice(17, 40)]
    cut = [{k: v[rows] for k, v in beside.items()} for rows in halves]
    stream = clone(unfitted)
    for rows, of in zip(halves, cut, strict=True):
        stream.partial_fit(frame.iloc[rows], **of)
    np.testing.assert_allclose(stream.transform(frame, **beside)[SCALED], result, rtol=1e-9)
    parts = [clone(unfitted).partial_fit(frame.iloc[r], **of) for r, of in zip(halves, cut, strict=True)]
    np.testing.assert_allclose(merge(parts).transform(frame, **beside)[SCALED], result, rtol=1e-9)
    restored = from_json(to_json(fitted))
    pd.testing.assert_frame_equal(restored.transform(frame, **beside)[SCALED], result)
    assert to_json(restored) == to_json(fitted)
    one = fitted.select("price")
    columns = ["site", "price"] if getattr(one, "by", None) else ["price"]
    alone = np.asarray(one.transform(frame[columns], **beside))
    np.testing.assert_array_equal(alone[:, 0], result["price"])
    with pytest.raises(ValueError, match="received 'id', and they are"):
        fitted.select("id")


@pytest.mark.parametrize("name", ["standard", "groups", "combat"])
def test_every_engine(name, engine):
    frame = table().drop(columns="note").reset_index(drop=True).assign(row=np.arange(40))
    estimator = clone(ESTIMATORS[name])
    expected = clone(estimator).fit(frame).transform(frame)
    rows = engine.make(frame)
    for fitted in (clone(estimator).fit(frame), clone(estimator).fit(rows)):
        result = fitted.transform(rows)
        result = engine.collect(result) if engine.is_lazy or engine.name != "pandas" else result
        assert list(result) == list(frame)
        np.testing.assert_allclose(result[SCALED].astype(float), expected[SCALED], rtol=1e-9, atol=1e-9)
        assert result["id"].tolist() == frame["id"].tolist()


def test_what_is_asked_of_set_output():
    pytest.importorskip("polars")
    frame = table().drop(columns="note")
    for kind in ("pandas", "polars"):
        scaler = StandardScaler(columns=SCALED).set_output(transform=kind).fit(frame)
        assert type(scaler.transform(frame)).__module__.startswith(kind)


def test_in_a_pipeline_and_a_search():
    frame = table().drop(columns=["id", "seen", "note", "site"]).assign(age=np.arange(40.0))
    y = np.arange(40) % 2
    pipeline = make_pipeline(StandardScaler(columns=["dose"]), DecisionTreeClassifier(random_state=0))
    grid = {"standardscaler__columns": [None, ["dose"], ["price", "age"]]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(frame, y)
    assert len(search.cv_results_["params"]) == 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["weight"], "In StandardScaler, columns must name columns of X; received 'weight', but X has 'id'"),
        (["price", 3], "columns must name each column once"),
        ([], "columns must be a list of one column name or position or more"),
        ({"price"}, "columns must be a list"),
        (["id"], "received 'p0' in column 'id', row 0"),
        ("seen", "received column 'seen'"),
    ],
)
def test_what_is_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        StandardScaler(columns=columns).fit(table())


def test_refusals_name_the_column_of_the_whole_table():
    frame = table()
    frame["price"] = frame["price"].astype(float)
    scaler = StandardScaler(columns=SCALED).fit(frame)
    frame.iloc[3, 3] = np.inf
    for call in (scaler.transform, clone(scaler).fit, scaler.partial_fit):
        with pytest.raises(ValueError, match="received inf in column 'price', row 3"):
            call(frame)
    array = frame.to_numpy(dtype=object)
    with pytest.raises(ValueError, match="received inf in column 3, row 3"):
        StandardScaler(columns=[3]).fit(array)
    with pytest.raises(ValueError, match="feature names should match"):
        scaler.transform(frame.rename(columns={"note": "remark"}))
    with pytest.raises(ValueError, match="partial_fit needs the parameters"):
        StandardScaler().fit(frame[["dose"]]).set_params(columns=["dose"]).partial_fit(frame[["dose"]])
    with pytest.raises(ValueError, match=r"In GroupScaler, columns names what is scaled.*'site' for both"):
        GroupScaler(StandardScaler(), by="site", columns=["site", "dose"]).fit(frame)
    with pytest.raises(ValueError, match="Which columns are scaled is said to GroupScaler"):
        GroupScaler(StandardScaler(columns=["dose"]), by="site").fit(frame)


def test_a_parameter_counts_at_the_next_fit():
    frame = table()
    columns = ["price"]
    scaler = StandardScaler(columns=columns).fit(frame)
    expected = scaler.transform(frame)
    columns.append("dose")
    pd.testing.assert_frame_equal(scaler.set_params(columns=["dose"]).transform(frame), expected)
    numbers = frame[["dose", "price"]].astype(float)
    scaler = StandardScaler(columns=["price"]).fit(numbers).set_params(columns=None)
    numbers.iloc[2, 1] = np.inf
    with pytest.raises(ValueError, match="received inf in column 'price', row 2"):
        scaler.fit(numbers)
    logs = LogScaler(columns=["price"]).fit(frame)
    logs.set_params(columns=None, offset={"dose": 1.0, "price": 1.0}).fit(frame[["dose", "price"]])


def test_a_name_that_is_a_number_comes_before_a_position():
    frame = pd.DataFrame(np.arange(8.0).reshape(4, 2) ** 2, columns=[1, 0])
    for scaler in (
        StandardScaler(columns=[0]),
        GroupScaler(StandardScaler(), columns=[0], controls={1: [0, 4, 16, 36]}),
    ):
        result = scaler.fit_transform(frame)
        np.testing.assert_array_equal(result[1], frame[1])
        assert abs(result[0].mean()) < 1e-12
    with pytest.raises(ValueError, match="columns must be names or positions; received True"):
        StandardScaler(columns=[True, False]).fit(frame)


def test_deviations_of_a_frame_are_found_by_name():
    scaler = StandardScaler(columns=["price", "dose"]).fit(table())
    with pytest.raises(
        ValueError, match="one column for each that is scaled: 'price', 'dose'; received 'dose', 'price'"
    ):
        scaler.inverse_scale(pd.DataFrame({"dose": [1.0], "price": [1.0]}))


def test_on_a_lazy_frame_messages_and_labels_know_the_whole_table():
    pl = pytest.importorskip("polars")
    frame = pl.from_pandas(table().drop(columns="note")).lazy()
    LogScaler(columns=["price"], offset={"price": 1.0}).fit(frame)
    with pytest.raises(ValueError, match="column 'price'"):
        LogScaler(columns=["price"], offset=1.0).fit(frame.with_columns(price=pl.lit(-5)))


def test_columns_and_controls_of_every_kind_become_documents_and_merge():
    frame = table()
    for columns in (np.array(["price", "dose"]), pd.Index(["price"]), ("dose",)):
        scaler = StandardScaler(columns=columns).fit(frame)
        pd.testing.assert_frame_equal(from_json(to_json(scaler)).transform(frame), scaler.transform(frame))
    for values in ({"x", "y"}, np.array(["x"]), float("nan")):
        scaler = GroupScaler(StandardScaler(), by="site", controls={"note": values})
        frame["note"] = frame["note"].astype(object)
        rows = frame[["site", "note", "dose", "price"]]
        fitted = clone(scaler).fit(rows)
        restored = from_json(to_json(fitted))
        np.testing.assert_array_equal(restored.transform(rows), fitted.transform(rows))
        merge([fitted, clone(scaler).fit(rows)])
