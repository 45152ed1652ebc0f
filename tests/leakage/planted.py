"""Estimators that leak, each in its own way, and tables that were leaked into."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer, StandardScaler


class Leaky(TransformerMixin, BaseEstimator):
    """Learns nothing but the number of features."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self


class BatchCenterer(Leaky):
    """Subtracts the mean of the batch."""

    def transform(self, X):
        return np.asarray(X) - np.asarray(X).mean(axis=0)


class BatchRanker(Leaky):
    """Ranks the rows of the batch."""

    def transform(self, X):
        return np.argsort(np.argsort(np.asarray(X), axis=0), axis=0) / len(X)


class LearnsAtTransform(Leaky):
    """Gives each row what was learnt before it: the rows of a batch alone do not show it."""

    def fit(self, X, y=None):
        self.mean_ = np.asarray(X).mean(axis=0)
        return super().fit(X)

    def transform(self, X):
        Z = np.asarray(X) - self.mean_
        self.mean_ = 0.9 * self.mean_ + 0.1 * np.asarray(X).mean(axis=0)
        return Z


class PeeksAtNeighbours(Leaky):
    """Takes the mean with the rows before and after."""

    def transform(self, X):
        X = np.asarray(X)
        return (np.roll(X, 1, axis=0) + X + np.roll(X, -1, axis=0)) / 3.0


class ScaledByAllRows(Leaky):
    """Learns from rows that it was made with, not from those that it is given."""

    def __init__(self, table=None):
        self.table = table

    def fit(self, X, y=None):
        self.scaler_ = StandardScaler().fit(self.table)
        return super().fit(X)

    def transform(self, X):
        return self.scaler_.transform(X)


class TargetEncodedOnAllRows(Leaky):
    """Encodes the sign of the first feature by the mean target of all rows."""

    def __init__(self, table=None, target=None):
        self.table, self.target = table, target

    def fit(self, X, y=None):
        side = np.asarray(self.table)[:, 0] > 0
        self.means_ = np.array([np.mean(np.asarray(self.target)[side == s]) for s in (False, True)])
        return super().fit(X)

    def transform(self, X):
        X = np.asarray(X)
        return np.column_stack([X, self.means_[(X[:, 0] > 0).astype(int)]])


class SelectedOnAllRows(Leaky):
    """Chooses features by all targets."""

    def __init__(self, table=None, target=None):
        self.table, self.target = table, target

    def fit(self, X, y=None):
        self.selector_ = SelectKBest(f_classif, k=2).fit(self.table, self.target)
        self.scores_ = self.selector_.scores_
        return super().fit(X)

    def transform(self, X):
        return np.asarray(X)[:, self.selector_.get_support()]


class GoesOnFromTheLastFit(Leaky):
    """Keeps a mean over all fits of its class, as a cache would."""

    seen: list = []

    def fit(self, X, y=None):
        self.seen.append(np.asarray(X).mean(axis=0))
        self.mean_ = np.mean(self.seen, axis=0)
        return super().fit(X)

    def transform(self, X):
        return np.asarray(X) - self.mean_


def estimators(X, y):
    """Name, estimator, words of the message."""
    scaler = StandardScaler().fit(X)

    def by_closure(rows):
        return (rows - X.mean(axis=0)) / X.std(axis=0)

    batch = "depends on the other rows of its batch"
    return {
        "batch centring": (BatchCenterer(), batch),
        "ranking the batch": (BatchRanker(), batch),
        "learning at transform": (LearnsAtTransform(), "must leave the estimator as it is"),
        "peeking at neighbours": (PeeksAtNeighbours(), batch),
        "scaling before the split": (ScaledByAllRows(X), "it holds 90 rows as 'table'"),
        "scaling before the split, by a closure": (FunctionTransformer(by_closure), "as 'func.X'"),
        "scaling before the split, fitted": (FrozenEstimator(scaler), "'estimator' holds a StandardScaler"),
        "scaling before the split, a method": (
            FunctionTransformer(scaler.transform),
            "holds a StandardScaler",
        ),
        "target encoding on all rows": (TargetEncodedOnAllRows(X, y), "it holds 90 rows as '"),
        "selection on all rows": (SelectedOnAllRows(X, y), "it holds 90 rows as '"),
        "going on from the last fit": (GoesOnFromTheLastFit(), "must forget the rows of an earlier fit"),
        "a model that goes on": (
            LogisticRegression(warm_start=True, max_iter=3),
            "must forget the rows of an earlier fit",
        ),
    }


def clean(seed=0, n=200):
    """A table of continuous, skewed, whole, categorical and two-valued columns, and two targets."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "normal": rng.normal(50, 7, n),
            "skewed": rng.lognormal(0, 1, n),
            "share": rng.uniform(0, 1, n).round(2),
            "count": rng.poisson(3, n),
            "side": rng.choice([-1.0, 1.0], n),
            "site": rng.choice(list("abcdefgh"), n),
        }
    )
    y = (X["normal"] + rng.normal(0, 7, n) > 50).astype(int).to_numpy()
    return X, y, X["normal"].to_numpy() * 2 + rng.normal(0, 1, n)
