"""One scaler per group of rows: per device, hospital, sensor or ticker."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skprep.compat import CallbackSupportMixin, fit_task
from skprep.frames.eager import as_frame, replace_columns, some_columns
from skprep.frames.keys import as_objects, key_columns
from skprep.frames.lazy import LazyTable, as_lazy
from skprep.frames.partitions import is_partitioned
from skprep.scalers import array_api, checks, lazy, partitions
from skprep.scalers.group_engines import OneCloneEach, RowsOfAStatistic, is_vectorised
from skprep.scalers.group_rows import GroupRows, check_by
from skprep.scalers.standard import StandardScaler
from skprep.statistics.groups import GroupIndex

SHOWN = 5  # groups that a message names


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
    shrinkage : float, "auto" or None, default=None
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
        Parameters of each group, after ``min_group_size`` and ``shrinkage``. For scalers of
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
        What ``shrinkage="auto"`` found: ``"mean"``, ``"between_variance"`` of the true means,
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
        "shrinkage": [None, StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
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
        shrinkage=None,
        units="group",
        keep_by=False,
    ):
        self.scaler = scaler
        self.by = by
        self.handle_unknown = handle_unknown
        self.min_group_size = min_group_size
        self.shrinkage = shrinkage
        self.units = units
        self.keep_by = keep_by

    @_fit_context(prefer_skip_nested_validation=False)
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
        with checks.unchanged_on_error(self):
            self._learn_from(X, y, groups, sample_weight, reset=True)
        return self

    @available_if(lambda self: hasattr(self.scaler, "partial_fit"))
    @_fit_context(prefer_skip_nested_validation=False)
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
        with checks.unchanged_on_error(self):
            reset = not hasattr(self, "groups_")
            self._learn_from(X, y, groups, sample_weight, reset=reset, stream=True)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
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
        with checks.unchanged_on_error(self):
            rows, codes = self._learn_from(X, y, groups, sample_weight, reset=True)
            if codes is None:  # some rows of weight 0 were not learnt from
                return self.transform(X, groups=groups)
            Z = self._engine.transform(rows.features, codes, self.units == "global")
        home = array_api.home_of(X)
        Z = self._put_together(array_api.to_numpy(X), Z)
        return Z if home is None else array_api.send_home(Z, home)

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
        frame = as_lazy(X)
        if frame is not None:
            return self._transform_lazily(frame, groups)
        if is_partitioned(X):
            return self._transform_partitions(X, groups)
        home = array_api.home_of(X)
        X, groups = array_api.to_numpy(X), array_api.to_numpy(groups)
        rows = self._rows.take_apart(self, X, groups)
        codes = self._known(rows.columns)
        Z = self._put_together(X, self._engine.transform(rows.features, codes, self.units == "global"))
        return Z if home is None else array_api.send_home(Z, home)

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
        frame = as_lazy(X)
        if frame is not None:
            return self._transform_lazily(frame, groups, inverse=True)
        if is_partitioned(X):
            return self._transform_partitions(X, groups, inverse=True)
        home = array_api.home_of(X)
        X, groups = array_api.to_numpy(X), array_api.to_numpy(groups)
        rows = self._rows.take_result_apart(self, X, groups)
        codes = self._known(rows.columns)
        original = self._engine.inverse_transform(rows.features, codes, self.units == "global")
        original = self._put_together(X, original, wrap=True)
        return original if home is None else array_api.send_home(original, home)

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
        return self._rows.names_out(self, input_features)

    def to_frame(self):
        """Return what was learnt as a tidy pandas table, one line per group and feature.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the key (``group`` where it has no name), ``feature``, ``n``, ``center``, ``scale``.
        """
        check_is_fitted(self)
        self._demand_vectorised("to_frame")
        names = self._rows.key_names(self)
        keys = self.groups_ if len(names) > 1 else [(key,) for key in self.groups_]
        features = self._rows.feature_names(self)
        shape = (len(keys), len(features))
        table = {
            name: np.repeat(as_objects([key[i] for key in keys]), len(features))
            for i, name in enumerate(names)
        }
        table["feature"] = np.tile(np.array(features, dtype=object), len(keys))
        n = self.n_samples_seen_
        table["n"] = n.ravel()
        for name, values, neutral in (("center", self.center_, 0.0), ("scale", self.scale_, 1.0)):
            values = np.full(shape, neutral) if values is None else array_api.as_numpy(values)
            table[name] = values.ravel()
        return pd.DataFrame(table).infer_objects()

    def _learn_from(self, X, y, groups, sample_weight, *, reset, stream=False, publish=True):
        self._check_settings()
        frame = as_lazy(X)
        if frame is not None:
            return self._learn_lazily(frame, groups, sample_weight, reset), None
        if is_partitioned(X):
            return self._learn_partitions(X, groups, sample_weight, reset), None
        if sparse.issparse(X):
            raise TypeError(
                "GroupScaler does not support sparse input: rows of different groups are centered "
                "differently. Pass X.toarray()."
            )
        X, groups, sample_weight = (array_api.to_numpy(v) for v in (X, groups, sample_weight))
        layout = GroupRows() if reset else self._rows
        inner = clone(self.scaler) if reset else None
        if reset and is_vectorised(inner):
            inner._validate_params()
        rows = layout.learn(self, X, groups, reset=reset)
        n_rows = len(rows.features)
        weight = checks.check_weight(sample_weight, rows.features)
        if reset:
            checks.check_some_weight(weight)
        else:
            checks.check_learnt_alike(self, self._learnt_with, "partial_fit")
        keep = None
        if weight is not None and not weight.all():  # a row of weight 0 is no row
            keep = np.flatnonzero(weight)
            rows, weight = rows.take(keep), weight[keep]
            y = None if y is None else _safe_indexing(indexable(y)[0], keep)
        with fit_task(self, X, y, sample_weight):
            if reset:
                index, codes = GroupIndex.learn(rows.columns)
                places = None
            else:
                index, codes, places = self._index.extended(rows.columns)
            engine = self._new_engine(inner) if reset else self._engine.copy()
            if isinstance(engine, RowsOfAStatistic):
                layout.name_features(engine.scaler)
                with checks.numbered_rows(engine.scaler, keep):
                    learnt = engine.learn(rows.features, codes, len(index), weight, stream)
                    if not engine.is_finite(learnt):
                        checks.refuse_infinity(engine.scaler, rows.features)
                learnt = learnt if places is None else engine.joined(learnt, len(index), places)
                engine.adopt(learnt, publish)
            else:
                y = indexable(y)[0]
                engine.learn(rows.features, y, codes, len(index), places, weight, self.min_group_size)
            self._rows, self._index, self._engine = layout, index, engine
            self._learnt_with = {"by": self.by, "scaler": clone(self.scaler)}
            if publish:
                self._publish()
        return rows, codes if weight is None or len(weight) == n_rows else None

    def _learn_lazily(self, frame, groups, sample_weight, reset):
        if groups is not None:
            lazy.refuse_metadata("groups")
        if sample_weight is not None:
            lazy.refuse_metadata("sample_weight")
        if not is_vectorised(self.scaler):
            raise ValueError(
                "A lazy frame needs a scaler of skprep, which its engine can compute; received "
                f"{type(self.scaler).__name__}. Use one, or collect the frame."
            )
        layout = GroupRows() if reset else self._rows
        if reset:
            layout.learn_names(self, frame.collect_schema().names())
        else:
            checks.check_learnt_alike(self, self._learnt_with, "partial_fit")
        names = list(self.feature_names_in_)
        lazy.known_columns(self, frame.collect_schema().names(), names)
        keys, features = ([names[j] for j in positions] for positions in (layout.by, layout.features))
        table = LazyTable(frame, features, keys)
        engine = RowsOfAStatistic(clone(self.scaler)) if reset else self._engine.copy()
        engine.scaler._validate_params()
        layout.name_features(engine.scaler)
        learnt = engine.learn(table, table.keys, None, None)
        if reset:
            self._adopt(names, table.index, learnt)
            return
        index, places, own = self._index.united(table.index)
        engine.adopt(engine.joined(learnt, len(index), places, own))
        self._index, self._engine = index, engine
        self._publish()

    def _adopt(self, names, index, learnt):
        """Become fitted by what was learnt elsewhere of columns ``names``."""
        self._rows, self._index = GroupRows(), index
        self._rows.learn_names(self, names)
        self._engine = RowsOfAStatistic(clone(self.scaler))
        self._rows.name_features(self._engine.scaler)
        self._engine.adopt(learnt)
        self._learnt_with = {"by": self.by, "scaler": clone(self.scaler)}
        self._publish()

    def _transform_lazily(self, frame, groups, inverse=False):
        if groups is not None:
            lazy.refuse_metadata("groups")
        self._demand_vectorised("transform of a lazy frame")
        return lazy.transform_groups(self, frame, inverse=inverse)

    def _learn_partitions(self, X, groups, sample_weight, reset):
        if groups is not None:
            lazy.refuse_metadata("groups")
        if self.by is None or not is_vectorised(self.scaler):
            raise ValueError(
                "Dask collections need a key column and a scaler of skprep, which merges; received "
                f"by={self.by!r} and {type(self.scaler).__name__}. Name the key in by=, or compute X first."
            )
        partitions.learn(self, X, sample_weight, reset=reset)

    def _transform_partitions(self, X, groups, inverse=False):
        if groups is not None:
            lazy.refuse_metadata("groups")
        return partitions.transform(self, X, inverse=inverse)

    def _scaled_rows(self, frame, keys, features, method):
        """Return the features of a frame in memory scaled; the frame may have other columns too."""
        X = self._rows.as_floats(self, some_columns(frame, features))
        codes = self._known(key_columns(some_columns(frame, keys), range(len(keys))))
        return getattr(self._engine, method)(X, codes, self.units == "global")

    def _read_keys_anew(self, read):
        """Turn every key into what ``read(part, number of its column)`` says: text into what it spells."""
        parts = [key if self._rows.n_keys > 1 else (key,) for key in self._index.keys]
        keys = [tuple(read(part, i) for i, part in enumerate(key)) for key in parts]
        keys = keys if self._rows.n_keys > 1 else [key[0] for key in keys]
        index = GroupIndex(keys)
        order = np.argsort(index.codes_of(keys))
        engine = self._engine
        engine.adopt((engine.statistic.take(order), engine.pooled, engine.sizes[order]))
        self._index = index
        self._publish()

    def _new_engine(self, inner):
        return RowsOfAStatistic(inner) if is_vectorised(inner) else OneCloneEach(inner)

    def _publish_all(self):
        """Work out the learned attributes that batches have left for later."""
        self._engine.scaler._publish_all()
        self._publish()

    def _publish(self):
        self.groups_ = self._index.as_array()
        engine = self._engine
        for name in ("center_", "scale_", "n_samples_seen_", "rank_error_", "exact_", "global_", "prior_"):
            vars(self).pop(name, None)
        published = engine.prepare(self.min_group_size, self.shrinkage, self.units == "global")
        self.scaler_ = engine.scaler
        for name, value in published.items():
            setattr(self, name, value)

    def _check_settings(self):
        if isinstance(self.scaler, type) or not all(hasattr(self.scaler, m) for m in ("fit", "transform")):
            name = self.scaler.__name__ if isinstance(self.scaler, type) else "StandardScaler"
            raise InvalidParameterError(
                "The 'scaler' parameter of GroupScaler must be a scaler, an object with fit and transform; "
                f"received {self.scaler!r}. Pass an instance: GroupScaler({name}(), ...)."
            )
        check_by(self.by)
        vectorised = is_vectorised(self.scaler)
        if self.shrinkage is not None and (not vectorised or not self.scaler._shrinks):
            raise ValueError(
                "shrinkage needs a scaler of skprep with a center or a scale; received "
                f"{type(self.scaler).__name__}. Leave shrinkage out, or set min_group_size."
            )
        moments = isinstance(self.scaler, StandardScaler) and self.scaler.estimator == "moments"
        if self.shrinkage == "auto" and not moments:
            raise ValueError(
                'shrinkage="auto" needs StandardScaler(estimator="moments"); received '
                f"{self.scaler!r}. Pass a number instead: how many rows all others are worth."
            )
        if self.units == "global" and not hasattr(self.scaler, "inverse_transform"):
            raise ValueError(
                'units="global" needs a scaler with inverse_transform; received '
                f'{type(self.scaler).__name__}. Use units="group".'
            )

    def _known(self, columns):
        """Return the codes of rows, unknown groups dealt with as ``handle_unknown`` says."""
        codes, unknown = self._index.encode(columns)
        if not unknown:
            return codes
        if self.handle_unknown == "error":
            self._refuse_unknown(unknown, len(unknown), int((codes < 0).sum()))
        if self.handle_unknown == "global" and (codes < 0).all():
            warnings.warn(
                f"GroupScaler knows none of the groups of these {len(codes)} rows: all get the parameters of "
                f"all training rows. Received {_some(unknown, len(unknown))} in "
                f"{self._rows.key_text(self)}; known are {_some(self._index.keys)}. If they should be "
                'known, mind their types: 1 and "1" are different keys.',
                stacklevel=3,
            )
        everyone, nobody = len(self._index), len(self._index) + 1
        return np.where(codes < 0, everyone if self.handle_unknown == "global" else nobody, codes)

    def _refuse_unknown(self, keys, count, n_rows):
        received = (
            f"GroupScaler knows the {len(self._index)} groups it was fitted on "
            f"({_some(self._index.keys)}); received {count} unknown in "
            f"{self._rows.key_text(self)}, {n_rows} rows: {_some(keys, count)}."
        )
        received += _hint_of_types(self._index.keys, keys)
        error = ValueError(
            f'{received} Fit on rows of these groups too, or pass handle_unknown="global" (the parameters of '
            'all training rows) or "nan".'
        )
        error.received = received  # for the command line, whose advice is another
        raise error

    def _put_together(self, X, values, wrap=False):
        """Return the result: an array, or a frame where key columns stay or ``set_output`` asks."""
        kind = _get_output_config("transform", self)["dense"]
        if not (self.keep_by and self._rows.by):
            # Only what was undone comes here with wrap: the features under the names that they had.
            return as_frame(values, X, kind, lambda: self._rows.feature_names(self)) if wrap else values
        return replace_columns(X, self._rows.features, values, kind)

    def _demand_vectorised(self, what):
        if not isinstance(self._engine, RowsOfAStatistic):
            raise ValueError(
                f"{what} needs a scaler of skprep inside; received {type(self.scaler).__name__}, whose "
                "parameters are its own. Look at scaler_ instead."
            )

    def _join(self, scalers):
        """Take the groups and rows of several fitted scalers, keys aligned."""
        first = scalers[0]
        for number, s in enumerate(scalers):
            s._demand_vectorised("merge")
            checks.check_learnt_alike(self, s._learnt_with, "merge")
            if s._rows.layout() != first._rows.layout():
                raise ValueError(
                    "merge needs scalers whose keys are in the same columns; received one with "
                    f"{s._rows.n_keys} keys at place {number}, or of other names or places than at "
                    "place 0. Fit all parts on the same columns and keys."
                )
        self._rows, self._index, self._learnt_with = first._rows, first._index, first._learnt_with
        self._engine = first._engine.copy()
        for other in scalers[1:]:
            self._index, places, others = self._index.united(other._index)
            learnt = (other._engine.statistic, other._engine.pooled, other._engine.sizes)
            self._engine.adopt(self._engine.joined(learnt, len(self._index), places, others))
        self._publish()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _hint_of_types(known, unknown):
    """Say that keys may be the same in another type, where one side is text and the other numbers."""
    sides = [{isinstance(part, str) for key in keys for part in _parts_of(key)} for keys in (known, unknown)]
    if sides not in ([{True}, {False}], [{False}, {True}]):
        return ""
    text = "text, and those received are not" if sides[0] == {True} else "no text, and those received are"
    return (
        f' The known keys are {text}: 1 and "1" are different keys. Read the column as it was in fit, for '
        "example pd.read_csv(..., dtype=str)."
    )


def _parts_of(key):
    return [part for part in (key if isinstance(key, tuple) else (key,)) if part is not None]


def _some(keys, count=0):
    shown = ", ".join(repr(key) for key in keys[:SHOWN])
    return shown + (", ..." if max(count, len(keys)) > SHOWN else "")
