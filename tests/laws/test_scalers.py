"""The laws of a scaler, for each of them: what a user may rely on whatever the data."""

import pickle
from functools import reduce

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone

from skprep import GroupScaler, LogScaler, merge

from ..cases import cases
from .strategies import cuts, finite, grouped, matrices, parts

SCALERS = cases("laws")
AFFINE = [name for name in SCALERS if not isinstance(SCALERS[name], LogScaler)]

all_scalers = pytest.mark.parametrize("name", SCALERS)


@all_scalers
@given(X=matrices(elements=finite))
def test_inverse_transform_gives_the_rows_back(name, X):
    scaler = clone(SCALERS[name]).fit(X)
    Z = scaler.transform(X)
    back = scaler.inverse_transform(Z)
    size = np.maximum(np.abs(X).max(axis=0), 1.0)
    if isinstance(scaler, LogScaler):
        size = size + np.abs(scaler.offset_)
        size = size * (1.0 + np.abs(Z).max(axis=0) * np.log(10))  # the rounding of y, magnified
    if getattr(scaler, "soft_clip", None):  # so much steeper is the way back
        z = np.abs(Z) / scaler.soft_clip
        with np.errstate(divide="ignore"):  # at the bound itself nothing is known of x
            size = size + scaler.soft_clip * scaler.scale_ * (1.0 / ((1.0 - z) * (1.0 + z)) ** 1.5).max(
                axis=0
            )
    if "known" in name:
        size = size + 3e8
    assert (np.abs(back - X) <= 8 * np.finfo(np.float64).eps * size).all()


@all_scalers
@given(X=matrices())
def test_each_row_is_transformed_alone(name, X):
    scaler = clone(SCALERS[name]).fit(X)
    whole = scaler.transform(X)
    for i in range(len(X)):
        np.testing.assert_array_equal(scaler.transform(X[i : i + 1]), whole[i : i + 1])


@all_scalers
@given(X=matrices())
def test_transform_changes_neither_state_nor_input(name, X):
    scaler = clone(SCALERS[name]).fit(X)
    state, before = pickle.dumps(scaler), X.copy()
    X.flags.writeable = False
    Z = scaler.transform(X)
    scaler.inverse_transform(Z)
    assert pickle.dumps(scaler) == state
    np.testing.assert_array_equal(X, before)
    assert not np.shares_memory(Z, X)


@all_scalers
@given(X=matrices())
def test_fit_leaves_the_input_alone_and_forgets_what_was_before(name, X):
    before = X.copy()
    X.flags.writeable = False
    once = clone(SCALERS[name]).fit(X)
    again = clone(SCALERS[name]).fit(np.ones((3, 7))).fit(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(once.transform(X), again.transform(X))


@all_scalers
@given(X=matrices())
def test_memory_order_makes_no_difference(name, X):
    one = clone(SCALERS[name]).fit(np.ascontiguousarray(X))
    other = clone(SCALERS[name]).fit(np.asfortranarray(X))
    # Sums over rows may be taken in another order; nothing else may differ.
    a, b = one.transform(np.ascontiguousarray(X)), other.transform(np.asfortranarray(X))
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@all_scalers
@given(data=st.data())
def test_whole_weights_equal_repeated_rows(name, data):
    X = data.draw(matrices())
    weight = data.draw(hnp.arrays(np.float64, len(X), elements=st.integers(0, 3)))
    assume(weight.any())
    weighted = clone(SCALERS[name]).fit(X, sample_weight=weight)
    repeated = clone(SCALERS[name]).fit(np.repeat(X, weight.astype(int), axis=0))
    inside = X[weight > 0]
    a, b = weighted.transform(inside), repeated.transform(inside)
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@all_scalers
@given(data=st.data())
def test_batches_and_merged_parts_equal_one_fit(name, data):
    X = data.draw(matrices())
    pieces = [x for (x,) in parts(X, data.draw(cuts(len(X)))) if len(x)]
    whole = clone(SCALERS[name]).fit(X)
    stream = clone(SCALERS[name])
    for piece in pieces:
        stream.partial_fit(piece)
    merged = merge([clone(SCALERS[name]).fit(piece) for piece in pieces])
    expected = whole.transform(X)
    np.testing.assert_allclose(stream.transform(X), expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(merged.transform(X), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "name", [n for n in AFFINE if n not in ("min-max, known range", "standard, mean only")]
)
@pytest.mark.parametrize("k", [1e-150, 1e-20, 3e-20, 7e9, 1e20, 1e150])
@given(X=matrices(elements=finite))
def test_the_unit_of_the_data_makes_no_difference(name, k, X):
    kX = X * k
    # Scaling by k rounds: a column of two neighbouring floats may become a constant one.
    assume(all(len(np.unique(a)) == len(np.unique(b)) for a, b in zip(X.T, kX.T, strict=True)))
    spread = np.ptp(X, axis=0)
    assume(((spread == 0) | (spread > 1e-6 * np.abs(X).max(axis=0))).all())
    one, other = clone(SCALERS[name]).fit(X), clone(SCALERS[name]).fit(kX)
    # A spread of 0 is replaced by 1, which has a unit: compare the columns that have a spread.
    spread = getattr(one, "scale_", None)
    there = slice(None) if spread is None or "min-max" in name else spread != 1.0
    a, b = one.transform(X)[:, there], other.transform(kX)[:, there]
    np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)


@all_scalers
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_narrow_floats_keep_their_dtype_and_their_accuracy(name, dtype):
    rng = np.random.default_rng(0)
    X = rng.uniform(1.0, 9.0, size=(300, 4)).astype(dtype)
    scaler = clone(SCALERS[name]).fit(X)
    narrow, wide = scaler.transform(X), scaler.transform(X.astype(np.float64))
    assert narrow.dtype == dtype
    np.testing.assert_allclose(narrow, wide, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)
    assert scaler.inverse_transform(narrow).dtype == dtype


@all_scalers
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.bool_])
def test_integers_become_float64_before_any_arithmetic(name, dtype):
    high = 2 if dtype == np.bool_ else 128
    low = -128 if dtype in (np.int8, np.int64) else 0
    X = np.random.default_rng(1).integers(low, high, size=(50, 3)).astype(dtype)
    X[:2] = [[low], [high - 1]]
    before = X.copy()
    scaler = clone(SCALERS[name])
    Z = scaler.fit_transform(X)
    assert Z.dtype == np.float64
    np.testing.assert_array_equal(Z, clone(scaler).fit_transform(X.astype(np.float64)))
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("name", [n for n in SCALERS if n != "median of means"])  # which numbers its rows
@given(data=st.data())
def test_groups_merge_in_any_order_and_grouping(name, data):
    X, codes, _ = data.draw(grouped())
    table = np.column_stack([codes, X])
    pieces = [p for (p,) in parts(table, data.draw(cuts(len(table)))) if len(p)]
    fitted = [GroupScaler(clone(SCALERS[name]), by=0).partial_fit(piece) for piece in pieces]
    shuffled = data.draw(st.permutations(fitted))
    nested = reduce(lambda a, b: merge([a, b]), shuffled)
    expected = GroupScaler(clone(SCALERS[name]), by=0).fit(table)
    for merged in (merge(fitted), merge(shuffled), nested):
        assert merged.groups_.tolist() == expected.groups_.tolist()
        np.testing.assert_allclose(merged.transform(table), expected.transform(table), rtol=1e-8, atol=1e-8)
