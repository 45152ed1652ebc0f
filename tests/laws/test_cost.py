"""Work grows with the rows, features and groups, and with nothing else: counted, not timed."""

import json
import sys
import tracemalloc

import numpy as np
import pytest

from skprep import (
    GroupScaler,
    RobustScaler,
    StandardScaler,
    from_json,
    to_json,
)
from skprep.nn import softmax_cross_entropy

from ..cases import cases

SCALERS = cases("cost")


def cost(function):
    """How many functions Python and C are called, and how much memory is allocated at most."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return calls, peak


def assert_linear(work, small, factor=4, calls=1.3):
    """``work(n)`` for n four times as large costs at most four times as much, and some."""
    work(small)  # imports and caches
    few, many = cost(lambda: work(small)), cost(lambda: work(factor * small))
    assert many[0] <= calls * factor * few[0] + 500, f"calls grew from {few[0]} to {many[0]}"
    assert many[1] <= 1.6 * factor * few[1] + 200_000, f"memory grew from {few[1]} to {many[1]}"


def X(n, m):
    return np.random.default_rng(0).normal(size=(n, m))


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "weighted", "grouped", "with NaN"])
def test_linear_in_the_features(name, method):
    scaler = SCALERS[name]

    def work(m):
        rows = X(4, m)
        if method == "weighted":
            scaler.fit(rows, sample_weight=[1.0, 2.5, 0.5, 3.0])
        elif method == "grouped":
            GroupScaler(scaler).fit(rows, groups=[0, 0, 1, 1]).transform(rows, groups=[0, 0, 1, 1])
        elif method == "partial_fit":
            scaler.fit(rows).partial_fit(rows).transform(rows)
        else:
            rows[0, ::3] = np.nan if method == "with NaN" else 0.0
            scaler.fit(rows).transform(rows)

    assert_linear(work, 500)


@pytest.mark.parametrize("name", SCALERS)
def test_linear_in_the_groups(name):
    scaler = SCALERS[name]

    def work(n):
        rows, codes = X(2 * n, 2), np.arange(2 * n) % n
        GroupScaler(scaler).fit(rows, groups=codes).transform(rows, groups=codes)

    assert_linear(work, 500)


@pytest.mark.parametrize("name", SCALERS)
def test_linear_in_the_rows(name):
    assert_linear(lambda n: SCALERS[name].fit(X(n, 3)).transform(X(n, 3)), 5000)


def test_weights_cost_nothing_by_their_size():
    pytest.importorskip("datasketches")

    def work(weight):
        RobustScaler(exact_budget=10).partial_fit(X(100, 1), sample_weight=np.full(100, weight))

    work(1e3)
    small, large = cost(lambda: work(1e5)), cost(lambda: work(1e10))
    assert large[0] <= 3 * small[0]  # a step for each bit
    assert large[1] <= 2 * small[1] + 10_000_000


def test_documents_are_linear_in_the_groups():
    def work(n):
        from_json(to_json(GroupScaler(StandardScaler()).fit(X(2 * n, 1), groups=np.arange(2 * n) % n)))

    assert_linear(work, 500)


def test_documents_are_linear_in_their_depth():
    document = json.loads(to_json(StandardScaler().fit([[1.0], [2.0]])))

    def work(depth):
        value = 1
        for _ in range(depth):
            value = {"tuple": [value]}
        document["parameters"]["clip"] = value
        with pytest.raises(ValueError, match="Not a document"):
            from_json(json.dumps(document))

    assert_linear(work, 40)


@pytest.mark.parametrize("settings", [{}, {"ignore_index": -100}, {"label_smoothing": 0.1}, {"weight": True}])
def test_cross_entropy_is_linear_in_the_classes(settings):
    def work(n_classes):
        extra = settings | ({"weight": np.ones(n_classes)} if "weight" in settings else {})
        targets = np.r_[np.zeros(7, dtype=int), -100 if "ignore_index" in settings else 0]
        softmax_cross_entropy(np.zeros((8, n_classes), dtype=np.float32), targets, **extra)

    assert_linear(work, 2000)


def test_one_row_costs_the_same_whatever_the_number_of_groups():
    def calls_and_memory(n):
        fitted = GroupScaler(StandardScaler()).fit(X(n, 4), groups=np.arange(n))
        row = np.ones((1, 4))
        fitted.transform(row, groups=[5])
        return cost(lambda: fitted.transform(row, groups=[5]))

    few, many = calls_and_memory(1000), calls_and_memory(30_000)
    assert many[0] == few[0]
    assert many[1] <= few[1] + 20_000
