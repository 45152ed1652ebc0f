"""A plain loop over groups: what GroupScaler must equal, for every scaler and policy."""

from copy import copy

import numpy as np
from sklearn.base import clone

from skprep import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from ..cases import cases

SCALERS = cases("groups")


def parameters(scaler):
    """Center and spread of a fitted scaler, by their public names."""
    if isinstance(scaler, StandardScaler):
        center = scaler.mean_ if scaler.with_mean else None
        return center, None if scaler.var_ is None else np.where(_has_no_spread(scaler), 0.0, scaler.scale_)
    if isinstance(scaler, MinMaxScaler):
        return scaler.data_min_, scaler.data_range_
    if isinstance(scaler, MaxAbsScaler):
        return None, scaler.max_abs_
    return getattr(scaler, "center_", None), getattr(scaler, "scale_", None)


def _has_no_spread(scaler):
    return (scaler.var_ == 0) | (np.isnan(scaler.var_) & (scaler.scale_ == 1))


def put(scaler, center, spread):
    """Give a fitted scaler other parameters."""
    scale = None if spread is None else np.where(spread == 0, 1.0, spread)
    if isinstance(scaler, StandardScaler):
        scaler.mean_, scaler.scale_ = center, scale
    elif isinstance(scaler, MinMaxScaler):
        low, high = scaler.feature_range
        scaler.data_min_, scaler.data_range_ = center, spread
        scaler.scale_ = (high - low) / scale
        scaler.min_ = low - center * scaler.scale_
    elif isinstance(scaler, MaxAbsScaler):
        scaler.scale_ = scale
    else:  # RobustScaler, and any scaler to come
        for name, value in (("center_", center), ("scale_", scale)):
            if hasattr(scaler, name):
                setattr(scaler, name, value)


def loop(scaler, keys, X, new_keys, new_X, weight=None, **policy):
    """Fit and transform group by group, with one ordinary scaler each."""
    weight = np.ones(len(X)) if weight is None else weight
    everyone = clone(scaler).fit(X, sample_weight=weight)
    fitted = {}
    for key in set(keys):
        rows = np.array([k == key for k in keys])
        one = clone(scaler).fit(X[rows], sample_weight=weight[rows])
        n = np.where(np.isnan(X[rows]), 0.0, weight[rows, None]).sum(axis=0)
        _settle(one, everyone, X[rows], n, policy)
        fitted[key] = one
    back = copy(everyone)  # units are put back without bounds
    if hasattr(back, "soft_clip"):
        back.soft_clip = None
    out = np.full(new_X.shape, np.nan)
    for i, key in enumerate(new_keys):
        row = new_X[i : i + 1]
        if key in fitted:
            one = fitted[key]
        elif policy.get("handle_unknown") == "global":
            one = everyone
        else:
            continue
        z = one.transform(row)
        out[i] = back.inverse_transform(z) if policy.get("units") == "global" else z
    return out


def _settle(one, everyone, rows, n, policy):
    """Apply smooth and min_group_size to one group with ``n`` values of each feature."""
    k = policy.get("smooth")
    small = n < policy.get("min_group_size", 1)
    if isinstance(one, LogScaler):
        for name in ("offset_", "data_min_"):
            a, b = getattr(one, name), getattr(everyone, name)
            if k is not None:
                a = np.where(n == 0, b, n / (n + k) * a + k / (n + k) * b)
            setattr(one, name, np.where(small, b, a))
        return
    own, pooled = parameters(one), parameters(everyone)
    if not isinstance(one, StandardScaler | MinMaxScaler | MaxAbsScaler):
        # scale_ does not tell a range of 0 from one of 1: that of the quartiles, or of the extremes.
        of = [25, 75] if isinstance(one, RobustScaler) else [0, 100]
        present = [x for x in rows.T if not np.isnan(x).all()]
        constant = [len(np.unique(np.nanpercentile(x, of))) < 2 for x in present]
        if getattr(one, "method", None) == "mad":
            constant = [np.nanmedian(np.abs(x - np.nanmedian(x))) == 0 for x in present]
        flat = np.zeros(len(n), dtype=bool)
        flat[n > 0] = constant
        own = own[0], None if own[1] is None else np.where(flat, 0.0, own[1])
    settled = []
    for a, b in zip(own, pooled, strict=True):
        if a is None:
            settled.append(None)
            continue
        if k is not None:
            a = np.where(n == 0, b, n / (n + k) * a + k / (n + k) * b)
        settled.append(np.where(small, b, a))
    if policy.get("units") == "global" and settled[1] is not None:  # an unknown spread: shifted only
        settled[1] = np.where(settled[1] == 0, pooled[1], settled[1])
    put(one, *settled)
