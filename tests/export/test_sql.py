"""Queries give what transform gives, in every database; names and keys stay in their place."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline

from skprep import ComBat, GroupScaler, LogScaler, MinMaxScaler, RobustScaler, StandardScaler, to_sql

from ..cases import CASES
from .databases import KINDS, NAMES, DuckDB, SQLite, features

PLAIN = {case.name: case.scaler for case in CASES}
FEATURES = ["bmi", "bp", 's 1"']


@pytest.fixture(scope="module", params=NAMES)
def database(request):
    """Each database in turn."""
    session = [request.getfixturevalue("spark")] if request.param == "spark" else []
    found = KINDS[request.param](*session)
    yield found
    found.close()


def table(n_rows=200):
    """Bundled data far from 0, with missing values, keys and covariates."""
    X = load_diabetes(as_frame=True, scaled=False).data[:n_rows]
    frame = pd.DataFrame({"bmi": X["bmi"] + 1e6, "bp": X["bp"], 's 1"': X["s1"] * 1e-2})
    frame.loc[[3, 50], "bp"] = np.nan
    frame["site"] = pd.Series(["a", None, "it's", "; --"] * (n_rows // 4), dtype=object)
    frame["device"] = np.arange(n_rows) // 7 % 3 - 1
    frame["dose"] = np.array([0.5, np.nan, 0.1])[np.arange(n_rows) % 3]
    frame["on"] = np.arange(n_rows) % 5 < 2
    frame["day"] = pd.to_datetime(["2024-05-01 00:00:00.000000", "1999-12-31 23:59:59.123456"])[
        np.arange(n_rows) % 2
    ]
    frame["age"] = X["age"].to_numpy() + 0.25
    frame["sex"] = np.where(X["sex"] == 1, "f", "männlich")
    frame["row"] = np.arange(n_rows)
    return frame


def check(database, scaler, frame, columns, expected=None, seen=None):
    """The query of a scaler for a table beside transform, row by row."""
    database.load(frame)
    query = to_sql(scaler, "rows", dialect=database.dialect, columns=[*columns, "row"])
    found = database.query(query).sort_values("row")
    assert found.columns.tolist() == [*columns, "row"]
    if expected is None:
        expected = np.asarray(scaler.transform(frame[seen or columns]), dtype=np.float64)
    names = [name for name in columns if name in FEATURES]
    np.testing.assert_allclose(features(found, names), expected, rtol=1e-12, atol=1e-12)
    return found


@pytest.mark.parametrize("name", PLAIN)
def test_every_scaler(database, name):
    frame = table()
    scaler = clone(PLAIN[name]).fit(frame[FEATURES])
    frame.loc[7, "bmi"] = -3.0  # outside the domain of some logarithms
    expected = None
    if getattr(scaler, "handle_invalid", None) == "error":
        expected = (
            clone(scaler).set_params(handle_invalid="nan").fit(frame[FEATURES][8:]).transform(frame[FEATURES])
        )
        scaler = clone(scaler).fit(frame[FEATURES][8:])
    check(database, scaler, frame, FEATURES, expected)


KEYS = {
    "text": "site",
    "numbers": "device",
    "floats": "dose",
    "booleans": "on",
    "times": "day",
    "several": ["site", "device", "dose"],
}


@pytest.mark.parametrize("units", ["group", "global"])
@pytest.mark.parametrize("inner", ["standard", "min-max, odd range", "log, clip", "symlog2"])
@pytest.mark.parametrize("keys", KEYS)
def test_groups_by_every_kind_of_key(database, keys, inner, units):
    by = KEYS[keys]
    if keys == "times" and database.dialect == "sqlite":
        pytest.xfail("SQLite has no type for times: refused, see below")
    columns = [*FEATURES, *([by] if isinstance(by, str) else by)]
    frame = table()
    scaler = GroupScaler(clone(PLAIN[inner]), by=by, handle_unknown="global", units=units)
    if inner == "log, clip" and units == "global":
        units = "group"
    scaler.set_params(units=units).fit(frame[columns])
    found = check(database, scaler, frame, columns)
    for name in set(columns) - set(FEATURES):  # kept as they are
        assert found[name].isna().tolist() == frame[name].isna().tolist()


@pytest.mark.parametrize("policy", ["global", "nan", "error"])
def test_unknown_and_missing_keys(database, policy):
    frame = table()
    learnt = frame[frame["site"].isin(["a", "it's"])]
    scaler = GroupScaler(StandardScaler(), by="site", handle_unknown=policy, min_group_size=5, smooth=3.0)
    scaler.fit(learnt[[*FEATURES, "site"]])
    expected = None
    if policy == "error":
        expected = scaler.set_params(handle_unknown="nan").transform(frame[[*FEATURES, "site"]])
        scaler.set_params(handle_unknown="error")
    check(database, scaler, frame, [*FEATURES, "site"], expected)


@pytest.mark.parametrize(
    "settings_of",
    [{}, {"parametric": False}, {"mean_only": True}, {"reference": 0}, {"smooth": {"age": 4}}],
    ids=str,
)
def test_combat_with_covariates(database, settings_of):
    frame = table()
    columns = [*FEATURES, "device", "age", "sex"]
    scaler = ComBat(by="device", covariates=["age", "sex"], **settings_of).fit(frame[columns])
    expected = np.asarray(scaler.transform(frame[columns]), dtype=np.float64)
    database.load(frame.assign(sex=frame["sex"].where(frame["row"] != 9, "unknown")))
    expected[9] = np.nan
    query = to_sql(scaler, "rows", dialect=database.dialect, columns=[*columns, "row"])
    found = database.query(query).sort_values("row")
    np.testing.assert_allclose(features(found, FEATURES), expected, rtol=1e-12, atol=1e-12)


def test_some_columns_scaled_and_all_others_kept(database):
    frame = table()
    scaler = RobustScaler(columns=["bp"]).fit(frame[[*FEATURES, "age"]])
    check(
        database,
        scaler,
        frame,
        [*FEATURES, "age"],
        np.asarray(scaler.transform(frame[[*FEATURES, "age"]]))[:, :3],
    )


def test_whole_numbers_are_not_divided_whole(database):
    frame = pd.DataFrame({"bmi": [1, 2, 2**53 - 1], "row": [0, 1, 2]})
    scaler = MinMaxScaler().fit(frame[["bmi"]])
    check(database, scaler, frame, ["bmi"])


def test_200_000_groups(database):
    n = 200_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"bmi": rng.normal(1e6, 1.0, 2 * n), "k": np.arange(2 * n) % n})
    frame["key"] = "id-" + frame.pop("k").astype(str)
    scaler = GroupScaler(StandardScaler(), by="key").fit(frame)
    rows = frame[:1000].assign(row=np.arange(1000))
    check(database, scaler, rows, ["bmi", "key"])


def test_no_group_is_a_case():
    frame = pd.DataFrame({"x": np.arange(6.0), "key": list("aabbcc")})
    query = to_sql(GroupScaler(StandardScaler(), by="key").fit(frame), "rows")
    assert "CASE" not in query
    assert query.count("VALUES") == 1


def test_all_columns_of_a_table_in_duckdb():
    frame = table()
    database = DuckDB()
    database.load(frame)
    others = [name for name in frame if name not in FEATURES]
    for scaler in (StandardScaler(), LogScaler(method="arcsinh")):
        scaler.fit(frame[FEATURES])
        found = database.query(to_sql(scaler, "rows"))
        for name in others:
            assert found[name].isna().tolist() == frame[name].isna().tolist()
            assert found[name].dropna().tolist() == frame[name].dropna().tolist()
        assert found.columns.tolist() == frame.columns.tolist()
        np.testing.assert_allclose(features(found, FEATURES), scaler.transform(frame[FEATURES]), rtol=1e-12)
    assert to_sql(scaler, ("memory", "main", "rows")).count('FROM "memory"."main"."rows"') == 1
    assert to_sql(scaler, "rows", dialect="sqlite").count('"site"') == 0  # what was seen in fit
    database.close()


def test_a_letter_of_another_case_is_another_key_even_where_the_column_says_not():
    database = SQLite()
    database.connection.execute("CREATE TABLE t (k TEXT COLLATE NOCASE, x REAL)")
    database.connection.executemany("INSERT INTO t VALUES (?, ?)", [("a", 1.0), ("A", 5.0)])
    frame = pd.DataFrame({"k": list("aaAA"), "x": [0.0, 2.0, 4.0, 8.0]})
    scaler = GroupScaler(StandardScaler(), by="k").fit(frame)
    assert database.query(to_sql(scaler, "t", dialect="sqlite"))["x"].tolist() == [0.0, -0.5]
    database.close()


hostile = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
WORDS = [
    "'",
    '"',
    "`",
    "\\",
    "';--",
    '"; DROP TABLE rows; --',
    "/*",
    "*/",
    "\n",
    "$$",
    "{x}",
    "%s",
    ":x",
    "?",
    "--",
    "ß",
    "\u202e",
]
mixed = (
    st.lists(st.one_of(st.sampled_from(WORDS), hostile), min_size=1, max_size=4)
    .map("".join)
    .filter(lambda name: not name.lower().startswith("skprep_") and len(name.encode()) < 60)  # PostgreSQL's
)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_hostile_names_and_keys_stay_in_their_place(dialect):
    database = KINDS[dialect]()
    stay_in_place(database)
    database.close()


def stay_in_place(database, **more):
    """Draw names and keys; the query must run, and give what transform gives."""

    @settings(**more)
    @given(
        names=st.lists(mixed, min_size=2, max_size=2, unique_by=str.lower),
        keys=st.lists(mixed, min_size=1, max_size=3, unique=True),
    )
    @example(names=["x\\", "k'"], keys=["\\", "\\'", "'"])
    def run(names, keys):
        x, k = names
        frame = pd.DataFrame({x: np.arange(4.0 * len(keys)), k: keys * 4})
        scaler = GroupScaler(StandardScaler(), by=k).fit(frame)
        table_name = "rows"
        database.load(frame, table_name)
        found = database.query(to_sql(scaler, table_name, dialect=database.dialect, columns=[x, k]))
        assert found.columns.tolist() == [x, k]
        assert sorted(found[k]) == sorted(frame[k])
        expected = np.sort(scaler.transform(frame)[:, 0])
        np.testing.assert_allclose(np.sort(features(found, [x])[:, 0]), expected, rtol=1e-12, atol=1e-12)

    run()


def test_hostile_words_in_every_database(database):
    stay_in_place(database, max_examples=10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: to_sql(StandardScaler().fit(f[["x"]].to_numpy()), "t"), "found by name"),
        (
            lambda f: to_sql(GroupScaler(StandardScaler()).fit(f[["x"]], groups=f["k"]), "t"),
            "key must be a column",
        ),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), "t", dialect="sqll"), "dialect must be one"),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), "t", dialect=""), "dialect must be one"),
        (
            lambda f: to_sql(StandardScaler().fit(f[["x"]]), "a\0b"),
            r"received 'a\\x00b'",
        ),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), ""), "must be text"),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), ("a", "b", "c", "d")), "up to three"),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), "t", columns="x"), r'Pass \["x"\]'),
        (lambda f: to_sql(StandardScaler().fit(f[["x"]]), "t", columns=["x", "x"]), "Name each once"),
        (
            lambda f: to_sql(GroupScaler(StandardScaler(), by="mixed").fit(f[["x", "mixed"]]), "t"),
            r"in 'mixed': 1, '1'",
        ),
        (lambda f: to_sql(GroupScaler(StandardScaler(), by="nul").fit(f[["x", "nul"]]), "t"), "without null"),
        (
            lambda f: to_sql(
                GroupScaler(StandardScaler(), by="day").fit(f[["x", "day"]]), "t", dialect="sqlite"
            ),
            "not in SQLite",
        ),
    ],
)
def test_what_cannot_be_a_query_is_refused(make, message):
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0],
            "k": ["a", "b"],
            "mixed": pd.Series([1, "1"], dtype=object),
            "nul": ["a\0", "b"],
            "day": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        }
    )
    with pytest.raises(ValueError, match=message):
        make(frame)


@pytest.mark.parametrize("keys", KEYS)
def test_parameters_as_one_text_in_spark(database, keys, monkeypatch):
    if database.dialect != "spark":
        assert database.dialect in NAMES  # they take any number of rows of VALUES
        return
    from skprep.export import joining

    monkeypatch.setattr(joining, "MANY", 0)
    by = KEYS[keys]
    columns = [*FEATURES, *([by] if isinstance(by, str) else by)]
    frame = table()
    scaler = GroupScaler(StandardScaler(), by=by).fit(frame[columns])
    assert "FROM_JSON" in to_sql(scaler, "rows", dialect="spark")
    check(database, scaler, frame, columns)


def test_text_in_the_place_of_a_number_is_null_in_sqlite():
    database = SQLite()
    database.connection.execute("CREATE TABLE t (k TEXT, x)")
    database.connection.executemany("INSERT INTO t VALUES ('a', ?)", [("",), ("12x",), (3,), (None,)])
    scaler = GroupScaler(StandardScaler(), by="k").fit(pd.DataFrame({"k": list("aa"), "x": [0.0, 2.0]}))
    found = database.connection.execute(to_sql(scaler, "t", dialect="SQLite")).fetchall()
    assert found == [("a", None), ("a", None), ("a", 2.0), ("a", None)]
    database.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda X: to_sql(make_pipeline(StandardScaler()).fit(X), "t"),
            "received Pipeline. Of a pipeline write",
        ),
        (lambda X: to_sql(3, "t"), "received int"),
        (lambda X: to_sql(StandardScaler().fit(X), "t", columns=None), "list of names; received None"),
        (
            lambda X: to_sql(StandardScaler().fit(X), "skprep_groups"),
            "begin with skprep_; received 'skprep_groups'",
        ),
        (lambda X: to_sql(StandardScaler().fit(X.rename(columns={"y": "X"})), "t"), "received 'X' and 'x'"),
        (
            lambda X: to_sql(StandardScaler().fit(X.rename(columns={"x": 0, "y": 1})), "t"),
            "names that are no text",
        ),
    ],
)
def test_what_no_engine_can_run_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 5.0]}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X: to_sql(StandardScaler().fit(X), "t", columns=["X"]), "received 'x' and 'X'"),
        (lambda X: to_sql(StandardScaler().fit(X), "t", columns={"x"}), "a list of names"),
        (
            lambda X: to_sql(StandardScaler().fit(X), "t", dialect="snowflake, version=1"),
            "dialect must be one",
        ),
        (lambda X: to_sql(GroupScaler(StandardScaler(), by="k").fit(X.assign(k=np.inf)), "t"), "in 'k': inf"),
    ],
)
def test_what_would_be_another_query_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 5.0]}))


def test_one_bound_alone(database):
    frame = table()
    scaler = RobustScaler(clip=(0.0, np.inf)).fit(frame[FEATURES])
    check(database, scaler, frame, FEATURES)


def test_small_and_huge_numbers_under_arcsinh(database):
    x = np.array([0.0, 1e-200, -1e-163, 1e-8, 0.5, -1e9, 1e200, 1e308, -1e308])
    frame = pd.DataFrame({"bmi": x, "row": np.arange(len(x))})
    scaler = LogScaler(method="arcsinh").fit(frame[["bmi"]])
    database.load(frame)
    query = to_sql(scaler, "rows", dialect=database.dialect, columns=["bmi", "row"])
    found = features(database.query(query).sort_values("row"), ["bmi"])
    np.testing.assert_allclose(found[:, 0], np.arcsinh(x), rtol=1e-12)
