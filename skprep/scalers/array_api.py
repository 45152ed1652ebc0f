"""Arrays of other libraries, under scikit-learn's ``array_api_dispatch``: there and back by NumPy.

The arithmetic is NumPy's; an array from elsewhere (PyTorch, CuPy, ...) is brought here, and what
comes of it goes back to where the array lives.
"""

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils._array_api import get_namespace_and_device

from skprep.compat import move_to

NOT_SENT = ("feature_names_in_",)  # text


def home_of(X):
    """Return namespace and device of an array that is not NumPy's, None for all else."""
    if isinstance(X, np.ndarray) or not get_config()["array_api_dispatch"]:
        return None
    xp, is_array, device = get_namespace_and_device(X)
    return (xp, device) if is_array and "numpy" not in xp.__name__ else None


def to_numpy(values):
    """Return an array from anywhere as a NumPy array; all else as it is."""
    home = home_of(values)
    if home is None:
        return values
    try:
        return move_to(values, xp=np, device="cpu")
    except (TypeError, RuntimeError) as error:  # a type that NumPy lacks, such as bfloat16
        raise ValueError(
            f"The arithmetic is NumPy's; received an array of {home[0].__name__} with dtype {values.dtype}, "
            f"which NumPy cannot read ({error}). Convert it to float32 first."
        ) from error


def home_of_fitted(estimator):
    """Return namespace and device of the learned attributes, None where they are NumPy's."""
    attributes = (v for n, v in vars(estimator).items() if n.endswith("_") and n not in NOT_SENT)
    foreign = next((v for v in attributes if _is_foreign(v)), None)
    if foreign is None:
        return None
    with config_context(array_api_dispatch=True):
        return home_of(foreign)


def _is_foreign(value):
    return not isinstance(value, np.ndarray | np.generic | int | float) and bool(getattr(value, "shape", ()))


def send_home(values, home):
    """Return a NumPy array as an array of namespace and device ``home``."""
    xp, device = home
    with config_context(array_api_dispatch=True):
        return move_to(values, xp=xp, device=device)


def send_attributes_home(estimator, home):
    """Turn the learned attributes of ``estimator`` into arrays of ``home``."""
    for name, value in vars(estimator).items():
        if name.endswith("_") and name not in NOT_SENT and isinstance(value, np.ndarray):
            setattr(estimator, name, send_home(value, home))


def as_numpy(attribute):
    """Return a learned attribute as a NumPy array, wherever it lives; None as None."""
    if not _is_foreign(attribute):
        return attribute
    with config_context(array_api_dispatch=True):
        xp, _, _ = get_namespace_and_device(attribute)
    return move_to(attribute, xp=np, device="cpu") if "numpy" not in xp.__name__ else attribute


def check_same_home(estimator, X, method):
    """Refuse an array from another library or device than that of the fit."""
    if not get_config()["array_api_dispatch"]:
        return
    for name, value in vars(estimator).items():
        if name.endswith("_") and name not in NOT_SENT and hasattr(value, "shape") and value.shape:
            learnt, received = home_of(value), home_of(X)
            if learnt != received:
                raise ValueError(
                    f"Inputs passed to {type(estimator).__name__}.{method}() must use the same "
                    "namespace and the same device as those passed to fit(); received "
                    f"{_called(received)}, but fit had {_called(learnt)}. "
                    "Move X there, or fit on such arrays."
                )
            return


def _called(home):
    return "NumPy" if home is None else f"{home[0].__name__} on {home[1]}"
