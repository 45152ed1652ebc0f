"""What differs between the scikit-learn versions that are supported."""

from contextlib import contextmanager, nullcontext

import numpy as np

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9 has no callbacks

    class CallbackSupportMixin:
        """Stand in for the mixin of scikit-learn 1.9: there are no callbacks to support."""


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
