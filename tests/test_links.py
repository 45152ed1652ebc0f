"""The "?" of an estimator's diagram leads to its page."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

import skprep
from skprep import ComBat, GroupScaler, StandardScaler, compat
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


def link(estimator):
    return estimator._get_doc_link()


def test_every_estimator_has_its_page():
    estimators = [getattr(skprep, name) for name in skprep.__all__ if isinstance(getattr(skprep, name), type)]
    estimators = [found for found in estimators if issubclass(found, BaseEstimator)]
    assert len(estimators) == 7
    for found in estimators:
        needed = {"GroupScaler": [StandardScaler()], "ComBat": ["site"]}.get(found.__name__, [])
        assert link(found(*needed)) == f"{SITE}skprep.{found.__name__}.html"


def test_a_class_of_somebody_else_has_no_page_of_ours_and_may_have_its_own():
    class Mine(StandardScaler):
        pass

    Mine.__module__ = "mine.scalers._hidden"
    assert link(Mine()) == ""
    Mine._doc_link_module = "mine"
    Mine._doc_link_template = "https://mine.example/{estimator_module}.{estimator_name}.html"
    assert link(Mine()) == "https://mine.example/mine.scalers.Mine.html"


def test_a_template_may_be_set():
    scaler = StandardScaler()
    scaler._doc_link_template = "https://mine.example/{name}"
    assert link(scaler) == "https://mine.example/StandardScaler"
    assert link(StandardScaler()).startswith(SITE)


def test_where_the_package_is_not_installed_there_is_no_link(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(compat, "metadata", missing)
    assert link(StandardScaler()) == ""
    assert "StandardScaler" in StandardScaler()._repr_html_()
