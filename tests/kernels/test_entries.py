"""No compiled entry reads or writes beyond an array, whatever it is given: run under AddressSanitizer too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skprep.kernels import dispatch

pytestmark = pytest.mark.skipif(not dispatch.compiled, reason="installed without the compiled kernels")


def matrices(shape, order="C", dtype=np.float64):
    return np.asarray(np.random.default_rng(0).normal(size=shape), order=order, dtype=dtype)


SINGLE = ("gelu", "gelu_backward")  # of float32 alone


def arguments(name, n=7, m=3, g=4, order="C", dtype=np.float64):
    """Right arguments of an entry, by name."""
    X, codes = matrices((n, m), order, dtype), np.arange(n) % g
    weight, counts = np.ones(n), np.zeros((4, m, 2), dtype=np.int64)
    bounds = np.sort(matrices((2, m, 2), dtype=dtype), axis=0)
    if name in ("find_extrema", "find_smallest_two"):
        return {"X": X, "codes": codes, "n_groups": g, "weight": weight}
    if name == "sum_deviations":
        return {"X": X, "pilot": np.zeros((g, m)), "codes": codes, "n_groups": g, "weight": weight}
    if name == "sum_cross":
        return {"X": X, "D": np.ones((n, 2)), "mean": np.zeros((g, m)), "codes": codes, "n_groups": g}
    if name in ("apply_affine", "undo_affine"):
        center, scale = np.zeros((g, m)), np.ones((g, m))
        x = "X" if name == "apply_affine" else "Z"
        return {x: X, "center": center, "scale": scale, "out": np.empty_like(X), "codes": codes}
    if name == "count_and_collect":
        there, kept = np.zeros(m, dtype=np.int64), np.zeros((m, 2, n), dtype=dtype)
        return {
            "X": X,
            "low": bounds[0].copy(),
            "high": bounds[1].copy(),
            "there": there,
            "counts": counts,
            "kept": kept,
        }
    if name == "count_runs":
        runs = {"x": np.sort(X[:, 0]).copy(), "start": np.array([0, 4]), "sizes": np.array([4, n - 4])}
        low, high = bounds[0][0].copy(), bounds[1][0].copy()
        return runs | {
            "low": low,
            "high": high,
            "counts": counts[:, 0].copy(),
            "kept": np.zeros((2, n), dtype=dtype),
        }
    if name == "gather_groups":
        room = np.bincount(codes, minlength=g)
        stop = np.cumsum(room)
        return {
            "x": X[:, 0],
            "codes": codes,
            "start": stop - room,
            "stop": stop,
            "out": np.zeros(n, dtype=dtype),
        }
    X = np.ascontiguousarray(X)
    if name == "softmax_rows":
        return {"x": X.astype(np.float32), "out": np.empty((n, m), dtype=np.float32)}
    if name in SINGLE:
        x = np.ones(n, dtype=np.float32)
        return {"x": x, **({"grad": x} if name == "gelu_backward" else {}), "out": np.empty_like(x)}
    if name == "adam_step":
        vectors = {v: np.ones(n, dtype=dtype) for v in ("param", "grad", "m", "v")}
        return vectors | dict.fromkeys(("first", "second", "rate", "root", "eps"), 0.5)
    if name == "cross_entropy_rows":
        classes = {"classes": np.arange(n) % m, "on_class": np.ones(n), "on_all": np.ones(m), "divisor": 1.0}
        return {"logits": X, **classes, "losses": np.empty(n), "grad": np.empty_like(X)}
    if name == "column_moments":
        return {"X": X, "weight": weight}
    if name == "sum_from_first":
        return {"X": X, "codes": codes, "n_groups": g}
    if name in ("merge_moments", "pool_moments"):
        part = [np.ones((g, m)) for _ in range(4)] + [np.zeros((g, m), dtype=np.int64)]
        return dict(enumerate(part * 2 if name == "merge_moments" else part))
    of_column = {v: np.ones(m) for v in ("head", "tail", "scale")} | {"divide": True}
    if name == "normalise_columns":
        return {"x": X, **of_column, "weight": np.ones(m), "bias": np.ones(m), "out": np.empty_like(X)}
    if name == "sum_column_gradients":
        return {"x": X, "grad": X, **of_column}
    if name == "write_column_gradients":
        more = {v: np.ones(m) for v in ("product", "total", "factor")}
        return {"x": X, "grad": X, **of_column, **more, "out": np.empty_like(X)}
    turns = {"weight": np.ones((1, m)), "mean": np.zeros((n, 2)), "inverse": np.ones(n)}
    if name == "normalise_rows":
        given = {"x": X, "eps": 0.1, "center": True, "weight": turns["weight"], "bias": np.zeros((1, m))}
        return given | {"out": np.empty_like(X), "mean": turns["mean"], "inverse": turns["inverse"]}
    return {"x": X, "grad": np.ones_like(X), "center": True, **turns, "out": np.empty_like(X)}


ENTRIES = (
    "adam_step",
    "column_moments",
    "cross_entropy_rows",
    "gelu",
    "gelu_backward",
    "merge_moments",
    "normalise_columns",
    "pool_moments",
    "sum_column_gradients",
    "sum_cross",
    "sum_from_first",
    "write_column_gradients",
    "sum_deviations",
    "find_extrema",
    "find_smallest_two",
    "apply_affine",
    "undo_affine",
    "count_and_collect",
    "count_runs",
    "gather_groups",
    "softmax_rows",
    "normalise_rows",
    "normalise_rows_backward",
)


def call(name, given):
    entry = next(getattr(m, name) for m in dispatch.compiled if hasattr(m, name))
    if name not in ("softmax_rows", *SINGLE, "merge_moments", "pool_moments"):
        first = next(v for v in given.values() if isinstance(v, np.ndarray))
        entry = entry["double" if first.dtype == np.float64 else "float"]
    return entry(*given.values())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", ENTRIES)
def test_the_right_arguments_are_taken(name, order, dtype):
    call(name, arguments(name, order=order, dtype=dtype))


MUST_BE_WITHIN = [(name, "codes") for name in ENTRIES if "codes" in arguments(name)]


@pytest.mark.parametrize("wrong", [-1, 4, 2**31, -(2**62), 2**62])
@pytest.mark.parametrize("place", [0, 3, -1])
@pytest.mark.parametrize(("name", "argument"), MUST_BE_WITHIN)
def test_codes_beyond_the_groups_are_refused(name, argument, place, wrong):
    given = arguments(name)
    given[argument][place] = wrong
    with pytest.raises(ValueError, match="codes must be from 0 to 3"):
        call(name, given)


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("start", [-1, 2]),
        ("start", [0, 2**62]),
        ("sizes", [3, 2**62]),
        ("sizes", [-5, 3]),
        ("sizes", [4, 4]),
    ],
)
def test_runs_beyond_the_values_are_refused(argument, wrong):
    given = arguments("count_runs")
    given[argument][:] = wrong
    with pytest.raises(ValueError, match="runs must lie within 7 values"):
        call("count_runs", given)


def test_groups_that_do_not_fit_into_their_room_are_refused():
    given = arguments("gather_groups")
    given["codes"][:] = 0
    with pytest.raises(ValueError, match="more values than there is room"):
        call("gather_groups", given)
    given = arguments("gather_groups")
    given["stop"][-1] = 8
    with pytest.raises(ValueError, match="groups must lie within 7 values"):
        call("gather_groups", given)


@pytest.mark.parametrize(
    "name", ["sum_deviations", "find_extrema", "apply_affine", "undo_affine", "count_and_collect"]
)
@pytest.mark.parametrize(
    "view",
    [
        lambda X: np.repeat(X, 2, axis=1)[:, ::2][::-1, ::-1],
        lambda X: X[:, ::-1],
        lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    ],
    ids=["backwards", "columns backwards", "every second"],
)
def test_matrices_in_pieces_are_refused(name, view):
    given = arguments(name)
    x = next(iter(given))
    given[x] = view(given[x])
    with pytest.raises(ValueError, match="in one piece"):
        call(name, given)


def test_two_orders_of_memory_are_refused():
    given = arguments("apply_affine")
    given["out"] = np.asfortranarray(given["out"])
    with pytest.raises(ValueError, match="in one order"):
        call("apply_affine", given)


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("name", ENTRIES)
def test_arrays_of_other_lengths_are_refused(name, data):
    """Every array longer, shorter or empty along every axis, one or several of them."""
    given = arguments(name, order=data.draw(st.sampled_from("CF")))
    arrays = [key for key, value in given.items() if isinstance(value, np.ndarray)]
    for key in data.draw(st.lists(st.sampled_from(arrays), min_size=1, max_size=2, unique=True)):
        value = given[key]
        shape = [max(0, n + data.draw(st.sampled_from([-n, -1, 1, 0, 5]))) for n in value.shape]
        order = "F" if value.ndim == 2 and value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        other = np.zeros(shape, dtype=value.dtype, order=order)
        overlap = tuple(slice(0, min(a, b)) for a, b in zip(shape, value.shape, strict=True))
        other[overlap] = value[overlap]
        given[key] = other
    numbers = [key for key in ("n_groups",) if key in given]
    for key in numbers:
        given[key] += data.draw(st.sampled_from([0, 0, -1, 1, -4, -5]))
    try:
        call(name, given)
    except (ValueError, TypeError) as error:
        assert str(error)  # noqa: PT017 (refused, or harmless: what counts is that no memory is touched)


@pytest.mark.parametrize("name", ["count_and_collect", "count_runs"])
@pytest.mark.parametrize("wrong", [np.iinfo(np.int64).max, np.iinfo(np.int64).min, 9, -1])
def test_counts_that_leave_the_room_are_refused(name, wrong):
    given = arguments(name)
    given["counts"][3] = wrong
    with pytest.raises(ValueError, match="counts of what is kept must be from 0 to 8"):
        call(name, given)


def test_a_value_needs_a_group():
    given = arguments("gather_groups")
    given["codes"] = None
    with pytest.raises(ValueError, match="codes must say which group"):
        call("gather_groups", given)


def test_arrays_that_say_where_values_go_are_not_written_over():
    given = arguments("gather_groups")
    given["out"] = given["codes"].view(np.float64)
    with pytest.raises(ValueError, match="out must not share memory"):
        call("gather_groups", given)
    given = arguments("apply_affine", m=1)
    given["out"] = given["codes"].view(np.float64).reshape(-1, 1)
    with pytest.raises(ValueError, match="out must not share memory"):
        call("apply_affine", given)
    given = arguments("count_runs")
    given["kept"] = given["counts"].view(np.float64)[:2]
    with pytest.raises(ValueError, match="must"):
        call("count_runs", given)


def test_rows_that_overlap_are_written_in_one_order_or_refused():
    X = np.lib.stride_tricks.as_strided(np.arange(1.0, 9), (4, 4), (8, 8))
    whole = np.full(64, -7.0)
    out = whole[:16].reshape((4, 4), order="F")[:, ::-1]
    with pytest.raises(ValueError, match=r"in one (order|piece)"):
        call("apply_affine", {"X": X, "center": np.zeros((1, 4)), "scale": np.ones((1, 4)), "out": out})
    assert (whole == -7.0).all()
    rows = np.empty((4, 4))
    call("apply_affine", {"X": X, "center": np.zeros((1, 4)), "scale": np.ones((1, 4)), "out": rows})
    np.testing.assert_array_equal(rows, X)
