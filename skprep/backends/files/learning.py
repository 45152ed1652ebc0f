"""Scalers learnt from files, a batch of rows at a time, at constant memory."""

from contextlib import contextmanager
from numbers import Integral

from sklearn.base import clone

from skprep.backends.files.keys import (
    readers_of,
    reads_as_whole_numbers,
    whole_number,
    with_known_keys,
)
from skprep.backends.files.pipeline import ahead
from skprep.backends.files.text import empty_as_missing, text_type
from skprep.backends.lazy import known_columns, refuse_metadata
from skprep.compat import validate_parameters
from skprep.errors import TableError
from skprep.frames.keys import key_columns
from skprep.statistics.groups import GroupIndex
from skprep.statistics.quantiles import EXACT_BUDGET
from skprep.statistics.sketch import size_for

ROWS = 1 << 17  # of a batch
SKETCHES = 3 << 26  # bytes of quantile sketches at a time; more features are learnt in another pass
BYTES_PER_K = 14  # of a sketch, seen


def learn(estimator, X, y=None, *, reset, stream=True, set_attributes=True, **metadata):
    """Learn from the rows of a file: the key columns and all other columns of numbers."""
    refuse_metadata(**metadata)
    keys, covariates = key_names(estimator, X.schema.names), covariate_names(estimator, X.schema.names)
    if reset:
        features = [name for name in X.numeric() if name not in keys + covariates]
    else:
        names = getattr(estimator, "feature_names_in_", None)
        known_columns(estimator, X.schema.names, None if names is None else list(map(str, names)))
        features = [name for name in names if name not in keys + covariates]
    batches = frames(X, keys, features, covariates=covariates)
    if keys and not reset and not X.is_parquet:
        readers = readers_of(keys, estimator.groups_)
        batches = (with_known_keys(frame, readers) for frame in batches)
    if not learn_batches(estimator, batches, reset=reset):
        raise _no_rows(X)
    if reset and keys and not X.is_parquet:
        type_keys(estimator, len(keys))
    return estimator


def fit_file(scaler, table, features, *, mergeable=False, progress=None):
    """Return a clone of a scaler, fitted to some columns of a file at constant memory.

    Sketches of the quantiles of many groups may be larger than memory: unless ``mergeable``, a few features
    are learnt in each of several passes then, and their quantiles alone are kept.

    Parameters
    ----------
    scaler : scaler of skprep
        A GroupScaler takes its key columns, named in ``by``, from the file too.
    table : TableFile
    features : list of str
        Columns to scale.
    mergeable : bool, default=False
    progress : callable, default=None
        ``progress(title, total)`` gives a context manager with a function that is told of each step.
    """
    names, progress = table.schema.names, progress or _no_progress
    keys, covariates = key_names(scaler, names), covariate_names(scaler, names)
    inner = getattr(scaler, "scaler", scaler)
    validate_parameters(inner)  # before the file is read
    width = len(features)
    if keys and not mergeable and hasattr(inner, "max_rank_error"):
        width = _features_at_a_time(table, keys, inner.max_rank_error, progress)
    passes = [features[i : i + width] for i in range(0, len(features), width)]
    parts = []
    with progress("learning", table.size * len(passes)) as advance:
        for some in passes:
            part = clone(scaler)
            if not learn_batches(part, frames(table, keys, some, advance, covariates)):
                raise _no_rows(table)
            # The sketches make room for those of the next features.
            parts.append(part if len(passes) == 1 else concatenated(scaler, [part]))
    fitted = parts[0] if len(parts) == 1 else concatenated(scaler, parts)
    if keys and not table.is_parquet:
        type_keys(fitted, len(keys))
    return fitted


def concatenated(scaler, parts):
    """Return a clone of a GroupScaler with what others have learnt of different features of the same rows."""
    return clone(scaler)._concatenate(parts)


def learn_batches(estimator, batches, *, reset=True):
    """Learn from all rows of an iterable of tables; return how many there were.

    The learned attributes are worked out once, at the end.
    """
    n_rows = 0
    try:
        for batch in batches:
            if not len(batch):
                continue
            try:
                estimator._learn(batch, reset=reset and n_rows == 0, stream=True, set_attributes=False)
            except ValueError as error:
                raise ValueError(f"In the {len(batch)} rows from row {n_rows} on: {error}") from error
            n_rows += len(batch)
    finally:
        if hasattr(batches, "close"):  # or an error would keep a generator, and its thread that reads
            batches.close()
    if n_rows:
        estimator._set_all()
    return n_rows


def frames(table, keys, features, advance=None, covariates=()):
    """Yield the batches of a file as tables of PyArrow: key columns, covariates, then features."""
    import pyarrow as pa

    numeric = [name for name in covariates if table.is_numeric(name)]
    text = [*keys, *(name for name in covariates if name not in numeric)]
    types = dict.fromkeys([*features, *numeric], pa.float64()) | dict.fromkeys(text, text_type())
    for batch in ahead(table.read([*keys, *covariates, *features], ROWS, types, advance)):
        batch = batch if table.is_parquet else empty_as_missing(batch, text)
        yield pa.Table.from_batches([batch])


def key_names(estimator, names):
    """Return which of ``names`` are the key columns of a GroupScaler; none of any other scaler."""
    return _named(estimator, "by", names)


def covariate_names(estimator, names):
    """Return which of ``names`` are the covariates of a ComBat; none of any other scaler."""
    return _named(estimator, "covariates", names)


def _named(estimator, parameter, names):
    given = getattr(estimator, parameter, None)
    given = list(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    found = [names[c] if isinstance(c, Integral) and -len(names) <= c < len(names) else c for c in given]
    for column in found:
        if column not in names:
            raise ValueError(
                f"In {type(estimator).__name__}, {parameter} must name columns of the file; received "
                f"{column!r}. The columns are: {', '.join(map(repr, names))}. Correct {parameter}=."
            )
    return found


def _features_at_a_time(table, keys, max_rank_error, progress):
    """Return of how many features the sketches of all groups fit into ``SKETCHES`` bytes."""
    index = None
    with progress("counting groups", table.size) as advance:
        for frame in frames(table, keys, [], advance):
            columns = key_columns(frame, range(len(keys)))
            index = GroupIndex.learn(columns)[0] if index is None else index.extended(columns)[0]
    n_groups = 1 if index is None else len(index)
    return max(1, SKETCHES // (n_groups * (BYTES_PER_K * size_for(max_rank_error) + 8 * EXACT_BUDGET)))


def type_keys(scaler, n_keys):
    """Read the keys of a text file as whole numbers where all of a column are: as pandas will read them."""
    parts = [key if n_keys > 1 else (key,) for key in scaler.groups_]
    whole = [reads_as_whole_numbers(column) for column in zip(*parts, strict=True)]
    if any(whole):
        scaler._set_keys(lambda part, i: whole_number(part) if whole[i] and part is not None else part)


def _no_rows(table):
    return TableError(f"The file {str(table.path)!r} has no rows. It must hold a header and rows.")


@contextmanager
def _no_progress(title, total):
    yield lambda amount=1: None
