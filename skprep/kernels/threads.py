"""Blocks of rows on threads; the kernels release the interpreter's lock."""

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import joblib
import numpy as np
from joblib.parallel import SequentialBackend

_POOLS = {}
_HERE = threading.local()  # whether this thread is at work on a piece: within it, nothing is cut further


def n_threads():
    """Return how many threads a large array is worth here.

    What ``joblib.parallel_config(n_jobs=...)`` asks for; else one for each processor, at most
    ``OMP_NUM_THREADS``. Inside joblib's workers, in child processes and in threads other than the main one
    it is 1: whoever started those has shared out the processors already.

    Examples
    --------
    >>> with joblib.parallel_config(n_jobs=1):
    ...     n_threads()
    1
    """
    if getattr(_HERE, "busy", False):
        return 1
    backend, n_jobs = joblib.parallel.get_active_backend()
    if backend.nesting_level or isinstance(backend, SequentialBackend):
        return 1
    if n_jobs is not None:
        return max(1, joblib.effective_n_jobs(n_jobs))
    if threading.current_thread() is not threading.main_thread() or multiprocessing.parent_process():
        return 1
    return max(1, min(joblib.cpu_count(), _openmp_threads() or 1 << 20))


def _openmp_threads():
    """Return what ``OMP_NUM_THREADS`` says (of its first level), 0 for nothing."""
    try:
        return int(os.environ.get("OMP_NUM_THREADS", "").split(",")[0])
    except ValueError:
        return 0


def each(function, pieces, threads=None):
    """Return what ``function`` gives for each of ``pieces``, in order, computed on threads.

    ``threads=1`` and a single piece stay in this thread. The result does not depend on the number.

    Examples
    --------
    >>> each(abs, [1, -2, 3], threads=2)
    [1, 2, 3]
    """
    pieces = list(pieces)
    threads = min(n_threads() if threads is None else threads, len(pieces))
    if threads < 2:
        return [function(piece) for piece in pieces]
    found, todo = [None] * len(pieces), iter(enumerate(pieces))
    lock, failed, errors = threading.Lock(), [], np.geterr()

    def work():
        _HERE.busy = True
        try:
            with np.errstate(**errors):
                take_pieces()
        finally:
            _HERE.busy = False

    def take_pieces():
        while not failed:
            with lock:
                number, piece = next(todo, (None, None))
            if number is None:
                return
            try:
                found[number] = function(piece)
            except BaseException as error:
                failed.append((number, error))

    others = []
    with suppress(RuntimeError):  # when the interpreter is about to end, this thread does it all
        others += [_pool(threads - 1).submit(work) for _ in range(threads - 1)]
    try:
        work()  # this thread is one of them
        for other in others:
            if not other.cancel():  # one that has not begun has nothing left to do
                other.result()
    except BaseException:  # an interrupt while waiting: nobody goes on behind the caller's back
        failed.append((len(pieces), None))
        wait(others)
        raise
    if failed:
        raise min(failed, key=lambda f: f[0])[1]  # the error that comes first in the data
    return found


def _pool(n):
    if n not in _POOLS:
        _POOLS[n] = ThreadPoolExecutor(n, thread_name_prefix="skprep")
    return _POOLS[n]


if hasattr(os, "register_at_fork"):  # a forked process has no threads, whatever the pool believes
    os.register_at_fork(after_in_child=_POOLS.clear)
