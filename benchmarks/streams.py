"""A streamed median beside the bare sketch that it is made of."""

import numpy as np

from benchmarks.measure import row, title
from skprep import RobustScaler


def bare_sketches(batches, bound):
    """Return the quartiles of a stream by one sketch for each column."""
    from datasketches import kll_doubles_sketch

    from skprep.statistics.sketch import size_for

    sketches = [kll_doubles_sketch(size_for(bound)) for _ in range(batches[0].shape[1])]
    for batch in batches:
        for j, s in enumerate(sketches):
            s.update(batch[:, j])
    return [s.get_quantiles([0.25, 0.5, 0.75]) for s in sketches]


def beside_bare_sketches(rows):
    """Print the time of a stream through RobustScaler beside updates of bare KLL sketches."""
    try:
        import datasketches  # noqa: F401
    except ImportError:
        return
    batches = np.split(np.random.default_rng(0).normal(size=(rows, 4)), 20)
    bound = 0.005

    def ours():
        scaler = RobustScaler(max_rank_error=bound)
        for batch in batches:
            scaler.partial_fit(batch)
        return scaler.center_

    title(f"A stream of {rows:,} x 4 in 20 batches, rank error {bound}", "peer")
    row("bare KLL sketches", ours, lambda: bare_sketches(batches, bound), 3)
