"""Values outside the domain of a map, such as a logarithm of what is not above 0."""

from types import SimpleNamespace

import numpy as np

from skprep.kernels.blocks import row_blocks
from skprep.validation.rows import name_column, row_number


def check_domain(estimator, learnt, X, codes=None):
    """Refuse rows with a value outside the domain of a map; the first one is named."""
    if not learnt.has_domain:
        return
    tables = {name: v for name, v in learnt.arrays().items() if v is not None}
    for rows in row_blocks(*X.shape):
        own = {n: v[0] if codes is None else v[codes[rows]] for n, v in tables.items()}
        outside = learnt.outside(X[rows], SimpleNamespace(**own))
        if outside.any():
            row, column = np.unravel_index(outside.argmax(), outside.shape)
            place = f"{name_column(estimator, column)}, row {row_number(estimator, rows.start + int(row))}"
            offset = own["offset"][column] if codes is None else own["offset"][row, column]
            raise outside_domain(X[rows][row, column], place, offset)


def outside_domain(value, place, offset):
    """Return the error for a value that has no logarithm."""
    return ValueError(
        f"LogScaler takes the logarithm of x + offset, which must be above 0; received {float(value)!r} in "
        f"{place}, where the offset asks for values above {0.0 - float(offset)!r}. Pass "
        'handle_invalid="nan" or "clip", a larger offset, or method="symlog", which takes any sign.'
    )
