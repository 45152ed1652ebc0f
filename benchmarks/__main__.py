"""Print speed and memory of skprep beside its peers, as Markdown. Needs the extra ``benchmarks``.

Every scenario runs both sides by turns in this process, so that a busy machine slows both; the ratio
is that of the medians. PyTorch (CPU) and coreforecast are left out where they are not installed.
"""

import argparse
import os
import warnings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # PyTorch's threads would spin through our turns

from benchmarks import answers, export, files, groups, harmonise, layers, maps, scalers, serving, training
from benchmarks.engines import against_dask_ml
from benchmarks.growth import draw
from benchmarks.measure import head
from benchmarks.streams import beside_bare_sketches


def main():
    """Run everything, or the scenarios that are named; smaller with ``--quick``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS) + "; without: all"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, fewer rounds")
    parser.add_argument("--plots", metavar="FOLDER", help="also draw how cost grows, into this folder")
    options = parser.parse_args()
    unknown = [name for name in options.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"a scenario is one of {', '.join(SCENARIOS)}; received {unknown[0]!r}")
    warnings.simplefilter("ignore")
    print("# skprep beside its peers\n")
    head()
    for name in options.scenarios or SCENARIOS:
        SCENARIOS[name](100_000 if options.quick else 1_000_000, options.quick)
    if options.plots:
        draw(options.plots, options.quick)


def _scalers(rows, quick):
    scalers.beside_scikit_learn(rows, quick)
    scalers.limits(rows, quick)
    scalers.frames(rows, quick)
    scalers.small(quick)
    scalers.memory(2 * rows)


def _groups(rows, quick):
    groups.z_scores(rows, quick)
    groups.quantiles(rows, quick)
    groups.beside_coreforecast(rows, quick)


def _engines(rows, quick):
    beside_bare_sketches(rows)
    against_dask_ml(4 * rows)


def _layers(rows, quick):
    layers.training()
    layers.beside_torch()


SCENARIOS = {
    "answers": answers.main,
    "maps": maps.main,
    "serving": lambda rows, quick: serving.main(1_000 if quick else 10_000),
    "training": lambda rows, quick: training.main(quick),
    "files": lambda rows, quick: files.main(5 * rows, 1 if quick else 3),
    "harmonise": harmonise.main,
    "export": export.main,
    "scalers": _scalers,
    "groups": _groups,
    "engines": _engines,
    "layers": _layers,
}


if __name__ == "__main__":
    main()
