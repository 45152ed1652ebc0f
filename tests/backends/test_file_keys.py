import datetime
import decimal

import pandas as pd
import pytest

from skprep.backends.files.keys import KeyReader, reads_as_whole_numbers


@pytest.mark.parametrize(
    ("keys", "read"),
    [
        ([1, 2], {"1": 1, "1.0": 1, "2e0": 2, "01": "01", " 1": 1, "x": "x", "3": 3}),
        ([1, "1"], {"1": "1", "1.0": 1}),
        ([True, False], {"True": True, "true": True, "FALSE": False, "yes": "yes"}),
        ([0.5, 2**53 + 1], {"0.5": 0.5, "5e-1": 0.5, "9007199254740993": 2**53 + 1, ".5": ".5"}),
        (
            [pd.Timestamp("2024-05-01"), pd.Timestamp("2024-05-01T12:00:00.000000001")],
            {
                "2024-05-01": pd.Timestamp("2024-05-01"),
                "2024-05-01 00:00:00": pd.Timestamp("2024-05-01"),
                "2024-05-01T02:00:00+02:00": pd.Timestamp("2024-05-01"),
                "2024-05-01T12:00:00.000000001": pd.Timestamp("2024-05-01T12:00:00.000000001"),
                "1 May 2024": "1 May 2024",
            },
        ),
        ([decimal.Decimal("1.10")], {"1.10": decimal.Decimal("1.10"), "1.1": decimal.Decimal("1.1")}),
        ([datetime.time(1, 2)], {"01:02": datetime.time(1, 2), "1:2": "1:2"}),
        (["007", None], {"007": "007", "7": "7", "": None}),
    ],
)
def test_a_text_is_the_key_that_it_spells(keys, read):
    reader = KeyReader(keys)
    for text, key in read.items():
        assert reader(text) == key
        assert type(reader(text)) is type(key)


@pytest.mark.parametrize(
    ("keys", "whole"),
    [
        (["1", "-5", None], True),
        (["1", "01"], False),
        (["1", "1.0"], False),
        (["+1"], False),
        ([None], False),
    ],
)
def test_what_is_whole_numbers_throughout(keys, whole):
    assert reads_as_whole_numbers(keys) is whole
