"""The laws hold for every combination of the switches of a scaler, not for its defaults alone."""

import itertools
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skprep import (
    GroupScaler,
    from_json,
    merge,
    to_json,
)

from ..cases import SWITCHES

GRID = [
    kind(**dict(zip(switches, values, strict=True)))
    for kind, switches in SWITCHES.items()
    for values in itertools.product(*switches.values())
]
# Whether each part of the rows has a value inside the domain is the part's business: there "clip" may refuse.
GRID = [s for s in GRID if not (getattr(s, "handle_invalid", "") == "clip" and s.offset == 1.0)]
every_setting = pytest.mark.parametrize("scaler", GRID, ids=repr)


def rows(missing=True):
    rng = np.random.default_rng(3)
    X = np.round(rng.normal(2.0, 4.0, size=(60, 4)), 3)
    X[:, 2] = 14.62  # a constant
    X[5, 0] = X[40, 3] = np.nan if missing else 1.0
    return X


CODES = np.random.default_rng(4).integers(0, 5, 60)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@every_setting
def test_one_group_is_the_plain_scaler(scaler):
    X, one = rows(), np.zeros(60)
    plain, grouped = clone(scaler).fit(X), GroupScaler(clone(scaler)).fit(X, groups=one)
    close(grouped.transform(X, groups=one), plain.transform(X))
    Z = plain.transform(X)
    close(grouped.inverse_transform(Z, groups=one), plain.inverse_transform(Z))


@every_setting
@pytest.mark.parametrize("order", ["C", "F"])
def test_many_groups_are_the_loop(scaler, order):
    X = np.asarray(rows(), order=order)
    for codes in (CODES, np.arange(60)):
        grouped = GroupScaler(clone(scaler)).fit(X, groups=codes)
        expected = np.empty_like(X)
        for code in np.unique(codes):
            own = codes == code
            if np.isnan(X[own]).all(axis=0).any():
                continue  # such a feature has the parameters of all rows
            expected[own] = clone(scaler).fit(X[own]).transform(X[own])
        known = [c for c in np.unique(codes) if not np.isnan(X[codes == c]).all(axis=0).any()]
        there = np.isin(codes, known)
        close(grouped.transform(X, groups=codes)[there], expected[there])


@every_setting
def test_an_unknown_group_is_nan_or_has_the_parameters_of_all_rows(scaler):
    X, known = rows(), np.flatnonzero(CODES != 4)
    grouped = GroupScaler(clone(scaler), handle_unknown="nan").fit(X[known], groups=CODES[known])
    assert np.isnan(grouped.transform(X[CODES == 4], groups=CODES[CODES == 4])).all()
    grouped.set_params(handle_unknown="global")
    plain = clone(scaler).fit(X[known])
    with pytest.warns(UserWarning, match="knows none of the groups of these"):
        found = grouped.transform(X[CODES == 4], groups=CODES[CODES == 4])
    close(found, plain.transform(X[CODES == 4]))


@every_setting
def test_batches_merged_parts_and_documents_are_one_fit(scaler):
    X = rows()
    whole = clone(scaler).fit(X)
    stream = clone(scaler)
    for part in (X[:1], X[1:30], X[30:]):
        stream.partial_fit(part)
    Z = whole.transform(X)
    close(stream.transform(X), Z)
    close(merge([clone(scaler).fit(X[:30]), clone(scaler).fit(X[30:])]).transform(X), Z)
    np.testing.assert_array_equal(from_json(to_json(whole)).transform(X), Z)
    grouped = GroupScaler(clone(scaler)).fit(X, groups=CODES)
    restored = from_json(to_json(grouped))
    np.testing.assert_array_equal(restored.transform(X, groups=CODES), grouped.transform(X, groups=CODES))


@every_setting
def test_looking_transforming_and_a_batch_of_nothing_change_nothing(scaler):
    X = rows()
    fitted = clone(scaler)
    for part in (X[:30], X[30:]):
        fitted.partial_fit(part)
    before, text = pickle.dumps(fitted), to_json(fitted)
    Z = fitted.transform(X)
    fitted.inverse_transform(Z)
    assert to_json(fitted) == text
    assert pickle.dumps(fitted) == before
    shown = {k: v for k, v in fitted.__getstate__().items() if k.endswith("_")}
    seen = ("n_samples_seen_", "exact_", "rank_error_")
    fitted.partial_fit(np.full((3, 4), np.nan))
    for name, value in shown.items():
        if name not in seen:
            np.testing.assert_array_equal(getattr(fitted, name), value, err_msg=name)
    np.testing.assert_array_equal(fitted.transform(X), Z)


@every_setting
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_parameters_do_not_depend_on_a_narrow_type(scaler, dtype):
    X = rows().astype(dtype)
    narrow, wide = clone(scaler).fit(X), clone(scaler).fit(X.astype(np.float64))
    for name, value in wide.__getstate__().items():
        if name.endswith("_") and isinstance(value, np.ndarray):
            assert getattr(narrow, name).dtype == value.dtype
            np.testing.assert_allclose(getattr(narrow, name), value, rtol=1e-13, err_msg=name)
    found, expected = narrow.transform(X), wide.transform(X.astype(np.float64))
    assert found.dtype == dtype
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=4 * eps, atol=8 * eps)


@every_setting
def test_a_lazy_frame_gives_what_the_rows_give(scaler):
    pl = pytest.importorskip("polars")
    if getattr(scaler, "method", None) == "median_of_means":
        return  # numbers the rows, which have no order there: refused, see test_lazy.py
    X = rows()
    frame = pl.DataFrame(X, schema=list("abcd"), orient="row")
    lazily, plain = clone(scaler).fit(frame.lazy()), clone(scaler).fit(frame)
    close(lazily.transform(frame.lazy()).collect().to_numpy(), plain.transform(frame))
    close(plain.inverse_transform(frame.lazy()).collect().to_numpy(), plain.inverse_transform(X))
