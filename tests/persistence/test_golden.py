"""Documents of every released version of the format stay readable and mean what they meant.

``python -m tests.persistence.test_golden`` writes those of the present version that are missing; one that is
there is a witness and is never written again.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from skprep import from_json, load, to_json
from skprep.nn import SoftmaxClassifier
from skprep.persistence.older import upgraded
from skprep.persistence.writing import VERSION

from .fitted import by_key, grouped, pipelines, plain, table

FOLDER = Path(__file__).parent / "golden"
# The prior variance of smooth="auto" was corrected after version 1 (exp of the mean of Smyth's e_g).
CORRECTED = {"v1-groups-two-keys"}


def documents():
    """Name as a file's, fitted scaler and a table to transform."""
    for name, scaler, X in every_kind():
        yield name.replace(",", "").replace(" ", "-"), scaler, X


@cache
def named():
    """The documents' scalers and tables by name; fitted once for all tests."""
    return {name: (scaler, X) for name, scaler, X in documents()}


def every_kind():
    for name, scaler in plain():
        yield name, scaler, table() if hasattr(scaler, "feature_names_in_") else table().to_numpy()
    for name, scaler, X in grouped():
        yield f"groups, {name}", scaler, X
    yield from pipelines()
    for kind in ("missing", "dates", "mixed", "others"):
        yield f"key of {kind}", *by_key(kind)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_a_golden_document_gives_the_results_it_gave(path):
    fresh, given = named()[path.stem.split("-", 1)[1]]
    if path.stem in CORRECTED:
        with pytest.warns(UserWarning, match="by the corrected formula"):
            scaler = load(path)
        np.testing.assert_allclose(
            features(scaler.transform(given)), features(fresh.transform(given)), rtol=1e-12
        )
        return
    scaler = load(path)
    expected = np.load(path.with_suffix(".npy"))
    rtol = 1e-6 if expected.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(answers(scaler, given), expected, rtol=rtol, equal_nan=True)
    written, ours = upgraded(json.loads(path.read_text(encoding="utf-8"))), json.loads(to_json(scaler))
    if written["class"] in ("Pipeline", "ColumnTransformer", "FeatureUnion"):
        assert covers(ours["steps"], written["steps"])  # parameters that came since are there too
        return
    for name, shown in written["learned"].items():
        if written["class"] == "ComBat":  # exponentials and sums may differ in the last digit elsewhere
            np.testing.assert_allclose(numbers(ours["learned"][name]), numbers(shown), rtol=1e-9, atol=1e-12)
        else:
            assert ours["learned"][name] == shown


def covers(ours, written):
    if isinstance(written, dict):
        if {"origin", "offset"} <= set(
            written
        ):  # the sum is the mean; what is written now is no training value
            ours, written = with_mean(ours), with_mean(written)
        return isinstance(ours, dict) and all(covers(ours.get(name), v) for name, v in written.items())
    if isinstance(written, list):
        return len(ours) == len(written) and all(map(covers, ours, written))
    return ours == written


def with_mean(moments):
    mean = np.add(numbers(moments["origin"]), numbers(moments["offset"])).tolist()
    return {name: v for name, v in moments.items() if name not in ("origin", "offset")} | {"mean": mean}


def numbers(shown):
    return np.array(shown, dtype=np.float64)  # "NaN" is one, too


def test_every_kind_of_document_is_golden():
    assert {p.stem for p in FOLDER.glob("*.json")} >= {f"v{VERSION}-{name}" for name in named()}


def test_the_witnesses_of_older_documents_are_not_written_again(tmp_path):
    name, _, _ = next(documents())
    path = tmp_path / f"v{VERSION}-{name}.json"
    path.write_text("a witness")
    written = write_missing(tmp_path)
    assert path.read_text() == "a witness"
    assert path not in written
    assert len(written) == len(named()) - 1
    assert write_missing(tmp_path) == []


def answers(estimator, X):
    """What an estimator gives, as an array."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if isinstance(last, SoftmaxClassifier):
        return estimator.predict_proba(X)
    Z = estimator.transform(X)
    return Z if isinstance(Z, np.ndarray) and Z.dtype != object and Z.shape[1] > 3 else features(Z)


def features(Z):
    """The scaled columns as an array."""
    Z = Z if isinstance(Z, np.ndarray) else Z.to_numpy()
    return Z.astype(np.float64) if Z.dtype != object else Z[:, [0, 1, 2]].astype(np.float64)


def write_missing(folder):
    """Write the documents of the present version that are not there; return their paths."""
    written = []
    for name, scaler, X in documents():
        path = folder / f"v{VERSION}-{name}.json"
        if path.exists():
            continue
        path.write_text(to_json(scaler) + "\n", encoding="utf-8")
        np.save(path.with_suffix(".npy"), answers(from_json(to_json(scaler)), X))
        written.append(path)
    return written


if __name__ == "__main__":
    print(*write_missing(FOLDER), sep="\n")
