"""Errors that have a class of their own."""


class TableError(ValueError):
    """A file or table that cannot be worked with, with a message for the person who brought it."""
