"""Fixtures and settings shared by all tests."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # scikit-learn's checks of array-API input ask for it

import pytest
from hypothesis import HealthCheck, settings

from . import engines

# CI tries many examples (pytest --hypothesis-profile=ci), and on the oldest versions few.
for name, examples in (("few", 10), ("skprep", 25), ("ci", 100)):
    settings.register_profile(
        name, deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("skprep")


@pytest.fixture(scope="session")
def spark():
    """A Spark session for all tests that ask for one."""
    session = engines.spark_session()
    yield session
    session.stop()


@pytest.fixture(params=engines.ALL)
def engine(request):
    """Each frame library in turn."""
    name = request.param
    return engines.Engine(name, request.getfixturevalue("spark") if name == "spark" else None)


@pytest.fixture(params=engines.LAZY)
def lazy_engine(request):
    """Each lazy engine in turn."""
    name = request.param
    return engines.Engine(name, request.getfixturevalue("spark") if name == "spark" else None)
