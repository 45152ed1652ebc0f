"""Tables that were leaked into are told from tables that were not."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from skprep import leakage_report
from skprep.leakage.traces import numbers_the_rows, target_in_disguise

from .planted import clean


def kinds(report):
    return [(leak.kind, leak.column) for leak in report.leaks]


SCALED = {
    "standardised": StandardScaler(),
    "scaled to its minimum and maximum": MinMaxScaler(),
    "scaled to its largest size": MaxAbsScaler(),
    "scaled by median and IQR": RobustScaler(unit_variance=True),
    "scaled to unit variance": StandardScaler(with_mean=False),
    "ranked": None,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("how", SCALED)
@pytest.mark.parametrize("seed", range(3))
def test_scaling_before_the_split_is_found_and_after_it_is_not(how, dtype, seed):
    X = np.random.default_rng(seed).normal(50, 7, (150, 1)).astype(dtype)
    if how == "ranked":
        if dtype == np.float32:
            return
        before = np.argsort(np.argsort(X, axis=0), axis=0) / 149
        train, test = before[:50], before[50:]
        after = np.argsort(np.argsort(X[:50], axis=0), axis=0) / 49, X[50:]
    else:
        scaler = SCALED[how]
        before = scaler.fit_transform(X)
        order = np.argsort(np.abs(X[:, 0] - 50))  # the ends are among the test rows
        train, test = before[order[:100]], before[order[100:]]
        after = scaler.fit(X[:100]).transform(X[:100]), scaler.transform(X[100:])
    report = leakage_report(train, test)
    assert kinds(report) == [("scaled", 0)]
    assert report.leaks[0].text.startswith(f"Column 0 is {how} over training and test rows together")
    assert not leakage_report(*after)
    assert not leakage_report(X[:100], X[100:])


def test_a_test_set_scaled_by_itself_is_found():
    X = np.random.default_rng(0).normal(50, 7, (150, 1))
    train, test = (StandardScaler().fit_transform(part) for part in (X[:100], X[100:]))
    (leak,) = leakage_report(train, test).leaks
    assert leak.text == "Column 0 is standardised by itself in the test rows apart from the training rows."


@pytest.mark.parametrize("smooth", ["auto", 0.0, 10.0])
def test_encoding_by_the_target_before_the_split_is_found_and_after_it_is_not(smooth):
    X, y, quantity = clean(n=600)
    for target in (y, quantity):
        kind = "continuous" if target is quantity else "binary"
        encoder = TargetEncoder(smooth=5.0 if smooth == "auto" else smooth, target_type=kind)
        before = encoder.fit(X[["site"]], target).transform(X[["site"]])
        sides = {"y_train": target[:400], "y_test": target[400:]}
        assert kinds(leakage_report(before[:400], before[400:], **sides)) == [("encoded", 0)]
        encoder.fit(X[["site"]][:400], target[:400])
        after = encoder.transform(X[["site"]])
        assert not leakage_report(after[:400], after[400:], **sides)


def test_means_of_a_few_levels_and_rounded_copies():
    rng = np.random.default_rng(0)
    level, y = rng.integers(0, 3, 120), rng.normal(50, 7, 120)
    X = pd.DataFrame({"code": pd.Series(y).groupby(level).transform("mean"), "twin": y.round(0)})
    report = leakage_report(X[:80], X[80:], y_train=y[:80], y_test=y[80:])
    assert kinds(report) == [("target", "twin"), ("encoded", "code")]


def test_copies_of_rows_hide_nothing():
    X = pd.DataFrame(StandardScaler().fit_transform(np.random.default_rng(0).normal(size=(150, 2))))
    test = pd.concat([X[100:], X[:20]])
    assert kinds(leakage_report(X[:100], test)) == [("scaled", 0), ("scaled", 1), ("rows", None)]


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.integers(0, 13, (200, 4)).astype(float),
        lambda r: r.binomial(30, 0.8, (200, 3)) / 30,
        lambda r: np.cos(2 * np.pi * r.integers(0, 1440, (200, 1)) / 1440),
        lambda r: r.integers(0, 1440, (200, 2)) / 1440,
    ],
)
def test_numbers_that_end_or_meet_by_themselves(draw):
    alarms = 0
    for seed in range(60):
        X = draw(np.random.default_rng(seed))
        alarms += bool(leakage_report(X[:150], X[150:]))
    assert alarms <= 1


def test_a_few_rows_of_a_class_are_parted_by_chance():
    rng = np.random.default_rng(0)
    for n in (60, 300):
        X, y = rng.normal(size=(n, 20)), np.zeros(n, dtype=int)
        y[rng.integers(0, n)] = 1
        assert not leakage_report(X[:40], X[40:], y_train=y[:40], y_test=y[40:])


def test_a_target_of_whole_floats_and_groups_that_are_missing():
    X, y, _ = clean()
    X["copy"] = y.astype(float)
    sides = {"y_train": y[:150].astype(float), "y_test": y[150:].astype(float)}
    assert kinds(leakage_report(X[:150], X[150:], **sides)) == [("target", "copy")]
    nobody = np.full(200, np.nan)
    report = leakage_report(X[:150], X[150:], groups_train=nobody[:150], groups_test=nobody[150:])
    assert kinds(report) == []


def test_shared_rows_and_groups_are_counted_and_named():
    X, _, _ = clean()
    test = pd.concat([X[150:], X[3:8]])
    report = leakage_report(X[:150], test)
    assert kinds(report) == [("rows", None)]
    assert report.leaks[0].text == (
        "5 of 55 test rows are among the training rows; test row 50 is training row 3 for one."
    )
    device = np.arange(200) // 10
    sides = {"groups_train": device[:150], "groups_test": device[150:]}
    assert not leakage_report(X[:150], X[150:], **sides)
    sides = {"groups_train": device[:145], "groups_test": device[145:]}
    (leak,) = leakage_report(X[:145], X[145:], **sides).leaks
    assert leak.text == "1 group is in the training rows and in the test rows (14), with 5 of 55 test rows."


def test_rows_of_few_values_are_equal_by_chance():
    rng = np.random.default_rng(0)
    few = pd.DataFrame(rng.integers(0, 2, (300, 4)))
    assert not leakage_report(few[:200], few[200:])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda y: y * 2.5 + 1, "each of its values is one class"),
        (lambda y: np.array(["no", "yes"])[y], "each of its values is one class"),
        (lambda y: y + np.random.default_rng(0).uniform(0, 0.4, len(y)), "thresholds in it part the classes"),
    ],
)
def test_a_class_in_disguise(make, words):
    X, y, _ = clean()
    X["twin"] = make(y)
    (leak,) = leakage_report(X[:150], X[150:], y_train=y[:150], y_test=y[150:]).leaks
    assert (leak.kind, leak.column) == ("target", "twin")
    assert leak.text == f"Column 'twin' is the target in disguise: {words}."
    names = np.array(["low", "high"])[y]
    assert kinds(leakage_report(X[:150], X[150:], y_train=names[:150])) == [("target", "twin")]


@pytest.mark.parametrize("make", [np.exp, lambda y: -y, lambda y: y + 1e-6 * np.sin(y)])
def test_a_quantity_in_disguise(make):
    X, _, y = clean()
    X["twin"] = make(y / 100)
    assert kinds(leakage_report(X[:150], X[150:], y_train=y[:150])) == [("target", "twin")]


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine])
def test_bundled_data_split_at_random_are_clean(load):
    X, y = load(return_X_y=True, as_frame=True)
    for seed in range(3):
        A, B, a, b = train_test_split(X.drop_duplicates(), y[X.drop_duplicates().index], random_state=seed)
        report = leakage_report(A, B, y_train=a, y_test=b)
        assert kinds(report) == []
        scaler = StandardScaler().fit(A)
        assert kinds(leakage_report(scaler.transform(A), scaler.transform(B), y_train=a, y_test=b)) == []
        quantile = QuantileTransformer(n_quantiles=50).fit(A)
        assert kinds(leakage_report(quantile.transform(A), quantile.transform(B))) == []


def test_it_reads_as_text_as_html_and_as_a_table():
    X, y, _ = clean()
    X["<b>"] = y
    report = leakage_report(X[:150], X[150:], y_train=y[:150], y_test=y[150:])
    assert str(report).splitlines() == [
        "1 leak found.",
        "- Column '<b>' is the target in disguise: each of its values is one class. Leave it out, unless "
        "it is "
        "known before the target is.",
        "Looked for: columns scaled before the split; rows in both; columns that are the target in disguise; "
        "columns encoded by the target before the split.",
    ]
    assert "&lt;b&gt;" in report._repr_html_()
    assert "<b>'" not in report._repr_html_()
    assert report.to_frame()["kind"].tolist() == ["target"]
    assert repr(report) == "LeakageReport(leaks=1)"
    clear = leakage_report(X[:150].drop(columns="<b>"), X[150:].drop(columns="<b>"))
    assert str(clear) == "No leak found. Looked for: columns scaled before the split; rows in both."
    assert bool(report)
    assert not clear


def test_frames_of_other_libraries_and_sparse_rows():
    X, _, _ = clean()
    Z = X.assign(normal=StandardScaler().fit_transform(X[["normal"]])[:, 0])
    other = pl.from_pandas(Z)
    assert kinds(leakage_report(other[:150], other[150:])) == [("scaled", "normal")]
    rows = sparse.csr_array(Z[["normal", "skewed"]].to_numpy())
    assert kinds(leakage_report(rows[:150], rows[150:])) == [("scaled", 0)]


def test_what_does_not_fit_together_is_refused():
    X, y, _ = clean()
    with pytest.raises(
        ValueError, match=r"same columns in the same order; received 6 and 5, 'site' in one alone"
    ):
        leakage_report(X, X.drop(columns="site"))
    with pytest.raises(
        ValueError, match=r"groups of both sides belong together; received groups_train alone"
    ):
        leakage_report(X, X, groups_train=y)
    with pytest.raises(ValueError, match=r"received y_test alone\. Pass y_train too"):
        leakage_report(X, X, y_test=y)
    with pytest.raises(
        ValueError, match=r"y_train must have one value for each row of X_train; received 3 for 200"
    ):
        leakage_report(X, X, y_train=y[:3])
    with pytest.raises(
        ValueError, match=r"X_test must be a table, rows by columns; received an array of shape"
    ):
        leakage_report(X, [1.0, 2.0])
    with pytest.raises(ValueError, match="X_test must have rows; received none"):
        leakage_report(X, X[:0])


def test_columns_that_number_the_rows():
    assert numbers_the_rows(np.arange(20.0))
    assert not numbers_the_rows(np.arange(20.0) * 2)
    assert target_in_disguise(np.full(20, 1.0), np.arange(20.0), False) is None
