"""How everything here is measured, and how it is printed."""

import gc
import os
import platform
import time
import tracemalloc
from importlib.metadata import PackageNotFoundError, version
from statistics import median

import numpy as np

from skprep.kernels.threads import n_threads
from skprep.versions import kernels

PEERS = (
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "polars",
    "scikit-lego",
    "coreforecast",
    "numbagg",
    "torch",
    "duckdb",
    "neurocombat",
)


def head():
    """Print what all figures depend on."""
    found = []
    for name in PEERS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    print(
        f"Python {platform.python_version()}, {', '.join(found)}; {platform.system()} {_processor()}, "
        f"{os.cpu_count()} processors; kernels: {kernels()}, {n_threads()} threads. Both sides of each "
        "row run by turns in one process; times are medians, the ratio is theirs, and from-to holds the "
        "middle 80 % of the ratios of single rounds."
    )


def _processor():
    try:
        with open("/proc/cpuinfo") as info:
            names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
        return names[0] if names else platform.machine()
    except OSError:
        return platform.machine()


def by_turns(ours, theirs, rounds):
    """Return the run times of both in seconds, measured by turns after a warm-up.

    The first of a round is the second of the next: what one leaves in the caches, and in the memory that
    it frees, helps or hurts both alike.
    """
    ours(), theirs()
    times = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            function, record = (ours, theirs)[which], times[which]
            gc.collect(0)
            start = time.perf_counter()
            function()
            record.append(time.perf_counter() - start)
    return times


def seconds(function, rounds=3):
    """Return the median run time of ``function`` after a warm-up."""
    return median(by_turns(function, lambda: None, rounds)[0])


def peak_memory(function):
    """Return the most bytes that were allocated at once while ``function`` ran."""
    gc.collect()
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def title(text, first="call", peer="peer"):
    """Print a heading and the head of a table of times."""
    heading(text)
    cells(first, "skprep, ms", f"{peer}, ms", "times as fast", "from", "to")
    cells("---", *["---:"] * 5)


def print_row(name, ours, theirs):
    """Print both medians, their ratio and its spread."""
    own, other, ratio, low, high = _compared(ours, theirs)
    cells(name, f"{own:.3g}", f"{other:.3g}", f"{ratio:.3g}", low, high)


def _compared(ours, theirs):
    """Return both medians in ms, their ratio, and the ends of its spread as text."""
    ratios = sorted(t / o for o, t in zip(ours, theirs, strict=True))
    low, high = ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
    return (
        1e3 * median(ours),
        1e3 * median(theirs),
        median(theirs) / median(ours),
        f"{low:.3g}",
        f"{high:.3g}",
    )


def row(name, ours, theirs, rounds=7):
    """Measure both by turns and print the row."""
    print_row(name, *by_turns(ours, theirs, rounds))


def heading(text):
    """Print a heading, and the empty line before a table."""
    print(f"\n### {text}\n")


def reach_title(text):
    """Print a heading and the head of a table with what is to be reached."""
    heading(text)
    cells("work", "skprep, ms", "peer", "peer, ms", "times as fast", "to reach", "from", "to")
    cells("---", "---:", "---", *["---:"] * 5)


def reach_row(name, ours, peer, theirs, goal, rounds):
    """Measure both by turns and print the row, beside what is to be reached."""
    print_reach(name, *by_turns(ours, theirs, rounds), peer, goal)


def print_reach(name, ours, theirs, peer, goal):
    """Print both medians, their ratio, what is to be reached, and the spread."""
    own, other, ratio, low, high = _compared(ours, theirs)
    cells(
        name,
        f"{own:.3g}",
        peer,
        f"{other:.3g}",
        f"{ratio:.2f}",
        "" if goal is None else f"{goal:g}",
        low,
        high,
    )


def cells(*values):
    """Print one row of a table."""
    print("| " + " | ".join(values) + " |", flush=True)


def normal(shape, dtype="float64", order="C"):
    """Return normal numbers, always the same."""
    X = np.random.default_rng(0).normal(3.0, 2.0, size=shape).astype(dtype)
    X = np.asarray(X, order=order)
    _touch(4 * X.nbytes)
    return X


def _touch(n_bytes):
    """Write to so much memory and free it: that what results are written to has been used before.

    The host of a virtual machine gives it memory on first use, ten times as slowly as the memory is
    written, and which side of a row would pay for it is chance.
    """
    np.ones(n_bytes, dtype=np.uint8)
