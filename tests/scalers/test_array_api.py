"""Arrays of another library under array_api_dispatch, tried on the strict reference library."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone

from .data import measurements
from .test_base import all_scalers

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
