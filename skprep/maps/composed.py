"""Functions of formulas made of a few that every language has."""

import math


class Composed:
    """What a language gets for ``where``, ``isnan``, ``sqrt``, ``log`` and ``exp`` of its own.

    By these alone: engines lack the rest, or have it with fewer digits. Every use of an argument repeats it
    where a language has no variables, so an argument should be one: that is what a formula's ``yield`` makes.
    """

    def clip(self, x, low, high):
        """Keep x within bounds; NaN stays NaN, which some engines hold for the largest number."""
        present = ~self.isnan(x)
        x = self.where(present & (x < low), low, x) if low > -math.inf else x
        return self.where(present & (x > high), high, x) if high < math.inf else x

    def abs(self, x):
        """Drop the sign."""
        return self.where(x < 0.0, -x, x)

    def copysign(self, size, x):
        """Give a size the sign of x."""
        return self.where(x < 0.0, -size, size)

    def log1p(self, x):
        """``log(1 + x)``, right near 0: Kahan's way (Goldberg 1991, ACM Comput. Surv. 23(1), theorem 4)."""
        near = 1.0 + x
        exact = near - 1.0
        safe = self.where(exact == 0.0, 1.0, exact)
        return self.where((exact == 0.0) | self.isnan(x), x, self.log(near, "e") * (x / safe))

    def expm1(self, x):
        """``exp(x) - 1``, right near 0: Kahan's twin of :meth:`log1p`."""
        near = self.exp(x, "e")
        exact = near - 1.0
        small = (x > -0.5) & (x < 0.5) & (near != 1.0)
        safe = self.where(small, near, 2.0)
        slope = self.where(near == 1.0, x, exact)
        return self.where(small, exact * (x / self.log(safe, "e")), slope)

    def piecewise(self, x, bounds, starts, cubics):
        """Return a curve by its pieces: a cubic of the distance from where each begins; flat beyond bounds.

        A coefficient is a number, or a row of them for as many curves.
        """
        low, high = bounds
        x = self.where(x < low, low, x)
        x = self.where(x > high, high, x)
        value = None
        for start, (a, b, c, d) in zip(starts, cubics, strict=True):
            u = x - float(start)
            piece = ((u * a + b) * u + c) * u + d
            value = piece if value is None else self.where(x >= float(start), piece, value)
        return value

    def arcsinh(self, x):
        """Take the area hyperbolic sine, by ``log1p``, right near 0 and far from it."""
        size = yield self.abs(x)
        # Some engines raise where a square leaves float64: beyond these bounds it does not count.
        inner = yield self.where(size < 1e-150, 0.0, self.where(size > 1e8, 1e8, size))
        near = size + inner * inner / (1.0 + self.sqrt(1.0 + inner * inner))
        far = self.where(size > 1e300, 1e300, size)
        u = yield self.where(size > 1e8, 2.0 * far - 1.0, near)
        whole = self.where(size > 1e300, lambda: self.log(size, "e") + math.log(2.0), lambda: self.log1p(u))
        return self.copysign(whole, x)

    def sinh(self, x):
        """Take the hyperbolic sine, by ``expm1``."""
        size = yield self.abs(x)
        u = yield self.expm1(size)
        return self.copysign(0.5 * (u + u / (u + 1.0)), x)


def value_of(branch):
    """Return a branch of ``where``, which may be a function that gives it."""
    return branch() if callable(branch) else branch


def in_stages(running, put):
    """Run the formulas of all columns in step, in a language without variables; return their results.

    Parameters
    ----------
    running : dict of generators
        By number of the column.
    put : callable
        ``put(stage, values)`` makes columns of intermediate values and returns what stands for each: one
        query for all of them.
    """
    running, results, sent, stage = dict(running), {}, dict.fromkeys(running), 0
    while running:
        values = {}
        for j in list(running):
            try:
                values[j] = running[j].send(sent[j])
            except StopIteration as end:
                results[j] = end.value
                del running[j]
        sent = put(stage, values) if values else {}
        stage += 1
    return results
