"""Callbacks, where the installed scikit-learn has them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from .scalers.test_base import SCALERS, all_scalers

callback_utils = pytest.importorskip(
    "sklearn.callback.tests._utils", reason="scikit-learn 1.9 brought callbacks"
)
X = np.arange(12.0).reshape(6, 2)
HOOKS = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")


@all_scalers
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_each_hook_is_called_once_and_the_scaler_handed_over_is_fitted(scaler, method):
    callback = callback_utils.RecordingCallback()
    scaler = clone(scaler).set_callbacks(callback)
    getattr(scaler, method if hasattr(scaler, method) else "fit")(X)
    assert [callback.count_hooks(hook) for hook in HOOKS] == [1, 1, 1, 1]
    end = next(r for r in callback.record if r["name"] == "on_fit_task_end")
    fitted = end["kwargs"]["fitted_estimator"]
    np.testing.assert_array_equal(fitted.transform(X), scaler.transform(X))


@all_scalers
def test_a_failing_fit_tears_its_callbacks_down(scaler):
    callback = callback_utils.RecordingCallback()
    scaler = clone(scaler).set_callbacks(callback)
    with pytest.raises(ValueError, match="infinity"):
        scaler.fit(np.array([[np.inf]]))
    assert callback.count_hooks("setup") == callback.count_hooks("teardown") == 1
    assert not hasattr(scaler, "n_features_in_")


def test_a_pipeline_of_scalers_runs_with_callbacks_of_its_own():
    steps = [clone(s) for s in SCALERS]
    for step in steps:
        step.set_callbacks(callback_utils.RecordingCallback())
    assert np.isfinite(make_pipeline(*steps).fit_transform(X)).all()
