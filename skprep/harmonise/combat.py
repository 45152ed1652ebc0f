"""ComBat: sites made alike, what covariates explain kept, without needing a row twice."""

from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skprep.backends import backend_of
from skprep.compat import CallbackSupportMixin, DocumentedMixin, Interval, StrOptions, fit_context
from skprep.frames.keys import as_objects
from skprep.harmonise.state import HarmoniseState
from skprep.state import restored_on_error
from skprep.types import Rows, Weights
from skprep.validation.parameters import features_at


class ComBat(DocumentedMixin, CallbackSupportMixin, TransformerMixin, HarmoniseState, BaseEstimator):
    r"""Remove the effect of the site from each feature, and keep what covariates explain.

    A site is a scanner, a hospital, a plate, a batch.

    .. math:: x = a + (z - \bar z)\beta + \sqrt{v}\,(\gamma_b + \sqrt{\delta_b}\,\epsilon)
              \quad\longrightarrow\quad a + (z - \bar z)\beta + \sqrt{v}\,\epsilon

    for each feature, with z the covariates of the row, :math:`\beta` learnt within sites, v the variance
    that sites and covariates leave, and :math:`\gamma_b, \delta_b` the shift and variance of site b in
    units of that. Empirical Bayes draws the shifts and variances of a site towards what it does to all
    features, the more so the fewer rows it has.

    Equal to R's ``sva::ComBat``, to rounding. Learnt from counts, means and sums of products per site, which
    merge: ``partial_fit`` takes rows in batches, and :func:`~skprep.merge` fits of several hospitals.

    Parameters
    ----------
    by : str, int or list of them
        The site: one or several columns of ``X``, by name in a frame or by position. Every column that is
        named neither here nor in ``covariates`` nor in ``controls`` is a feature: drop ids and the target
        first.
    covariates : sequence of str or int, default=()
        Columns of ``X`` whose effect is to stay (age, sex). Text, booleans and categories are
        one-hot with the levels of ``fit``; numbers enter as they are. They must be known in every row, in
        ``transform`` too. Never name the target: harmonised by the target, features know it, in the test
        rows as well.
    smooth : dict, default=None
        Covariates that are numbers and whose effect may be a curve: ``{"age": 5}`` gives the number of
        columns of a basis of cubic B-splines, from 3 on, without a penalty, with knots at quantiles of the
        first training rows and their ends as bounds. ``{"age": {"knots": [40, 60], "bounds": (18, 90)}}``
        gives the knots, which parts that are to be merged must have in common. A number outside counts as
        the bound, with a warning.
    reference : object, default=None
        A site, as it stands in its column (a tuple for several columns), that stays as it is; the others are
        brought to it. None: sites are brought to their common mean.
    empirical_bayes : bool, default=True
        False takes each site's own shift and variance of each feature.
    parametric : bool, default=True
        Priors are a normal distribution of the shifts and an inverse gamma distribution of the variances.
        False: they are the other features, weighted by how well their shift and variance explain the rows.
        It takes time by the square of the number of features, and little memory.
    mean_only : bool, default=False
        Remove shifts and leave variances as they are.
    handle_unknown : {"error", "nan", "global"}, default="error"
        What ``transform`` does with a site that is not known: raise a ValueError that names it; return NaN;
        return its rows as they are, no site effect removed. See :meth:`add_sites` for the better way.
    keep_by : bool, default=False
        Keep the columns of site and covariates in the result, so that ``inverse_transform`` finds them.
    controls : dict, default=None
        Learn from some of the rows only, and apply to all: ``{"treatment": "DMSO"}``; see
        :class:`~skprep.GroupScaler`.
    columns : list of str or int, default=None
        The columns of ``X`` to harmonise, by name or position. All others, text and dates too, pass through
        as they are and where they are, in ``inverse_transform`` as well, and a frame comes back as a frame
        of its kind. None: all columns but those of site, covariates and controls.
    max_iter : int, default=1000
        At most so many steps of the parametric estimates, for which ten are usual.
    tol : float, default=1e-4
        They end where none changes by a larger share.

    Attributes
    ----------
    groups_ : ndarray of shape (n_sites,)
        The sites, sorted; tuples where there are several key columns; None for a missing key.
    covariate_names_ : list of str
        The columns of the design: a number by its name, a level as ``name_level``, a column of a basis of
        splines as ``name_spline1``.
    coef_ : ndarray of shape (n_features, n_covariates)
        :math:`\beta`; 0 for the first level of each covariate.
    intercept_ : ndarray of shape (n_features,)
        What a row has whose covariates are all 0, without a site: :math:`a - \bar z\beta`.
    pooled_variance_ : ndarray of shape (n_features,)
        v, with the number of rows as divisor; of the reference, where there is one.
    gamma_, delta_ : ndarray of shape (n_sites, n_features)
        Shift and variance of each site that ``transform`` removes.
    gamma_mean_, gamma_variance_ : ndarray of shape (n_sites,)
        The prior of the shifts of each site. NaN where there is none.
    delta_shape_, delta_scale_ : ndarray of shape (n_sites,)
        The prior of the variances: shape and scale of an inverse gamma distribution. NaN where there is none.
    n_samples_seen_ : ndarray of shape (n_sites, n_features)
        Number of training values, or sum of their weights.
    n_iter_ : int
        Steps that the parametric estimates took, of the site that took most; 1 where there is nothing to
        repeat.
    n_features_in_ : int
        Number of columns of ``X``, those of site and covariates included.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` has names that are strings.

    Notes
    -----
    A missing value (NaN) of a feature is left out when learning, and stays. Each feature has its own counts;
    the divisor of v is the number of values, whether some are missing or not (``sva`` changes to N - 1 then).

    A site of one row, or of one value of a feature, is shifted and no more (``sva`` treats all sites so,
    once there is one). So is a site in which a feature is constant (``sva`` leaves such a feature as it is
    at all sites); it says nothing of the prior. A feature that is constant at all sites, or explained by
    site and covariates, has no v: it is shifted to the common mean. A site without a value of a feature
    leaves that feature as it is.

    A feature with gaps takes from the covariates what its own rows say: where it has no row of a level,
    nothing of that level.

    Weights count rows: a weight of 2 is the row twice.

    ``handle_unknown`` and ``keep_by`` may be set after ``fit`` and count at once.

    What a document of it reveals (:func:`~skprep.to_json`): for each site the number of rows, the means and
    variances of the features, the means of the covariates, and the sums of products of the covariates with
    each other and with the features. No row; but of a site of one row the means are the row.

    References
    ----------
    Johnson, Li & Rabinovic (2007), "Adjusting batch effects in microarray expression data using
    empirical Bayes methods", Biostatistics 8(1), 118-127.
    Pomponio et al. (2020), "Harmonization of large MRI datasets for the analysis of brain imaging patterns
    throughout the lifespan", NeuroImage 208, 116450: curves of age.
    Leek et al. (2012), "The sva package for removing batch effects and other unwanted variation in
    high-throughput experiments", Bioinformatics 28(6), 882-883.
    Fortin et al. (2018), "Harmonization of cortical thickness measurements across scanners and sites",
    NeuroImage 167, 104-120.

    Examples
    --------
    >>> import pandas as pd
    >>> from skprep import ComBat
    >>> scans = pd.DataFrame({
    ...     "site": ["a", "a", "a", "b", "b", "b"],
    ...     "age": [30.0, 40.0, 50.0, 50.0, 60.0, 70.0],
    ...     "thickness": [2.9, 2.8, 2.6, 3.6, 3.5, 3.3],
    ...     "volume": [9.1, 8.9, 8.8, 9.9, 9.6, 9.5],
    ... })
    >>> combat = ComBat("site", covariates=["age"]).set_output(transform="pandas").fit(scans)
    >>> combat.transform(scans).round(2)
       thickness  volume
    0       3.40    9.64
    1       3.30    9.44
    2       3.10    9.34
    3       3.11    9.34
    4       2.99    9.07
    5       2.81    8.95

    The hospitals each keep their rows:

    >>> import numpy as np
    >>> from skprep import merge
    >>> parts = [ComBat("site", covariates=["age"]).partial_fit(s) for _, s in scans.groupby("site")]
    >>> bool(np.allclose(merge(parts).gamma_, combat.gamma_))
    True
    """

    _parameter_constraints = {
        "by": [str, Integral, list, tuple],
        "covariates": "no_validation",  # by _check_covariates
        "smooth": [None, dict],
        "reference": "no_validation",  # by the sites that are there
        "empirical_bayes": ["boolean"],
        "parametric": ["boolean"],
        "mean_only": ["boolean"],
        "handle_unknown": [StrOptions({"error", "global", "nan"})],
        "keep_by": ["boolean"],
        "controls": [None, dict],
        "columns": "no_validation",  # by the layout
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        by: str | int | list[str] | list[int],
        *,
        covariates: Any = (),
        smooth: dict[Any, Any] | None = None,
        reference: Any = None,
        empirical_bayes: bool = True,
        parametric: bool = True,
        mean_only: bool = False,
        handle_unknown: Literal["error", "global", "nan"] = "error",
        keep_by: bool = False,
        controls: dict[Any, Any] | None = None,
        columns: Any = None,
        max_iter: int = 1000,
        tol: float = 1e-4,
    ) -> None:
        self.by = by
        self.covariates = covariates
        self.smooth = smooth
        self.reference = reference
        self.empirical_bayes = empirical_bayes
        self.parametric = parametric
        self.mean_only = mean_only
        self.handle_unknown = handle_unknown
        self.keep_by = keep_by
        self.controls = controls
        self.columns = columns
        self.max_iter = max_iter
        self.tol = tol

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Rows, y: Any = None, *, sample_weight: Weights = None) -> Self:
        """Learn what covariates explain and what each site does, forgetting all earlier rows.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            Training rows: site, covariates and features. NaN in a feature is a missing value.
        y : array-like of shape (n_samples,), default=None
            The target; a covariate equal to it is refused. Else ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted.

        Raises
        ------
        ValueError
            If ``X`` has no row, an infinite value or no feature; if ``by`` or ``covariates`` name no
            columns of it; if a covariate is missing in a row, equals ``y``, or cannot be told apart from
            the site; if the reference is no site of ``X``. The estimator stays as it was.
        """
        with restored_on_error(self):
            return self._learn(X, y, reset=True, sample_weight=sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Rows, y: Any = None, *, sample_weight: Weights = None) -> Self:
        """Learn from a batch of rows on top of those already seen; new sites and levels may come with any.

        Batches in any number and size give one ``fit`` on all rows, up to rounding. A batch need not be
        enough by itself (one hospital without the reference, one sex alone): then ``transform`` says what is
        missing until further batches, or :func:`~skprep.merge`, have brought it.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            Training rows.
        y : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            Fitted.

        Raises
        ------
        ValueError
            As in :meth:`fit`; and if columns or parameters differ from those of the earlier rows. The
            estimator stays as it was.
        """
        with restored_on_error(self):
            first = "_statistic" not in vars(self)
            return self._learn(X, y, reset=first, stream=True, sample_weight=sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def add_sites(self, X: Rows, y: Any = None, *, sample_weight: Weights = None) -> Self:
        """Learn the effects of new sites, and move nothing else.

        Coefficients, pooled variance and the effects of the sites that are known stay to the last bit: rows
        harmonised before need not be harmonised anew.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            Rows of sites that are not known yet.
        y : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : object
            With the sites added to ``groups_``.

        Raises
        ------
        ValueError
            As in :meth:`fit`; and if a site is known, or a covariate has a level that is not. The estimator
            stays as it was.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.

        Examples
        --------
        >>> import numpy as np
        >>> from skprep import ComBat
        >>> rng = np.random.default_rng(0)
        >>> X = np.column_stack([np.repeat([1, 2], 50), rng.normal(size=(100, 3))])
        >>> combat = ComBat(by=0).fit(X)
        >>> new = np.column_stack([np.full(30, 3), rng.normal(5.0, size=(30, 3))])
        >>> combat.add_sites(new).groups_.tolist(), bool((abs(combat.transform(new).mean(axis=0)) < 1).all())
        ([1, 2, 3], True)
        """
        check_is_fitted(self)
        with restored_on_error(self):
            return self._add(X, y, sample_weight)

    def transform(self, X: Rows) -> Rows:
        """Return the features without the effects of the sites; each row alone.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            Rows with the columns seen in ``fit``.

        Returns
        -------
        X_tr : {ndarray, frame} of shape (n_samples, n_features_out)
            In the units of ``X``, in the order of its columns; without those of site and covariates unless
            ``keep_by=True``. float32 stays float32. A frame where ``set_output`` asks for one.

        Raises
        ------
        ValueError
            For an unknown site under ``handle_unknown="error"``, and for a covariate that is missing or of
            an unknown level; they are named. If columns are not those of ``fit``, or a value is infinite.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        check_is_fitted(self)
        return backend_of(X).transform(self, X)

    def inverse_transform(self, X: Rows) -> Rows:
        """Put the effects of the sites back.

        Parameters
        ----------
        X : {array-like, frame, lazy frame, Dask collection} of shape (n_samples, n_columns)
            What ``transform`` returned under ``keep_by=True``: with the columns of site and covariates.

        Returns
        -------
        X_original : {ndarray, frame} of shape (n_samples, n_columns)
            As it was before, to rounding; the columns of site and covariates as they came.

        Raises
        ------
        ValueError
            As in :meth:`transform`; and where the columns of site and covariates are not there.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        check_is_fitted(self)
        return backend_of(X).transform(self, X, inverse=True)

    def select(self, features: Any) -> Self:
        """Return the fitted estimator of some of the features.

        Parameters
        ----------
        features : str, int or sequence of them
            Names, or positions in the ``X`` of ``fit``, in the order in which the result is to have them.
            In the table that the new one takes, columns of site and covariates come first.

        Returns
        -------
        combat : ComBat
            A new fitted one, with the effects that were learnt from all features: it transforms, and neither
            learns on, merges nor is written, because of those.

        Raises
        ------
        ValueError
            If it was not fitted on one of them.
        sklearn.exceptions.NotFittedError
            If nothing was learnt yet.
        """
        check_is_fitted(self)
        return self._selected(features_at(self, features, self._layout.features))

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
        """Return the effects of the sites as a tidy pandas table, one line per site and feature.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the site, ``feature``, ``n``, ``gamma`` and ``delta``; and ``shift`` and ``scale``, the
            same in the units of the feature: what is subtracted from a deviation, and what that is then
            divided by.
        """
        check_is_fitted(self)
        self._check_determined()
        names = self._layout.key_names(self)
        keys = self.groups_ if len(names) > 1 else [(key,) for key in self.groups_]
        features = self._layout.scaled_names(self)
        table = {n: np.repeat(as_objects([k[i] for k in keys]), len(features)) for i, n in enumerate(names)}
        table["feature"] = np.tile(np.array(features, dtype=object), len(keys))
        shown = {"n": self.n_samples_seen_, "gamma": self.gamma_, "delta": self.delta_}
        effects = self._map.take(range(len(keys)))
        shown |= {"shift": effects.shift, "scale": effects.scale}
        table |= {name: values.ravel() for name, values in shown.items()}
        return pd.DataFrame(table).infer_objects()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
