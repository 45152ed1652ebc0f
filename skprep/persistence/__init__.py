"""Fitted scalers in files that are not pickles: text to read, and loading it runs no code."""

from skprep.persistence.reading import from_json, load
from skprep.persistence.writing import save, to_json

__all__ = ["from_json", "load", "save", "to_json"]
