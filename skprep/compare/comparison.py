"""Every scaler in front of every model, cross-validated without leaking."""

import warnings
from collections.abc import Callable, Mapping
from html import escape
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target

from skprep.compare import nested
from skprep.compare.candidates import default_models, default_scalers
from skprep.compare.results import Result, as_frame, judged, verdict
from skprep.compare.splits import Listed, inner_splitter, splitter
from skprep.compat import safe_indexing
from skprep.frames.eager import as_pandas
from skprep.leakage.traces import MANY_CLASSES
from skprep.types import Keys, Rows


class Comparison:
    """What :func:`compare_scalers` has found.

    Attributes
    ----------
    results_ : list
        One result for each scaler and model, the best mean score first; ``to_frame`` is their table.
    best_scaler_, best_model_ : str
        The pair with the best mean score; ``summary`` says which others the data do not tell from it.
    best_score_ : float
        Its mean score over the outer folds.
    best_params_ : dict
        The parameters of its model, tuned on all rows that were compared.
    best_pipeline_ : Pipeline
        Scaler, imputer, encoder and tuned model, fitted to all rows that were compared; takes tables like
        ``X``, and predicts the labels of ``y``.
    kind_ : {"classification", "regression"}
    scoring_ : str
        What the scores are.
    n_rows_ : int
        How many rows were compared on.
    unseen_ : int or None
        Test rows whose group was in no training row of their fold; None without ``by``.
    """

    def __init__(self, results, pipeline, parameters, *, kind, scoring, n_rows, n_features, unseen=None):
        self.results_ = results
        self.best_pipeline_, self.best_params_ = pipeline, parameters
        best = results[0]
        self.best_scaler_, self.best_model_, self.best_score_ = best.scaler, best.model, best.mean
        self.kind_, self.scoring_, self.n_rows_, self.unseen_ = kind, scoring, n_rows, unseen
        self.n_features_ = n_features

    @property
    def n_folds_(self):
        """Number of outer folds."""
        return len(self.results_[0].scores)

    def to_frame(self) -> pd.DataFrame:
        """Return the scores as a table, one row for each scaler and model, the best first.

        Returns
        -------
        frame : DataFrame
            ``scaler``, ``model``, ``mean_test_score``, ``std_test_score`` (divisor: folds - 1),
            ``mean_fit_time`` (scaler and model once, seconds), ``difference`` (of the best minus this one),
            ``p_value`` (of that difference, corrected for folds that share rows and for the number of
            scalers), ``tied`` (not told from the best), ``converged``, and ``split0_test_score``, ...: one
            for each fold, the same folds in every row.
        """
        return as_frame(self.results_)

    def summary(self) -> str:
        """Return the outcome in a few sentences: the best pair, and what the data do not tell from it."""
        return verdict(self.results_, self.scoring_)

    def plot(self, ax: Any = None) -> Any:
        """Draw the paired differences from the best, with their confidence intervals, by model.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure. Needs the extra ``plot``.

        Returns
        -------
        ax : matplotlib Axes
        """
        from skprep.compare.chart import draw

        return draw(self.results_, self.scoring_, ax)

    def __repr__(self):
        shown = (
            f"{self.best_scaler_!r} in front of {self.best_model_!r}, {self.scoring_} {self.best_score_:.4f}"
        )
        return f"Comparison(best={shown}, pairs={len(self.results_)})"

    def _repr_html_(self):
        frame = self.to_frame().iloc[:, :8]
        return f"<p>{escape(self.summary())}</p>{frame.head(10).to_html(index=False, float_format='%.4f')}"


def compare_scalers(
    X: Rows,
    y: Any,
    *,
    scalers: Mapping[str, Any] | None = None,
    models: Mapping[str, Any] | None = None,
    by: Any = None,
    groups: Keys = None,
    cv: Any = 5,
    scoring: Any = None,
    max_rows: int | None = 2000,
    n_jobs: int | None = None,
    random_state: Any = 0,
    progress: Callable[[], Any] | None = None,
) -> Comparison:
    """Compare scalers in front of models by nested cross-validation, and say what the data tell apart.

    Every outer training fold scales, imputes, encodes and tunes on its own rows, in inner folds of them, so
    that nothing is learnt from the rows that judge. All pairs get the same folds: their scores differ in
    pairs.

    Parameters
    ----------
    X : array-like or frame of shape (n_samples, n_features)
        Numbers are scaled, then missing ones filled with the median; other columns of a frame (text,
        categories, booleans) are encoded one-hot. Frames of other libraries are made pandas's.
    y : array-like of shape (n_samples,)
        Target: classes, or numbers.
    scalers : dict, default=None
        Transformers by name, ``"passthrough"`` for none. Those with ``by`` (GroupScaler, ComBat) get the
        columns that they name. None: all of skprep, scikit-learn's QuantileTransformer onto a normal
        distribution, and its PowerTransformer behind StandardScaler; with ``by``, per group too.
    models : dict, default=None
        Estimators by name, or pairs of an estimator and a grid of its parameters to tune. None: k
        neighbours, logistic or ridge regression, and an RBF SVM, which all care about scale.
    by : str, int or list of them, default=None
        Key columns (device, patient): no feature, but what scaling per group goes by.
    groups : array-like of shape (n_samples,), default=None
        Groups that a fold must keep together. Goes to the splitter, and makes a number of folds one of
        groups.
    cv : int, splitter or iterable of (train, test), default=5
        Outer folds: a number of shuffled folds, by class for classes, or any splitter of scikit-learn. Inner
        folds are of the same kind where training rows can be split so, three of them, two where a training
        fold has 1,000 rows or more; else shuffled ones. A list counts all rows of ``X``, none may be drawn
        then.
    scoring : str or callable, default=None
        Any scorer of scikit-learn. None: accuracy or R².
    max_rows : int or None, default=2000
        So many rows are drawn at random from more, and kept in order.
    n_jobs : int or None, default=None
        Threads; None is 1 unless :func:`joblib.parallel_config` says otherwise, -1 all processors.
    random_state : int or None, default=0
        Of the shuffled folds and of the draw.
    progress : callable, default=None
        Called after each scaler of each fold.

    Returns
    -------
    comparison : Comparison
        ``to_frame()``, ``summary()``, ``plot()``, and ``best_pipeline_``, fitted and ready.

    Raises
    ------
    ValueError
        If ``y`` has missing values, a model or scaler refuses the rows (it is named), or a score is not
        defined.

    Notes
    -----
    A scaler is fitted once per fold and its result shared by all models and parameters. The differences are
    judged by the t-test of Nadeau & Bengio, corrected for training folds that overlap, p values by Holm for
    the number of scalers in front of a model, at 5 %. With five folds it takes a difference of several
    standard errors: a difference that is not told apart need not be zero. Models whose own scores are
    random should have a fixed ``random_state``.

    References
    ----------
    Nadeau & Bengio (2003), "Inference for the generalization error", Machine Learning 52(3), 239-281.
    Varma & Simon (2006), "Bias in error estimation when using cross-validation for model selection", BMC
    Bioinformatics 7, 91.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skprep import compare_scalers, StandardScaler
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> found = compare_scalers(
    ...     X, y, scalers={"none": "passthrough", "z": StandardScaler()},
    ...     models={"neighbours": (KNeighborsClassifier(), {"n_neighbors": [3, 7]})},
    ... )
    >>> found.to_frame()[["scaler", "mean_test_score", "tied"]].round(2)
      scaler  mean_test_score   tied
    0      z             0.95   True
    1   none             0.66  False
    >>> found.best_pipeline_.predict(X.head(2))
    array([0, 0])
    """
    _check_named(scalers, models)
    X, y, groups, drawn = _drawn(as_pandas(X), y, groups, max_rows, random_state)
    kind = _kind_of(y, models)
    keys = _keys_of(X, by)
    by = keys if isinstance(by, list | tuple) else keys[0] if keys else None
    outer = splitter(cv, kind, groups is not None, random_state)
    if drawn and isinstance(outer, Listed):
        raise ValueError(
            f"cv as a list of rows counts all of them; received one, and {len(y)} rows were drawn from "
            f"{drawn}. Pass max_rows=None, or a splitter."
        )
    folds = [(np.asarray(a), np.asarray(b)) for a, b in outer.split(X, y, groups)]
    smallest = min(len(train) for train, _ in folds)
    inner = inner_splitter(outer, kind, random_state, folds, X, y, groups)
    if scalers is None:
        scalers = default_scalers(by, smallest, random_state)
    if models is None:
        models = default_models(kind, smallest // 2)
    models = {name: _with_choices(model) for name, model in models.items()}
    prepare = {name: front(X, scaler, keys) for name, scaler in scalers.items()}
    outcomes = nested.run(
        *(X, y, groups, prepare, models, folds, inner, scoring, n_jobs, progress or (lambda: None))
    )
    share = float(np.mean([len(test) / len(train) for train, test in folds]))
    results = judged(_by_pair(outcomes, scalers, models), share)
    pipeline, parameters = _refitted(results[0], prepare, models, X, y, groups, inner, scoring)
    return Comparison(
        results,
        pipeline,
        parameters,
        kind=kind,
        scoring=_name_of(scoring, kind),
        n_rows=len(y),
        n_features=X.shape[1] - len(keys),
        unseen=_unseen(X, keys, folds) if keys else None,
    )


def front(X, scaler, keys=()):
    """Return what stands in front of a model: the scaler of the numbers, an imputer, and an encoder."""
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    own = _keys_of(X, _named_by(scaler))
    if not isinstance(X, pd.DataFrame):
        every = range(X.shape[1])
        columns = list(every) if own else [j for j in every if j not in keys]
        if len(columns) == X.shape[1]:
            return make_pipeline(scaler, impute)
        return ColumnTransformer([("numbers", make_pipeline(scaler, impute), columns)])
    numeric = set(X.select_dtypes([np.number, bool]).columns)
    numbers = [c for c in X.columns if c in own or (c in numeric and c not in keys)]
    categories = [c for c in X.columns if c not in numeric and c not in keys]
    if not all(isinstance(c, str) for c in X.columns):  # other labels would be taken for positions
        numbers, categories = ([X.columns.get_loc(c) for c in part] for part in (numbers, categories))
    parts = [
        ("numbers", make_pipeline(scaler, impute), numbers),
        ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
    ]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0.0)


def _keys_of(X, by):
    """Return key columns as they are called: labels of a frame, positions from 0 of an array."""
    given = _several(by)
    names = list(X.columns) if isinstance(X, pd.DataFrame) else None
    found = []
    for key in given:
        position = isinstance(key, Integral) and -X.shape[1] <= key < X.shape[1]
        if names is not None and key in names:
            found.append(key)
        elif position:
            found.append(int(key) % X.shape[1] if names is None else names[key])
        else:
            shown = f"{X.shape[1]} columns" if names is None else f"the columns {names[:30]}"
            raise ValueError(
                f"by must name key columns of X, which has {shown}; received {key!r}. Correct it."
            )
    return found


def _named_by(scaler):
    """Return the columns that a scaler, or one in a pipeline, names beside those that it scales."""
    parameters = {} if isinstance(scaler, str) else scaler.get_params()
    holders = [scaler, *(v for v in parameters.values() if hasattr(v, "get_params"))]
    found = [
        c for each in holders for name in ("by", "covariates") for c in _several(getattr(each, name, None))
    ]
    return list(dict.fromkeys(found))


def _several(value):
    """Return one, several or none as a list."""
    return [] if value is None else list(value) if isinstance(value, list | tuple | dict) else [value]


def _drawn(X, y, groups, max_rows, random_state):
    """Return rows, target and groups, at most ``max_rows``, and of how many they were drawn."""
    X = X if hasattr(X, "shape") else np.asarray(X)
    y = np.asarray(y)
    y = y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y
    if y.ndim != 1 or len(y) != X.shape[0]:
        raise ValueError(
            f"y must have one value for each row of X; received shape {y.shape} for {X.shape[0]} rows. Pass "
            "one target."
        )
    if pd.isna(y).any():
        raise ValueError(
            f"y must be known in every row; received {int(pd.isna(y).sum())} missing values. Drop those rows."
        )
    groups = None if groups is None else pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]
    if len(pd.unique(pd.Series(y))) < 2:
        raise ValueError(
            f"y must have two values or more; received {y.tolist()[0]!r} in every row. Pass another target."
        )
    if max_rows is None or len(y) <= max_rows:
        return X, y, groups, 0
    rows = np.sort(check_random_state(random_state).choice(len(y), max_rows, replace=False))
    return safe_indexing(X, rows), y[rows], None if groups is None else groups[rows], len(y)


def _kind_of(y, models):
    if models:
        first = next(iter(models.values()))
        first = first[0] if isinstance(first, tuple | list) else first
        return "classification" if is_classifier(first) else "regression"
    kind = type_of_target(y)
    if kind not in ("binary", "multiclass", "continuous"):
        raise ValueError(
            f"y must hold classes, or numbers; received {kind!r} in the words of scikit-learn. Pass one "
            "target."
        )
    numbers = np.issubdtype(y.dtype, np.number)
    if kind == "continuous" or (numbers and len(np.unique(y)) > MANY_CLASSES):
        return "regression"
    return "classification"


def _check_named(scalers, models):
    for name, given in (("scalers", scalers), ("models", models)):
        if given is not None and (not isinstance(given, Mapping) or not given):
            raise ValueError(
                f"{name} must be a dict of names and estimators, one or more; received {given!r}. For "
                "example "
                f'{name}={{"mine": ...}}.'
            )

    for model in (models or {}).values():
        _check_model(model[0] if isinstance(model, tuple | list) else model)


def _check_model(model):
    if not isinstance(model, BaseEstimator) and not hasattr(model, "get_params"):
        raise ValueError(
            f"models must be estimators, or pairs of an estimator and a grid; received {model!r}. For "
            "example "
            'models={"ridge": (Ridge(), {"alpha": [0.1, 1.0]})}.'
        )


def _with_choices(model):
    model, grid = model if isinstance(model, tuple | list) else (model, None)
    return model, nested.choices_of(grid)


def _by_pair(outcomes, scalers, models):
    """Return one result for each scaler and model, scores in the order of the folds."""
    found = []
    for scaler in scalers:
        own = sorted((o for o in outcomes if o.scaler == scaler), key=lambda o: o.fold)
        for model in models:
            scores, times, chosen, ended = (
                [getattr(o, name)[model] for o in own]
                for name in ("scores", "fit_times", "parameters", "converged")
            )
            found.append(Result(scaler, model, scores, times, all(ended), chosen))
    return found


def _refitted(best, prepare, models, X, y, groups, inner, scoring):
    """Return the best pipeline, tuned on all rows and fitted to them, and the parameters of its model."""
    model, choices = models[best.model]
    pipeline = Pipeline([("columns", clone(prepare[best.scaler])), ("model", clone(model))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ``converged`` says what there is to say
        if len(choices) == 1:
            return pipeline.set_params(**_prefixed(choices[0])).fit(X, y), choices[0]
        grid = [{name: [value] for name, value in _prefixed(choice).items()} for choice in choices]
        search = GridSearchCV(pipeline, grid, cv=list(inner.split(X, y, groups)), scoring=scoring)
        search.fit(X, y)
    return search.best_estimator_, choices[search.best_index_]


def _prefixed(parameters):
    return {f"model__{name}": value for name, value in parameters.items()}


def _name_of(scoring, kind):
    if scoring is None:
        return "accuracy" if kind == "classification" else "R²"
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


def _unseen(X, keys, folds):
    """Return how many test rows had a group that was in none of their training rows."""
    columns = [X[k] if isinstance(X, pd.DataFrame) else pd.Series(X[:, k]) for k in keys]
    codes = [pd.factorize(np.asarray(c, dtype=object), use_na_sentinel=False)[0] for c in columns]
    codes = pd.factorize(pd.MultiIndex.from_arrays(codes))[0]
    return int(sum((~np.isin(codes[test], codes[train])).sum() for train, test in folds))
