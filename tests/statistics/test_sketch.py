import sys

import numpy as np
import pytest

from skprep.statistics import sketch

kll_doubles_sketch = pytest.importorskip("datasketches").kll_doubles_sketch


def test_the_size_is_the_least_that_keeps_the_bound():
    from datasketches import kll_doubles_sketch

    for bound in (0.5, 0.05, 0.01, 0.001, sketch.LEAST_RANK_ERROR):
        k = sketch.size_for(bound)
        assert kll_doubles_sketch.get_normalized_rank_error(k, True) <= bound
        assert k == 8 or kll_doubles_sketch.get_normalized_rank_error(k - 1, True) > bound


def test_rank_errors_stay_within_the_bound_at_20_seeds():
    n, bound, errors = 200_000, 0.005, []
    for seed in range(20):
        x = np.random.default_rng(seed).permutation(n).astype(np.float64)
        parts = [sketch.updated(None, p, None, bound) for p in np.split(x, 4)]
        whole = sketch.merged(sketch.merged(parts[0], parts[1]), sketch.merged(parts[2], parts[3]))
        assert sketch.count(whole) == n
        assert sketch.rank_error(whole) <= bound
        for p in (0.25, 0.5, 0.75):
            errors.append(abs(sketch.quantiles(whole, None, [p])[0] / n - p))
    # The sketch draws random bits: the bound is more than three standard deviations of the error.
    assert sorted(errors)[-2] <= bound
    assert max(errors) <= 1.5 * bound


def test_updating_leaves_the_bytes_alone():
    first = sketch.updated(None, np.arange(10.0), None, 0.01)
    before = bytes(first)
    second = sketch.updated(first, np.arange(5.0), None, 0.01)
    sketch.quantiles(first, np.arange(7.0), [0.5])
    sketch.merged(first, second)
    assert first == before
    assert (sketch.count(first), sketch.count(second)) == (10, 15)


def test_weights_are_repetitions_spelt_out_piece_by_piece(monkeypatch):
    monkeypatch.setattr(sketch, "REPEATED", 8)
    weights = np.array([1.0, 20.0, 3.0, 8.0])
    learnt = sketch.updated(None, np.arange(4.0), weights, 0.01)
    assert sketch.count(learnt) == 32
    p = [0.0, 0.01, 0.04, 0.6, 0.7, 0.8, 1.0]
    plain = sketch.updated(None, np.repeat(np.arange(4.0), weights.astype(int)), None, 0.01)
    assert sketch.quantiles(learnt, None, p) == sketch.quantiles(plain, None, p)


def test_an_absent_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(ImportError, match=r"pip install 'skprep\[sketch\]'"):
        sketch.updated(None, np.arange(3.0), None, 0.001)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 100, 5000, 300_000])
@pytest.mark.parametrize("k_error", [0.5, 0.05, 0.01])
def test_what_the_library_writes_is_read_and_checked(n, k_error):
    values = np.random.default_rng(n).normal(size=n)
    bytes_ = sketch.updated(None, values, None, k_error)
    sketch.check(bytes_)
    parts = sketch.read(bytes_)
    assert (parts.n, parts.least, parts.most) == (n, values.min(), values.max())
    assert sketch.count(bytes_) == n
    library = kll_doubles_sketch.deserialize(bytes_)
    probabilities = [0.0, 0.25, 0.5, 0.9, 1.0]
    found = sketch.quantiles(bytes_, None, probabilities)
    assert found[1:4] == library.get_quantiles(probabilities[1:4])
    assert (found[0], found[4]) == (values.min(), values.max())
    assert sketch.rank_error(bytes_) == pytest.approx(library.normalized_rank_error(False), rel=1e-12)


@pytest.mark.parametrize("k", [8, 50, 341, 3910, 65_535])
def test_the_bound_is_that_of_the_library(k):
    for two_sided in (False, True):
        expected = kll_doubles_sketch.get_normalized_rank_error(k, two_sided)
        assert sketch._error_of(k, two_sided) == pytest.approx(expected, rel=1e-12)


def test_large_weights_take_steps_by_their_bits_and_keep_the_bound():
    rng = np.random.default_rng(1)
    x, weight = np.sort(rng.normal(size=1000)), rng.integers(1, 10**9, 1000).astype(np.float64)
    bytes_ = sketch.updated(None, x, weight, 0.01)
    assert sketch.count(bytes_) == weight.sum()
    share = np.cumsum(weight) / weight.sum()
    for p in (0.1, 0.25, 0.5, 0.9):
        found = sketch.quantiles(bytes_, None, [p])[0]
        place = np.searchsorted(x, found)
        assert share[place] + 0.01 >= p
        assert share[place] - weight[place] / weight.sum() - 0.01 <= p
    with pytest.raises(ValueError, match=r"may sum to 9007199254740992 at most.*received a sum of 1e\+17"):
        sketch.updated(None, np.ones(10), np.full(10, 1e16), 0.01)
