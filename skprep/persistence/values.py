"""Python values as strict JSON and back: every number to the last bit, every key of its own type.

JSON has no NaN, no tuple and no date, so numbers that are not finite are spelt (``"NaN"``, ``"Infinity"``,
``"-Infinity"``) where numbers are expected, and other values are objects of one member that
names the type: ``{"tuple": [1, 2]}``, ``{"timestamp": "2024-05-01T00:00:00"}``. Reading answers
whatever is not such a document with one ValueError that says where.
"""

import base64
import datetime
import decimal
import gc
import itertools
import json
import math
import uuid
from contextlib import contextmanager

import numpy as np
import pandas as pd

SPELT = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST_INTEGER = 2**53  # that every reader of JSON keeps to the last digit
COLLISIONS = 64  # keys of one hash
SHOWN = 60  # characters of a wrong value in a message


class DocumentError(ValueError):
    """What is no document of a fitted scaler, with the place where it is not."""

    def __init__(self, place, required, received):
        super().__init__(
            f"Not a document of a fitted scaler: {place} must be {required}; received {shortened(received)}. "
            "Write it anew with skprep.save or skprep.to_json."
        )
        self.place, self.required, self.received = place, required, received

    def within(self, outer):
        """Return the error as one of a document that is a part, at ``outer``, of another."""
        return DocumentError(outer + self.place[1:], self.required, self.received)


class Place(str):
    """Where in a document a value is: ``$.groups[3]``."""

    def __truediv__(self, step):
        return Place(f"{self}[{step}]" if isinstance(step, int) else f"{self}.{step}")

    def refuse(self, required, received):
        """Raise the error of this place."""
        raise DocumentError(self, required, received if isinstance(received, str) else shortened(received))


def shortened(value):
    """Return a value as text that fits into a message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


ROOT = Place("$")


@contextmanager
def no_collection():
    """Pause the search for reference cycles: documents are many small lists, and none is in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def parse(text):
    """Return the JSON value of ``text``, read strictly.

    Examples
    --------
    >>> parse('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> parse('{"a": 1, "a": 2}')  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    skprep.persistence.values.DocumentError: Not a document of a fitted scaler: $ must be JSON; ...
    """

    def members(pairs):
        found = {}
        for name, value in pairs:
            if name in found:
                ROOT.refuse("JSON", f"a member {name!r} given twice")
            found[name] = value
        return found

    def constant(name):
        ROOT.refuse('JSON, in which numbers that are not finite are spelt as text ("NaN")', name)

    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except DocumentError:
        raise
    except (RecursionError, UnicodeDecodeError, TypeError) as error:
        ROOT.refuse("JSON", f"{type(error).__name__}: {error}")
    except ValueError as error:  # no JSON, or an integer of more digits than Python reads
        ROOT.refuse("JSON", str(error))


def write(value):
    """Return JSON text made for reading: a member or a row of numbers to the line.

    Examples
    --------
    >>> print(write({"a": [[1.0, 2.0], [3.0, 4.0]], "b": None}))
    {
      "a": [
        [1.0, 2.0],
        [3.0, 4.0]
      ],
      "b": null
    }
    """
    text = _laid_out(value, "")
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in a key
        text = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)
    return text


def _laid_out(value, indent):
    if not isinstance(value, dict | list) or not value or _is_row(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + "  "
    if isinstance(value, list) and set(map(type, value)) == {list}:  # a table, at once
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if text.count("[") == text.count("], [") + 2 == len(value) + 1:  # of flat rows
            return f"[\n{inner}" + text[1:-1].replace("], [", f"],\n{inner}[") + f"\n{indent}]"
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(k)}: {_laid_out(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _laid_out(v, inner) for v in value) + f"\n{indent}]"


def _is_row(value):
    """Say whether ``value`` goes on one line: a list of scalars, or the object that names a type."""
    parts = value if isinstance(value, list) else list(value.values())
    tagged = isinstance(value, dict) and len(value) == 1 and next(iter(value)) in READ
    return (
        (isinstance(value, list) or tagged)
        and not any(isinstance(v, dict) for v in parts)
        and (tagged or not any(isinstance(v, list) for v in parts))
    )


def numbers(array):
    """Return an array of numbers as nested lists, those that are not finite spelt.

    Examples
    --------
    >>> import numpy as np
    >>> numbers(np.array([[1.5, np.nan], [-np.inf, -0.0]]))
    [[1.5, 'NaN'], ['-Infinity', -0.0]]
    """
    array = np.asarray(array)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    return _spelt(array.tolist())


def _spelt(value):
    if isinstance(value, list):
        return [_spelt(v) for v in value]
    return value if math.isfinite(value) else json.dumps(value).strip('"')


def read_numbers(value, place, shape, dtype=np.float64):
    """Return nested lists of numbers as an array of ``shape`` (None: any length)."""
    if not shape:
        return _read_number(value, place, dtype)
    length = shape[0]
    if not isinstance(value, list) or (length is not None and len(value) != length):
        of = "numbers" if len(shape) == 1 else "lists"
        received = f"{len(value)} of them" if isinstance(value, list) else value
        place.refuse(f"a list of {'' if length is None else length} {of}".replace("  ", " "), received)
    if len(shape) > 1:
        flat = _flattened(value, shape[1])
        if flat is not None and len(shape) == 2:
            try:
                return read_numbers(flat, place, (None,), dtype).reshape(len(value), shape[1])
            except DocumentError:
                pass  # row by row, to say where
        rows = [read_numbers(v, place / i, shape[1:], dtype) for i, v in enumerate(value)]
        return np.array(rows, dtype=dtype).reshape(len(rows), *[-1 if n is None else n for n in shape[1:]])
    try:  # the fast way, where all are plain numbers of the kind
        plain = {float, int} if dtype == np.float64 else {int}
        if set(map(type, value)) <= plain:
            return np.array(value, dtype=dtype)
    except OverflowError:
        pass
    return np.array([_read_number(v, place / i, dtype) for i, v in enumerate(value)], dtype=dtype)


def _flattened(rows, width):
    """Return the entries of rows of one width as one list; None where they are not such rows."""
    if width is None or set(map(type, rows)) != {list} or set(map(len, rows)) != {width}:
        return None
    return list(itertools.chain.from_iterable(rows))


def _read_number(value, place, dtype):
    whole = dtype != np.float64
    if isinstance(value, str) and not whole and value in SPELT:
        return SPELT[value]
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        place.refuse("a whole number" if whole else 'a number, or "NaN", "Infinity", "-Infinity"', value)
    try:
        return np.dtype(dtype).type(value)
    except OverflowError:
        place.refuse("a number of 64 bits", str(value))


def check_members(value, place, names):
    """Refuse what is not an object of exactly the members ``names``."""
    if not isinstance(value, dict):
        place.refuse("an object", value)
    for name in names:
        if name not in value:
            (place / name).refuse("there", "nothing")
    for name in value:
        if name not in names:
            (place / name).refuse(f"absent (known are {', '.join(names)})", value[name])


def encode(value, place=ROOT):
    """Return a parameter or a group key as JSON; an object of one member names a type JSON lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> encode((1, "a", None, 2.5, pd.Timestamp("2024-05-01")))
    {'tuple': [1, 'a', None, 2.5, {'timestamp': '2024-05-01T00:00:00'}]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) is int and abs(value) > LARGEST_INTEGER:
        return {"integer": str(value)}
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": _spelt(value)}
    if isinstance(value, pd.Index) or (isinstance(value, np.ndarray) and value.dtype.kind in "UO"):
        value = value.tolist()
    if isinstance(value, list):
        return [encode(v, place / i) for i, v in enumerate(value)]
    if isinstance(value, pd.Series):
        value = dict(value) if value.index.dtype.kind not in "iu" else value.to_numpy()
    for name, (kind, write_one, _) in TYPES.items():
        if isinstance(value, kind):
            return {name: write_one(value, place)}
    raise ValueError(
        "A document holds numbers, text, dates and tuples, lists, dicts and arrays of them; received "
        f"{value!r} of type {type(value).__name__} at {place}. Use another key or parameter, or pickle the "
        "scaler."
    )


def decode(value, place=ROOT):
    """Return what :func:`encode` has written.

    Examples
    --------
    >>> decode({"tuple": [1, {"timedelta": 5000000000}]})
    (1, Timedelta('0 days 00:00:05'))
    """
    if isinstance(value, list):
        return [decode(v, place / i) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or next(iter(value)) not in READ:
        place.refuse(f"a value, or an object of one member out of {', '.join(READ)}", value)
    (name, given), found = next(iter(value.items())), None
    try:
        found = READ[name](given, place / name)
    except DocumentError:
        raise
    except Exception:  # whatever a parser of dates says
        (place / name).refuse(f"a {name}", given)
    # "now" is a date only today. What holds other values has looked at each of them already.
    if name not in CONTAINERS and encode(found, place) != value:
        (place / name).refuse(f"a {name} as skprep writes it", given)
    return found


def _read_tuple(value, place):
    return tuple(decode(v, place / i) for i, v in enumerate(_list(value, place)))


def _read_dict(value, place):
    return dict(_read_tuple(pair, place / i) for i, pair in enumerate(_list(value, place)))


def _write_array(array, place):
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ValueError(
            f"A document holds arrays of numbers; received one of {array.dtype} at {place}. Pass a list, or "
            "pickle the scaler."
        )
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": numbers(array.ravel())}


def _read_array(value, place):
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        (place / "dtype").refuse("a type of numbers", value["dtype"])
    values = value["values"]
    if dtype.kind == "f":
        values = read_numbers(values, place / "values", (None,))
    shape = tuple(value["shape"])
    if math.prod(shape) != len(values):
        (place / "shape").refuse(f"the shape of {len(values)} values", value["shape"])
    return np.array(values, dtype=dtype).reshape(shape)


def _list(value, place):
    return value if isinstance(value, list) else place.refuse("a list", value)


def _text(value, place):
    return str(value)


TYPES = {  # name: (type, how to write its content, how to read it); the first that fits
    "tuple": (tuple, lambda v, p: [encode(e, p / i) for i, e in enumerate(v)], _read_tuple),
    "dict": (dict, lambda v, p: [[encode(k, p), encode(e, p)] for k, e in v.items()], _read_dict),
    "array": (np.ndarray, _write_array, _read_array),
    "timestamp": (pd.Timestamp, lambda v, p: v.isoformat(), lambda v, p: pd.Timestamp(v)),
    "timedelta": (pd.Timedelta, lambda v, p: int(v.as_unit("ns").value), lambda v, p: pd.Timedelta(v, "ns")),
    "period": (pd.Period, lambda v, p: [str(v), v.freqstr], lambda v, p: pd.Period(v[0], freq=v[1])),
    "interval": (
        pd.Interval,
        lambda v, p: [encode(v.left, p), encode(v.right, p), v.closed],
        lambda v, p: pd.Interval(decode(v[0], p / 0), decode(v[1], p / 1), v[2]),
    ),
    "time": (datetime.time, lambda v, p: v.isoformat(), lambda v, p: datetime.time.fromisoformat(v)),
    "decimal": (decimal.Decimal, _text, lambda v, p: decimal.Decimal(v)),
    "uuid": (uuid.UUID, _text, lambda v, p: uuid.UUID(v)),
    "bytes": (
        bytes,
        lambda v, p: base64.b64encode(v).decode(),
        lambda v, p: base64.b64decode(v, validate=True),
    ),
}
CONTAINERS = ("tuple", "dict")
READ = {name: read for name, (_, _, read) in TYPES.items()} | {
    "number": lambda v, p: SPELT[v],
    "integer": lambda v, p: int(v),
}
