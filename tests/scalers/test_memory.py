"""What fit needs beside the data; tracemalloc counts bytes, so this depends on no clock."""

import gc
import tracemalloc

import numpy as np
import pytest

from skprep import GroupScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

X = np.random.default_rng(0).normal(size=(500_000, 20))


def peak(function):
    gc.collect()
    tracemalloc.start()
    function()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / X.nbytes


@pytest.mark.parametrize(
    ("scaler", "share"),
    [
        (StandardScaler(), 0.05),
        (StandardScaler(method="median_of_means"), 0.05),
        (MinMaxScaler(), 0.05),
        (MaxAbsScaler(), 0.05),
        (RobustScaler(), 0.30),
    ],
    ids=["standard", "median of means", "min-max", "max-abs", "robust"],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_fit_needs_little_memory_beside_the_data(scaler, share, order):
    rows = np.asarray(X, order=order)
    assert peak(lambda: scaler.fit(rows)) < share


def test_a_fit_per_group_needs_a_few_integers_per_row():
    keys = np.arange(len(X)) % 100
    integers = 8 / (X.nbytes / len(X))
    assert peak(lambda: GroupScaler(StandardScaler()).fit(X, groups=keys)) < 8 * integers
