"""The four scalers that scikit-learn has too: same parameters, attributes and results."""

import inspect

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from scipy import sparse
from sklearn.utils import get_tags

import skprep

from .data import measurements

CASES = {
    "StandardScaler": [
        {},
        {"with_mean": False},
        {"with_std": False},
        {"with_mean": False, "with_std": False},
    ],
    "MinMaxScaler": [{}, {"feature_range": (-3, 5)}, {"feature_range": (-0.1, 0.3), "clip": True}],
    "MaxAbsScaler": [{}, {"clip": True}],
    "RobustScaler": [
        {},
        {"quantile_range": (5.0, 80.0)},
        {"unit_variance": True},
        {"with_centering": False},
        {"with_scaling": False},
    ],
}
SPARSE = [
    ("StandardScaler", {"with_mean": False}),
    ("StandardScaler", {"with_mean": False, "with_std": False}),
    ("MaxAbsScaler", {}),
    ("RobustScaler", {"with_centering": False}),
]
EACH = [
    (name, kwargs)
    for name, cases in CASES.items()
    for kwargs in cases
    # An older scikit-learn lacks some parameters: MaxAbsScaler(clip) came with 1.8.
    if kwargs.keys() <= inspect.signature(getattr(sklearn.preprocessing, name)).parameters.keys()
]


def pair(name, kwargs):
    return getattr(skprep, name)(**kwargs), getattr(sklearn.preprocessing, name)(**kwargs)


def public(estimator):
    return {k: v for k, v in vars(estimator).items() if k.endswith("_") and not k.startswith("_")}


MORE = {"RobustScaler": {"exact_", "rank_error_", "n_samples_seen_"}}  # scikit-learn's does not stream


def assert_same_attributes(ours, theirs):
    assert set(public(theirs)) <= set(dir(ours))  # what a stream has left for later is there for who looks
    assert public(ours).keys() - MORE.get(type(ours).__name__, set()) == public(theirs).keys()
    for key, expected in public(theirs).items():
        found = getattr(ours, key)
        if key == "scale_" and getattr(ours, "unit_variance", False):
            # A constant has scale 1 here; scikit-learn divides that 1 by the width of a normal.
            found, expected = np.delete(found, 3), np.delete(expected, 3)
        if expected is None or np.asarray(expected).dtype.kind in "OU":
            np.testing.assert_array_equal(found, expected)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-29, err_msg=key)
            assert np.shape(found) == np.shape(expected)


@pytest.mark.parametrize(("name", "kwargs"), EACH)
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_attributes_and_results_are_those_of_scikit_learn(name, kwargs, missing):
    X = measurements(missing=missing)
    ours, theirs = pair(name, kwargs)
    Z, expected = ours.fit_transform(X), theirs.fit_transform(X)
    assert_same_attributes(ours, theirs)
    varied = np.s_[:, [0, 1, 2, 4]]
    np.testing.assert_allclose(Z[varied], expected[varied], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(Z[:, 3], expected[:, 3], rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(ours.inverse_transform(Z), theirs.inverse_transform(expected), rtol=1e-12)


@pytest.mark.parametrize(("name", "kwargs"), EACH)
def test_attributes_after_frames_and_batches(name, kwargs):
    X = pd.DataFrame(measurements(), columns=list("abcde"))
    ours, theirs = pair(name, kwargs)
    method = "partial_fit" if hasattr(theirs, "partial_fit") else "fit"
    for scaler in (ours, theirs):
        for batch in np.array_split(np.arange(len(X)), 4):
            getattr(scaler, method)(X.iloc[batch])
    assert_same_attributes(ours, theirs)


@pytest.mark.parametrize(("name", "kwargs"), SPARSE)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.coo_array])
def test_sparse_matrices(name, kwargs, form):
    X = np.where(measurements() > 3, 0.0, measurements())
    ours, theirs = pair(name, kwargs)
    Z, expected = ours.fit_transform(form(X)), theirs.fit_transform(form(X))
    assert_same_attributes(ours, theirs)
    assert type(Z) is type(expected)
    np.testing.assert_allclose(Z.toarray(), expected.toarray(), rtol=1e-7)
    np.testing.assert_allclose(ours.inverse_transform(Z).toarray(), X, rtol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_what_skprep_adds_is_keyword_only_and_off_by_default(name):
    ours = inspect.signature(getattr(skprep, name)).parameters
    theirs = inspect.signature(getattr(sklearn.preprocessing, name)).parameters
    for key, parameter in theirs.items():
        assert ours[key].default == parameter.default
        assert ours[key].kind == parameter.kind
    for key in ours.keys() - theirs.keys():
        assert ours[key].kind == inspect.Parameter.KEYWORD_ONLY
    for method in ("fit", "transform", "inverse_transform", "partial_fit", "fit_transform"):
        if hasattr(getattr(sklearn.preprocessing, name), method):
            mine = inspect.signature(getattr(getattr(skprep, name), method)).parameters
            base = inspect.signature(getattr(getattr(sklearn.preprocessing, name), method)).parameters
            assert list(mine)[: len(base)] == list(base)
            assert all(mine[k].kind == inspect.Parameter.KEYWORD_ONLY for k in mine.keys() - base.keys())


@pytest.mark.parametrize(("name", "kwargs"), EACH)
def test_tags_are_those_of_scikit_learn(name, kwargs):
    ours, theirs = (get_tags(s) for s in pair(name, kwargs))
    assert ours.input_tags == theirs.input_tags
    assert ours.target_tags == theirs.target_tags
    assert set(theirs.transformer_tags.preserves_dtype) <= set(ours.transformer_tags.preserves_dtype)


@pytest.mark.parametrize("name", CASES)
def test_learned_attributes_may_be_set_by_hand(name):
    X = measurements(missing=0.0)
    fitted, bare = getattr(skprep, name)().fit(X), getattr(skprep, name)()
    for key, value in public(fitted).items():
        setattr(bare, key, value)
    np.testing.assert_array_equal(bare.transform(X), fitted.transform(X))
