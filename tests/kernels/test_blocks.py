import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skprep.kernels.blocks import column_chunks, fold_of, folded_blocks, row_blocks


@given(n=st.integers(0, 500), p=st.integers(0, 90), elements=st.integers(1, 1000))
def test_row_blocks_cover_every_row_once_in_order(n, p, elements):
    seen = [i for rows in row_blocks(n, p, elements) for i in range(rows.start, rows.stop)]
    assert seen == list(range(n))


@given(n=st.integers(1, 10_000), p=st.integers(1, 5000))
def test_a_fold_leaves_fewer_rows_over_than_there_are_lines(n, p):
    fold = fold_of(n, p)
    assert 1 <= fold <= n
    assert n % fold < n // fold or n % fold == 0


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (1000, 20), (1001, 20), (70_000, 3), (5, 9000), (0, 4)])
@pytest.mark.parametrize("layout", ["C", "F", "strided", "columns"])
def test_folded_blocks_reach_every_element_with_its_own_vector_entry(shape, layout):
    X = np.arange(np.prod(shape), dtype=float).reshape(shape)
    if layout == "strided":
        X = np.repeat(X, 2, axis=0)[::2]
    elif layout == "columns":
        X = np.repeat(X, 2, axis=1)[:, ::2]
    else:
        X = np.asarray(X, order=layout)
    center = np.arange(shape[1], dtype=float) * 3
    out = np.full_like(X, np.nan)
    for x, o, (vector, nothing) in folded_blocks(X, out, [center, None]):
        assert nothing is None
        np.subtract(x, vector, out=o)
    np.testing.assert_array_equal(out, X - center)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(10, 3), (10, 20_000), (100_000, 40)])
def test_column_chunks_cover_every_column_once(shape, order):
    X = np.empty(shape, order=order)
    seen = [j for cols in column_chunks(X) for j in range(cols.start, cols.stop)]
    assert seen == list(range(shape[1]))
