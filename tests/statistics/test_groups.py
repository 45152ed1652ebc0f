import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep.statistics.groups import GroupIndex, factorize

keys = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.floats(allow_nan=False, width=16),
    st.text(max_size=2),
    st.none(),
    st.dates(min_value=pd.Timestamp.min.date(), max_value=pd.Timestamp.max.date()),
)
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5)


def column(values):
    return pd.Series(np.array([*values, None], dtype=object)[:-1], dtype=object)


@given(values=st.lists(keys, min_size=1, max_size=20))
def test_rows_share_a_code_exactly_where_their_keys_are_equal(values):
    index, codes = GroupIndex.learn([column(values)])
    assert len(index) == len(set(values))
    for a, x in zip(codes, values, strict=True):
        for b, y in zip(codes, values, strict=True):
            assert (a == b) == (x == y)
    again, unknown = index.encode([column(values[::-1])])
    np.testing.assert_array_equal(again, codes[::-1])
    assert unknown == []


@given(values=st.lists(integers, min_size=1, max_size=20), other=st.lists(integers, max_size=5))
def test_integers_by_table_search_or_hash_get_the_same_codes(values, other):
    fast = GroupIndex.learn([pd.Series(np.array(values, dtype=np.int64))])
    slow = GroupIndex.learn([column(values)])
    assert fast[0].keys == slow[0].keys == sorted(set(values))
    np.testing.assert_array_equal(fast[1], slow[1])
    found, unknown = fast[0].encode([pd.Series(np.array(other, dtype=np.int64))])
    expected = [sorted(set(values)).index(v) if v in values else -1 for v in other]
    np.testing.assert_array_equal(found, expected)
    assert set(unknown) == set(other) - set(values)


@given(left=st.lists(keys, max_size=9), right=st.lists(keys, max_size=9))
def test_union_of_indexes_place_the_groups_of_both(left, right):
    a, b = GroupIndex(list(dict.fromkeys(left))), GroupIndex(list(dict.fromkeys(right)))
    both, place_a, place_b = a.union(b)
    assert len(both) == len(set(left) | set(right))
    assert [both.keys[i] for i in place_a] == a.keys
    assert [both.keys[i] for i in place_b] == b.keys


@pytest.mark.parametrize("dtype", ["object", "string"])
def test_text_goes_on_behind_a_character_of_code_0(dtype):
    keys = ["", "\0", "a", "a\0b", None, "a\0c"]
    index, codes = GroupIndex.learn([pd.Series(keys + keys[::-1], dtype=dtype)])
    assert index.keys == ["", "\0", "a", "a\0b", "a\0c", None]
    assert codes.tolist() == [0, 1, 2, 3, 5, 4, 4, 5, 3, 2, 1, 0]


def test_several_columns_are_tuples():
    codes, found = factorize([pd.Series([1, 1, 2]), pd.Series(["x", None, "x"])])
    assert [found[c] for c in codes] == [(1, "x"), (1, None), (2, "x")]


def test_a_key_that_cannot_be_hashed_is_named():
    with pytest.raises(TypeError, match=r"must be a string, a number, .* received \{'a': 1\}"):
        factorize([pd.Series([{"a": 1}, {"a": 2}])])
