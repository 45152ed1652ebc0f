"""One kernel matrix for all parameters of an SVM that do not change the kernel."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC, SVR

SAME_KERNEL = {"C", "epsilon", "tol", "class_weight"}
MOST_ROWS = 5000  # of a matrix of rows by rows: 200 MB


def shared_kernel(model, choices, Z):
    """Return a twin of an SVM that takes kernels, and the function from rows to them; or None.

    The kernel is the one that the SVM would compute itself, a row at a time and anew for each of ``choices``.

    Parameters
    ----------
    model : estimator
    choices : list of dict
        The parameters that it is going to be fitted with.
    Z : ndarray of shape (n_samples, n_features)
        The training rows.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [3.0], [4.0]])
    >>> twin, kernel_of = shared_kernel(SVC(), [{"C": 1.0}, {"C": 10.0}], rows)
    >>> twin.fit(kernel_of(rows), [0, 0, 1, 1]).predict(kernel_of(np.array([[0.5], [3.5]])))
    array([0, 1])
    """
    inner, prefix = model, ""
    if type(model) is TransformedTargetRegressor:
        inner, prefix = model.regressor, "regressor__"
    fits = type(inner) in (SVC, SVR) and inner.kernel == "rbf" and isinstance(Z, np.ndarray)
    names = {name for choice in choices for name in choice}
    if not fits or len(Z) > MOST_ROWS or not names <= {prefix + name for name in SAME_KERNEL}:
        return None
    if getattr(inner, "probability", False) is True:
        return None
    gamma = inner.gamma
    if gamma == "scale":
        spread = Z.var()
        gamma = 1.0 / (Z.shape[1] * spread) if spread != 0 else 1.0
    elif gamma == "auto":
        gamma = 1.0 / Z.shape[1]
    twin = type(inner)(**{**inner.get_params(deep=False), "kernel": "precomputed"})
    if prefix:
        twin = TransformedTargetRegressor(**{**model.get_params(deep=False), "regressor": twin})
    return twin, lambda rows: rbf_kernel(rows, Z, gamma=gamma)
