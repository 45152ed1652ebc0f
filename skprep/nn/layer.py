"""What every layer does: forward, backward, named parameters, training or inference, state in and out."""

from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from skprep.types import Array

_CACHES = ContextVar("caches", default=True)


@contextmanager
def no_cache():
    """Let the layers called within keep nothing for ``backward``, in this thread alone."""
    token = _CACHES.set(False)
    try:
        yield
    finally:
        _CACHES.reset(token)


class Layer:
    """A function with parameters and a gradient.

    ``layer(x)`` computes, ``layer.backward(grad)`` takes the gradient of a loss with respect to what the
    last call gave, returns the one with respect to ``x`` and leaves those of the parameters in ``grads``
    (replacing what was there). ``train()`` and ``eval()`` switch between training and inference.

    Names and shapes of parameters are those of PyTorch, so that ``state_dict`` moves weights both ways.

    What ``backward`` needs of a call is kept as it is, not copied: ``x`` must not be changed in place between
    the two, or the gradients are wrong. Several threads may call one layer; only the gradients are those of
    the call that ended last.
    """

    def __init__(self) -> None:
        self.training = True
        self._params: dict[str, np.ndarray] = {}
        self._grads: dict[str, np.ndarray] = {}
        self._buffers: dict[str, np.ndarray] = {}
        self._children: dict[str, Layer] = {}

    def __call__(self, x: Array, *args: Any, **kwargs: Any) -> Any:
        """Return the layer's output for ``x``."""
        return self.forward(x, *args, **kwargs)

    def forward(self, x: Array, *args: Any, **kwargs: Any) -> Any:
        """Return the layer's output for ``x``."""
        raise NotImplementedError

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``, from that with respect to the last output."""
        raise NotImplementedError

    @property
    def params(self) -> dict[str, np.ndarray]:
        """Parameters by name, the arrays themselves; those of inner layers as ``child.name``."""
        return self._gathered("_params")

    @property
    def grads(self) -> dict[str, np.ndarray]:
        """Gradients of the last ``backward``, by the names of ``params``."""
        return self._gathered("_grads")

    @property
    def has_statistics(self):
        """Whether the layer keeps running statistics."""
        return bool(self._gathered("_buffers"))

    def _gathered(self, kind):
        found = dict(getattr(self, kind))
        for name, child in self._children.items():
            found |= {f"{name}.{key}": value for key, value in child._gathered(kind).items()}
        return found

    def train(self, mode: bool = True) -> Self:
        """Switch to training (batch statistics, dropout); return the layer."""
        self.training = mode
        for child in self._children.values():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Switch to inference; return the layer."""
        return self.train(False)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of parameters and running statistics by name."""
        return {name: value.copy() for name, value in (self.params | self._gathered("_buffers")).items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take parameters and running statistics from a dict of arrays of the names and shapes here.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape differs. The layer stays as it was.
        """
        here = self.params | self._gathered("_buffers")
        state = {name: _detached(value) for name, value in dict(state).items()}
        if set(state) != set(here):
            raise ValueError(
                f"The state must have exactly the names {sorted(here)}; received {sorted(state)}. "
                "Build the same layers first."
            )
        for name, value in here.items():
            if np.shape(state[name]) != value.shape:
                raise ValueError(
                    f"The state must have the shapes of the layers; {name!r} is {value.shape}, received "
                    f"{np.shape(state[name])}. Build the same layers first."
                )
        numbers = {name: np.asarray(state[name]).astype(value.dtype) for name, value in here.items()}
        for name, value in here.items():
            value[...] = numbers[name]

    def astype(self, dtype: Any) -> Self:
        """Turn parameters into ``dtype``; return the layer.

        Running statistics stay float64: sums of many batches would lose their digits.
        """
        for name, value in self._params.items():
            self._params[name] = value.astype(dtype)
        for child in self._children.values():
            child.astype(dtype)
        return self

    def clear_cache(self) -> Self:
        """Drop what the last call kept for ``backward``; return the layer."""
        vars(self).pop("_cached", None)
        for child in self._children.values():
            child.clear_cache()
        return self

    def __getstate__(self):
        """Return the state to copy and pickle: without the data and the gradients of the last call."""
        state = {name: value for name, value in vars(self).items() if name != "_cached"}
        return state | {"_grads": {}}

    def __repr__(self):
        """Return the class, the settings and the inner layers."""
        return f"{type(self).__name__}({self._settings()})"

    def _settings(self):
        """Return what a reader wants to know of the layer: its numbers, and its inner layers."""
        shown = {n: v for n, v in vars(self).items() if not n.startswith("_") and n != "training"}
        inner = {name: repr(child) for name, child in self._children.items()}
        return ", ".join([f"{n}={v!r}" for n, v in shown.items()] + [f"{n}={v}" for n, v in inner.items()])

    @property
    def _cache(self):
        """What the last call keeps for ``backward``: set when it is whole, as other threads may call too."""
        return vars(self).get("_cached")

    @_cache.setter
    def _cache(self, value):
        if _CACHES.get():
            self._cached = value

    def _context(self):
        """Return what the last call kept for ``backward``."""
        context = self._cache
        if context is None:
            raise RuntimeError(
                "backward needs a forward pass before it; received none since this "
                f"{type(self).__name__} was made or loaded. Call the layer first."
            )
        return context


def _detached(value):
    """Return a tensor of PyTorch that takes part in gradients as one that NumPy reads."""
    value = value.detach() if hasattr(value, "detach") else value
    return value.cpu() if hasattr(value, "cpu") else value


def as_float(x):
    """Return ``x`` as an array of floats; integers become float64."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def as_mask(mask):
    """Return a mask of booleans, or of whole 0 and 1, as booleans.

    Floats are refused: they may be meant to be added to logits.

    Examples
    --------
    >>> as_mask([1, 0]).tolist()
    [True, False]
    """
    mask = np.asarray(mask)
    if not mask.size:
        return mask.astype(bool)
    if mask.dtype != bool and not ((mask == 0) | (mask == 1)).all():
        odd = mask[~((mask == 0) | (mask == 1))].tolist()[0]
        raise ValueError(
            f"mask must be boolean, True where there is data; received {odd!r} among its entries. A mask "
            "that is added to logits says the same as mask == 0."
        )
    if mask.dtype.kind == "f":
        raise ValueError(
            "mask must be boolean, True where there is data; received floats, which may be meant to be "
            "added. Pass mask == 0 if so, else mask.astype(bool)."
        )
    return mask.astype(bool, copy=False)


def check_grad(layer, grad, shape):
    """Return ``grad`` as an array; refuse one that is not of the shape of what the layer gave."""
    grad = np.asarray(grad)
    if grad.shape != shape:
        raise ValueError(
            f"{type(layer).__name__}.backward takes a gradient of the shape of its output, {shape}; received "
            f"{grad.shape}. Pass the gradient of the loss with respect to the last output."
        )
    return grad


def check_distinct(layer, parts):
    """Refuse a layer that is there twice: each keeps what its own backward needs."""
    odd = next((part for part in parts if not isinstance(part, Layer)), None)
    if odd is not None:
        raise TypeError(
            f"{type(layer).__name__} takes layers, one after the other; received {odd!r}. Pass "
            f"{type(layer).__name__}(Linear(2, 3), ReLU()), no list and no classes."
        )
    seen = set()

    def visit(part):
        if id(part) in seen:
            raise ValueError(
                f"{type(layer).__name__} takes layers that differ; received one {type(part).__name__} twice. "
                "Make a second one, with parameters of its own."
            )
        seen.add(id(part))
        for child in part._children.values():
            visit(child)

    for part in parts:
        visit(part)


def check_last(layer, x, size):
    """Refuse an input whose last axis is not ``size`` long."""
    if x.ndim < 1 or x.shape[-1] != size:
        raise ValueError(
            f"{type(layer).__name__} takes an input whose last axis has {size} entries; received shape "
            f"{x.shape}. Build the layer for the size of its input."
        )


def generator(random_state):
    """Return a NumPy generator from a seed, a generator or None."""
    return (
        random_state if isinstance(random_state, np.random.Generator) else np.random.default_rng(random_state)
    )
