import numpy as np
import pytest

from skprep import nn


def test_cross_entropy_of_targets_that_are_no_probabilities():
    loss, _ = nn.softmax_cross_entropy([[0.0, 1.0]], np.array([[np.nan, 1.0]]))
    assert np.isnan(loss)
    loss, _ = nn.softmax_cross_entropy([[0.0, 0.0]], [0], weight=[-1.0, 1.0], reduction="sum")
    np.testing.assert_allclose(loss, -np.log(2.0))
    for more in ({"label_smoothing": 2.0}, {"label_smoothing": -1.0}, {"ignore_index": [0, 1]}):
        with pytest.raises(ValueError, match="received"):
            nn.softmax_cross_entropy([[0.0, 0.0]], [0], **more)
    with pytest.raises(ValueError, match="received probabilities"):
        nn.softmax_cross_entropy([[0.0, 0.0]], np.array([[0.5, 0.5]]), ignore_index=0)


def test_any_temperature():
    np.testing.assert_array_equal(nn.softmax(np.float32([0, 1]), temperature=1e-50), [0, 1])
    np.testing.assert_array_equal(nn.softmax([0.0, -np.inf], temperature=np.inf), [1, 0])
    np.testing.assert_allclose(nn.softmax([-1e308, 1e308], temperature=1e308), nn.softmax([-1.0, 1.0]))
