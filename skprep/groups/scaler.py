"""One scaler per group of rows: per device, hospital, sensor or ticker."""

from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skprep.backends import array_api, backend_of, memory
from skprep.compat import CallbackSupportMixin, DocumentedMixin, Interval, StrOptions, fit_context
from skprep.frames.keys import as_objects
from skprep.groups.state import GroupState
from skprep.state import restored_on_error
from skprep.types import Keys, Rows, Weights
from skprep.validation.parameters import features_at


class GroupScaler(DocumentedMixin, CallbackSupportMixin, TransformerMixin, GroupState):
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
    reference : object, default=None
        With ``units="global"``: the group whose units those are, as its key stands in its column (a tuple for
        several columns). Its own rows stay as they are. None: the units of all training rows.
    controls : dict, default=None
        Learn from some of the rows only, and apply to all: ``{"treatment": "DMSO"}`` names the columns that
        tell them, by name or position, and the value that control rows have there, or a list of values; of
        several columns all must hold. These columns are not scaled, and ``transform`` does without them
        unless ``keep_by=True``. What is said here of training rows is true of control rows: a group
        without one is unknown, and ``n`` in :meth:`to_frame` counts their values. With ``by=None`` and no
        ``groups`` one scaling serves all rows. A batch of ``partial_fit`` without a control teaches nothing.
    columns : list of str or int, default=None
        The columns of ``X`` to scale, by name or position. All others, text and dates too, pass through as
        they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame of
        its kind. None: all columns but those of the key and of controls.
    keep_by : bool, default=False
        Keep the key columns in the result, as they are and where they are, so that
        ``inverse_transform`` finds them. A frame then comes back as a frame.

    Attributes
    ----------
    groups_ : ndarray of shape (n_groups,)
        The keys, sorted; tuples where there are several key columns; None for a missing key.
    center_, scale_ : ndarray of shape (n_groups, n_features) or None
        Parameters of each group, after ``min_group_size`` and ``smooth``. For scalers of skprep with a
        center or a scale; of :class:`MinMaxScaler` minimum and range.
    offset_, data_min_ : ndarray of shape (n_groups, n_features)
        The same for :class:`LogScaler`.
    global_center_, global_scale_, global_offset_, global_data_min_ : ndarray of shape (n_features,)
        Those of all training rows.
    n_samples_seen_ : ndarray of shape (n_groups, n_features)
        Number of training values, or sum of their weights. For scalers of skprep.
    rank_error_ : ndarray of shape (n_groups, n_features)
        How far the rank of a quantile may be off, 0 where it is exact. For :class:`RobustScaler`; that of
        all rows is in ``scaler_.rank_error_``.
    exact_ : bool
        Whether the quantiles of all groups and of all rows are exact. For :class:`RobustScaler`.
    prior_ : dict
        What ``smooth="auto"`` found: ``"mean"``, ``"between_variance"`` of the true means,
        typical ``"variance"`` within a group, and its ``"degrees_of_freedom"``.
    scaler_ : transformer
        ``scaler`` fitted to all training rows.
    n_features_in_ : int
        Number of columns of ``X``, key columns included.
    feature_names_in_ : ndarray of shape (n_features,)
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

    ``handle_unknown`` and ``keep_by`` may be set after ``fit`` and count at once; all other parameters at the
    next ``fit``.

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
        "reference": "no_validation",  # by the groups that are there
        "controls": [None, dict],
        "columns": "no_validation",  # by the layout
        "keep_by": ["boolean"],
    }

    def __init__(
        self,
        scaler: Any,
        *,
        by: str | int | list[str] | list[int] | None = None,
        handle_unknown: Literal["error", "global", "nan"] = "error",
        min_group_size: int = 1,
        smooth: float | Literal["auto"] | None = None,
        units: Literal["group", "global"] = "group",
        reference: Any = None,
        controls: dict[Any, Any] | None = None,
        columns: Any = None,
        keep_by: bool = False,
    ) -> None:
        self.scaler = scaler
        self.by = by
        self.handle_unknown = handle_unknown
        self.min_group_size = min_group_size
        self.smooth = smooth
        self.units = units
        self.reference = reference
        self.controls = controls
        self.columns = columns
        self.keep_by = keep_by

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Rows, y: Any = None, *, groups: Keys = None, sample_weight: Weights = None) -> Self:
        """Learn the parameters of each group from its rows of ``X``, forgetting all earlier ones.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
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

        Raises
        ------
        ValueError
            If ``X`` has no row, an infinite value or no column to scale, ``by`` names no column of it, or a
            weight is negative or all are 0. The scaler stays as it was.
        """
        with restored_on_error(self):
            self._learn(X, y, reset=True, groups=groups, sample_weight=sample_weight)
        return self

    @available_if(lambda self: hasattr(self.scaler, "partial_fit"))
    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self, X: Rows, y: Any = None, *, groups: Keys = None, sample_weight: Weights = None
    ) -> Self:
        """Learn from a batch of rows on top of those already seen; new groups may come with any.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
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

        Raises
        ------
        ValueError
            As in :meth:`fit`; and if the columns, ``by`` or ``scaler`` differ from those of the earlier rows.
            The scaler stays as it was.
        """
        with restored_on_error(self):
            first = not hasattr(self, "groups_")
            self._learn(X, y, reset=first, stream=True, groups=groups, sample_weight=sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(
        self, X: Rows, y: Any = None, *, groups: Keys = None, sample_weight: Weights = None
    ) -> Rows:
        """Fit to ``X`` and transform it; ``groups`` goes to both.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
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

    def transform(self, X: Rows, *, groups: Keys = None) -> Rows:
        """Scale each row with the parameters of its group.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            Rows with the columns seen in ``fit``.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, where ``fit`` had ``groups``.

        Returns
        -------
        X_tr : {ndarray, frame} of shape (n_samples, n_features_out)
            Scaled rows, in the order of the columns of ``X``; without the key columns unless
            ``keep_by=True``. float32 stays float32. A frame where ``set_output`` asks for one. A lazy frame
            or Dask collection comes back as one of its kind, with all its columns.

        Raises
        ------
        ValueError
            For an unknown group under ``handle_unknown="error"``, which is named; for metadata ``groups``
            that came to ``fit`` but not here; if columns are not those of ``fit``, or a value is infinite.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        if "groups_" not in vars(self):
            check_is_fitted(self)
        return backend_of(X).transform(self, X, groups=groups)

    @available_if(lambda self: hasattr(self.scaler, "inverse_transform"))
    def inverse_transform(self, X: Rows, *, groups: Keys = None) -> Rows:
        """Undo the scaling.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_features_out)
            What ``transform`` returned: with the key columns where ``keep_by=True``.
        groups : array-like of shape (n_samples,) or (n_samples, n_keys), default=None
            The key of each row, unless ``keep_by=True``.

        Returns
        -------
        X_original : {ndarray, frame} of shape (n_samples, n_features_out)
            Rows in the original units, key columns as they came.

        Raises
        ------
        ValueError
            As in :meth:`transform`; and where nothing says which group a row belongs to.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        check_is_fitted(self)
        return backend_of(X).transform(self, X, inverse=True, groups=groups)

    def select(self, features: Any) -> Self:
        """Return the fitted estimator of some of the features.

        Parameters
        ----------
        features : str, int or sequence of them
            Names, or positions in the ``X`` of ``fit``, in the order in which the result is to have them.
            In the table that the new one takes, columns of the key come first.

        Returns
        -------
        scaler : GroupScaler
            A new fitted scaler; it goes on learning, merges and is written like any other. For a scaler of
            skprep inside.

        Raises
        ------
        ValueError
            If it was not fitted on one of them.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        check_is_fitted(self)
        self._check_vectorized("select")
        return self._selected(features_at(self, features, self._layout.features))

    def get_metadata_routing(self) -> Any:
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

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
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

    def to_frame(self) -> pd.DataFrame:
        """Return what was learnt as a tidy pandas table, one line per group and feature.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the key (``group`` where it has no name), ``feature``, ``n``, and the parameters:
            ``center`` and ``scale``, or ``offset`` and ``data_min``.
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
