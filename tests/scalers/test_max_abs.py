import numpy as np
import pytest
from scipy import sparse

from skprep import MaxAbsScaler


def test_the_largest_absolute_value_becomes_exactly_1():
    X = np.random.default_rng(0).normal(size=(50, 500)) * 10.0 ** np.linspace(-200, 200, 500)
    np.testing.assert_array_equal(np.abs(MaxAbsScaler().fit_transform(X)).max(axis=0), 1.0)


def test_zeros_stay_zeros():
    scaler = MaxAbsScaler().fit([[0.0, -0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(scaler.transform([[0.0, 3.0]]), [[0.0, 3.0]])


@pytest.mark.parametrize("k", [1e-300, 1e-20, 1e300])
def test_small_units_are_scaled(k):
    np.testing.assert_allclose(MaxAbsScaler().fit_transform(np.array([[2.0], [-4.0]]) * k), [[0.5], [-1.0]])


def test_a_sparse_cell_stored_in_parts_is_clipped_as_one():
    cells = sparse.csr_array(([3.0, 3.0, 1.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    scaler = MaxAbsScaler(clip=True).fit(sparse.csr_array([[4.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(scaler.transform(cells).toarray(), [[1.0, 0.0], [0.0, 1.0]])
