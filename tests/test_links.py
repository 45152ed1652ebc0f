"""The "?" of an estimator's diagram leads to its page."""

from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skprep import ComBat, GroupScaler, StandardScaler
from skprep.nn import SoftmaxClassifier

SITE = "https://skprep.github.io/skprep/reference/generated/"


@pytest.mark.parametrize(
    ("estimator", "page"),
    [
        (StandardScaler(), "skprep.StandardScaler"),
        (GroupScaler(StandardScaler(), by="device"), "skprep.GroupScaler"),
        (ComBat("site"), "skprep.ComBat"),
        (SoftmaxClassifier(), "skprep.nn.SoftmaxClassifier"),
    ],
)
def test_the_diagram_leads_to_the_page_of_the_reference(estimator, page):
    assert f'href="{SITE}{page}.html"' in make_pipeline(estimator)._repr_html_()
    name = page.rpartition(".")[2]
    reference = (Path(__file__).parent.parent / "docs" / "reference" / "index.md").read_text("utf-8")
    assert name in reference.split()


def test_a_class_of_somebody_else_has_no_page_of_ours():
    class Mine(StandardScaler):
        pass

    Mine.__module__ = "mine"
    assert "skprep.github.io" not in Mine()._repr_html_()
    assert "scikit-learn.org" in make_pipeline(StandardScaler(), LogisticRegression())._repr_html_()
