"""Every kernel, on inputs that a block may be: without rows of a group, wide, thin, narrow."""

from pathlib import Path

import numpy as np
import pytest

from skprep.kernels import reference


def test_the_list_names_every_kernel_that_a_statistic_or_scaler_uses():
    used = set()
    for folder in ("statistics", "scalers"):
        for file in (Path(reference.__file__).parent.parent / folder).glob("*.py"):
            for line in file.read_text().splitlines():
                if line.startswith("from skprep.kernels.reference import"):
                    used |= set(line.split("import")[1].replace(" ", "").split(","))
    assert used == set(reference.__all__)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "kernel", [reference.sum_moments, reference.find_extrema, reference.find_smallest_two]
)
def test_learning_kernels_answer_in_float64_per_group_and_feature(kernel, dtype):
    X = np.array([[1, 2], [3, np.nan], [5, 7]], dtype=dtype)
    codes, weight = np.array([2, 0, 2]), np.array([1.0, 2.0, 0.5])
    for part in kernel(X, codes, 4, weight):
        assert part.shape == (4, 2)
        assert part.dtype in (np.float64, np.int64)
    count = kernel(X, codes, 4, weight)[0]
    np.testing.assert_array_equal(count, [[2.0, 0.0], [0.0, 0.0], [1.5, 1.5], [0.0, 0.0]])
