"""What works where: every container, scaler and method, tried out and compared with NumPy or pandas.

``SCIPY_ARRAY_API=1 python -m tests.containers`` prints the table of the documentation;
``test_containers.py`` holds what it says.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone

from skprep import ComBat, GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from . import engines

STRICT = "array API (strict)"
METHODS = ("fit", "transform", "inverse_transform", "partial_fit")
SCALERS = {
    "StandardScaler": StandardScaler(),
    "MinMaxScaler": MinMaxScaler(),
    "MaxAbsScaler": MaxAbsScaler(),
    "RobustScaler": RobustScaler(),
    "LogScaler": LogScaler(),
    "GroupScaler": GroupScaler(StandardScaler(), by="site", keep_by=True),
    "ComBat": ComBat("site", covariates=["age"], keep_by=True),
}
# Why something is refused, in the words of the error.
REASONS = (
    "sparse data",
    "sparse input",
    "goes on from",
)
UNORDERED = ("duckdb", "spark")
SPARSE = {  # what leaves zeros where they are
    "StandardScaler": StandardScaler(with_mean=False),
    "RobustScaler": RobustScaler(with_centering=False),
}


def rows():
    """Sixty rows: a site, an age, two features."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"site": np.repeat(["a", "b", "c"], 20), "age": rng.uniform(20, 80, 60)})
    shift = frame["site"].map({"a": 0.0, "b": 5.0, "c": 9.0})
    return frame.assign(
        dose=10 + shift + 0.1 * frame["age"] + rng.gamma(2, 1, 60),
        size=100 - shift + rng.gamma(2, 3, 60),
    )


@dataclass(frozen=True)
class Container:
    """A place where rows live: how a frame becomes one, and how numbers come back."""

    name: str
    make: Any
    collect: Any
    is_array: bool = False
    is_lazy: bool = False
    keeps_order: bool = True

    def scaler(self, name):
        """The scaler, with positions for names where there are none."""
        if self.name == "SciPy sparse" and name in SPARSE:
            return SPARSE[name]
        if self.is_array and name == "GroupScaler":
            return GroupScaler(StandardScaler(), by=0, keep_by=True)
        if self.is_array and name == "ComBat":
            return ComBat(0, covariates=[1], keep_by=True)
        return SCALERS[name]

    def kinds(self, frame):
        """The types that a result may be: that of the rows; from a frame in memory an array as well."""
        in_memory = not (self.is_array or self.is_lazy)
        return (type(self.make(frame)), *([np.ndarray] if in_memory else []))

    def input(self, name):
        """The columns that a scaler takes; keys of arrays are numbers."""
        frame = rows()
        if name not in ("GroupScaler", "ComBat"):
            frame = frame[["dose", "size"]]
        elif name == "GroupScaler":
            frame = frame[["site", "dose", "size"]]
        if self.is_array and "site" in frame:
            frame = frame.assign(site=frame["site"].map({"a": 1.0, "b": 2.0, "c": 3.0}))
        return frame


def _frame(library, name, spark=None):
    engine = engines.Engine(name, spark)

    def collect(found):
        if isinstance(found, np.ndarray | pd.DataFrame):
            return found
        if name == "polars lazy":
            return found.collect().to_pandas()
        if name == "duckdb":
            return found.df()
        if name == "spark":
            return found.toArrow().to_pandas()
        return found.compute() if name == "dask" else found.to_pandas()

    return Container(library, engine.make, collect, is_lazy=engine.is_lazy, keeps_order=name not in UNORDERED)


def _strict(frame):
    return engines.library("array_api_strict").asarray(frame.to_numpy())


def _dask_array(frame):
    return engines.library("dask.array").from_array(frame.to_numpy(), chunks=(20, -1))


def containers(spark=None):
    """All containers; Spark where a session is given."""
    found = [
        Container("NumPy array", pd.DataFrame.to_numpy, np.asarray, is_array=True),
        Container(
            "SciPy sparse", lambda frame: sparse.csr_array(frame.to_numpy(float)), _dense, is_array=True
        ),
        Container(STRICT, _strict, np.asarray, is_array=True),
        Container("Dask array", _dask_array, lambda found: np.asarray(found.compute()), is_array=True),
        _frame("pandas", "pandas"),
        _frame("Polars", "polars"),
        _frame("PyArrow", "pyarrow"),
        _frame("Polars LazyFrame", "polars lazy"),
        _frame("DuckDB", "duckdb"),
        _frame("Dask frame", "dask"),
    ]
    return [*found, _frame("Spark", "spark", spark)] if spark is not None else found


def _dense(found):
    return found.toarray() if sparse.issparse(found) else np.asarray(found)


def _numbers(found, in_order):
    """Numbers of a result, texts as codes; rows sorted where the container keeps no order."""
    frame = pd.DataFrame(np.asarray(found)) if not isinstance(found, pd.DataFrame) else found
    codes = {"a": 1.0, "b": 2.0, "c": 3.0}
    coded = [
        np.array([codes.get(value, value) for value in column], dtype=float) for _, column in frame.items()
    ]
    values = np.column_stack(coded)
    return values if in_order else values[np.lexsort(values.T)]


def outcome(container, name, method):
    """Say "yes" where the result is that of NumPy or pandas, "no" where it is refused; raise where wrong."""
    scaler, frame = container.scaler(name), container.input(name)
    plain = frame.to_numpy() if container.is_array else frame
    known = clone(scaler).fit(plain)
    scaled = known.transform(plain)
    if method == "inverse_transform":
        frame = pd.DataFrame(scaled, columns=known.get_feature_names_out())
        expected = known.inverse_transform(frame.to_numpy() if container.is_array else frame)
    else:
        expected = scaled
    try:
        with config_context(array_api_dispatch=container.name == STRICT):
            if container.name == STRICT:  # which are not mixed with others
                known = clone(scaler).fit(container.make(pd.DataFrame(plain)))
            found = _tried(scaler, known, method, plain, container.make, frame)
            if method in ("transform", "inverse_transform"):
                assert type(found) in container.kinds(frame), type(found)
                found = container.collect(found)
    except (TypeError, ValueError) as error:
        if not any(reason in str(error).lower() for reason in REASONS):
            raise
        return "no"
    order = container.keeps_order or method in ("fit", "partial_fit")
    np.testing.assert_allclose(_numbers(found, order), _numbers(expected, order), rtol=1e-9, atol=1e-9)
    return "yes"


def _tried(scaler, known, method, plain, make, frame):
    if method in ("transform", "inverse_transform"):
        return getattr(known, method)(make(frame))
    fitted = clone(scaler)
    for part in [frame] if method == "fit" else [frame[:25], frame[25:]]:
        fitted = getattr(fitted, method)(make(part))
    with config_context(array_api_dispatch=False):
        return fitted.transform(plain)


def table(spark=None):
    """One table for each method, as Markdown: containers by scalers."""
    head = f"| | {' | '.join(SCALERS)} |\n|{' --- |' * (1 + len(SCALERS))}\n"
    parts = []
    for method in METHODS:
        lines = [
            f"| {container.name} | {' | '.join(outcome(container, name, method) for name in SCALERS)} |"
            for container in containers(spark)
        ]
        parts.append(f"## {method}\n\n{head}" + "\n".join(lines))
    return "\n\n".join(parts)


if __name__ == "__main__":
    session = engines.spark_session() if "--spark" in sys.argv else None
    print(table(session))
    if session is not None:
        session.stop()
