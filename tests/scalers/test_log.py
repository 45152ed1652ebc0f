import math

import numpy as np
import pandas as pd
import pytest

from skprep import LogScaler, merge

BASES = {"e": math.e, 2: 2.0, 10: 10.0}


@pytest.mark.parametrize("base", BASES)
def test_positive_features_need_no_offset(base):
    X = np.array([[1e-300, 1.0], [1.0, 8.0], [1e300, 100.0]])
    scaler = LogScaler(base=base).fit(X)
    np.testing.assert_array_equal(scaler.offset_, 0.0)
    expected = np.log(X) / np.log(BASES[base])
    np.testing.assert_allclose(scaler.transform(X), expected, rtol=1e-15, atol=1e-300)


def test_powers_of_2_and_10_come_out_exact():
    X = 2.0 ** np.arange(-20, 40)[:, None]
    np.testing.assert_array_equal(LogScaler(base=2).fit_transform(X)[:, 0], np.arange(-20, 40))
    X = 10.0 ** np.arange(0, 22)[:, None]
    np.testing.assert_array_equal(LogScaler(base=10).fit_transform(X)[:, 0], np.arange(22))


@pytest.mark.parametrize(
    ("column", "offset"),
    [
        ([0, 1, 2, 3], 1.0),  # counts
        ([0, 0, 5, 7], 5.0),
        ([-3, -1, 10], 5.0),  # smallest at 2, the gap to the next
        ([2, 3], 0.0),
        ([0, 0, 0], 1.0),
        ([-4, -4], 5.0),
        ([7, 7], 0.0),
        ([np.nan, np.nan], 0.0),
        ([np.nan, 0, 0.5], 0.5),
        ([-1e10, np.nextafter(-1e10, 0)], 1e10 + 2**-19),
    ],
)
def test_the_rule_of_the_automatic_offset(column, offset):
    X = np.array(column, dtype=float)[:, None]
    scaler = LogScaler().fit(X)
    np.testing.assert_allclose(scaler.offset_, offset, rtol=1e-15)
    there = ~np.isnan(X)
    assert np.isfinite(scaler.transform(X)[there]).all()


def test_log1p_keeps_tiny_counts_exact():
    X = np.array([[0.0], [1.0], [1e-18], [3e-200]])
    scaler = LogScaler(offset=1.0).fit(X)
    y = scaler.transform(X)
    np.testing.assert_array_equal(y[:, 0], np.log1p(X[:, 0]))
    np.testing.assert_array_equal(scaler.inverse_transform(y), X)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("method", ["symlog", "arcsinh"])
def test_methods_for_any_sign_are_odd_and_invertible(base, method):
    X = np.array([[0.0], [1e-12], [0.5], [9.0], [1e6], [1e300]])
    scaler = LogScaler(base=base, method=method).fit(X)
    y = scaler.transform(X)
    formula = np.log1p if method == "symlog" else np.arcsinh
    np.testing.assert_allclose(y, formula(X) / np.log(BASES[base]), rtol=1e-15)
    np.testing.assert_array_equal(scaler.transform(-X), -y)
    np.testing.assert_allclose(scaler.inverse_transform(y), X, rtol=2e-13)
    np.testing.assert_array_equal(scaler.offset_, 0.0)


def frame(**columns):
    return pd.DataFrame(columns, dtype=float)


def test_a_value_outside_the_domain_is_named():
    scaler = LogScaler().fit(frame(dose=[1, 2], count=[0, 1]))
    with pytest.raises(ValueError, match=r"received -2\.0 in column 'count', row 1, .* above -1\.0"):
        scaler.transform(frame(dose=[1, 1], count=[0, -2]))
    with pytest.raises(ValueError, match=r"received 0\.0 in column 'dose', row 0, .* above 0\.0"):
        scaler.transform(frame(dose=[0, 1], count=[0, 2]))


def test_a_training_value_outside_a_given_offset_is_named():
    with pytest.raises(ValueError, match=r"received -5\.0 in column 1, row 2"):
        LogScaler(offset=2.0).fit([[1.0, 1.0], [1.0, 1.0], [1.0, -5.0]])


def test_outside_values_become_nan_or_the_smallest_training_value():
    train, test = np.array([[2.0], [8.0], [np.nan]]), np.array([[0.0], [-1.0], [1.0], [4.0], [np.nan]])
    nan = LogScaler(base=2, handle_invalid="nan").fit(train).transform(test)[:, 0]
    np.testing.assert_array_equal(nan, [np.nan, np.nan, 0.0, 2.0, np.nan])
    clip = LogScaler(base=2, handle_invalid="clip").fit(train).transform(test)[:, 0]
    np.testing.assert_array_equal(clip, [1.0, 1.0, 0.0, 2.0, np.nan])


def test_clip_with_a_given_offset_knows_the_smallest_value_inside_the_domain():
    scaler = LogScaler(offset=1.0, handle_invalid="clip").fit([[-3.0], [-0.5], [4.0]])
    np.testing.assert_array_equal(scaler.data_min_, [-0.5])
    np.testing.assert_array_equal(scaler.transform([[-9.0], [-1.0]])[:, 0], np.log1p([-0.5, -0.5]))


def test_columns_with_and_without_an_offset_of_1_side_by_side():
    X = np.array([[0.0, 5.0, 0.0], [1.0, 6.0, 3.0], [4.0, 7.0, 9.0]])
    scaler = LogScaler(base=10).fit(X)
    np.testing.assert_array_equal(scaler.offset_, [1.0, 0.0, 3.0])
    np.testing.assert_allclose(scaler.transform(X), np.log10(X + scaler.offset_), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1e-14, atol=1e-14)


def test_infinity_is_refused_under_every_policy():
    for policy in ("error", "nan", "clip"):
        scaler = LogScaler(handle_invalid=policy).fit([[1.0], [2.0]])
        for value in (np.inf, -np.inf):
            with pytest.raises(ValueError, match=r"infinity|received -inf"):
                scaler.transform([[value]])


@pytest.mark.parametrize("offset", [np.nan, [1.0, 2.0, 3.0], ["a", "b"], [np.inf, 1.0]])
def test_impossible_offsets_are_refused(offset):
    with pytest.raises(ValueError, match="offset"):
        LogScaler(offset=offset).fit([[1.0, 2.0]])


def test_offsets_per_feature():
    X = np.array([[1.0, 9.0]])
    np.testing.assert_allclose(LogScaler(base=10, offset=[9.0, 1.0]).fit_transform(X), [[1.0, 1.0]])


def test_batches_and_parts_learn_the_offset_of_all_rows():
    parts = [np.array([[5.0], [2.0]]), np.array([[0.0]]), np.array([[0.25], [7.0]])]
    stream = LogScaler()
    for part in parts:
        stream.partial_fit(part)
    assert stream.offset_[0] == merge([LogScaler().fit(p) for p in parts]).offset_[0] == 0.25


X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


@pytest.mark.parametrize(("base", "powers"), [(10, range(16)), (2, range(50))])
def test_counts_one_below_a_power_come_out_whole(base, powers):
    x = np.array([float(base) ** k - 1 for k in powers])[:, None]
    np.testing.assert_array_equal(LogScaler(base=base, offset=1.0).fit_transform(x)[:, 0], list(powers))


def test_clip_without_any_value_inside_the_domain_is_refused():
    with pytest.raises(ValueError, match=r"received none in column 0 with offset=-99"):
        LogScaler(handle_invalid="clip", offset=-99).fit(X)


@pytest.mark.parametrize("handle_invalid", ["error", "nan", "clip"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinity_is_refused_under_a_given_offset(value, handle_invalid):
    scaler = LogScaler(offset=1.0, handle_invalid=handle_invalid)
    for method in (scaler.fit, scaler.partial_fit):
        with pytest.raises(ValueError, match=r"infinity.*column 0, row 1"):
            method(np.array([[1.0], [value]]))
