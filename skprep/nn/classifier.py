"""A softmax head with normalisation layers, as a scikit-learn classifier."""

import copy
import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from skprep.compat import CallbackSupportMixin, fit_task
from skprep.nn.clipping import adaptive_grad_clip
from skprep.nn.network import build_network, hidden_weights, packed, penalised, unpack
from skprep.nn.optimisers import SGD, Adam
from skprep.nn.softmax import log_softmax, softmax, softmax_cross_entropy


def _streams(classifier):
    """Say whether there is a ``partial_fit``, as scikit-learn asks."""
    if classifier.early_stopping:
        raise AttributeError(
            "partial_fit has no rows to hold out; received early_stopping=True. Pass early_stopping=False "
            "and watch a score of your own."
        )
    return classifier.solver != "lbfgs"


class SoftmaxClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
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
    alpha : float, default=1e-4
        Weight of the penalty on squared weights, divided by the number of rows (of the batch) as in
        :class:`sklearn.neural_network.MLPClassifier`; biases and norms are free.
    solver : {"auto", "adam", "sgd", "lbfgs"}, default="auto"
        ``"lbfgs"`` takes all rows at once, for small data and convex problems; not with ``"batch"``,
        dropout, clipping or early stopping. ``"sgd"`` has Nesterov momentum 0.9. ``"auto"`` is ``"lbfgs"``
        where the problem is convex, which it is without hidden layers (and early stopping), else ``"adam"``;
        in ``partial_fit`` always ``"adam"``.
    learning_rate : float, default=1e-3
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
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    class_weight : dict, "balanced" or None, default=None
        A weight for each class; 1 where the dict has none, and one for a class that is not in ``y`` is left
        aside, as a fold may lack a rare class.
    label_smoothing : float, default=0.0
    clipping : float or None, default=None
        Adaptive gradient clipping of hidden weights: the longest gradient in units of its weight.
    temperature : float, default=1.0
        Divides the logits in ``predict_proba``, after training; above 1 it softens.
    warm_start : bool, default=False
        Start from the weights of the last fit.
    random_state : int, RandomState or None, default=None
    verbose : bool, default=False
        Print the loss of every epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
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
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

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
    >>> head = SoftmaxClassifier((16,), norm="layer", learning_rate=0.02, max_iter=2000, random_state=0)
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
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
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
        hidden_layer_sizes=(),
        *,
        norm=None,
        weight_norm=False,
        dropout=0.0,
        activation="relu",
        alpha=1e-4,
        solver="auto",
        learning_rate=1e-3,
        batch_size="auto",
        max_iter=200,
        tol=1e-4,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        class_weight=None,
        label_smoothing=0.0,
        clipping=None,
        temperature=1.0,
        warm_start=False,
        random_state=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.norm = norm
        self.weight_norm = weight_norm
        self.dropout = dropout
        self.activation = activation
        self.alpha = alpha
        self.solver = solver
        self.learning_rate = learning_rate
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Train on the rows of ``X``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels of any type that sorts.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative; a weight of 0 leaves the row out.

        Returns
        -------
        self : object
        """
        before = vars(self).copy()
        try:
            _refuse_missing_labels(y)
            X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], accept_sparse=False)
            X, y, weight, classes = self._rows(X, y, sample_weight)
            again = self.warm_start and hasattr(self, "network_")
            self._start(X, classes, again)
            codes = self._codes(y)
            if not again:
                self._start_at_frequencies(codes, weight)
            train = self._train_at_once if self._solver() == "lbfgs" else self._train_in_batches
            with fit_task(self, X, y, sample_weight, max_subtasks=self.max_iter) as step:
                train(X, codes, weight, step)
            self._end_training()
        except BaseException:
            callbacks = {name: v for name, v in vars(self).items() if "callback" in name}
            vars(self).clear()
            vars(self).update(before, **callbacks)
            raise
        return self

    @available_if(_streams)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go once over the rows of ``X``, on top of what was learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like, default=None
            All labels that will come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        before = vars(self).copy()
        try:
            return self._learn_batch(X, y, classes, sample_weight)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _learn_batch(self, X, y, classes, sample_weight):
        first = not hasattr(self, "network_")
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all rows at once; received a batch. '
                "Pass class_weight as a dict, or weights of the rows."
            )
        if first and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit; received none. Pass all "
                "labels that "
                "will come."
            )
        if not first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must stay those of the first call, {self.classes_.tolist()}; received "
                f"{np.unique(classes).tolist()}. Leave it out."
            )
        _refuse_missing_labels(y)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], accept_sparse=False, reset=first)
        X, y, weight, _ = self._rows(X, y, sample_weight, np.unique(classes) if first else self.classes_)
        if first:
            self._start(X, np.unique(classes), again=False)
        else:
            self._check_built("partial_fit")
            for name in ("network_", "_optimiser", "_rng"):  # what an error would leave half stepped
                setattr(self, name, copy.deepcopy(getattr(self, name)))
            self._renew_optimiser()
        X = X.astype(self._dtype, copy=False)
        self.loss_ = self._epoch(X, self._codes(y), weight)
        self.loss_curve_ = [*self.loss_curve_, self.loss_]
        self.n_iter_ += 1
        self._check_loss("batch")
        self._end_training()
        return self

    def decision_function(self, X):
        """Return the logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        logits : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
        """
        logits = self._logits(X)
        return logits[:, 0] if logits.shape[1] == 1 else logits

    def predict_proba(self, X):
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        return softmax(_full(self._logits(X)), temperature=self.temperature)

    def predict_log_proba(self, X):
        """Return the logarithm of :meth:`predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        return log_softmax(_full(self._logits(X)), temperature=self.temperature)

    def predict(self, X):
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        best = _full(self._logits(X)).argmax(axis=1)
        return self.classes_[best]

    def _logits(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        logits = self.network_(X.astype(self._dtype, copy=False))  # in eval since it was trained
        self.network_.forget()
        return logits

    def _rows(self, X, y, sample_weight, classes=None):
        """Return the rows that weigh something, their weights, and the classes."""
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        classes = np.unique(y) if classes is None else classes
        given = "sample_weight"
        if self.class_weight is not None and weight.any():
            weight = weight * self._class_factors(y, weight, classes)
            given = "sample_weight times class_weight"
        keep = weight > 0
        if not keep.any():
            raise ValueError(
                f"{given} must be above 0 for at least one row; received only zeros. Leave it out to "
                "give every row the same weight."
            )
        return (X, y, weight, classes) if keep.all() else (X[keep], y[keep], weight[keep], classes)

    def _class_factors(self, y, weight, classes):
        """Return the weight of the class of each row."""
        place = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        known = classes[place] == y  # a row of another label weighs nothing, or is refused later
        if self.class_weight == "balanced":
            total = np.bincount(place[known], weights=weight[known], minlength=len(classes))
            factors = np.divide(total.sum(), len(classes) * total, out=np.ones(len(classes)), where=total > 0)
        else:
            factors = np.array([float(self.class_weight.get(c, 1.0)) for c in classes.tolist()])
            if not (factors >= 0).all():
                raise ValueError(
                    f"class_weight must be 0 or more for every class; received {self.class_weight!r}. Use 0 "
                    "to leave a class out."
                )
        return np.where(known, factors[place], 1.0)

    def _check_loss(self, what):
        if not np.isfinite(self.loss_):
            raise ValueError(
                f"The loss must stay finite; received {self.loss_} in {what} {self.n_iter_}. "
                "Scale the features, or lower learning_rate."
            )

    def _solver(self):
        """Return the solver that "auto" stands for."""
        if self.solver != "auto":
            return self.solver
        convex = not self._hidden() and not self.early_stopping
        return "lbfgs" if convex and self.batch_size == "auto" else "adam"

    def _hidden(self):
        sizes = self.hidden_layer_sizes
        return [sizes] if isinstance(sizes, Integral) else list(sizes)

    def _layers(self):
        """Return the parameters that decide what layers there are."""
        kinds = {n: getattr(self, n) for n in ("norm", "weight_norm", "dropout", "activation")}
        return kinds | {"hidden_layer_sizes": self._hidden()}

    def _check_built(self, what):
        if self._layers() != self._built:
            raise ValueError(
                f"{what} needs the layers of the last fit; received {self._layers()}, but they were "
                f"{self._built}. Set them back, or fit anew."
            )

    def _renew_optimiser(self):
        """Go by the present solver and learning rate, which may have been set since the last step."""
        kind = SGD if self.solver == "sgd" else Adam
        if type(self._optimiser) is not kind:
            self._optimiser = self._new_optimiser()
        self._optimiser.learning_rate = self.learning_rate

    def _new_optimiser(self):
        rate = self.learning_rate
        return SGD(rate, momentum=0.9, nesterov=True) if self.solver == "sgd" else Adam(rate)

    def _end_training(self):
        """Leave a network that answers: a call moves nothing in it, and it goes back all the way."""
        self.network_.eval().forget()
        self.network_[0].goes_back = True

    def _start(self, X, classes, again):
        """Build the network, or take the one of the last fit."""
        if len(classes) < 2:
            raise ValueError(
                f"SoftmaxClassifier needs samples of at least 2 classes; received one class, {classes[0]!r}. "
                "Check the labels."
            )
        hidden = self._hidden()
        if any(not isinstance(units, Integral) or units < 1 for units in hidden):
            raise ValueError(
                f"hidden_layer_sizes must be whole numbers above 0; received {self.hidden_layer_sizes!r}. "
                "For example (100,)."
            )
        varies = self.dropout or self.norm == "batch" or self.early_stopping or self.clipping is not None
        if self.solver == "lbfgs" and varies:
            raise ValueError(
                'solver="lbfgs" needs the same loss in every step, and takes gradients as they are; received '
                f"dropout={self.dropout}, norm={self.norm!r}, early_stopping={self.early_stopping}, "
                f'clipping={self.clipping}. Use solver="adam", or leave these out.'
            )
        sizes = [X.shape[1], *hidden, 1 if len(classes) == 2 else len(classes)]
        if again and (sizes != self._sizes or not np.array_equal(classes, self.classes_)):
            raise ValueError(
                "warm_start=True needs the classes and sizes of the last fit; received "
                f"{sizes} and {classes.tolist()}, but they were {self._sizes} and {self.classes_.tolist()}. "
                "Set warm_start=False."
            )
        if again:
            self._check_built("warm_start=True")
        self._built = self._layers()
        for name in ("validation_scores_", "best_validation_score_"):
            vars(self).pop(name, None)
        self.classes_, self._sizes, self._dtype = classes, sizes, X.dtype
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._rng = np.random.default_rng(seed)
        if not again:
            self.network_ = build_network(
                sizes,
                norm=self.norm,
                weight_norm=self.weight_norm,
                dropout=self.dropout,
                activation=self.activation,
                rng=self._rng,
                dtype=X.dtype,
            )
        else:
            self.network_ = copy.deepcopy(self.network_).astype(X.dtype)
        self._optimiser = self._new_optimiser()
        self.loss_curve_, self.n_iter_ = [], 0

    def _start_at_frequencies(self, codes, weight):
        """Let the last bias say how frequent the classes are, so that training need not begin with that."""
        share = np.bincount(codes, weights=weight, minlength=len(self.classes_)) / weight.sum()
        share = np.log(np.maximum(share, np.finfo(np.float32).eps))  # a class of weight 0
        bias = self.network_[-1].params["bias"]
        bias[...] = share[1:] - share[:1] if len(bias) == 1 else share - share.mean()

    def _codes(self, y):
        codes = np.searchsorted(self.classes_, y)
        known = self.classes_[np.minimum(codes, len(self.classes_) - 1)] == y
        if not np.all(known):
            raise ValueError(
                f"y must hold the classes {self.classes_.tolist()}; received {y[~known][0]!r}. Name "
                f"all of them in "
                "classes at the first call."
            )
        return codes

    def _loss(self, X, codes, weight):
        """Return the loss of a batch; leave its gradients in the network."""
        network, total = self.network_, weight.sum()
        params = network.params
        logits = network(X)
        losses, grad = softmax_cross_entropy(
            _full(logits), codes, reduction="none", label_smoothing=self.label_smoothing
        )
        share = weight / total
        grad = grad[:, 1:] if logits.shape[1] == 1 else grad
        network.backward((grad * share[:, None]).astype(logits.dtype))
        loss, grads = float(losses @ share), network.grads
        if self.alpha:
            for name in penalised(params):
                loss += 0.5 * self.alpha / total * float(np.vdot(params[name], params[name]))
                grads[name] += params[name] * (self.alpha / total)  # in the layer's own array
        return loss, params, grads

    def _epoch(self, X, codes, weight):
        """Go once over the rows in a random order, a step for each batch; return the mean loss."""
        network, n = self.network_.train(), len(X)
        network[0].goes_back = False  # nobody asks for the gradient of the data
        size = min(max(16, min(200, n // 8)) if self.batch_size == "auto" else self.batch_size, n)
        starts = list(range(0, n, size))
        if len(starts) > 1 and n - starts[-1] == 1:  # one row has no variance: it joins the batch before
            starts.pop()
        order = self._rng.permutation(n) if len(starts) > 1 else np.arange(n)
        clipped = hidden_weights(network) if self.clipping is not None else ()
        X, codes, weight = (a[order] for a in (X, codes, weight))
        total = 0.0
        for start, stop in zip(starts, [*starts[1:], n], strict=True):
            rows = slice(start, stop)
            loss, params, grads = self._loss(X[rows], codes[rows], weight[rows])
            total += loss * weight[rows].sum()
            for name in clipped:
                grads[name] = adaptive_grad_clip(params[name], grads[name], self.clipping)
            self._optimiser.step(params, grads)
        return total / weight.sum()

    def _train_in_batches(self, X, codes, weight, step):
        best, waited, kept = -np.inf, 0, None
        held = None
        if self.early_stopping:
            X, held_X, codes, held_codes, weight, held_weight = self._split(X, codes, weight)
            held = held_X, held_codes, held_weight
            self.validation_scores_ = []
        for _ in range(self.max_iter):
            with step("epoch"):
                self.loss_ = self._epoch(X, codes, weight)
            self.loss_curve_.append(self.loss_)
            self.n_iter_ += 1
            score = -self.loss_
            if held is not None:
                score = self._accuracy(*held)
                self.validation_scores_.append(score)
            self._check_loss("epoch")
            if self.verbose:
                print(f"epoch {self.n_iter_}: loss {self.loss_:.6f}")
            waited = 0 if score > best + self.tol else waited + 1
            if score > best:
                best = score
                kept = (self.network_.state_dict(), self.loss_) if held is not None else None
            if waited >= self.n_iter_no_change:
                break
        else:
            warnings.warn(
                f"SoftmaxClassifier stopped after max_iter={self.max_iter} epochs, still improving. "
                f"Raise max_iter or "
                "learning_rate, or scale the features.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if kept is not None:
            self.network_.load_state_dict(kept[0])
            self.loss_, self.best_validation_score_ = kept[1], best

    def _split(self, X, codes, weight):
        """Return rows to train on and rows to judge by; the only row of a class is trained on."""
        seed = int(self._rng.integers(np.iinfo(np.int32).max))
        sizes = np.bincount(codes)
        alone, many = (np.flatnonzero(mask) for mask in (sizes[codes] == 1, sizes[codes] > 1))
        if not len(many):
            raise ValueError(
                "early_stopping=True needs a class of two rows or more, one of them to hold out; received "
                f"{len(codes)} rows of {len(codes)} classes, {self.classes_.tolist()[0]!r} among them. Pass "
                "early_stopping=False, or bring more rows."
            )
        n_classes = int((sizes > 1).sum())
        held = int(np.ceil(self.validation_fraction * len(many)))
        fair = n_classes <= held <= len(many) - n_classes  # each class on both sides
        train, test = train_test_split(
            many,
            test_size=min(held, len(many) - 1),
            random_state=seed,
            stratify=codes[many] if fair else None,
        )
        train = np.concatenate([train, alone])
        return X[train], X[test], codes[train], codes[test], weight[train], weight[test]

    def _accuracy(self, X, codes, weight):
        right = _full(self.network_.eval()(X)).argmax(axis=1) == codes
        return float(weight @ right / weight.sum())

    def _train_at_once(self, X, codes, weight, step):
        network = self.network_.train()
        network[0].goes_back = False
        params = network.params

        def value(vector):
            unpack(vector, params)
            loss, _, grads = self._loss(X, codes, weight)
            return loss, packed({name: grads[name] for name in params})

        def note(intermediate_result):
            with step("iteration"):
                pass
            self.loss_curve_.append(float(intermediate_result.fun))
            if self.verbose:
                print(f"iteration {len(self.loss_curve_)}: loss {intermediate_result.fun:.6f}")

        options = {"maxiter": self.max_iter, "gtol": self.tol / 1000.0, "ftol": 64 * np.finfo(float).eps}
        found = minimize(value, packed(params), jac=True, method="L-BFGS-B", options=options, callback=note)
        unpack(found.x, params)
        self.loss_, self.n_iter_ = float(found.fun), int(found.nit)
        self._check_loss("iteration")
        if found.status == 2 and np.abs(found.jac).max() > 1e-3:  # it gave up far from a minimum
            warnings.warn(
                f"SoftmaxClassifier stopped after {found.nit} iterations of lbfgs, without a minimum: "
                f"{found.message} Scale the features.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if found.nit >= self.max_iter:
            warnings.warn(
                f"SoftmaxClassifier stopped after max_iter={self.max_iter} iterations of lbfgs. "
                f"Raise max_iter, or "
                "scale the features.",
                ConvergenceWarning,
                stacklevel=4,
            )


def _refuse_missing_labels(y):
    """Refuse a label that is None or NaN, which does not sort; a label of its own may say "unknown"."""
    if not isinstance(y, np.ndarray | list | tuple | pd.Series) or np.ndim(y) != 1:
        return  # refused, or seen to, by scikit-learn
    missing = np.flatnonzero(pd.isna(y))
    if len(missing):
        row = int(missing[0])
        raise ValueError(
            f"Input y contains NaN: y must hold a label in every row; received {np.asarray(y)[row]!r} in row "
            f"{row}, {len(missing)} missing in all. Leave these rows out, or give them a label of their own."
        )


def _full(logits):
    """Return a logit for each class: two classes have one, beside 0."""
    return logits if logits.shape[1] > 1 else np.hstack([np.zeros_like(logits), logits])
