"""What Hypothesis draws for the laws: matrices with missing values, groups and weights."""

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

finite = st.floats(-1e6, 1e6, width=32)
values = st.one_of(finite, st.just(np.nan), st.integers(-3, 3).map(float))


@st.composite
def matrices(draw, min_rows=1, max_rows=25, elements=values):
    shape = (draw(st.integers(min_rows, max_rows)), draw(st.integers(1, 4)))
    X = draw(hnp.arrays(np.float64, shape, elements=elements))
    order = draw(st.sampled_from(["C", "F", "strided"]))
    if order == "strided":
        return np.repeat(X, 2, axis=0)[::2]
    return np.asarray(X, order=order)


@st.composite
def grouped(draw, n_groups=3):
    """A matrix, the group of each row, and whole weights."""
    X = draw(matrices())
    codes = draw(hnp.arrays(np.intp, len(X), elements=st.integers(0, n_groups - 1)))
    weight = draw(hnp.arrays(np.float64, len(X), elements=st.integers(0, 3)))
    return X, codes, weight


def cuts(n_rows):
    """Places to cut rows into parts, empty parts included."""
    return st.lists(st.integers(0, n_rows), max_size=5).map(sorted)


def parts(X, places, *others):
    """Cut rows at ``places``; ``others`` are cut along."""
    edges = [0, *places, len(X)]
    for a, b in pairwise(edges):
        yield tuple(v[a:b] for v in (X, *others))
