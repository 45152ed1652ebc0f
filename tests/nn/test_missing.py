"""What a NaN spreads over."""

import numpy as np
import pytest

from skprep import nn


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_nan_spreads_over_what_it_is_normalised_with(dtype):
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(dtype)
    x[2, 1] = np.nan
    by_column = np.isnan(nn.BatchNorm(4)(x))
    assert by_column[:, 1].all()
    assert not np.delete(by_column, 1, axis=1).any()
    for layer in (nn.LayerNorm(4), nn.RMSNorm(4), nn.GroupNorm(1, 4)):
        by_row = np.isnan(layer(x))
        assert by_row[2].all()
        assert not np.delete(by_row, 2, axis=0).any()
    assert np.isnan(nn.softmax(x)[2]).all()
    assert np.isnan(nn.GroupNorm(2, 4)(x)).sum() == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_nothing_is_nothing_and_of_a_number_an_error(dtype):
    for shape in ((0,), (0, 3), (3, 0)):
        assert nn.softmax(np.zeros(shape, dtype)).shape == shape
        assert nn.log_softmax(np.zeros(shape, dtype)).shape == shape
    with pytest.raises(ValueError, match="received the number 3"):
        nn.softmax(dtype(3.0))


def test_softmax_of_infinities_is_that_of_float64():
    x = np.array([[1, np.inf, 2, np.inf], [-np.inf] * 4, [0, -np.inf, 3, 1], [np.inf, np.nan, 0, 0]])
    np.testing.assert_allclose(nn.softmax(x.astype(np.float32)), nn.softmax(x), rtol=1e-6)
