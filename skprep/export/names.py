"""What may be a name in a query, and a dialect."""

import numpy as np
import pandas as pd
from sqlglot.dialects.dialect import Dialect

CASE_SENSITIVE = ("postgres", "snowflake", "oracle")
REPLACES = ("duckdb",)  # has SELECT * REPLACE, so that columns nobody named are kept in their place


def dialect_of(name):
    """Return the name of a dialect that sqlglot knows."""
    try:
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError("not a name")
        Dialect.get_or_raise(name.lower())
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"dialect must be one that sqlglot knows; received {name!r} ({error}). Tested are 'duckdb', "
            "'sqlite', 'postgres' and 'spark'."
        ) from None
    return name.lower()


def table_of(table):
    """Return the parts of the name of a table."""
    parts = [table] if isinstance(table, str) else table
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 3:
        raise ValueError(
            "table must be a name, or up to three of them (catalog, schema, table); received "
            f'{table!r}. For example ("main", "scans").'
        )
    return [checked(part) for part in parts]


def checked(name):
    """Refuse what no engine takes for a name."""
    if not isinstance(name, str) or not name or not is_text(name) or name.lower().startswith("skprep_"):
        raise ValueError(
            "The name of a table or column must be text without null characters that does not begin with "
            f"skprep_; received {name!r}. Rename it."
        )
    return name


def is_text(text):
    """Say whether text can be written into a query."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return "\0" not in text


def kept_of(columns, fitted, dialect):
    """Return the names of the columns to return; None: all that the table has."""
    if isinstance(columns, str):
        if columns != "all":
            raise ValueError(
                f'columns must be "all" or a list of names; received {columns!r}. Pass ["{columns}"].'
            )
        return None if dialect in REPLACES else [checked(name) for name in fitted.names]
    if not isinstance(columns, list | tuple | np.ndarray | pd.Index):
        raise ValueError(
            f'columns must be "all" or a list of names; received {columns!r}. For example ["age"].'
        )
    kept = [checked(str(name) if isinstance(name, np.str_) else name) for name in columns]
    if not kept or len(set(kept)) < len(kept):
        raise ValueError(f"columns must be different names, one at least; received {kept!r}. Name each once.")
    return kept


def check_letters(names, features, dialect):
    """Refuse names that most engines do not tell apart."""
    known = {name.lower(): name for name in features}
    for name in names:
        twin = known.setdefault(name.lower(), name)
        if twin != name and dialect not in CASE_SENSITIVE:
            raise ValueError(
                f"Column names must differ by more than upper and lower case in {dialect}; received "
                f"{twin!r} and {name!r}. Rename one of them."
            )
