"""scikit-learn's own tests of its scalers, run with our four classes in place of theirs.

The tests ship in scikit-learn's wheel, and all of them that concern the four pass: there are no exceptions.
"""

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest
import sklearn.preprocessing

import skprep

CLASSES = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
FILES = ("test_data", "test_common")

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(
        tuple(int(n) for n in sklearn.__version__.split(".")[:2]) < (1, 9),
        reason="the contract is that of scikit-learn 1.9 and later",
    ),
]


def load_with_our_classes(name):
    """Import a test module of ``sklearn.preprocessing`` anew while the four classes are ours."""
    folder = Path(sklearn.preprocessing.__file__).parent / "tests"
    spec = importlib.util.spec_from_file_location(f"sklearn_{name}_with_skprep", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    theirs = {c: getattr(sklearn.preprocessing, c) for c in CLASSES}
    try:
        for c in CLASSES:
            setattr(sklearn.preprocessing, c, getattr(skprep, c))
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        for c, original in theirs.items():
            setattr(sklearn.preprocessing, c, original)
    return module


def omit_our_parameters(test):
    """Spare scikit-learn's functions (scale, minmax_scale, ...) the parameters that only we have."""
    for mark in getattr(test, "pytestmark", []):
        if mark.args[0] == "est, func, support_sparse, strictly_positive, omit_kwargs":
            for estimator, *_, omitted in mark.args[1]:
                if type(estimator).__module__.startswith("skprep."):
                    theirs = getattr(sklearn.preprocessing, type(estimator).__name__)
                    omitted += set(estimator.get_params()) - set(theirs().get_params())


def list_parameters(test):
    """Turn generators of parameters into lists, as newer versions of pytest want them."""
    marks = getattr(test, "pytestmark", [])
    for i, mark in enumerate(marks):
        if mark.name == "parametrize" and not isinstance(mark.args[1], (list, tuple)):
            marks[i] = pytest.mark.parametrize(mark.args[0], list(mark.args[1]), **mark.kwargs).mark


def concerns_us(test):
    """Say whether a test of scikit-learn uses one of the four classes."""
    marks = repr([m.args for m in getattr(test, "pytestmark", [])])
    return any(c in inspect.getsource(test) or c in marks for c in CLASSES)


for file in FILES:
    for test_name, test in vars(load_with_our_classes(file)).items():
        if test_name.startswith("test_") and concerns_us(test):
            list_parameters(test)
            omit_our_parameters(test)
            globals()[test_name] = test
