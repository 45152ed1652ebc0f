"""A smooth way into bounds, beside the same in exact arithmetic."""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from skprep.maps import AffineMap, SquashedMap

FAR = np.array([0.0, -0.0, 1e-320, 1e-155, 1e-9, 0.5, 3.0, 3.0000001, 40.0, 1e9, 1e155, 1.7e308])


def exact(z, bound):
    """Return z / sqrt(1 + (z / bound)**2), by the square of a fraction and a root of 200 digits."""
    square = Fraction(z) ** 2 / (1 + (Fraction(z) / Fraction(bound)) ** 2)
    scale = 10**700
    return float(np.copysign(float(Fraction(isqrt(int(square * scale**2)), scale)), z))


@pytest.mark.parametrize("bound", [3.0, 0.1, 10.0])
def test_it_is_the_formula_to_the_last_digits_wherever_the_squares_leave_float64(bound):
    z = np.concatenate([FAR, -FAR])[:, None]
    found = SquashedMap(scale=np.array([[1.0]]), soft=bound).apply(z)
    expected = np.array([[exact(float(v), bound)] for v in z[:, 0]])
    np.testing.assert_allclose(found, expected, rtol=4e-16, atol=5e-324)
    assert (np.abs(found) <= bound).all()
    np.testing.assert_array_equal(np.signbit(found), np.signbit(z))


def test_infinity_is_the_bound_and_comes_back():
    squash = SquashedMap(center=np.array([[5.0]]), scale=np.array([[2.0]]), soft=3.0)
    X = np.array([[np.inf], [-np.inf], [np.nan], [5.0]])
    np.testing.assert_array_equal(squash.apply(X), [[3.0], [-3.0], [np.nan], [0.0]])
    np.testing.assert_array_equal(squash.undo(squash.apply(X)), X)
    np.testing.assert_array_equal(squash.undo(np.array([[3.5], [-4.0]])), [[np.inf], [-np.inf]])


def test_the_inverse_is_exact_up_to_how_flat_the_curve_is():
    rng = np.random.default_rng(0)
    squash = SquashedMap(center=np.array([[1e6, 0.0]]), scale=np.array([[3.0, 1e-150]]), soft=2.0)
    z = rng.normal(size=(10_000, 2)) * 4
    X = np.array([[1e6, 0.0]]) + z * np.array([[3.0, 1e-150]])
    error = np.abs(squash.undo(squash.apply(X)) - X) / np.array([[3.0, 1e-150]])
    assert (error <= 2**-52 * (2 * (1 + (z / 2) ** 2) ** 1.5 + np.array([[1e6, 0.0]]) + np.abs(z))).all()


def test_a_column_whose_values_differ_by_more_than_float64_holds():
    squash = SquashedMap(center=np.array([[-1.7e308]]), scale=np.array([[1e308]]), soft=4.0)
    (found,) = squash.apply(np.array([[1.7e308]]))
    np.testing.assert_allclose(found, [3.4 / np.sqrt(1 + (3.4 / 4) ** 2)], rtol=1e-14)
    np.testing.assert_allclose(squash.undo(np.array([found])), [[1.7e308]], rtol=1e-14)


def test_the_slope_is_that_of_the_curve():
    squash = SquashedMap(center=np.array([[1.0]]), scale=np.array([[7.0]]), soft=2.0)
    z = squash.apply(np.array([[-20.0], [1.0], [4.0]]))
    step = 1e-6
    rise = (squash.undo(z + step) - squash.undo(z - step)) / (2 * step)
    np.testing.assert_allclose(squash.slope(z), rise, rtol=1e-6)
    assert squash.slope(np.array([[2.0]])) == np.inf


def test_without_bounds_it_is_center_and_scale():
    squash = SquashedMap(center=np.array([[1.0]]), scale=np.array([[7.0]]), soft=2.0)
    flat = squash.unbounded()
    assert type(flat) is AffineMap
    np.testing.assert_array_equal(flat.apply(np.array([[71.0]])), [[10.0]])
