"""Training: steps down the loss, by batches or all rows at once."""

import copy
import warnings

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skprep.nn.clipping import adaptive_grad_clip
from skprep.nn.layer import no_cache
from skprep.nn.network import hidden_weights, packed, penalised, unpack
from skprep.nn.optimisers import SGD, Adam
from skprep.nn.softmax import softmax_cross_entropy
from skprep.nn.targets import all_logits


class Training:
    """A network on its way down the loss.

    Parameters
    ----------
    network : Sequential
    settings : object
        With the parameters of :class:`~skprep.nn.SoftmaxClassifier` as attributes, as they are at each step.
    rng : numpy Generator
        Orders the rows, and draws those that are held out.

    Attributes
    ----------
    loss : float
        Of the last epoch, or with early stopping of the one whose weights are kept.
    loss_curve, validation_scores : list of float
    best_score : float
        With early stopping.
    n_iter : int
    """

    def __init__(self, network, settings, rng):
        self.network, self.settings, self.rng = network, settings, rng
        self.optimiser = self._new_optimiser()
        self.loss, self.loss_curve, self.n_iter = np.nan, [], 0
        self.validation_scores, self.best_score = [], -np.inf

    def copy(self, settings):
        """Return a twin that goes on by the settings of now, without this one changing."""
        twin = copy.copy(self)
        twin.settings = settings
        twin.network, twin.rng = copy.deepcopy(self.network), copy.deepcopy(self.rng)
        kind = SGD if settings.solver == "sgd" else Adam
        same = type(self.optimiser) is kind
        twin.optimiser = copy.deepcopy(self.optimiser) if same else twin._new_optimiser()
        twin.optimiser.learning_rate = settings.learning_rate_init
        return twin

    def _new_optimiser(self):
        rate = self.settings.learning_rate_init
        return SGD(rate, momentum=0.9, nesterov=True) if self.settings.solver == "sgd" else Adam(rate)

    def one_epoch(self, X, codes, weight):
        """Go once over the rows; note the loss."""
        self.loss = self._epoch(X, codes, weight)
        self.loss_curve = [*self.loss_curve, self.loss]
        self.n_iter += 1
        self._check_loss("batch")

    def end(self):
        """Leave a network that answers: a call moves nothing in it, and it goes back all the way."""
        self.network.eval().clear_cache()
        self.network[0].needs_input_grad = True

    def _check_loss(self, what):
        if not np.isfinite(self.loss):
            raise ValueError(
                f"The loss must stay finite; received {self.loss} in {what} {self.n_iter}. "
                "Scale the features, or lower learning_rate_init."
            )

    def in_batches(self, X, codes, weight, step):
        """Train by epochs, until the loss or the validation score no longer improves."""
        waited, kept, held = 0, None, None
        settings = self.settings
        if settings.early_stopping:
            X, held_X, codes, held_codes, weight, held_weight = self._split(X, codes, weight)
            held = held_X, held_codes, held_weight
        for _ in range(settings.max_iter):
            with step("epoch"):
                self.loss = self._epoch(X, codes, weight)
            score = self._note_epoch(held)
            waited = 0 if score > self.best_score + settings.tol else waited + 1
            if score > self.best_score:
                self.best_score = score
                kept = (self.network.state_dict(), self.loss) if held is not None else None
            if waited >= settings.n_iter_no_change:
                break
        else:
            self._warn(
                f"stopped after max_iter={settings.max_iter} epochs, still improving. Raise max_iter or "
                "learning_rate_init, or scale the features."
            )
        if kept is not None:
            self.network.load_state_dict(kept[0])
            self.loss = kept[1]

    def _note_epoch(self, held):
        """Note the loss of an epoch; return the score to stop by."""
        self.loss_curve.append(self.loss)
        self.n_iter += 1
        score = -self.loss
        if held is not None:
            score = self._accuracy(*held)
            self.validation_scores.append(score)
        self._check_loss("epoch")
        if self.settings.verbose:
            print(f"epoch {self.n_iter}: loss {self.loss:.6f}")
        return score

    def at_once(self, X, codes, weight, step):
        """Train on all rows at once, by L-BFGS."""
        network, settings = self.network.train(), self.settings
        network[0].needs_input_grad = False
        params = network.params

        def value(vector):
            unpack(vector, params)
            loss, _, grads = self._loss(X, codes, weight)
            return loss, packed({name: grads[name] for name in params})

        def note(intermediate_result):
            with step("iteration"):
                pass
            self.loss_curve.append(float(intermediate_result.fun))
            if settings.verbose:
                print(f"iteration {len(self.loss_curve)}: loss {intermediate_result.fun:.6f}")

        options = {
            "maxiter": settings.max_iter,
            "gtol": settings.tol / 1000.0,
            "ftol": 64 * np.finfo(float).eps,
        }
        found = minimize(value, packed(params), jac=True, method="L-BFGS-B", options=options, callback=note)
        unpack(found.x, params)
        self.loss, self.n_iter = float(found.fun), int(found.nit)
        self._check_loss("iteration")
        if found.status == 2 and np.abs(found.jac).max() > 1e-3:  # it gave up far from a minimum
            self._warn(
                f"stopped after {found.nit} iterations of lbfgs, without a minimum: {found.message} Scale "
                "the features."
            )
        if found.nit >= settings.max_iter:
            self._warn(
                f"stopped after max_iter={settings.max_iter} iterations of lbfgs. Raise max_iter, or scale "
                "the features."
            )

    def _warn(self, text):
        warnings.warn(f"SoftmaxClassifier {text}", ConvergenceWarning, stacklevel=5)

    def _loss(self, X, codes, weight):
        """Return the loss of a batch; leave its gradients in the network."""
        network, total = self.network, weight.sum()
        params = network.params
        logits = network(X)
        losses, grad = softmax_cross_entropy(
            all_logits(logits), codes, reduction="none", label_smoothing=self.settings.label_smoothing
        )
        share = weight / total
        grad = grad[:, 1:] if logits.shape[1] == 1 else grad
        network.backward((grad * share[:, None]).astype(logits.dtype))
        loss, grads = float(losses @ share), network.grads
        if self.settings.alpha:
            penalty = float(self.settings.alpha / total)  # a number without a type: float32 stays float32
            for name in penalised(params):
                loss += 0.5 * penalty * float(np.vdot(params[name], params[name]))
                grads[name] += params[name] * penalty  # in the layer's own array
        return loss, params, grads

    def _epoch(self, X, codes, weight):
        """Go once over the rows in a random order, a step for each batch; return the mean loss."""
        network, n = self.network.train(), len(X)
        network[0].needs_input_grad = False  # the gradient of the data is not wanted
        size = self.settings.batch_size
        size = min(max(16, min(200, n // 8)) if size == "auto" else size, n)
        starts = list(range(0, n, size))
        if len(starts) > 1 and n - starts[-1] == 1:  # one row has no variance: it joins the batch before
            starts.pop()
        order = self.rng.permutation(n) if len(starts) > 1 else None
        clipped = hidden_weights(network) if self.settings.clipping is not None else ()
        total = 0.0
        for start, stop in zip(starts, [*starts[1:], n], strict=True):
            rows = slice(start, stop) if order is None else order[start:stop]
            loss, params, grads = self._loss(X[rows], codes[rows], weight[rows])
            total += loss * weight[rows].sum()
            for name in clipped:
                grads[name] = adaptive_grad_clip(params[name], grads[name], self.settings.clipping)
            self.optimiser.step(params, grads)
        return total / weight.sum()

    def _accuracy(self, X, codes, weight):
        with no_cache():
            right = all_logits(self.network.eval()(X)).argmax(axis=1) == codes
        return float(weight @ right / weight.sum())

    def _split(self, X, codes, weight):
        """Return rows to train on and rows to judge by; the only row of a class is trained on."""
        seed = int(self.rng.integers(np.iinfo(np.int32).max))
        sizes = np.bincount(codes)
        alone, many = (np.flatnonzero(mask) for mask in (sizes[codes] == 1, sizes[codes] > 1))
        if not len(many):
            raise ValueError(
                "early_stopping=True needs a class of two rows or more, one of them to hold out; received "
                f"{len(codes)} rows of {len(codes)} classes, {self.settings.classes_.tolist()[0]!r} among "
                "them. Pass early_stopping=False, or bring more rows."
            )
        n_classes = int((sizes > 1).sum())
        held = int(np.ceil(self.settings.validation_fraction * len(many)))
        fair = n_classes <= held <= len(many) - n_classes  # each class on both sides
        train, test = train_test_split(
            many,
            test_size=min(held, len(many) - 1),
            random_state=seed,
            stratify=codes[many] if fair else None,
        )
        train = np.concatenate([train, alone])
        return X[train], X[test], codes[train], codes[test], weight[train], weight[test]
