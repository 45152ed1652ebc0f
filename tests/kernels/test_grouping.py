import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skprep.kernels.grouping import summing_matrix


@given(n=st.integers(1, 40), n_groups=st.integers(1, 6), seed=st.integers(0, 99))
def test_the_product_sums_each_group(n, n_groups, seed):
    rng = np.random.default_rng(seed)
    X, codes, weight = rng.integers(-9, 9, (n, 3)), rng.integers(0, n_groups, n), rng.integers(0, 5, n)
    found = summing_matrix(n, codes, n_groups, weight.astype(float)) @ X.astype(float)
    for g in range(n_groups):
        np.testing.assert_array_equal(found[g], (X * weight[:, None])[codes == g].sum(axis=0))
    np.testing.assert_array_equal(summing_matrix(n) @ X.astype(float), X.sum(axis=0, keepdims=True))
