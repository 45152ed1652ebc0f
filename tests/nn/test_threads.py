"""A layer at inference may be called by many: each gets the answer to its own rows."""

import sys

import numpy as np
import pytest

from skprep import nn

from ..threads import in_threads

LAYERS = {
    "group": (nn.GroupNorm(4, 32), (32,)),
    "instance": (nn.InstanceNorm(4), (4, 8)),
    "layer": (nn.LayerNorm(32), (32,)),
    "rms": (nn.RMSNorm(32), (32,)),
    "batch": (nn.BatchNorm(32), (32,)),
    "linear": (nn.Linear(32, 5), (32,)),
    "weight norm": (nn.WeightNorm(nn.Linear(32, 5)), (32,)),
    "dropout": (nn.Dropout(0.5), (32,)),
    "relu": (nn.ReLU(), (32,)),
    "gelu": (nn.GELU(), (32,)),
    "sequential": (nn.Sequential(nn.Linear(32, 8), nn.LayerNorm(8), nn.ReLU()), (32,)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_threads_get_their_own_rows(name):
    layer, shape = LAYERS[name]
    layer = layer.eval()
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(n, *shape)) for n in (3, 50, 700)]
    expected, wrong = [layer(x) for x in inputs], []

    def trace(frame, event, argument):  # between any two lines another thread may run
        return trace

    def work(x, right):
        sys.settrace(trace)
        for _ in range(30):
            if not np.array_equal(layer(x), right):
                wrong.append(len(x))
        sys.settrace(None)

    in_threads(work, zip(inputs, expected, strict=True))
    assert wrong == []
