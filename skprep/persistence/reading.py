"""Fitted scalers made from JSON documents: known classes only, nothing runs."""

import decimal
import inspect
import math
import warnings
from collections import Counter
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from skprep.backends.fitted import fitted_of
from skprep.compat import validate_parameters
from skprep.groups import GroupScaler
from skprep.groups.layout import Layout
from skprep.nn import SoftmaxClassifier
from skprep.persistence import heads, pipelines, sites
from skprep.persistence.features import MEMBERS as FEATURES
from skprep.persistence.features import restore_features
from skprep.persistence.older import upgraded
from skprep.persistence.statistics import read_statistic
from skprep.persistence.values import (
    COLLISIONS,
    ROOT,
    DocumentError,
    check_members,
    decode,
    no_collection,
    parse,
    read_numbers,
    shortened,
)
from skprep.persistence.writing import FORMAT, KINDS, PLAIN, READABLE, VERSION, learned, restore
from skprep.statistics.groups import GroupIndex
from skprep.validation.parameters import same

DEEPEST = 8  # scikit-learn asks a pipeline of what it is made of in a time that doubles with each
HEAD = ["format", "version", "written_by"]
AGREEMENT = 1e-9  # relative, between what a document shows and what follows from its statistic


def load(path: str | PathLike[str]) -> Any:
    """Return the fitted scaler that :func:`save` has written.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    scaler : object
        As :func:`from_json` gives it.

    Raises
    ------
    ValueError
        If the file is no such document; the message says where.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skprep import StandardScaler, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(StandardScaler().fit([[1.0], [3.0]]), Path(folder) / "scaler.json")
    ...     load(Path(folder) / "scaler.json").transform([[5.0]])
    array([[3.]])
    """
    return from_json(Path(path).read_bytes())


def from_json(text: str | bytes) -> Any:
    """Return the fitted scaler of a document that :func:`to_json` has written.

    Only scalers of skprep are made, from numbers and text; nothing in a document can run.

    Parameters
    ----------
    text : str or bytes
        Bytes are UTF-8.

    Returns
    -------
    scaler : object
        Like the one that was written: same parameters, learned attributes and results, to the last bit, and
        ready for ``partial_fit`` and ``merge`` (from there on a last bit may differ: means stand in the place
        of the training values by which sums are shifted).

    Raises
    ------
    ValueError
        If the text is no such document; the message says where.

    Examples
    --------
    >>> from skprep import MaxAbsScaler, from_json, to_json
    >>> from_json(to_json(MaxAbsScaler().fit([[1.0], [4.0]]))).transform([[2.0]])
    array([[0.5]])
    >>> from_json('{"format": "skprep scaler", "version": 99}')  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: Not a document of a fitted scaler: $.version must be 1 or 2 or 3; ...
    """
    notes: list[str] = []
    try:
        with no_collection():
            scaler = _read(text, notes)
    except DocumentError as error:
        raise ValueError(str(error)) from error.__cause__
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return scaler


def _read(text, notes):
    document = parse(text)
    if not isinstance(document, dict):
        ROOT.refuse("an object", document)
    if document.get("format") != FORMAT:
        (ROOT / "format").refuse(repr(FORMAT), document.get("format", "nothing"))
    if document.get("version") not in READABLE or type(document["version"]) is not int:
        readable = " or ".join(map(str, READABLE))
        (ROOT / "version").refuse(readable, document.get("version", "nothing"))
    try:
        with np.errstate(all="ignore"):
            head = {name: document[name] for name in HEAD if name in document}
            check_members(head, ROOT, HEAD)
            body = {name: value for name, value in document.items() if name not in HEAD}
            return _restored(body, len(text), notes, document["version"])
    except (DocumentError, ImportError):
        raise
    except Exception as error:  # whatever numbers and types that do not go together lead to
        ROOT.refuse("consistent", f"{type(error).__name__}: {error}")


def _restored(document, length, notes, version, depth=0):
    """Return the estimator of a document of ``length`` characters: no number in it may ask for more."""
    if not isinstance(document, dict):
        ROOT.refuse("an object", document)
    known = [*KINDS, SoftmaxClassifier.__name__, *pipelines.NAMES]
    if not isinstance(document.get("class"), str) or document["class"] not in known:
        (ROOT / "class").refuse(f"one of {', '.join(known)}", document.get("class", "nothing"))
    if document.get("class") in pipelines.NAMES:
        if depth > DEEPEST:
            ROOT.refuse(f"at most {DEEPEST} pipelines inside each other", "more")
        part = partial(_part, notes=notes, version=version, depth=depth + 1)
        return pipelines.read(document, length, part)
    if document.get("class") == SoftmaxClassifier.__name__:
        check_members(document, ROOT, ["class", "parameters", *FEATURES, *heads.MEMBERS])
        head = _unfitted(document, ROOT, {SoftmaxClassifier.__name__: SoftmaxClassifier})
        restore_features(head, document, length)
        return heads.restore(head, document, length)
    return _restored_scaler(document, length, notes, version)


def _part(document, place, length, notes, version, depth):
    """Return the estimator of a document that is a part of another."""
    own = []
    try:
        estimator = _restored(document, length, own, version, depth)
    except DocumentError as error:
        raise error.within(place) from error.__cause__
    notes += own
    return estimator


def _restored_scaler(document, length, notes, version):
    members = ["class", "parameters", *FEATURES, "learned", "statistic"]
    grouped, of_sites = (document.get("class") == name for name in ("GroupScaler", "ComBat"))
    members += ["layout", "groups", "pooled", "sizes"] if grouped else []
    members += [name for name in sites.MEMBERS if name not in members] if of_sites else []
    check_members(document, ROOT, members)
    document = upgraded({**document, "version": version})
    scaler = _unfitted(document, ROOT, KINDS)
    restore_features(scaler, document, length)
    inner = scaler.scaler if grouped else scaler
    if getattr(inner, "method", None) == "median_of_means" and inner.n_blocks > length:
        (ROOT / "parameters" / "n_blocks").refuse("a number of blocks that are there", inner.n_blocks)
    if of_sites:
        restore(scaler, sites.read(document, scaler, _read_keys))
    elif grouped:
        _restore_groups(scaler, document)
    else:
        scaler._note_columns_again()
        shape = (1, scaler._n_scaled())
        statistic = read_statistic(document["statistic"], ROOT / "statistic", shape)
        _check_kind(scaler, statistic, ROOT / "statistic")
        restore(scaler, statistic)
    if not of_sites:
        _check_use(scaler)
    # An earlier version may have computed what it shows in another way: said, not refused.
    notes = None if version == VERSION else notes
    _check_learned(learned(scaler), document["learned"], ROOT / "learned", notes)
    return scaler


def _check_use(scaler):
    """Refuse parameters that only a transform would stumble over."""
    fitted = fitted_of(scaler)
    row = np.full((1, len(fitted.features)), np.nan)
    fitted.learnt.check_dtype(row.dtype)
    fitted.learnt.apply(row, None if fitted.index is None else np.zeros(1, dtype=np.intp))


def _unfitted(recipe, place, classes):
    kind = classes.get(recipe["class"]) if isinstance(recipe["class"], str) else None
    if kind is None:
        (place / "class").refuse(f"one of {', '.join(classes)}", recipe["class"])
    place = place / "parameters"
    given = recipe["parameters"]
    _check_parameters(given, place, inspect.signature(kind).parameters)
    parameters = {}
    for name, value in given.items():
        if kind is GroupScaler and name == "scaler":
            check_members(value, place / name, ["class", "parameters"])
            parameters[name] = _unfitted(value, place / name, PLAIN)
        else:
            parameters[name] = decode(value, place / name)
            _check_numbers(parameters[name], place / name)
    scaler = kind(**parameters)
    try:
        validate_parameters(scaler)
    except ValueError as error:
        place.refuse("parameters of the class", str(error))
    return scaler


def _check_parameters(given, place, known):
    """Refuse parameters that the class does not have, or must have; one that came later has its default."""
    if not isinstance(given, dict):
        place.refuse("an object", given)
    absent = [name for name, p in known.items() if p.default is p.empty]
    check_members(given, place, sorted({*absent, *(name for name in given if name in known)}))


def _check_numbers(value, place):
    """Refuse a whole number that no float is near to, and a decimal that is no number."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, int | decimal.Decimal):
            try:
                finite = math.isfinite(float(part))
            except (OverflowError, ValueError):
                finite = False
            if not finite:
                place.refuse("a number within the range of float64", part)


def _restore_groups(scaler, document):
    layout = _read_layout(document["layout"], scaler)
    index, codes = _read_keys(document["groups"], layout.n_keys, ROOT / "groups")
    shape = (len(index), len(layout.features))
    learnt = [
        read_statistic(document["statistic"], ROOT / "statistic", shape).scatter(codes, len(index)),
        read_statistic(document["pooled"], ROOT / "pooled", (1, shape[1])),
        read_numbers(document["sizes"], ROOT / "sizes", shape)[np.argsort(codes)],
    ]
    for statistic, name in zip(learnt, ("statistic", "pooled"), strict=False):
        _check_kind(scaler.scaler, statistic, ROOT / name)
    restore(scaler, (layout, index, learnt))


def _with_controls(layout):
    """Return the member that only layouts with control rows have."""
    return ["controls"] if isinstance(layout, dict) and "controls" in layout else []


def _read_layout(layout, scaler):
    place, n_columns = ROOT / "layout", scaler.n_features_in_
    check_members(layout, place, ["by", "features", "n_keys", "labels", *_with_controls(layout)])
    by, features, controls = (
        tuple(int(j) for j in read_numbers(layout.get(name, []), place / name, (None,), np.int64))
        for name in ("by", "features", "controls")
    )
    places = sorted(by + features + controls)
    some = scaler.columns is not None and places == sorted(set(places) & set(range(n_columns)))
    if not (places == list(range(n_columns)) or some) or not features:
        place.refuse(f"the columns 0 to {n_columns - 1}, each once", layout)
    _check_by(scaler, by, ROOT / "parameters" / "by")
    n_keys, labels = layout["n_keys"], layout["labels"]
    if type(n_keys) is not int or n_keys < 0 or (by and n_keys != len(by)):
        (place / "n_keys").refuse("the number of key columns", n_keys)
    if labels is not None and (
        not isinstance(labels, list) or len(labels) != n_keys or not all(isinstance(v, str) for v in labels)
    ):
        (place / "labels").refuse(f"null or {n_keys} names", labels)
    names = getattr(scaler, "feature_names_in_", None)
    own = None if names is None else names[list(features)]
    return Layout(by, features, n_keys, labels, own, controls=controls, whole=scaler.columns is not None)


def _check_by(scaler, places, where):
    """Refuse key columns that are not those of the layout."""
    given = () if scaler.by is None else scaler.by
    given = list(given) if isinstance(given, list | tuple | np.ndarray) else [given]
    names = [str(name) for name in getattr(scaler, "feature_names_in_", ())]
    found = [names.index(str(k)) if isinstance(k, str) and k in names else k for k in given]
    found = [k + scaler.n_features_in_ if isinstance(k, int) and k < 0 else k for k in found]
    if tuple(found) != places:
        where.refuse(f"the columns of the layout, {list(places)}", given)


def _read_keys(groups, n_keys, place):
    if not isinstance(groups, list) or not groups:
        place.refuse("a list of at least one group key", groups)
    keys = [decode(key, place / i) for i, key in enumerate(groups)]
    hashes = Counter()
    for i, key in enumerate(keys):
        if n_keys > 1 and not (isinstance(key, tuple) and len(key) == n_keys):
            (place / i).refuse(f"a key of {n_keys} parts", key)
        try:
            hashes[hash(key)] += 1
        except TypeError:
            (place / i).refuse("hashable", key)
    if max(hashes.values()) > COLLISIONS:  # chosen so: they would cost the square of their number
        place.refuse("keys as they come", "keys that all have one hash")
    if len(set(keys)) < len(keys):
        place.refuse("different keys", "one given twice")
    whole = all(type(key) is int and abs(key) < 2**63 for key in keys)
    index = GroupIndex(np.array(keys, dtype=np.int64) if whole else keys)
    return index, index.codes_of(np.array(keys, dtype=np.int64) if whole else keys)


def _check_kind(scaler, statistic, place):
    """Refuse a statistic that is not the one this scaler learns from rows."""
    kind, settings = scaler._statistic()
    own = kind.empty(1, 1, **settings)
    if type(own) is not type(statistic):
        (place / "kind").refuse(repr(type(own).__name__), type(statistic).__name__)
    for name in ("n_blocks", "budget", "max_rank_error", "probabilities"):
        required, received = (getattr(s, name, None) for s in (own, statistic))
        if not same(required, received):
            (place / name).refuse(f"{required}, as the parameters say", received)


def _check_learned(own, shown, place, notes):
    """Refuse a document whose readable part does not follow from its statistic, or note it in ``notes``."""
    if isinstance(own, dict):
        if not isinstance(shown, dict):
            place.refuse("an object", shown)
        # An earlier version may have shown fewer attributes, but none that are unknown now.
        check_members(shown, place, [name for name in own if name in shown])
        for name, value in shown.items():
            _check_learned(own[name], value, place / name, notes)
        return
    if own is None or isinstance(own, bool):
        if shown is not own:
            place.refuse(f"{own}, which follows from the statistic", shown)
        return
    if isinstance(own, list) and any(v is None or isinstance(v, list) for v in own) and not _is_table(own):
        if not isinstance(shown, list) or len(shown) != len(own):
            place.refuse(f"a list of {len(own)}", shown)
        for i, value in enumerate(own):
            _check_learned(value, shown[i], place / i, notes)
        return
    shape = ()
    if isinstance(own, list):
        shape = (len(own), len(own[0])) if _is_table(own) else (len(own),)
    ours, theirs = (read_numbers(v, place, shape) for v in (own, shown))
    if np.allclose(ours, theirs, rtol=AGREEMENT, atol=0.0, equal_nan=True):
        return
    if notes is not None:
        notes.append(
            f"{place} of this document, which an earlier version of skprep has written, shows "
            f"{shortened(shown)}; by the corrected formula it is {shortened(own)}, and that is used. Save "
            "the scaler anew."
        )
    else:
        place.refuse(f"what follows from the statistic, {shortened(own)}", shown)


def _is_table(value):
    """Say whether a list holds flat lists of one length."""
    return (
        bool(value)
        and set(map(type, value)) == {list}
        and len(set(map(len, value))) == 1
        and not any(isinstance(v, list) or v is None for v in value[0])
    )
