"""Steps down the gradient."""

import numpy as np

from skprep.kernels import reference
from skprep.kernels.dispatch import adam_step


def _check(name, value, holds, what):
    try:
        right = holds(value)
    except TypeError:  # not even a number
        right = False
    if not right:
        raise ValueError(f"{name} must be {what}; received {value!r}. Leave it out for the usual value.")


def _matched(params, grads):
    """Yield the gradients by name; refuse one that goes with no parameter, before anything is moved."""
    for name, grad in grads.items():
        if name not in params or np.shape(grad) != params[name].shape:
            known = (
                "no parameter of that name" if name not in params else f"one of shape {params[name].shape}"
            )
            raise ValueError(
                f"step takes a gradient of the name and shape of a parameter; received {name!r} of shape "
                f"{np.shape(grad)}, and there is {known}. Pass params and grads of one layer."
            )
    return [(name, np.asarray(grad)) for name, grad in grads.items()]


class SGD:
    r"""Stochastic gradient descent, with momentum or without.

    .. math:: u \leftarrow \mu u + g, \qquad p \leftarrow p - \eta u
        \quad \text{(Nesterov: } p \leftarrow p - \eta (g + \mu u) \text{)}

    Parameters
    ----------
    learning_rate : float, default=0.01
        :math:`\eta`.
    momentum : float, default=0.0
        :math:`\mu`.
    nesterov : bool, default=False
        Step by the velocity that follows, not by the present one.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), "On the importance of initialization and momentum in deep
    learning", ICML.

    Examples
    --------
    >>> import numpy as np
    >>> params = {"w": np.array([1.0])}
    >>> SGD(learning_rate=0.5).step(params, {"w": np.array([1.0])})
    >>> params["w"]
    array([0.5])
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        _check("learning_rate", learning_rate, lambda v: v > 0, "above 0")
        _check("momentum", momentum, lambda v: 0 <= v < 1, "from 0 to below 1")
        if nesterov and not momentum:
            raise ValueError("nesterov=True needs momentum above 0; received momentum=0. Pass momentum=0.9.")
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self._velocity: dict = {}

    def step(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> None:
        """Move the arrays in ``params`` against the gradients of the same names, in place."""
        for name, grad in _matched(params, grads):
            if self.momentum:
                velocity = self._velocity.setdefault(name, np.zeros_like(params[name]))
                velocity *= self.momentum
                velocity += grad
                grad = grad + self.momentum * velocity if self.nesterov else velocity
            params[name] -= self.learning_rate * grad


class Adam:
    r"""Steps scaled by running means of the gradient and of its square.

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}

    Parameters
    ----------
    learning_rate : float, default=0.001
        :math:`\eta`.
    betas : (float, float), default=(0.9, 0.999)
        How much of the running means of gradients, and of their squares, is kept in each step.
    eps : float, default=1e-8
        Added to the root of the mean square that a step is divided by.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", ICLR, arXiv:1412.6980.

    Examples
    --------
    >>> import numpy as np
    >>> params = {"w": np.array([1.0])}
    >>> Adam(learning_rate=0.5).step(params, {"w": np.array([123.0])})
    >>> params["w"].round(6)
    array([0.5])
    """

    def __init__(
        self, learning_rate: float = 0.001, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        _check("learning_rate", learning_rate, lambda v: v > 0, "above 0")
        _check("betas", betas, lambda v: len(v) == 2 and all(0 <= b < 1 for b in v), "two, from 0 to below 1")
        _check("eps", eps, lambda v: v > 0, "above 0")
        self.learning_rate, self.betas, self.eps = learning_rate, betas, eps
        self._moments: dict = {}  # by name: steps, mean of the gradient, mean of its square

    def step(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> None:
        """Move the arrays in ``params`` against the gradients of the same names, in place."""
        first, second = self.betas
        for name, grad in _matched(params, grads):
            if name not in self._moments:
                self._moments[name] = 0, np.zeros_like(params[name]), np.zeros_like(params[name])
            t, m, v = self._moments[name]
            t += 1
            self._moments[name] = t, m, v
            rate = self.learning_rate / (1.0 - first**t)
            root = np.sqrt(1.0 - second**t)
            rule = first, second, rate, root, self.eps
            own = params[name]
            if own.flags.c_contiguous and own.dtype == m.dtype == v.dtype:
                grad = np.ascontiguousarray(grad, dtype=own.dtype)
                adam_step(*(a.reshape(-1) for a in (own, grad, m, v)), *rule)
            else:
                reference.adam_step(own, grad, m, v, *rule)
