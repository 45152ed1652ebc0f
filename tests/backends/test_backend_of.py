import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context

from skprep import GroupScaler, MinMaxScaler, RobustScaler, StandardScaler
from skprep.backends import array_api, backend_of, dask, files, lazy, memory
from skprep.backends.files import open_table

from ..engines import FEATURES, library, table


def test_rows_in_memory():
    X = np.ones((2, 1))
    frames = [
        pd.DataFrame(X),
        library("polars").DataFrame({"x": [1.0]}),
        library("pyarrow").table({"x": [1.0]}),
    ]
    for rows in (X, X.tolist(), sparse.csr_array(X), pd.Series([1.0]), "text", *frames):
        assert backend_of(rows) is memory
    with config_context(array_api_dispatch=True):
        assert backend_of(X) is array_api


def test_rows_elsewhere(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    assert backend_of(library("polars").LazyFrame(frame)) is lazy
    assert backend_of(library("duckdb").connect().sql("SELECT 1.0 AS x")) is lazy
    assert backend_of(library("dask.array").ones((2, 1))) is dask
    assert backend_of(library("dask.dataframe").from_pandas(frame, npartitions=1)) is dask
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert backend_of(open_table(tmp_path / "x.csv")) is files


@pytest.mark.parametrize("suffix", ["parquet", "csv", "csv.gz"])
@pytest.mark.parametrize("inner", [StandardScaler(), MinMaxScaler(), RobustScaler()], ids=repr)
def test_a_file_is_rows_too(tmp_path, suffix, inner):
    rows = table()[["site", *FEATURES]].fillna({"site": "none"})
    path = tmp_path / f"rows.{suffix}"
    rows.to_parquet(path) if suffix == "parquet" else rows.to_csv(path, index=False)
    scaler = GroupScaler(inner, by="site").fit(open_table(path))
    whole = GroupScaler(inner, by="site").fit(rows)
    np.testing.assert_allclose(scaler.center_, whole.center_, rtol=1e-9)
    np.testing.assert_allclose(scaler.scale_, whole.scale_, rtol=1e-9)
    found = scaler.transform(open_table(path))
    assert list(found.columns) == list(rows.columns)
    assert found["site"].tolist() == rows["site"].tolist()
    np.testing.assert_allclose(found[FEATURES], whole.transform(rows), rtol=1e-9, atol=1e-9)
    scaler.partial_fit(open_table(path))
    np.testing.assert_array_equal(scaler.n_samples_seen_, 2 * whole.n_samples_seen_)


def test_a_refused_file_changes_nothing(tmp_path):
    (tmp_path / "x.csv").write_text("x\n1\n2\n")
    (tmp_path / "bad.csv").write_text("x\n1\ninf\n")
    scaler = StandardScaler().fit(open_table(tmp_path / "x.csv"))
    with pytest.raises(ValueError, match=r"received inf in column 'x', row 1"):
        scaler.fit(open_table(tmp_path / "bad.csv"))
    assert scaler.mean_ == [1.5]
    with pytest.raises(ValueError, match="sample_weight is a list in the order of the rows"):
        scaler.fit(open_table(tmp_path / "x.csv"), sample_weight=[1, 2])


def test_keys_of_a_text_file_are_read_as_those_of_pandas(tmp_path):
    rows = pd.DataFrame({"k": [0, 0, 1, 1], "x": [1.0, 3.0, 5.0, 9.0]})
    rows.to_csv(tmp_path / "a.csv", index=False)
    for by in ("k", 0):
        scaler = GroupScaler(StandardScaler(), by=by).fit(open_table(tmp_path / "a.csv"))
        assert scaler.groups_.tolist() == [0, 1]
        np.testing.assert_array_equal(
            scaler.transform(pd.read_csv(tmp_path / "a.csv")).ravel(), [-1, 1, -1, 1]
        )
        assert scaler.partial_fit(rows).groups_.tolist() == [0, 1]
        assert scaler.partial_fit(open_table(tmp_path / "a.csv")).groups_.tolist() == [0, 1]
        np.testing.assert_array_equal(scaler.n_samples_seen_, [[6], [6]])


def test_a_file_and_a_scaler_that_do_not_go_together(tmp_path):
    (tmp_path / "x.csv").write_text("x\n1\n2\n")
    table = open_table(tmp_path / "x.csv")
    with pytest.raises(ValueError, match="by must name columns of the file; received 'nope'"):
        GroupScaler(StandardScaler(), by="nope").fit(table)
    with pytest.raises(ValueError, match="fitted on an array without names"):
        StandardScaler().fit([[1.0], [2.0]]).partial_fit(table)
    with pytest.raises(ValueError, match="set_output"):
        StandardScaler().set_output(transform="polars").fit(table).transform(table)
