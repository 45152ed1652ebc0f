import datetime
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler as TheirScaler

from skprep import GroupScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, merge

from .oracle import SCALERS, loop

POLICIES = {
    "plain": {},
    "small groups": {"min_group_size": 4},
    "smoothed": {"smooth": 3.5},
    "smoothed and small": {"smooth": 1, "min_group_size": 2},
    "pooled units": {"units": "global"},
    "global": {"handle_unknown": "global"},
    "global, pooled units": {"handle_unknown": "global", "units": "global"},
}
KEYS = np.array(["ct1", "ct2", "ct3", "one row", "constant", "no values"], dtype=object)


def table(n_rows=120, seed=0, unknown=False):
    """Keys and features: groups of their own offset, a single row, a constant, an empty feature."""
    rng = np.random.default_rng(seed)
    keys = KEYS[rng.integers(0, 3, n_rows)]
    keys[:9] = ["one row", *["constant"] * 4, *["no values"] * 4]
    offset = np.array([{"ct1": 0.0, "ct2": 50.0, "ct3": -80.0}.get(k, 10.0) for k in keys])
    X = np.column_stack(
        [rng.normal(offset, 5.0), rng.gamma(2.0, 3.0, n_rows) + 1, rng.normal(1e3, 1.0, n_rows)]
    )
    X[rng.random(X.shape) < 0.05] = np.nan
    X[1:5] = [7.5, 3.0, 1000.25]
    X[5:9, 1] = np.nan
    if unknown:
        keys[-6:] = "new scanner"
    return keys, X


def build(kind, keys, X):
    if kind == "numpy":
        return np.column_stack([X[:, :1].astype(object), keys, X[:, 1:].astype(object)])
    columns = {"a": X[:, 0], "device": list(keys), "b": X[:, 1], "c": X[:, 2]}
    if kind == "pandas":
        return pd.DataFrame(columns, index=np.arange(len(X)) + 7)
    return pl.DataFrame(columns) if kind == "polars" else pa.table(columns)


kinds = pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "numpy"])


@kinds
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", SCALERS)
def test_every_scaler_and_policy_equals_a_plain_loop(name, policy, kind):
    settings = POLICIES[policy]
    keys, X = table()
    new_keys, new_X = table(seed=1, unknown="handle_unknown" in settings)
    expected = loop(SCALERS[name], keys, X, new_keys, new_X, **settings)
    by = 1 if kind == "numpy" else "device"
    scaler = GroupScaler(clone(SCALERS[name]), by=by, **settings).fit(build(kind, keys, X))
    found = scaler.transform(build(kind, new_keys, new_X))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("policy", ["plain", "small groups", "pooled units"])
def test_weights_equal_the_loop_with_weights(name, policy):
    keys, X = table()
    weight = np.random.default_rng(2).integers(1, 4, len(X)).astype(float)
    expected = loop(SCALERS[name], keys, X, keys, X, weight, **POLICIES[policy])
    scaler = GroupScaler(clone(SCALERS[name]), **POLICIES[policy])
    found = scaler.fit(X, groups=keys, sample_weight=weight).transform(X, groups=keys)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in SCALERS if n != "standard, clipped"])
@pytest.mark.parametrize("units", ["group", "global"])
@kinds
def test_inverse_transform_gives_the_rows_back(name, units, kind):
    keys, X = table()
    given = build(kind, keys, X)
    scaler = GroupScaler(clone(SCALERS[name]), by=1 if kind == "numpy" else "device", units=units)
    Z = scaler.fit_transform(given)
    np.testing.assert_allclose(scaler.inverse_transform(Z, groups=keys), X, rtol=1e-9, atol=1e-9)
    kept = clone(scaler).set_params(keep_by=True)
    Z = kept.fit_transform(given)
    back = kept.inverse_transform(Z)
    assert type(back) is type(given)
    assert list(getattr(back, "columns", [])) == list(getattr(given, "columns", [])) or kind == "pyarrow"
    again = kept.transform(back)
    np.testing.assert_allclose(
        GroupScaler(StandardScaler(), by=scaler.by).fit_transform(again),
        GroupScaler(StandardScaler(), by=scaler.by).fit_transform(Z),
        rtol=1e-6,
        atol=1e-6,
    )


def spelt(kind):
    """The same five keys, a missing one and repetitions, in one of many spellings."""
    return {
        "int and None": [1, 2, None, 2, 1, None],
        "float and NaN": np.array([1.0, 2.0, np.nan, 2.0, 1.0, np.nan]),
        "nullable": pd.array([1, 2, None, 2, 1, None], dtype="Int64"),
        "polars": pl.Series([1, 2, None, 2, 1, None]),
        "arrow": pa.chunked_array([[1, 2, None], [2, 1, None]]),
        "mixed": np.array([1, 2.0, pd.NA, 2, 1.0, np.nan], dtype=object),
        "category": pd.Series(pd.Categorical([1, 2, None, 2, 1, None], categories=[5, 2, 1])),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["int and None", "float and NaN", "nullable", "polars", "arrow", "mixed", "category"]
)
def test_a_missing_key_is_a_group_and_equal_numbers_are_one_key(kind):
    X = np.array([[1.0], [10.0], [100.0], [30.0], [3.0], [300.0]])
    fitted = GroupScaler(StandardScaler()).fit(X, groups=spelt("int and None"))
    np.testing.assert_array_equal(fitted.groups_, [1, 2, None])
    expected = [[-1], [-1], [-1], [1], [1], [1]]
    np.testing.assert_array_equal(fitted.transform(X, groups=spelt(kind)), expected)
    again = GroupScaler(StandardScaler()).fit(X, groups=spelt(kind))
    np.testing.assert_array_equal(again.groups_, [1, 2, None])
    np.testing.assert_array_equal(again.center_, fitted.center_)


def test_the_string_1_is_another_group():
    fitted = GroupScaler(StandardScaler()).fit([[1.0], [2.0]], groups=[1, "1"])
    assert fitted.groups_.tolist() == [1, "1"]
    with pytest.raises(ValueError, match=r"1 unknown in groups, 1 rows: '2'"):
        fitted.transform([[1.0]], groups=["2"])
    text = GroupScaler(StandardScaler()).fit([[1.0], [2.0]], groups=np.array(["a", "b"]))
    np.testing.assert_array_equal(text.transform([[1.0]], groups=pd.Series(["a"], dtype=object)), [[0.0]])


@pytest.mark.parametrize("moment", ["datetime", "date", "Timestamp", "datetime64", "polars", "polars date"])
def test_days_are_one_key_in_every_spelling(moment):
    days = ["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-02"]
    spellings = {
        "datetime": [datetime.datetime.fromisoformat(d) for d in days],
        "date": [datetime.date.fromisoformat(d) for d in days],
        "Timestamp": pd.to_datetime(days),
        "datetime64": np.array(days, dtype="datetime64[D]"),
        "polars": pl.Series(days).str.to_datetime(),
        "polars date": pl.Series(days).str.to_date(),
    }
    X = np.array([[1.0], [2.0], [3.0], [6.0]])
    fitted = GroupScaler(StandardScaler()).fit(X, groups=pd.to_datetime(days))
    np.testing.assert_array_equal(fitted.transform(X, groups=spellings[moment]), [[-1], [-1], [1], [1]])


def test_several_key_columns_are_a_tuple_never_a_joined_string():
    X = pd.DataFrame(
        {"x": [1.0, 3.0, 10.0, 30.0], "s": ["a_b", "a_b", "a", "a"], "t": ["c", "c", "b_c", "b_c"]}
    )
    fitted = GroupScaler(StandardScaler(), by=["s", "t"]).fit(X)
    assert list(fitted.groups_) == [("a", "b_c"), ("a_b", "c")]
    np.testing.assert_array_equal(fitted.transform(X), [[-1], [1], [-1], [1]])
    again = GroupScaler(StandardScaler()).fit(X[["x"]], groups=X[["s", "t"]])
    np.testing.assert_array_equal(again.transform(X[["x"]], groups=X[["s", "t"]]), fitted.transform(X))
    with pytest.raises(ValueError, match="2 key columns as in fit; received 1"):
        again.transform(X[["x"]], groups=X["s"])


def test_unused_categories_are_no_groups():
    keys = pd.Series(pd.Categorical(["a", "b"], categories=["z", "b", "a", "y"]))
    assert list(GroupScaler(StandardScaler()).fit([[1.0], [2.0]], groups=keys).groups_) == ["a", "b"]


@pytest.mark.parametrize("policy", ["error", "global", "nan"])
def test_transform_never_changes_state(policy):
    keys, X = table()
    scaler = GroupScaler(StandardScaler(), handle_unknown=policy).fit(X, groups=keys)
    before = pickle.dumps(scaler)
    new = np.where(np.arange(len(X)) < 3, "new", keys)
    if policy == "error":
        with pytest.raises(
            ValueError, match=r"6 groups it was fitted on .*1 unknown in groups, 3 rows: 'new'"
        ):
            scaler.transform(X, groups=new)
    else:
        Z = scaler.transform(X, groups=new)
        expected = StandardScaler().fit(X).transform(X[:3]) if policy == "global" else np.full((3, 3), np.nan)
        np.testing.assert_allclose(Z[:3], expected, rtol=1e-12)
    assert pickle.dumps(scaler) == before


@pytest.mark.parametrize("rows", [[5], [0, 100], [119]])
def test_one_row_or_some_groups_are_enough_at_transform(rows):
    keys, X = table()
    scaler = GroupScaler(RobustScaler()).fit(X, groups=keys)
    whole = scaler.transform(X, groups=keys)
    np.testing.assert_array_equal(scaler.transform(X[rows], groups=keys[rows]), whole[rows])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtype_and_memory_order_are_kept(dtype, order):
    keys, X = table(n_rows=5000)
    X = np.asarray(X.astype(dtype), order=order)
    before = X.copy()
    X.flags.writeable = False
    scaler = GroupScaler(StandardScaler()).fit(X, groups=keys)
    Z = scaler.transform(X, groups=keys)
    assert Z.dtype == dtype
    assert Z.flags["C_CONTIGUOUS" if order == "C" else "F_CONTIGUOUS"]
    np.testing.assert_array_equal(X, before)
    expected = loop(StandardScaler(), keys, X.astype(float), keys, X.astype(float))
    np.testing.assert_allclose(Z, expected, rtol=2e-6, atol=2e-6)


@given(data=st.data())
def test_one_group_equals_the_ungrouped_scaler(data):
    name = data.draw(st.sampled_from(sorted(SCALERS)))
    _, X = table(n_rows=30, seed=data.draw(st.integers(0, 50)))
    alone = clone(SCALERS[name]).fit(X)
    grouped = GroupScaler(clone(SCALERS[name])).fit(X, groups=["g"] * 30)
    np.testing.assert_allclose(
        grouped.transform(X, groups=["g"] * 30), alone.transform(X), rtol=1e-11, atol=1e-11
    )


@given(seed=st.integers(0, 99), name=st.sampled_from(sorted(set(SCALERS) - {"median of means"})))
def test_permuting_rows_changes_nothing(seed, name):
    keys, X = table(n_rows=40, seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    one = GroupScaler(clone(SCALERS[name])).fit(X, groups=keys)
    other = GroupScaler(clone(SCALERS[name])).fit(X[order], groups=keys[order])
    np.testing.assert_array_equal(one.groups_, other.groups_)
    np.testing.assert_allclose(
        one.transform(X, groups=keys), other.transform(X, groups=keys), rtol=1e-10, atol=1e-10
    )


@given(seed=st.integers(0, 99), name=st.sampled_from(sorted(SCALERS)))
def test_splitting_a_group_in_two_changes_no_other(seed, name):
    keys, X = table(n_rows=40, seed=seed)
    split = np.where((keys == "ct1") & (np.arange(40) % 2 == 0), "ct1 b", keys)
    others = (keys != "ct1") & (keys != "no values")  # the latter borrows from all rows
    one = GroupScaler(clone(SCALERS[name])).fit(X, groups=keys).transform(X, groups=keys)
    other = GroupScaler(clone(SCALERS[name])).fit(X, groups=split).transform(X, groups=split)
    np.testing.assert_allclose(one[others], other[others], rtol=1e-11, atol=1e-11)


@given(seed=st.integers(0, 99), name=st.sampled_from(sorted(set(SCALERS) - {"standard, clipped"})))
def test_inverse_of_transform_is_the_identity(seed, name):
    keys, X = table(n_rows=40, seed=seed)
    scaler = GroupScaler(clone(SCALERS[name])).fit(X, groups=keys)
    back = scaler.inverse_transform(scaler.transform(X, groups=keys), groups=keys)
    np.testing.assert_allclose(back, X, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in SCALERS if n != "robust"])
def test_batches_with_new_groups_and_merged_parts_equal_one_fit(name):
    keys, X = table(n_rows=300)
    order = np.argsort(keys, kind="stable")  # so that later batches bring new groups
    parts = np.array_split(order, 7)
    whole = GroupScaler(clone(SCALERS[name])).fit(X[order], groups=keys[order])
    stream = GroupScaler(clone(SCALERS[name]))
    for rows in parts:
        stream.partial_fit(X[rows], groups=keys[rows])
    fitted = [GroupScaler(clone(SCALERS[name])).fit(X[rows], groups=keys[rows]) for rows in parts]
    expected = whole.transform(X, groups=keys)
    for scaler in (stream, merge(fitted)):
        np.testing.assert_array_equal(scaler.groups_, whole.groups_)
        np.testing.assert_array_equal(scaler.n_samples_seen_, whole.n_samples_seen_)
        np.testing.assert_allclose(scaler.transform(X, groups=keys), expected, rtol=1e-9, atol=1e-9)


def test_a_refused_batch_leaves_the_scaler_as_it_was():
    keys, X = table()
    scaler = GroupScaler(StandardScaler()).partial_fit(X, groups=keys)
    before = pickle.dumps(scaler)
    wrong = X.copy()
    wrong[4, 2] = np.inf
    with pytest.raises(ValueError, match="received inf in column 2, row 4"):
        scaler.partial_fit(wrong, groups=np.where(np.arange(120) == 0, "new", keys))
    with pytest.raises(ValueError, match="one key for each of 120 rows; received 119"):
        scaler.partial_fit(X, groups=keys[1:])
    assert pickle.dumps(scaler) == before


def test_to_frame_tells_what_was_learnt():
    scans = pd.DataFrame({"site": [1, 1, 2], "device": ["a", "a", "b"], "hu": [10.0, 30.0, 5.0]})
    learnt = GroupScaler(MinMaxScaler(), by=["site", "device"]).fit(scans).to_frame()
    expected = pd.DataFrame(
        {
            "site": [1, 2],
            "device": ["a", "b"],
            "feature": ["hu", "hu"],
            "n": [2, 1],
            "center": [10.0, 5.0],
            "scale": [20.0, 1.0],
        }
    )
    pd.testing.assert_frame_equal(learnt, expected)


def test_attributes_have_one_row_per_group():
    keys, X = table()
    fitted = GroupScaler(StandardScaler()).fit(X, groups=keys)
    assert fitted.center_.shape == fitted.scale_.shape == fitted.n_samples_seen_.shape == (6, 3)
    plain = StandardScaler().fit(X)
    np.testing.assert_allclose(fitted.global_center_, plain.mean_, rtol=1e-13)
    np.testing.assert_allclose(fitted.global_scale_, plain.scale_, rtol=1e-12)
    row = {key: i for i, key in enumerate(fitted.groups_)}
    np.testing.assert_array_equal(fitted.center_[row["constant"]], [7.5, 3.0, 1000.25])
    np.testing.assert_array_equal(fitted.scale_[row["constant"]], 1.0)
    np.testing.assert_array_equal(fitted.scale_[row["one row"]], 1.0)
    assert fitted.center_[row["no values"], 1] == fitted.global_center_[1]
    assert fitted.n_samples_seen_[row["no values"], 1] == 0
    assert np.isfinite(fitted.center_).all()


@pytest.mark.parametrize(
    "inner",
    [StandardScaler(with_mean=False, with_std=False), RobustScaler(with_centering=False, with_scaling=False)],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_neither_center_nor_scale_leaves_the_rows_of_many_groups(inner, order):
    X = np.asarray(np.random.default_rng(0).normal(size=(30_000, 4)), order=order)
    keys = np.arange(30_000)
    scaler = GroupScaler(inner, handle_unknown="nan").fit(X, groups=keys)
    np.testing.assert_array_equal(scaler.transform(X, groups=keys), X)
    np.testing.assert_array_equal(scaler.inverse_transform(X, groups=keys), X)
    assert np.isnan(scaler.transform(X[:1], groups=[-1])).all()


@pytest.mark.parametrize("k", [1.0, 1e-20, 1e20])
@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (StandardScaler(), 1100 / 3 + 10),
        (MinMaxScaler(), 10.0),
        (RobustScaler(), 110.0),
        (MaxAbsScaler(), 1100.0),
    ],
)
def test_on_the_scale_of_all_rows_a_group_without_a_spread_is_shifted_alone(inner, expected, k):
    X = np.array([[0, 0.0], [0, 1000.0], [1, 100.0]]) * [1, k]
    scaler = GroupScaler(inner, by=0, units="global").fit(X)
    if isinstance(inner, MaxAbsScaler):
        return  # its spread of a single value is that value
    found = scaler.transform(np.array([[1, 110.0 * k]]))
    np.testing.assert_allclose(found, [[expected * k]], rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform(found, groups=[1]), [[110.0 * k]], rtol=1e-12)


def test_one_key_of_tuples_is_shown_and_written():
    keys = pd.Series([("a", 1), ("a", 1), ("b",), "c"])
    scaler = GroupScaler(StandardScaler()).fit(np.arange(4.0)[:, None], groups=keys)
    table = scaler.to_frame()
    assert table["group"].tolist() == scaler.groups_.tolist()
    assert set(scaler.groups_) == {("a", 1), ("b",), "c"}


def test_a_transform_with_keys_of_another_type_changes_nothing():
    scaler = GroupScaler(StandardScaler()).fit(np.arange(6.0)[:, None], groups=[1, 1, 2, 2, 3, 3])
    before = pickle.dumps(scaler)
    scaler.transform(np.ones((2, 1)), groups=[1.0, 3.0])
    assert pickle.dumps(scaler) == before


def test_where_all_groups_are_unknown_it_says_so_once():
    scaler = GroupScaler(StandardScaler(), handle_unknown="global").fit(
        np.arange(4.0)[:, None], groups=[1, 1, 2, 2]
    )
    with pytest.warns(
        UserWarning,
        match=r"knows none of the groups of these 2 rows.*Received '1', '2' in groups; known are 1, 2\.",
    ) as caught:
        scaler.transform(np.ones((2, 1)), groups=["1", "2"])
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaler.transform(np.ones((2, 1)), groups=[1, 99])


@pytest.mark.parametrize("n_components", [2, 3])
def test_the_inverse_of_any_transformer_has_the_names_of_the_input(n_components):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=list("abc"))
    groups = np.arange(30) % 2
    scaler = GroupScaler(PCA(n_components)).set_output(transform="pandas").fit(X, groups=groups)
    back = scaler.inverse_transform(scaler.transform(X, groups=groups), groups=groups)
    assert list(back.columns) == ["a", "b", "c"]
    if n_components == 3:
        np.testing.assert_allclose(back, X, atol=1e-12)


def test_counts_of_heavy_groups_stay_positive():
    scaler = GroupScaler(StandardScaler()).fit(
        np.arange(8.0)[:, None], groups=np.repeat([0, 1], 4), sample_weight=[1e30] * 4 + [1.0] * 4
    )
    np.testing.assert_array_equal(scaler.n_samples_seen_, [[4e30], [4.0]])


@pytest.mark.parametrize("inner", [StandardScaler(clip=1.0), RobustScaler(clip=1.0), MaxAbsScaler(clip=True)])
def test_units_of_all_rows_are_put_back_unclipped(inner):
    X, groups = np.array([[1.0], [2.0], [3.0], [11.0], [12.0], [14.0]]), [1, 1, 1, 2, 2, 2]
    clipped = GroupScaler(inner, units="global").fit(X, groups=groups)
    free = GroupScaler(clone(inner).set_params(clip=type(inner)().clip), units="global").fit(X, groups=groups)
    Z = [[20.0], [-30.0]]
    found, expected = (s.inverse_transform(Z, groups=[1, 2]) for s in (clipped, free))
    np.testing.assert_array_equal(found, expected)


def test_nothing_learnt_is_shown_as_none():
    scaler = GroupScaler(StandardScaler(with_mean=False, with_std=False)).fit([[1.0], [2.0]], groups=[0, 1])
    assert scaler.center_ is scaler.scale_ is scaler.global_center_ is scaler.global_scale_ is None
    assert scaler.transform([[5.0]], groups=[0]).tolist() == [[5.0]]


def test_warnings_name_the_line_of_the_caller():
    with pytest.warns(UserWarning, match="neither by= nor groups") as caught:
        scaler = GroupScaler(StandardScaler(), handle_unknown="global").fit([[1.0], [2.0]])
    assert caught[0].filename == __file__
    scaler.fit([[1.0], [2.0]], groups=[0, 1])
    with pytest.warns(UserWarning, match="knows none of the groups") as caught:
        scaler.transform([[1.0]], groups=[7])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("inner", [*SCALERS.values(), TheirScaler()], ids=[*SCALERS, "scikit-learn's"])
def test_a_reference_lends_its_units_and_stays_as_it_is(inner):
    rng = np.random.default_rng(0)
    keys = np.repeat([1.0, 2.0, 3.0], 30)
    X = np.column_stack([keys, rng.normal(size=(90, 2)) * keys[:, None] + 3 * keys[:, None] + 20])
    if hasattr(inner, "clip"):
        inner = clone(inner).set_params(clip=type(inner)().clip)
    if hasattr(inner, "soft_clip"):
        inner = clone(inner).set_params(soft_clip=None)
    scaler = GroupScaler(clone(inner), by=0, units="global", reference=2).fit(X)
    result = scaler.transform(X)
    own = keys == 2
    np.testing.assert_allclose(result[own], X[own, 1:], rtol=1e-13)
    reference = clone(inner).fit(X[own, 1:])
    for key in (1.0, 3.0):
        rows = keys == key
        z = clone(inner).fit(X[rows, 1:]).transform(X[rows, 1:])
        np.testing.assert_allclose(result[rows], reference.inverse_transform(z), rtol=1e-12)
    back = GroupScaler(clone(inner), by=0, units="global", reference=2, keep_by=True).fit(X)
    np.testing.assert_allclose(back.inverse_transform(back.transform(X)), X, rtol=1e-12)


def test_a_reference_without_a_spread_shifts_the_others():
    X = np.array([[0, 5.0], [0, 5.0], [1, 10.0], [1, 14.0]])
    scaler = GroupScaler(StandardScaler(), by=0, units="global", reference=0, handle_unknown="global").fit(X)
    np.testing.assert_allclose(scaler.transform(X)[:, 0], [5.0, 5.0, 3.0, 7.0])
    np.testing.assert_allclose(scaler.transform([[0, 6.0], [9, 9.5]])[:, 0], [6.0, 6.0])


def test_a_reference_that_is_not_there_or_not_asked_for_is_refused():
    X = np.array([[0, 5.0], [1, 14.0]])
    with pytest.raises(ValueError, match="reference must be a group of the training rows; received 7"):
        GroupScaler(StandardScaler(), by=0, units="global", reference=7).fit(X)
    with pytest.raises(ValueError, match='reference needs units="global"'):
        GroupScaler(StandardScaler(), by=0, reference=1).fit(X)
