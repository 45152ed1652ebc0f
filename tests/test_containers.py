"""Every container, scaler and method gives what NumPy or pandas gives, or is refused where this says so."""

import pytest

from . import containers

REFUSED = {
    ("SciPy sparse", name, method)
    for name in ("MinMaxScaler", "LogScaler", "GroupScaler", "ComBat")
    for method in containers.METHODS
}
# A query brings back the median, and two medians do not determine the median of all rows.
REFUSED |= {(place, "RobustScaler", "partial_fit") for place in ("Polars LazyFrame", "DuckDB", "Spark")}
NAMES = [container.name for container in containers.containers()]


@pytest.mark.parametrize("method", containers.METHODS)
@pytest.mark.parametrize("name", containers.SCALERS)
@pytest.mark.parametrize("place", NAMES)
def test_what_works_where(place, name, method):
    container = next(c for c in containers.containers() if c.name == place)
    expected = "no" if (place, name, method) in REFUSED else "yes"
    assert containers.outcome(container, name, method) == expected


@pytest.mark.parametrize("method", containers.METHODS)
@pytest.mark.parametrize("name", containers.SCALERS)
def test_what_works_on_spark(spark, name, method):
    expected = "no" if ("Spark", name, method) in REFUSED else "yes"
    assert containers.outcome(containers.containers(spark)[-1], name, method) == expected
