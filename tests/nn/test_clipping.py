import numpy as np
import pytest

from skprep import nn


def test_clipping_of_any_length():
    np.testing.assert_allclose(nn.adaptive_grad_clip([[3.0, 4.0]], [[3e200, 4e200]], 0.1), [[0.3, 0.4]])
    with pytest.raises(ValueError, match="clipping must be above 0"):
        nn.adaptive_grad_clip([[1.0]], [[1.0]], -1)
