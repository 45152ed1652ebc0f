"""Arrays of another library under array_api_dispatch, tried on the strict reference library."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone

from skprep import GroupScaler, RobustScaler, StandardScaler, merge

from ..scalers.data import measurements
from ..scalers.test_base import all_scalers

xp = pytest.importorskip("array_api_strict")


@all_scalers
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_and_attributes_live_where_the_input_does(scaler, dtype):
    X = measurements(dtype=dtype)
    expected = clone(scaler).fit(X)
    with config_context(array_api_dispatch=True):
        given = xp.asarray(X)
        fitted = clone(scaler).fit(given, sample_weight=xp.ones(200))
        Z = fitted.transform(given)
        back = fitted.inverse_transform(Z)
        assert all(type(a) is type(given) for a in (Z, back))
        learnt = {k: v for k, v in vars(fitted).items() if k.endswith("_") and hasattr(v, "__array__")}
        for key, value in learnt.items():
            np.testing.assert_allclose(np.asarray(value), getattr(expected, key), rtol=1e-12)
    np.testing.assert_allclose(np.asarray(Z), expected.transform(X), rtol=1e-6, atol=1e-6)
    assert np.asarray(Z).dtype == dtype


@all_scalers
def test_an_array_of_another_library_than_the_fit_is_refused(scaler):
    X = measurements()
    with config_context(array_api_dispatch=True):
        fitted = clone(scaler).fit(xp.asarray(X))
        with pytest.raises(ValueError, match=r"same namespace and the same device.*received NumPy"):
            fitted.transform(X)


@all_scalers
def test_merged_scalers_live_where_their_parts_do(scaler):
    X = measurements()
    with config_context(array_api_dispatch=True):
        parts = [clone(scaler).fit(xp.asarray(part)) for part in (X[:90], X[90:])]
        merged = merge(parts)
        Z = merged.transform(xp.asarray(X))
    assert type(Z) is type(xp.asarray(X))
    expected = merge([clone(scaler).fit(part) for part in (X[:90], X[90:])]).transform(X)
    np.testing.assert_allclose(np.asarray(Z), expected, rtol=1e-12)


@pytest.mark.parametrize("units", ["group", "global"])
def test_groups_of_arrays_of_another_library(units):
    X, keys = measurements(), np.arange(200) % 3
    expected = GroupScaler(StandardScaler(), units=units).fit(X, groups=keys)
    with config_context(array_api_dispatch=True):
        given, groups = xp.asarray(X), xp.asarray(keys)
        fitted = GroupScaler(StandardScaler(), units=units).fit(given, groups=groups)
        Z = fitted.transform(given, groups=groups)
        back = fitted.inverse_transform(Z, groups=groups)
        again = fitted.fit_transform(given, groups=groups)
    assert {type(a) for a in (Z, back, again)} == {type(given)}
    assert fitted.groups_.tolist() == [0, 1, 2]
    np.testing.assert_allclose(np.asarray(Z), expected.transform(X, groups=keys), rtol=1e-12)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(Z))
    np.testing.assert_allclose(np.asarray(back), X, rtol=1e-9)


class Narrow:
    """A tensor of a type that NumPy lacks."""

    __module__ = "torch"
    dtype, device = "bfloat16", "cpu"

    def __init__(self, *shape):
        self.shape, self.ndim = shape, len(shape)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType BFloat16")


@pytest.mark.parametrize("groups", [None, [0, 0, 1]])
def test_a_type_that_numpy_cannot_read_is_refused_in_our_words(groups):
    scaler = StandardScaler() if groups is None else GroupScaler(StandardScaler())
    extra = {} if groups is None else {"groups": groups}
    with pytest.raises(
        ValueError, match=r"received an array of torch with dtype bfloat16 on cpu .*Convert it to float32"
    ):
        scaler.fit(Narrow(3, 1), **extra)
    with pytest.raises(TypeError, match=r"one of torch.Narrow .*Pass its keys as whole numbers"):
        GroupScaler(StandardScaler()).fit(np.ones((3, 1)), groups=Narrow(3))


def test_a_stream_beyond_the_budget_lives_where_its_batches_do():
    X = measurements()
    with config_context(array_api_dispatch=True):
        stream = RobustScaler(exact_budget=50)
        for part in (X[:100], X[100:]):
            stream.partial_fit(xp.asarray(part))
        assert type(stream.transform(xp.asarray(X))) is type(xp.asarray(X))
        assert type(stream.center_) is type(xp.asarray(X))
