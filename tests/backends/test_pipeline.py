import queue
import sys
import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skprep import StandardScaler
from skprep.backends.files import fit_file, open_table, pipeline
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


def copy(interrupt_at):
    """Copy three batches through both threads, with an interrupt at one step; return whether one came."""
    steps, came = iter(range(10_000)), []

    def trace(frame, event, argument):
        locks = (
            frame.f_code.co_filename == threading.__file__
            and frame.f_back.f_code.co_filename == queue.__file__
        )
        if not locks and frame.f_code.co_filename not in (pipeline.__file__, queue.__file__):
            return None
        if not came and next(steps) == interrupt_at:
            came.append(True)
            raise KeyboardInterrupt
        return trace

    def work():
        written = []
        sys.settrace(trace)
        try:
            with behind(written.append) as write:
                for batch in ahead(iter("abcde")):
                    write(batch)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert came or written == list("abcde")

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(10)
    assert not worker.is_alive(), f"an interrupt at step {interrupt_at} hangs"
    return bool(came)


def test_an_interrupt_at_any_step_ends_the_work():
    step = 0
    while copy(step):
        step += 1
    assert step > 50
