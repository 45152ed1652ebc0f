import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skprep.kernels.quantiles import select_group_quantiles, select_quantiles

columns = hnp.arrays(
    np.float64,
    st.integers(1, 300),
    elements=st.one_of(st.floats(-1e3, 1e3), st.integers(0, 3).map(float)),
)
PROBABILITIES = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 0.99, 1.0])


@given(x=columns)
def test_selection_equals_sorting(x):
    expected = np.quantile(x, PROBABILITIES)
    np.testing.assert_allclose(select_quantiles(x.copy(), PROBABILITIES), expected, rtol=1e-15, atol=1e-13)


@pytest.mark.parametrize(
    "x",
    [np.arange(5000.0), np.arange(5000.0)[::-1], np.zeros(5000), np.tile([1.0, 2.0], 2500)],
    ids=["sorted", "backwards", "constant", "two values"],
)
def test_selection_on_awkward_columns(x):
    np.testing.assert_array_equal(select_quantiles(x.copy(), PROBABILITIES), np.quantile(x, PROBABILITIES))


@given(x=columns, seed=st.integers(0, 99))
def test_groups_equal_a_loop(x, seed):
    rng = np.random.default_rng(seed)
    codes, weight = rng.integers(0, 4, x.size), rng.integers(1, 4, x.size).astype(float)
    found = select_group_quantiles(x, codes, 5, weight, PROBABILITIES)
    for g in range(5):
        rows = np.repeat(x[codes == g], weight[codes == g].astype(int))
        if rows.size == 0:
            assert np.isnan(found[:, g]).all()
        else:
            expected = np.quantile(rows, PROBABILITIES)
            np.testing.assert_allclose(found[:, g], expected, rtol=1e-14, atol=1e-12)
