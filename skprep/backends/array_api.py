"""Arrays of other libraries, under scikit-learn's ``array_api_dispatch``: to NumPy and back.

The arithmetic is NumPy's; an array from elsewhere (PyTorch, CuPy, ...) is brought here, and what
comes of it goes back to where the array lives.
"""

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils import get_tags

from skprep.backends import memory
from skprep.compat import get_namespace_and_device, move_to

METADATA = ("groups", "sample_weight")
TEXT = ("feature_names_in_",)  # attributes that no other library holds


def learn(estimator, X, y=None, **how):
    """Learn from the rows of ``X``; the learned attributes become arrays of its library."""
    namespace = namespace_of(X)
    how = {name: to_numpy(value) if name in METADATA else value for name, value in how.items()}
    learnt = memory.learn(estimator, to_numpy(X), y, **how)
    if namespace is not None and get_tags(estimator).array_api_support:
        move_attributes(estimator, namespace)
    return learnt


def transform(estimator, X, *, inverse=False, **how):
    """Scale the rows of ``X``, or undo it; the result is an array of its library."""
    if get_tags(estimator).array_api_support:
        _check_same_namespace(estimator, X, "inverse_transform" if inverse else "transform")
    namespace = namespace_of(X)
    how = {name: to_numpy(value) if name in METADATA else value for name, value in how.items()}
    Z = memory.transform(estimator, to_numpy(X), inverse=inverse, **how)
    return Z if namespace is None else from_numpy(Z, namespace)


def namespace_of(X):
    """Return namespace and device of an array that is not NumPy's, None for all else."""
    if isinstance(X, np.ndarray) or not get_config()["array_api_dispatch"]:
        return None
    xp, is_array, device = get_namespace_and_device(X)
    return (xp, device) if is_array and "numpy" not in xp.__name__ else None


def to_numpy(values):
    """Return an array from anywhere as a NumPy array; all else as it is."""
    namespace = namespace_of(values)
    if namespace is None:
        return values
    try:
        return move_to(values, xp=np, device="cpu")
    except (TypeError, RuntimeError) as error:  # a type that NumPy lacks, such as bfloat16
        raise ValueError(
            f"The arithmetic is NumPy's; received an array of {namespace[0].__name__} with dtype "
            f"{values.dtype}, which NumPy cannot read ({error}). Convert it to float32 first."
        ) from error


def from_numpy(values, namespace):
    """Return a NumPy array as an array of a namespace and device."""
    xp, device = namespace
    with config_context(array_api_dispatch=True):
        return move_to(values, xp=xp, device=device)


def namespace_of_fitted(estimator):
    """Return namespace and device of the learned attributes, None where they are NumPy's."""
    attributes = (v for n, v in vars(estimator).items() if n.endswith("_") and n not in TEXT)
    foreign = next((v for v in attributes if _is_foreign(v)), None)
    if foreign is None:
        return None
    with config_context(array_api_dispatch=True):
        return namespace_of(foreign)


def move_attributes(estimator, namespace):
    """Turn the learned attributes of ``estimator`` into arrays of a namespace and device."""
    for name, value in estimator.__getstate__().items():  # with those that a stream has left for later
        if name.endswith("_") and name not in TEXT and isinstance(value, np.ndarray):
            setattr(estimator, name, from_numpy(value, namespace))


def as_numpy(attribute):
    """Return a learned attribute as a NumPy array, wherever it lives; None as None."""
    if not _is_foreign(attribute):
        return attribute
    with config_context(array_api_dispatch=True):
        xp, _, _ = get_namespace_and_device(attribute)
    return move_to(attribute, xp=np, device="cpu") if "numpy" not in xp.__name__ else attribute


def _is_foreign(value):
    return not isinstance(value, np.ndarray | np.generic | int | float) and bool(getattr(value, "shape", ()))


def _check_same_namespace(estimator, X, method):
    """Refuse an array from another library or device than that of the fit."""
    for name, value in vars(estimator).items():
        if name.endswith("_") and name not in TEXT and hasattr(value, "shape") and value.shape:
            learnt, received = namespace_of(value), namespace_of(X)
            if learnt != received:
                raise ValueError(
                    f"Inputs passed to {type(estimator).__name__}.{method}() must use the same "
                    "namespace and the same device as those passed to fit(); received "
                    f"{_called(received)}, but fit had {_called(learnt)}. "
                    "Move X there, or fit on such arrays."
                )
            return


def _called(namespace):
    return "NumPy" if namespace is None else f"{namespace[0].__name__} on {namespace[1]}"
