"""Groups that were not in the training rows."""

import numpy as np

from skprep.errors import warn_caller

SHOWN = 5  # groups that a message names


GLOBAL = {"GroupScaler": "the parameters of all training rows", "ComBat": "no site effect is removed"}
ALL = {
    "GroupScaler": "all get the parameters of all training rows",
    "ComBat": "no site effect is removed from any",
}


def codes_of(index, columns, handle_unknown, key_text, owner="GroupScaler"):
    """Return the codes of rows, unknown groups dealt with as ``handle_unknown`` says.

    Parameters
    ----------
    index : GroupIndex
    columns : list of pandas Series
        The key columns.
    handle_unknown : {"error", "global", "nan"}
        Codes for unknown groups follow those of the groups: first that of all rows, then that of NaN.
    key_text : callable
        Says where the key is, for a message.
    owner : str
        The class that knows the groups.
    """
    return with_unknown(*index.encode(columns), index, handle_unknown, key_text, owner)


def with_unknown(codes, unknown, index, handle_unknown, key_text, owner="GroupScaler"):
    """Return codes of which some are -1, those of the keys ``unknown``, as :func:`codes_of` does."""
    if not unknown:
        return codes
    if handle_unknown == "error":
        refuse_unknown(index, key_text(), unknown, len(unknown), int((codes < 0).sum()), owner)
    if handle_unknown == "global" and (codes < 0).all():
        warn_caller(
            f"{owner} knows none of the groups of these {len(codes)} rows: {ALL[owner]}. "
            f"Received {shown(unknown, len(unknown))} in {key_text()}; known are "
            f'{shown(index.keys)}. If they should be known, mind their types: 1 and "1" are different keys.',
        )
    return np.where(codes < 0, len(index) + (0 if handle_unknown == "global" else 1), codes)


def refuse_unknown(index, key_text, keys, count, n_rows, owner="GroupScaler"):
    """Raise the error for groups that were not in the training rows."""
    received = (
        f"{owner} knows the {len(index)} groups it was fitted on ({shown(index.keys)}); received "
        f"{count} unknown in {key_text}, {n_rows} rows: {shown(keys, count)}."
    )
    received += _hint_of_types(index.keys, keys)
    error = ValueError(
        f'{received} Fit on rows of these groups too, or pass handle_unknown="global" ({GLOBAL[owner]}) '
        'or "nan".'
    )
    error.policy, error.received = GLOBAL[owner], received  # for the command line, whose advice is another
    raise error


def _hint_of_types(known, unknown):
    """Say that keys may be the same in another type: one side is text, the other is not, some look alike."""
    parts = [[part for key in keys for part in _parts_of(key)] for keys in (known, unknown)]
    sides = [{isinstance(part, str) for part in side} for side in parts]
    looks = [{str(part).strip().lstrip("0") for part in side} for side in parts]
    if sides not in ([{True}, {False}], [{False}, {True}]) or not looks[0] & looks[1]:
        return ""
    if sides[0] == {True}:
        text, advice = "text, and those received are not", "for example with pd.read_csv(..., dtype=str)"
    else:
        text, advice = "no text, and those received are", "without dtype=str, or turn it into numbers"
    return (
        f' The known keys are {text}: 1 and "1" are different keys. Read the column as it was in fit, '
        f"{advice}."
    )


def _parts_of(key):
    return [part for part in (key if isinstance(key, tuple) else (key,)) if part is not None]


def shown(keys, count=0):
    """Return some keys as text for a message."""
    text = ", ".join(repr(key) for key in keys[:SHOWN])
    return text + (", ..." if max(count, len(keys)) > SHOWN else "")
