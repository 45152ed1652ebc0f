"""Which scaling is best: every scaler in front of every model, cross-validated without leaking."""

from skprep.compare.comparison import Comparison, compare_scalers

__all__ = ["Comparison", "compare_scalers"]
