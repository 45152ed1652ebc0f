"""Pictures: what is drawn is what the scaler does."""

import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

from skprep import (
    ComBat,
    GroupScaler,
    LogScaler,
    MinMaxScaler,
    RobustScaler,
    ScalingDisplay,
    StandardScaler,
)

RNG = np.random.default_rng(0)
X = pd.DataFrame({"hu": RNG.normal(50, 7, 120), "dose": RNG.lognormal(0, 1, 120), "flat": 3.0})
X.loc[:29, "dose"] = np.nan


@pytest.fixture(autouse=True)
def pictures():
    before = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


def heights(ax):
    return [patch.get_height() for patch in ax.patches if hasattr(patch, "get_height")][:30]


def lines(ax):
    return [line.get_xdata()[0] for line in ax.lines]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_histograms_marks_and_notes():
    scaler = StandardScaler().fit(X)
    display = ScalingDisplay.from_estimator(scaler, X)
    assert display.axes_.shape == (3, 2)
    before, after = display.axes_[0]
    np.testing.assert_array_equal(heights(before), np.histogram(X["hu"], bins=30)[0])
    np.testing.assert_array_equal(heights(after), np.histogram(scaler.transform(X)[:, 0], bins=30)[0])
    assert lines(before) == pytest.approx([scaler.mean_[0]])
    assert lines(after) == pytest.approx([0.0], abs=1e-12)
    band = before.patches[-1].get_extents().transformed(before.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx(
        (scaler.mean_[0] - scaler.scale_[0], scaler.mean_[0] + scaler.scale_[0])
    )
    assert before.get_xlim() == pytest.approx((X["hu"].min(), X["hu"].max()))
    assert texts(display.axes_[1, 0]) == ["25% missing"]
    assert texts(display.axes_[2, 1]) == ["constant"]
    assert lines(display.axes_[2, 0]) == []
    assert [ax.get_title(loc="left") for ax in display.axes_[:, 0]] == ["hu", "dose", "flat"]


def test_the_band_of_min_and_max_is_between_them():
    display = ScalingDisplay.from_estimator(MinMaxScaler((-1, 2)).fit(X[["hu"]]), X[["hu"]])
    for ax, ends in zip(display.axes_[0], ((X["hu"].min(), X["hu"].max()), (-1, 2)), strict=True):
        band = ax.patches[-1].get_extents().transformed(ax.transData.inverted())
        assert (band.x0, band.x1) == pytest.approx(ends)


@pytest.mark.parametrize("n", [1, 5, 30])
def test_any_number_of_features_fits_on_the_page(n):
    wide = pd.DataFrame(
        RNG.normal(size=(50, n)), columns=[f"a very long name of feature number {j}" for j in range(n)]
    )
    display = ScalingDisplay.from_estimator(RobustScaler().fit(wide), wide)
    display.figure_.canvas.draw()
    assert display.axes_.shape == (n, 2)
    boxes = [ax.get_tightbbox() for ax in display.axes_.ravel()]
    page = display.figure_.bbox
    assert all(box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 for box in boxes)
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(two) and one.width and two.width for two in boxes[i + 1 :])
    titles = [ax.get_title(loc="left") for ax in display.axes_[:, 0]]
    assert all(len(title) <= 28 for title in titles)


def test_features_are_chosen_and_drawn_in_the_place_of_an_axes():
    scaler = StandardScaler().fit(X)
    figure, ax = plt.subplots()
    display = ScalingDisplay.from_estimator(scaler, X, features=["dose", 0], ax=ax)
    assert display.figure_ is figure
    assert [a.get_title(loc="left") for a in display.axes_[:, 0]] == ["dose", "hu"]
    with pytest.raises(ValueError, match=r"features takes features that StandardScaler was fitted on"):
        ScalingDisplay.from_estimator(scaler, X, features="age")
    array = ScalingDisplay.from_estimator(StandardScaler().fit(X.to_numpy()), X.to_numpy().tolist())
    assert array.axes_[1, 0].get_title(loc="left") == "feature 1"


def test_axes_put_anywhere_and_sparse_rows():
    figure = plt.figure()
    ax = figure.add_axes((0.5, 0.5, 0.4, 0.4))
    scaler = StandardScaler(with_mean=False).fit(X[["hu"]].to_numpy())
    display = ScalingDisplay.from_estimator(scaler, sparse.csr_array(X[["hu"]].to_numpy()), ax=ax)
    np.testing.assert_array_equal(display.before, X[["hu"]])
    box = display.axes_[0, 0].get_position()
    assert box.x0 >= 0.49
    assert box.y1 <= 0.91


def test_groups_are_overlaid_and_small_and_unseen_ones_marked():
    rows = X.assign(device=["a"] * 60 + ["b"] * 57 + ["c"] * 3)
    scaler = GroupScaler(StandardScaler(), by="device", min_group_size=10).fit(rows)
    rows.loc[:4, "device"] = "new"
    display = ScalingDisplay.from_estimator(scaler, rows, features=["hu"])
    known, other, small, unseen = (patch.get_linestyle()[1] for patch in display.axes_[0, 0].patches)
    assert known is None
    assert other is None
    assert small[0] > unseen[0]
    assert len(display.axes_[0, 1].patches) == 3
    (legend,) = display.figure_.legends
    assert [t.get_text() for t in legend.get_texts()] == ["a", "b", "c (small)", "new (unseen)"]
    assert scaler.handle_unknown == "error"
    apart = GroupScaler(LogScaler()).fit(rows[["hu"]], groups=rows["device"])
    assert len(ScalingDisplay.from_estimator(apart, rows[["hu"]], groups=rows["device"]).groups) == 4
    with pytest.raises(
        ValueError, match=r"by=None needs the groups of the rows; received none\. Pass groups="
    ):
        ScalingDisplay.from_estimator(apart, rows[["hu"]])
    many = rows.assign(device=np.arange(120) % 20)
    display = ScalingDisplay.from_estimator(GroupScaler(StandardScaler(), by="device").fit(many), many)
    assert display.figure_.legends[0].get_texts()[-1].get_text() == "12 more"


@pytest.mark.parametrize("keep_by", [False, True])
def test_sites_before_and_after_and_key_columns_that_stay(keep_by):
    rows = X[["hu"]].assign(other=RNG.normal(size=120), site=np.arange(120) % 2)
    rows["hu"] += 30 * rows["site"]
    display = ScalingDisplay.from_estimator(ComBat("site").fit(rows), rows)
    means = [[display.before[g, 0].mean(), display.after[g, 0].mean()] for _, g, _ in display.groups]
    assert abs(means[0][0] - means[1][0]) > 25
    assert abs(means[0][1] - means[1][1]) < 3
    scaler = (
        GroupScaler(StandardScaler(), by="site", keep_by=keep_by).set_output(transform="pandas").fit(rows)
    )
    expected = scaler.transform(rows)[["hu", "other"]]
    np.testing.assert_array_equal(ScalingDisplay.from_estimator(scaler, rows).after, expected)


def test_other_transformers_and_frames():
    theirs = QuantileTransformer(n_quantiles=20).fit(X[["hu"]])
    display = ScalingDisplay.from_estimator(theirs, X[["hu"]])
    np.testing.assert_array_equal(display.after, theirs.transform(X[["hu"]]))
    other = ScalingDisplay.from_estimator(StandardScaler().fit(X), pl.from_pandas(X))
    np.testing.assert_array_equal(other.before, X.to_numpy())
    with pytest.raises(ValueError, match="which makes 120 of 1"):
        ScalingDisplay.from_estimator(OneHotEncoder(sparse_output=False).fit(X[["hu"]]), X[["hu"]])


def test_a_feature_without_a_value():
    empty = X.assign(dose=np.nan)
    display = ScalingDisplay.from_estimator(StandardScaler().fit(empty), empty)
    assert texts(display.axes_[1, 0]) == ["no value"]


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"Pictures need matplotlib.*pip install 'skprep\[plot\]'"):
        ScalingDisplay.from_estimator(StandardScaler().fit(X), X)
