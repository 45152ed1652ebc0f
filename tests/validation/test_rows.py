"""Bad input: what is required, what came, what to do; and nothing is lost."""

import copy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone

import skprep
from skprep import GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from skprep.scalers.base import Scaler

from ..scalers.data import measurements
from ..scalers.test_base import SCALERS, all_scalers


def with_infinity(row, column, value=np.inf):
    X = measurements()
    X[row, column] = value
    return X


METHODS = [
    pytest.param(s, m, id=f"{type(s).__name__}.{m}")
    for s in SCALERS
    for m in ("fit", "partial_fit", "transform", "inverse_transform")
    if hasattr(s, m)
]


@pytest.mark.parametrize(("scaler", "method"), METHODS)
@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("container", ["array", "Fortran", "frame", "float32"])
def test_infinity_is_refused_by_name(scaler, method, value, container):
    good = measurements()
    X = clone(scaler).fit_transform(good) if method == "inverse_transform" else measurements()
    X[17, 2] = value
    if container == "frame":
        X, good = (pd.DataFrame(v, columns=["a", "b", "dose", "d", "e"]) for v in (X, good))
    elif container == "Fortran":
        X = np.asfortranarray(X)
    elif container == "float32":
        X = X.astype(np.float32)
    scaler = clone(scaler).fit(good)
    place = "column 'dose'" if container == "frame" else "column 2"
    with pytest.raises(ValueError, match=rf"infinity(.|\n)*received -?inf in {place}, row 17"):
        getattr(scaler, method)(X)


@all_scalers
@pytest.mark.parametrize("bad", ["infinity", "weights", "columns", "text"])
def test_a_refused_fit_leaves_the_scaler_as_it_was(scaler, bad):
    scaler = clone(scaler).fit(pd.DataFrame(measurements(), columns=list("abcde")))
    before = copy.deepcopy(vars(scaler))
    values = with_infinity(0, 0) if bad == "infinity" else measurements()
    wrong = pd.DataFrame(values, columns=list("vwxyz"))
    weight = {"sample_weight": -np.ones(len(wrong))} if bad == "weights" else {}
    if bad == "text":
        wrong = wrong.astype(object)
        wrong.iloc[3, 3] = "n/a"
    method = getattr(scaler, "partial_fit", scaler.transform) if bad == "columns" else scaler.fit
    with pytest.raises(ValueError, match=r"infinity|sample_weight|feature names|convert"):
        method(wrong, **weight)
    assert vars(scaler).keys() == before.keys()
    for key, value in before.items():
        if isinstance(value, np.ndarray | int | float):
            np.testing.assert_array_equal(getattr(scaler, key), value)
    X = pd.DataFrame(measurements(), columns=list("abcde"))
    np.testing.assert_array_equal(scaler.transform(X), clone(scaler).fit_transform(X))


@all_scalers
def test_a_refused_transform_in_place_leaves_the_array_as_it_was(scaler):
    X = with_infinity(190, 4)
    before = X.copy()
    scaler = clone(scaler).set_params(copy=False).fit(measurements())
    with pytest.raises(ValueError, match="infinity"):
        scaler.transform(X)
    np.testing.assert_array_equal(X, before)


@all_scalers
def test_weights_are_checked(scaler):
    X = measurements()
    with pytest.raises(ValueError, match=r"0 or more for every row; received -2\.0 in row 5"):
        clone(scaler).fit(X, sample_weight=np.where(np.arange(200) == 5, -2.0, 1.0))
    with pytest.raises(ValueError, match="above 0 for at least one row"):
        clone(scaler).fit(X, sample_weight=np.zeros(200))
    with pytest.raises(ValueError, match=r"sample_weight"):
        clone(scaler).fit(X, sample_weight=np.ones(199))


@pytest.mark.parametrize("clip", [0, -1, True, (3, -3), (1, 1), (1, 2, 3), "3", (None, 3)])
@pytest.mark.parametrize("kind", [StandardScaler, RobustScaler])
def test_clip_is_checked(kind, clip):
    with pytest.raises(ValueError, match="clip"):
        kind(clip=clip).fit(measurements())


@pytest.mark.parametrize("kind", [StandardScaler, RobustScaler])
def test_clip_keeps_results_within_bounds(kind):
    X = measurements()
    plain = kind().fit_transform(X)
    np.testing.assert_array_equal(kind(clip=1.5).fit_transform(X), np.clip(plain, -1.5, 1.5))
    np.testing.assert_array_equal(kind(clip=(-1, 2)).fit_transform(X), np.clip(plain, -1, 2))


@pytest.mark.parametrize(
    ("scaler", "message"),
    [
        (StandardScaler(), "Cannot center sparse matrices: pass `with_mean=False`"),
        (RobustScaler(), "Cannot center sparse matrices: use `with_centering=False`"),
    ],
)
def test_a_sparse_matrix_is_not_centered(scaler, message):
    with pytest.raises(ValueError, match=message):
        clone(scaler).fit(sparse.csr_array(measurements()))


def test_sparse_clip_must_hold_0():
    X = sparse.csr_array(np.eye(4))
    with pytest.raises(ValueError, match="clip must hold 0"):
        StandardScaler(with_mean=False, clip=(1, 2)).fit(X).transform(X)


def test_sparse_input_to_min_max_names_the_alternative():
    with pytest.raises(TypeError, match="Consider using MaxAbsScaler"):
        MinMaxScaler().fit(sparse.csr_array(np.eye(3)))


def test_a_sparse_infinity_is_named_by_column_and_row():
    X = np.zeros((6, 4))
    X[4, 2] = np.inf
    for form in (sparse.csr_array, sparse.csc_array):
        with pytest.raises(ValueError, match=r"received inf in column 2, row 4"):
            MaxAbsScaler().fit(form(X))


def test_every_scaler_is_covered():
    found = (getattr(skprep, name) for name in skprep.__all__)
    assert {type(s) for s in SCALERS} == {k for k in found if isinstance(k, type) and issubclass(k, Scaler)}


@pytest.mark.parametrize(
    "scaler", [LogScaler(offset=0.0), StandardScaler(), RobustScaler(), MinMaxScaler()], ids=repr
)
@pytest.mark.parametrize("grouped", [False, True])
def test_rows_are_called_by_the_numbers_of_the_caller(scaler, grouped):
    wrong = -3.0 if isinstance(scaler, LogScaler) else np.inf
    X, weight = np.array([[1.0], [2.0], [wrong]]), [0.0, 1.0, 1.0]
    scaler, extra = (GroupScaler(scaler), {"groups": [5, 5, 5]}) if grouped else (scaler, {})
    with pytest.raises(ValueError, match="row 2"):
        scaler.fit(X, sample_weight=weight, **extra)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler(), LogScaler()], ids=repr)
def test_what_is_masked_is_missing(scaler):
    X = np.ma.masked_array([[1.0, 5.0], [2.0, 6.0], [1000.0, 7.0]], mask=[[0, 0], [0, 0], [1, 0]])
    plain = X.filled(np.nan)
    np.testing.assert_array_equal(scaler.fit_transform(X), scaler.fit_transform(plain))
    np.testing.assert_array_equal(scaler.fit(plain).inverse_transform(X), scaler.inverse_transform(plain))
    whole = np.ma.masked_array([[1], [2], [1000]], mask=[[0], [0], [1]])
    assert StandardScaler().fit(whole).mean_[0] == 1.5
    grouped = GroupScaler(scaler).fit(X, groups=[0, 0, 0])
    np.testing.assert_array_equal(grouped.transform(X, groups=[0, 0, 0]), scaler.fit_transform(plain))


def test_weights_that_are_no_numbers_are_refused_in_our_words():
    with pytest.raises(
        ValueError,
        match=r"sample_weight must be one number for each of 2 rows; received 'balanced' .*Pass an array",
    ):
        StandardScaler().fit([[1.0], [2.0]], sample_weight="balanced")


@pytest.mark.parametrize("grouped", [False, True])
def test_what_is_masked_is_still_what_it_is(grouped):
    scaler, extra = (GroupScaler(StandardScaler()), {"groups": [0, 0]}) if grouped else (StandardScaler(), {})
    mask = [[False], [False]]
    with pytest.raises(ValueError, match="Complex data not supported"):
        scaler.fit(np.ma.masked_array([[1 + 2j], [2]], mask=mask), **extra)
    dates = np.array([["2020-01-01"], ["2020-01-02"]], dtype="M8[D]")
    for given in (dates, np.ma.masked_array(dates, mask=mask)):
        with pytest.raises(ValueError, match=r"scales numbers; received an array of datetime64"):
            scaler.fit(given, **extra)
    objects = pd.DataFrame({"a": [1.0, 2.0], "d": pd.Series(dates[:, 0].astype(object))})
    with pytest.raises(TypeError, match=r"received datetime.date.2020, 1, 1. in column 'd', row 0"):
        scaler.fit(objects, **extra)
    with pytest.raises(ValueError, match=r"received one that is masked in row 1. Pass weight 0"):
        scaler.fit([[1.0], [2.0]], sample_weight=np.ma.masked_array([1.0, 1.0], mask=[0, 1]), **extra)


X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


def test_assume_finite_is_honoured():
    with config_context(assume_finite=True):
        assert np.isinf(MaxAbsScaler().fit(X).transform([[np.inf, 1.0]])[0, 0])


def test_text_is_named_by_column_and_row():
    frame = pd.DataFrame({"size": [1.0, 2.0], "site": ["3", "A"]})
    with pytest.raises(ValueError, match=r"could not convert.*received 'A' in column 'site', row 1"):
        StandardScaler().fit(frame)
