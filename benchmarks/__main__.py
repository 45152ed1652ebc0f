"""Print speed and memory of skprep beside its peers, as Markdown. Needs the extra ``benchmarks``.

Every scenario runs both sides by turns in this process, so that a busy machine slows both; the ratio
is that of the medians. PyTorch (CPU) and coreforecast are left out where they are not installed.
"""

import argparse
import os
import warnings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # PyTorch's threads would spin through our turns

from benchmarks import groups, layers, scalers
from benchmarks.engines import against_dask_ml
from benchmarks.growth import draw
from benchmarks.measure import head
from benchmarks.streams import beside_bare_sketches


def main():
    """Run everything, smaller with ``--quick``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, fewer rounds")
    parser.add_argument("--plots", metavar="FOLDER", help="also draw how cost grows, into this folder")
    options = parser.parse_args()
    quick, rows = options.quick, 100_000 if options.quick else 1_000_000
    warnings.simplefilter("ignore")
    print("# skprep beside its peers\n")
    head()
    scalers.beside_scikit_learn(rows, quick)
    scalers.limits(rows, quick)
    scalers.frames(rows, quick)
    scalers.small(quick)
    groups.z_scores(rows, quick)
    groups.quantiles(rows, quick)
    groups.beside_coreforecast(rows, quick)
    beside_bare_sketches(rows)
    against_dask_ml(4 * rows)
    layers.training()
    layers.beside_torch()
    scalers.memory(2 * rows)
    if options.plots:
        draw(options.plots, quick)


if __name__ == "__main__":
    main()
