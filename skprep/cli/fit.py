"""``skprep fit``: a scaler learnt from a file of any size."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console
from sklearn.base import clone

from skprep.batches import TableFile
from skprep.cli.common import check_out, progress, told_errors
from skprep.frames.keys import key_columns
from skprep.persistence import save
from skprep.scalers.group import GroupScaler
from skprep.scalers.log import LogScaler
from skprep.scalers.max_abs import MaxAbsScaler
from skprep.scalers.merging import beside
from skprep.scalers.min_max import MinMaxScaler
from skprep.scalers.robust import RobustScaler
from skprep.scalers.standard import StandardScaler
from skprep.scalers.streams import learn_batches
from skprep.statistics.groups import GroupIndex
from skprep.statistics.quantiles import EXACT_BUDGET
from skprep.statistics.sketch import size_for
from skprep.tables import TableError

SCALERS = {
    "standard": StandardScaler,
    "minmax": MinMaxScaler,
    "maxabs": MaxAbsScaler,
    "robust": RobustScaler,
    "log": LogScaler,
}
ROWS = 1 << 17  # of a batch
SKETCHES = 3 << 26  # bytes of quantile sketches at a time; more features are learnt in another pass
BYTES_PER_K = 14  # of a sketch, seen


def fit(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of training rows, of any size.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The fitted scaler goes here, as JSON.")],
    scaler: Annotated[
        Literal["standard", "minmax", "maxabs", "robust", "log"], typer.Option(help="What is learnt.")
    ] = "standard",
    by: Annotated[
        list[str] | None,
        typer.Option(help="Key column: scale per group; again for a second one. Text in a CSV file."),
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
):
    """Learn a scaler from a file, a batch of rows at a time, at constant memory.

    A sketch (robust, beyond 4,096 rows) draws random bits: two runs differ within --max-rank-error.

    `skprep transform` applies it to files; `skprep.load` gives it back in Python.
    """
    console = Console()
    with told_errors():
        check_out(file, out)
        table = TableFile(file)
        keys = list(by or [])
        _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error)
        features = _features(table, keys, column)
        inner = RobustScaler(max_rank_error=max_rank_error) if scaler == "robust" else SCALERS[scaler]()
        inner._validate_params()
        fitted = inner
        if keys:
            by = keys if len(keys) > 1 else keys[0]
            policy = {"handle_unknown": handle_unknown, "min_group_size": min_group_size}
            fitted = GroupScaler(inner, by=by, **policy)
        whole = mergeable or not keys or scaler != "robust"
        width = len(features) if whole else _features_at_a_time(table, keys, max_rank_error, console)
        passes = [features[i : i + width] for i in range(0, len(features), width)]
        with progress(console, "learning", table.size * len(passes)) as advance:
            parts = []
            for some in passes:
                parts.append(_learn(clone(fitted), table, keys, some, advance))
                if len(passes) > 1:  # the sketches make room for those of the next features
                    parts[-1]._engine.conclude()
        fitted = parts[0] if len(parts) == 1 else beside(parts)
        save(fitted, out, mergeable=mergeable)
    groups = f", {len(fitted.groups_)} groups in {', '.join(map(repr, keys))}" if keys else ""
    console.print(
        f"{type(inner).__name__} of {len(features)} columns{groups}: {_some(features)}",
        markup=False,
        highlight=False,
    )
    others = [f"{f.name!r} ({f.type})" for f in table.schema if f.name not in keys + features]
    if others:
        console.print(f"Left as they are: {', '.join(others)}", markup=False, highlight=False)
    console.print(f"Scaler: {out}", markup=False, highlight=False)


def _check_options(scaler, keys, handle_unknown, min_group_size, max_rank_error):
    """Refuse options that would do nothing."""
    if not keys and (handle_unknown != "error" or min_group_size != 1):
        raise TableError("--handle-unknown and --min-group-size need --by: the column that names the groups.")
    if scaler != "robust" and max_rank_error != 0.001:
        raise TableError(f"--max-rank-error goes with --scaler robust; received --scaler {scaler}.")


def _learn(scaler, table, keys, features, advance):
    """Return ``scaler`` fitted to some features of the file."""
    if not learn_batches(scaler, _frames(table, keys, features, advance)):
        raise TableError(f"The file {str(table.path)!r} has no rows. It must hold a header and rows.")
    return scaler


def _features_at_a_time(table, keys, max_rank_error, console):
    """Return of how many features the sketches of all groups fit into ``SKETCHES`` bytes."""
    import pyarrow as pa

    index = None
    with progress(console, "counting groups", table.size) as advance:
        for batch in table.read(keys, ROWS, {name: pa.string() for name in keys}, advance):
            columns = key_columns(with_gaps(batch.to_pandas(), keys), range(len(keys)))
            index = GroupIndex.learn(columns)[0] if index is None else index.extended(columns)[0]
    n_groups = 1 if index is None else len(index)
    return max(1, SKETCHES // (n_groups * (BYTES_PER_K * size_for(max_rank_error) + 8 * EXACT_BUDGET)))


def _features(table, keys, chosen):
    """Return the columns to scale: those asked for, or all of numbers."""
    names = table.schema.names
    for name in (*keys, *(chosen or ())):
        if name not in names:
            option = "--by" if name in keys else "--column"
            raise TableError(
                f"{option} must name a column of the table; received {name!r}. "
                f"The columns are: {_some(names)}."
            )
    both = [name for name in chosen or () if name in keys]
    if both:
        raise TableError(f"--by and --column must differ; received {both[0]!r} for both.")
    numeric = table.numeric()
    text = [name for name in chosen or () if name not in numeric]
    if text:
        raise TableError(
            f"--column must name columns of numbers; received {text[0]!r}, which holds "
            f"{table.schema.field(text[0]).type}. Leave it out or correct the file."
        )
    features = list(chosen) if chosen else [name for name in numeric if name not in keys]
    if not features:
        raise TableError(f"Scaling needs at least one column of numbers; the columns are: {_some(names)}.")
    return features


def _frames(table, keys, features, advance):
    import pyarrow as pa

    types = {name: pa.float64() for name in features} | {name: pa.string() for name in keys}
    for batch in table.read(keys + features, ROWS, types, advance):
        yield with_gaps(batch.to_pandas(), keys)


def with_gaps(frame, keys):
    """Return a frame whose empty text keys are missing keys: a CSV file has no other way to say so."""
    for name in keys:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].where(frame[name] != "", None)
    return frame


def _some(names):
    return ", ".join(repr(n) for n in names)
