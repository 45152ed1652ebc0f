"""The Python that a comparison writes makes the pipeline that it found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

from skprep import GroupScaler, LogScaler, StandardScaler, compare_scalers
from skprep.compare.recipe import recipe

LOG = make_pipeline(LogScaler(handle_invalid="clip"), StandardScaler())
SVM = TransformedTargetRegressor(SVR(), transformer=StandardScaler())


def table():
    frame = load_wine(as_frame=True).frame.iloc[:, [0, 4, 12, 13]]
    frame["site"] = np.where(np.arange(len(frame)) % 3, "a", "b")
    frame["id"] = np.arange(len(frame))
    return frame


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("scaler", "model", "key", "categories", "target"),
    [
        (StandardScaler(), LogisticRegression(C=0.5), None, False, "target"),
        (StandardScaler(), LogisticRegression(C=0.5), None, True, "target"),
        (LOG, LogisticRegression(), None, False, "target"),
        ("passthrough", LogisticRegression(max_iter=200), None, True, "target"),
        (GroupScaler(StandardScaler(), by="site"), LogisticRegression(), "site", False, "target"),
        (StandardScaler(), SVM, None, False, "proline"),
        (StandardScaler(), (Ridge(), {"alpha": [2.0]}), None, True, "proline"),
    ],
)
def test_it_runs_and_predicts_the_same(tmp_path, scaler, model, key, categories, target):
    frame = table()
    frame.to_csv(tmp_path / "wine.csv", index=False)
    drop = ["id"] if categories or key else ["id", "site"]
    X, y = frame.drop(columns=[target, *drop]), frame[target]
    found = compare_scalers(X, y, scalers={"s": scaler}, models={"m": model}, by=key, cv=2)
    read = ["import pandas as pd", f"table = pd.read_csv({str(tmp_path / 'wine.csv')!r})"]
    numbers = [c for c in X.columns if c != "site"]
    text = recipe(
        found,
        read=read,
        drop=drop,
        target=target,
        key=key,
        numbers=numbers,
        categories=["site"] if categories else (),
    )
    made = {}
    exec(text, made)
    assert max(len(line) for line in text.splitlines() if "read_csv" not in line) <= 110
    np.testing.assert_allclose(
        pd.factorize(made["pipeline"].predict(X))[0], pd.factorize(found.best_pipeline_.predict(X))[0]
    )
    assert len(text.splitlines()) <= 24
