"""Statistics read from documents, every number and shape checked."""

import numpy as np

from skprep.persistence.values import DocumentError, check_members, read_numbers
from skprep.statistics import Extrema, MedianDeviation, MedianOfMeans, Moments, Quantiles, SmallestTwo, sketch

STATISTICS = {
    c.__name__: c for c in (Moments, Extrema, SmallestTwo, Quantiles, MedianDeviation, MedianOfMeans)
}


def read_statistic(state, place, shape):
    """Return the statistic of ``shape`` (n_groups, n_features) that ``state`` describes."""
    if not isinstance(state, dict):
        place.refuse("an object", state)
    kind = STATISTICS.get(state.get("kind")) if isinstance(state.get("kind"), str) else None
    if kind is None:
        (place / "kind").refuse(f"one of {', '.join(STATISTICS)}", state.get("kind", "nothing"))
    state = {name: value for name, value in state.items() if name != "kind"}
    check_members(state, place, list(kind.empty(1, 1).to_dict()))
    if issubclass(kind, Quantiles):
        return _read_quantiles(kind, state, place, shape)
    if kind is MedianOfMeans:
        n_blocks, blocks = state["n_blocks"], state["blocks"]
        if type(n_blocks) is not int or n_blocks < 1:
            (place / "n_blocks").refuse("a whole number above 0", n_blocks)
        check_members(blocks, place / "blocks", list(Moments.empty(1, 1).to_dict()))
        inner = read_statistic(
            {"kind": "Moments", **blocks}, place / "blocks", (shape[0] * n_blocks, shape[1])
        )
        return MedianOfMeans(inner, _read_count(state["rows"], place / "rows", shape), n_blocks)
    read = {}
    for name, value in state.items():
        if name in ("count", "rows"):
            read[name] = _read_count(value, place / name, shape)
        else:
            dtype = np.int64 if name == "exponent" else np.float64
            read[name] = read_numbers(value, place / name, shape, dtype)
            if np.isnan(read[name]).any() or (kind is Moments and not np.isfinite(read[name]).all()):
                (place / name).refuse("finite" if kind is Moments else "free of NaN", value)
            if name == "m2" and (read[name] < 0).any():
                (place / name).refuse("not negative, as sums of squares are", value)
    return kind(**read)


def _read_count(value, place, shape):
    count = read_numbers(value, place, shape)
    if not (np.isfinite(count) & (count >= 0)).all():
        place.refuse("counts, finite and not negative", value)
    return count


def _read_quantiles(kind, state, place, shape):
    """Check and read quantiles, whose cells are of different sizes."""
    count = _read_count(state["count"], place / "count", shape)
    probabilities = read_numbers(state["probabilities"], place / "probabilities", (None,))
    sizes = read_numbers(state["sizes"], place / "sizes", shape, np.int64)
    if (sizes < 0).any():
        (place / "sizes").refuse("not negative", state["sizes"])
    read = _read_cells(state, place, sizes)
    _check_entries(state["sketches"], place / "sketches", shape)
    answers = read_numbers(state["answers"], place / "answers", (*shape, len(probabilities)))
    errors = _read_count(state["errors"], place / "errors", shape)
    state = {
        **state,
        **read,
        "count": count,
        "probabilities": probabilities,
        "sizes": sizes,
        "answers": answers,
        "errors": errors,
    }
    try:
        learnt = kind.from_dict(state)
        _check_sketches(learnt, place)
    except (ImportError, DocumentError):
        raise
    except Exception as error:
        (place / "sketches").refuse("sketches in base 64 with their CRC-32", str(error))
    return learnt


def _read_cells(state, place, sizes):
    """Read values and weights: a list for each feature, of all its groups."""
    read, n_features = {"values": None, "weights": None}, sizes.shape[1]
    for name in read:
        if name == "weights" and state[name] is None:
            continue
        if not isinstance(state[name], list) or len(state[name]) != n_features:
            (place / name).refuse(f"a list of {n_features} lists", state[name])
        read[name] = [
            read_numbers(v, place / name / j, (sum(sizes[:, j].tolist()),))  # int64 would overflow
            for j, v in enumerate(state[name])
        ]
    return read


def _check_entries(sketches, place, shape):
    for i, entry in enumerate(sketches if isinstance(sketches, list) else "?"):
        at = place / i
        if not isinstance(entry, list) or [type(v) for v in entry] != [int, int, str, int]:
            at.refuse("[group, feature, base 64, CRC-32]", entry)
        if not (0 <= entry[0] < shape[0] and 0 <= entry[1] < shape[1]):
            at.refuse("of a group and feature that exist", entry[:2])


def _check_sketches(learnt, place):
    for (g, j), bytes_ in learnt.sketches.items():
        sketch.check(bytes_)
        _, weight = learnt.samples.cell(g, j)
        waiting = learnt.samples.sizes[g, j] if weight is None else weight.sum()
        if sketch.count(bytes_) + waiting != learnt.count[g, j]:
            required = f"{sketch.count(bytes_) + waiting}, as the sketch says"
            (place / "count" / g / j).refuse(required, learnt.count[g, j])
