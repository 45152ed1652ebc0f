import sys

import numpy as np
import pytest

from skprep.statistics import sketch


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
