"""Fitted scalers written as JSON documents."""

import math
from functools import partial
from importlib.metadata import version
from os import PathLike
from typing import Any

from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skprep.atomic import atomic_write
from skprep.backends.array_api import as_numpy
from skprep.groups import GroupScaler
from skprep.harmonise import ComBat
from skprep.nn import SoftmaxClassifier
from skprep.persistence import heads, pipelines, sites
from skprep.persistence.features import features_of
from skprep.persistence.values import ROOT, encode, no_collection, numbers, write
from skprep.scalers.log import LogScaler
from skprep.scalers.max_abs import MaxAbsScaler
from skprep.scalers.min_max import MinMaxScaler
from skprep.scalers.robust import RobustScaler
from skprep.scalers.standard import StandardScaler

FORMAT, VERSION = "skprep scaler", 3
# 2: whole numbers beyond 2**53 as text; formulas of group parameters corrected. 3: names of parameters
READABLE = (1, 2, 3)
PLAIN = {c.__name__: c for c in (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, LogScaler)}
KINDS = {**PLAIN, "GroupScaler": GroupScaler, "ComBat": ComBat}
FIRST = ("class", "feature_names", "groups", "learned")
CHANGED = "A document holds attributes that follow from what was learnt and the parameters; received others"
ANEW = "Set the parameters or attributes back that were changed since fit, or fit anew."
NOT_SHOWN = (
    "feature_names_in_",
    "n_features_in_",
    "groups_",
    "scaler_",
    "covariate_names_",
)  # in members of their own


def save(scaler: Any, path: str | PathLike[str], *, mergeable: bool = True) -> None:
    """Write a fitted estimator to a file, whole or not at all.

    Parameters
    ----------
    scaler : fitted estimator
        As in :func:`to_json`.
    path : str or path-like
        The file; one that is there is replaced.
    mergeable : bool, default=True
        False leaves out what only ``partial_fit`` and ``merge`` need; see :func:`to_json`.

    See Also
    --------
    load : The scaler back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skprep import MaxAbsScaler, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scaler.json"
    ...     save(MaxAbsScaler().fit([[1.0], [4.0]]), path)
    ...     load(path).transform([[2.0]])
    array([[0.5]])
    """
    text = to_json(scaler, mergeable=mergeable)
    with atomic_write(path) as new:
        new.write_text(text + "\n", encoding="utf-8")


def to_json(scaler: Any, *, mergeable: bool = True) -> str:
    """Return a fitted scaler, head or pipeline of these as a JSON document.

    Every number comes back to the last bit; NaN and infinities are spelt as text. Group keys of numbers,
    text, dates, times, periods, intervals, decimals, UUIDs, bytes and tuples of them keep their type (a
    time with a zone is a key in UTC already in the scaler).

    Parameters
    ----------
    scaler : fitted estimator
        A scaler of skprep, :class:`~skprep.GroupScaler` (with one of these), :class:`~skprep.ComBat`,
        :class:`~skprep.nn.SoftmaxClassifier`; or a Pipeline, ColumnTransformer or FeatureUnion of
        scikit-learn of these alone, with "passthrough" and "drop".
    mergeable : bool, default=True
        False leaves out what only ``partial_fit`` and ``merge`` need, which for
        :class:`~skprep.RobustScaler` are values of the training rows: the document gets smaller, and
        it gives away no more than the quantiles. A SoftmaxClassifier loses the state of its optimiser: its
        ``partial_fit`` goes on with a new one. Other scalers stay as they are.

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If the scaler, or one inside, is not of skprep; if columns are chosen by a function; or its
        attributes were set by hand, or a group key is of a type that the document has no form for.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Notes
    -----
    The document is an object of these members: ``format`` and ``version``, which ``from_json`` insists on;
    ``class`` and ``parameters``; ``n_features``, ``feature_names`` and ``output`` (what
    ``set_output`` asked for); ``learned``, the attributes for a human or a program in another language
    to read; and ``statistic``, from which they follow. Metadata requests
    (``set_fit_request``) are left out. A pipeline has ``steps`` instead, each with a ``name`` and an
    ``estimator`` that is such an object again; a head has ``classes``, ``layers``, ``weights`` by PyTorch's
    names and ``training``. ``skprep/persistence/schema.json`` describes the format as a JSON Schema (draft
    2020-12).

    Examples
    --------
    >>> from skprep import MaxAbsScaler, to_json
    >>> print(to_json(MaxAbsScaler().fit([[1.0], [4.0]])))  # doctest: +ELLIPSIS
    {
      "format": "skprep scaler",
      "version": 3,
      "written_by": "skprep ...",
      "class": "MaxAbsScaler",
      "parameters": {
        "clip": false,
        "columns": null,
        "copy": true
      },
      "n_features": 1,
      "feature_names": null,
      "output": null,
      "learned": {
        "max_abs_": [4.0],
        "n_samples_seen_": 2,
        "scale_": [4.0]
      },
      "statistic": {
        "kind": "Extrema",
        "count": [
          [2.0]
        ],
    ...
    """
    with no_collection():
        head = {"format": FORMAT, "version": VERSION, "written_by": f"skprep {version('skprep')}"}
        return write({**head, **described(scaler, mergeable)})


def described(estimator, mergeable):
    """Return the members of the document of an estimator, without those that every document has."""
    kind = type(estimator)
    if kind in pipelines.KINDS:
        return pipelines.described(estimator, partial(described, mergeable=mergeable))
    if kind not in (*KINDS.values(), SoftmaxClassifier):
        _refuse_class(estimator)
    check_is_fitted(estimator)
    if kind is SoftmaxClassifier:
        return {**_recipe(estimator), **features_of(estimator), **heads.described(estimator, mergeable)}
    state = estimator._learnt_state()
    _check_current(estimator, state)
    return _document(estimator, state, mergeable)


def restore(scaler, state):
    """Make a scaler with number and names of its features one that has learnt ``state``."""
    scaler._restore(state)


def _check_current(scaler, state):
    """Refuse a scaler whose attributes no longer follow from what it has learnt and its parameters."""
    twin = clone(scaler)
    names = getattr(scaler, "feature_names_in_", None)
    if names is not None:
        twin.feature_names_in_ = names
    twin.n_features_in_ = scaler.n_features_in_
    try:
        restore(twin, state)
        shown, follows = learned(scaler), learned(twin)
    except ValueError as error:
        raise ValueError(f"{CHANGED} ({error}). {ANEW}") from error
    odd = [name for name in shown if shown[name] != follows.get(name)]
    if odd:
        raise ValueError(f"{CHANGED}: {odd[0]} does not follow from them. {ANEW}")


def _document(scaler, state, mergeable):
    members = {
        **_recipe(scaler),
        **features_of(scaler),
        "learned": learned(scaler),
        **_learnt(scaler, state, mergeable),
    }
    first = FIRST if "groups" in members else ()  # what people look for: groups, and what was learnt of them
    return {name: members[name] for name in (*first, *(name for name in members if name not in first))}


def _learnt(scaler, state, mergeable):
    """Return the members from which the learned attributes follow."""
    if isinstance(scaler, ComBat):
        return sites.written(state, _spelt)
    if isinstance(scaler, GroupScaler):
        return _groups(state, mergeable)
    return {"statistic": _statistic(state, mergeable)}


def _refuse_class(scaler):
    raise ValueError(
        f"A document holds estimators of skprep: {', '.join(PLAIN)}, GroupScaler, ComBat or "
        "SoftmaxClassifier, and Pipeline, ColumnTransformer and FeatureUnion of these; received "
        f"{type(scaler).__name__} from {type(scaler).__module__}. Save the steps of skprep one by one, or "
        "the whole with skops (skops.io.dump), which knows scikit-learn's own estimators."
    )


def _recipe(scaler):
    """Return class and parameters."""
    parameters = scaler.get_params(deep=False)
    place = ROOT / "parameters"
    written = {}
    for name, value in sorted(parameters.items()):
        nested = isinstance(scaler, GroupScaler) and name == "scaler"
        written[name] = _recipe(value) if nested else encode(_listed(value), place / name)
    return {"class": type(scaler).__name__, "parameters": written}


def _listed(value):
    """Return a parameter with sets as lists, which say the same there."""
    if isinstance(value, dict):
        return {name: _listed(v) for name, v in value.items()}
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else value


def learned(scaler):
    """Return the learned attributes as the document shows them to a reader."""
    attributes = sorted(scaler.__getstate__().items())  # with those that a stream has left for later
    return {
        name: _shown(value)
        for name, value in attributes
        if name.endswith("_") and not name.startswith("_") and name not in NOT_SHOWN
    }


def _shown(value):
    if isinstance(value, dict):
        return {k: _shown(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_shown(v) for v in value]
    if value is None or isinstance(value, bool):
        return value
    return numbers(value if isinstance(value, int | float) else as_numpy(value))


def _statistic(statistic, mergeable):
    statistic = statistic if mergeable else statistic.concluded()
    return {"kind": type(statistic).__name__, **_spelt(statistic.to_dict())}


def _spelt(value):
    """Return the dict of a statistic with its numbers spelt."""
    if isinstance(value, dict):
        return {name: _spelt(v) for name, v in value.items()}
    if isinstance(value, list):
        finite = set(map(type, value)) <= {float, int} and all(map(math.isfinite, value))
        return value if finite else [_spelt(v) for v in value]
    return numbers(value) if isinstance(value, float) else value


def _groups(state, mergeable):
    """Return what a GroupScaler has beyond a plain scaler."""
    layout, index, (statistic, pooled, sizes) = state
    return {
        "layout": {
            "by": [int(j) for j in layout.by],
            "features": [int(j) for j in layout.features],
            "n_keys": layout.n_keys,
            "labels": layout.labels,
            **({"controls": [int(j) for j in layout.controls]} if layout.controls else {}),
        },
        "groups": [encode(key, ROOT / "groups" / i) for i, key in enumerate(index.keys)],
        "statistic": _statistic(statistic, mergeable),
        "pooled": _statistic(pooled, mergeable),
        "sizes": numbers(sizes),
    }
