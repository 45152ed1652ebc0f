"""Blocks of rows on threads; the kernels release the interpreter's lock."""

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import joblib
import numpy as np
from joblib.parallel import SequentialBackend

PIECE = 1 << 18  # numbers that are worth a thread
LONG = 1 << 23  # numbers from which on pieces shrink
_POOLS: dict = {}
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
    work = _Work(function, pieces)
    others = []
    with suppress(RuntimeError):  # when the interpreter is about to end, this thread does it all
        others += [_pool(threads - 1).submit(work) for _ in range(threads - 1)]
    try:
        work()  # this thread is one of them
        for other in others:
            if not other.cancel():  # one that has not begun has nothing left to do
                other.result()
    except BaseException:  # an interrupt while waiting: nothing goes on behind the caller's back
        work.failed.append((len(pieces), None))
        wait(others)
        raise
    if work.failed:
        raise min(work.failed, key=lambda f: f[0])[1]  # the error that comes first in the data
    return work.found


class _Work:
    """Pieces that several threads take in turn, until one of them fails."""

    def __init__(self, function, pieces):
        self.function, self.todo = function, iter(enumerate(pieces))
        self.found, self.failed = [None] * len(pieces), []
        self.lock, self.errors = threading.Lock(), np.geterr()

    def __call__(self):
        _HERE.busy = True
        try:
            with np.errstate(**self.errors):
                self._take_pieces()
        finally:
            _HERE.busy = False

    def _take_pieces(self):
        while not self.failed:
            with self.lock:
                number, piece = next(self.todo, (None, None))
            if number is None:
                return
            try:
                self.found[number] = self.function(piece)
            except BaseException as error:
                self.failed.append((number, error))


def by_rows(function, X, *others, period=1, sums=False):
    """Return what ``function`` gives for pieces of the rows, computed on threads where there are many.

    Each piece begins at a multiple of ``period``. ``sums``: what it gives is added up, so that the
    pieces must be the same on any number of threads.
    """
    n_pieces = X.size // PIECE
    threads = n_threads() if n_pieces > 1 else 1
    if threads == 1 and not (sums and n_pieces > 1):
        return [function(X, *others)]
    if X.size > LONG and not sums:
        cuts = shrinking(len(X), threads, period)
    else:  # a short task is done before another thread has woken
        step = -(-len(X) // min(n_pieces, 8 if sums else 4 * threads))
        step = -(-step // period) * period
        cuts = [slice(start, start + step) for start in range(0, len(X), step)]
    return each(
        lambda rows: function(X[rows], *(None if a is None else a[rows] for a in others)), cuts, threads
    )


def shrinking(n, threads, period):
    """Cut ``n`` rows or columns into long pieces, which map new memory fastest, and ever shorter ones.

    So no thread waits long for another whose processor, or new memory, is slow.
    """
    cuts, start, least = [], 0, n // (8 * threads) + 1
    while start < n:
        step = max(3 * (n - start) // (4 * threads), least)
        step = -(-step // period) * period
        cuts.append(slice(start, start + step))
        start += step
    return cuts


def _pool(n):
    if n not in _POOLS:
        _POOLS[n] = ThreadPoolExecutor(n, thread_name_prefix="skprep")
    return _POOLS[n]


if hasattr(os, "register_at_fork"):  # a forked process has no threads, whatever the pool believes
    os.register_at_fork(after_in_child=_POOLS.clear)
