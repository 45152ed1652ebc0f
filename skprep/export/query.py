"""A fitted scaler as a query of SQL."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from skprep.backends.fitted import fitted_of


def to_sql(
    scaler: Any,
    table: str | Sequence[str],
    *,
    dialect: str = "duckdb",
    columns: str | Sequence[str] = "all",
) -> str:
    r"""Return a query that scales a table where it lies, as ``transform`` does.

    One SELECT: each feature by the formula of ``transform``, every other column as it is (outside DuckDB
    those that ``columns`` names, or were seen in ``fit``). Groups are joined as a table of parameters that
    the query itself holds, so that 200,000 of them are no burden. Numbers have all their digits.

    Parameters
    ----------
    scaler : fitted scaler
        Of skprep, fitted on a frame: columns are found by their names.
    table : str or sequence of str
        Name of the table; of several parts (catalog, schema, table) as a sequence.
    dialect : str, default="duckdb"
        Of sqlglot. Tested by running: ``"duckdb"``, ``"sqlite"``, ``"postgres"``, ``"spark"``.
    columns : "all" or sequence of str, default="all"
        What the query returns. ``"all"``: all columns of the table where the dialect can say so
        (DuckDB), elsewhere all that were seen in ``fit``. A sequence: these columns of the table, in that
        order, those among them that are features scaled.

    Returns
    -------
    query : str
        Without a semicolon, so that it can stand in ``CREATE VIEW ... AS`` or in parentheses.

    Raises
    ------
    ImportError
        Without the extra ``sql``.
    ValueError
        If the scaler was fitted on an array, its key comes as metadata (``by=None``), keys are of different
        or other types than text, numbers, booleans and dates, a name cannot be one (empty, with a null
        character, or told from another by upper and lower case alone), or the dialect is unknown.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Notes
    -----
    Where ``transform`` raises an error, and where it gives NaN for want of a number, the result of a query
    is NULL: for a group unknown to ``handle_unknown="error"`` or ``"nan"``, a logarithm outside its domain,
    an unknown level of a covariate. NULL stays NULL and NaN stays NaN. Results are float64, those of
    float32 columns too. Infinite values, which ``transform`` refuses, are calculated with.

    Keys are compared as the engine compares them: text needs a column of text, a number one of numbers. Of a
    column of another type DuckDB may cast the key, where ``transform`` finds a group unknown, or raise. A
    missing key (NULL, NaN) is a group like any other. The query has names of its own that begin with
    ``skprep_``.

    A key of times with a zone is written in UTC: let the session's zone be UTC. PostgreSQL raises where a
    result leaves float64, which is infinite elsewhere.

    In SQLite, whose columns take anything, text in the place of a number is NULL; a query there has at most
    2,000 columns, inner ones included, which is some 300 features for a formula of several steps (logarithms,
    ComBat).

    Names and keys are quoted by the rules of the dialect and cannot leave their place, whatever is in them.

    References
    ----------
    ISO/IEC 9075-2:2023, Information technology, Database languages SQL, Part 2: Foundation.

    Examples
    --------
    >>> import pandas as pd
    >>> from skprep import GroupScaler, StandardScaler, to_sql
    >>> scans = pd.DataFrame({"device": ["a", "a", "b", "b"], "hu": [0.0, 2.0, 10.0, 50.0]})
    >>> print(to_sql(GroupScaler(StandardScaler(), by="device").fit(scans), "scans"))
    WITH "skprep_groups"("key_0", "center_0", "scale_0") AS (VALUES
      ('a', 1.0e0, 1.0e0),
      ('b', 30.0e0, 20.0e0))
    SELECT
      "skprep_rows".*
      REPLACE ((
        CAST("skprep_rows"."hu" AS DOUBLE) - "skprep_groups"."center_0"
      ) / "skprep_groups"."scale_0" AS "hu")
    FROM "scans" AS "skprep_rows"
    LEFT JOIN "skprep_groups"
      ON "skprep_rows"."device" = "skprep_groups"."key_0"
    """
    if not hasattr(scaler, "_fitted"):
        raise ValueError(
            "to_sql takes a fitted scaler of skprep, GroupScaler or ComBat; received "
            f"{type(scaler).__name__}. Of a pipeline write the query of each step, each of a view of the one "
            "before."
        )
    fitted = fitted_of(scaler)
    try:
        sql = import_module("skprep.export.sql")
    except ImportError as error:
        raise ImportError(
            f"to_sql needs the package sqlglot; received an environment without it ({error}). Install the "
            "extra: pip install 'skprep[sql]'."
        ) from error
    return sql.written(fitted, table, dialect, columns)
