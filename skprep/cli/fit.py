"""``skprep fit``: a scaler learnt from a file of any size."""

from itertools import combinations

from skprep.cli import options
from skprep.cli.common import (
    check_out,
    errors_as_messages,
    inputs,
    listed,
    progress,
    say,
    settings_of,
    speaking,
)

FIRST = 1000  # rows in which a column that numbers them is looked for
MOSTLY = 0.5  # of the cells of a column are numbers: then it is a column of numbers with slips


def fit(
    files: options.TrainingFiles,
    out: options.FittedOut,
    scaler: options.Scaler = "standard",
    by: options.By = None,
    target: options.NotScaled = None,
    exclude: options.Exclude = None,
    columns: options.Columns = None,
    column: options.Column = None,
    covariate: options.Covariate = None,
    handle_unknown: options.HandleUnknown = "error",
    min_group_size: options.MinGroupSize = 1,
    max_rank_error: options.MaxRankError = 0.001,
    soft_clip: options.SoftClip = None,
    mergeable: options.Mergeable = False,
    missing: options.Missing = None,
    thousands: options.Thousands = None,
    sep: options.Separator = None,
    decimal: options.Decimal = None,
    quiet: options.Quiet = False,
):
    """Learn a scaler from a file, a batch of rows at a time, at constant memory.

    A sketch (robust, beyond 4,096 rows) draws random bits: two runs differ within --max-rank-error.

    `skprep transform` applies it to files; `skprep.load` gives it back in Python.

    For example:

      skprep fit train.csv --target price --exclude id --out scaler.json

      skprep fit scans/ --scaler robust --by device --out scaler.json
    """
    with errors_as_messages(), speaking(quiet):
        with inputs(files) as paths:
            check_out(out, table=files)
            from skprep.backends.files import fit_file, open_tables
            from skprep.persistence import save

            table = open_tables(paths, **settings_of(missing, thousands, sep, decimal))
            keys, covariates = list(by or []), list(covariate or [])
            asked = [*(column or []), *listed([columns] if columns else [])]
            left = [*([target] if target else []), *listed(exclude)]
            _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error, soft_clip)
            _check_combat(scaler, keys, covariates, min_group_size)
            features = _features(table, keys, covariates, asked, left)
            settings = max_rank_error, handle_unknown, min_group_size, soft_clip
            unfitted = _unfitted(scaler, keys, covariates, *settings)
            counts = {} if asked else _counting(table, features)
            fitted = fit_file(unfitted, table, features, mergeable=mergeable, progress=progress)
            save(fitted, out, mergeable=mergeable)
        _report(fitted, table, keys, covariates, features, asked)
        for name in counts:
            say(f"Note: {name!r} numbers the rows, and is scaled. --exclude {name} leaves it out.")
        say(f"Scaler: {out}")


def _counting(table, features):
    """Return the columns that number the rows of the first batch."""
    import pyarrow as pa

    from skprep.leakage.traces import numbers_the_rows

    types = {} if table.is_parquet else dict.fromkeys(features, pa.float64())
    batch = next(iter(table.read(features, FIRST, types)), None)
    if batch is None:
        return []
    numbers = {
        name: batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in features
    }
    return [name for name, values in numbers.items() if numbers_the_rows(values)]


def _unfitted(scaler, keys, covariates, max_rank_error, handle_unknown, min_group_size, soft_clip):
    import skprep

    by = keys if len(keys) > 1 else keys[0] if keys else None
    if scaler == "combat":
        return skprep.ComBat(by, covariates=covariates, handle_unknown=handle_unknown)
    kind = getattr(skprep, options.SCALERS[scaler])
    settings = {"max_rank_error": max_rank_error} if scaler == "robust" else {}
    inner = kind(**settings, **({"soft_clip": soft_clip} if soft_clip is not None else {}))
    if not keys:
        return inner
    return skprep.GroupScaler(inner, by=by, handle_unknown=handle_unknown, min_group_size=min_group_size)


def _report(fitted, table, keys, covariates, features, asked):
    """Say what was learnt of what."""
    inner = getattr(fitted, "scaler", fitted)
    groups = f", {len(fitted.groups_)} groups in {', '.join(map(repr, keys))}" if keys else ""
    if covariates:
        groups += f", covariates {', '.join(map(repr, covariates))} kept"
    columns = "1 column" if len(features) == 1 else f"{len(features)} columns"
    say(f"{type(inner).__name__} of {columns}{groups}: {_some(features)}")
    others = [f"{f.name!r} ({f.type})" for f in table.schema if f.name not in keys + covariates + features]
    flat = [] if asked else _constants(inner, features)
    if flat:
        say(f"Note: constant, and so nothing but shifted: {_some(flat)}. --exclude leaves them out.")
    if others:
        say(f"Left as they are: {', '.join(others)}")
    if keys and not table.is_parquet:
        if any(None in _parts(key) for key in fitted.groups_):
            say("An empty key is a missing key: in a CSV file the two cannot be told apart.")
        _say_gaps(fitted)


def _constants(scaler, features):
    """Return the features that had one value in all rows."""
    import numpy as np

    for attribute in ("var_", "data_range_"):
        spread = getattr(scaler, attribute, None)
        if spread is not None and np.shape(spread) == (len(features),):
            return [name for name, width in zip(features, spread, strict=True) if width == 0]
    return []


def _say_gaps(scaler):
    """Say which keys are text here and nothing to pandas."""
    from skprep.backends.files import GAPS

    parts = (part for key in scaler.groups_ for part in _parts(key))
    gaps = sorted({part for part in parts if isinstance(part, str) and part in GAPS})
    if gaps:
        say(
            f"The key {gaps[0]!r} is text here; pandas reads it as a missing one, unless told "
            "pd.read_csv(..., keep_default_na=False)."
        )


def _parts(key):
    return key if isinstance(key, tuple) else (key,)


def _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error, soft_clip):
    """Refuse options that would do nothing."""
    from skprep.errors import TableError

    twice = [name for i, name in enumerate(keys) if name in keys[:i]]
    if twice:
        raise TableError(
            f"--by must name each key column once; received {twice[0]!r} twice. Drop one of them."
        )
    if not keys and (handle_unknown != "error" or min_group_size != 1):
        raise TableError("--handle-unknown and --min-group-size need --by: the column that names the groups.")
    if scaler != "robust" and max_rank_error != 0.001:
        raise TableError(f"--max-rank-error goes with --scaler robust; received --scaler {scaler}.")
    if soft_clip is not None and scaler not in ("standard", "robust"):
        raise TableError(f"--soft-clip goes with --scaler standard or robust; received --scaler {scaler}.")


def _check_combat(scaler, keys, covariates, min_group_size):
    """Refuse options that ComBat does not have, and its own for others."""
    from skprep.errors import TableError

    if scaler == "combat" and not keys:
        raise TableError("--scaler combat needs --by: the column that names the site. Add --by site.")
    if scaler == "combat" and min_group_size != 1:
        raise TableError(
            "--min-group-size goes with a scaler per group; received --scaler combat, which draws small "
            "sites towards all features by itself. Leave it out."
        )
    if covariates and scaler != "combat":
        raise TableError(f"--covariate goes with --scaler combat; received --scaler {scaler}. Leave it out.")


def _features(table, keys, covariates, columns, left=()):
    """Return the columns to scale: those asked for, or all of numbers."""
    from skprep.errors import TableError

    names = table.schema.names
    _check_names(table, keys, covariates, columns or [], left)
    keys = [*keys, *covariates, *left]
    for name in columns or [name for name in names if name not in keys]:
        slip = table.slips(name)
        if slip is not None and slip[2] > MOSTLY and not (table.thousands and columns):
            raise table.slip(name, *slip[:2])
    text = [name for name in columns or () if not table.is_numeric(name)]
    if text:
        raise TableError(
            f"--columns must name columns of numbers; received {text[0]!r}, which holds "
            f"{table.schema.field(text[0]).type}. Leave it out or correct the file."
        )
    features = list(columns) if columns else [name for name in table.numeric() if name not in keys]
    if not features and not table.has_rows():
        raise TableError(f"The file {str(table.path)!r} has no rows. It must hold a header and rows.")
    if not features:
        raise TableError(f"Scaling needs at least one column of numbers; the columns are: {_some(names)}.")
    return features


def _check_names(table, keys, covariates, columns, left=()):
    """Refuse names of columns that are not there, or that do not go together."""
    from pyarrow import types

    from skprep.errors import TableError

    options_of = {
        "--by": keys,
        "--covariate": covariates,
        "--columns": columns,
        "--target or --exclude": left,
    }
    for option, name in [(option, name) for option, names in options_of.items() for name in names]:
        if name not in table.schema.names:
            raise TableError(
                f"{option} must name a column of the table; received {name!r}. The columns are: "
                f"{_some(table.schema.names)}."
            )
    for name in keys:
        if types.is_nested(table.schema.field(name).type):
            raise TableError(
                f"--by must name a column of text, numbers or dates; {name!r} holds "
                f"{table.schema.field(name).type}. Name another column, or make it text."
            )
    given = options_of
    for first, second in combinations(given, 2):
        both = [name for name in given[second] if name in given[first]]
        if both:
            raise TableError(f"{first} and {second} must differ; received {both[0]!r} for both.")
    twice = [name for i, name in enumerate(columns) if name in columns[:i]]
    if twice:
        raise TableError(
            f"--columns must name each column once; received {twice[0]!r} twice. Drop one of them."
        )


def _some(names):
    return ", ".join(repr(n) for n in names)
