import narwhals.stable.v2 as nw
import numpy as np
import pytest

from skprep.frames import expressions as e

pl = pytest.importorskip("polars")
SMALL = np.concatenate([[0.0, -0.0], *(s * 10.0 ** np.arange(-300, 8, 0.37) for s in (1, -1))])
LARGE = np.concatenate([SMALL, 10.0 ** np.arange(8, 307, 3.3), -(10.0 ** np.arange(8, 307, 3.3))])


def evaluate(x, *functions):
    frame = nw.from_native(pl.LazyFrame({"x": x}))
    for function in functions:
        frame = frame.with_columns(function(nw.col("x")).alias("x"))
    return frame.collect()["x"].to_numpy()


@pytest.mark.parametrize(
    ("x", "functions", "expected"),
    [
        (SMALL[SMALL > -1], [e.log1p], np.log1p),
        (SMALL[np.abs(SMALL) < 700], [e.expm1], np.expm1),
        (LARGE, [e.before_symlog, e.symlog], np.arcsinh),
        (SMALL[np.abs(SMALL) < 700], [e.symexp, e.after_symexp], np.sinh),
        (LARGE, [e.symlog], lambda x: np.copysign(np.log1p(np.abs(x)), x)),
    ],
)
def test_functions_keep_the_digits_of_numpy(x, functions, expected):
    np.testing.assert_allclose(evaluate(x, *functions), expected(x), rtol=2e-15)


def test_missing_values_stay():
    x = [np.nan, None, 0.5]
    for function in (e.log1p, e.expm1, e.symlog, e.symexp, lambda v: e.clip(v, 0.0, 0.1)):
        frame = nw.from_native(pl.LazyFrame({"x": x})).with_columns(function(nw.col("x")).alias("x"))
        first, second, third = frame.collect()["x"].to_list()
        assert np.isnan(first)
        assert second is None
        assert third > 0
