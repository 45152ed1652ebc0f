"""Members of every document: number and names of the columns, and what ``set_output`` asked for."""

import numpy as np

from skprep.compat import output_setting, set_own_output
from skprep.persistence.values import ROOT

MEMBERS = ["n_features", "feature_names", "output"]


def features_of(estimator):
    """Return these members for a fitted estimator."""
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "n_features": int(estimator.n_features_in_),
        "feature_names": None if names is None else [str(n) for n in names],
        "output": output_setting(estimator),
    }


def restore_features(estimator, document, length):
    """Set them in an estimator; no number may ask for more than a document of ``length`` bears out."""
    n_features, names = read_features(document, length)
    estimator.n_features_in_ = n_features
    if names is not None:
        estimator.feature_names_in_ = np.array(names, dtype=object)
    restore_output(estimator, document["output"])


def read_features(document, length):
    """Return number and names of features, checked."""
    n_features, names = document["n_features"], document["feature_names"]
    if type(n_features) is not int or not 1 <= n_features <= length:
        (ROOT / "n_features").refuse("the number of features described", n_features)
    text = isinstance(names, list) and all(isinstance(n, str) for n in names)
    if names is not None and (not text or len(names) != n_features):
        (ROOT / "feature_names").refuse(f"null or a list of {n_features} names", names)
    return n_features, names


def restore_output(estimator, output):
    """Do what ``set_output`` was told for this very estimator."""
    if output is None:
        return
    if output not in ("default", "pandas", "polars"):
        (ROOT / "output").refuse('null, "default", "pandas" or "polars"', output)
    set_own_output(estimator, output)
