import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skprep import GroupScaler, LogScaler, MinMaxScaler, StandardScaler

from ..engines import Engine, library

NAMES = [
    "a.b",
    "tick`ed",
    "^hu.*$",
    "*",
    'quo"ted',
    "SKPREP_KEY_0",
    "Skprep_rows",
    "own_c0",
    "c1",
    "k0",
    "with space",
    "x'y",
]


@pytest.mark.parametrize(
    "inner", [StandardScaler(), MinMaxScaler((-1, 1)), LogScaler(method="symlog")], ids=repr
)
@pytest.mark.parametrize("grouped", [False, True])
def test_names_mean_nothing_to_an_engine(lazy_engine, inner, grouped):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({name: rng.normal(size=40) for name in NAMES})
    rows.insert(3, "the.key`*", rng.choice(["a", "b"], 40))
    rows.insert(0, "row", np.arange(40))
    frame = lazy_engine.make(rows)
    features = ["a.b", "^hu.*$", "*", "SKPREP_KEY_0", "c1", 'quo"ted']
    columns = ["the.key`*", *features] if grouped else features
    scaler = GroupScaler(inner, by="the.key`*") if grouped else inner
    whole = scaler.fit(rows[columns])
    expected = whole.transform(rows[columns])
    if lazy_engine.name == "polars lazy":
        places = [rows.columns.get_loc(c) for c in columns]
        fitted = clone(whole).fit(frame.select(library("polars").nth(*places)))
        np.testing.assert_allclose(fitted.transform(rows[columns]), expected, rtol=1e-12)
    result = lazy_engine.collect(whole.transform(frame))
    assert list(result.columns) == list(rows.columns)
    np.testing.assert_allclose(result[features], expected, rtol=1e-12, atol=1e-12)
    others = [c for c in rows.columns if c not in features]
    pd.testing.assert_frame_equal(result[others], rows[others], check_dtype=False)


def test_duckdb_needs_no_table_no_variable_and_no_access_of_ours():
    connection = library("duckdb").connect(config={"enable_external_access": False})
    connection.execute("SET python_enable_replacements = false")
    rows = "(VALUES ('a', 1.0, 10.0), ('a', 3.0, 20.0), ('b', 5.0, 30.0)) AS t(g, x, SKPREP_S0)"
    connection.execute(f"CREATE TABLE skprep_rows AS SELECT * FROM {rows}")

    def things():
        tables = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
        return sorted(connection.sql(tables).fetchall())

    relation, before = connection.table("skprep_rows"), things()
    scaler = GroupScaler(StandardScaler(), by="g").fit(relation)
    result = scaler.transform(relation).fetchall()
    assert sorted(result) == [("a", -1.0, -1.0), ("a", 1.0, 1.0), ("b", 0.0, 0.0)]
    assert things() == before


def test_parameters_reach_duckdb_to_the_last_bit():
    engine = Engine("duckdb")
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "row": np.arange(300),
            "g": rng.integers(0, 50, 300),
            "x": rng.normal(size=300) * 10.0 ** rng.integers(-300, 300, 300),
        }
    )
    scaler = GroupScaler(StandardScaler(with_std=False), by="g").fit(rows[["g", "x"]])
    result = engine.collect(scaler.transform(engine.make(rows)))
    np.testing.assert_array_equal(result["x"], scaler.transform(rows[["g", "x"]])[:, 0])
