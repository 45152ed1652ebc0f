"""Fixtures and settings shared by all tests."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # scikit-learn's checks of array-API input ask for it

from hypothesis import HealthCheck, settings

settings.register_profile(
    "skprep", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("skprep")
