"""Planted leaks are found and named; estimators that keep the laws are left in peace."""

import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.neighbors import KDTree
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skprep import ComBat, GroupScaler, check_no_leakage
from skprep import StandardScaler as OurScaler
from skprep.leakage.fingerprint import fingerprint
from skprep.leakage.held import changed_rows

from ..cases import cases
from . import everything
from .planted import BatchCenterer, LearnsAtTransform, estimators

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)) + np.arange(4)
Y = (X[:, 0] + RNG.normal(size=90) > 0).astype(int)

BATCH_BY_NATURE = {  # estimators whose results do depend on the batch, and why
    "BernoulliRBM": "score_samples flips a bit of each row at random, by its place",
    "NMF": "the solver stops by the error over all rows of the batch",
    "MiniBatchNMF": "the solver stops by the error over all rows of the batch",
    "SparsePCA": "given one row, it gives one for each component",
    "MiniBatchSparsePCA": "given one row, it gives one for each component",
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("name", "where"),
    [
        (name, where)
        for name, (leak, _) in estimators(X, Y).items()
        for where in ("alone", "in a pipeline", "in a pipeline of a union", "on a frame")
        if not (hasattr(leak, "predict") and "union" in where)  # of transformers alone
    ],
)
def test_every_planted_leak_is_found_and_its_step_is_named(name, where):
    leak, words = estimators(X, Y)[name]
    given, step = X, type(leak).__name__
    if where == "in a pipeline":
        first = [] if "fitted" in name or "method" in name else [FunctionTransformer(np.copy)]
        last = [] if hasattr(leak, "predict") else [LogisticRegression()]
        leak = make_pipeline(*first, leak, *last)
    elif where == "in a pipeline of a union":
        union = FeatureUnion([("as it is", StandardScaler()), ("leak", leak)])
        leak, step = make_pipeline(union, LogisticRegression()), f"'leak' ({step})"
    elif where == "on a frame":
        given = pd.DataFrame(X, columns=list("abcd"), index=np.arange(90)[::-1])
        leak, words = estimators(given, Y)[name]
    with pytest.raises(AssertionError) as caught:
        check_no_leakage(leak, given, Y)
    assert words in str(caught.value)
    assert step in str(caught.value).partition(":")[0] or where == "in a pipeline"


EVERYTHING = {name: (estimator, rows, y) for name, estimator, rows, y in everything.every_estimator()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EVERYTHING)
def test_no_false_alarm_for_what_scikit_learn_has(name):
    if name in BATCH_BY_NATURE:
        with pytest.raises(AssertionError, match=r"of a row depends on|one result for each row"):
            check_no_leakage(*EVERYTHING[name], cv=2)
        return
    check_no_leakage(*EVERYTHING[name], cv=2)


@pytest.mark.parametrize("name", cases("base"))
def test_no_false_alarm_for_ours(name):
    check_no_leakage(cases("base")[name], np.abs(X), Y)
    check_no_leakage(make_pipeline(cases("base")[name], LogisticRegression()), np.abs(X), Y)


def test_no_false_alarm_for_groups_sites_and_columns():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(site=np.arange(90) % 3)
    check_no_leakage(GroupScaler(OurScaler(), by="site"), frame)
    check_no_leakage(GroupScaler(StandardScaler(), by="site"), frame)
    check_no_leakage(ComBat("site", covariates=["a"]), frame)
    columns = ColumnTransformer([("z", StandardScaler(), ["a", "b"]), ("rest", "passthrough", ["site"])])
    check_no_leakage(make_pipeline(columns, LogisticRegression()), frame, Y)


def test_a_leak_in_columns_is_named():
    frame = pd.DataFrame(X, columns=list("abcd"))
    columns = ColumnTransformer([("z", StandardScaler(), ["a"]), ("bad", BatchCenterer(), ["b", "c"])])
    with pytest.raises(
        AssertionError, match=r"ColumnTransformer, 'bad' \(BatchCenterer\): transform of a row"
    ):
        check_no_leakage(columns, frame)


def test_the_proof_is_numbers_that_can_be_looked_up():
    with pytest.raises(AssertionError) as caught:
        check_no_leakage(BatchCenterer(), X, cv=KFold(3))
    value = X[0, 0] - X[:30, 0].mean()
    assert f"Row 0 of 30 gives {value:.6g}" in str(caught.value)
    assert "and 0 when it is alone" in str(caught.value)
    with pytest.raises(AssertionError, match=r"has changed it\. mean_ was .*, and is "):
        check_no_leakage(LearnsAtTransform(), X)


class ByMedian(LogisticRegression):
    """Predicts half of each batch."""

    def predict(self, X):
        scores = self.decision_function(X)
        return self.classes_[(scores > np.median(scores)).astype(int)]


class ScoresTheBatch(StandardScaler):
    """Scores rows by their distance from the mean of the batch."""

    def score_samples(self, X):
        return -np.abs(np.asarray(X) - np.asarray(X).mean(axis=0)).sum(axis=1)


def test_labels_and_scores_that_depend_on_the_batch():
    with pytest.raises(AssertionError, match="ByMedian: predict of a row depends on the other rows"):
        check_no_leakage(ByMedian(), X, Y)
    with pytest.raises(AssertionError, match="ScoresTheBatch: score_samples of a row depends on the other"):
        check_no_leakage(ScoresTheBatch(), X)
    late = FunctionTransformer(lambda rows: pd.DataFrame(rows).ffill().bfill().to_numpy())
    check_no_leakage(late, X)
    holes = X.copy()
    holes[70, 1] = np.nan
    with pytest.raises(AssertionError, match="depends on the other rows of its batch"):
        check_no_leakage(late, holes)


TABLE, KEPT = X.copy(), {"rows": X.copy()}
FITTED = StandardScaler().fit(X)


def mean_of_all():
    return TABLE.mean(axis=0)


class ByMethodGlobal(StandardScaler):
    """Learns from a table of its module."""

    def fit(self, X, y=None):
        return super().fit(TABLE)


class ByHelper(StandardScaler):
    """Asks a function that knows all rows."""

    def fit(self, X, y=None):
        super().fit(X)
        self.mean_ = mean_of_all()
        return self


class ByDictionary(StandardScaler):
    """Learns from a table in a dictionary of its module."""

    def fit(self, X, y=None):
        return super().fit(KEPT["rows"])


class ByClass(StandardScaler):
    """Learns from a table of its class."""

    rows = X.copy()

    def fit(self, X, y=None):
        return super().fit(self.rows)


class ByFittedGlobal(StandardScaler):
    """Gives what another scaler has learnt."""

    def transform(self, X):
        return FITTED.transform(X)


def by_default(Z, *, rows=X.copy()):  # noqa: B008
    return Z - rows.mean(axis=0)


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        (ByMethodGlobal(), "it holds 90 rows as 'fit.TABLE'"),
        (ByHelper(), "it holds 90 rows as 'fit.mean_of_all.TABLE'"),
        (ByDictionary(), "it holds 90 rows as 'fit.KEPT.rows'"),
        (ByClass(), "it holds 90 rows as 'rows'"),
        (ByFittedGlobal(), "FITTED' holds a StandardScaler"),
        (FunctionTransformer(by_default), "it holds 90 rows as 'func.default'"),
    ],
    ids=lambda v: type(v).__name__ if not isinstance(v, str) else "",
)
def test_rows_are_found_wherever_they_are_kept(leak, words):
    before = TABLE.copy(), KEPT["rows"].copy(), ByClass.rows.copy()
    with pytest.raises(AssertionError) as caught:
        check_no_leakage(leak, X)
    assert words in str(caught.value)
    for then, now in zip(before, (TABLE, KEPT["rows"], ByClass.rows), strict=True):
        np.testing.assert_array_equal(then, now)


PAIR = (X.copy(), 1.0)


class ByTuple(StandardScaler):
    """Learns from a table in a tuple, which cannot be changed: that is not seen, and no error."""

    def fit(self, X, y=None):
        return super().fit(PAIR[0])


def test_rows_in_a_tuple_are_no_error():
    check_no_leakage(ByTuple(), X)


def test_what_is_as_long_as_the_rows_need_not_be_rows():
    square = np.random.default_rng(0).normal(size=(30, 30))
    frame = pd.DataFrame(square, columns=[f"c{j}" for j in range(30)])
    check_no_leakage(ColumnTransformer([("z", StandardScaler(), list(frame.columns))]), frame)
    weights = np.linspace(0, 1, 30)
    check_no_leakage(FunctionTransformer(lambda rows: rows * weights), square)
    few = np.random.default_rng(0).integers(0, 30, size=(30, 1))
    check_no_leakage(OneHotEncoder(categories=[list(range(30))]), few)


def test_what_is_no_estimator_is_refused():
    for given in (42, StandardScaler):
        with pytest.raises(TypeError, match="check_no_leakage takes an estimator, with fit; received"):
            check_no_leakage(given, X)


def test_groups_must_be_kept_apart():
    groups = np.arange(90) % 5
    check_no_leakage(StandardScaler(), X, groups=groups)
    check_no_leakage(StandardScaler(), X, groups=groups, cv=GroupKFold(2))
    with pytest.raises(AssertionError, match=r"in split 0 5 are in both, 0 for one\. Use a splitter"):
        check_no_leakage(StandardScaler(), X, groups=groups, cv=KFold(3))


def test_what_was_learnt_from_the_training_rows_alone_may_be_inside():
    train = np.arange(60)
    inside = FunctionTransformer(StandardScaler().fit(X[train]).transform)
    check_no_leakage(inside, X, cv=[(train, np.arange(60, 90))])


def test_the_estimator_and_the_numbers_of_numpy_stay_as_they_are():
    leak = estimators(X, Y)["learning at transform"][0]
    scaler, before = StandardScaler().fit(X), np.random.get_state()[1].tolist()  # noqa: NPY002
    kept = fingerprint(scaler)
    check_no_leakage(scaler, X)
    assert fingerprint(scaler) == kept
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert not hasattr(leak, "mean_")


class Odd(BaseEstimator):
    """Holds what cannot be pickled, and itself."""

    def __init__(self, lock=None):
        self.lock = lock

    def fit(self, X, y=None):
        self.me_, self.held_ = (
            self,
            [threading.Lock(), {"a": {1, 2}, 3: None}, (1.5, b"x", 2j, np.float32(1))],
        )
        self.names_ = pd.Index(["a"]).union(pd.Series(["b"]))
        return self

    def transform(self, X):
        return X


def test_fingerprints_of_anything():
    one, two = Odd().fit(X), Odd().fit(X)
    assert fingerprint(one) == fingerprint(two)
    two.held_[1]["a"] = {1, 3}
    assert fingerprint(one) != fingerprint(two)
    assert fingerprint(0.0) != fingerprint(-0.0)
    assert fingerprint(np.array([1, "a", None], dtype=object)) == fingerprint(
        np.array([1, "a", None], dtype=object)
    )
    assert fingerprint(np.zeros(2)) != fingerprint(np.zeros((2, 1)))
    tree = KDTree(X)
    asked = fingerprint(tree)
    tree.query(X[:3])
    assert fingerprint(tree) == asked
    assert fingerprint(np.random.RandomState(0)) != fingerprint(np.random.RandomState(1))
    check_no_leakage(Odd(), X)
    check_no_leakage(clone(Odd()), X.tolist())


def test_rows_are_changed_where_they_may_be_and_nowhere_else():
    rows = np.array([0, 2])
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "k": ["a", "b", "c"]}, index=[5, 6, 7])
    changed = changed_rows(frame, rows)
    assert changed["x"].tolist() == [-6.0, 2.0, -12.0]
    assert changed["k"].tolist() == ["c", "b", "a"]
    assert changed.index.tolist() == [5, 6, 7]
    assert changed_rows(pd.Series([1, 2, 3]), rows).tolist() == [3, 2, 1]
    assert changed_rows(pd.Index([1, 2, 3]), rows).tolist() == [3, 2, 1]
