"""A softmax head with normalisation layers, as a scikit-learn classifier."""

import copy
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skprep.compat import CallbackSupportMixin, DocumentedMixin, Interval, StrOptions, fit_context, fit_task
from skprep.kernels.blocks import row_blocks
from skprep.nn.layer import no_cache
from skprep.nn.network import build_network
from skprep.nn.settings import layer_sizes, layers_of, solver_of, streams
from skprep.nn.softmax import log_softmax, softmax
from skprep.nn.targets import all_logits, encode, refuse_missing_labels, weighed_rows
from skprep.nn.training import Training
from skprep.state import restored_on_error
from skprep.types import Array, Weights

AT_ONCE = 1 << 20  # numbers of the widest layer that are worked out at once


class SoftmaxClassifier(DocumentedMixin, CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    r"""Linear layers, normalisation and a softmax on top, trained by cross-entropy.

    .. math::

        h_0 = x, \quad h_l = \operatorname{dropout}(\phi(\operatorname{norm}(W_l h_{l-1} + b_l))), \quad
        p = \operatorname{softmax}(W h_L + b)

    minimises the mean cross-entropy plus :math:`\frac{\alpha}{2 n} \sum_l \lVert W_l \rVert^2`. Without
    hidden layers that is multinomial logistic regression with ``C = 1 / alpha``. Two classes have one
    logit, as in logistic regression.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=()
        Units of each hidden layer.
    norm : {None, "batch", "layer", "rms", "group"}, default=None
        Normalisation between a hidden linear layer and its activation. ``"group"`` makes the
        largest number of groups, at most 8, that divides the units into groups of at least 4; else one.
    weight_norm : bool, default=False
        Split the hidden weights into length and direction.
    dropout : float, default=0.0
        Share of hidden units left out in training; after the norm, where it does not shift its variance
        (Li et al. 2019).
    activation : {"relu", "gelu"}, default="relu"
        What stands behind each hidden layer and its norm.
    alpha : float, default=1e-4
        Weight of the penalty on squared weights, divided by the number of rows (of the batch) as in
        :class:`sklearn.neural_network.MLPClassifier`; biases and norms are free.
    solver : {"auto", "adam", "sgd", "lbfgs"}, default="auto"
        ``"lbfgs"`` takes all rows at once, for small data and convex problems; not with ``"batch"``,
        dropout, clipping or early stopping. ``"sgd"`` has Nesterov momentum 0.9. ``"auto"`` is ``"lbfgs"``
        where the problem is convex, which it is without hidden layers (and early stopping), else ``"adam"``;
        in ``partial_fit`` always ``"adam"``.
    learning_rate_init : float, default=1e-3
        Length of the first steps of ``"adam"`` and of all steps of ``"sgd"``; ``"lbfgs"`` takes none.
    batch_size : int or "auto", default="auto"
        ``"auto"`` is an eighth of the rows, from 16 to 200: so that small data too get several steps an
        epoch.
    max_iter : int, default=200
        Epochs, or iterations of ``"lbfgs"``.
    tol : float, default=1e-4
        Least improvement of the loss (or of the validation score) that counts.
    early_stopping : bool, default=False
        Hold out ``validation_fraction`` of the rows, and stop when their accuracy no longer improves;
        the best weights are kept. Classes keep their shares where every one of them can be held out; the only
        row of a class is never held out. Not in ``partial_fit``.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` holds out.
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    class_weight : dict, "balanced" or None, default=None
        A weight for each class; 1 where the dict has none, and one for a class that is not in ``y`` is left
        aside, as a fold may lack a rare class.
    label_smoothing : float, default=0.0
        Share of each label that is spread over all classes, from 0 to below 1.
    clipping : float or None, default=None
        Adaptive gradient clipping of hidden weights: the longest gradient in units of its weight.
    temperature : float, default=1.0
        Divides the logits in ``predict_proba``, after training; above 1 it softens.
    warm_start : bool, default=False
        Start from the weights of the last fit.
    random_state : int, RandomState or None, default=None
        Draws the initial weights, the order of the rows, what dropout leaves out and what is held out.
    verbose : bool, default=False
        Print the loss of every epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of shape (n_classes, n_features), or (1, n_features) for two classes
        Weights of the linear head, without hidden layers: what ``SelectFromModel`` and ``RFE`` go by.
    intercept_ : ndarray of shape (n_classes,) or (1,)
        Its biases.
    network_ : Sequential
        The trained layers; ``network_.state_dict()`` are the weights by PyTorch's names.
    loss_ : float
        Loss of the last epoch, or with ``early_stopping`` of the one whose weights are kept.
    loss_curve_ : list of float
        Loss of each epoch, or of each iteration of ``"lbfgs"``.
    validation_scores_ : list of float
        Accuracy of each epoch, with ``early_stopping``.
    best_validation_score_ : float
        The largest of them, that of the weights that are kept.
    n_iter_ : int
        Number of epochs, or iterations.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    Notes
    -----
    float32 input is trained and answered in float32. NaN, infinities and sparse matrices are refused.
    Put a scaler in front: gradients take the units of the features.

    A weight of 2 equals the row twice in the loss. It does not in what depends on the rows in other ways:
    the statistics of ``norm="batch"`` count each row once, dropout draws for each row, batches and the rows
    held out are drawn by number. So whole weights equal repeated rows up to rounding with one full batch, or
    ``solver="lbfgs"``, and without these. A class whose rows all weigh 0 stays in ``classes_``.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs",
    Neurocomputing, 227-236.
    Li, Chen, Hu & Yang (2019), "Understanding the disharmony between dropout and batch normalization by
    variance shift", CVPR, arXiv:1801.05134.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from skprep import StandardScaler
    >>> from skprep.nn import SoftmaxClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> head = SoftmaxClassifier((16,), norm="layer", learning_rate_init=0.02, max_iter=2000, random_state=0)
    >>> bool(make_pipeline(StandardScaler(), head).fit(X, y).score(X, y) > 0.95)
    True
    """

    _parameter_constraints = {
        "hidden_layer_sizes": [tuple, list, Interval(Integral, 1, None, closed="left")],
        "norm": [None, StrOptions({"batch", "layer", "rms", "group"})],
        "weight_norm": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "activation": [StrOptions({"relu", "gelu"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "adam", "sgd", "lbfgs"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [None, dict, StrOptions({"balanced"})],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "clipping": [None, Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] | list[int] = (),
        *,
        norm: Literal["batch", "layer", "rms", "group"] | None = None,
        weight_norm: bool = False,
        dropout: float = 0.0,
        activation: Literal["relu", "gelu"] = "relu",
        alpha: float = 1e-4,
        solver: Literal["auto", "adam", "sgd", "lbfgs"] = "auto",
        learning_rate_init: float = 1e-3,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
        clipping: float | None = None,
        temperature: float = 1.0,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.norm = norm
        self.weight_norm = weight_norm
        self.dropout = dropout
        self.activation = activation
        self.alpha = alpha
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.clipping = clipping
        self.temperature = temperature
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Array, y: Array, sample_weight: Weights = None) -> Self:
        """Train on the rows of ``X``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.
        y : array-like of shape (n_samples,)
            Labels of any type that sorts.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative; a weight of 0 leaves the row out.

        Returns
        -------
        self : object
            The classifier.
        """
        with restored_on_error(self):
            refuse_missing_labels(y)
            X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], accept_sparse=False)
            X, y, weight, classes = weighed_rows(X, y, sample_weight, self.class_weight)
            again = self.warm_start and hasattr(self, "network_")
            self._start(X, classes, again)
            codes = encode(y, self.classes_)
            if not again:
                self._start_at_frequencies(codes, weight)
            training = self._training
            train = training.at_once if solver_of(self) == "lbfgs" else training.in_batches
            with fit_task(self, X, y, sample_weight, max_subtasks=self.max_iter) as step:
                train(X, codes, weight, step)
            self._end_training()
        return self

    @available_if(streams)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Array, y: Array, classes: Array | None = None, sample_weight: Weights = None
    ) -> Self:
        """Go once over the rows of ``X``, on top of what was learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.
        y : array-like of shape (n_samples,)
            The label of each row.
        classes : array-like, default=None
            All labels that will come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            The classifier.
        """
        with restored_on_error(self):
            return self._learn_batch(X, y, classes, sample_weight)

    def _learn_batch(self, X, y, classes, sample_weight):
        first = not hasattr(self, "network_")
        self._check_classes(classes, first)
        refuse_missing_labels(y)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], accept_sparse=False, reset=first)
        classes = np.unique(classes) if first else self.classes_
        X, y, weight, _ = weighed_rows(X, y, sample_weight, self.class_weight, classes)
        if first:
            self._start(X, classes, again=False)
        else:
            self._check_built("partial_fit")
            self._training = self._training.copy(self)  # an error would leave it half stepped
            self.network_ = self._training.network
        self._training.one_epoch(X.astype(self._dtype, copy=False), encode(y, self.classes_), weight)
        self._end_training()
        return self

    def _check_classes(self, classes, first):
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all rows at once; received a batch. '
                "Pass class_weight as a dict, or weights of the rows."
            )
        if first and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit; received none. Pass all labels "
                "that will come."
            )
        if not first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must stay those of the first call, {self.classes_.tolist()}; received "
                f"{np.unique(classes).tolist()}. Leave it out."
            )

    def decision_function(self, X: Array) -> np.ndarray:
        """Return the logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Before the softmax; for two classes that of the second.
        """
        logits = self._logits(X)
        return logits[:, 0] if logits.shape[1] == 1 else logits

    def predict_proba(self, X: Array) -> np.ndarray:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        return softmax(all_logits(self._logits(X)), temperature=self.temperature)

    def predict_log_proba(self, X: Array) -> np.ndarray:
        """Return the logarithm of :meth:`predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Of each class.
        """
        return log_softmax(all_logits(self._logits(X)), temperature=self.temperature)

    def predict(self, X: Array) -> np.ndarray:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of numbers, without NaN and infinity.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            From ``classes_``.
        """
        best = all_logits(self._logits(X)).argmax(axis=1)
        return self.classes_[best]

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the linear head, of shape (n_classes, n_features), or (1, n_features) for two classes.

        There without hidden layers alone, as in :class:`sklearn.linear_model.LogisticRegression`.
        """
        return self._head_parameter("weight")

    @property
    def intercept_(self) -> np.ndarray:
        """Biases of the linear head, of shape (n_classes,), or (1,) for two classes."""
        return self._head_parameter("bias")

    def _head_parameter(self, name):
        network = vars(self).get("network_")
        if network is None or len(network) > 1:
            raise AttributeError(
                "coef_ and intercept_ are those of one linear layer; received "
                f"{'no fit yet' if network is None else 'hidden layers'}. "
                f"{'Call fit first' if network is None else 'Look at network_.state_dict()'}."
            )
        return network[0].params[name].copy()

    def _logits(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        logits = np.empty((len(X), self._sizes[-1]), dtype=self._dtype)
        with no_cache():
            for rows in row_blocks(len(X), max(self._sizes), elements=AT_ONCE):
                logits[rows] = self.network_(
                    X[rows].astype(self._dtype, copy=False)
                )  # in eval since training
        return logits

    def _check_built(self, what):
        if layers_of(self) != self._built:
            raise ValueError(
                f"{what} needs the layers of the last fit; received {layers_of(self)}, but they were "
                f"{self._built}. Set them back, or fit anew."
            )

    def _end_training(self):
        """Set the learned attributes."""
        training = self._training
        training.end()
        self.loss_, self.loss_curve_, self.n_iter_ = training.loss, training.loss_curve, training.n_iter
        if training.validation_scores:
            self.validation_scores_ = training.validation_scores
            self.best_validation_score_ = training.best_score

    def _start(self, X, classes, again):
        """Build the network, or take the one of the last fit."""
        sizes = layer_sizes(self, X.shape[1], classes)
        if again:
            self._check_same(sizes, classes)
        self._built = layers_of(self)
        for name in ("validation_scores_", "best_validation_score_"):
            vars(self).pop(name, None)
        self.classes_, self._sizes, self._dtype = classes, sizes, X.dtype
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        if again:
            self.network_ = copy.deepcopy(self.network_).astype(X.dtype)
        else:
            kinds = {name: kind for name, kind in self._built.items() if name != "hidden_layer_sizes"}
            self.network_ = build_network(sizes, **kinds, rng=rng, dtype=X.dtype)
        self._training = Training(self.network_, self, rng)

    def _check_same(self, sizes, classes):
        if sizes != self._sizes or not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start=True needs the classes and sizes of the last fit; received {sizes} and "
                f"{classes.tolist()}, but they were {self._sizes} and {self.classes_.tolist()}. Set "
                "warm_start=False."
            )
        self._check_built("warm_start=True")

    def _start_at_frequencies(self, codes, weight):
        """Let the last bias say how frequent the classes are, so that training need not begin with that."""
        share = np.bincount(codes, weights=weight, minlength=len(self.classes_)) / weight.sum()
        share = np.log(np.maximum(share, np.finfo(np.float32).eps))  # a class of weight 0
        bias = self.network_[-1].params["bias"]
        bias[...] = share[1:] - share[:1] if len(bias) == 1 else share - share.mean()
