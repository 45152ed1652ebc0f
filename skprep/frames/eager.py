"""Take a table apart and put it together again."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd


def column_names(X):
    """Return the column names of a data frame, None for an array."""
    if isinstance(X, np.ndarray):
        return None
    if isinstance(X, pd.DataFrame):
        return list(X.columns)
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return frame.columns if isinstance(frame, nw.DataFrame) else None


def named_as(X):
    """Return what tells any scikit-learn the column names of ``X``: without rows, for older ones read pandas.

    Examples
    --------
    >>> import pyarrow as pa
    >>> named_as(pa.table({"a": [1], "b": [2]})).columns.tolist()
    ['a', 'b']
    """
    names = None if isinstance(X, pd.DataFrame) else column_names(X)
    return X if names is None else pd.DataFrame(columns=names)


def take_columns(X, positions):
    """Return the columns at ``positions``: a frame of the same kind, or an array.

    Examples
    --------
    >>> import numpy as np
    >>> take_columns(np.array([[1, 2, 3]]), [0, 2])
    array([[1, 3]])
    """
    if isinstance(X, pd.DataFrame):
        return X.iloc[:, positions]
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        names = frame.columns
        return frame.select([names[i] for i in positions]).to_native()
    positions = list(positions)
    if positions and positions == list(range(positions[0], positions[-1] + 1)):
        return X[:, positions[0] : positions[-1] + 1]  # no copy
    return X[:, positions]


def some_columns(X, names):
    """Return the columns ``names`` of a frame, in that order."""
    known = [str(name) for name in column_names(X)]
    return take_columns(X, [known.index(name) for name in names])


def as_frame(values, given, kind, names):
    """Return an array as a frame of ``kind`` ("pandas", "polars"; "default": as it is).

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    given : object
        The table that ``values`` came from; a pandas one lends its index.
    kind : {"default", "pandas", "polars"}
    names : callable
        Gives the column names.
    """
    if kind == "default":
        return values
    if kind == "pandas":
        index = given.index if isinstance(given, pd.DataFrame) else None
        return pd.DataFrame(values, columns=names(), index=index, copy=False)
    import polars as pl

    return pl.DataFrame(values, schema=list(names()), orient="row")


def replace_columns(X, positions, values, kind):
    """Return the table ``X`` with the columns at ``positions`` replaced, as a frame of ``kind``.

    ``"default"`` keeps the kind of ``X``; an array stays an array, of objects where its keys are.

    Examples
    --------
    >>> import numpy as np
    >>> replace_columns(np.array([[1.0, 5.0], [2.0, 6.0]]), [1], np.array([[0.0], [1.0]]), "default")
    array([[1., 0.],
           [2., 1.]])
    """
    if values.shape[1] != len(positions):
        raise ValueError(
            f"keep_by=True needs a transformer that gives one column for each of {len(positions)} features; "
            f"received {values.shape[1]}. Pass keep_by=False."
        )
    names = column_names(X)
    if names is None and kind == "default":
        X = np.asarray(X)
        exact = X.dtype.kind in "iubf" and _survives(np.delete(X, positions, axis=1), values.dtype)
        result = X.astype(values.dtype if exact else object)
        result[:, positions] = values
        return result
    if names is None:
        X = pd.DataFrame(np.asarray(X)).infer_objects()
        X.columns = names = [f"x{j}" for j in range(X.shape[1])]
    if isinstance(X, pd.DataFrame):
        place = {position: i for i, position in enumerate(positions)}
        columns = [
            pd.Series(values[:, place[j]], index=X.index) if j in place else X.iloc[:, j]
            for j in range(X.shape[1])
        ]
        result = pd.concat(columns, axis=1)
        result.columns = X.columns
    else:
        frame = nw.from_native(X, eager_only=True)
        fresh = [
            nw.new_series(names[position], values[:, i], backend=frame.implementation)
            for i, position in enumerate(positions)
        ]
        result = frame.with_columns(fresh).to_native()
    return result if kind == "default" else _as_kind(result, kind)


def _survives(keys, dtype):
    """Say whether keys come back from a cast to ``dtype`` as they were."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(((keys.astype(dtype).astype(keys.dtype) == keys) | (keys != keys)).all())


def _as_kind(frame, kind):
    frame = nw.from_native(frame, eager_only=True)
    return frame.to_pandas() if kind == "pandas" else frame.to_polars()


def as_pandas(X):
    """Return a frame in memory as one of pandas; all else as it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"a": [1, 2]}))["a"].tolist()
    [1, 2]
    """
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return frame.to_pandas() if isinstance(frame, nw.DataFrame) else X
