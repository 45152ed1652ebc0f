"""Every name of scikit-learn that is not public, and what differs between its supported versions."""

from contextlib import contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, metadata
from itertools import takewhile

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._array_api import get_namespace_and_device
from sklearn.utils._param_validation import Interval, InvalidParameterError, Options, StrOptions
from sklearn.utils._set_output import _get_output_config, _SetOutputMixin, _wrap_data_with_container
from sklearn.utils.validation import _check_feature_names as check_feature_names
from sklearn.utils.validation import _check_feature_names_in as feature_names_in
from sklearn.utils.validation import _check_n_features as check_n_features
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _get_feature_names as get_feature_names

__all__ = [
    "CallbackSupportMixin",
    "DocumentedMixin",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "check_feature_names",
    "check_n_features",
    "check_sample_weight",
    "feature_names_in",
    "fit_context",
    "fit_task",
    "get_feature_names",
    "get_namespace_and_device",
    "move_to",
    "output_kind",
    "output_setting",
    "put_remainder",
    "safe_indexing",
    "set_own_output",
    "validate_parameters",
    "wrap_output",
]

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9 has no callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand in for the mixin of scikit-learn 1.9: there are no callbacks to support."""


class DocumentedMixin:
    """Lead the "?" of an estimator's diagram to its page in our reference.

    The address of the site is the one that ``pyproject.toml`` states; where the package is not installed
    there is no link.
    """

    _doc_link_module = "skprep"

    @property
    def _doc_link_template(self):
        own = getattr(self, "__doc_link_template", None)
        if own is not None:
            return own
        try:
            urls = metadata("skprep").get_all("Project-URL", [])
        except PackageNotFoundError:
            return ""
        site = next((url.partition(", ")[2] for url in urls if url.startswith("Documentation, ")), "")
        return site and site.rstrip("/") + "/reference/generated/{place}.{name}.html"

    @_doc_link_template.setter
    def _doc_link_template(self, value):
        setattr(self, "__doc_link_template", value)

    def _doc_link_url_param_generator(self):
        module, name = type(self).__module__, type(self).__name__
        public = ".".join(takewhile(lambda part: not part.startswith("_"), module.split(".")))
        place = "skprep.nn" if module.startswith("skprep.nn.") else "skprep"
        # The last two are what templates of scikit-learn, and of classes derived from ours, ask for.
        return {"place": place, "name": name, "estimator_module": public, "estimator_name": name}


try:
    from sklearn.utils._array_api import move_to
except ImportError:  # scikit-learn < 1.9
    from sklearn.utils._array_api import _convert_to_numpy, get_namespace

    def move_to(values, *, xp, device):
        """Return ``values`` as an array of another namespace and device."""
        if xp is np:
            return _convert_to_numpy(values, get_namespace(values)[0])
        return xp.asarray(values, device=device)


@contextmanager
def fit_task(estimator, X, y, sample_weight, max_subtasks=0):
    """Tell the callbacks of ``estimator``, where it has any, that a fit begins and ends.

    Yields a context manager ``step(name)`` for each of up to ``max_subtasks`` steps of the fit.
    """
    state = vars(estimator)
    if "_skl_callbacks" not in state and "_parent_callback_ctx" not in state:
        yield lambda name: nullcontext()
        return
    told = {"estimator": estimator, "X": X, "y": y, "metadata": {"sample_weight": sample_weight}}

    @contextmanager
    def running(context):
        context.call_on_fit_task_begin(**told)
        yield lambda name: running(context.subcontext(task_name=name))
        context.call_on_fit_task_end(**told, reconstruction_attributes={})

    with running(estimator._init_callback_context(max_subtasks=max_subtasks)) as step:
        yield step


def output_kind(estimator):
    """Return the kind of frame that ``set_output`` asks an estimator for, ``"default"`` for none."""
    return _get_output_config("transform", estimator)["dense"]


def output_setting(estimator):
    """Return what ``set_output`` was told for this very estimator, None where it was not called."""
    return vars(estimator).get("_sklearn_output_config", {}).get("transform")


def set_own_output(estimator, kind):
    """Do for one estimator what ``set_output`` does, and not for those inside it."""
    _SetOutputMixin.set_output(estimator, transform=kind)


def put_remainder(column_transformer, estimator):
    """Let a fitted ColumnTransformer have ``estimator`` for the remaining columns."""
    column_transformer.remainder = estimator
    name, _, columns = column_transformer._remainder
    column_transformer._remainder = (name, estimator, columns)


def wrap_output(estimator, values, given):
    """Return an array as what ``set_output`` asks for, with the index of the rows ``given``."""
    return _wrap_data_with_container("transform", values, given, estimator)


def validate_parameters(estimator):
    """Check the parameters of an estimator as its ``fit`` does."""
    estimator._validate_params()
