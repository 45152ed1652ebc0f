import numpy as np
import pytest

from skprep.maps import AffineMap, LogMap, RangedMap, SquashedMap

MAPS = [
    AffineMap((-2.0, 3.0), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 2.0], [4.0, 1.0]])),
    RangedMap(None, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 2.0], [4.0, 1.0]]), (-0.1, 0.3)),
    SquashedMap(None, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 2.0], [4.0, 1.0]]), soft=1.5),
    LogMap(None, np.array([[1.0, 2.0], [0.0, 4.0]]), np.array([[0.5, 0.5], [0.5, 0.5]]), 10),
]


@pytest.mark.parametrize("learnt", MAPS, ids=lambda m: type(m).__name__)
def test_operations_on_maps(learnt):
    X = np.random.default_rng(2).uniform(0.5, 5.0, size=(7, 2))
    for g in (0, 1):
        alone = learnt.take([g]).apply(X)
        np.testing.assert_array_equal(learnt.apply(X, np.full(7, g)), alone)
        np.testing.assert_array_equal(learnt.take([g]).columns([1]).apply(X[:, [1]]), alone[:, [1]])
        mixed = learnt.where(np.array([[True, False], [True, False]]), learnt.take([g]))
        np.testing.assert_array_equal(mixed.apply(X, np.full(7, 1 - g))[:, 0], alone[:, 0])
    assert learnt.shape == (2, 2)
    with_fallbacks = learnt.with_fallbacks(learnt.take([0]))
    np.testing.assert_array_equal(with_fallbacks.apply(X, np.full(7, 2)), learnt.apply(X, np.zeros(7, int)))
    assert np.isnan(with_fallbacks.apply(X, np.full(7, 3))).all()
    half = learnt.blend(learnt.take([1]), np.array([[0.5, 0.0], [1.0, 1.0]]))
    for name, v in learnt.arrays().items():
        expected = np.array([[(v[0, 0] + v[1, 0]) / 2, v[1, 1]], v[1]])
        np.testing.assert_allclose(getattr(half, name), expected)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("learnt", MAPS, ids=lambda m: type(m).__name__)
def test_blocks_of_any_order_give_each_row_its_group(learnt, order):
    rng = np.random.default_rng(3)
    X = np.asarray(rng.uniform(0.5, 5.0, size=(200_000, 2)), order=order)
    codes = rng.integers(0, 2, len(X))
    found = np.empty_like(X)
    learnt.read_formula(X, found, codes)
    for g in (0, 1):
        np.testing.assert_array_equal(found[codes == g], learnt.take([g]).apply(X[codes == g]))
