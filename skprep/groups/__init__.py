"""One scaler per group of rows."""

from skprep.groups.scaler import GroupScaler

__all__ = ["GroupScaler"]
