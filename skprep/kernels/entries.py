"""Entry by entry: the GELU and its gradient, and a step of Adam."""

import numpy as np


def gelu(x, out):
    """Write ``x`` times the normal distribution function of ``x`` to ``out``, rounded once.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(3)
    >>> gelu(np.array([-1.0, 0.0, 1.0]), out)
    >>> out.round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    from scipy.special import ndtr  # here, so that layers without it need NumPy alone

    wide = x.astype(np.float64, copy=False)
    out[...] = wide * ndtr(wide)


def gelu_backward(x, grad, out):
    """Write the gradient of :func:`gelu` with respect to ``x`` to ``out``.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(1)
    >>> gelu_backward(np.array([0.0]), np.array([3.0]), out)
    >>> out
    array([1.5])
    """
    from scipy.special import ndtr

    wide = x.astype(np.float64, copy=False)
    density = np.exp(-0.5 * wide * wide) / np.sqrt(2.0 * np.pi)
    out[...] = grad * (ndtr(wide) + wide * density)


def adam_step(param, grad, m, v, first, second, rate, root, eps):
    """Move ``param`` by a step of Adam, and the running means ``m`` of the gradient and ``v`` of its square.

    ``rate`` is the learning rate over the bias of ``m``, ``root`` the square root of the bias of ``v``.

    Examples
    --------
    >>> import numpy as np
    >>> param, m, v = np.array([1.0]), np.zeros(1), np.zeros(1)
    >>> adam_step(param, np.array([4.0]), m, v, 0.5, 0.5, 1.0, 0.5**0.5, 1e-8)
    >>> param.round(6), m, v
    (array([0.5]), array([2.]), array([8.]))
    """
    m *= first
    m += (1.0 - first) * grad
    v *= second
    v += (1.0 - second) * np.square(grad)
    step = np.sqrt(v)
    step /= np.float64(root)  # in float64 for every type
    step += eps
    np.divide(m, step, out=step)
    step *= rate
    param -= step
