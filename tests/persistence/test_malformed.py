"""Any malformed document: one ValueError that says where."""

import base64
import copy
import json
import random
import tracemalloc
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skprep import GroupScaler, MinMaxScaler, RobustScaler, StandardScaler, from_json, to_json

from .fitted import by_key, grouped, pipelines, plain

DOCUMENTS = {name: to_json(s) for name, s in plain()} | {f"groups, {n}": to_json(s) for n, s, _ in grouped()}
DOCUMENTS |= {name: to_json(s) for name, s, _ in pipelines()}
WRONG = [
    None,
    True,
    -1,
    1.5,
    10**400,
    "x",
    "NaN",
    [],
    {},
    [[]],
    {"tuple": 5},
    {"eval": "1"},
    "\ud800",
    [1] * 7,
]


def refused(text):
    with pytest.raises(
        ValueError, match=r"^Not a document of a fitted scaler: \$.* must be .*; received "
    ) as info:
        from_json(text)
    return str(info.value)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", "{} {}", "NaN", '"skprep"', "[" * 100_000, b"\xff\xfe", "1" * 5000, "{'a': 1}"],
)
def test_what_is_no_document(text):
    refused(text)


def places(value, path=()):
    yield path
    for key, v in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(v, (*path, key))


def change(document, path, value):
    document = copy.deepcopy(document)
    if not path:
        return value
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    if value is KeyError:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_place_of_every_document_is_checked(name):
    document = json.loads(DOCUMENTS[name])
    rng = random.Random(name)  # other places in each, as documents have much in common
    everywhere = [p for p in places(document) if p[:1] not in (("written_by",),)]
    errors = []
    for path in rng.sample(everywhere, min(60, len(everywhere))):
        for value in (*rng.sample(WRONG, 4), KeyError):
            if value is KeyError and not path:
                continue
            changed = json.dumps(change(document, path, value))
            try:
                again = to_json(from_json(changed))  # a few changes make another document that is right
            except ValueError as error:
                errors.append(str(error))
            else:
                assert isinstance(again, str)
    assert len(errors) > 100
    assert [e for e in errors if not e.startswith("Not a document of a fitted scaler: $")] == []


@settings(max_examples=300)
@given(data=st.data())
def test_damaged_text_is_refused_or_another_document(data):
    text = DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]
    start = data.draw(st.integers(0, len(text)))
    stop = start + data.draw(st.integers(0, 20))
    damaged = text[:start] + data.draw(st.text(max_size=5)) + text[stop:]
    error = ""
    try:
        from_json(damaged)
    except ValueError as raised:
        error = str(raised)
    assert not error or error.startswith("Not a document of a fitted scaler: $")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), 4, r"\$\.version must be 1 or 2 or 3; received 4"),
        (("version",), True, r"\$\.version must be 1 or 2 or 3; received True"),
        (("class",), "os.system", r"\$\.class must be one of StandardScaler, .*; received os\.system"),
        (("parameters", "clip"), "wide", r"\$\.parameters must be parameters of the class"),
        (("parameters", "evil"), 1, r"\$\.parameters\.evil must be absent"),
        (("statistic", "count", 0, 1), -3.0, r"\$\.statistic\.count must be counts"),
        (("statistic", "offset", 0), [1.0], r"\$\.statistic\.offset\[0\] must be a list of 3 numbers"),
        (("statistic", "m2", 0, 2), "big", r"\$\.statistic\.m2\[0\]\[2\] must be a number"),
        (("statistic", "exponent", 0, 2), 0.5, r"exponent\[0\]\[2\] must be a whole number"),
        (("statistic", "kind"), "Extrema", r"\$\.statistic\.\w+ must be (there|absent)"),
        (("learned", "mean_", 1), 5.0, r"\$\.learned\.mean_ must be what follows from the statistic"),
        (("feature_names",), ["a", "b"], r"\$\.feature_names must be null or a list of 3 names"),
        (("output",), "arrow", r"\$\.output must be null"),
    ],
)
def test_the_message_says_where(path, value, message):
    document = change(json.loads(DOCUMENTS["standard"]), path, value)
    with pytest.raises(ValueError, match=message):
        from_json(json.dumps(document))


def test_a_key_twice_or_of_another_length_is_refused():
    document = json.loads(to_json(by_key("text")[0]))
    with pytest.raises(ValueError, match=r"\$\.groups must be different keys"):
        from_json(json.dumps(change(document, ("groups", 0), "a")))
    two = json.loads(to_json(next(scaler for name, scaler, _ in grouped() if name == "two keys")))
    for wrong in ("a", {"tuple": ["a", "b", "c"]}):
        with pytest.raises(ValueError, match=r"\$\.groups\[0\] must be a key of 2 parts"):
            from_json(json.dumps(change(two, ("groups", 0), wrong)))
    dates = json.loads(to_json(by_key("dates")[0]))
    with pytest.raises(ValueError, match=r"groups\[0\]\.timestamp must be a timestamp as skprep writes it"):
        from_json(json.dumps(change(dates, ("groups", 0), {"timestamp": "now"})))


def test_a_damaged_sketch_is_refused():
    document = json.loads(DOCUMENTS["robust, sketched"])
    text = document["statistic"]["sketches"][0][2]
    flipped = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    for value in (flipped, text[:-8], "!!", ""):
        message = refused(json.dumps(change(document, ("statistic", "sketches", 0, 2), value)))
        assert "$.statistic.sketches" in message
    count = np.asarray(document["statistic"]["count"]) + 1
    assert "as the sketch says" in refused(
        json.dumps(change(document, ("statistic", "count"), count.tolist()))
    )


def document_of(scaler):
    return json.loads(to_json(scaler))


def test_sizes_that_add_up_to_nothing_by_overflow_are_refused():
    X, keys = np.arange(8.0)[:, None], np.arange(8) % 4
    document = document_of(GroupScaler(RobustScaler()).fit(X, groups=keys))
    document["statistic"]["sizes"] = [[2**62]] * 4
    document["statistic"]["values"] = [[]]
    assert "$.statistic.values[0]" in refused(json.dumps(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("n_features",), 20_000_000),
        (("n_features",), 10**30),
        (("parameters", "n_blocks"), 10**9),
    ],
)
def test_a_number_does_not_decide_what_a_refusal_costs(path, value):
    scaler = StandardScaler(method="median_of_means", n_blocks=2).fit([[1.0], [2.0]])
    text = json.dumps(change(document_of(scaler), path, value))
    tracemalloc.start()
    refused(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_layouts_of_columns_that_are_not_there_cost_nothing():
    document = document_of(GroupScaler(StandardScaler(), by=0).fit(np.array([[0, 1.0], [1, 2.0]])))
    for name, value in (("n_features", 10**8), ("layout", document["layout"] | {"n_keys": 10**12})):
        assert f"$.{name}" in refused(json.dumps(document | {name: value}))
    layout = document["layout"] | {"by": [], "n_keys": 10**12, "labels": ["a"]}
    assert "$.layout" in refused(json.dumps(document | {"layout": layout}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature_range", {"tuple": [0, {"decimal": "sNaN"}]}),
        ("feature_range", {"tuple": [0, {"decimal": "NaN"}]}),
        ("feature_range", {"tuple": [0, 10**400]}),
        ("feature_range", {"tuple": [0, {"timestamp": "2024-05-01T00:00:00"}]}),
        ("feature_range", {"tuple": ["a", "b"]}),
        ("data_range", {"tuple": [0, 10**400]}),
    ],
)
def test_parameters_that_are_no_numbers_are_refused(name, value):
    document = document_of(MinMaxScaler().fit([[1.0], [2.0]]))
    refused(json.dumps(change(document, ("parameters", name), value)))


@pytest.mark.parametrize(
    "clip", [10**400, {"tuple": [{"decimal": "sNaN"}, 1]}, {"tuple": [1, 0]}, {"tuple": []}]
)
def test_bounds_that_a_transform_would_stumble_over_are_refused(clip):
    refused(
        json.dumps(change(document_of(StandardScaler().fit([[1.0], [2.0]])), ("parameters", "clip"), clip))
    )


def test_keys_beyond_floats_are_text_to_other_readers():
    keys = [2**53, 2**53 + 1, -(2**63), 2**64 - 1]
    fitted = GroupScaler(StandardScaler()).fit(np.arange(4.0)[:, None], groups=pd.Series(keys, dtype=object))
    text = to_json(fitted)
    # Readers whose only number is float64 (jq, JavaScript) write the document anew.
    other = json.dumps(json.loads(text, parse_int=lambda digits: int(float(digits))))
    assert from_json(other).groups_.tolist() == sorted(keys)
    assert '{"integer": "9007199254740993"}' in text


def test_keys_of_one_hash_are_refused_in_linear_time():
    document = document_of(
        GroupScaler(StandardScaler()).fit(np.arange(100.0)[:, None], groups=np.arange(100))
    )
    document["groups"] = [{"integer": str(i * (2**61 - 1))} for i in range(1, 101)]
    assert "$.groups must be" in refused(json.dumps(document))


def test_a_sketch_with_any_byte_changed_is_refused_or_answers():
    """Its checksum renewed, as one would who means it; the library behind trusts its bytes."""
    rng = np.random.default_rng(0)
    fitted = RobustScaler(exact_budget=10, max_rank_error=0.05).partial_fit(rng.normal(size=(2000, 1)))
    document = document_of(fitted)
    entry = document["statistic"]["sketches"][0]
    sketch = base64.b64decode(entry[2])
    head = [(place, value) for place in range(80) for value in (0, 1, 5, 127, 128, 255)]
    body = [
        (int(p), int(v))
        for p, v in zip(rng.integers(80, len(sketch), 200), rng.integers(0, 256, 200), strict=True)
    ]
    survived = []
    for place, value in head + body:
        changed = bytearray(sketch)
        changed[place] = value
        entry[2:] = [base64.b64encode(changed).decode(), zlib.crc32(changed)]
        try:
            scaler = from_json(json.dumps(document))
        except ValueError:
            continue
        scaler.partial_fit(rng.normal(size=(5000, 1)))
        survived.append((place, value))
    # Kind of the bytes, their version, family, level size, number of values and of levels.
    decisive = {0, 1, 2, 6, *range(8, 16), 18}
    assert [(p, v) for p, v in survived if p in decisive and sketch[p] != v] == []


def test_a_sketch_cut_off_or_prolonged_is_refused():
    fitted = RobustScaler(exact_budget=10, max_rank_error=0.05).partial_fit(np.arange(2000.0)[:, None])
    document = document_of(fitted)
    entry = document["statistic"]["sketches"][0]
    sketch = base64.b64decode(entry[2])
    for length in (*range(0, 60, 7), len(sketch) - 8, len(sketch) - 1, len(sketch) + 8):
        changed = (sketch + bytes(16))[:length]
        entry[2:] = [base64.b64encode(changed).decode(), zlib.crc32(changed)]
        assert "$.statistic.sketches" in refused(json.dumps(document))
