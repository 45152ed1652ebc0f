"""Control rows: the only ones to learn from, named by what stands in some columns."""

import numpy as np

from skprep.errors import NoControls
from skprep.frames.rows import has_rows, rows_with
from skprep.statistics.groups import GroupIndex, plain_key
from skprep.validation.tables import is_column
from skprep.validation.unknown import shown


def check_controls(controls):
    """Refuse controls that are no columns with values."""
    if controls is None:
        return
    columns = list(controls) if isinstance(controls, dict) else []
    if not columns or not all(map(is_column, columns)):
        raise ValueError(
            "controls must name columns and the value or values that control rows have there; received "
            f'{controls!r}. For example controls={{"treatment": "DMSO"}}.'
        )
    empty = [c for c in columns if not _listed(controls[c])]
    if empty:
        raise ValueError(
            f"controls must have a value for each column; received none for {empty[0]!r}. Name the value "
            "that control rows have there."
        )


def values_of(controls):
    """Return the values of each column as a list of plain keys.

    Examples
    --------
    >>> values_of({"treatment": "DMSO", "dose": [0.0, None]})
    [['DMSO'], [0, None]]
    """
    return [[plain_key(v) for v in _listed(wanted)] for wanted in (controls or {}).values()]


def _listed(wanted):
    """Return one value or several as a list; a tuple, a set and an array are several."""
    several = isinstance(wanted, list | tuple | set | frozenset | np.ndarray)
    return list(wanted) if several else [wanted]


def control_rows(columns, controls):
    """Return the numbers of the rows in which every column has one of its values; None for no condition.

    Examples
    --------
    >>> import pandas as pd
    >>> control_rows([pd.Series(["DMSO", "drug", "DMSO"])], {"treatment": "DMSO"})
    array([0, 2])
    """
    if not controls:
        return None
    hold = np.ones(len(columns[0]), dtype=bool)
    for name, wanted, column in zip(controls, values_of(controls), columns, strict=True):
        index, codes = GroupIndex.learn([column])
        known = np.array([key in wanted for key in index.keys], dtype=bool)
        if not known.any():
            refuse_no_controls(name, wanted, index.keys)
        hold &= known[codes]
    if not hold.any():
        refuse_no_controls(" and ".join(map(str, controls)), values_of(controls), ["no row with all of them"])
    return np.flatnonzero(hold)


def lazy_controls(frame, columns, controls):
    """Return the control rows of a lazy frame; refuse one without any."""
    frame = rows_with(frame, columns, values_of(controls))
    if not has_rows(frame):
        refuse_no_controls(" and ".join(map(str, columns)), values_of(controls), ["no such row"])
    return frame


def refuse_no_controls(name, wanted, present):
    """Raise the error for rows of which none is a control."""
    wanted = wanted[0] if len(wanted) == 1 else wanted
    raise NoControls(
        f"controls must hold in at least one of the rows to learn from; received none with {wanted!r} in "
        f"column {name!r}, which has {shown(present)}. Correct the value, and mind its type."
    )
