"""What a SoftmaxClassifier has learnt, written into a document and read from one."""

import math
from itertools import pairwise

import numpy as np
from sklearn.utils import check_random_state

from skprep.nn.dropout import Dropout
from skprep.nn.network import build_network
from skprep.nn.optimisers import SGD, Adam
from skprep.nn.training import Training
from skprep.persistence.values import (
    LARGEST_INTEGER,
    ROOT,
    check_members,
    decode,
    encode,
    numbers,
    read_numbers,
)

MEMBERS = ["classes", "type", "layers", "weights", "learned", "training"]
LEARNED = ["loss_", "n_iter_", "loss_curve_"]
OF_STOPPING = ["validation_scores_", "best_validation_score_"]
OPTIMISERS = {"Adam": Adam, "SGD": SGD}
KINDS = "biuf"


def described(head, mergeable):
    """Return the members of a document that a head has of its own; without ``mergeable``, it learns anew."""
    classes = head.classes_
    names = LEARNED + [name for name in OF_STOPPING if hasattr(head, name)]
    return {
        "classes": {
            "type": classes.dtype.str if classes.dtype != object else "object",
            "values": _labels(classes),
        },
        "type": head._dtype.name,
        "layers": encode_layers(head._built),
        "weights": {name: numbers(value) for name, value in head.network_.state_dict().items()},
        "learned": {name: numbers(getattr(head, name)) for name in names},
        "training": _training(head._training) if mergeable else None,
    }


def _labels(classes):
    return [encode(label, ROOT / "classes" / i) for i, label in enumerate(classes.tolist())]


def encode_layers(built):
    """Return the settings that decide what layers there are, with plain numbers."""
    return {**built, "hidden_layer_sizes": [int(n) for n in built["hidden_layer_sizes"]]}


def _training(training):
    optimiser = training.optimiser
    kind = type(optimiser).__name__
    if kind == "Adam":
        state = {n: [int(t), numbers(m), numbers(s)] for n, (t, m, s) in optimiser._moments.items()}
    else:
        state = {name: numbers(velocity) for name, velocity in optimiser._velocity.items()}
    users = [training.rng, *(layer._rng for layer in _dropouts(training.network))]
    distinct = list({id(rng): rng for rng in users}.values())
    return {
        "optimiser": kind,
        "state": state,
        "random": [encode(rng.bit_generator.state) for rng in distinct],
        "drawn_from": [next(i for i, rng in enumerate(distinct) if rng is user) for user in users],
    }


def _dropouts(network):
    return [layer for layer in network if isinstance(layer, Dropout)]


def restore(head, document, length):
    """Make a head, with the number of its features, one that has learnt what the document says."""
    classes = _read_classes(document["classes"], length)
    built = _read_layers(document["layers"])
    dtype = document["type"]
    if dtype not in ("float32", "float64"):
        (ROOT / "type").refuse('"float32" or "float64"', dtype)
    sizes = [head.n_features_in_, *built["hidden_layer_sizes"], 1 if len(classes) == 2 else len(classes)]
    if sum(a * b for a, b in pairwise(sizes)) > length:
        (ROOT / "layers").refuse("of as many weights as are there", document["layers"])
    head.classes_, head._sizes, head._dtype, head._built = classes, sizes, np.dtype(dtype), built
    rng = np.random.default_rng(check_random_state(head.random_state).randint(np.iinfo(np.int32).max))
    kinds = {name: kind for name, kind in built.items() if name != "hidden_layer_sizes"}
    head.network_ = build_network(sizes, **kinds, rng=rng, dtype=head._dtype)
    head.network_.load_state_dict(_read_weights(document["weights"], head.network_.state_dict()))
    head._training = Training(head.network_, head, rng)
    _restore_learned(head, document["learned"])
    if document["training"] is not None:
        _restore_training(head._training, document["training"])
    head._training.end()
    return head


def _read_classes(given, length):
    place = ROOT / "classes"
    check_members(given, place, ["type", "values"])
    values = given["values"]
    if not isinstance(values, list) or len(values) < 2:
        (place / "values").refuse("a list of two labels or more", values)
    labels = [decode(v, place / "values" / i) for i, v in enumerate(values)]
    name = given["type"]
    try:
        dtype = np.dtype(name) if isinstance(name, str) and len(name) < 20 else None
    except TypeError:
        dtype = None
    if dtype is None:
        (place / "type").refuse("the type of labels", name)
    if dtype.kind not in KINDS + "UO" or dtype.itemsize > (4 * length if dtype.kind == "U" else 8):
        (place / "type").refuse("the type of labels: numbers, truth values or text", name)
    if dtype.kind != "O" and not all(isinstance(v, str) == (dtype.kind == "U") for v in labels):
        (place / "values").refuse(f"labels of type {name}", values)
    classes = np.array(labels, dtype=dtype)
    if classes.ndim != 1 or classes.tolist() != labels or not np.array_equal(np.unique(classes), classes):
        (place / "values").refuse("different labels in rising order", values)
    return classes


def _read_layers(given):
    place = ROOT / "layers"
    check_members(given, place, ["norm", "weight_norm", "dropout", "activation", "hidden_layer_sizes"])
    sizes = read_numbers(
        given["hidden_layer_sizes"], place / "hidden_layer_sizes", (None,), np.int64
    ).tolist()
    if any(n < 1 for n in sizes):
        (place / "hidden_layer_sizes").refuse("whole numbers above 0", given["hidden_layer_sizes"])
    allowed = {
        "norm": (None, "batch", "layer", "rms", "group"),
        "activation": ("relu", "gelu"),
        "weight_norm": (True, False),
    }
    for name, values in allowed.items():
        if not any(given[name] is v or (isinstance(v, str) and given[name] == v) for v in values):
            (place / name).refuse(f"one of {values}", given[name])
    share = given["dropout"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        (place / "dropout").refuse("a number from 0 to below 1", share)
    return {**given, "hidden_layer_sizes": sizes}


def _read_weights(given, own, place=ROOT / "weights"):
    check_members(given, place, list(own))
    read = {}
    for name, value in own.items():
        whole = value.dtype.kind == "i"
        read[name] = _read_array(given[name], place / name, value.shape, np.int64 if whole else np.float64)
        if not np.isfinite(read[name]).all() or (
            name.endswith(("_var", "_tracked")) and (read[name] < 0).any()
        ):
            (place / name).refuse("finite, and not negative where it is a variance or a count", given[name])
    return read


def _read_array(value, place, shape, dtype=np.float64):
    return np.asarray(read_numbers(value, place, shape, dtype))


def _restore_learned(head, given):
    place, training = ROOT / "learned", head._training
    stopped = isinstance(given, dict) and OF_STOPPING[0] in given
    check_members(given, place, LEARNED + (OF_STOPPING if stopped else []))
    training.loss = float(_read_array(given["loss_"], place / "loss_", ()))
    training.n_iter = int(_read_array(given["n_iter_"], place / "n_iter_", (), np.int64))
    training.loss_curve = read_numbers(given["loss_curve_"], place / "loss_curve_", (None,)).tolist()
    if training.n_iter < 0:
        (place / "n_iter_").refuse("not negative", given["n_iter_"])
    if stopped:
        scores, best = (given[name] for name in OF_STOPPING)
        training.validation_scores = read_numbers(scores, place / OF_STOPPING[0], (None,)).tolist()
        training.best_score = float(_read_array(best, place / OF_STOPPING[1], ()))
        head.validation_scores_, head.best_validation_score_ = training.validation_scores, training.best_score
    head.loss_, head.loss_curve_, head.n_iter_ = training.loss, training.loss_curve, training.n_iter


def _restore_training(training, given):
    place, params = ROOT / "training", training.network.params
    check_members(given, place, ["optimiser", "state", "random", "drawn_from"])
    kind = OPTIMISERS.get(given["optimiser"]) if isinstance(given["optimiser"], str) else None
    if kind is None:
        (place / "optimiser").refuse(f"one of {', '.join(OPTIMISERS)}", given["optimiser"])
    rate = training.settings.learning_rate_init
    training.optimiser = kind(rate) if kind is Adam else SGD(rate, momentum=0.9, nesterov=True)
    state = given["state"]
    check_members(state, place / "state", [n for n in params if not isinstance(state, dict) or n in state])
    for name, value in state.items():
        own, like = place / "state" / name, params[name]
        if kind is SGD:
            training.optimiser._velocity[name] = _read_array(value, own, like.shape).astype(like.dtype)
            continue
        counted = isinstance(value, list) and len(value) == 3 and type(value[0]) is int
        if not counted or not 0 <= value[0] <= LARGEST_INTEGER:
            own.refuse("a count and two arrays", value)
        moments = [_read_array(v, own / i, like.shape).astype(like.dtype) for i, v in enumerate(value) if i]
        if not all(np.isfinite(m).all() for m in moments) or (moments[1] < 0).any():
            own.refuse("finite, and means of squares not negative", value)
        training.optimiser._moments[name] = (value[0], *moments)
    _restore_random(training, given, place)


def _restore_random(training, given, place):
    """Restore what orders the rows, and what each dropout draws from, which may be one generator."""
    states, dropouts = given["random"], _dropouts(training.network)
    if not isinstance(states, list) or not states:
        (place / "random").refuse("a list of states of generators", states)
    generators = []
    for i, spelt in enumerate(states):
        state, rng = decode(spelt, place / "random" / i), np.random.default_rng(0)
        if not _is_alike(state, rng.bit_generator.state):
            (place / "random" / i).refuse("the state of a generator of NumPy", spelt)
        rng.bit_generator.state = state
        generators.append(rng)
    users = given["drawn_from"]
    right = isinstance(users, list) and all(type(i) is int and 0 <= i < len(generators) for i in users)
    if not right or len(users) != 1 + len(dropouts):
        (place / "drawn_from").refuse(f"the generators of the rows and of {len(dropouts)} dropouts", users)
    training.rng = generators[users[0]]
    for layer, i in zip(dropouts, users[1:], strict=True):
        layer._rng = generators[i]


def _is_alike(state, known):
    """Say whether a state has the members of a known one, and numbers of their kind."""
    if isinstance(known, dict):
        return (
            isinstance(state, dict)
            and list(state) == list(known)
            and all(_is_alike(state[n], v) for n, v in known.items())
        )
    if isinstance(known, str):
        return state == known
    return type(state) is int and 0 <= state < 2**128 and math.isfinite(state)
