"""The kernels in NumPy: the definition of what each hot loop computes.

The learning kernels take a block of rows ``X`` (float, NaN for missing), the integer group
``codes`` of the rows (None: one group), ``n_groups`` and the rows' positive weights (None: all 1),
and return float64 arrays of shape ``(n_groups, n_features)``.
"""

from skprep.kernels.affine import apply_affine, undo_affine
from skprep.kernels.extrema import find_extrema, find_smallest_two
from skprep.kernels.moments import sum_moments
from skprep.kernels.quantiles import select_group_quantiles, select_quantiles

__all__ = [
    "apply_affine",
    "find_extrema",
    "find_smallest_two",
    "select_group_quantiles",
    "select_quantiles",
    "sum_moments",
    "undo_affine",
]
