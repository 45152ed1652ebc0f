"""What every scaler shares: learn a statistic, make a map of it, apply and undo that."""

import threading
from functools import reduce
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from skprep.backends import array_api, backend_of
from skprep.backends.fitted import Fitted
from skprep.compat import (
    CallbackSupportMixin,
    DocumentedMixin,
    check_feature_names,
    check_n_features,
    fit_context,
    fit_task,
    output_kind,
    output_setting,
    wrap_output,
)
from skprep.frames.eager import column_names, named_as, replace_columns, take_columns
from skprep.frames.lazy import LazyTable
from skprep.scalers.limits import finite_only, takes_infinity
from skprep.state import restored_on_error
from skprep.types import Rows, Weights
from skprep.validation.domain import check_domain
from skprep.validation.parameters import check_learnt, check_learnt_alike, features_at, scaled_names
from skprep.validation.rows import SCALED_COLUMNS, check_rows, numbered_rows, refuse_infinity
from skprep.validation.tables import as_floats, as_table, listed, listed_columns, positions_of
from skprep.validation.weights import check_some_weight, check_weight, rows_with_weight

SETTING = threading.RLock()
SET: dict[type, tuple[str, ...]] = {}  # class: the attributes that it sets
PARAMETERS: dict[type, tuple[str, ...]] = {}  # class: its parameters
NOT_LEARNT = ("n_features_in_", "feature_names_in_")  # attributes of the input, not of what was learnt
CENTERING = {"with_mean": "pass", "with_centering": "use"}  # what a sparse matrix asks to be False


class Scaler(DocumentedMixin, CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base of all scalers: which statistic is learnt, and which map it becomes.

    A scaler states four things:

    - ``_statistic()``: the class of its statistic, and the settings that its ``learn`` and ``empty`` take;
    - ``_map(statistic)``: the map of each group of a statistic; a scale of 0 says that a feature is
      constant, NaN that it is unknown;
    - ``_set_fitted_attributes(statistic, learnt)``: the learned attributes, from the one group of a plain
      scaler and its map;
    - ``_map_from_attributes()``: the map of the learned attributes, which people may have set by hand;

    and, where it has to,

    - ``_training_rows(X)``: the rows to learn from, where not all values count;
    - ``_learning_parameters``: the parameters that decide what is learnt, not how it is applied;
    - ``_sparse_formats``: the scipy formats that it takes; those are never centered.

    Groups, lazy frames, Dask, files, merging and documents follow from these.
    """

    _learning_parameters: tuple[str, ...] = ()
    _sparse_formats: str | tuple[str, ...] | bool = False

    def _statistic(self):
        raise NotImplementedError

    def _map(self, statistic):
        raise NotImplementedError

    def _set_fitted_attributes(self, statistic, learnt):
        raise NotImplementedError

    def _map_from_attributes(self):
        raise NotImplementedError

    def _training_rows(self, X):
        return X

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Rows, y: Any = None, *, sample_weight: Weights = None) -> Self:
        """Learn the parameters from the rows of ``X``, forgetting all earlier ones.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Training rows. NaN is a missing value and is left out. A lazy frame (Polars, DuckDB, Spark) is
            learnt by queries of its engine, a Dask array or frame block by block.
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
        with restored_on_error(self):
            return self._learn(X, y, reset=True, sample_weight=sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Rows, y: Any = None, *, sample_weight: Weights = None) -> Self:
        """Learn from a batch of rows on top of those already seen.

        Batches in any number and size give the parameters of one ``fit`` on all rows, up
        to rounding. A batch or column of nothing but NaN changes nothing.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Training rows. NaN is a missing value and is left out.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted scaler.

        Raises
        ------
        ValueError
            As in :meth:`fit`; and if the columns, or a parameter that decides what is learnt, differ from
            those of the earlier rows. The scaler stays as it was.
        """
        with restored_on_error(self):
            first = not hasattr(self, "n_features_in_") and "_learnt" not in vars(self)
            if not first:
                check_learnt(self, "partial_fit")
            return self._learn(X, y, reset=first, stream=True, sample_weight=sample_weight)

    def transform(self, X: Rows) -> Rows:
        """Scale the rows of ``X`` with the learned parameters; each row alone.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Rows with the features seen in ``fit``. NaN stays NaN.

        Returns
        -------
        X_tr : {ndarray, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Scaled rows; float32 and float16 keep their dtype, all else is float64. A frame
            where ``set_output`` asks for one. A lazy frame or Dask collection comes back as one of its kind.

        Raises
        ------
        ValueError
            If the columns are not those of ``fit``, or a value is infinite; it is named by column and row.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        return self._transform(X, self.copy)

    def inverse_transform(self, X: Rows) -> Rows:
        """Undo the scaling: the rows that ``transform`` turned into ``X``.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame, lazy frame, Dask collection} of shape (n_samples, n_features)
            Scaled rows. A frame must have the columns seen in ``fit``, in that order.

        Returns
        -------
        X_original : ndarray, sparse matrix, frame, lazy frame or Dask collection
            Of shape (n_samples, n_features). Rows in the original units; a frame where ``set_output``
            asks for one.

        Raises
        ------
        ValueError
            If the columns are not those of ``fit``, or a value is infinite; it is named by column and row.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        return self._transform(X, self.copy, inverse=True)

    def select(self, features: Any) -> Self:
        """Return the fitted scaler of some of the features.

        So one column, or the target, can be taken back by itself.

        Parameters
        ----------
        features : str, int or sequence of them
            Names or positions, in the order in which the result is to have them.

        Returns
        -------
        scaler : object
            A new fitted scaler of the same class; it goes on learning, merges and is written like any other.

        Raises
        ------
        ValueError
            If it was not fitted on one of them.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.

        Examples
        --------
        >>> import pandas as pd
        >>> from skprep import StandardScaler
        >>> rows = pd.DataFrame({"age": [30.0, 50.0], "price": [100.0, 300.0]})
        >>> scaler = StandardScaler().fit(rows)
        >>> scaler.select("price").inverse_transform([[0.5]])
        array([[250.]])
        """
        check_is_fitted(self)
        self._set_left_attributes()
        n_features = self._n_scaled()
        known = self._places() or list(range(n_features))
        columns = features_at(self, features, known)
        places = [known.index(j) for j in columns]
        twin = self._parameters_of(places)
        twin.n_features_in_ = len(places)
        if hasattr(self, "feature_names_in_"):
            twin.feature_names_in_ = self.feature_names_in_[columns]
        if "_learnt" in vars(self):
            twin._set_statistic(self._learnt[0].columns(places))
            twin._set_left_attributes()
        for name, value in list(vars(self).items()):  # with those that were set by hand
            each = getattr(value, "shape", ()) == (n_features,) and name != "n_samples_seen_"
            if _is_learned(name) and (each or name not in vars(twin)):
                setattr(twin, name, value[places] if each else value)
        return twin

    def _parameters_of(self, places):
        """Return an unfitted clone with the parameters of some of the features."""
        names = scaled_names(self)
        names = list(range(self._n_scaled())) if names is None else list(names)
        whole = {"columns": None} if hasattr(self, "columns") else {}
        return clone(self).set_params(**self._select_parameters(places, names), **whole)

    def _select_parameters(self, places, names):
        return {}

    def inverse_scale(self, S: Rows, at: Rows = None) -> np.ndarray:
        r"""Return standard deviations of scaled values in the units of the features.

        The scale alone is undone, without the shift: for :math:`z = (x - c)/s` it is :math:`s\,\sigma_z`. For
        other functions it is the delta method, :math:`|dx/dz|\,\sigma_z` at the scaled values ``at``: right
        for deviations over which the function is nearly a line.

        Parameters
        ----------
        S : array-like of shape (n_samples, n_features)
            Standard deviations, of predictions for instance.
        at : array-like of shape (n_samples, n_features), default=None
            The scaled values that they belong to. :class:`LogScaler` needs them, for others it is all the
            same.

        Returns
        -------
        S_original : ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If a deviation is negative or infinite, or ``at`` is missing where it is needed.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.

        Examples
        --------
        >>> from skprep import LogScaler, StandardScaler
        >>> StandardScaler().fit([[100.0], [300.0]]).inverse_scale([[0.5]])
        array([[50.]])
        >>> scaler = LogScaler(offset=0.0).fit([[1.0], [100.0]])
        >>> scaler.inverse_scale([[0.01]], at=scaler.transform([[100.0]])).round(6)
        array([[1.]])
        """
        check_is_fitted(self)
        self._set_left_attributes()
        S = self._of_scaled(S)
        if (S < 0).any():
            raise ValueError(
                f"inverse_scale takes standard deviations, 0 or more; received {S[S < 0][0]:g}. Pass the "
                "root of the variance."
            )
        refuse_infinity(self, S)
        learnt = self._map_from_attributes()
        if at is None and not learnt.is_linear:
            raise ValueError(
                f"inverse_scale of {type(self).__name__} needs the scaled values that the deviations belong "
                "to; received at=None. Pass at=, what transform gave or the model predicted."
            )
        at = np.zeros(S.shape) if learnt.is_linear else self._of_scaled(at)
        return S * learnt.slope(at)

    def _of_scaled(self, S):
        """Return numbers for the columns that are scaled, as floats."""
        if self._places() is None:
            return check_rows(self, S, named=False)
        names, own = column_names(S), scaled_names(self)
        S = as_floats(self, as_table(self, S))
        if S.shape[1] != self._n_scaled() or (names is not None and own is not None and names != list(own)):
            expected = self._n_scaled() if own is None else listed(own)
            raise ValueError(
                f"inverse_scale takes one column for each that is scaled: {expected}; received "
                f"{S.shape[1] if names is None else listed(names)}. Pass those columns, in that order."
            )
        return S

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, X, y=None, *, reset, stream=False, set_attributes=True, sample_weight=None):
        """Learn from rows wherever they are; ``set_attributes=False`` leaves the attributes for later."""
        how = {"reset": reset, "stream": stream, "set_attributes": set_attributes}
        return backend_of(X).learn(self, X, y, sample_weight=sample_weight, **how)

    def _learn_rows(self, X, y, *, reset, stream, set_attributes, sample_weight):
        """Learn from rows in memory."""
        X = self._checked(X, reset)
        weight = check_weight(sample_weight, X)
        if sparse.issparse(X):
            self._check_sparse("center")
        if reset:
            check_some_weight(weight)
        else:
            check_learnt_alike(self, self._learnt[1], "partial_fit")
        with fit_task(self, X, y, sample_weight):
            rows = rows_with_weight(weight)
            if rows is not None:
                X, weight = X[rows], weight[rows]
            with numbered_rows(self, rows):
                learnt = self._learn_statistic(X, None, 1, weight, stream)
            self._add_statistic(learnt, reset, set_attributes)
        return self

    def _checked(self, X, reset):
        """Return the columns to scale, of training rows, as floats."""
        if (getattr(self, "columns", None) if reset else self._places()) is None:
            vars(self).pop(SCALED_COLUMNS, None)
            return check_rows(self, X, reset=reset, sparse_formats=self._sparse_formats)
        return self._some_of(X, reset=reset)[1]

    def _places(self):
        """Return the positions of the columns that are scaled, as the last fit was told; None: all."""
        return vars(self).get(SCALED_COLUMNS)

    def _n_scaled(self):
        """Return the number of columns that are scaled."""
        places = self._places()
        return self.n_features_in_ if places is None else len(places)

    def _some_of(self, X, reset=False, named=True):
        """Return a table, and those of its columns that are scaled as floats."""
        if sparse.issparse(X):
            raise TypeError(
                f"{type(self).__name__} scales some of the columns of an array or a frame; received a sparse "
                "matrix and columns. Leave columns out, or pass X.toarray()."
            )
        X = as_table(self, X)
        names = column_names(X)
        if named or names is not None:
            check_feature_names(self, named_as(X), reset=reset)
        check_n_features(self, X, reset=reset)
        if reset:
            self._note_columns(names)
        places = self._places()
        return X, as_floats(self, take_columns(X, places), places)

    def _note_columns(self, names):
        """Keep which columns are scaled, for what comes, and for messages."""
        vars(self).pop(SCALED_COLUMNS, None)
        if getattr(self, "columns", None) is not None:
            given = listed_columns(self.columns), names, self.n_features_in_
            vars(self)[SCALED_COLUMNS] = positions_of(*given, "columns", type(self).__name__)

    def _note_columns_again(self):
        """Do that for number and names of columns that are known already."""
        names = getattr(self, "feature_names_in_", None)
        self._note_columns(None if names is None else list(names))

    def _learn_frame(self, frame, names, *, reset):
        """Learn from a lazy frame, whose engine computes the statistic."""
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
            self._note_columns(list(names))
        else:
            check_learnt_alike(self, self._learnt[1], "partial_fit")
        places = self._places()
        scaled = names if places is None else [names[j] for j in places]
        self._add_statistic(self._learn_statistic(LazyTable(frame, scaled)), reset)

    def _learn_statistic(self, X, codes=None, n_groups=1, sample_weight=None, stream=False):
        """Return the statistic of rows, per group; refuse an infinite value."""
        kind, settings = self._statistic()
        X = self._finite(X)
        in_memory = not hasattr(X, "summarise")
        if in_memory and not kind.shows_infinity:
            refuse_infinity(self, X)
        rows = self._training_rows(X)
        learnt = kind.learn(rows, codes, n_groups, sample_weight, stream=stream, **settings)
        if in_memory and kind.shows_infinity and not learnt.is_finite():
            refuse_infinity(self, X)
        return learnt

    def _finite(self, X):
        """Return the rows to learn from, infinite values left out where they are allowed."""
        return finite_only(X) if takes_infinity(self) else X

    def _add_statistic(self, learnt, reset, set_attributes=True):
        whole = learnt if reset else self._learnt[0].merge(learnt)
        self._set_statistic(whole, set_attributes, waits=not reset and whole.waits)

    def _merge(self, scalers):
        """Take what several fitted scalers have learnt together."""
        self._note_columns_again()
        for scaler in scalers:
            check_learnt(scaler, "merge")
            check_learnt_alike(self, scaler._learnt[1], "merge")
        self._set_statistic(reduce(lambda a, b: a.merge(b), (s._learnt[0] for s in scalers)))

    def _learnt_state(self):
        """Return what was learnt: what :meth:`_restore` takes."""
        check_learnt(self, "to_json")
        return self._learnt[0]

    def _restore(self, statistic):
        """Become fitted by what was learnt elsewhere."""
        self._note_columns_again()
        self._set_statistic(statistic)

    def _set_statistic(self, statistic, set_attributes=True, waits=False):
        """Set the fitted state: what was learnt, and the attributes that follow from it."""
        decisive = {name: getattr(self, name) for name in self._learning_parameters}
        if hasattr(self, "columns"):  # of a list a copy, which nobody changes
            several = self.columns is not None and not isinstance(self.columns, str | Integral)
            decisive["columns"] = list(self.columns) if several else self.columns
        self._learnt = statistic, decisive
        vars(self).pop("_unset", None)
        if set_attributes and (waits or statistic.is_costly):
            self._leave_attributes()
        elif set_attributes:
            self._set_attributes()

    def _set_all(self):
        """Set the learned attributes that batches have left for later."""
        vars(self).pop("_unset", None)
        self._set_attributes()

    def _set_attributes(self):
        statistic = self._learnt[0]
        learnt = self._map(statistic).with_constants()
        self._set_fitted_attributes(statistic, learnt)
        if type(self) not in SET:  # seen on a twin that has none yet
            twin = object.__new__(type(self))
            vars(twin).update({name: v for name, v in vars(self).items() if not _is_learned(name)})
            before = set(vars(twin))
            twin._set_fitted_attributes(statistic, learnt)
            SET[type(self)] = tuple(name for name in vars(twin) if name not in before)

    def _leave_attributes(self):
        """Let the learned attributes be worked out when somebody looks, by the parameters of now."""
        if type(self) not in SET:  # a process in which none was fitted yet: which there are is not known
            self._set_attributes()
            return
        for name in SET[type(self)]:
            vars(self).pop(name, None)
        if type(self) not in PARAMETERS:  # by introspection, which is slow
            PARAMETERS[type(self)] = tuple(self.get_params(deep=False))
        self._unset = {name: getattr(self, name) for name in PARAMETERS[type(self)]}

    def _set_left_attributes(self):
        """Work out what was left for later; looking changes nothing else, whoever looks at the same time."""
        if "_unset" not in vars(self):
            return
        with SETTING:
            parameters = vars(self).get("_unset")
            if parameters is None:
                return
            twin = object.__new__(type(self))
            vars(twin).update(vars(self), **parameters)
            twin._set_attributes()
            absent = [name for name in SET[type(self)] if name not in vars(self)]  # others were set by hand
            vars(self).update({name: vars(twin)[name] for name in absent})
            del self._unset  # last: until then others wait here

    def __getattr__(self, name):
        """Work out a learned attribute that a stream has left for later; only what is absent comes here."""
        if _is_learned(name) and "_unset" in vars(self):
            self._set_left_attributes()
        if name in vars(self):
            return vars(self)[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self):
        """List what there is, the learned attributes among it."""
        self._set_left_attributes()
        return super().__dir__()

    def __getstate__(self):
        """Return the state to copy and pickle: with all learned attributes."""
        self._set_left_attributes()
        return super().__getstate__()

    # --- applying ------------------------------------------------------------------------------

    def _transform(self, X, copy, inverse=False):
        self._set_left_attributes()  # before attributes are walked over, which may not grow meanwhile
        if "n_features_in_" not in vars(self):
            check_is_fitted(self)
        return backend_of(X).transform(self, X, inverse=inverse, copy=copy)

    def _transform_rows(self, X, inverse=False, copy=True):
        """Scale rows in memory, or undo it."""
        if self._places() is not None:
            table, features = self._some_of(X, named=not inverse)
            Z = self._apply(features, features, True, inverse)
            return replace_columns(table, self._places(), Z, output_kind(self))
        named = {"named": False} if inverse else {}
        rules = {"sparse_formats": self._sparse_formats, "writeable": not copy, **named}
        checked = check_rows(self, X, **rules)
        Z = self._apply(checked, X, copy, inverse)
        # A global setting alone leaves an array an array: scikit-learn's own tools count on that.
        asked = inverse and (output_setting(self) is not None or column_names(X) is not None)
        return wrap_output(self, Z, X) if asked and not sparse.issparse(Z) else Z

    def _apply(self, X, given, copy, inverse):
        """Apply the map to checked rows, in a new array unless theirs may be reused."""
        learnt = self._map_from_attributes()
        if sparse.issparse(X):
            return self._apply_to_sparse(learnt, X, copy, inverse)
        # An array converted from integers is ours already, and free of infinities.
        ours = isinstance(given, np.ndarray) and given.dtype.kind in "iub" and not learnt.has_domain
        out = X if ours or not copy else np.empty_like(X, subok=False)
        if not inverse:
            learnt.check_dtype(X.dtype)
        if not copy:  # a refusal halfway would leave the caller's array half scaled
            self._refuse(learnt, X, inverse)
        if learnt.write(X, out, undo=inverse) and out is not X:
            self._refuse(learnt, X, inverse)
        return out

    def _refuse(self, learnt, X, inverse=False, codes=None):
        """Refuse rows with an infinite value, or one outside the domain of the map."""
        if inverse or not takes_infinity(self):
            refuse_infinity(self, X)
        if not inverse:
            check_domain(self, learnt, X, codes)

    def _apply_to_sparse(self, learnt, X, copy, inverse):
        """Apply the map to the stored values, as one long column whose groups are the columns."""
        self._check_sparse("uncenter" if inverse else "center")
        bounds = learnt.bounds
        if not inverse and bounds is not None and not bounds[0] <= 0 <= bounds[1]:
            raise ValueError(
                f"clip must hold 0 for a sparse matrix, whose zeros are not stored; received {bounds!r}. "
                "Pass a dense array, or bounds on both sides of 0."
            )
        self._refuse(learnt, X, inverse)
        X = X.copy() if copy else X
        X.sum_duplicates()  # or a cell stored in parts would be clipped in parts
        by_row = X.format == "csr"
        column = X.indices if by_row else np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
        values = X.data.reshape(-1, 1)
        learnt.transposed().write(values, values, column.astype(np.intp, copy=False), undo=inverse)
        return X

    def _fitted(self):
        """Return columns and map, for backends and languages."""
        self._set_left_attributes()
        places = self._places()
        features = list(range(self.n_features_in_)) if places is None else places
        own = None if places is None else self._transform_features
        return Fitted.of(
            self,
            features=features,
            learnt=self._map_from_attributes(),
            transform_features=own,
            whole=places is not None,
        )

    def _transform_features(self, features, beside, method):
        """Return the columns that are scaled, of a frame in memory that may lack the others."""
        X = as_floats(self, features, self._places())
        return self._apply(X, X, True, method == "inverse_transform")

    def _check_sparse(self, verb):
        """Refuse a sparse matrix where its zeros would have to be filled in."""
        name = next((name for name in CENTERING if getattr(self, name, False)), None)
        if name is not None:
            raise ValueError(
                f"Cannot {verb} sparse matrices: {CENTERING[name]} `{name}=False` instead, so that zeros "
                f"stay zeros; received a sparse matrix and {name}=True. X.toarray() takes the memory of a "
                "dense array and allows both."
            )

    def _attribute(self, name):
        """Return a learned attribute as one row, a NumPy array even after a fit on arrays from elsewhere."""
        value = getattr(self, name)
        if type(value) is not np.ndarray:
            value = array_api.as_numpy(value)
        return None if value is None else np.asarray(value, dtype=np.float64)[None]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.array_api_support = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        centers = any(getattr(self, name, False) for name in CENTERING)
        tags.input_tags.sparse = bool(self._sparse_formats) and not centers
        return tags


def _is_learned(name):
    return name.endswith("_") and not name.startswith("_") and name not in NOT_LEARNT
