"""One fitted scaler from several."""

from collections.abc import Iterable
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from skprep.backends import array_api
from skprep.validation.parameters import same


def merge(scalers: Iterable[Any]) -> Any:
    """Return one fitted scaler from scalers fitted on parts of the rows.

    Equal to one ``fit`` on all rows, up to rounding; the parts may have been fitted anywhere,
    with weights or without.

    Parameters
    ----------
    scalers : iterable of fitted scalers
        Of one class, with the same parameters and features. Left unchanged.

    Returns
    -------
    scaler : object
        A new fitted scaler of that class.

    Raises
    ------
    ValueError
        If there is no scaler, or they differ in class, parameters or features, or what they
        have learnt does not determine what all rows would teach
        (:class:`~skprep.RobustScaler`: the median of two medians is not the median).
    sklearn.exceptions.NotFittedError
        If one of them is not fitted.

    Examples
    --------
    >>> from skprep import MinMaxScaler, merge
    >>> parts = [MinMaxScaler().fit([[1.0], [2.0]]), MinMaxScaler().fit([[0.0], [5.0]])]
    >>> merge(parts).transform([[2.5]])
    array([[0.5]])
    """
    if isinstance(scalers, BaseEstimator):
        raise ValueError(
            f"merge takes a list of fitted scalers; received a single {type(scalers).__name__}. "
            "Pass merge([a, b, ...])."
        )
    scalers = list(scalers)
    if not scalers:
        raise ValueError(
            "merge needs at least one fitted scaler; received none. Pass the scalers of the parts as a list."
        )
    first = scalers[0]
    for number, scaler in enumerate(scalers):
        _check_mergeable(first, scaler, number)
    merged = clone(first)
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(first, name):
            setattr(merged, name, getattr(first, name))
    merged._merge(scalers)
    namespace = array_api.namespace_of_fitted(first)
    if namespace is not None:
        array_api.move_attributes(merged, namespace)
    return merged


def _check_mergeable(first, scaler, number):
    if not hasattr(scaler, "_merge"):
        raise ValueError(
            f"merge takes scalers of skprep; received {type(scaler).__name__} at place {number}. "
            "Fit the parts with the scaler of the same name from skprep."
        )
    check_is_fitted(scaler)
    if type(scaler) is not type(first):
        _refuse(number, "class", type(scaler).__name__, type(first).__name__)
    ours, theirs = first.get_params(deep=False), scaler.get_params(deep=False)
    for name in ours:
        if not same(ours[name], theirs[name]):
            _refuse(number, f"parameter {name!r}", theirs[name], ours[name])
    if scaler.n_features_in_ != first.n_features_in_:
        _refuse(number, "number of features", scaler.n_features_in_, first.n_features_in_)
    names = [getattr(s, "feature_names_in_", None) for s in (scaler, first)]
    if not same(*names):
        _refuse(number, "feature names", *(None if n is None else list(n) for n in names))


def _refuse(number, what, received, required):
    raise ValueError(
        f"merge needs scalers of the same class, parameters and features; received {what} "
        f"{received!r} at place {number}, but {required!r} at place 0. "
        "Fit all parts with clones of one scaler, on the same columns in the same order."
    )
