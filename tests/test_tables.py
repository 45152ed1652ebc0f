import numpy as np
import pandas as pd
import pytest

from skprep.backends.files import read_table
from skprep.errors import TableError
from skprep.tables import prepare


def table(n_rows=40, **columns):
    return pd.DataFrame({"x": np.arange(n_rows) ** 0.5, "y": np.arange(n_rows) % 2, **columns})


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (np.arange(40) % 3, "classification"),
        (np.arange(40) % 3 * 1.0, "classification"),
        (np.arange(40) % 2 == 0, "classification"),
        (np.array(["a", "b"] * 20), "classification"),
        (np.arange(40), "regression"),  # more than 20 whole numbers
        (np.arange(40) / 7, "regression"),
    ],
)
def test_the_kind_of_task_follows_from_the_target(target, kind):
    assert prepare(table(t=target), "t", folds=2).kind == kind


def test_features_are_floats_and_categories():
    when = pd.date_range("2024-01-01", periods=40, freq="h")
    colour = pd.Categorical(["red", None] * 20, categories=["red", "unused"])
    task = prepare(table(when=when, colour=colour, flag=[True, False] * 20), "y")
    assert any(note.startswith("column 'when' left out: dates. Make numbers of them") for note in task.notes)
    assert task.X["colour"].tolist()[::2] == ["red"] * 20
    assert task.X["colour"].isna().sum() == 20
    assert task.X["flag"].tolist() == [1.0, 0.0] * 20
    assert list(task.X.columns) == ["x", "colour", "flag"]


def test_groups_are_numbered_and_leave_the_features():
    task = prepare(table(device=["a", "b", None, "d"] * 10), "y", by="device", folds=4, keep_together=True)
    assert task.by.tolist()[:2] == ["a", "b"]
    assert "device" not in task.X
    assert "4 groups in 'device', 10 rows without a key are one of them" in task.notes


def test_rare_classes_are_left_out_by_name():
    task = prepare(table(t=["a"] * 19 + ["b"] * 19 + ["c"] * 2), "t", folds=3)
    assert len(task.X) == len(task.y) == 38
    assert "2 rows left out, of classes with fewer than 3: 'c'" in task.notes


def test_a_constant_numeric_target_is_refused():
    with pytest.raises(TableError, match=r"must vary; it is 1\.5 in every row"):
        prepare(table(t=1.5), "t", kind="regression")


def test_equal_column_names_are_refused():
    with pytest.raises(TableError, match="'x' appears twice"):
        prepare(pd.concat([table(), table()["x"]], axis=1), "y")


def test_too_few_rows_are_refused():
    with pytest.raises(TableError, match="5 folds need at least 10 rows with a target; there are 6"):
        prepare(table(n_rows=6, t=np.linspace(0, 1, 6)), "t")


def test_numbers_with_a_slip_stay_numbers():
    x = [*[str(v) for v in range(39)], "?"]
    task = prepare(table(size=x), "y")
    assert task.X["size"].tolist()[:39] == [float(v) for v in range(39)]
    assert np.isnan(task.X["size"].iloc[39])
    assert "column 'size': 1 of 40 values are no numbers ('?' in row 39) and count as missing" in task.notes


def test_objects_that_are_neither_numbers_nor_text_are_left_out():
    task = prepare(table(tags=[[1, 2]] * 40), "y")
    assert "column 'tags' left out: neither numbers nor categories (list)" in task.notes
    with pytest.raises(TableError, match="must hold numbers or text; it holds dict"):
        prepare(table(tags=[{"a": i} for i in range(40)]), "tags")


def test_a_single_column_is_not_split_at_letters(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("ID\n1\n2\n")
    assert list(read_table(path).columns) == ["ID"]


def test_decimal_commas_are_read(tmp_path):
    path = tmp_path / "europe.csv"
    path.write_text("a;b\n1,5;x\n2,25;y\n")
    assert read_table(path)["a"].tolist() == [1.5, 2.25]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_common_separator_is_read(tmp_path, separator):
    path = tmp_path / "table.csv"
    table().to_csv(path, sep=separator, index=False)
    pd.testing.assert_frame_equal(read_table(path), table())
