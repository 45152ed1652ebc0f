"""The page of a comparison."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from skprep import compare_scalers
from skprep.compare.candidates import default_scalers
from skprep.report import render, write_report
from skprep.tables import prepare


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    frame = pd.DataFrame({"a & b": rng.normal(size=60) + y, "c": rng.normal(size=60) * 1000, "t": y})
    frame["copy"] = y * 0.1
    frame.loc[3, "c"] = np.nan
    task = prepare(frame, "t", folds=2)
    models = {"k": KNeighborsClassifier(3), "c": KNeighborsClassifier(3, metric="chebyshev")}
    return task, compare_scalers(task.X, task.y, scalers=default_scalers(), models=models, cv=2)


def test_the_page_shows_a_chart_the_ten_best_and_folds_the_rest(compared):
    task, found = compared
    page = render("data <x>", task, found, "pipeline = ...")
    assert "data &lt;x&gt;" in page
    assert page.index("<svg") < page.index("<table>")
    first, rest = page.split("<details>")
    assert first.count("<tr") == 1 + 10
    assert "<summary>10 more</summary>" in rest
    best = found.results_[0]
    row = f"<td>{best.scaler}</td><td>{best.model}</td><td class=n>{best.mean:.4f}</td>"
    assert f"<tr class=best>{row}" in page
    assert "<pre>pipeline = ...</pre>" in page
    assert "column &#x27;copy&#x27; gives the target away: each of its values is one class" in page
    assert "a &amp; b" in page
    for part in ('name="viewport"', "prefers-color-scheme: dark", "@media print", "max-width: 480px"):
        assert part in page
    assert "http" not in page
    assert len(re.findall(r"<svg[^>]*role=.img. aria-label=", page)) == 2
    assert "#010203" not in page
    assert "currentColor" in page


def test_the_same_comparison_gives_the_same_page(compared, tmp_path):
    task, found = compared
    write_report(tmp_path / "a.html", "data", task, found)
    write_report(tmp_path / "b.html", "data", task, found)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_no_scaling_needs_no_picture_of_it():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40), "t": rng.integers(0, 2, 40)})
    task = prepare(frame, "t", folds=2)
    found = compare_scalers(
        task.X, task.y, scalers={"none": "passthrough"}, models={"k": KNeighborsClassifier(3)}
    )
    page = render("data", task, found)
    assert "The best is no scaling: before is after." in page
    assert "Best: no scaling in front of k, accuracy " in page
