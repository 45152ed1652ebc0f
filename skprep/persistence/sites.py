"""What a ComBat has learnt, written into a document and read from one."""

import numpy as np

from skprep.groups.layout import Layout
from skprep.harmonise.covariates import Covariates
from skprep.harmonise.state import Learnt
from skprep.kernels.splines import Spline
from skprep.persistence.statistics import read_statistic
from skprep.persistence.values import ROOT, check_members, encode, numbers, read_numbers
from skprep.statistics import CrossMoments

MEMBERS = ["layout", "groups", "covariates", "added", "statistic"]
PLACES = ("by", "features", "covariates", "controls")
PRODUCTS = ["z_mean", "square", "cross"]


def written(state, spelt):
    """Return the members of a document that a ComBat has of its own.

    ``spelt`` turns the dict of a statistic into one whose numbers are spelt.
    """
    layout, learnt = state
    statistic = learnt.statistic
    products = {name: numbers(getattr(statistic, name)) for name in PRODUCTS}
    return {
        "layout": {name: [int(j) for j in getattr(layout, name)] for name in PLACES},
        "groups": [encode(key, ROOT / "groups" / i) for i, key in enumerate(learnt.index.keys)],
        "covariates": [
            {"name": name, "levels": _levels(basis)}
            for name, basis in zip(learnt.covariates.names, learnt.covariates.levels, strict=True)
        ],
        "added": learnt.added.tolist(),
        "statistic": {
            "kind": "CrossMoments",
            "moments": {"kind": "Moments", **spelt(statistic.moments.to_dict())},
            **(products if statistic.n_covariates else {}),
        },
    }


def _levels(basis):
    if isinstance(basis, Spline):
        return {"knots": list(basis.knots), "bounds": list(basis.bounds)}
    return None if basis is None else [encode(key, ROOT / "covariates") for key in basis.keys]


def read(document, combat, read_keys):
    """Return layout and what was learnt, from the members that :func:`written` gave.

    ``read_keys(list, number of parts, place)`` gives the index of keys and the place of each in it.
    """
    layout = _read_layout(document["layout"], combat)
    index, codes = read_keys(document["groups"], layout.n_keys, ROOT / "groups")
    covariates, columns = _read_covariates(document["covariates"], layout, combat, read_keys)
    added = document["added"]
    if not isinstance(added, list) or len(added) != len(index) or not all(type(v) is bool for v in added):
        (ROOT / "added").refuse(f"a list of {len(index)} times true or false", added)
    if all(added):
        (ROOT / "added").refuse("false for a site at least", added)
    shape = (len(index), len(layout.features), covariates.n_columns)
    statistic = _read_statistic(document["statistic"], ROOT / "statistic", shape)
    statistic = statistic.having(columns, covariates.n_columns).scatter(codes, len(index))
    return layout, Learnt(index, covariates, statistic, np.array(added)[np.argsort(codes)])


def _read_layout(layout, combat):
    place, n_columns = ROOT / "layout", combat.n_features_in_
    check_members(layout, place, list(PLACES))
    by, features, covariates, controls = (
        tuple(int(j) for j in read_numbers(layout[name], place / name, (None,), np.int64)) for name in PLACES
    )
    places = sorted(by + features + covariates + controls)
    some = combat.columns is not None and places == sorted(set(places) & set(range(n_columns)))
    if not (places == list(range(n_columns)) or some) or not features or not by:
        place.refuse(f"the columns 0 to {n_columns - 1}, each once", layout)
    names = getattr(combat, "feature_names_in_", None)
    own = None if names is None else names[list(features)]
    return Layout(by, features, len(by), None, own, covariates, controls, combat.columns is not None)


def _read_covariates(given, layout, combat, read_keys):
    place, names = ROOT / "covariates", getattr(combat, "feature_names_in_", None)
    if not isinstance(given, list) or len(given) != len(layout.covariates):
        place.refuse(f"a list of {len(layout.covariates)} covariates", given)
    levels, columns, first = [], [], 0
    for i, (one, column) in enumerate(zip(given, layout.covariates, strict=True)):
        check_members(one, place / i, ["name", "levels"])
        name = f"x{column}" if names is None else str(names[column])
        if one["name"] != name:
            (place / i / "name").refuse(repr(name), one["name"])
        index, codes = None, np.zeros(1, dtype=np.intp)
        if isinstance(one["levels"], dict):
            index = _read_spline(one["levels"], place / i / "levels")
            codes = np.arange(index.df)
        elif one["levels"] is not None:
            index, codes = read_keys(one["levels"], 1, place / i / "levels")
            if None in index.keys:
                (place / i / "levels").refuse("free of missing levels", one["levels"])
        levels.append(index)
        columns += (first + codes).tolist()
        first += len(codes)
    return Covariates(tuple(one["name"] for one in given), tuple(levels)), columns


def _read_spline(given, place):
    check_members(given, place, ["knots", "bounds"])
    knots = read_numbers(given["knots"], place / "knots", (None,))
    bounds = read_numbers(given["bounds"], place / "bounds", (2,))
    whole = np.array([bounds[0], *knots, bounds[1]])
    if not (np.isfinite(whole).all() and bounds[0] < bounds[1] and (np.diff(whole) >= 0).all()):
        place.refuse("finite, in rising order", given)
    return Spline(tuple(knots.tolist()), tuple(bounds.tolist()))


def _read_statistic(state, place, shape):
    n_sites, n_features, n_columns = shape
    products = PRODUCTS if n_columns else []
    check_members(state, place, ["kind", "moments", *products])
    if state["kind"] != "CrossMoments":
        (place / "kind").refuse("'CrossMoments'", state["kind"])
    moments = state["moments"]
    if not isinstance(moments, dict) or moments.get("kind") != "Moments":
        (place / "moments").refuse("the moments of the features", moments)
    moments = read_statistic(moments, place / "moments", shape[:2])
    if not n_columns:
        return CrossMoments(moments, *(getattr(CrossMoments.empty(*shape), name) for name in PRODUCTS))
    first = state["z_mean"][0] if isinstance(state["z_mean"], list) and state["z_mean"] else None
    width = 1 if isinstance(first, list) and len(first) == 1 else n_features
    shapes = {
        "z_mean": (n_sites, width, n_columns),
        "square": (n_sites, width, n_columns, n_columns),
        "cross": shape,
    }
    found = {name: read_numbers(state[name], place / name, of) for name, of in shapes.items()}
    for name, values in found.items():
        if not np.isfinite(values).all():
            (place / name).refuse("finite", state[name])
    if (np.einsum("sfkk->sfk", found["square"]) < 0).any():
        (place / "square").refuse("not negative where a covariate meets itself", state["square"])
    return CrossMoments(moments, *found.values())
