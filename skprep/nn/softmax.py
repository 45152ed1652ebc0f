"""Softmax, its logarithm, its Jacobian, and its fusion with cross-entropy."""

from numbers import Integral
from typing import Any, Literal

import numpy as np

from skprep.kernels.dispatch import cross_entropy_rows, softmax_rows
from skprep.nn.layer import as_mask
from skprep.types import Array


def softmax(x: Array, axis: int = -1, temperature: float = 1.0, mask: Array | None = None) -> np.ndarray:
    r"""Return probabilities that are proportional to the exponentials of ``x``.

    .. math:: y_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}

    Parameters
    ----------
    x : array-like
        Logits, any shape. The largest is subtracted first, so that nothing overflows, whatever its size.
    axis : int, default=-1
        Axis whose entries sum to 1.
    temperature : float, default=1.0
        T, above 0: 1 leaves the logits, small ones sharpen towards the largest, large ones
        flatten towards the uniform.
    mask : array-like of bool, default=None
        Where False, an entry gets probability 0 and counts for nothing. Broadcasts against ``x``. Of
        booleans: a mask of 0 and -inf, to be added, is refused.

    Returns
    -------
    y : ndarray
        Of the shape of ``x``; float32 and float16 are kept, all else is float64. A row that is masked
        throughout, or ``-inf`` throughout, gives zeros (PyTorch: NaN): nothing is left to choose from.
        NaN in a row makes the row NaN.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs",
    Neurocomputing, 227-236. Hinton, Vinyals & Dean (2015), "Distilling the knowledge in a neural
    network", arXiv:1503.02531: the temperature.

    Examples
    --------
    >>> softmax([0.0, 0.0, 1e308])
    array([0., 0., 1.])
    >>> softmax([[1.0, 1.0, 5.0]], mask=[True, True, False])
    array([[0.5, 0.5, 0. ]])
    """
    x = np.asarray(x)
    if mask is None and temperature == 1.0 and x.dtype == np.float32 and x.ndim and axis in (-1, x.ndim - 1):
        if not x.size:
            return x.copy()
        rows = np.ascontiguousarray(x.reshape(-1, x.shape[-1]))
        y = np.empty_like(rows)
        softmax_rows(rows, y)
        return y.reshape(x.shape)
    exponentials, total, dtype = _exponentials(x, axis, temperature, mask)
    if total.all():
        return np.divide(exponentials, total, out=exponentials).astype(dtype, copy=False)
    return np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total != 0).astype(dtype)


def log_softmax(x: Array, axis: int = -1, temperature: float = 1.0, mask: Array | None = None) -> np.ndarray:
    r"""Return the logarithm of :func:`softmax`, finite where the softmax rounds to 0.

    .. math:: \log y_i = x_i / T - \log \sum_j e^{x_j / T}

    Parameters
    ----------
    x : array-like
        Logits, any shape.
    axis : int, default=-1
        Axis whose entries sum to 1.
    temperature : float, default=1.0
        What the logits are divided by, as in :func:`softmax`.
    mask : array-like of bool, default=None
        As in :func:`softmax`.

    Returns
    -------
    log_y : ndarray
        ``-inf`` where masked, and throughout a row with nothing left.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    shifted, dtype = _shifted(x, axis, temperature, mask)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    if np.isfinite(total).all():
        return (shifted - total).astype(dtype, copy=False)
    return np.where(np.isneginf(shifted), -np.inf, shifted - np.where(np.isneginf(total), 0.0, total)).astype(
        dtype
    )


def softmax_jacobian(y: Array) -> np.ndarray:
    r"""Return the matrix of derivatives of the softmax, :math:`J = \operatorname{diag}(y) - y y^T`.

    Parameters
    ----------
    y : array-like of shape (..., K)
        What softmax gave (with temperature 1; else divide by it).

    Returns
    -------
    J : ndarray of shape (..., K, K)
        Symmetric, rows sum to 0. :func:`softmax_backward` multiplies with it without building it.

    Examples
    --------
    >>> softmax_jacobian([0.5, 0.5])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    y = np.asarray(y)
    y = y if y.dtype.kind == "f" else y.astype(np.float64)
    return y[..., :, None] * np.eye(y.shape[-1], dtype=y.dtype) - y[..., :, None] * y[..., None, :]


def softmax_backward(y: Array, grad: Array, axis: int = -1, temperature: float = 1.0) -> np.ndarray:
    r"""Return the gradient with respect to the logits: :math:`J g = y \odot (g - y^T g)`.

    Parameters
    ----------
    y : array-like
        What :func:`softmax` gave.
    grad : array-like of the shape of ``y``
        Gradient of the loss with respect to ``y``.
    axis : int, default=-1
        Axis whose entries sum to 1.
    temperature : float, default=1.0
        As in the forward pass.

    Returns
    -------
    grad_x : ndarray
        Of the shape of ``y``.

    Examples
    --------
    >>> softmax_backward([0.5, 0.5], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    y, grad = np.asarray(y), np.asarray(grad)
    return y * (grad - (y * grad).sum(axis=axis, keepdims=True)) / temperature


def softmax_cross_entropy(
    logits: Array,
    targets: Array,
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    weight: Array | None = None,
) -> tuple[Any, np.ndarray]:
    r"""Return cross-entropy of the softmax of ``logits``, and its gradient.

    .. math::

        \ell = -\sum_k w_k t_k \log y_k, \qquad y = \operatorname{softmax}(x), \qquad
        \frac{\partial \ell}{\partial x} = y \sum_k w_k t_k - w \odot t

    Without class weights that is :math:`y - t`: softmax and logarithm cancel, and no probability is ever
    divided by. With label smoothing :math:`\varepsilon`, t is :math:`1 - \varepsilon` on the class and
    :math:`\varepsilon / K` on all.

    Parameters
    ----------
    logits : array-like of shape (..., K)
        One number for each of K classes; the softmax is taken here.
    targets : array-like of shape (...) or (..., K)
        Whole numbers: classes from 0 to K - 1. Floats of the shape of ``logits``: probabilities.
    reduction : {"mean", "sum", "none"}, default="mean"
        The mean is weighted by the class weights of the targets, as in PyTorch.
    label_smoothing : float, default=0.0
        From 0 to 1.
    ignore_index : int, default=None
        Class number of rows that count for nothing.
    weight : array-like of shape (K,), default=None
        Class weights.

    Returns
    -------
    loss : float or ndarray of shape (...)
        With nothing to average (all targets ignored), 0 and not NaN as in PyTorch: no rows,
        no loss.
    grad : ndarray of the shape of ``logits``
        Gradient of the loss (of its sum, with ``reduction="none"``).

    Raises
    ------
    ValueError
        If shapes do not match or a class is out of range.

    Examples
    --------
    >>> loss, grad = softmax_cross_entropy([[0.0, 0.0]], [1])
    >>> print(round(loss, 4), grad)
    0.6931 [[ 0.5 -0.5]]
    """
    logits = np.asarray(logits)
    logits = logits if logits.dtype.kind == "f" else logits.astype(np.float64)
    n_classes = logits.shape[-1]
    _check_options(reduction, label_smoothing, ignore_index)
    classes, wanted, counted = _targets(np.asarray(targets), logits, ignore_index)
    weight = np.ones(n_classes) if weight is None else np.asarray(weight, dtype=np.float64)
    if weight.shape != (n_classes,):
        raise ValueError(
            f"weight must have one number for each of {n_classes} classes; received shape {weight.shape}. "
            "Pass class weights in the order of the logits."
        )
    if classes is not None and logits.size:
        of_row = np.where(counted, weight[classes], 0.0)
        done = _by_kernel(logits, classes, counted, weight, label_smoothing, of_row, reduction)
        if done is not None:
            return done
        losses, grad = _of_classes(logits, classes, counted, weight, label_smoothing)
        return _reduced(losses, grad, of_row, reduction, logits.dtype)
    if wanted is None:
        wanted = np.zeros(logits.shape)
    if label_smoothing:
        wanted = wanted * (1.0 - label_smoothing) + label_smoothing / n_classes
    wanted = np.where(counted[..., None], wanted * weight, 0.0)
    wide = logits.astype(np.float64, copy=False)
    log_y = log_softmax(wide)
    with np.errstate(invalid="ignore"):
        losses = -np.where(wanted != 0, wanted * log_y, 0.0).sum(axis=-1)
    grad = np.exp(log_y) * wanted.sum(axis=-1, keepdims=True) - wanted
    return _reduced(losses, grad, counted.astype(np.float64), reduction, logits.dtype)


def _check_options(reduction, label_smoothing, ignore_index):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(
            f'reduction must be "mean", "sum" or "none"; received {reduction!r}. Pass one of these.'
        )
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be from 0 to 1; received {label_smoothing!r}.")
    if ignore_index is not None and not isinstance(ignore_index, Integral):
        raise ValueError(f"ignore_index must be one class number; received {ignore_index!r}.")


def _reduced(losses, grad, of_row, reduction, dtype):
    """Return the loss and its gradient as asked; ``of_row`` is what each row weighs in the mean."""
    if reduction == "none":
        return losses.astype(dtype), grad.astype(dtype, copy=False)
    total = float(of_row.sum()) if reduction == "mean" else 1.0
    if total == 0.0:
        return 0.0, np.zeros(grad.shape, dtype=dtype)
    if total != 1.0:
        grad /= total
    return float(losses.sum() / total), grad.astype(dtype, copy=False)


def _by_kernel(logits, classes, counted, weight, smoothing, of_row, reduction):
    """Return loss and gradient row by row, None where something is not finite."""
    kind = np.float32 if logits.dtype == np.float32 else np.float64
    rows = np.ascontiguousarray(logits, dtype=kind).reshape(-1, logits.shape[-1])
    total = float(of_row.sum()) if reduction == "mean" else 1.0
    if total == 0.0:
        return None
    on_class = (1.0 - smoothing) * weight[classes.ravel()]
    on_all = smoothing / rows.shape[1] * weight if smoothing else np.empty(0)
    losses, grad = np.empty(len(rows)), np.empty_like(rows)
    codes = np.ascontiguousarray(classes.ravel(), dtype=np.intp)
    if not cross_entropy_rows(rows, codes, on_class, on_all, total, losses, grad):
        return None
    if not counted.all():
        losses[~counted.ravel()], grad[~counted.ravel()] = 0.0, 0.0
    grad = grad.reshape(logits.shape).astype(logits.dtype, copy=False)
    if reduction == "none":
        return losses.reshape(classes.shape).astype(logits.dtype), grad
    return float(losses.sum() / total), grad


def _of_classes(logits, classes, counted, weight, smoothing):
    """Return losses and gradients for class numbers, without a target for each class.

    With smoothing s, the target is ``(1 - s) w_c`` on the class c and ``s w_k / K`` on each class k.
    """
    shape, n_classes = logits.shape, logits.shape[-1]
    log_y = log_softmax(logits.astype(np.float64, copy=False)).reshape(-1, n_classes)
    classes, counted = classes.ravel(), counted.ravel()
    rows = np.arange(len(log_y)), classes
    on_class = (1.0 - smoothing) * weight[classes]
    with np.errstate(invalid="ignore"):
        losses = np.where(on_class != 0.0, -on_class * log_y[rows], 0.0)  # a class of weight 0 costs nothing
        if smoothing:
            on_all = smoothing / n_classes * weight
            present = on_all != 0.0
            losses -= log_y[:, present] @ on_all[present]
    grad = np.exp(log_y, out=log_y)
    grad *= (on_class + (on_all.sum() if smoothing else 0.0))[:, None]
    if smoothing:
        grad -= on_all
    grad[rows] -= on_class
    if not counted.all():
        losses[~counted], grad[~counted] = 0.0, 0.0
    return losses.reshape(shape[:-1]), grad.reshape(shape)


def _targets(targets, logits, ignore_index):
    """Return class numbers and None, or None and probabilities; and which rows count."""
    n_classes = logits.shape[-1]
    if targets.dtype.kind == "f":
        if targets.shape != logits.shape:
            raise ValueError(
                f"Targets that are probabilities must have the shape of the logits, {logits.shape}; received "
                f"{targets.shape}. Pass whole numbers for classes."
            )
        if ignore_index is not None:
            raise ValueError(
                f"ignore_index={ignore_index} needs targets that are class numbers; received probabilities. "
                "Give the rows to ignore probabilities of 0."
            )
        return None, targets.astype(np.float64), np.ones(logits.shape[:-1], dtype=bool)
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"Targets that are classes must have shape {logits.shape[:-1]}, one for each row of logits; "
            f"received {targets.shape}. Drop or add axes."
        )
    counted = np.ones(targets.shape, dtype=bool) if ignore_index is None else targets != ignore_index
    wrong = counted & ((targets < 0) | (targets >= n_classes))
    if wrong.any():
        raise ValueError(
            f"Classes must be from 0 to {n_classes - 1}; received {int(targets[wrong][0])}. "
            "Number the classes, or name it in ignore_index."
        )
    return np.where(counted, targets, 0), None, counted


def _shifted(x, axis, temperature, mask):
    """Return logits over temperature with the largest of each row subtracted, and the dtype of the result."""
    if not temperature > 0:
        raise ValueError(
            f"temperature must be above 0; received {temperature!r}. 1 leaves the logits as they are."
        )
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    x = x.astype(np.float64 if dtype.itemsize < 8 and dtype != np.float32 else dtype, copy=False)
    if mask is not None:
        x = np.where(as_mask(mask), x, -np.inf)
    if temperature > 1:  # divided first: the difference of two large logits may overflow
        finite = np.isfinite(x)
        x = np.divide(x, np.float64(temperature), out=x.astype(np.float64), where=finite).astype(x.dtype)
    if not x.ndim:
        raise ValueError(
            f"softmax needs an array with an axis to sum over; received the number {x.item()!r}."
        )
    top = x.max(axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(top).all():
            shifted = x - top
        else:  # a row of nothing but -inf, or with +inf or NaN
            shifted = x - np.where(np.isneginf(top), 0.0, top).astype(x.dtype)
            shifted = np.where(x == top, np.where(np.isneginf(x), -np.inf, 0.0), shifted)  # inf - inf
        if temperature < 1:
            shifted = shifted / np.float64(temperature)
        return shifted.astype(x.dtype, copy=False), dtype


def _exponentials(x, axis, temperature, mask):
    shifted, dtype = _shifted(x, axis, temperature, mask)
    exponentials = np.exp(shifted, out=shifted)  # an array of our own
    return exponentials, exponentials.sum(axis=axis, keepdims=True), dtype
