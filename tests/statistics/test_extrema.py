import numpy as np
import pytest

from skprep.statistics import Extrema


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (4097, 7), (30_000, 50), (3, 9000)])
def test_extrema_equal_numpy(shape, dtype, order):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.normal(size=shape).astype(dtype), order=order)
    learnt = Extrema.learn(X)
    np.testing.assert_array_equal(learnt.min[0], X.min(axis=0))
    np.testing.assert_array_equal(learnt.max[0], X.max(axis=0))
    np.testing.assert_array_equal(learnt.count[0], shape[0])


def test_nan_is_left_out_of_extrema_and_count_but_not_of_rows():
    learnt = Extrema.learn(np.array([[np.nan, 1.0], [3.0, np.nan], [2.0, np.nan]]))
    np.testing.assert_array_equal(learnt.min, [[2.0, 1.0]])
    np.testing.assert_array_equal(learnt.max, [[3.0, 1.0]])
    np.testing.assert_array_equal(learnt.count, [[2, 1]])
    np.testing.assert_array_equal(learnt.rows, [[3, 3]])


def test_rows_of_weight_0_do_not_count():
    learnt = Extrema.learn(np.array([[100.0], [1.0], [2.0]]), sample_weight=np.array([0.0, 1.0, 0.5]))
    assert (learnt.min[0, 0], learnt.max[0, 0], learnt.rows[0, 0]) == (1.0, 2.0, 1.5)


def test_a_group_without_rows_is_empty():
    learnt = Extrema.learn(np.array([[1.0]]), np.array([2]), n_groups=3)
    np.testing.assert_array_equal(learnt.min[:, 0], [np.inf, np.inf, 1.0])
    np.testing.assert_array_equal(learnt.max[:, 0], [-np.inf, -np.inf, 1.0])
