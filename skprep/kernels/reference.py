"""The kernels in NumPy: the definition of what each hot loop computes.

Beside each of them is the same compiled, ``sums_compiled.pyx`` beside ``sums.py``;
:mod:`skprep.kernels.dispatch` hands out whichever is there. The learning kernels take a block of rows ``X``
(float, NaN for missing),
the integer group ``codes`` of the rows (None: one group), ``n_groups`` and the rows' positive weights
(None: all 1), and return float64 arrays of shape ``(n_groups, n_features)``.
"""

from skprep.kernels.columns import normalise_columns, sum_column_gradients, write_column_gradients
from skprep.kernels.counting import count_and_collect, count_runs, gather_groups
from skprep.kernels.cross import sum_cross
from skprep.kernels.entries import adam_step, gelu, gelu_backward
from skprep.kernels.extrema import find_extrema, find_smallest_two
from skprep.kernels.rows import cross_entropy_rows, normalise_rows, normalise_rows_backward, softmax_rows
from skprep.kernels.sums import sum_deviations

__all__ = [
    "adam_step",
    "count_and_collect",
    "count_runs",
    "cross_entropy_rows",
    "find_extrema",
    "find_smallest_two",
    "gather_groups",
    "gelu",
    "gelu_backward",
    "normalise_columns",
    "normalise_rows",
    "normalise_rows_backward",
    "softmax_rows",
    "sum_column_gradients",
    "sum_cross",
    "sum_deviations",
    "write_column_gradients",
]
