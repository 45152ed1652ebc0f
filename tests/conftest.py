"""Fixtures and settings shared by all tests."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # scikit-learn's checks of array-API input ask for it
if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a worker for each core: BLAS and OpenMP with threads of their own would wait for each other.
    # Not by OMP_NUM_THREADS, as the threads of skprep, which go by that, are tested.
    for variable in ("OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

import pytest
from hypothesis import HealthCheck, settings

from . import engines

# A few examples of each law where all tests run; CI tries many: pytest -m hypothesis --hypothesis-profile=ci
for name, examples in (("skprep", 10), ("ci", 50)):
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
