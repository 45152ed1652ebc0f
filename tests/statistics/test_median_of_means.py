import numpy as np
import pytest

from skprep.statistics import MedianOfMeans, Moments


def by_a_plain_loop(x, n_blocks):
    blocks = [x[b::n_blocks] for b in range(n_blocks)]
    blocks = [b for b in blocks if np.isfinite(b).any()]
    center = np.median([np.nanmean(b) for b in blocks])
    return center, np.median([np.sqrt(np.nanmean((b - center) ** 2)) for b in blocks])


@pytest.mark.parametrize("n_blocks", [1, 2, 5, 10, 40])
def test_it_is_the_median_over_blocks(n_blocks):
    rng = np.random.default_rng(0)
    x = rng.gamma(2.0, size=31)
    x[4] = np.nan
    learnt = MedianOfMeans.learn(x[:, None], n_blocks=n_blocks)
    center, std = by_a_plain_loop(x, n_blocks)
    np.testing.assert_allclose(learnt.center()[0, 0], center, rtol=1e-14)
    np.testing.assert_allclose(learnt.std()[0, 0], std, rtol=1e-13)


def test_one_block_gives_the_moments():
    X = np.random.default_rng(1).normal(size=(50, 3))
    one, moments = MedianOfMeans.learn(X, n_blocks=1), Moments.learn(X)
    np.testing.assert_allclose(one.center(), moments.mean, rtol=1e-14)
    np.testing.assert_allclose(one.std(), moments.std(), rtol=1e-13)


@pytest.mark.parametrize("bad_rows", [1, 2, 3, 4])
@pytest.mark.parametrize("value", [1e9, -1e300, 1e308])
def test_fewer_than_half_as_many_bad_rows_as_blocks_are_survived(bad_rows, value):
    rng = np.random.default_rng(2)
    X = rng.normal(5.0, 2.0, size=(1000, 1))
    X[rng.choice(1000, bad_rows, replace=False)] = value
    learnt = MedianOfMeans.learn(X, n_blocks=10)
    assert abs(learnt.center()[0, 0] - 5.0) < 0.5
    assert abs(learnt.std()[0, 0] - 2.0) < 0.5


def test_half_of_the_blocks_are_not_survived():
    X = np.zeros((1000, 1))
    X[:6] = 1e9  # six of ten blocks
    assert MedianOfMeans.learn(X, n_blocks=10).center()[0, 0] > 1e6


def test_a_group_numbers_its_own_rows():
    X = np.arange(12.0)[:, None]
    codes = np.tile([0, 1], 6)  # devices that take turns
    learnt = MedianOfMeans.learn(X, codes, n_groups=2, n_blocks=2)
    np.testing.assert_allclose(learnt.center()[0, 0], by_a_plain_loop(X[::2, 0], 2)[0])


def test_fractional_weights_cannot_be_continued():
    part = MedianOfMeans.learn(np.ones((3, 1)), sample_weight=np.full(3, 0.5))
    with pytest.raises(ValueError, match=r"received a sum of weights of 1\.5"):
        part.merge(part)


def test_weights_that_sum_to_one_row_fill_one_block_whatever_rounding_says():
    X = np.append(np.ones(8), 101.0)[:, None]
    learnt = MedianOfMeans.learn(X, sample_weight=np.full(9, 1 / 9))
    np.testing.assert_allclose(learnt.center(), [[109 / 9]], rtol=1e-15)
    assert (learnt.blocks.count > 0).sum() == 1
    per_group = MedianOfMeans.learn(X, np.array([0, 1] * 4 + [0]), 2, np.full(9, 1 / 9))
    assert (per_group.blocks.count > 0).sum() == 2
    tenths = MedianOfMeans.learn(np.arange(30.0)[:, None], sample_weight=np.full(30, 0.1))  # three rows
    assert (tenths.blocks.count > 0).sum() == 3
