"""The one walk that every scaler takes: check, learn, transform, undo."""

import threading
from functools import reduce

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import check_is_fitted

from skprep.compat import CallbackSupportMixin, fit_task
from skprep.frames.eager import column_names
from skprep.frames.expressions import multiply_and_add, subtract_and_divide
from skprep.frames.lazy import as_lazy
from skprep.frames.partitions import is_partitioned
from skprep.kernels.affine import clip_to, scale_array, unscale_array
from skprep.kernels.blocks import folded_blocks
from skprep.kernels.chosen import apply_affine, undo_affine
from skprep.scalers import array_api, checks, lazy, partitions

PUBLISHING = threading.RLock()
HUGE = 2.0**1022  # two such numbers may differ by more than float64 holds


class AffineScaler(CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base of all scalers: ``fit`` learns a center and a scale, ``transform`` applies them.

    A scaler is the recipe for the two. It states

    - ``_learn(X, codes, n_groups, sample_weight)``: the statistic of these rows;
    - ``_empty(n_groups, n_features)``: that statistic of no rows;
    - ``_center_spread(statistic)``: center and spread, ``(n_groups, n_features)`` or None each;
      a spread of 0 says constant, NaN unknown;
    - ``_publish(statistic)``: the learned attributes, from the one group of a plain scaler;
    - ``_vectors()``: center and scale of the fitted scaler, from the learned attributes;

    and, where it departs from ``(x - center) / scale``, ``_forward`` and ``_backward``, their twins for
    lazy frames ``_forward_steps`` and ``_backward_steps``, and ``_bounds`` (what results
    are clipped to).
    """

    _learning_parameters = ()  # those that decide what is learnt, not how it is applied
    _published = ()  # learned attributes that a stream leaves for whoever looks at them first
    _sparse_formats = False  # scipy formats that transform takes; they are never centered

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, sample_weight=None):
        """Learn the parameters from the rows of ``X``, forgetting all earlier ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. NaN is a missing value and is left out.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. A weight of 2 equals the row twice, 0
            leaves it out.

        Returns
        -------
        self : object
            Fitted scaler.

        Raises
        ------
        ValueError
            If ``X`` has no row or an infinite value, or a weight is negative or all are 0.
            The scaler stays as it was.
        """
        with checks.unchanged_on_error(self):
            return self._learn_from(X, y, sample_weight, reset=True)

    def transform(self, X):
        """Scale the rows of ``X`` with the learned parameters; each row alone.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows with the features seen in ``fit``. NaN stays NaN.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features)
            Scaled rows; float32 and float16 keep their dtype, all else is float64. A frame
            where ``set_output`` asks for one.
        """
        return self._transform(X, self.copy)

    def inverse_transform(self, X):
        """Undo the scaling: the rows that ``transform`` turned into ``X``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Scaled rows. A frame must have the columns seen in ``fit``, in that order.

        Returns
        -------
        X_original : {ndarray, sparse matrix} of shape (n_samples, n_features)
            Rows in the original units; a frame where ``set_output`` asks for one.
        """
        return self._inverse_transform(X, self.copy)

    def _learn_from(self, X, y, sample_weight, *, reset, stream=False, publish=True):
        """Learn from rows: afresh with ``reset``; with ``stream`` in a way that more rows can follow.

        ``publish=False`` leaves the learned attributes for later, where many batches follow one another.
        """
        frame = as_lazy(X)
        if frame is not None:
            return lazy.learn(self, frame, sample_weight, reset=reset)
        if is_partitioned(X):
            return partitions.learn(self, X, sample_weight, reset=reset)
        home = array_api.home_of(X)
        if home is not None:
            weight = array_api.to_numpy(sample_weight)
            self._learn_from(array_api.to_numpy(X), y, weight, reset=reset, stream=stream)
            self._publish_left()
            array_api.send_attributes_home(self, home)
            return self
        formats = ("csr", "csc") if self._sparse_formats else False
        X = checks.check_rows(self, X, reset=reset, sparse_formats=formats)
        weight = checks.check_weight(sample_weight, X)
        if sparse.issparse(X):
            self._check_sparse("center")
        if reset:
            checks.check_some_weight(weight)
        else:
            checks.check_learnt_alike(self, self._learnt_with, "partial_fit")
        with fit_task(self, X, y, sample_weight):
            rows = None
            if weight is not None and not weight.all():  # a row of weight 0 is no row, whatever is in it
                rows = np.flatnonzero(weight)
                X, weight = X[rows], weight[rows]
            with checks.numbered_rows(self, rows):
                if not self._shows_infinity:
                    checks.refuse_infinity(self, X)
                learnt = (self._learn_batch if stream else self._learn)(X, sample_weight=weight)
                if self._shows_infinity and not learnt.is_finite():
                    checks.refuse_infinity(self, X)
            self._set_statistic(learnt if reset else self._statistic.merge(learnt), publish)
        return self

    def _learn_batch(self, X, codes=None, n_groups=1, sample_weight=None):
        """Return the statistic of rows that others will follow."""
        return self._learn(X, codes, n_groups, sample_weight)

    def _join(self, scalers):
        """Take what several fitted scalers have learnt together."""
        for scaler in scalers:
            checks.check_learnt(scaler, "merge")
            checks.check_learnt_alike(self, scaler._learnt_with, "merge")
        self._set_statistic(reduce(lambda a, b: a.merge(b), (s._statistic for s in scalers)))

    def _set_statistic(self, statistic, publish=True):
        self._statistic = statistic
        self._learnt_with = {name: getattr(self, name) for name in self._learning_parameters}
        vars(self).pop("_to_publish", None)
        if publish:
            self._publish(statistic)

    def _publish_all(self):
        """Work out the learned attributes that batches have left for later."""
        self._set_statistic(self._statistic)

    def _leave_unpublished(self):
        """Let the learned attributes be worked out when somebody looks, by the parameters of now."""
        for name in self._published:
            vars(self).pop(name, None)
        self._to_publish = self.get_params(deep=False)

    def _publish_left(self):
        """Work out what was left for later; looking changes nothing else, whoever looks at the same time."""
        if "_to_publish" not in vars(self):
            return
        with PUBLISHING:
            parameters = vars(self).get("_to_publish")
            if parameters is None:
                return
            twin = object.__new__(type(self))
            vars(twin).update(vars(self), **parameters)
            twin._publish(self._statistic)
            vars(self).update({name: vars(twin)[name] for name in self._published})
            del self._to_publish  # last: until then others wait here

    def __getattr__(self, name):
        """Work out a learned attribute that a stream has left for later; only what is absent comes here."""
        if name in type(self)._published and "_statistic" in vars(self):
            self._publish_left()
            if name in vars(self):
                return vars(self)[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self):
        """Return the state to copy and pickle: with all learned attributes."""
        self._publish_left()
        return super().__getstate__()

    def _center_scale(self, statistic):
        """Return center and scale: the spread, with 1 for a constant."""
        center, spread = self._center_spread(statistic)
        return center, None if spread is None else np.where(spread == 0, 1.0, spread)

    def _transform(self, X, copy):
        self._publish_left()  # before attributes are walked over, which may not grow meanwhile
        check_is_fitted(self)
        frame = as_lazy(X)
        if frame is not None:
            return lazy.transform(self, frame)
        if is_partitioned(X):
            return partitions.transform(self, X)
        array_api.check_same_home(self, X, "transform")
        home = array_api.home_of(X)
        if home is not None:
            return array_api.send_home(self._transform_array(array_api.to_numpy(X), copy), home)
        return self._transform_array(X, copy)

    def _transform_array(self, X, copy):
        checked = checks.check_rows(self, X, sparse_formats=self._sparse_formats, writeable=not copy)
        return self._walk(checked, X, self._forward, copy, clip=self._bounds())

    def _inverse_transform(self, X, copy):
        self._publish_left()  # before attributes are walked over, which may not grow meanwhile
        check_is_fitted(self)
        frame = as_lazy(X)
        if frame is not None:
            return lazy.transform(self, frame, inverse=True)
        if is_partitioned(X):
            return partitions.transform(self, X, inverse=True)
        array_api.check_same_home(self, X, "inverse_transform")
        home = array_api.home_of(X)
        if home is not None:
            return array_api.send_home(self._inverse_transform_array(array_api.to_numpy(X), copy), home)
        return self._inverse_transform_array(X, copy)

    def _inverse_transform_array(self, X, copy):
        checked = checks.check_rows(
            self, X, sparse_formats=self._sparse_formats, writeable=not copy, named=False
        )
        original = self._walk(checked, X, self._backward, copy, clip=None)
        # A global setting alone leaves an array an array: scikit-learn's own tools count on that.
        asked = "_sklearn_output_config" in vars(self) or column_names(X) is not None
        if sparse.issparse(original) or not asked:
            return original
        return _wrap_data_with_container("transform", original, X, self)

    def _walk(self, X, given, step, copy, clip):
        """Take ``X`` block by block through ``step``, into a new array unless it may be reused."""
        if not copy:  # a refusal halfway would leave the caller's array half scaled
            checks.refuse_infinity(self, X)
        if step == self._forward:
            self._check_domain(X, self._vectors())
        if sparse.issparse(X):
            return self._walk_sparse(X, step, copy, clip)
        # An array converted from integers is ours already, and free of infinities.
        ours = isinstance(given, np.ndarray) and given.dtype.kind in "iub"
        out = X if ours or not copy else np.empty_like(X, subok=False)
        vectors = self._vectors()
        if self._is_affine():
            rows = [v if v is None else v[None] for v in vectors]
            if affine(X, *rows, out, undo=step == self._backward, bounds=clip) and out is not X:
                checks.refuse_infinity(self, X)
            return out
        for x, o, own in folded_blocks(X, out, vectors):
            step(x, *own, o)
            if out is not X and not np.isfinite(o).all() and np.isinf(x).any():
                checks.refuse_infinity(self, X)
            if clip is not None:
                clip_to(o, clip)
        return out

    def _walk_sparse(self, X, step, copy, clip):
        self._check_sparse("uncenter" if step == self._backward else "center")
        if clip is not None and not clip[0] <= 0 <= clip[1]:
            raise ValueError(
                "clip must hold 0 for a sparse matrix, whose zeros are not stored; received "
                f"{clip!r}. Pass a dense array, or bounds on both sides of 0."
            )
        checks.refuse_infinity(self, X)
        X = X.copy() if copy else X
        X.sum_duplicates()  # or a cell stored in parts would be clipped in parts
        by_row = X.format == "csr"
        column = X.indices if by_row else np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
        _, scale = self._vectors()
        step(X.data, None, None if scale is None else scale[column], X.data)
        if clip is not None:
            clip_to(X.data, clip)
        return X

    def _step_vectors(self, center, scale, statistic):
        """Return what ``_forward`` and ``_backward`` take, for groups: one row each."""
        return center, scale

    def _learnt(self, name):
        """Return a learned attribute, as a NumPy array even after a fit on arrays from elsewhere."""
        return array_api.as_numpy(getattr(self, name))

    def _is_affine(self):
        """Say whether ``_forward`` is ``(x - center) / scale`` and nothing more."""
        return True

    def _forward(self, x, center, scale, out):
        scale_array(x, center, scale, out)

    def _backward(self, x, center, scale, out):
        unscale_array(x, center, scale, out)

    def _forward_steps(self):
        """Return ``_forward`` as functions of expressions ``(x, center, scale)``, one after the other."""
        return [subtract_and_divide]

    def _backward_steps(self):
        return [multiply_and_add]

    def _bounds(self):
        return None

    def _has_domain(self):
        """Say whether a number outside of a domain is an error."""
        return False

    def _check_domain(self, X, vectors, first_row=0):
        """Refuse rows that ``_forward`` has no answer for; most scalers have one for every number."""

    def _check_sparse(self, verb):
        """Refuse a sparse matrix where the scaler would have to fill in its zeros."""

    _shrinks = True  # center and scale may be drawn towards those of all rows
    _shows_infinity = True  # the statistic is not finite when a row is not

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.array_api_support = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def affine(X, center, scale, out, codes=None, undo=False, bounds=None, huge=None):
    """Center and scale the rows of ``X``, or undo it; say whether ``X`` had an infinity.

    ``center`` and ``scale``, of shape ``(n_groups, n_features)``, may be None each; both only without
    ``codes``, for nothing else says how many groups there are. ``huge``: the columns with parameters near the
    end of float64, where they are known already.
    """
    shape = next((v.shape for v in (center, scale) if v is not None), (1, X.shape[1]))
    nothing = -0.0 if undo else 0.0  # adding -0.0 changes no number, not even -0.0
    center = np.full(shape, nothing) if center is None else np.ascontiguousarray(center, dtype=np.float64)
    scale = np.ones(shape) if scale is None else np.ascontiguousarray(scale, dtype=np.float64)
    huge = huge_columns(center, scale) if huge is None else huge
    given = X[:, huge].astype(np.float64) if huge.size else None
    with np.errstate(over="ignore" if huge.size else "warn"):
        infinite = (
            undo_affine(X, center, scale, out, codes)
            if undo
            else (apply_affine(X, center, scale, out, codes, bounds))
        )
    if huge.size:
        _affine_in_halves(given, center[:, huge], scale[:, huge], out, codes, undo, bounds, huge)
    return infinite


def huge_columns(center, scale):
    """Return the columns in which two values may differ by more than float64 holds."""
    huge = np.zeros(center.shape[1], dtype=bool)
    for values in (center, scale):
        huge |= (np.abs(values) > HUGE).any(axis=0)  # NaN is not
    return np.flatnonzero(huge)


def _affine_in_halves(x, center, scale, out, codes, undo, bounds, columns):
    """Write what :func:`affine` does to some columns of ``out``, where it could leave float64 on the way."""
    wide, center, scale = np.empty(x.shape), center * 0.5, scale * 0.5
    with np.errstate(over="ignore"):
        if undo:
            undo_affine(x, center, scale, wide, codes)
            wide *= 2.0
        else:
            x *= 0.5
            apply_affine(x, center, scale, wide, codes, bounds)
        out[:, columns] = wide


class StreamingMixin:
    """``partial_fit`` for the scalers whose statistic merges."""

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, *, sample_weight=None):
        """Learn from a batch of rows on top of those already seen.

        Batches in any number and size give the parameters of one ``fit`` on all rows, up
        to rounding. A batch or column of nothing but NaN changes nothing.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. NaN is a missing value and is left out.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted scaler.
        """
        with checks.unchanged_on_error(self):
            first = not hasattr(self, "n_features_in_") and not hasattr(self, "_statistic")
            if not first:
                checks.check_learnt(self, "partial_fit")
            return self._learn_from(X, y, sample_weight, reset=first, stream=True)
