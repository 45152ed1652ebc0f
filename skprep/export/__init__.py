"""Fitted scalers for other programs: ONNX and SQL."""

from skprep.export.model import to_onnx
from skprep.export.query import to_sql

__all__ = ["to_onnx", "to_sql"]
