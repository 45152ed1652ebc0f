import narwhals.stable.v2 as nw
import numpy as np
import pytest

from skprep.maps import Map
from skprep.maps.expressions import Functions, transform_columns

pl = pytest.importorskip("polars")
F = Functions()
SMALL = np.concatenate([[0.0, -0.0], *(s * 10.0 ** np.arange(-300, 8, 0.37) for s in (1, -1))])
LARGE = np.concatenate([SMALL, 10.0 ** np.arange(8, 307, 3.3), -(10.0 ** np.arange(8, 307, 3.3))])


class Formula(Map):
    """A formula without parameters."""

    def __init__(self, function):
        object.__setattr__(self, "function", function)

    def forward(self, x, p, f):
        return (yield from self.function(x))


def plain(function):
    def steps(x):
        yield from ()
        return function(x)

    return steps


def evaluate(x, function):
    frame = nw.from_native(pl.LazyFrame({"x": x}, schema={"x": pl.Float64}))
    frame = transform_columns(frame, ["x"], Formula(function), lambda j: {})
    return frame.collect()["x"]


def symlog(x):
    size = yield F.abs(x)
    return F.copysign(F.log1p(size), x)


@pytest.mark.parametrize(
    ("x", "function", "expected"),
    [
        (SMALL[SMALL > -1], plain(F.log1p), np.log1p),
        (SMALL[np.abs(SMALL) < 700], plain(F.expm1), np.expm1),
        (LARGE, F.arcsinh, np.arcsinh),
        (SMALL[np.abs(SMALL) < 700], F.sinh, np.sinh),
        (LARGE, symlog, lambda x: np.copysign(np.log1p(np.abs(x)), x)),
    ],
)
def test_functions_keep_the_digits_of_numpy(x, function, expected):
    np.testing.assert_allclose(evaluate(x, function).to_numpy(), expected(x), rtol=2e-15)


def test_missing_values_stay():
    x = [np.nan, None, 0.5]
    functions = [plain(f) for f in (F.log1p, F.expm1, lambda v: F.clip(v, 0.0, 0.1))]
    for function in (*functions, F.arcsinh, F.sinh, symlog):
        first, second, third = evaluate(x, function).to_list()
        assert np.isnan(first)
        assert second is None
        assert third > 0
