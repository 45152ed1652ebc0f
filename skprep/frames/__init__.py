"""Data frames: the only rooms that know narwhals. :mod:`skprep.frames.eager` takes one apart."""
