"""Errors that have a class of their own, and warnings that name the line of the caller."""

import sys
import warnings

INSIDE = ("skprep", "sklearn", "skl2onnx", "joblib", "contextlib")


class TableError(ValueError):
    """A file or table that cannot be worked with, with a message for the person who brought it."""


class NoControls(ValueError):
    """Rows of which none is a control: nothing to learn from, which in a block or a batch is no error."""


def warn_caller(message, category=UserWarning):
    """Warn at the line of the caller: the first one outside of this package, scikit-learn and joblib."""
    frame, level = sys._getframe(1), 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
