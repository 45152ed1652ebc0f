import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep import MinMaxScaler, RobustScaler, StandardScaler, nn
from skprep.kernels import threads
from skprep.kernels.threads import each, n_threads


def test_joblib_says_how_many():
    with joblib.parallel_config(n_jobs=3):
        assert n_threads() == 3
    with joblib.parallel_config(n_jobs=1):
        assert n_threads() == 1
    with joblib.parallel_config(n_jobs=-1):
        assert n_threads() == joblib.cpu_count()


def test_without_a_word_every_processor_unless_openmp_has_fewer(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert n_threads() == joblib.cpu_count()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert n_threads() == 1
    with joblib.parallel_config(n_jobs=2):
        assert n_threads() == 2


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_one_inside_the_workers_of_joblib(backend):
    assert (
        joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(n_threads)() for _ in range(3)) == [1] * 3
    )


def test_one_in_threads_that_someone_else_has_started():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(n_threads).result() == 1


def test_pieces_run_at_the_same_time_and_come_back_in_order():
    meet = threading.Barrier(2, timeout=30)

    def piece(i):
        if i < 2:
            meet.wait()  # both must be running, or this breaks
        return i * i

    assert each(piece, range(5), threads=2) == [0, 1, 4, 9, 16]


def test_within_a_piece_nothing_is_cut_further():
    def piece(i):
        return n_threads(), each(abs, [i, -i], threads=None)

    with joblib.parallel_config(n_jobs=2):
        assert each(piece, [1, 2, 3]) == [(1, [1, 1]), (1, [2, 2]), (1, [3, 3])]
        assert n_threads() == 2


def test_the_first_error_of_the_data_is_raised_and_nothing_hangs():
    def piece(i):
        if i in (3, 4):
            raise ValueError(f"piece {i}")
        return i

    with pytest.raises(ValueError, match="piece 3"):
        each(piece, [0, 1, 2, 3, 4], threads=1)
    with pytest.raises(ValueError, match="piece"):
        each(piece, range(5), threads=2)
    assert each(abs, [-1, -2], threads=2) == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own():
    each(abs, [-1, -2], threads=2)  # the pool is there
    child = os.fork()
    if child == 0:
        threads._pool(1).submit(abs, -1).result(timeout=30)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler()])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_answer_does_not_depend_on_the_number_of_threads(scaler, order):
    X = np.asarray(np.random.default_rng(0).normal(1e3, 2.0, size=(400_000, 12)), order=order)
    results = []
    for n_jobs in (1, 2, 3):
        with joblib.parallel_config(n_jobs=n_jobs):
            scaler.fit(X)
            learnt = [v for name, v in vars(scaler).items() if name.endswith("_")]
            results.append((*learnt, scaler.transform(X)))
    for other in results[1:]:
        for part, first in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(part, first)


def test_sums_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(2, 60_000, 16)).astype(np.float32)
    found = []
    for n_jobs in (1, 2, 3):
        with joblib.parallel_config(n_jobs=n_jobs):
            layer = nn.LayerNorm(16)
            layer(x)
            layer.backward(grad)
            found.append(layer.grads)
    for other in found[1:]:
        for name, value in other.items():
            np.testing.assert_array_equal(value, found[0][name])


def test_what_the_caller_says_of_overflow_holds_in_every_thread():
    with np.errstate(over="raise"):
        assert each(lambda _: np.geterr()["over"], [0, 1, 2], threads=2) == ["raise"] * 3


@pytest.mark.parametrize(("text", "most"), [("1,1", 1), (" 1", 1), ("all", None), ("0", None), ("", None)])
def test_openmp_says_it_in_several_ways(monkeypatch, text, most):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert n_threads() == (joblib.cpu_count() if most is None else most)
    with joblib.parallel_config(backend="sequential"):
        assert n_threads() == 1


def test_large_arrays_are_still_transformed_when_the_interpreter_ends():
    code = (
        "import atexit, numpy as np\n"
        "from skprep import StandardScaler\n"
        "X = np.random.default_rng(0).normal(size=(400_000, 4))\n"
        "scaler = StandardScaler().fit(X[:10])\n"
        "atexit.register(lambda: print(scaler.transform(X).shape))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("(400000, 4)", "")


@given(n_rows=st.integers(1, 10**7), n_threads=st.integers(2, 64), period=st.integers(1, 9))
def test_shrinking_pieces_hold_every_row_once(n_rows, n_threads, period):
    cuts = threads.shrinking(n_rows, n_threads, period)
    starts, stops = [c.start for c in cuts], [c.stop for c in cuts]
    assert starts == [0, *stops[:-1]]
    assert starts[-1] < n_rows <= stops[-1]
    assert all(start % period == 0 for start in starts)
    sizes = [c.stop - c.start for c in cuts]
    assert sizes == sorted(sizes, reverse=True)
    assert len(cuts) <= 12 * n_threads


@pytest.mark.parametrize("order", ["C", "F"])
def test_long_arrays_come_out_the_same_on_threads(order, monkeypatch):
    monkeypatch.setattr(threads, "LONG", 1 << 19)
    X = np.asarray(np.random.default_rng(0).normal(size=(20_001, 40)), order=order)
    with joblib.parallel_config(n_jobs=1):
        scaler = StandardScaler(clip=(-1, 1)).fit(X)
        alone = scaler.transform(X)
        back = scaler.inverse_transform(alone)
    with joblib.parallel_config(n_jobs=3):
        np.testing.assert_array_equal(scaler.transform(X), alone)
        np.testing.assert_array_equal(scaler.inverse_transform(alone), back)
        X[20_000, 39] = np.inf
        with pytest.raises(ValueError, match="infinity"):
            scaler.transform(X)
