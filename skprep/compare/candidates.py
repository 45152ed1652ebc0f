"""What is compared: the scalers, and the models that care about scale."""

from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer
from sklearn.svm import SVC, SVR

from skprep.groups import GroupScaler
from skprep.scalers import LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

ROWS_A_QUANTILE = 30  # training rows for each quantile of a QuantileTransformer
QUANTILES = (10, 1000)


def default_scalers(by=None, n_rows=1000, random_state=0):
    """Return the scalers to compare, by name; with ``by`` also per group of that column.

    Parameters
    ----------
    by : str, int or list, default=None
        Key columns, as :class:`~skprep.GroupScaler` takes them.
    n_rows : int, default=1000
        Training rows of a fold: how many quantiles they support, one for each 30 rows.
    random_state : int, default=0
        Of the rows that a QuantileTransformer draws from many.

    References
    ----------
    Gorishniy, Rubachev, Khrulkov & Babenko (2021), "Revisiting deep learning models for tabular data",
    NeurIPS: quantiles onto a normal distribution.
    Holzmüller, Grinsztajn & Steinwart (2024), "Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data", NeurIPS: robust scaling with smooth clipping.

    Examples
    --------
    >>> list(default_scalers())[:3]
    ['none', 'StandardScaler', 'MinMaxScaler']
    >>> list(default_scalers("device"))[-2:]
    ['RobustScaler by group', 'Standard by group + smoothing']
    """
    low, high = QUANTILES
    n_quantiles = max(low, min(n_rows // ROWS_A_QUANTILE, high))
    found = {
        "none": "passthrough",
        "StandardScaler": StandardScaler(),
        "MinMaxScaler": MinMaxScaler(),
        "MaxAbsScaler": MaxAbsScaler(),
        "RobustScaler": RobustScaler(),
        "Robust + soft clip": RobustScaler(soft_clip=3),
        "LogScaler": LogScaler(handle_invalid="clip"),
        "Log + StandardScaler": make_pipeline(LogScaler(handle_invalid="clip"), StandardScaler()),
        "Quantile to normal": QuantileTransformer(
            n_quantiles=n_quantiles, output_distribution="normal", random_state=random_state
        ),
        # Unscaled, Yeo-Johnson gives constants for features far from 0.
        "Standard + Power": make_pipeline(StandardScaler(), PowerTransformer()),
    }
    if by is not None:
        settings = {"by": by, "handle_unknown": "global"}
        for inner in (StandardScaler(), MinMaxScaler(), RobustScaler()):
            found[f"{type(inner).__name__} by group"] = GroupScaler(inner, **settings)
        smoothed = GroupScaler(StandardScaler(), smooth="auto", **settings)
        found["Standard by group + smoothing"] = smoothed
    return found


def default_models(kind, n_rows=100):
    """Return the models that care about scale, by name, each with its grid for ``n_rows`` rows.

    Parameters
    ----------
    kind : {"classification", "regression"}
    n_rows : int, default=100
        Rows of the smallest training fold: more neighbours than that are left out.

    Returns
    -------
    models : dict of (estimator, dict)
    """
    neighbours = {"n_neighbors": [k for k in (3, 7, 15) if k < n_rows] or [1]}
    if kind == "classification":
        return {
            "k-neighbours": (KNeighborsClassifier(), neighbours),
            "logistic regression": (LogisticRegression(max_iter=300), {"C": [0.1, 1.0, 10.0]}),
            "RBF SVM": (SVC(), {"C": [1.0, 10.0]}),
        }
    return {
        "k-neighbours": (KNeighborsRegressor(), neighbours),
        "ridge regression": (Ridge(), {"alpha": [0.1, 1.0, 10.0]}),
        "RBF SVM": (
            TransformedTargetRegressor(SVR(), transformer=StandardScaler()),
            {"regressor__C": [1.0, 10.0]},
        ),
    }
