"""Normalisation over the batch, channel by channel."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, as_mask, check_grad
from skprep.nn.normalising import NormalizedColumns, normalise, normalise_backward
from skprep.types import Array


class BatchNorm(Layer):
    r"""Give each channel zero mean and unit variance over the batch.

    .. math::

        y = \gamma \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + \beta

    In training, :math:`\mu_c` and :math:`\sigma_c^2` (biased) are those of the batch, over all axes but the
    channel; a running average of them, the variance unbiased, serves at inference, where each row
    is transformed alone.

    The :math:`\varepsilon` stands inside the root, as published and in PyTorch; notes that write
    :math:`\sigma + \varepsilon` describe another function, whose gradient at a constant channel has no
    bound. Dropout belongs after batch normalisation, ``dropout(bn(x))``: before it, the variance that
    is learnt with dropout is not the one at inference ("variance shift", Li et al. 2019).

    Parameters
    ----------
    num_features : int
        C, the number of channels.
    eps : float, default=1e-5
        Added to the variance, within the root, so that a constant does not divide by 0.
    momentum : float or None, default=0.1
        Weight of the newest batch in the running statistics; None: the average over all batches.
    affine : bool, default=True
        Whether :math:`\gamma, \beta` are learnt.
    track_running_stats : bool, default=True
        False uses the statistics of the batch at inference too.

    Attributes
    ----------
    params : dict
        ``"weight"`` (:math:`\gamma`) and ``"bias"`` (:math:`\beta`), both of shape (C,).

    Notes
    -----
    ``layer(x, mask=None)`` takes ``(N, C)`` or ``(N, C, *)``. ``mask`` marks with True the places that are
    data, of shape ``(N, *)`` (or one that broadcasts against ``x``); padding counts for nothing and comes
    out as 0.
    ``backward`` needs a matrix ``x`` as it was: it is kept, not copied.
    Statistics are float64 whatever the input; the result has the dtype of ``x``. NaN spreads over its
    channel.

    Raises
    ------
    ValueError
        In training, with a single value per channel, whose variance is 0 and tells nothing (as PyTorch).

    References
    ----------
    Ioffe & Szegedy (2015), "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML, arXiv:1502.03167.
    Li, Chen, Hu & Yang (2019), "Understanding the disharmony between dropout and batch normalization by
    variance shift", CVPR, arXiv:1801.05134.

    Examples
    --------
    >>> import numpy as np
    >>> layer = BatchNorm(1, eps=0.0)
    >>> layer(np.array([[1.0], [3.0]]))
    array([[-1.],
           [ 1.]])
    >>> layer.state_dict()["running_mean"]
    array([0.2])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self._params = {"weight": np.ones(num_features), "bias": np.zeros(num_features)}
        if track_running_stats:
            self._buffers = {
                "running_mean": np.zeros(num_features),
                "running_var": np.ones(num_features),
                "num_batches_tracked": np.zeros((), dtype=np.int64),
            }

    def forward(self, x: Array, mask: Array | None = None) -> np.ndarray:
        """Return ``x`` normalised."""
        x = as_float(x)
        if x.ndim < 2 or x.shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm({self.num_features}) takes (N, {self.num_features}) or "
                f"(N, {self.num_features}, *); received shape {x.shape}. Put the channels on axis 1."
            )
        if mask is None and x.ndim == 2 and x.size:
            return self._forward_columns(x)
        axes = (0, *range(2, x.ndim))
        mask = _mask(mask, x)
        by_batch = self.training or not self.track_running_stats
        if by_batch:
            normalised, (mean, variance, count, inverse) = normalise(x, axes, self.eps, mask)
            if self.training:
                self._check_count(count, x)
            if self.training and self.track_running_stats:
                self._track(mean, variance, count)
        else:
            mean, variance = (self._across(self._buffers[f"running_{n}"], x) for n in ("mean", "var"))
            inverse, count = 1.0 / np.sqrt(variance.astype(np.float64) + self.eps), 1.0
            normalised = (x - mean.astype(np.float64)) * inverse
            normalised = normalised if mask is None else np.where(mask, normalised, 0.0)
        self._cache = normalised, inverse, count, axes, mask, by_batch, x.dtype
        return self._scaled(normalised, x, mask)

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        context = self._context()
        if isinstance(context, NormalizedColumns):
            return self._backward_columns(context, grad)
        normalised, inverse, count, axes, mask, by_batch, dtype = context
        grad = check_grad(self, grad, normalised.shape).astype(np.float64, copy=False)
        back, product, total = normalise_backward(grad, normalised, inverse, count, axes, mask)
        if not by_batch:  # the statistics are constants
            back = (grad if mask is None else np.where(mask, grad, 0.0)) * inverse
        if self.affine:
            for name, sums in (("weight", product), ("bias", total)):
                self._grads[name] = sums.ravel().astype(self._params[name].dtype)
            back *= self._across(self._params["weight"], back)
        return back.astype(dtype, copy=False)

    def _forward_columns(self, x):
        """Do for a matrix without a mask what :meth:`forward` does, in one pass."""
        columns = NormalizedColumns(x)
        if self.training or not self.track_running_stats:
            if self.training:
                self._check_count(len(x), x)
            mean, variance = columns.moments()
            if self.training and self.track_running_stats:
                self._track(mean, variance, len(x))
            columns.by_batch(variance, self.eps)
        else:
            columns.by_statistics(self._buffers["running_mean"], self._buffers["running_var"], self.eps)
        self._cache = columns
        return columns.forward(self._params.get("weight"), self._params.get("bias"))

    def _backward_columns(self, columns, grad):
        grad = check_grad(self, grad, columns.x.shape)
        back, product, total = columns.backward(grad, self._params.get("weight"))
        if self.affine:
            for name, sums in (("weight", product), ("bias", total)):
                self._grads[name] = sums.astype(self._params[name].dtype)
        return back

    def _scaled(self, normalised, x, mask):
        if not self.affine:
            return normalised.astype(x.dtype)
        y = normalised * self._across(self._params["weight"], x)
        y += self._across(self._params["bias"], x)
        return (y if mask is None else np.where(mask, y, 0.0)).astype(x.dtype)

    def _check_count(self, count, x):
        if np.min(count) < 2:
            raise ValueError(
                f"BatchNorm needs more than one value per channel in training; received shape {x.shape}. "
                "Use larger batches, eval(), or GroupNorm."
            )

    def _track(self, mean, variance, count):
        tracked = self._buffers
        tracked["num_batches_tracked"] += 1
        newest = 1.0 / float(tracked["num_batches_tracked"]) if self.momentum is None else self.momentum
        unbiased = variance * count / (count - 1.0)
        for name, value in (("running_mean", mean), ("running_var", unbiased)):
            tracked[name][...] = (1.0 - newest) * tracked[name] + newest * value.ravel()

    def _across(self, values, x):
        return values.reshape(1, -1, *([1] * (x.ndim - 2)))


def _mask(mask, x):
    if mask is None:
        return None
    mask = as_mask(mask)
    if mask.ndim == x.ndim - 1:
        mask = mask[:, None]
    return np.broadcast_to(mask, x.shape)
