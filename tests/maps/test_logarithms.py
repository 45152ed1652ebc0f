import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep.maps import LogMap

from ..kernels.strategies import blocks


@given(
    block=blocks(),
    offsets=st.lists(st.sampled_from([0.0, 1.0, 0.25, -1.0, np.nan]), min_size=1, max_size=4),
    method=st.sampled_from(["log", "symlog", "arcsinh"]),
    base=st.sampled_from(["e", 2, 10]),
    handle_invalid=st.sampled_from(["error", "nan", "clip"]),
    size=st.sampled_from([0.1, 1.0, 1e3]),
    infinite=st.sampled_from([None, np.inf, -np.inf]),
    in_place=st.booleans(),
    undo=st.booleans(),
)
def test_in_place_it_is_the_formula_to_the_bit(
    block, offsets, method, base, handle_invalid, size, infinite, in_place, undo
):
    X, codes, n_groups, _ = block
    with np.errstate(all="ignore"):
        X = (np.abs(X) * X.dtype.type(size) + X.dtype.type(1e-3)).astype(X.dtype)
    if infinite is not None and X.size:
        X[len(X) // 2, 0] = infinite
    offset = np.resize(offsets, (n_groups, X.shape[1]))
    learnt = LogMap(None, offset, np.full(offset.shape, 2.0), base, method, handle_invalid)
    expected, found = np.empty_like(X), X.copy() if in_place else np.empty_like(X)
    with np.errstate(all="ignore"):
        suspect = learnt.read_formula(X, expected, codes, undo)
        assert learnt.write(found if in_place else X, found, codes, undo) == suspect
    np.testing.assert_array_equal(found, expected)
    kept = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[kept]), np.signbit(expected[kept]))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("undo", [False, True])
def test_many_blocks_one_of_which_is_looked_at_again(order, undo):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.uniform(0.1, 9.0, size=(200_000, 3)), order=order)
    X[150_000, 1], X[7, 2] = np.nan, -5.0
    learnt = LogMap(None, np.array([[0.0, 1.0, 0.5]]), np.array([[0.1, 0.1, 0.1]]), 10)
    found, expected = np.empty_like(X), np.empty_like(X)
    assert learnt.write(X, found, undo=undo) is learnt.read_formula(X, expected, undo=undo) is not undo
    np.testing.assert_array_equal(found, expected)
