import json
import pickle
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler as TheirStandardScaler

from skprep import (
    ComBat,
    GroupScaler,
    LogScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    from_json,
    load,
    merge,
    save,
    to_json,
)
from skprep.persistence.writing import learned

from .fitted import KEYS, by_key, grouped, plain, table

EPS = np.finfo(np.float64).eps


def assert_same_scaler(ours, theirs):
    assert type(ours) is type(theirs)
    assert to_json(ours) == to_json(theirs)
    assert learned(ours) == learned(theirs)
    assert ours.n_features_in_ == theirs.n_features_in_
    names = [getattr(s, "feature_names_in_", np.array([])).tolist() for s in (ours, theirs)]
    assert names[0] == names[1]


@pytest.mark.parametrize(("name", "scaler"), list(plain()))
def test_a_scaler_comes_back_to_the_last_bit(name, scaler):
    restored = from_json(to_json(scaler))
    assert_same_scaler(restored, scaler)
    X = table() if hasattr(scaler, "feature_names_in_") else table().to_numpy()
    ours, theirs = restored.transform(X), scaler.transform(X)
    assert type(ours) is type(theirs)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    assert {k: type(v) for k, v in restored.get_params().items()}.keys() == scaler.get_params().keys()


@pytest.mark.parametrize(("name", "scaler"), [p for p in plain() if p[0] not in ("robust, alone",)])
def test_a_restored_scaler_goes_on(name, scaler):
    X = table() if hasattr(scaler, "feature_names_in_") else table().to_numpy()
    restored = from_json(to_json(scaler))
    merged = merge([restored, from_json(to_json(scaler))])
    assert np.all(merged.transform(X).shape == X.shape)
    on, expected = restored.partial_fit(X * 3), pickle.loads(pickle.dumps(scaler)).partial_fit(X * 3)
    if name == "robust, sketched":  # whose sketch draws random bits
        return
    # A document does not hold the training value by which sums are shifted: a last bit may differ from here
    # on.
    exact = name not in ("standard", "only mean", "median of means")
    for key, value in learned(expected).items():
        if exact or value is None:
            assert learned(on)[key] == value
        else:
            np.testing.assert_allclose(learned(on)[key], value, rtol=4 * EPS)


@pytest.mark.parametrize(("name", "scaler", "X"), list(grouped()))
def test_groups_come_back_to_the_last_bit(name, scaler, X):
    restored = from_json(to_json(scaler))
    assert_same_scaler(restored, scaler)
    assert restored.groups_.tolist() == scaler.groups_.tolist()
    pd.testing.assert_frame_equal(pd.DataFrame(restored.transform(X)), pd.DataFrame(scaler.transform(X)))
    assert restored.to_frame().equals(scaler.to_frame())
    restored.partial_fit(X)
    merge([from_json(to_json(scaler)), scaler])


@pytest.mark.parametrize("kind", KEYS)
def test_group_keys_keep_their_type(kind):
    scaler, X = by_key(kind)
    restored = from_json(to_json(scaler))
    for ours, theirs in zip(restored.groups_, scaler.groups_, strict=True):
        assert type(ours) is type(theirs)
        assert ours == theirs or (ours is None and theirs is None)
    np.testing.assert_array_equal(restored.transform(X), scaler.transform(X))


def test_the_order_of_the_groups_in_a_document_does_not_matter():
    scaler, X = by_key("text")
    document = json.loads(to_json(scaler))
    order = [2, 0, 1]
    document["groups"] = [document["groups"][i] for i in order]
    document["sizes"] = [document["sizes"][i] for i in order]
    for name, rows in document["statistic"].items():
        if name != "kind":
            document["statistic"][name] = [rows[i] for i in order]
    np.testing.assert_array_equal(from_json(json.dumps(document)).transform(X), scaler.transform(X))


def test_the_values_of_the_rows_can_be_left_out():
    X = table()[["dose"]].dropna()
    scaler = RobustScaler().fit(X)
    full, short = to_json(scaler), to_json(scaler, mergeable=False)
    rows = [v for v in X["dose"] if v not in (scaler.center_[0],)]
    assert all(repr(v) in full for v in rows)
    assert sum(repr(v) in short for v in rows) <= 2  # the quartiles may be rows
    restored = from_json(short)
    np.testing.assert_array_equal(restored.transform(X), scaler.transform(X))
    with pytest.raises(ValueError, match="Start with partial_fit"):
        restored.partial_fit(X)
    groups = GroupScaler(RobustScaler(), by="key").fit(table().assign(key=np.arange(60) % 2))
    assert len(to_json(groups, mergeable=False)) < len(to_json(groups))


def test_numbers_that_are_not_finite_are_spelt_and_minus_zero_stays():
    scaler = MinMaxScaler().fit([[np.nan, -0.0], [np.nan, -0.0]])
    document = json.loads(to_json(scaler), parse_constant=lambda name: pytest.fail(name))
    assert document["learned"]["data_min_"] == ["NaN", -0.0]
    assert np.signbit(from_json(to_json(scaler)).data_min_[1])


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "scaler.json"
    scaler = StandardScaler().fit(table())
    save(scaler, path)
    assert_same_scaler(load(str(path)), scaler)
    before = path.read_bytes()

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(StandardScaler().fit([[1.0]]), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["scaler.json"]


def test_what_has_no_document_is_refused():
    X = table()
    by_hand = StandardScaler()
    by_hand.mean_, by_hand.scale_, by_hand.n_features_in_ = np.zeros(3), np.ones(3), 3
    X["key"] = [frozenset([1])] * 60
    theirs = GroupScaler(TheirStandardScaler(), by="key").fit(X)
    for scaler, message in (
        (
            TheirStandardScaler().fit([[1.0]]),
            "estimators of skprep: .*; received StandardScaler from sklearn.*skops",
        ),
        (make_pipeline(TheirStandardScaler()).fit([[1.0]]), "Save the steps of skprep one by one"),
        (by_hand, "set by hand"),
        (theirs, "to_json needs a scaler of skprep inside; received StandardScaler"),
        (GroupScaler(StandardScaler(), by="key").fit(X), r"frozenset.* at \$\.groups\[0\]\. Use another key"),
    ):
        with pytest.raises(ValueError, match=message):
            to_json(scaler)
    with pytest.raises(NotFittedError):
        to_json(StandardScaler())
    with pytest.raises(FileNotFoundError):
        load("no such file")


def test_sketches_without_the_library_are_read_and_applied_and_more_rows_name_the_extra(monkeypatch):
    scaler, X = dict(plain())["robust, sketched"], table()
    text, expected = to_json(scaler), scaler.transform(X)
    monkeypatch.setitem(sys.modules, "datasketches", None)
    restored = from_json(text)
    np.testing.assert_array_equal(restored.transform(X), expected)
    more = X.iloc[np.arange(100 * len(X)) % len(X)]
    with pytest.raises(ImportError, match=r"skprep\[sketch\]"):
        restored.partial_fit(more)


@pytest.mark.parametrize(
    ("scaler", "change"),
    [
        (GroupScaler(StandardScaler(), by=0), {"smooth": 5}),
        (GroupScaler(StandardScaler(), by=0), {"min_group_size": 40}),
        (GroupScaler(StandardScaler(), by=0), {"scaler__with_mean": False}),
        (MinMaxScaler(), {"feature_range": (0, 5)}),
        (RobustScaler(), {"unit_variance": True}),
        (LogScaler(method="symlog"), {"offset": 3.0}),
        (StandardScaler(), {"with_std": False}),
    ],
    ids=repr,
)
def test_what_was_changed_since_fit_is_refused_when_it_is_written(scaler, change):
    X = np.column_stack([np.arange(60) % 4, np.random.default_rng(0).normal(size=(60, 2))])
    fitted = clone(scaler).fit(X)
    assert from_json(to_json(fitted)).n_features_in_ == 3
    fitted.set_params(**change)
    with pytest.raises(ValueError, match="Set the parameters or attributes back that were changed since fit"):
        to_json(fitted)


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(method="median_of_means", n_blocks=3),
        GroupScaler(StandardScaler(), by="device"),
        ComBat("device", covariates=["age"]),
    ],
)
def test_a_document_of_means_holds_no_value_of_a_training_row(scaler):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(50, 10, (40, 3)), columns=["age", "hu", "noise"])
    if not isinstance(scaler, StandardScaler):
        frame["device"] = np.repeat(["a", "b"], 20)
    fitted = clone(scaler).partial_fit(frame[:30]).partial_fit(frame[30:])
    values = frame[["age", "hu", "noise"]].to_numpy()
    written = set(re.findall(r"-?\d+\.\d+", to_json(fitted)))
    assert written & {repr(value) for value in values.ravel().tolist()} == set()
    again = from_json(to_json(fitted))
    np.testing.assert_array_equal(again.transform(frame), fitted.transform(frame))
    np.testing.assert_allclose(
        again.partial_fit(frame[:9]).transform(frame),
        fitted.partial_fit(frame[:9]).transform(frame),
        rtol=1e-12,
    )
