"""Keys of text files: what a text may stand for among keys that have types."""

import datetime
import decimal
import re

import pandas as pd

from skprep.statistics.groups import GroupIndex

WHOLE = re.compile(r"-?(0|[1-9]\d*)")
REAL = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?")
TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def whole_number(text):
    """Return the whole number that a text spells as one is written, None for all other texts (``007``).

    Examples
    --------
    >>> whole_number("7"), whole_number("007"), whole_number("-0")
    (7, None, None)
    """
    if not isinstance(text, str) or not WHOLE.fullmatch(text) or text == "-0":
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**64 else None


def reads_as_whole_numbers(keys):
    """Say whether all keys but the missing one spell whole numbers."""
    present = [key for key in keys if key is not None]
    return bool(present) and all(whole_number(key) is not None for key in present)


class KeyReader:
    """Finds for a text the key of a scaler that it stands for.

    Parameters
    ----------
    keys : iterable
        The keys that the scaler knows, of one column.

    Examples
    --------
    >>> reader = KeyReader([1, "x", None])
    >>> [reader(text) for text in ("1", "1.0", "x", "", "01")]
    [1, 1, 'x', None, '01']
    """

    def __init__(self, keys):
        self.known = {key: key for key in keys}
        self.kinds = {type(key) for key in self.known}
        self.found = {None: None, "": None}

    def __call__(self, text):
        """Return the key that ``text`` stands for, or the text itself."""
        if text not in self.found:
            self.found[text] = text if text in self.known else self._read(text)
        return self.found[text]

    def _read(self, text):
        for kind, read in READERS:
            if not any(issubclass(k, kind) for k in self.kinds):
                continue
            try:
                key = read(text.strip())
            except (ValueError, TypeError, ArithmeticError):
                continue
            if key is not None and key in self.known:
                return self.known[key]
        whole = whole_number(text) if self.kinds <= {int, type(None)} else None
        return text if whole is None else whole  # unknown, and called what it is


def readers_of(names, keys):
    """Return a :class:`KeyReader` for each key column, by its name, from the keys that a scaler knows."""
    parts = zip(*keys, strict=True) if len(names) > 1 else [keys]
    return {name: KeyReader(part) for name, part in zip(names, parts, strict=False)}


def readers_of_covariates(names, levels):
    """Return what reads the text of each covariate, by its name: numbers, or the levels that a scaler knows.

    Examples
    --------
    >>> read = readers_of_covariates(["age"], [None])["age"]
    >>> read("61.5"), read("old")
    (61.5, 'old')
    """
    return {
        name: KeyReader(index.keys) if isinstance(index, GroupIndex) else _number_or_text
        for name, index in zip(names, levels, strict=True)
    }


def _number_or_text(text):
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def with_known_keys(table, readers):
    """Return a table of PyArrow as a pandas frame, its keys of text read as those that a scaler knows."""
    columns = {}
    for name in table.schema.names:
        column = table.column(name).combine_chunks()
        if name not in readers:
            columns[name] = column.to_numpy(zero_copy_only=False)
            continue
        columns[name] = _looked_up(column, readers[name])
    return pd.DataFrame(columns, copy=False)


def with_keys(frame, table, names, readers=None):
    """Return ``frame`` with key columns read from the texts that a table of PyArrow holds.

    As the keys that a scaler knows, where there are readers; else as whole numbers where all of a column are,
    and as text where they are not: 007 is not 7.
    """
    for name in names:
        read = None if readers is None else readers[name]
        frame[name] = _looked_up(table.column(name).combine_chunks(), read).infer_objects()
    return frame


def _looked_up(column, read=None):
    """Return a column of texts as a series of keys; each text is read once."""
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    if read is None:
        read = whole_number if reads_as_whole_numbers(texts) else str
    keys = [read(text) for text in texts]
    codes = encoded.indices.fill_null(len(keys)).to_numpy()
    return pd.Series([*keys, None], dtype=object).take(codes).reset_index(drop=True)


def _real(text):
    if not REAL.fullmatch(text):
        return float(text) if text.lower() in ("inf", "-inf") else None
    whole = whole_number(text)
    return float(text) if whole is None else whole


def _time(text):
    stamp = pd.Timestamp(text) if re.match(r"\d{4}-\d", text) else None
    if stamp is None or stamp.tzinfo is None:
        return stamp
    return stamp.tz_convert("UTC").tz_localize(None)


READERS = (  # in this order: True and 1 are equal
    (bool, TRUTH.get),
    (int | float, _real),
    (pd.Timestamp, _time),
    (pd.Timedelta, pd.Timedelta),
    (datetime.time, datetime.time.fromisoformat),
    (decimal.Decimal, decimal.Decimal),
)
