"""Every map and its statistic beside the fastest peer that was found: ``python -m benchmarks maps``.

Peers that are not installed are left out: oneDAL (scikit-learn-intelex), numbagg, datasketches.
"""

import numpy as np
import sklearn.preprocessing

from benchmarks.groups import by_pandas, by_skprep, frame_of
from benchmarks.measure import normal, reach_row, reach_title
from benchmarks.streams import bare_sketches
from skprep import GroupScaler, LogScaler, MinMaxScaler, RobustScaler, StandardScaler


def main(rows=1_000_000, quick=False):
    """Print all tables."""
    rounds = 3 if quick else 9
    learning(rows, rounds)
    ranges(rows, rounds)
    logarithms(rows, rounds)
    many_keys(2 * rows, rounds)
    streams(rows // 2, rounds)


def learning(rows, rounds):
    """Print the fit of moments beside oneDAL and numbagg, which know no NaN or no keys."""
    reach_title(f"Learning, {rows:,} rows")
    X = normal((rows, 50))
    try:
        from sklearnex.basic_statistics import BasicStatistics
    except ImportError:
        pass
    else:
        peer = BasicStatistics(["mean", "variance"])
        reach_row(
            "StandardScaler.fit, 50 columns",
            lambda: StandardScaler().fit(X),
            "oneDAL, by scikit-learn-intelex",
            lambda: peer.fit(X),
            1.0,
            rounds,
        )
    X = normal((rows, 20))
    keys = np.random.default_rng(1).integers(0, 1_000, rows)
    try:
        from numbagg import group_nanmean, group_nanvar
    except ImportError:
        pass
    else:

        def theirs():
            for find in (group_nanmean, group_nanvar):
                find(X, keys, axis=0, num_labels=1_000)

        def ours():
            GroupScaler(StandardScaler()).fit(X, groups=keys)

        reach_row(
            "GroupScaler.fit, 20 columns, 1,000 whole keys", ours, "numbagg, codes ready", theirs, 1.0, rounds
        )
    positive = np.abs(X) + 1e-3
    reach_row(
        "LogScaler.fit, 20 columns",
        lambda: LogScaler().fit(positive),
        "one min",
        lambda: positive.min(axis=0),
        2.0,
        rounds,
    )


def ranges(rows, rounds):
    """Print MinMaxScaler onto other ranges than 0 to 1."""
    reach_title(f"MinMaxScaler onto a range, {rows:,} x 20")
    X = normal((rows, 20))
    for bounds in ((-1, 1), (-0.1, 0.3)):
        ours = MinMaxScaler(bounds).fit(X)
        theirs = sklearn.preprocessing.MinMaxScaler(bounds).fit(X)
        for method in ("transform", "inverse_transform"):
            pair = (lambda s=s, m=method: getattr(s, m)(X) for s in (ours, theirs))
            reach_row(f"{bounds}, {method}", next(pair), "scikit-learn", next(pair), 3.0, rounds)


def logarithms(rows, rounds):
    """Print logarithms beside NumPy's bare function on one thread."""
    reach_title(f"LogScaler, {rows:,} x 20, beside the bare function of NumPy")
    X = np.abs(normal((rows, 20))) + 1e-3
    for settings, name, forward, backward in (
        ({"offset": 0.0}, "offset=0", np.log, np.exp),
        ({"offset": 1.0}, "offset=1", np.log1p, np.expm1),
        ({"method": "arcsinh"}, "arcsinh", np.arcsinh, np.sinh),
        ({"method": "symlog"}, "symlog", np.log1p, np.expm1),
        ({"offset": 1.0, "base": 10}, "offset=1, base=10", np.log1p, np.expm1),
    ):
        scaler = LogScaler(**settings).fit(X)
        Z = scaler.transform(X)
        reach_row(
            f"{name}, transform",
            lambda s=scaler: s.transform(X),
            forward.__name__,
            lambda f=forward: f(X),
            1.2,
            rounds,
        )
        reach_row(
            f"{name}, inverse",
            lambda s=scaler, Z=Z: s.inverse_transform(Z),
            backward.__name__,
            lambda f=backward, Z=Z: f(Z),
            1.2,
            rounds,
        )


def many_keys(rows, rounds):
    """Print z-scores of as many groups as half the rows."""
    reach_title(f"z-scores of {rows:,} x 2 by {rows // 2:,} whole keys, pandas frame")
    frame = frame_of(rows, 2, rows // 2, False)
    reach_row(
        "GroupScaler.fit_transform",
        lambda: by_skprep(frame),
        "pandas groupby-transform",
        lambda: by_pandas(frame),
        2.0,
        rounds,
    )


def streams(rows, rounds):
    """Print 200 batches through partial_fit."""
    batches = np.split(normal((rows, 20)), 200)
    reach_title(f"partial_fit, 200 batches of {rows // 200:,} x 20")

    def of(scaler):
        for batch in batches:
            scaler.partial_fit(batch)
        return scaler

    theirs = sklearn.preprocessing.StandardScaler
    reach_row(
        "StandardScaler", lambda: of(StandardScaler()), "scikit-learn", lambda: of(theirs()), 5.0, rounds
    )
    try:
        import datasketches  # noqa: F401
    except ImportError:
        return
    bound = RobustScaler().max_rank_error
    reach_row(
        "RobustScaler",
        lambda: of(RobustScaler()).center_,
        "bare KLL sketches",
        lambda: bare_sketches(batches, bound),
        0.8,
        3,
    )
