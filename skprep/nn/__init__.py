"""Softmax and normalisation layers in NumPy, forward and backward, and a softmax head for scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING

from skprep.nn.activations import GELU, ReLU
from skprep.nn.ada_norm import AdaNorm
from skprep.nn.batch_norm import BatchNorm
from skprep.nn.clipping import adaptive_grad_clip
from skprep.nn.dropout import Dropout
from skprep.nn.group_norm import GroupNorm
from skprep.nn.instance_norm import InstanceNorm
from skprep.nn.layer import Layer
from skprep.nn.layer_norm import LayerNorm
from skprep.nn.linear import Linear
from skprep.nn.optimisers import SGD, Adam
from skprep.nn.reversible import ReversibleBlock
from skprep.nn.rms_norm import RMSNorm
from skprep.nn.sequential import Sequential
from skprep.nn.softmax import (
    log_softmax,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
    softmax_jacobian,
)
from skprep.nn.weight_norm import WeightNorm

if TYPE_CHECKING:
    from skprep.nn.classifier import SoftmaxClassifier

__all__ = [
    "GELU",
    "SGD",
    "AdaNorm",
    "Adam",
    "BatchNorm",
    "Dropout",
    "GroupNorm",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "Linear",
    "RMSNorm",
    "ReLU",
    "ReversibleBlock",
    "Sequential",
    "SoftmaxClassifier",
    "WeightNorm",
    "adaptive_grad_clip",
    "log_softmax",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_jacobian",
]


def __getattr__(name):
    if name != "SoftmaxClassifier":  # which needs scikit-learn; layers and functions need NumPy alone
        raise AttributeError(f"module 'skprep.nn' has no attribute {name!r}")
    value = import_module("skprep.nn.classifier").SoftmaxClassifier
    globals()[name] = value
    return value
