"""The head beside MLPClassifier, the layers beside PyTorch: ``python -m benchmarks.layers``.

PyTorch (2.13, CPU) is left out where it is not installed.
"""

import os
import warnings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # PyTorch's threads would spin through our turns

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from benchmarks.measure import by_turns, print_row, title
from skprep import StandardScaler, nn

NORMS = (None, "batch", "layer", "rms", "group")


def main():
    """Print all tables."""
    warnings.simplefilter("ignore")
    accuracy()
    training()
    beside_torch()


def accuracy():
    """Print the 3-fold accuracy on digits of each norm and of the peers."""
    X, y = load_digits(return_X_y=True)
    models = {f"SoftmaxClassifier((64,), norm={n!r})": _head(n) for n in NORMS}
    models["SoftmaxClassifier()"] = nn.SoftmaxClassifier(random_state=0)
    models["MLPClassifier((64,))"] = MLPClassifier((64,), max_iter=60, random_state=0)
    models["LogisticRegression()"] = LogisticRegression(max_iter=1000)
    print("\nDigits, standardised, 3 folds:\n\n| model | accuracy |\n| --- | ---: |")
    for name, model in models.items():
        print(
            f"| {name} | {cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3).mean():.4f} |"
        )


def _head(norm):
    return nn.SoftmaxClassifier((64,), norm=norm, max_iter=60, random_state=0)


def training():
    """Print the time of 20 epochs on digits beside MLPClassifier."""
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    title("SoftmaxClassifier, 20 epochs on digits, 100 hidden units", peer="MLPClassifier")
    settings = {"max_iter": 20, "tol": 0.0, "random_state": 0}
    peer = MLPClassifier((100,), **settings)
    for norm in NORMS:
        own = nn.SoftmaxClassifier((100,), norm=norm, **settings)
        print_row(f"norm={norm!r}", *by_turns(lambda m=own: m.fit(X, y), lambda: peer.fit(X, y), 7))


def beside_torch():
    """Print forward times of softmax and LayerNorm beside PyTorch."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(2)
    title("Layers, forward, float32, PyTorch on 2 threads", peer="PyTorch")
    for shape in ((256, 10), (4096, 512), (65536, 100)):
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        t = torch.from_numpy(x)
        ours, theirs = nn.LayerNorm(shape[1]).astype(np.float32), torch.nn.LayerNorm(shape[1])
        with torch.no_grad():
            name = "x".join(map(str, shape))
            print_row(
                f"softmax {name}", *by_turns(lambda x=x: nn.softmax(x), lambda t=t: torch.softmax(t, 1), 15)
            )
            print_row(
                f"LayerNorm {name}", *by_turns(lambda m=ours, x=x: m(x), lambda m=theirs, t=t: m(t), 15)
            )


if __name__ == "__main__":
    main()
