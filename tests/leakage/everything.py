"""Every estimator of scikit-learn, with rows of its kind, and parameters where it needs some."""

import warnings

import numpy as np
from sklearn import linear_model, neighbors, preprocessing
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.utils import all_estimators

KINDS = ("transformer", "classifier", "regressor", "cluster")
RIDGE, LOGISTIC = linear_model.Ridge(), linear_model.LogisticRegression()

NEED = {  # what they cannot be made or fitted without, or that keeps them quick
    "ClassifierChain": {"estimator": LOGISTIC},
    "ColumnTransformer": {"transformers": [("z", preprocessing.StandardScaler(), [0, 1])]},
    "FeatureUnion": {"transformer_list": [("z", preprocessing.StandardScaler())]},
    "FixedThresholdClassifier": {"estimator": LOGISTIC},
    "GaussianRandomProjection": {"n_components": 3},
    "SparseRandomProjection": {"n_components": 3},
    "RadiusNeighborsClassifier": {"radius": 20.0},
    "RadiusNeighborsRegressor": {"radius": 20.0},
    "RadiusNeighborsTransformer": {"radius": 20.0},
    "DictionaryLearning": {"max_iter": 5},
    "GridSearchCV": {"estimator": LOGISTIC, "param_grid": {"C": [0.1, 1.0]}},
    "HalvingGridSearchCV": {"estimator": LOGISTIC, "param_grid": {"C": [0.1, 1.0]}},
    "HalvingRandomSearchCV": {"estimator": LOGISTIC, "param_distributions": {"C": [0.1, 1.0]}},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2},
    "RFECV": {"estimator": LOGISTIC, "cv": 2},
    "MiniBatchDictionaryLearning": {"max_iter": 2},
    "MultiOutputClassifier": {"estimator": LOGISTIC},
    "MultiOutputRegressor": {"estimator": RIDGE},
    "OneVsOneClassifier": {"estimator": LOGISTIC},
    "OneVsRestClassifier": {"estimator": LOGISTIC},
    "OutputCodeClassifier": {"estimator": LOGISTIC},
    "Pipeline": {"steps": [("z", preprocessing.StandardScaler()), ("m", LOGISTIC)]},
    "RandomizedSearchCV": {"estimator": LOGISTIC, "param_distributions": {"C": [0.1, 1.0]}, "n_iter": 2},
    "RFE": {"estimator": LOGISTIC},
    "RegressorChain": {"estimator": RIDGE},
    "SelectFromModel": {"estimator": LOGISTIC},
    "SelfTrainingClassifier": {"estimator": LOGISTIC},
    "SequentialFeatureSelector": {"estimator": LOGISTIC, "n_features_to_select": 1, "cv": 2},
    "SparseCoder": {"dictionary": np.eye(6)},
    "StackingClassifier": {"estimators": [("a", LOGISTIC), ("b", neighbors.KNeighborsClassifier())]},
    "StackingRegressor": {"estimators": [("a", RIDGE), ("b", neighbors.KNeighborsRegressor())]},
    "TSNE": {"perplexity": 5, "max_iter": 250},
    "TheilSenRegressor": {"max_subpopulation": 50},
    "TunedThresholdClassifierCV": {"estimator": LOGISTIC, "thresholds": 5, "cv": 2},
    "VotingClassifier": {"estimators": [("a", LOGISTIC), ("b", neighbors.KNeighborsClassifier())]},
    "VotingRegressor": {"estimators": [("a", RIDGE), ("b", neighbors.KNeighborsRegressor())]},
}

SKIPPED = {  # name: why it has no rows to be tried on
    "DictVectorizer": "takes dicts",
    "FeatureHasher": "takes dicts",
    "CountVectorizer": "takes texts",
    "TfidfVectorizer": "takes texts",
    "HashingVectorizer": "takes texts",
    "PatchExtractor": "takes images, and gives several rows for each",
    "KernelCenterer": "takes the kernel of all rows with themselves",
    "LabelBinarizer": "takes targets",
    "LabelEncoder": "takes targets",
    "MultiLabelBinarizer": "takes targets",
    "FrozenEstimator": "has no rows that it learns from",
}


TWO_TARGETS = (
    "CCA",
    "PLSCanonical",
    "PLSSVD",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "RegressorChain",
)
TWO_TARGETS += (
    "ClassifierChain",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
)
CATEGORIES = ("CategoricalNB", "OneHotEncoder", "OrdinalEncoder")
POSITIVE = ("BernoulliRBM", "LatentDirichletAllocation", "SkewedChi2Sampler")


def every_estimator(seed=0):
    """Yield name, estimator, X, y: 60 rows of 6 features, a class of two or a quantity."""
    X, classes = make_classification(60, 6, n_informative=4, n_redundant=0, random_state=seed)
    noise = np.random.default_rng(seed).normal(size=60)
    quantity = np.abs(X[:, 0] * 2.0 + X[:, 1] + noise) + 0.1
    for name, kind in all_estimators(type_filter=list(KINDS)):
        if name in SKIPPED:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # some are on their way out
            estimator = kind(**{k: clone(v, safe=False) for k, v in NEED.get(name, {}).items()})
        if "n_estimators" in estimator.get_params(deep=False):
            estimator.set_params(n_estimators=5)
        tags = estimator.__sklearn_tags__()
        rows = np.abs(X) if tags.input_tags.positive_only or name in POSITIVE else X
        rows = (X > 0).astype(int) if name in CATEGORIES else rows
        rows = X[:, 0] if tags.input_tags.one_d_array else rows
        regresses = tags.estimator_type == "regressor" or name in ("CCA", "PLSCanonical", "PLSSVD")
        target = quantity if regresses else classes
        yield name, estimator, rows, np.column_stack([target, noise > 0]) if name in TWO_TARGETS else target
