"""Scalers applied to files, a batch of rows at a time, at constant memory."""

import warnings

import numpy as np

from skprep.backends.files.keys import readers_of, readers_of_covariates, with_known_keys
from skprep.backends.files.learning import ROWS
from skprep.backends.files.pipeline import ahead, behind
from skprep.backends.files.table import is_numeric_type
from skprep.backends.files.text import empty_as_missing, text_type
from skprep.backends.files.writing import write_table
from skprep.backends.fitted import fitted_of
from skprep.backends.lazy import known_columns, refuse_metadata, refuse_output
from skprep.backends.subset import transform_columns_of
from skprep.errors import TableError


def transform(estimator, X, *, inverse=False, copy=True, **metadata):
    """Return the rows of a file scaled, or the scaling undone, as a pandas frame; other columns as they are.

    All rows are in memory then; :func:`transform_file` writes them to another file as they come.
    """
    import pyarrow as pa

    refuse_metadata(**metadata)
    refuse_output(estimator)
    work = _Work(estimator, X, inverse)
    batches = list(work.batches())
    return pa.Table.from_batches(batches, work.schema).to_pandas(ignore_metadata=True)


def transform_file(estimator, table, out, *, inverse=False, advance=None):
    """Write a file with the columns that a scaler knows scaled, all others as they are.

    The output appears when it is complete; until then a file that was there stays untouched.

    Parameters
    ----------
    estimator : fitted scaler of skprep
    table : TableFile
    out : path-like
        Parquet or CSV.
    inverse : bool, default=False
        Undo the scaling.
    advance : callable, default=None
        Is told how much was read.

    Returns
    -------
    any_known : bool
        Whether a group of the file was known to the scaler.
    """
    work = _Work(estimator, table, inverse)
    with write_table(out, work.schema, work.fitted.feature_names) as writer, behind(writer) as write:
        for batch in work.batches(advance):
            write(batch)
    return work.any_known or not work.n_batches


class _Work:
    """A file, a scaler, and the columns that the one gets from the other."""

    def __init__(self, estimator, table, inverse):
        import pyarrow as pa

        self.estimator, self.table = estimator, table
        self.method = "inverse_transform" if inverse else "transform"
        self.fitted = fitted = fitted_of(estimator)
        known_columns(estimator, table.schema.names, fitted.needed)
        features = fitted.feature_names
        # carried along as the text it is
        self.types = {} if table.is_parquet else dict.fromkeys(table.schema.names, text_type())
        self.types |= dict.fromkeys(features, pa.float64())
        if table.is_parquet:
            self._check_numbers(features)
        self.schema = pa.schema(
            pa.field(f.name, _scaled(f.type) if f.name in features else self.types.get(f.name, f.type))
            for f in table.schema
        )
        self.readers = readers_of(fitted.key_names, () if fitted.index is None else fitted.index.keys)
        if fitted.model is not None:
            self.readers |= readers_of_covariates(fitted.covariate_names, fitted.model.levels)
        self.beside = fitted.key_names + fitted.covariate_names
        self.n_batches, self.any_known = 0, False

    def _check_numbers(self, features):
        for name in features:
            kind = self.table.schema.field(name).type
            if not is_numeric_type(kind):
                raise TableError(
                    f"The scaler takes numbers in column {name!r}; in {str(self.table.path)!r} it holds "
                    f"{kind}. Correct the file, or fit a scaler without that column."
                )

    def batches(self, advance=None):
        """Yield the batches of the file, scaled."""
        import pyarrow as pa

        first = 0
        for batch in ahead(self.table.read(self.table.schema.names, ROWS, self.types, advance)):
            scaled = self._scaled_features(batch, first)
            columns = {n: _column(batch, n, scaled[:, j]) for j, n in enumerate(self.fitted.feature_names)}
            arrays = [columns.get(f.name, batch.column(f.name)).cast(f.type) for f in self.schema]
            yield pa.record_batch(arrays, schema=self.schema)
            first += len(batch)
            self.n_batches += 1

    def _scaled_features(self, batch, first):
        known = self._with_keys(batch.select(self.beside + self.fitted.feature_names))
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scaled = transform_columns_of(self.estimator, self.fitted, known, self.method)
        except ValueError as error:
            where = f"In the {len(batch)} rows from row {first} on: "
            if hasattr(error, "received"):
                error.received = where + error.received
                raise
            raise TableError(f"{where}{error}") from error
        self.any_known |= not any("knows none of the groups" in str(w.message) for w in caught)
        return scaled

    def _with_keys(self, batch):
        """Return a batch as a frame, keys of text read as those that the scaler knows."""
        import pyarrow as pa

        if self.table.is_parquet:
            return pa.Table.from_batches([batch])
        return with_known_keys(pa.Table.from_batches([empty_as_missing(batch, self.beside)]), self.readers)


def _scaled(kind):
    import pyarrow as pa

    return kind if kind == pa.float32() else pa.float64()


def _column(batch, name, values):
    """Return scaled values; what was null stays null, whatever NaN the scaler has put there."""
    import pyarrow as pa

    null = np.asarray(batch.column(name).is_null())
    return pa.array(np.ascontiguousarray(values), mask=null if null.any() else None)
