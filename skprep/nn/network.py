"""The layers of the softmax head."""

from itertools import pairwise

import numpy as np

from skprep.nn.activations import GELU, ReLU
from skprep.nn.batch_norm import BatchNorm
from skprep.nn.dropout import Dropout
from skprep.nn.group_norm import GroupNorm
from skprep.nn.layer_norm import LayerNorm
from skprep.nn.linear import Linear
from skprep.nn.rms_norm import RMSNorm
from skprep.nn.sequential import Sequential
from skprep.nn.weight_norm import WeightNorm

MOST_GROUPS, LEAST_UNITS = 8, 4  # two units of a group can only be 1 and -1


def build_network(sizes, *, norm, weight_norm, dropout, activation, rng, dtype):
    """Return linear layers from ``sizes[0]`` inputs to ``sizes[-1]`` logits, with norms between.

    A hidden layer is linear, norm, activation, dropout: dropout comes after the norm, so that the norm
    learns the variance that it will meet at inference.
    """
    layers = []
    for inputs, units in pairwise(sizes[:-1]):
        linear = Linear(inputs, units, random_state=rng)
        layers.append(WeightNorm(linear) if weight_norm else linear)
        if norm is not None:
            layers.append(_norm(norm, units))
        layers.append(ReLU() if activation == "relu" else GELU())
        if dropout:
            layers.append(Dropout(dropout, random_state=rng))
    head = Linear(sizes[-2], sizes[-1], random_state=rng)
    if len(sizes) == 2:  # a convex problem: every start is as good
        for value in head.params.values():
            value[...] = 0.0
    return Sequential(*layers, head).astype(dtype)


def penalised(params):
    """Return the names of the weights of linear layers, or of their lengths: what the penalty is on."""
    return [name for name, value in params.items() if value.ndim == 2 and not name.endswith("weight_v")]


def hidden_weights(network):
    """Return the names of the weights before the last layer."""
    last = f"{len(network) - 1}."
    weights = [n for n, v in network.params.items() if v.ndim == 2 and not n.endswith("weight_g")]
    return [name for name in weights if not name.startswith(last)]


def _norm(kind, units):
    if kind == "group":
        fitting = [g for g in range(1, MOST_GROUPS + 1) if units % g == 0 and units >= LEAST_UNITS * g]
        return GroupNorm(max(fitting, default=1), units)
    return {"batch": BatchNorm, "layer": LayerNorm, "rms": RMSNorm}[kind](units)


def packed(values):
    """Return arrays by name as one float64 vector."""
    return np.concatenate([np.asarray(v, dtype=np.float64).ravel() for v in values.values()])


def unpack(vector, values):
    """Write a vector that :func:`packed` made back into the arrays."""
    start = 0
    for value in values.values():
        value[...] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
