"""One scaler per group of rows: per device, hospital, sensor or ticker."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skprep.backends import array_api, backend_of, memory
from skprep.backends.fitted import Fitted
from skprep.compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    check_feature_names,
    check_n_features,
    fit_context,
    fit_task,
    output_kind,
    safe_indexing,
)
from skprep.frames.eager import as_frame, column_names, named_as, replace_columns
from skprep.frames.keys import as_objects, key_columns
from skprep.frames.lazy import LazyTable
from skprep.groups.cloned import Cloned
from skprep.groups.keys import as_list
from skprep.groups.layout import Layout, Table, as_table
from skprep.groups.settings import check_lazy, check_settings, warn_of_no_key
from skprep.groups.vectorized import Vectorized, concatenated, is_vectorized
from skprep.state import restored_on_error
from skprep.statistics.groups import GroupIndex
from skprep.validation.parameters import check_learnt_alike
from skprep.validation.rows import numbered_rows
from skprep.validation.unknown import codes_of
from skprep.validation.weights import check_some_weight, check_weight, rows_with_weight


class GroupScaler(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    r"""Scale the rows of each group with parameters learnt from that group's training rows.

    .. math:: z = (x - c_{g}) / s_{g}

    with :math:`g` the group of the row (its CT device, hospital, machine, ticker) and
    :math:`c_g, s_g` the center and scale that ``scaler`` learns from the training rows of that group.

    Parameters
    ----------
    scaler : transformer
        What is done in each group. The scalers of skprep are learnt for all groups in one pass over
        the rows. Any other scikit-learn transformer works too, cloned once per group.
    by : str, int or list of them, default=None
        The key: one or several columns of ``X``, by name in a frame or by position. They
        are not scaled. None: the key comes as metadata, ``fit(X, groups=...)`` and
        ``transform(X, groups=...)``, which a Pipeline forwards after
        ``set_fit_request(groups=True).set_transform_request(groups=True)``. Some of scikit-learn's
        tools drop metadata before ``transform``; a column arrives everywhere.
    handle_unknown : {"error", "global", "nan"}, default="error"
        What ``transform`` does with a group that was not in the training rows: raise a
        ValueError that names it; use the parameters of all training rows; return NaN.
    min_group_size : int, default=1
        A group with fewer values of a feature than this, however they weigh, gets the parameters of
        all training rows for that feature. So a feature that is missing throughout a group stays
        finite. For a scaler that is not of skprep, rows are counted instead of values.
    smooth : float, "auto" or None, default=None
        How far small groups are drawn towards all rows. A number k gives the group the weight
        :math:`n / (n + k)` and the parameters of all rows the rest. ``"auto"`` (for
        :class:`StandardScaler`) takes as much as the data support, by empirical Bayes:
        means towards the pooled mean, spreads towards the typical spread within groups. None:
        every group by itself.
    units : {"group", "global"}, default="group"
        ``"group"`` returns what ``scaler`` gives, z-scores for instance. ``"global"`` puts that back
        on the scale of all training rows: location-scale harmonisation, the devices in one unit.
    keep_by : bool, default=False
        Keep the key columns in the result, as they are and where they are, so that
        ``inverse_transform`` finds them. A frame then comes back as a frame.

    Attributes
    ----------
    groups_ : ndarray of shape (n_groups,)
        The keys, sorted; tuples where there are several key columns; None for a missing key.
    center_, scale_ : ndarray of shape (n_groups, n_features) or None
        Parameters of each group, after ``min_group_size`` and ``smooth``. For scalers of
        skprep.
    n_samples_seen_ : ndarray of shape (n_groups, n_features)
        Number of training values, or sum of their weights. For scalers of skprep.
    global_ : tuple of two ndarrays of shape (n_features,)
        Center and scale of all training rows. For scalers of skprep.
    rank_error_ : ndarray of shape (n_groups, n_features)
        How far the rank of a quantile may be off, 0 where it is exact. For :class:`RobustScaler`; that of
        all rows, ``global_``, is in ``scaler_.rank_error_``.
    exact_ : bool
        Whether the quantiles of all groups and of all rows are exact. For :class:`RobustScaler`.
    prior_ : dict
        What ``smooth="auto"`` found: ``"mean"``, ``"between_variance"`` of the true means,
        typical ``"variance"`` within a group, and its ``"degrees_of_freedom"``.
    scaler_ : transformer
        ``scaler`` fitted to all training rows.
    n_features_in_ : int
        Number of columns of ``X``, key columns included.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where ``X`` has names that are strings.

    Raises
    ------
    ValueError
        In ``transform``: for an unknown group under ``handle_unknown="error"``, and for metadata
        ``groups`` that came to ``fit`` but not to ``transform``.

    Notes
    -----
    Keys: equal numbers are one group whatever their type (1 and 1.0), the string ``"1"`` is another. A
    missing key (None, NaN, NA, NaT, null) is a group of its own. The same table gives the same groups
    in pandas, Polars, PyArrow and NumPy.

    A group of one row, or one in which a feature is constant, has spread 0: its scale is 1 and its
    rows become 0 (with StandardScaler). With ``units="global"`` its scale is that of all rows, so that it
    is shifted and no more. A group without a value of a feature has the parameters of all rows there.

    Where every row of a call belongs to an unknown group, ``handle_unknown="global"`` warns, for rows in
    memory: most often the keys have another type than in ``fit``.

    References
    ----------
    Johnson, Li & Rabinovic (2007), "Adjusting batch effects in microarray expression data using
    empirical Bayes methods", Biostatistics 8(1), 118-127.
    Smyth (2004), "Linear models and empirical Bayes methods for assessing differential expression
    in microarray experiments", Statistical Applications in Genetics and Molecular Biology 3(1), 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from skprep import GroupScaler, StandardScaler
    >>> scans = pd.DataFrame({"device": ["a", "a", "b", "b"], "hu": [10.0, 30.0, 110.0, 150.0]})
    >>> scaler = GroupScaler(StandardScaler(), by="device").fit(scans)
    >>> scaler.transform(scans)
    array([[-1.],
           [ 1.],
           [-1.],
           [ 1.]])
    >>> scaler.to_frame()
      device feature  n  center  scale
    0      a      hu  2    20.0   10.0
    1      b      hu  2   130.0   20.0

    A device that arrives later, and the devices in one unit:

    >>> new = pd.DataFrame({"device": ["a", "c"], "hu": [10.0, 75.0]})
    >>> scaler.set_params(handle_unknown="global").transform(new)
    array([[-1.],
           [ 0.]])
    >>> GroupScaler(StandardScaler(), by="device", units="global").fit(scans).transform(scans).round()
    array([[ 18.],
           [132.],
           [ 18.],
           [132.]])
    """

    _parameter_constraints = {
        "scaler": "no_validation",  # by _check_settings, whose message says what to do
        "by": [None, str, Integral, list, tuple],
        "handle_unknown": [StrOptions({"error", "global", "nan"})],
        "min_group_size": [Interval(Integral, 1, None, closed="left")],
        "smooth": [None, StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "units": [StrOptions({"group", "global"})],
        "keep_by": ["boolean"],
    }

    def __init__(
        self,
        scaler,
        *,
        by=None,
        handle_unknown="error",
        min_group_size=1,
        smooth=None,
        units="group",
        keep_by=False,
    ):
        self.scaler = scaler
        self.by = by
        self.handle_unknown = handle_unknown
        self.min_group_size = min_group_size
        self.smooth = smooth
        self.units = units
        self.keep_by = keep_by

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, groups=None, sample_weight=None):
        """Learn the parameters of each group from its rows of ``X``, forgetting all earlier ones.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_columns)
            Training rows: the features, and the key columns where ``by`` names some. NaN in a
            feature is a missing value and is left out.
        y : array-like of shape (n_samples,), default=None
            Handed to a scaler that is not of skprep; else ignored.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, with ``by=None``. Without it all rows form one group, with a warning.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted scaler.
        """
        with restored_on_error(self):
            self._learn(X, y, reset=True, groups=groups, sample_weight=sample_weight)
        return self

    @available_if(lambda self: hasattr(self.scaler, "partial_fit"))
    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None, *, groups=None, sample_weight=None):
        """Learn from a batch of rows on top of those already seen; new groups may come with any.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_columns)
            Training rows.
        y : array-like of shape (n_samples,), default=None
            Handed to a scaler that is not of skprep; else ignored.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, with ``by=None``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted scaler.
        """
        with restored_on_error(self):
            first = not hasattr(self, "groups_")
            self._learn(X, y, reset=first, stream=True, groups=groups, sample_weight=sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y=None, *, groups=None, sample_weight=None):
        """Fit to ``X`` and transform it; ``groups`` goes to both.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_columns)
            Training rows.
        y : array-like of shape (n_samples,), default=None
            Handed to a scaler that is not of skprep; else ignored.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, with ``by=None``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        X_tr : {ndarray, frame} of shape (n_samples, n_features_out)
            Scaled rows.
        """
        with restored_on_error(self):
            learnt = self._learn(X, y, reset=True, groups=groups, sample_weight=sample_weight)
            if backend_of(X) is memory and learnt is not None:  # the keys are looked up already
                return self._transform_table(X, *learnt)
            return self.transform(X, groups=groups)

    def transform(self, X, *, groups=None):
        """Scale each row with the parameters of its group.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_columns)
            Rows with the columns seen in ``fit``.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, where ``fit`` had ``groups``.

        Returns
        -------
        X_tr : {ndarray, frame} of shape (n_samples, n_features_out)
            Scaled rows, in the order of the columns of ``X``; without the key columns unless
            ``keep_by=True``. float32 stays float32. A frame where ``set_output`` asks for one.
        """
        check_is_fitted(self)
        return backend_of(X).transform(self, X, groups=groups)

    @available_if(lambda self: hasattr(self.scaler, "inverse_transform"))
    def inverse_transform(self, X, *, groups=None):
        """Undo the scaling.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features_out)
            What ``transform`` returned: with the key columns where ``keep_by=True``.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, unless ``keep_by=True``.

        Returns
        -------
        X_original : {ndarray, frame} of shape (n_samples, n_features_out)
            Rows in the original units, key columns as they came.
        """
        check_is_fitted(self)
        return backend_of(X).transform(self, X, inverse=True, groups=groups)

    def get_metadata_routing(self):
        """Return what metadata the methods ask for: never ``groups`` where the key is a column.

        Returns
        -------
        routing : MetadataRequest
        """
        routing = super().get_metadata_routing()
        if self.by is not None:
            for method in ("fit", "partial_fit", "transform", "inverse_transform"):
                getattr(routing, method).add_request(param="groups", alias=False)
        return routing

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of ``X``; None: those seen in ``fit``, or x0, x1, ...

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        return self._layout.names_out(self, input_features)

    def to_frame(self):
        """Return what was learnt as a tidy pandas table, one line per group and feature.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the key (``group`` where it has no name), ``feature``, ``n``, ``center``, ``scale``.
        """
        check_is_fitted(self)
        self._check_vectorized("to_frame")
        names = self._layout.key_names(self)
        keys = self.groups_ if len(names) > 1 else [(key,) for key in self.groups_]
        features = self._layout.scaled_names(self)
        shape = (len(keys), len(features))
        table = {
            name: np.repeat(as_objects([key[i] for key in keys]), len(features))
            for i, name in enumerate(names)
        }
        table["feature"] = np.tile(np.array(features, dtype=object), len(keys))
        table["n"] = self.n_samples_seen_.ravel()
        for name in self._engine.learnt.parameters:
            values = getattr(self, f"{name}_")
            neutral = 1.0 if name == "scale" else 0.0
            values = np.full(shape, neutral) if values is None else array_api.as_numpy(values)
            table[name] = values.ravel()
        return pd.DataFrame(table).infer_objects()

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, X, y=None, *, reset, stream=False, publish=True, groups=None, sample_weight=None):
        """Learn from rows wherever they are; ``publish=False`` leaves the learned attributes for later."""
        check_settings(self)
        metadata = {"groups": groups, "sample_weight": sample_weight}
        return backend_of(X).learn(self, X, y, reset=reset, stream=stream, publish=publish, **metadata)

    def _learn_rows(self, X, y, *, reset, stream, publish, groups, sample_weight):
        """Learn from rows in memory; return the table and codes where all of them were learnt from."""
        layout, table = self._read(X, groups, reset)
        weight = check_weight(sample_weight, table.features)
        if reset:
            check_some_weight(weight)
        else:
            check_learnt_alike(self, self._learnt_with, "partial_fit")
        rows = rows_with_weight(weight)
        some = table
        if rows is not None:
            some, weight = table.take(rows), weight[rows]
            y = None if y is None else safe_indexing(indexable(y)[0], rows)
        with fit_task(self, X, y, sample_weight):
            places = None
            if reset:
                index, codes = GroupIndex.learn(some.keys)
            else:
                index, codes, places = self._index.extended(some.keys)
            engine = self._engine.copy() if not reset else self._new_engine(layout)
            if isinstance(engine, Vectorized):
                with numbered_rows(engine.scaler, rows):
                    learnt = engine.learn(some.features, codes, len(index), weight, stream)
                learnt = learnt if reset else engine.merged(learnt, len(index), places)
                engine.set(learnt, publish)
            else:
                y = indexable(y)[0]
                engine.learn(some.features, y, codes, len(index), places, weight, self.min_group_size)
            self._set_fitted_state(layout, index, engine, publish)
        return (table, codes) if rows is None else None

    def _read(self, X, groups, reset):
        """Return the layout and the rows of a training table."""
        if sparse.issparse(X):
            raise TypeError(
                "GroupScaler does not support sparse input: rows of different groups are centered "
                "differently. Pass X.toarray()."
            )
        groups, X = as_list(groups), as_table(self, X)
        if not reset:
            return self._layout, self._layout.take_apart(self, X, groups)
        check_feature_names(self, named_as(X), reset=True)
        check_n_features(self, X, reset=True)
        layout = Layout.of(self.by, column_names(X), X.shape[1], groups)
        warn_of_no_key(self, groups)
        return layout, layout.take_apart(self, X, groups, training=True)

    def _new_engine(self, layout):
        return Vectorized(self.scaler, layout) if is_vectorized(self.scaler) else Cloned(clone(self.scaler))

    def _learn_frame(self, frame, names, *, reset):
        """Learn from a lazy frame, whose engine computes the statistics."""
        check_lazy(self)
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
        else:
            check_learnt_alike(self, self._learnt_with, "partial_fit")
        layout = Layout.of(self.by, list(names), len(names)) if reset else self._layout
        engine = Vectorized(self.scaler, layout) if reset else self._engine.copy()
        keys, features = ([names[j] for j in positions] for positions in (layout.by, layout.features))
        table = LazyTable(frame, features, keys)
        learnt, index = engine.learn(table, table.keys, None, None), table.index
        if not reset:
            index, places, own = self._index.union(table.index)
            learnt = engine.merged(learnt, len(index), places, own)
        engine.set(learnt)
        self._set_fitted_state(layout, index, engine)

    def _merge(self, scalers):
        """Take the groups and rows of several fitted scalers, keys aligned."""
        first = scalers[0]
        for number, s in enumerate(scalers):
            s._check_vectorized("merge")
            check_learnt_alike(self, s._learnt_with, "merge")
            if s._layout.place() != first._layout.place():
                raise ValueError(
                    "merge needs scalers whose keys are in the same columns; received one with "
                    f"{s._layout.n_keys} keys at place {number}, or of other names or places than at "
                    "place 0. Fit all parts on the same columns and keys."
                )
        index, engine = first._index, first._engine.copy()
        for other in scalers[1:]:
            index, places, others = index.union(other._index)
            engine.set(engine.merged(other._engine.state(), len(index), places, others))
        self._set_fitted_state(first._layout, index, engine)

    def _concatenate(self, scalers):
        """Take what several have learnt of different features of the same rows; keys come first."""
        first = scalers[0]
        keys = list(first.feature_names_in_[list(first._layout.by)])
        names = keys + [name for s in scalers for name in s._layout.feature_names]
        self._restore(names, first._index, concatenated([s._engine for s in scalers]))
        return self

    def _restore(self, names, index, learnt, layout=None):
        """Become fitted by what was learnt elsewhere; ``names`` of the columns, or how many there are."""
        if isinstance(names, int):
            self.n_features_in_ = names
        else:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
        layout = Layout.of(self.by, list(names), len(names)) if layout is None else layout
        engine = Vectorized(self.scaler, layout)
        engine.set(learnt)
        self._set_fitted_state(layout, index, engine)

    def _learnt_state(self):
        """Return layout, groups and what was learnt of them: what :meth:`_restore` takes."""
        return self._layout, self._index, self._engine.state()

    def _set_fitted_state(self, layout, index, engine, publish=True):
        """Set all that a fitted GroupScaler has: the one place where that is done."""
        self._layout, self._index, self._engine = layout, index, engine
        self._learnt_with = {"by": self.by, "scaler": clone(self.scaler)}
        if publish:
            self._set_attributes()

    def _set_all(self):
        """Set the learned attributes that batches have left for later."""
        if isinstance(self._engine, Vectorized):
            self._engine.scaler._set_all()
        self._set_attributes()

    def _set_attributes(self):
        kept = ("groups_", "scaler_", "n_features_in_", "feature_names_in_")
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_") and n not in kept]:
            delattr(self, name)
        self.groups_ = self._index.as_array()
        learnt = self._engine.prepare(self.min_group_size, self.smooth, self.units == "global")
        self.scaler_ = self._engine.scaler
        for name, value in learnt.items():
            setattr(self, name, value)

    def _set_keys(self, read):
        """Turn every key into what ``read(part, number of its column)`` says: text into what it spells."""
        n_keys = self._layout.n_keys
        parts = [key if n_keys > 1 else (key,) for key in self._index.keys]
        keys = [tuple(read(part, i) for i, part in enumerate(key)) for key in parts]
        keys = keys if n_keys > 1 else [key[0] for key in keys]
        index = GroupIndex(keys)
        order = np.argsort(index.codes_of(keys))
        statistic, pooled, sizes = self._engine.state()
        self._engine.set((statistic.take(order), pooled, sizes[order]))
        self._set_fitted_state(self._layout, index, self._engine)

    # --- applying ------------------------------------------------------------------------------

    def _transform_rows(self, X, inverse=False, copy=True, groups=None):
        """Scale rows in memory, or undo it."""
        groups, X = as_list(groups), as_table(self, X)
        if inverse:
            table = self._layout.take_result_apart(self, X, groups)
        else:
            table = self._layout.take_apart(self, X, groups)
        return self._transform_table(X, table, self._codes(table), inverse)

    def _transform_table(self, X, table, codes, inverse=False):
        method = self._engine.inverse_transform if inverse else self._engine.transform
        return self._put_together(X, method(table.features, codes, self.units == "global"), wrap=inverse)

    def _transform_features(self, features, keys, method):
        """Return features scaled, or that undone, by the keys of a frame beside them."""
        X = self._layout.as_floats(self, features)
        table = Table(X, key_columns(keys, range(self._layout.n_keys)))
        return getattr(self._engine, method)(X, self._codes(table), self.units == "global")

    def _put_together(self, X, values, wrap=False):
        """Return the result: an array, or a frame where key columns stay or ``set_output`` asks."""
        kind = output_kind(self)
        if not (self.keep_by and self._layout.by):
            # Only what was undone comes here with wrap: the features under the names that they had.
            return as_frame(values, X, kind, lambda: self._layout.scaled_names(self)) if wrap else values
        return replace_columns(X, list(self._layout.features), values, kind)

    def _fitted(self):
        """Return columns, groups and map, for backends and languages."""
        self._check_vectorized("A lazy frame or a document")
        return Fitted.of(
            self,
            keys=self._layout.by,
            features=self._layout.features,
            learnt=self._engine.learnt,
            index=self._index,
            pooled=self._engine.everyone if self.units == "global" else None,
            handle_unknown=self.handle_unknown,
            key_text=self._layout.key_text(self),
        )

    def _codes(self, table):
        return codes_of(self._index, table.keys, self.handle_unknown, lambda: self._layout.key_text(self))

    def _check_vectorized(self, what):
        if not isinstance(self._engine, Vectorized):
            raise ValueError(
                f"{what} needs a scaler of skprep inside; received {type(self.scaler).__name__}, whose "
                "parameters are its own. Look at scaler_ instead."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
