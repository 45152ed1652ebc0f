"""What keeps scaled values within bounds: a hard clip or a smooth one, for infinity too."""

from numbers import Real

import numpy as np

from skprep.compat import Interval, StrOptions
from skprep.maps import SquashedMap
from skprep.validation.parameters import check_clip

CONSTRAINTS = {
    "clip": [None, Interval(Real, 0, None, closed="neither"), tuple, list],
    "soft_clip": [None, Interval(Real, 0, None, closed="neither")],
    "handle_infinity": [StrOptions({"error", "clip"})],
}


def check_limits(scaler):
    """Refuse parameters of a scaler that do not go together; return the hard bounds, or None."""
    bounds = check_clip(scaler.clip)
    if bounds is not None and scaler.soft_clip is not None:
        raise ValueError(
            "clip and soft_clip both keep the result within bounds; received "
            f"clip={scaler.clip!r} and soft_clip={scaler.soft_clip!r}. Pass one of them."
        )
    if isinstance(scaler.soft_clip, bool):
        raise ValueError(
            f"soft_clip must be a number above 0, in scaled units; received {scaler.soft_clip!r}. "
            "For example soft_clip=3 keeps results within -3 and 3."
        )
    if takes_infinity(scaler) and scaler.soft_clip is None and (bounds is None or np.isinf(bounds).any()):
        raise ValueError(
            'handle_infinity="clip" puts infinite values at the bounds, which must be finite; received '
            f"clip={scaler.clip!r} and soft_clip=None. Pass soft_clip=3, or clip=3."
        )
    return bounds


def limited(scaler, learnt):
    """Return the map of a scaler within the bounds that its parameters name."""
    bounds = check_limits(scaler)
    if scaler.soft_clip is None:
        return learnt if bounds is None else learnt.having(bounds=bounds)
    return SquashedMap(None, learnt.center, learnt.scale, learnt.is_identity, float(scaler.soft_clip))


def takes_infinity(scaler):
    """Say whether infinite values go to the bounds, and are left out when learning."""
    return getattr(scaler, "handle_infinity", "error") == "clip"


def finite_only(X):
    """Return rows with a missing value in the place of every infinite one, wherever the rows are."""
    if hasattr(X, "within"):
        return X.within(lambda x, j: x.is_finite())
    values = X.data if hasattr(X, "tocsr") else X
    infinite = np.isinf(values)
    if not infinite.any():
        return X
    values = np.where(infinite, np.array(np.nan, dtype=values.dtype), values)
    if values.shape == X.shape:
        return values
    X = X.copy()
    X.data = values
    return X
