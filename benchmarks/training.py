"""Layers beside PyTorch and the classifier beside MLPClassifier: ``python -m benchmarks training``."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.measure import cells, heading, peak_memory, print_reach, reach_row, reach_title
from skprep import nn


def main(quick=False):
    """Print all tables."""
    layers(5 if quick else 25)
    epochs(6_000 if quick else 60_000, 1 if quick else 3)
    memory(50_000)


def layers(rounds):
    """Print layers of 4096 x 512 float32 beside PyTorch on 2 threads."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(2)
    reach_title("Layers, 4,096 x 512 float32, PyTorch on 2 threads")
    x = np.random.default_rng(0).normal(size=(4096, 512)).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 512, 4096)
    t, t_labels = torch.from_numpy(x), torch.from_numpy(labels)
    ours, theirs = nn.BatchNorm(512).astype(np.float32), torch.nn.BatchNorm1d(512)
    still, their_still = nn.BatchNorm(512).astype(np.float32).eval(), torch.nn.BatchNorm1d(512).eval()
    gelu, their_gelu = nn.GELU(), torch.nn.GELU()

    def loss():
        logits = t.clone().requires_grad_()
        torch.nn.functional.cross_entropy(logits, t_labels).backward()

    with torch.no_grad():
        reach_row("BatchNorm, training", lambda: ours(x), "PyTorch", lambda: theirs(t), 0.5, rounds)
        reach_row("BatchNorm, inference", lambda: still(x), "PyTorch", lambda: their_still(t), 0.5, rounds)
        reach_row("GELU", lambda: gelu(x), "PyTorch", lambda: their_gelu(t), 0.3, rounds)
    own = lambda: nn.softmax_cross_entropy(x, labels)  # noqa: E731
    reach_row("softmax cross-entropy with gradient", own, "PyTorch", loss, None, rounds)
    wide = x.astype(np.float64)
    in_float64 = lambda: nn.softmax_cross_entropy(wide, labels)  # noqa: E731
    reach_row("the same", own, "skprep, float64", in_float64, None, rounds)


def epochs(rows, rounds):
    """Print the seconds of a later epoch of one hidden layer on rows of 784 numbers."""
    reach_title(f"SoftmaxClassifier, {rows:,} x 784 float32, 128 hidden units, one later epoch")
    rng = np.random.default_rng(0)
    X = rng.random((rows, 784), dtype=np.float32)
    y = rng.integers(0, 10, rows)
    settings = {"tol": 0.0, "n_iter_no_change": 1_000, "random_state": 0}
    for norm in (None, "batch"):
        times = ([], [])
        for _ in range(rounds):
            for record, make in zip(
                times,
                (
                    lambda n, norm=norm: nn.SoftmaxClassifier((128,), norm=norm, max_iter=n, **settings),
                    lambda n: MLPClassifier((128,), max_iter=n, **settings),
                ),
                strict=True,
            ):
                record.append((_seconds(make(4), X, y) - _seconds(make(1), X, y)) / 3)
        print_reach(f"norm={norm!r}", *times, "MLPClassifier", 1.1 if norm else None)


def _seconds(model, X, y):
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def memory(rows):
    """Print the peak memory of predict."""
    heading(f"Peak memory of predict, {rows:,} x 50 float32, hidden units (256, 256, 256), MB")
    cells("model", "MB", "to reach")
    cells("---", "---:", "---:")
    X = np.random.default_rng(0).normal(size=(rows, 50)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    own = nn.SoftmaxClassifier((256, 256, 256), norm="batch", max_iter=1, random_state=0)
    peer = MLPClassifier((256, 256, 256), max_iter=1, random_state=0)
    few = slice(0, 2_000)
    for name, model, goal in (("SoftmaxClassifier", own, "below the next"), ("MLPClassifier", peer, "")):
        model.fit(X[few], y[few])
        cells(name, f"{peak_memory(lambda m=model: m.predict(X)) / 1e6:.0f}", goal)
