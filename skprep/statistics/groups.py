"""Group keys and the integer codes that stand for them."""

import datetime
import decimal
from collections.abc import Hashable

import numpy as np
import pandas as pd

COMPACT = 2  # integers within so many times as many values as there are rows are looked up in a table
TEXT_ENDS_AT_NUL = len(pd.unique(np.array(["", "\0"], dtype=object))) == 1  # pandas < 3 hashes C strings
MISSING = None  # how a missing key of any kind (None, NaN, NA, NaT, null) is shown


class GroupIndex:
    """The known groups, in a fixed order, and the way from keys to their codes.

    A key is a number, a string, a date, ... or, for several key columns, a tuple of those. Equal
    numbers are one key whatever their type (``1 == 1.0``), the string ``"1"`` is another. A
    missing key is a key like any other, shown as None.

    Parameters
    ----------
    keys : list
        The keys. They are sorted where they can be compared, missing ones last.

    Examples
    --------
    >>> import pandas as pd
    >>> index, codes = GroupIndex.learn([pd.Series(["b", "a", None, "b"])])
    >>> index.keys, codes
    (['a', 'b', None], array([1, 0, 2, 1]))
    >>> index.encode([pd.Series(["a", "c"])])
    (array([ 0, -1]), ['c'])
    """

    def __init__(self, keys):
        self._keys = np.sort(keys) if _are_integers(keys) else _sorted(keys)
        self._code = None

    def __reduce__(self):
        """Pickle the keys alone, so that looking some up changes nothing that can be seen."""
        return _of_sorted, (self._keys,)

    @property
    def keys(self):
        """The keys as a list."""
        return self._keys.tolist() if _are_integers(self._keys) else self._keys

    def __len__(self):
        return len(self._keys)

    @classmethod
    def learn(cls, columns):
        """Return the index of the groups in the key ``columns``, and the code of each row."""
        own, keys = factorize(columns)
        if _are_integers(keys):
            if (keys[1:] > keys[:-1]).all():  # a difference of such integers may overflow
                return cls(keys), own
            order = np.argsort(keys)
            rank = np.empty(len(keys), dtype=np.intp)
            rank[order] = np.arange(len(keys))
            return cls(keys[order]), rank[own]
        index = cls(keys)
        return index, index.codes_of(keys)[own]

    def encode(self, columns):
        """Return the code of each row, -1 for an unknown group, and the unknown keys."""
        own, keys = factorize(columns)
        codes = self.codes_of(keys)
        return codes[own], [_listed(keys)[i] for i in np.flatnonzero(codes < 0)]

    def extended(self, columns):
        """Return an index with new groups too, the code of each row, and the codes of the old groups.

        Examples
        --------
        >>> import pandas as pd
        >>> index, codes, places = GroupIndex(["b"]).extended([pd.Series(["a", "b", "a"])])
        >>> index.keys, codes, places
        (['a', 'b'], array([0, 1, 0]), array([1]))
        """
        own, keys = factorize(columns)
        index, places, _ = self.union(GroupIndex(keys))
        return index, index.codes_of(keys)[own], places

    def union(self, other):
        """Return an index of the groups of both, and the codes in it of the groups of each."""
        known = set(self.keys)
        index = GroupIndex(self.keys + [key for key in other.keys if key not in known])
        return index, index.codes_of(self._keys), index.codes_of(other._keys)

    def as_array(self):
        """Return the keys as a one-dimensional array of objects."""
        if _are_integers(self._keys):
            return self._keys.astype(object)
        keys = np.empty(len(self), dtype=object)
        keys[:] = self.keys
        return keys

    def codes_of(self, keys):
        """Return the code of each key, -1 where it is unknown."""
        if _are_integers(self._keys) and _are_integers(keys) and len(self):
            codes = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
            return np.where(self._keys[codes] == keys, codes, -1)
        if (
            _are_integers(self._keys)
            and len(self)
            and all(type(key) is int and abs(key) < 2**63 for key in keys)
        ):
            return self.codes_of(np.array(keys, dtype=np.int64))
        if self._code is None:  # looked up once, kept for the next rows
            self._code = {key: code for code, key in enumerate(self.keys)}
        return np.array([self._code.get(key, -1) for key in _listed(keys)], dtype=np.intp)


def factorize(columns):
    """Return a code for each row and the key of each code, in order of appearance.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> factorize([pd.Series([2.0, np.nan, 1.0]), pd.Series(["x", "x", "x"])])
    (array([0, 1, 2]), [(2, 'x'), (None, 'x'), (1, 'x')])
    """
    codes, keys = _factorize_column(columns[0])
    if len(columns) == 1:
        return codes, keys
    keys = [(key,) for key in _listed(keys)]
    for column in columns[1:]:
        more, values = _factorize_column(column)
        values = _listed(values)
        pairs, present = pd.factorize(codes * np.intp(max(1, len(values))) + more)
        keys = [keys[p // len(values)] + (values[p % len(values)],) for p in present.tolist()]
        codes = pairs.astype(np.intp)
    return codes, keys


def _factorize_column(column):
    if column.dtype.kind in "iu" and isinstance(column.dtype, np.dtype) and len(column):
        low, high = int(column.min()), int(column.max())
        if high - low < COMPACT * len(column) and high <= np.iinfo(np.int64).max:
            return _looked_up(column.to_numpy().astype(np.int64, copy=False), low)
    try:
        # By hash, in order of appearance, missing as -1. Of objects the array: an Index would guess a type.
        codes, uniques = _hashed(column.to_numpy() if column.dtype == object else column)
    except TypeError as error:
        if any(_is_number_elsewhere(v) for v in column):
            return _factorize_column(pd.Series([plain_key(v) for v in column], dtype=object))
        raise TypeError(
            "A key argument must be a string, a number, a date or another hashable value; received "
            f"{_unhashable(column)!r}. Turn the keys into strings first."
        ) from error
    codes = codes.astype(np.intp, copy=False)
    values = np.asarray(uniques)
    if values.dtype.kind == "i" and not (len(codes) and codes.min() < 0):
        return codes, values.astype(np.int64)  # the one kind of key that is worth an array
    keys = _canonical(values)
    absent = len(codes) and codes.min() < 0
    if len(set(keys)) < len(keys) or (absent and MISSING in keys):  # told apart by pandas, but not by us
        first = {}
        place = np.array([first.setdefault(key, len(first)) for key in keys], dtype=np.intp)
        missing = first.setdefault(MISSING, len(first)) if absent else -1
        return np.where(codes < 0, missing, place[codes]), list(first)
    if absent:
        codes = np.where(codes < 0, len(keys), codes)
        keys.append(MISSING)
    return codes, keys


def _hashed(values):
    """Return what ``pandas.factorize`` does, with texts told apart beyond a character of code 0."""
    codes, uniques = pd.factorize(values)
    if TEXT_ENDS_AT_NUL and len(uniques) and all(isinstance(key, str) for key in uniques):
        held = np.asarray(values, dtype=object)
        present = codes >= 0
        if (np.asarray(uniques, dtype=object)[codes[present]] != held[present]).any():
            codes, uniques = pd.factorize(np.append(held, 0))  # a number among texts: hashed as objects
            return codes[:-1], uniques[: codes[-1]]
    return codes, uniques


def _canonical(values):
    """Return keys as plain Python values that are equal exactly where the keys are."""
    if values.dtype.kind == "M":
        return [pd.Timestamp(v) for v in values]
    if values.dtype.kind == "m":
        return [pd.Timedelta(v) for v in values]
    if values.dtype.kind in "iub":
        return values.tolist()
    if values.dtype.kind == "f":
        return [MISSING if v != v else int(v) if v.is_integer() else v for v in values.tolist()]
    return [plain_key(v) for v in values.tolist()]


def plain_key(value):
    """Return a key of any library as a plain Python value, the same for all that are equal.

    Examples
    --------
    >>> import datetime
    >>> import numpy as np
    >>> plain_key(np.float32(2.0)), plain_key(np.array(3)), plain_key((1.0, np.nan))
    (2, 3, (1, None))
    >>> plain_key(datetime.date(2024, 5, 1))
    Timestamp('2024-05-01 00:00:00')
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is tuple:
        return tuple(plain_key(v) for v in value)
    if hasattr(value, "as_py"):  # a scalar of Arrow
        return plain_key(value.as_py())
    if isinstance(value, np.datetime64 | np.timedelta64):
        value = _in_nanoseconds(value)
    if isinstance(value, np.datetime64 | datetime.date):  # a datetime is a date
        try:
            value = pd.Timestamp(value)
        except (OverflowError, ValueError):  # a time that pandas does not hold
            return value
        if value is pd.NaT:
            return MISSING
        return value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)
    if isinstance(value, np.timedelta64 | datetime.timedelta):
        try:
            value = pd.Timedelta(value)
        except (OverflowError, ValueError):
            return value
        return MISSING if value is pd.NaT else value
    if isinstance(value, np.generic):
        value = value.item()
    elif _is_number_elsewhere(value):
        value = np.asarray(value).item()  # a number of another library
    if isinstance(value, str):
        return str.__str__(value)  # of an enumeration the text, not its name
    if isinstance(value, float | complex):
        if value != value:
            return MISSING
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return MISSING if value is pd.NA or value is pd.NaT or _is_decimal_nan(value) else value


def _in_nanoseconds(value):
    """Return a time of NumPy that is counted in parts of a nanosecond in whole ones."""
    if np.datetime_data(value.dtype)[0] not in ("ps", "fs", "as"):
        return value
    whole = value.astype(f"{value.dtype.kind}8[ns]")
    if whole.astype(value.dtype) != value and not np.isnat(value):
        raise TypeError(
            f"Keys that are times must be whole nanoseconds; received {value!r}. Cast them to whole numbers."
        )
    return whole


def _is_number_elsewhere(value):
    """Say whether a key is a number of another library, an array without dimensions."""
    return hasattr(value, "__array__") and getattr(value, "shape", None) == ()


def _is_decimal_nan(value):
    return isinstance(value, decimal.Decimal) and value.is_nan()


def _looked_up(keys, low):
    """Return codes and keys of integers that lie close together: a table is faster than a hash."""
    place = keys - low
    present = np.bincount(place) > 0
    return (np.cumsum(present) - 1)[place], np.flatnonzero(present) + low


def _unhashable(column):
    return next((v for v in column if not isinstance(v, Hashable)), column.iloc[0])


def _are_integers(keys):
    return isinstance(keys, np.ndarray)


def _listed(keys):
    return keys.tolist() if _are_integers(keys) else keys


def _of_sorted(keys):
    index = GroupIndex.__new__(GroupIndex)
    index._keys, index._code = keys, None
    return index


def _sorted(keys):
    try:
        return sorted(keys)
    except TypeError:  # None, or types that do not compare
        return sorted(keys, key=_rank)


def _rank(key):
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(
        (part is MISSING, "", part, "")
        if isinstance(part, int | float)
        else (part is MISSING, type(part).__name__, 0, str(part))
        for part in parts
    )
