"""Defects of per-group scaling found once: keys, layouts, engines."""

import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skprep import GroupScaler, LogScaler, MinMaxScaler, StandardScaler, merge

X = np.array([[0.0], [10.0], [100.0], [300.0]])
G = ["a", "a", "b", "b"]
Z = [[-1.0], [1.0], [-1.0], [1.0]]


@pytest.mark.parametrize(
    "keys",
    [
        np.array([2**62 + 5] * 2 + [-(2**62) - 5] * 2),
        np.array([-3, -3, 2**40, 2**40]),
        np.array([2**64 - 1] * 2 + [5] * 2, dtype=np.uint64),
        np.array([7, 7, 3, 3], dtype=np.uint8),
        np.array([True, True, False, False]),
        np.array([1, 1, 2, 2], dtype="m8[ns]"),
    ],
)
def test_integers_of_any_width_keep_their_own_parameters(keys):
    scaler = GroupScaler(StandardScaler())
    np.testing.assert_array_equal(scaler.fit_transform(X, groups=keys), Z)
    np.testing.assert_array_equal(scaler.transform(X, groups=keys), Z)
    np.testing.assert_array_equal(scaler.transform(X[::-1], groups=keys[::-1]), Z[::-1])
    halves = [GroupScaler(StandardScaler()).fit(X[h], groups=keys[h]) for h in ([2, 3], [0, 1])]
    np.testing.assert_array_equal(merge(halves).transform(X, groups=keys), Z)


def test_equal_timedeltas_of_other_units_are_one_key():
    keys = np.array([1, 1, 2, 2], "m8[s]")
    scaler = GroupScaler(StandardScaler()).fit(X, groups=keys)
    np.testing.assert_array_equal(scaler.transform(X, groups=keys.astype("m8[ns]")), Z)


@pytest.mark.parametrize("inner", [StandardScaler(), sklearn.preprocessing.StandardScaler()])
@pytest.mark.parametrize("weight", [0.25, 1e-9, 3.0])
def test_a_group_is_small_by_its_values_not_by_their_weights(inner, weight):
    scaler = GroupScaler(inner).fit(X, groups=G, sample_weight=np.full(4, weight))
    np.testing.assert_allclose(scaler.transform(X, groups=G), Z)
    few = GroupScaler(inner, min_group_size=3).fit(X, groups=G, sample_weight=np.full(4, 100.0))
    np.testing.assert_allclose(few.transform(X, groups=G), StandardScaler().fit_transform(X))


@pytest.mark.parametrize(
    "inner", [StandardScaler(), LogScaler(offset=1.0), sklearn.preprocessing.StandardScaler()]
)
def test_a_row_of_weight_0_is_no_row(inner):
    rows = np.vstack([X, [[np.inf]], [[-99.0]]])
    scaler = GroupScaler(inner, handle_unknown="nan")
    scaler.fit(rows[:4], groups=G)
    weighted = GroupScaler(inner).fit(
        np.nan_to_num(rows), groups=[*G, "a", "c"], sample_weight=[1, 1, 1, 1, 0, 0]
    )
    assert list(weighted.groups_) == ["a", "b"]
    np.testing.assert_allclose(weighted.transform(X, groups=G), scaler.transform(X, groups=G))
    found = GroupScaler(StandardScaler()).fit_transform(X, groups=G, sample_weight=[1, 1, 1, 0])
    np.testing.assert_array_equal(found, [[-1], [1], [0], [200]])


def test_columns_of_groups_are_compared_by_name():
    keys = pd.DataFrame({"a": [1, 1, 2, 2], "b": [2, 2, 1, 1]})
    scaler = GroupScaler(StandardScaler()).fit(X, groups=keys)
    with pytest.raises(ValueError, match=r"the columns of fit, \['a', 'b'\]; received \['b', 'a'\]"):
        scaler.transform(X, groups=keys[["b", "a"]])


@pytest.mark.filterwarnings("ignore:GroupScaler got neither")
def test_merge_refuses_other_layouts():
    plain = GroupScaler(StandardScaler()).fit(X)
    keyed = GroupScaler(StandardScaler()).fit(X, groups=G)
    two = GroupScaler(StandardScaler()).fit(X, groups=[[g, g] for g in G])
    for pair in ([plain, keyed], [keyed, two]):
        with pytest.raises(ValueError, match="keys are in the same columns"):
            merge(pair)


@pytest.mark.parametrize(
    ("inner", "change"),
    [
        (LogScaler(offset=1.0), {"scaler__offset": 7.0}),
        (StandardScaler(), {"scaler": MinMaxScaler()}),
        (StandardScaler(), {"by": 0}),
    ],
)
def test_what_decides_what_is_learnt_may_not_change_in_a_stream(inner, change):
    scaler = GroupScaler(inner).fit(X, groups=G).set_params(**change)
    for call in (lambda: scaler.partial_fit(X, groups=G), lambda: merge([scaler])):
        with pytest.raises(ValueError, match="needs the parameters that the earlier rows were learnt with"):
            call()


def test_a_kept_key_is_never_rounded():
    rows = np.array([[2**53, 1], [2**53, 2], [2**53 + 1, 30], [2**53 + 1, 50]])
    scaler = GroupScaler(StandardScaler(), by=0, keep_by=True)
    back = scaler.inverse_transform(scaler.fit_transform(rows))
    assert back[:, 0].tolist() == rows[:, 0].tolist()
    assert back[:, 1].tolist() == [1, 2, 30, 50]


def test_transformers_that_change_the_number_of_columns():
    rows = np.random.default_rng(0).normal(size=(12, 3))
    keys = [0, 1] * 6
    scaler = GroupScaler(PCA(2), handle_unknown="nan").fit(rows, groups=keys)
    assert (
        scaler.transform(rows, groups=keys).shape == scaler.transform(rows, groups=[9] * 12).shape == (12, 2)
    )
    assert list(scaler.get_feature_names_out()) == ["pca0", "pca1"]
    framed = scaler.set_output(transform="pandas").transform(rows, groups=keys)
    assert list(framed.columns) == ["pca0", "pca1"]
    with pytest.raises(ValueError, match="keep_by=True needs a transformer that gives one column for each"):
        GroupScaler(PCA(1), by=0, keep_by=True).fit_transform(np.c_[keys, rows])
    codes = np.array([[0.0], [1.0], [0.0], [1.0]])
    assert GroupScaler(OneHotEncoder()).fit_transform(codes, groups=G).tolist() == [[1, 0], [0, 1]] * 2


def test_an_unknown_group_is_nan_for_a_transformer_of_integers_too():
    scaler = GroupScaler(FunctionTransformer(lambda a: a.astype(int)), handle_unknown="nan").fit(X, groups=G)
    np.testing.assert_array_equal(
        scaler.transform(X, groups=["a", "a", "z", "z"]), [[0], [10], [np.nan], [np.nan]]
    )


def test_a_group_too_small_to_fit_is_answered_by_all_rows():
    rows = np.random.default_rng(0).normal(size=(7, 2))
    scaler = GroupScaler(PCA(2), min_group_size=3).fit(rows, groups=[0] * 6 + [1])
    np.testing.assert_allclose(scaler.transform(rows[6:], groups=[1]), PCA(2).fit(rows).transform(rows[6:]))


def test_messages_name_the_column_and_row_of_the_table():
    rows = np.c_[np.zeros(300_000), np.ones(300_000), np.ones(300_000)]
    scaler = GroupScaler(LogScaler(handle_invalid="clip"), by=0).fit(rows)
    rows[290_000, 1] = np.inf
    with pytest.raises(ValueError, match="received inf in column 1, row 290000"):
        scaler.transform(rows)


def test_numbers_are_sorted_by_value_beside_a_missing_key():
    assert list(GroupScaler(StandardScaler()).fit(X, groups=[1, 0.5, 1.5, None]).groups_) == [
        0.5,
        1,
        1.5,
        None,
    ]


@pytest.mark.parametrize("groups", ["abcd", {"a": 1, "b": 2, "c": 3, "d": 4}])
def test_a_string_or_dict_is_no_list_of_keys(groups):
    with pytest.raises(TypeError, match="groups must be an array, a list or a frame"):
        GroupScaler(StandardScaler()).fit(X, groups=groups)


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_a_frame_at_transform_leaves_no_names_behind():
    scaler = GroupScaler(StandardScaler()).fit(X, groups=G)
    before = pickle.dumps(scaler)
    scaler.transform(pd.DataFrame(X, columns=["dose"]), groups=G)
    assert pickle.dumps(scaler) == before


@pytest.mark.parametrize(
    ("settings", "groups", "message"),
    [
        ({}, 3, r"one key for each row, .*; received 3\. Pass a list"),
        ({}, np.zeros((3, 1, 1)), r"received an array of shape \(3, 1, 1\)\. Pass a list"),
        ({}, [(1, 2), (1,), (3, 4)], r"received \(1, 2\) in row 0 and \(1,\) in row 1\. Fill missing"),
        (
            {"scaler": StandardScaler},
            [1, 2, 3],
            r"'scaler' parameter of GroupScaler must be .*an instance: GroupScaler\(StandardScaler\(\)",
        ),
        (
            {"scaler": "standard"},
            [1, 2, 3],
            r"'scaler' parameter of GroupScaler .*received 'standard'\. Pass an instance",
        ),
        (
            {"by": "device"},
            None,
            r"received 'device', but X has 1 columns without names.*positions \(by=0\).*groups=\.\.\.",
        ),
    ],
)
def test_what_cannot_be_a_key_or_a_scaler_is_said(settings, groups, message):
    scaler = GroupScaler(**({"scaler": StandardScaler()} | settings))
    with pytest.raises(ValueError, match=message):
        scaler.fit(np.arange(3.0)[:, None], groups=groups)
    assert "groups_" not in vars(scaler)


def test_a_table_without_its_key_column_is_refused_by_the_name_of_the_parameter():
    scaler = GroupScaler(StandardScaler(), by="d").fit(pd.DataFrame({"d": ["a", "b"], "x": [1.0, 2.0]}))
    with pytest.raises(
        ValueError, match=r"GroupScaler\(by='d'\) finds .* received X without 'd': its columns are 'x'\. Pass"
    ):
        scaler.transform(pd.DataFrame({"x": [1.0]}))


def test_a_multi_index_is_several_keys():
    keys = pd.MultiIndex.from_tuples([(1, "a"), (1, "a"), (2, "b")])
    fitted = GroupScaler(StandardScaler()).fit(np.arange(3.0)[:, None], groups=keys)
    assert fitted.groups_.tolist() == [(1, "a"), (2, "b")]
    assert fitted.transform([[0.0]], groups=keys[:1]).tolist() == [[-1.0]]


def test_masked_and_big_endian_keys():
    keys = np.ma.masked_array([2**53, 2**53 + 1, 7], mask=[0, 0, 1])
    assert GroupScaler(StandardScaler()).fit(np.ones((3, 1)), groups=keys).groups_.tolist() == [
        2**53,
        2**53 + 1,
        None,
    ]
    for dtype in (">f8", ">i4", "<f4", ">f2"):
        keys = np.array([1, 2, 1], dtype=dtype)
        for given in (keys, pd.Series(keys), pd.DataFrame({"k": keys})):
            assert GroupScaler(StandardScaler()).fit(np.ones((3, 1)), groups=given).groups_.tolist() == [1, 2]


class Elsewhere:
    """A number of another library: an array without dimensions."""

    shape = ()

    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype=dtype)


def test_numbers_of_another_library_are_keys_by_value():
    keys = [Elsewhere(i % 2) for i in range(20)]
    fitted = GroupScaler(StandardScaler()).fit(np.arange(20.0)[:, None], groups=keys)
    assert fitted.groups_.tolist() == [0, 1]
    again = GroupScaler(StandardScaler()).fit(
        np.arange(20.0)[:, None], groups=[np.array(i % 2) for i in range(20)]
    )
    assert again.groups_.tolist() == [0, 1]


def test_times_finer_than_nanoseconds_are_told_apart_or_refused():
    scaler, X = GroupScaler(StandardScaler()), np.array([[1.0], [10.0], [3.0], [30.0]])
    keys = np.array([10**9, 2 * 10**9] * 2)
    for given in (keys.view("M8[ps]"), keys.view("m8[ps]"), list(keys.view("M8[ps]"))):
        assert scaler.fit(X, groups=given).transform(X, groups=given).ravel().tolist() == [-1, -1, 1, 1]
        with pytest.raises(TypeError, match="whole nanoseconds; received"):
            scaler.fit(X, groups=np.array([1, 2, 1, 2], dtype=keys.view("M8[ps]").dtype))
    with pytest.raises(TypeError, match="whole nanoseconds; received"):
        scaler.fit(X[:2], groups=[np.datetime64(1, "ps"), np.datetime64(2, "ps")])


def test_the_columns_of_a_polars_frame_are_known_by_name():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"g": ["a", "a", "b"], "v": [1.0, 3.0, 5.0]})
    fitted = GroupScaler(StandardScaler(), by="g").fit(frame)
    assert fitted.feature_names_in_.tolist() == ["g", "v"]
    assert fitted.get_feature_names_out().tolist() == ["v"]
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(frame.rename({"v": "w"}))
    with pytest.raises(ValueError, match="'x' in column 'v', row 1"):
        StandardScaler().fit(pl.DataFrame({"u": [1.0, 2.0], "v": ["1", "x"]}))


def test_keys_that_no_timestamp_holds_stay_what_they_are():
    keys = [datetime.timedelta.max, datetime.timedelta(1)]
    fitted = GroupScaler(StandardScaler()).fit(np.ones((2, 1)), groups=keys)
    assert set(fitted.groups_) == set(keys)


def test_scalars_of_arrow_gaps_among_floats_and_what_is_walked_once():
    pa = pytest.importorskip("pyarrow")
    fit = GroupScaler(StandardScaler()).fit
    assert fit(np.ones((2, 1)), groups=list(pa.array([1, 1]))).groups_.tolist() == [1]
    gaps = [pa.scalar(None, pa.int64()), None, pa.scalar(None, pa.string())]
    assert fit(np.ones((3, 1)), groups=gaps).groups_.tolist() == [None]
    floats = pd.arrays.FloatingArray(np.array([np.nan, 2.0, 0.0]), np.array([False, False, True]))
    assert fit(np.ones((3, 1)), groups=pd.Series(floats)).groups_.tolist() == [2, None]
    assert fit(np.ones((2, 1)), groups=(i for i in range(2))).groups_.tolist() == [0, 1]


def test_keys_that_are_arrays_are_refused():
    arrays = pd.Series([np.array([1, 2]), np.array([3, 4])], dtype=object)
    with pytest.raises(TypeError, match=r"A key argument must be .*received array\(\[1, 2\]\)"):
        GroupScaler(StandardScaler(), by="g").fit(pd.DataFrame({"g": arrays, "v": [1.0, 2.0]}))


@pytest.mark.parametrize(("known", "received"), [(["007", "042"], [7, 42]), ([7, 42], ["7", "42"])])
def test_text_for_numbers_and_numbers_for_text_are_pointed_out(known, received):
    fitted = GroupScaler(StandardScaler()).fit(np.ones((2, 1)), groups=known)
    with pytest.raises(ValueError, match=r'1 and "1" are different keys\. Read the column as it was in fit'):
        fitted.transform(np.ones((2, 1)), groups=received)
    with pytest.raises(ValueError, match="received 1 unknown") as caught:
        fitted.transform(np.ones((1, 1)), groups=[known[0] * 2])
    assert "different keys" not in str(caught.value)
