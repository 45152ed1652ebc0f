import copy
import json
import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import _get_feature_names

from skprep import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, merge

from ..cases import cases
from .data import measurements

SCALERS = list(cases("base").values())
all_scalers = pytest.mark.parametrize("scaler", SCALERS, ids=lambda s: type(s).__name__)
names = list("abcde")


def frame(kind, X=None, columns=names):
    X = measurements() if X is None else X
    if kind == "pandas":
        return pd.DataFrame(X, columns=columns, index=np.arange(len(X)) * 10)
    if kind == "polars":
        return pl.DataFrame(X, schema=list(columns))
    return pa.table({c: X[:, j] for j, c in enumerate(columns)})


@all_scalers
@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_a_frame_gives_the_numbers_of_its_array(scaler, kind):
    scaler = clone(scaler).fit(frame(kind))
    if _get_feature_names(frame(kind)) is not None:  # scikit-learn 1.7 does not see those of PyArrow
        np.testing.assert_array_equal(scaler.feature_names_in_, names)
    expected = clone(scaler).fit_transform(measurements())
    np.testing.assert_allclose(scaler.transform(frame(kind)), expected, rtol=1e-12, atol=1e-12)


@all_scalers
def test_nulls_of_every_kind_are_missing_values(scaler):
    X = measurements()[:, :2]
    expected = clone(scaler).fit_transform(X)
    nullable = pd.DataFrame(X, columns=["a", "b"]).astype("Float64")
    nulls = pl.DataFrame({c: [None if np.isnan(v) else v for v in X[:, j]] for j, c in enumerate("ab")})
    for given in (nullable, nulls, nulls.to_arrow()):
        np.testing.assert_allclose(clone(scaler).fit_transform(given), expected, rtol=1e-12, atol=1e-12)


@all_scalers
@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_set_output_gives_frames_both_ways_and_keeps_the_index(scaler, output):
    X = frame("pandas")
    scaler = clone(scaler).set_output(transform=output).fit(X)
    Z = scaler.transform(X)
    back = scaler.inverse_transform(Z)
    assert type(back) is type(Z) is (pd.DataFrame if output == "pandas" else pl.DataFrame)
    assert list(back.columns) == names
    if output == "pandas":
        assert back.index.equals(X.index)
    np.testing.assert_allclose(back.to_numpy(), X.to_numpy(), rtol=1e-9)


@all_scalers
def test_a_global_output_setting_changes_no_learned_attribute(scaler):
    X = frame("pandas")
    with config_context(transform_output="polars"):
        fitted = make_pipeline(clone(scaler), clone(scaler)).fit(X)
        assert isinstance(fitted.transform(X), pl.DataFrame)
        assert isinstance(fitted[0].inverse_transform(fitted[0].transform(X)), pl.DataFrame)
    plain = make_pipeline(clone(scaler), clone(scaler)).fit(X)
    for key, value in vars(plain[1]).items():
        if key.endswith("_"):
            if np.asarray(value).dtype.kind == "f":
                np.testing.assert_allclose(getattr(fitted[1], key), value, rtol=1e-12, atol=1e-12)
            else:
                np.testing.assert_array_equal(getattr(fitted[1], key), value)


@all_scalers
@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
@pytest.mark.parametrize("columns", ["edcba", "abcdx", "abcd"])
def test_columns_in_another_order_or_of_another_name_are_refused(scaler, method, columns):
    scaler = clone(scaler).fit(frame("pandas"))
    wrong = frame("pandas", measurements()[:, : len(columns)], list(columns))
    with pytest.raises(ValueError, match="feature names should match"):
        getattr(scaler, method)(wrong)


@all_scalers
@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_another_number_of_columns_is_refused(scaler, method):
    scaler = clone(scaler).fit(measurements())
    with pytest.raises(ValueError, match=r"X has 4 features, but \w+ is expecting 5 features"):
        getattr(scaler, method)(measurements()[:, :4])


@all_scalers
def test_an_array_after_a_frame_goes_back_without_a_warning(scaler):
    scaler = clone(scaler).fit(frame("pandas"))
    Z = scaler.transform(frame("pandas"))
    np.testing.assert_allclose(scaler.inverse_transform(Z), measurements(), rtol=1e-9)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        scaler.transform(measurements())


@all_scalers
@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_copy_false_works_in_place(scaler, method, order):
    X = np.asarray(measurements(), order=order)
    scaler = clone(scaler).fit(X)
    if method == "inverse_transform":
        X = scaler.transform(X)
    expected = getattr(scaler, method)(X)
    result = getattr(scaler.set_params(copy=False), method)(X)
    assert result is X
    np.testing.assert_array_equal(X, expected)


@all_scalers
@pytest.mark.parametrize("view", ["memory map", "strided", "backwards"])
def test_views_and_read_only_maps(scaler, view, tmp_path):
    X = measurements()
    if view == "memory map":
        joblib.dump(X, tmp_path / "X.joblib")
        given = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    else:
        step = 2 if view == "strided" else -1
        given = np.repeat(X, 2, axis=0)[::2] if step == 2 else X[::-1].copy()[::-1]
    expected = clone(scaler).fit_transform(X)
    result = clone(scaler).fit_transform(given)
    assert type(result) is np.ndarray
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


@all_scalers
@pytest.mark.parametrize("copier", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_and_pickles_transform_alike(scaler, copier):
    fitted = clone(scaler).fit(measurements())
    np.testing.assert_array_equal(copier(fitted).transform(measurements()), fitted.transform(measurements()))


@all_scalers
def test_two_instances_share_nothing(scaler):
    one, other = type(scaler)(), type(scaler)()
    one.fit(measurements())
    assert not hasattr(other, "n_features_in_")
    assert clone(one).get_params() == one.get_params()


@all_scalers
def test_names_of_the_outputs_are_those_of_the_inputs(scaler):
    scaler = clone(scaler).fit(frame("pandas"))
    np.testing.assert_array_equal(scaler.get_feature_names_out(), names)
    assert list(clone(scaler).fit(measurements()).get_feature_names_out()) == [
        "x0",
        "x1",
        "x2",
        "x3",
        "x4",
    ]


@all_scalers
def test_an_all_nan_column_is_unknown_and_disturbs_no_other(scaler):
    X = measurements()
    X[:, 1] = np.nan
    Z = clone(scaler).fit_transform(X)
    assert np.isnan(Z[:, 1]).all()
    others = np.delete(X, 1, axis=1)
    expected = clone(scaler).fit_transform(others)
    np.testing.assert_allclose(np.delete(Z, 1, axis=1), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scaler", [s for s in SCALERS if hasattr(s, "partial_fit")])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_batch_of_nothing_but_nan_changes_nothing(scaler, place):
    X = measurements()
    batches = list(np.array_split(X, 3))
    batches.insert({"first": 0, "middle": 2, "last": 3}[place], np.full((7, 5), np.nan))
    stream = clone(scaler)
    for batch in batches:
        stream.partial_fit(batch)
    whole = clone(scaler).fit(np.vstack(batches))
    for key, value in vars(whole).items():
        if key.endswith("_"):
            np.testing.assert_allclose(getattr(stream, key), value, rtol=1e-13, err_msg=key)
    np.testing.assert_allclose(stream.transform(X), clone(scaler).fit(X).transform(X), rtol=1e-9, atol=1e-9)


X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (StandardScaler(method="median_of_means", n_blocks=2), {"n_blocks": 4}),
        (StandardScaler(), {"method": "median_of_means"}),
        (MinMaxScaler(), {"data_bounds": (0, 50)}),
        (LogScaler(), {"offset": 3.0}),
    ],
)
def test_parameters_that_decide_what_is_learnt_may_not_change_in_a_stream(before, after):
    scaler = before.partial_fit(X)
    name = next(iter(after))
    with pytest.raises(ValueError, match=f"partial_fit needs the parameters .* received {name}="):
        scaler.set_params(**after).partial_fit(X)
    with pytest.raises(ValueError, match="merge needs"):
        merge([scaler])


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler(), RobustScaler()])
def test_weights_for_the_model_pass_by_a_scaler_that_did_not_ask(scaler):
    y = np.array([0, 1, 1])
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        make_pipeline(scaler, model).fit(X, y, sample_weight=np.ones(3))


def test_inverse_transform_of_a_frame_with_made_up_names():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    assert list(back.columns) == ["x0", "x1"]
    np.testing.assert_allclose(back, X)


def test_a_global_frame_setting_leaves_an_array_an_array_on_the_way_back():
    with config_context(transform_output="pandas"):
        model = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
        assert type(model.fit(X, X[:, 0]).predict(X)) is np.ndarray
        assert type(StandardScaler().fit(X).inverse_transform(X)) is np.ndarray
    sparse_back = MaxAbsScaler().set_output(transform="pandas").fit(sparse.csr_array(X))
    assert sparse.issparse(sparse_back.inverse_transform(sparse.csr_array(X)))


def test_a_stream_does_not_forget_attributes_set_by_hand_in_silence():
    scaler = StandardScaler()
    scaler.mean_, scaler.var_, scaler.scale_, scaler.n_samples_seen_ = [0.0], [1.0], [1.0], 10
    scaler.n_features_in_ = 1
    for call in (lambda: scaler.partial_fit([[5.0]]), lambda: merge([scaler])):
        with pytest.raises(ValueError, match="attributes were set by hand"):
            call()


def test_counts_are_plain_integers():
    assert json.dumps(MinMaxScaler().fit(X).n_samples_seen_) == "3"
    assert json.dumps(MaxAbsScaler().fit(X).n_samples_seen_) == "3"


def test_attributes_set_by_hand_are_enough():
    X = np.array([[1.0, 2.0], [3.0, 6.0]])
    standard, robust = StandardScaler(), RobustScaler()
    standard.mean_, standard.scale_ = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    robust.center_, robust.scale_ = standard.mean_, standard.scale_
    for scaler in (standard, robust):
        assert scaler.transform(X).tolist() == [[0.0, 0.0], [1.0, 1.0]]
        assert scaler.inverse_transform(scaler.transform(X)).tolist() == X.tolist()


def test_a_stream_leaves_the_attributes_of_others_alone():
    A = np.arange(40.0).reshape(-1, 1)
    scaler = RobustScaler(exact_budget=5, max_rank_error=0.1).partial_fit(A)
    scaler.mine_ = 3
    scaler.partial_fit(A)
    assert (scaler.mine_, scaler.n_samples_seen_) == (3, 80)


def test_attributes_that_stay_none_are_known_to_a_stream():
    A = np.arange(40.0).reshape(-1, 1)
    scaler = RobustScaler(with_centering=False, exact_budget=5, max_rank_error=0.1).fit(A)
    scaler.fit(A)
    for with_centering in (False, True, False):
        stream = clone(scaler).set_params(with_centering=with_centering).partial_fit(A).partial_fit(A)
        assert (stream.center_ is None) == (not with_centering)
        assert stream.n_samples_seen_ == 80
