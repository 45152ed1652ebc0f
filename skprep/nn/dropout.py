"""Entries left out at random."""

from typing import Any

import numpy as np

from skprep.nn.layer import Layer, as_float, generator
from skprep.types import Array


class Dropout(Layer):
    r"""In training, set each entry to 0 with probability p and divide the others by :math:`1 - p`.

    At inference the identity. Put it after batch normalisation, ``dropout(bn(x))``: see :class:`BatchNorm`.

    Parameters
    ----------
    p : float, default=0.5
        From 0 to 1; 1 leaves nothing.
    random_state : int, Generator or None, default=None
        Draws what is left out; an int makes it reproducible.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), "Dropout: a simple way to prevent neural
    networks from overfitting", JMLR 15, 1929-1958.

    Examples
    --------
    >>> import numpy as np
    >>> sorted(set(Dropout(0.5, random_state=0)(np.ones(100)).tolist()))
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.5, random_state: Any = None) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must be from 0 to 1; received {p!r}. 0.5 leaves out every second entry.")
        self.p, self._rng = p, generator(random_state)

    def forward(self, x: Array) -> np.ndarray:
        """Return ``x`` with entries left out."""
        x = as_float(x)
        if not self.training or self.p == 0:
            factor = np.ones((), dtype=x.dtype)
        elif self.p == 1:
            factor = np.zeros((), dtype=x.dtype)
        else:
            keep = (
                self._rng.random(x.shape, dtype=np.float32 if x.dtype == np.float32 else np.float64) >= self.p
            )
            factor = keep * x.dtype.type(1.0 / (1.0 - self.p))
        self._cache = factor
        return x * factor

    def backward(self, grad: Array) -> Any:
        """Return the gradient with respect to ``x``."""
        return np.asarray(grad) * self._context()
