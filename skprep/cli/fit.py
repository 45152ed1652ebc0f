"""``skprep fit``: a scaler learnt from a file of any size."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from skprep.cli.common import check_out, progress, say, told_errors
from skprep.cli.options import ROWS, Missing, Thousands

SCALERS = {
    "standard": "StandardScaler",
    "minmax": "MinMaxScaler",
    "maxabs": "MaxAbsScaler",
    "robust": "RobustScaler",
    "log": "LogScaler",
}
SKETCHES = 3 << 26  # bytes of quantile sketches at a time; more features are learnt in another pass
BYTES_PER_K = 14  # of a sketch, seen
MOSTLY = 0.5  # of the cells of a column are numbers: then it is a column of numbers with slips


def fit(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of training rows, of any size.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The fitted scaler goes here, as JSON.")],
    scaler: Annotated[
        Literal["standard", "minmax", "maxabs", "robust", "log"], typer.Option(help="What is learnt.")
    ] = "standard",
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Key column: scale per group; again for a second one. In a CSV file text, unless all are "
            "whole numbers."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Column to scale; again for more. Without: all columns of numbers."),
    ] = None,
    handle_unknown: Annotated[
        Literal["error", "global", "nan"], typer.Option(help="What a group that is not in FILE will get.")
    ] = "error",
    min_group_size: Annotated[
        int, typer.Option(min=1, help="Smaller groups get the parameters of all rows.")
    ] = 1,
    max_rank_error: Annotated[
        float, typer.Option(help="How far a rank may be off, for robust beyond 4,096 rows.")
    ] = 0.001,
    mergeable: Annotated[
        bool, typer.Option(help="Also keep what partial_fit and merge need; for robust, values of the rows.")
    ] = False,
    missing: Missing = None,
    thousands: Thousands = None,
):
    """Learn a scaler from a file, a batch of rows at a time, at constant memory.

    A sketch (robust, beyond 4,096 rows) draws random bits: two runs differ within --max-rank-error.

    `skprep transform` applies it to files; `skprep.load` gives it back in Python.
    """
    with told_errors():
        from skprep.batches import TableFile

        check_out(out, table=file)
        table = TableFile(file, tuple(missing or ()), thousands)
        keys = list(by or [])
        _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error)
        features = _features(table, keys, column)

        from sklearn.base import clone

        from skprep.persistence import save
        from skprep.scalers import GroupScaler
        from skprep.scalers.merging import beside

        inner = _inner(scaler, max_rank_error)
        fitted = inner
        if keys:
            by = keys if len(keys) > 1 else keys[0]
            policy = {"handle_unknown": handle_unknown, "min_group_size": min_group_size}
            fitted = GroupScaler(inner, by=by, **policy)
        whole = mergeable or not keys or scaler != "robust"
        width = len(features) if whole else _features_at_a_time(table, keys, max_rank_error)
        passes = [features[i : i + width] for i in range(0, len(features), width)]
        with progress("learning", table.size * len(passes)) as advance:
            parts = []
            for some in passes:
                parts.append(_learn(clone(fitted), table, keys, some, advance))
                if len(passes) > 1:  # the sketches make room for those of the next features
                    parts[-1]._engine.conclude()
        fitted = parts[0] if len(parts) == 1 else beside(parts)
        if keys and not table.is_parquet:
            _type_keys(fitted, len(keys))
        save(fitted, out, mergeable=mergeable)
    groups = f", {len(fitted.groups_)} groups in {', '.join(map(repr, keys))}" if keys else ""
    say(f"{type(inner).__name__} of {len(features)} columns{groups}: {_some(features)}")
    others = [f"{f.name!r} ({f.type})" for f in table.schema if f.name not in keys + features]
    if others:
        say(f"Left as they are: {', '.join(others)}")
    if keys and not table.is_parquet and any(None in _parts(key) for key in fitted.groups_):
        say("An empty key is a missing key: in a CSV file the two cannot be told apart.")
    if keys and not table.is_parquet:
        _say_gaps(fitted)
    say(f"Scaler: {out}")


def _say_gaps(scaler):
    """Say which keys are text here and nothing to pandas."""
    from skprep.batches import GAPS

    parts = (part for key in scaler.groups_ for part in _parts(key))
    gaps = sorted({part for part in parts if isinstance(part, str) and part in GAPS})
    if gaps:
        say(
            f"The key {gaps[0]!r} is text here; pandas reads it as a missing one, unless told "
            "pd.read_csv(..., keep_default_na=False)."
        )


def _inner(scaler, max_rank_error):
    import skprep.scalers as scalers

    kind = getattr(scalers, SCALERS[scaler])
    inner = kind(max_rank_error=max_rank_error) if scaler == "robust" else kind()
    inner._validate_params()
    return inner


def _type_keys(scaler, n_keys):
    """Read the keys of a text file as whole numbers where all of a column are: as pandas will read them."""
    from skprep.cli.keys import reads_as_whole_numbers, whole_number

    columns = (
        list(zip(*(_parts(key) for key in scaler.groups_), strict=True)) if n_keys > 1 else [scaler.groups_]
    )
    whole = [reads_as_whole_numbers(column) for column in columns]
    if any(whole):
        scaler._read_keys_anew(lambda part, i: whole_number(part) if whole[i] and part is not None else part)


def _parts(key):
    return key if isinstance(key, tuple) else (key,)


def _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error):
    """Refuse options that would do nothing."""
    from skprep.files import TableError

    twice = [name for i, name in enumerate(keys) if name in keys[:i]]
    if twice:
        raise TableError(
            f"--by must name each key column once; received {twice[0]!r} twice. Drop one of them."
        )
    if not keys and (handle_unknown != "error" or min_group_size != 1):
        raise TableError("--handle-unknown and --min-group-size need --by: the column that names the groups.")
    if scaler != "robust" and max_rank_error != 0.001:
        raise TableError(f"--max-rank-error goes with --scaler robust; received --scaler {scaler}.")


def _learn(scaler, table, keys, features, advance):
    """Return ``scaler`` fitted to some features of the file."""
    from skprep.files import TableError
    from skprep.scalers.streams import learn_batches

    if not learn_batches(scaler, _frames(table, keys, features, advance)):
        raise TableError(f"The file {str(table.path)!r} has no rows. It must hold a header and rows.")
    return scaler


def _features_at_a_time(table, keys, max_rank_error):
    """Return of how many features the sketches of all groups fit into ``SKETCHES`` bytes."""
    from skprep.frames.keys import key_columns
    from skprep.statistics.groups import GroupIndex
    from skprep.statistics.quantiles import EXACT_BUDGET
    from skprep.statistics.sketch import size_for

    index = None
    with progress("counting groups", table.size) as advance:
        for frame in _frames(table, keys, [], advance):
            columns = key_columns(frame, range(len(keys)))
            index = GroupIndex.learn(columns)[0] if index is None else index.extended(columns)[0]
    n_groups = 1 if index is None else len(index)
    return max(1, SKETCHES // (n_groups * (BYTES_PER_K * size_for(max_rank_error) + 8 * EXACT_BUDGET)))


def _features(table, keys, chosen):
    """Return the columns to scale: those asked for, or all of numbers."""
    from pyarrow import types

    from skprep.files import TableError

    names = table.schema.names
    for name in (*keys, *(chosen or ())):
        if name not in names:
            option = "--by" if name in keys else "--column"
            raise TableError(
                f"{option} must name a column of the table; received {name!r}. "
                f"The columns are: {_some(names)}."
            )
    for name in keys:
        if types.is_nested(table.schema.field(name).type):
            raise TableError(
                f"--by must name a column of text, numbers or dates; {name!r} holds "
                f"{table.schema.field(name).type}. Name another column, or make it text."
            )
    both = [name for name in chosen or () if name in keys]
    if both:
        raise TableError(f"--by and --column must differ; received {both[0]!r} for both.")
    twice = [name for i, name in enumerate(chosen or ()) if name in chosen[:i]]
    if twice:
        raise TableError(
            f"--column must name each column once; received {twice[0]!r} twice. Drop one of them."
        )
    candidates = chosen or [name for name in names if name not in keys]
    for name in candidates:
        slip = table.slips(name)
        if slip is not None and slip[2] > MOSTLY and not (table.thousands and chosen):
            raise table.slip(name, *slip[:2])
    text = [name for name in chosen or () if not table.is_numeric(name)]
    if text:
        raise TableError(
            f"--column must name columns of numbers; received {text[0]!r}, which holds "
            f"{table.schema.field(text[0]).type}. Leave it out or correct the file."
        )
    features = list(chosen) if chosen else [name for name in table.numeric() if name not in keys]
    if not features and not table.has_rows():
        raise TableError(f"The file {str(table.path)!r} has no rows. It must hold a header and rows.")
    if not features:
        raise TableError(f"Scaling needs at least one column of numbers; the columns are: {_some(names)}.")
    return features


def _frames(table, keys, features, advance):
    import pyarrow as pa

    from skprep.batches import empty_as_missing

    types = dict.fromkeys(features, pa.float64()) | dict.fromkeys(keys, pa.string())
    for batch in table.read(keys + features, ROWS, types, advance):
        batch = batch if table.is_parquet else empty_as_missing(batch, keys)
        yield pa.Table.from_batches([batch])


def _some(names):
    return ", ".join(repr(n) for n in names)
