"""Batches that are what the scaler was fitted on, and batches that are not."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import comb
from sklearn.exceptions import NotFittedError

from skprep import (
    ComBat,
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    drift_report,
    from_json,
    to_json,
)
from skprep.drift.figures import chance_of_extremes

RNG = np.random.default_rng(0)
TRAIN = pd.DataFrame(RNG.normal([50, 0.001], [7, 1e-5], size=(2000, 2)), columns=["hu", "dose"])
SCALERS = [
    StandardScaler(),
    StandardScaler(method="median_of_means"),
    RobustScaler(),
    RobustScaler(method="mad"),
    MinMaxScaler(),
    MaxAbsScaler(),
    LogScaler(),
]


def draw(n, shift=0.0, spread=1.0, seed=1):
    return pd.DataFrame(
        np.random.default_rng(seed).normal([50 + 7 * shift, 0.001], [7 * spread, 1e-5], size=(n, 2)),
        columns=["hu", "dose"],
    )


@pytest.mark.parametrize("n", [1, 2, 20, 500])
@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_rows_of_the_same_kind_have_not_drifted(scaler, n):
    report = drift_report(scaler.fit(TRAIN), draw(n))
    assert not report.drifted
    assert str(report) == f"No drift found (2 features, {n} rows; chance of a false alarm 0.01)."
    assert report.to_frame()["feature"].tolist() == ["hu", "dose"]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_a_shift_is_found_in_its_feature_alone_and_from_a_document_too(scaler):
    scaler.fit(TRAIN)
    for known in (scaler, from_json(to_json(scaler, mergeable=True))):
        report = drift_report(known, draw(400, shift=-6.0 if isinstance(scaler, LogScaler) else 6.0))
        assert report.to_frame()["drifted"].tolist() == [True, False]


def test_the_figures_of_means_and_spreads_are_their_formulas():
    X = draw(300, shift=1.0, spread=2.0)
    frame = drift_report(StandardScaler().fit(TRAIN), X).to_frame().set_index("feature")
    x, train = X["hu"], TRAIN["hu"]
    row = frame.loc["hu"]
    assert row["n"] == 300
    assert row["shift"] == pytest.approx((x.mean() - train.mean()) / train.std(ddof=0))
    assert row["scale_ratio"] == pytest.approx(x.std() / train.std(ddof=0))
    assert row["shift_error"] == pytest.approx(np.sqrt(row["scale_ratio"] ** 2 / 300 + 1 / 2000))
    assert row["reason"].startswith(
        f"the mean has moved by {row['shift']:.2f} training standard deviations, ± "
    )
    assert row["reason"].endswith(f"the spread is {row['scale_ratio']:.2g} times that of the training rows")


def test_a_distance_in_ranks_is_that_of_the_two_distributions():
    scaler = RobustScaler().fit(TRAIN[:1000])
    X = draw(400, shift=0.5)
    row = drift_report(scaler, X).to_frame().set_index("feature").loc["hu"]
    q = np.quantile(TRAIN["hu"][:1000], np.arange(1, 100) / 100)
    expected = max(abs((X["hu"] <= v).mean() - p) for v, p in zip(q, np.arange(1, 100) / 100, strict=True))
    assert row["distance"] == pytest.approx(expected)
    low, high = np.quantile(TRAIN["hu"][:1000], [0.25, 0.75])
    assert row["shift"] == pytest.approx((X["hu"].median() - TRAIN["hu"][:1000].median()) / (high - low))
    stream = RobustScaler(exact_budget=50, max_rank_error=0.02).partial_fit(TRAIN)
    assert drift_report(stream, X).to_frame()["distance"][0] == pytest.approx(row["distance"], abs=0.06)
    alone = from_json(to_json(scaler, mergeable=False))
    assert drift_report(alone, X).to_frame()["distance"][0] <= row["distance"]


def test_values_outside_are_judged_by_the_exact_chance():
    for k, n, n_train in ((1, 5, 9), (2, 5, 9), (3, 7, 4), (0, 5, 9)):
        expected = comb(n, k) / comb(n + n_train, k)
        assert chance_of_extremes(np.array(k), np.array(n), np.array(n_train)) == pytest.approx(expected)
    X = draw(100)
    X.loc[:4, "hu"] = 500.0
    report = drift_report(MinMaxScaler().fit(TRAIN), X)
    row = report.to_frame().set_index("feature").loc["hu"]
    assert row["outside"] == pytest.approx(0.05)
    assert row["reason"] == f"5 of 100 values are above the training maximum, {TRAIN['hu'].max():g}"
    X.loc[:4, "hu"] = np.inf
    assert drift_report(MinMaxScaler().fit(TRAIN), X).to_frame()["drifted"].tolist() == [True, False]


def test_missing_values_and_constants():
    X = draw(200)
    X["dose"] = np.nan
    report = drift_report(StandardScaler().fit(TRAIN), X)
    assert report.to_frame().set_index("feature").loc["dose", "reason"] == "all 200 values are missing"
    X = draw(400)
    X.loc[::2, "hu"] = np.nan
    text = str(drift_report(StandardScaler().fit(TRAIN), X))
    assert "- 'hu': 50% are missing, 0% of the training rows were." in text
    train = TRAIN.copy()
    train.loc[::2, "hu"] = np.nan
    assert not drift_report(StandardScaler().fit(train), X).drifted
    flat = StandardScaler().fit(TRAIN.assign(hu=5.0))
    assert not drift_report(flat, draw(10).assign(hu=5.0)).drifted
    text = str(drift_report(flat, draw(10).assign(hu=5.1)))
    assert "- 'hu': it was 5 in every training row, and is not in 10 of 10." in text


def test_groups_are_judged_one_by_one_and_unseen_ones_are_named():
    train = TRAIN.assign(device=np.repeat(["a", "b"], 1000))
    train.loc[train["device"] == "b", "hu"] += 100
    scaler = GroupScaler(StandardScaler(), by="device").fit(train)
    new = draw(400).assign(device=np.repeat(["a", "b"], 200))
    new.loc[new["device"] == "b", "hu"] += 100
    assert not drift_report(scaler, new).drifted
    new.loc[new["device"] == "b", "hu"] += 7
    new = pd.concat([new, draw(3).assign(device="c")])
    report = drift_report(scaler, new)
    assert report.unseen_groups == {"c": 3}
    frame = report.to_frame()
    assert frame[frame["drifted"]][["group", "feature"]].values.tolist() == [["b", "hu"]]
    lines = str(report).splitlines()
    assert lines[1] == "- 1 group is unseen, with 3 of 403 rows: 'c'."
    assert lines[2].startswith("- 'hu' of group 'b': the mean has moved by ")
    only = drift_report(scaler, draw(3).assign(device="c"))
    assert only.drifted
    assert only.to_frame().empty
    two = GroupScaler(StandardScaler(), by=["device", "site"]).fit(train.assign(site=1))
    assert drift_report(two, new.assign(site=2)).unseen_groups[("a", 2)] == 200
    apart = GroupScaler(RobustScaler()).fit(train[["hu", "dose"]], groups=train["device"])
    assert not drift_report(apart, train[["hu", "dose"]], groups=train["device"]).drifted


def test_some_columns_and_frames_of_other_libraries():
    X = draw(300, shift=2.0).assign(name="x")
    scaler = StandardScaler(columns=["hu"]).fit(TRAIN.assign(name="x"))
    frame = drift_report(scaler, X).to_frame()
    assert frame[["feature", "drifted"]].values.tolist() == [["hu", True]]
    other = drift_report(scaler, pl.from_pandas(X)).to_frame()
    pd.testing.assert_frame_equal(frame, other)
    array = drift_report(StandardScaler().fit(TRAIN.to_numpy()), draw(300, shift=2.0).to_numpy())
    assert array.to_frame()["feature"].tolist() == [0, 1]


@pytest.mark.parametrize("n", [5, 20, 50])
@pytest.mark.parametrize(
    "draw", [lambda r, s: r.random(s) < 0.02, lambda r, s: r.poisson(0.1, s), lambda r, s: r.random(s) < 0.2]
)
def test_rare_values_that_a_batch_lacks_are_no_drift(draw, n):
    rng = np.random.default_rng(0)
    scaler = StandardScaler().fit(draw(rng, (1000, 3)).astype(float))
    alarms = sum(drift_report(scaler, draw(rng, (n, 3)).astype(float)).drifted for _ in range(100))
    assert alarms <= 6


def test_groups_of_a_few_training_rows_are_not_known_well_enough_to_drift():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(60):
        sizes = [100, 1, 2, 3, 5]
        train = pd.DataFrame({"g": np.repeat(np.arange(5), sizes), "x": rng.normal(size=sum(sizes))})
        batch = pd.DataFrame({"g": np.repeat(np.arange(5), 20), "x": rng.normal(size=100)})
        alarms += drift_report(GroupScaler(StandardScaler(), by="g").fit(train), batch).drifted
    assert alarms <= 4
    stuck = batch.assign(x=np.where(batch["g"] == 0, 2.0, batch["x"]))
    assert drift_report(GroupScaler(StandardScaler(), by="g").fit(train), stuck).drifted


def test_infinite_values_are_drift_and_not_missing():
    X = draw(300)
    X.loc[:60, "hu"] = np.inf
    for kind in (StandardScaler, RobustScaler, MinMaxScaler):
        row = drift_report(kind().fit(TRAIN), X).to_frame().set_index("feature").loc["hu"]
        assert row["missing"] == 0
        assert "61 of 300 values are infinite" in row["reason"]
    allowed = StandardScaler(clip=3, handle_infinity="clip").fit(TRAIN)
    assert not drift_report(allowed, X).drifted


def test_it_changes_nothing_and_reads_as_html():
    scaler = StandardScaler().fit(TRAIN)
    before = to_json(scaler)
    report = drift_report(scaler, draw(300, shift=2.0).rename(columns={"hu": "hu"}))
    assert to_json(scaler) == before
    page = report._repr_html_()
    assert page.startswith("<p><b>Drift found</b></p><ul><li>&#x27;hu&#x27;: the mean has moved by ")
    assert repr(report) == "DriftReport(drifted=True, rows=300)"


def test_the_rate_of_false_alarms_and_the_power():
    rng = np.random.default_rng(0)
    alarms, found = 0, 0
    scaler = StandardScaler().fit(rng.normal(size=(1000, 4)))
    for _ in range(300):
        X = rng.normal(size=(100, 4))
        alarms += drift_report(scaler, X, tolerance=0.0).drifted
        X[:, 0] += 1.0
        found += drift_report(scaler, X).drifted
    assert alarms <= 8  # of 300, at 1 %: the chance of more is below 0.5 %
    assert found == 300


def test_what_it_cannot_take_is_refused():
    scaler = StandardScaler().fit(TRAIN)
    with pytest.raises(TypeError, match=r"takes a fitted scaler of skprep.*received ComBat"):
        drift_report(ComBat("a"), TRAIN)
    with pytest.raises(NotFittedError):
        drift_report(StandardScaler(), TRAIN)
    for rows in (pl.from_pandas(TRAIN).lazy(), sparse.csr_array(TRAIN)):
        with pytest.raises(TypeError, match="takes rows in memory"):
            drift_report(scaler, rows)
    for bad in ({"tolerance": -1}, {"level": 0}, {"level": 1}):
        with pytest.raises(ValueError, match="tolerance must be 0 or more and level between 0 and 1"):
            drift_report(scaler, TRAIN, **bad)
    with pytest.raises(ValueError, match="feature names"):
        drift_report(scaler, TRAIN[["dose", "hu"]])
