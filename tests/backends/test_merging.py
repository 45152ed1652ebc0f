import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler as TheirStandardScaler

from skprep import GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, merge

from ..scalers.data import measurements


def test_thirteen_parts_equal_one_fit_to_the_last_digits():
    X = measurements()
    merged = merge(StandardScaler().fit(part) for part in np.array_split(X, 13))
    whole = StandardScaler().fit(X)
    np.testing.assert_allclose(merged.mean_, whole.mean_, rtol=1e-15)
    np.testing.assert_allclose(merged.var_, whole.var_, rtol=1e-12)
    np.testing.assert_array_equal(merged.n_samples_seen_, whole.n_samples_seen_)


def test_weights_add_up():
    X = measurements()
    weight = np.random.default_rng(0).uniform(0, 3, len(X))
    parts = np.array_split(np.arange(len(X)), 5)
    merged = merge([StandardScaler().fit(X[p], sample_weight=weight[p]) for p in parts])
    whole = StandardScaler().fit(X, sample_weight=weight)
    np.testing.assert_allclose(merged.scale_, whole.scale_, rtol=1e-12)
    np.testing.assert_allclose(merged.n_samples_seen_, whole.n_samples_seen_, rtol=1e-14)


def test_the_parts_stay_as_they_were_and_names_are_kept():
    X = pd.DataFrame(measurements(), columns=list("abcde"))
    parts = [MaxAbsScaler().fit(X[:50]), MaxAbsScaler().fit(X[50:])]
    before = [p.max_abs_.copy() for p in parts]
    merged = merge(parts)
    assert list(merged.feature_names_in_) == list("abcde")
    assert merged.n_features_in_ == 5
    for part, max_abs in zip(parts, before, strict=True):
        np.testing.assert_array_equal(part.max_abs_, max_abs)
    merged.partial_fit(X * 10)
    np.testing.assert_allclose(merged.max_abs_, 10 * X.abs().max())


def test_known_ranges_as_arrays_are_the_same_parameter():
    low, high = np.zeros(5), np.full(5, 9.0)
    parts = [MinMaxScaler(data_bounds=(low.copy(), high.copy())).fit(measurements()) for _ in range(2)]
    np.testing.assert_array_equal(merge(parts).data_max_, high)


X5, X4 = measurements(), measurements()[:, :4]
NAMED = pd.DataFrame(X5, columns=list("abcde"))


@pytest.mark.parametrize(
    ("scalers", "message"),
    [
        ([], "at least one fitted scaler; received none"),
        ([StandardScaler().fit(X5), MinMaxScaler().fit(X5)], "class 'MinMaxScaler' at place 1"),
        (
            [StandardScaler().fit(X5), StandardScaler(with_std=False).fit(X5)],
            "parameter 'with_std' False at place 1, but True at place 0",
        ),
        ([StandardScaler().fit(X5), StandardScaler().fit(X4)], "number of features 4 at place 1, but 5"),
        ([StandardScaler().fit(NAMED), StandardScaler().fit(X5)], "feature names None at place 1"),
        (
            [StandardScaler().fit(NAMED), StandardScaler().fit(NAMED.rename(columns={"c": "z"}))],
            r"feature names \['a', 'b', 'z', 'd', 'e'\] at place 1",
        ),
        (
            [StandardScaler().fit(X5), TheirStandardScaler().fit(X5)],
            "takes scalers of skprep; received",
        ),
        (
            [RobustScaler(exact_budget=10).fit(X5), RobustScaler(exact_budget=10).fit(X5)],
            r"at most exact_budget=10 rows in memory; received .* up to 182 values",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(scalers, message):
    with pytest.raises(ValueError, match=message):
        merge(scalers)


def test_an_unfitted_part_is_refused():
    with pytest.raises(NotFittedError):
        merge([StandardScaler().fit(X5), StandardScaler()])


def test_a_single_scaler_is_copied():
    one = StandardScaler().fit(X5)
    merged = merge([one])
    assert merged is not one
    np.testing.assert_array_equal(merged.mean_, one.mean_)


def test_groups_of_two_kinds_of_scaler_are_refused_by_kind():
    X, keys = np.arange(6.0)[:, None], [0, 0, 0, 1, 1, 1]
    parts = [GroupScaler(s).fit(X, groups=keys) for s in (StandardScaler(), RobustScaler())]
    message = r"received parameter 'scaler' RobustScaler\(\) at place 1, but StandardScaler\(\) at place 0"
    with pytest.raises(ValueError, match=message):
        merge(parts)


X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@pytest.mark.parametrize(
    "scaler",
    [
        MinMaxScaler(data_bounds=(0, [255, 1])),
        LogScaler(offset=pd.Series([1.0, 2.0])),
        MinMaxScaler(data_bounds=(np.array([0, 0]), 99)),
    ],
)
def test_merge_compares_parameters_of_any_form(scaler):
    parts = [sklearn.base.clone(scaler).fit(X) for _ in range(2)]
    np.testing.assert_array_equal(merge(parts).transform(X), parts[0].transform(X))
