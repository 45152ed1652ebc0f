"""Every kernel, on inputs that a block may be: without rows of a group, wide, thin, narrow."""

import ast
from pathlib import Path

import numpy as np
import pytest

from skprep.kernels import dispatch, reference
from skprep.kernels.moments import sum_moments


def test_every_kernel_that_is_listed_can_be_called_by_its_name():
    tree = ast.parse(Path(dispatch.__file__).read_text())
    handed_out = {f.name for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in vars(reference)}
    assert handed_out == set(reference.__all__)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kernel", [sum_moments, dispatch.find_extrema, dispatch.find_smallest_two])
def test_learning_kernels_answer_in_float64_per_group_and_feature(kernel, dtype):
    X = np.array([[1, 2], [3, np.nan], [5, 7]], dtype=dtype)
    codes, weight = np.array([2, 0, 2]), np.array([1.0, 2.0, 0.5])
    for part in kernel(X, codes, 4, weight):
        assert part.shape == (4, 2)
        assert part.dtype in (np.float64, np.int64)
    count = kernel(X, codes, 4, weight)[0]
    np.testing.assert_array_equal(count, [[2.0, 0.0], [0.0, 0.0], [1.5, 1.5], [0.0, 0.0]])
