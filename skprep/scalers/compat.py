"""What differs between the scikit-learn versions that are supported."""

from contextlib import contextmanager

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
def fit_task(estimator, X, y, sample_weight):
    """Tell the callbacks of ``estimator``, where it has any, that a fit begins and ends."""
    state = vars(estimator)
    if "_skl_callbacks" not in state and "_parent_callback_ctx" not in state:
        yield
        return
    metadata = {"sample_weight": sample_weight}
    context = estimator._init_callback_context()
    context.call_on_fit_task_begin(estimator=estimator, X=X, y=y, metadata=metadata)
    yield
    context.call_on_fit_task_end(
        estimator=estimator, X=X, y=y, metadata=metadata, reconstruction_attributes={}
    )
