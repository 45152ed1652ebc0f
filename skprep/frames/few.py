"""A few rows of a frame, read in one go: one row in a web service is all overhead."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

MOST = 16  # rows; of more, columns are read one by one
WIDEST = 8  # bytes of a float that is scaled
INTEGERS = (nw.Int64, nw.Int32, nw.Int16, nw.Int8, nw.UInt64, nw.UInt32, nw.UInt16, nw.UInt8)
KINDS = {kind: np.dtype(np.int64) for kind in INTEGERS} | {
    nw.Float64: np.dtype(np.float64),
    nw.Float32: np.dtype(np.float32),
    nw.Boolean: np.dtype(bool),
    nw.String: np.dtype(object),
}


class FewRows:
    """Names, types and values of a frame.

    Attributes
    ----------
    names : list
        Of the columns.
    kinds : list of numpy.dtype
        Types of the columns; objects for text.
    values : ndarray of shape (n_rows, n_columns)
        Of one float type, or objects.
    """

    def __init__(self, names, kinds, values):
        self.names, self.kinds, self.values = names, kinds, values

    def floats(self, positions=None):
        """Return columns as floats, of the type that scikit-learn gives them; None where there are others."""
        kinds = self.kinds if positions is None else [self.kinds[j] for j in positions]
        if any(kind.kind in "bO" for kind in kinds):
            return None
        found = np.result_type(*set(kinds))
        found = found if found.kind == "f" else np.dtype(np.float64)
        values = self.values if positions is None else self.values[:, positions]
        return values.astype(found, copy=False)

    def keys(self, position):
        """Return a column of keys as Python values; None where all columns were made one type of floats."""
        return self.values[:, position].tolist() if self.values.dtype == object else None


def read_few(X):
    """Return the rows of a frame as :class:`FewRows`, None for all that is not read so.

    A pandas frame of one float type may have any number of rows.

    Examples
    --------
    >>> few = read_few(pd.DataFrame({"key": ["a"], "x": [1.5], "y": [2]}))
    >>> few.floats([1, 2]), few.keys(0)
    (array([[1.5, 2. ]]), ['a'])
    """
    if isinstance(X, pd.DataFrame):
        return _of_pandas(X)
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or not 0 < len(frame) <= MOST:
        return None
    kinds = [KINDS.get(type(dtype)) for dtype in frame.schema.values()]
    by_name = len(kinds) == len(frame.columns)  # of two columns of one name the schema has one
    if not kinds or not by_name or _has_other(kinds):
        return None
    values = np.empty((len(frame), len(kinds)), dtype=object)
    values[...] = frame.rows()
    return FewRows(frame.columns, kinds, values)


def _of_pandas(X):
    dtypes = X.dtypes.tolist()
    if not dtypes or not len(X):
        return None
    alike = dtypes.count(dtypes[0]) == len(dtypes) and _is_float(dtypes[0])
    if not alike and len(X) > MOST:
        return None
    names = X.columns.tolist()
    if alike:
        return FewRows(names, dtypes, X.to_numpy())
    kinds = [_plain(dtype) for dtype in dtypes]
    return None if _has_other(kinds) else FewRows(names, kinds, X.to_numpy(dtype=object))


def _is_float(dtype):
    return isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize <= WIDEST


def _plain(dtype):
    """Return a type of pandas whose values Python has too; text is an object."""
    if isinstance(dtype, pd.StringDtype):
        return np.dtype(object)
    if isinstance(dtype, np.dtype) and (dtype.kind in "iubO" or _is_float(dtype)):
        return dtype
    return None


def _has_other(kinds):
    return any(kind is None for kind in kinds)  # a dtype calls itself equal to None
