import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skprep import StandardScaler
from skprep.backends.files import fit_file, open_table
from skprep.backends.files.pipeline import ahead, behind


def test_an_error_while_learning_ends_the_thread_that_reads(tmp_path):
    table = pa.table({"x": np.where(np.arange(600_000) == 5, np.inf, 1.0)})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="infinity") as kept:
        fit_file(StandardScaler(), open_table(tmp_path / "t.parquet"), ["x"])
    assert not [t for t in threading.enumerate() if t.name == "skprep-reader"]
    assert "row 5" in str(kept.value)


def test_errors_of_either_thread_come_through_and_what_waits_is_dropped():
    def broken():
        yield 1
        raise OSError("the disk is gone")

    batches = ahead(broken())
    assert next(batches) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)

    written = []

    def write(batch):
        written.append(batch)
        if batch == 2:
            raise OSError("the disk is full")

    def write_all():
        with behind(write) as put:
            for batch in range(50):
                put(batch)

    with pytest.raises(OSError, match="the disk is full"):
        write_all()
    assert written == [0, 1, 2]
