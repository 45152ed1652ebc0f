import numpy as np
import pytest

from skprep import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e308, [1e300] * 3, [1e-200, 1, 1]])
@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler()])
def test_weights_that_no_sum_can_hold_are_refused(scaler, weight):
    with pytest.raises(ValueError, match="sample_weight"):
        scaler.fit(X, sample_weight=weight)


@pytest.mark.parametrize("weight", [1e-50, 1e-3, 1e9, 1e13, 1e50])
def test_the_unit_of_the_weights_makes_no_difference(weight):
    rows = 1e4 + np.random.default_rng(0).normal(size=(1000, 1))
    found = StandardScaler().fit(rows, sample_weight=np.full(1000, weight))
    np.testing.assert_allclose(found.scale_, rows.std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.n_samples_seen_, 1000 * weight)


def test_a_row_of_weight_0_is_no_row_for_any_scaler():
    rows = np.array([[1.0], [2.0], [np.inf], [-5.0]])
    for scaler in (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), LogScaler(offset=0.0)):
        weighted = scaler.fit(rows, sample_weight=[1, 1, 0, 0])
        expected = type(scaler)(**scaler.get_params()).fit(rows[:2]).transform(rows[:2])
        np.testing.assert_array_equal(weighted.transform(rows[:2]), expected)
    with pytest.raises(ValueError, match="received inf in column 0, row 2"):
        StandardScaler().fit(rows, sample_weight=[0, 1, 1, 1])
