"""Any malformed document: one ValueError that says where."""

import copy
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skprep import from_json, to_json

from .fitted import by_key, grouped, plain

DOCUMENTS = {name: to_json(s) for name, s in plain()} | {f"groups, {n}": to_json(s) for n, s, _ in grouped()}
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
    rng = random.Random(0)
    everywhere = [p for p in places(document) if p[:1] not in (("written_by",),)]
    errors = []
    for path in rng.sample(everywhere, min(150, len(everywhere))):
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
        (("version",), 3, r"\$\.version must be 1 or 2; received 3"),
        (("version",), True, r"\$\.version must be 1 or 2; received True"),
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
