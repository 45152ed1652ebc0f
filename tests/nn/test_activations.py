import numpy as np

from skprep import nn


def test_relu_stops_an_infinite_gradient_where_its_output_is_flat():
    relu = nn.ReLU()
    relu(np.array([[-1.0, 2.0, 0.0]]))
    np.testing.assert_array_equal(relu.backward(np.array([[np.inf, np.inf, np.nan]])), [[0.0, np.inf, 0.0]])
    for kind, size in ((np.float16, 6e4), (np.float64, 1e308)):  # the sum of which overflows
        relu(np.ones(4, dtype=kind))
        np.testing.assert_array_equal(
            relu.backward(np.full(4, size, dtype=kind)), np.full(4, size, dtype=kind)
        )
    np.testing.assert_array_equal(relu.backward(np.array([np.inf, -np.inf, 1, 1])), [np.inf, -np.inf, 1, 1])
