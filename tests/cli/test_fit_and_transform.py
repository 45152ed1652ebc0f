"""``skprep fit`` and ``skprep transform``, run as a person would, on good and bad files."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skprep import (
    GroupScaler,
    LogScaler,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    load,
    save,
)
from skprep.backends.files import read_table
from skprep.cli import build_app

from ..engines import FEATURES, same_column, table

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "maxabs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "log": LogScaler(),
}


def run(*arguments):
    """Run ``skprep`` in this process; a traceback would come out as an exception."""
    result = CliRunner().invoke(build_app(), [str(a) for a in arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, re.sub(r"\s+", " ", result.stderr)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    for module in ("learning", "transforming"):
        monkeypatch.setattr(f"skprep.backends.files.{module}.ROWS", 77)


def write(rows, folder, suffix):
    path = folder / f"rows.{suffix}"
    rows.to_parquet(path) if suffix == "parquet" else rows.to_csv(path, index=False)
    return path


def read(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize("by", [[], ["site"], ["site", "device"]])
@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_fitted_and_scaled_in_batches_equals_the_frame(tmp_path, suffix, name, by):
    rows = table()
    path, scaler, out = write(rows, tmp_path, suffix), tmp_path / "s.json", tmp_path / f"scaled.{suffix}"
    columns = [v for f in FEATURES for v in ("--column", f)]
    code, text, err = run(
        "fit", path, "--scaler", name, "-o", scaler, *columns, *(v for b in by for v in ("--by", b))
    )
    assert (code, err) == (0, "")
    assert f"{type(SCALERS[name]).__name__} of 4 columns" in text
    code, text, err = run("transform", path, "-s", scaler, "-o", out)
    assert (code, err) == (0, "")
    whole = GroupScaler(SCALERS[name], by=by) if by else SCALERS[name]
    given = rows[[*by, *FEATURES]]
    expected = whole.fit(given).transform(given)
    result = read(out)
    assert list(result.columns) == list(rows.columns)
    np.testing.assert_allclose(result[FEATURES], expected, rtol=1e-9, atol=1e-9)
    for kept in ("row", "site", "note", "device"):
        assert same_column(result[kept], rows[kept])
    code, _, err = run("transform", out, "-s", scaler, "-o", tmp_path / f"back.{suffix}", "--inverse")
    assert (code, err) == (0, "")
    np.testing.assert_allclose(
        read(tmp_path / f"back.{suffix}")[FEATURES], rows[FEATURES], rtol=1e-9, atol=1e-12
    )


def test_all_columns_of_numbers_but_the_keys_are_scaled_by_default(tmp_path):
    rows = table()
    code, text, _ = run("fit", write(rows, tmp_path, "parquet"), "--by", "device", "-o", tmp_path / "s.json")
    assert code == 0
    assert "5 groups in 'device'" in text
    assert "'row', 'far', 'skewed', 'constant', 'counts'" in re.sub(r"\s+", " ", text)
    assert list(load(tmp_path / "s.json").feature_names_in_) == ["device", "row", *FEATURES]


def test_beyond_the_budget_a_sketch_and_its_file_without_rows(tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(size=20_000), "g": rng.choice(["a", "b"], 20_000)})
    path = write(rows, tmp_path, "parquet")
    code, _, _ = run(
        "fit", path, "--scaler", "robust", "--by", "g", "--max-rank-error", "0.01", "-o", tmp_path / "s.json"
    )
    assert code == 0
    scaler = load(tmp_path / "s.json")
    for g, name in enumerate("ab"):
        assert abs((rows.loc[rows["g"] == name, "x"] < scaler.center_[g, 0]).mean() - 0.5) < 0.01
    assert (tmp_path / "s.json").stat().st_size < 5000
    with pytest.raises(ValueError, match="Start with partial_fit"):
        scaler.partial_fit(rows[["g", "x"]])
    code, _, _ = run("fit", path, "--scaler", "robust", "--by", "g", "--mergeable", "-o", tmp_path / "m.json")
    assert code == 0
    columns = list(load(tmp_path / "m.json").feature_names_in_)
    load(tmp_path / "m.json").partial_fit(rows[columns])


def test_text_of_a_csv_file_is_carried_along_as_it_is(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id;day;x;who\n007;2024-05-01;1.5;a\n008;;2.5;\n1e5;x;;ü\n", encoding="utf-8")
    assert run("fit", path, "--column", "x", "-o", tmp_path / "s.json")[0] == 0
    assert run("transform", path, "-s", tmp_path / "s.json", "-o", tmp_path / "out.csv")[0] == 0
    result = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert result["id"].tolist() == ["007", "008", "1e5"]
    assert result["day"].tolist() == ["2024-05-01", "", "x"]
    assert result["x"].tolist() == ["-1", "1", ""]
    assert result["who"].tolist() == ["a", "", "ü"]


def test_keys_of_a_csv_file_are_text(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("dev,hu,note\n001,1,NA\n1,2,null\n001,5,x\n1,6,nan\nNA,7,\n,9,y\n")
    assert run("fit", path, "--by", "dev", "-o", tmp_path / "s.json")[0] == 0
    assert load(tmp_path / "s.json").groups_.tolist() == ["001", "1", "NA", None]
    assert run("transform", path, "-s", tmp_path / "s.json", "-o", tmp_path / "out.csv")[0] == 0
    result = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert result["dev"].tolist() == ["001", "1", "001", "1", "NA", ""]
    assert result["note"].tolist() == ["NA", "null", "x", "nan", "", "y"]
    assert result["hu"].tolist() == ["-1", "-1", "1", "1", "0", "0"]


def test_whole_numbers_that_a_scaler_knows_are_found_in_a_csv_file(tmp_path):
    pd.DataFrame({"dev": [1, 1, 2], "x": [1.0, 3.0, 5.0]}).to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "rows.csv").write_text("dev,x\n1,5\n2,6\n")
    assert run("fit", tmp_path / "rows.parquet", "--by", "dev", "-o", tmp_path / "s.json")[0] == 0
    assert (
        run("transform", tmp_path / "rows.csv", "-s", tmp_path / "s.json", "-o", tmp_path / "o.csv")[0] == 0
    )
    assert pd.read_csv(tmp_path / "o.csv").to_dict("list") == {"dev": [1, 2], "x": [3.0, 1.0]}


def test_what_is_left_out_is_said(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b,c\n1,2,x\n3,oops,y\n")
    code, text, _ = run("fit", tmp_path / "rows.csv", "-o", tmp_path / "s.json")
    assert code == 0
    assert "Left as they are: 'b' (string), 'c' (string)" in text


def test_float32_stays_and_null_stays_null(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.table(
        {
            "x": pa.array([1.0, None, 3.0], pa.float32()),
            "y": pa.array([1, None, 3], pa.int8()),
            "z": [1.0, float("nan"), 2],
        }
    )
    pq.write_table(rows, tmp_path / "rows.parquet")
    assert run("fit", tmp_path / "rows.parquet", "-o", tmp_path / "s.json")[0] == 0
    run("transform", tmp_path / "rows.parquet", "-s", tmp_path / "s.json", "-o", tmp_path / "out.parquet")
    result = pq.read_table(tmp_path / "out.parquet")
    assert [str(f.type) for f in result.schema] == ["float", "double", "double"]
    assert result["x"].to_pylist() == result["y"].to_pylist() == [-1.0, None, 1.0]
    assert np.isnan(result["z"].to_pylist()[1])


def test_unknown_groups_in_a_file(tmp_path):
    rows = table()
    known = write(rows[rows["site"] != "ü"], tmp_path, "parquet")
    every = tmp_path / "all.parquet"
    rows.to_parquet(every)
    out = tmp_path / "out.parquet"
    out.write_bytes(b"old")
    assert run("fit", known, "--by", "site", "-o", tmp_path / "s.json")[0] == 0
    code, _, err = run("transform", every, "-s", tmp_path / "s.json", "-o", out)
    assert code == 2
    assert re.search(r"In the 77 rows from row 0 on: GroupScaler knows the 3 groups .* 'ü'", err)
    assert out.read_bytes() == b"old"
    assert run("fit", known, "--by", "site", "--handle-unknown", "nan", "-o", tmp_path / "s.json")[0] == 0
    assert run("transform", every, "-s", tmp_path / "s.json", "-o", out)[0] == 0
    assert np.isnan(read(out).loc[rows["site"] == "ü", "far"].to_numpy(dtype=float)).all()


def bad_files(folder):
    pd.DataFrame({"x": [1.0, np.inf], "t": ["a", "b"]}).to_parquet(folder / "infinite.parquet")
    pd.DataFrame({"t": ["a", "b"]}).to_parquet(folder / "text.parquet")
    pd.DataFrame({"x": [1.0, 2.0], "t": ["a", "b"]}).to_parquet(folder / "good.parquet")
    pd.DataFrame({"x": np.empty(0)}).to_parquet(folder / "empty.parquet")
    (folder / "broken.parquet").write_bytes(b"PAR1 and then something else")
    (folder / "twice.csv").write_text("x,x\n1,2\n")
    (folder / "empty.csv").write_text("")
    (folder / "ragged.csv").write_text("x,y\n1,2\n3\n")
    (folder / "latin.csv").write_bytes("x,ü\n1,2\n".encode("latin-1"))
    (folder / "rows.xlsx").write_text("x")


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("none.parquet", [], "There is no file"),
        ("rows.xlsx", [], "must end in .parquet or .csv; received 'rows.xlsx'"),
        ("broken.parquet", [], "cannot be read as a table"),
        ("empty.csv", [], "cannot be read as a table"),
        ("ragged.csv", [], "cannot be read as a table: .* Expected 2 columns, got 1"),
        ("latin.csv", [], "cannot be read as a table"),
        ("twice.csv", [], "'x' appears twice"),
        ("empty.parquet", [], "has no rows"),
        ("text.parquet", [], "at least one column of numbers; the columns are: 't'"),
        ("infinite.parquet", [], r"In the 2 rows from row 0 on: .* received inf in column 'x', row 1"),
        (
            "good.parquet",
            ["--by", "nope"],
            "--by must name a column of the table; received 'nope'. The columns",
        ),
        ("good.parquet", ["--column", "nope"], "--columns must name a column of the table; received 'nope'"),
        (
            "good.parquet",
            ["--column", "t"],
            "--columns must name columns of numbers; received 't', which holds",
        ),
        ("good.parquet", ["--column", "x", "--by", "x"], "--by and --columns must differ"),
        ("good.parquet", ["--scaler", "robust", "--max-rank-error", "2"], "max_rank_error"),
        ("good.parquet", ["--max-rank-error", "0.1"], "--max-rank-error goes with --scaler robust; received"),
        ("good.parquet", ["--handle-unknown", "nan"], "need --by"),
    ],
)
def test_a_bad_file_or_option_is_a_sentence(tmp_path, file, options, message):
    bad_files(tmp_path)
    code, _, err = run("fit", tmp_path / file, *options, "-o", tmp_path / "s.json")
    assert code == 2
    assert err.startswith("Error: ")
    assert re.search(message, err), err
    assert not (tmp_path / "s.json").exists()


def test_a_bad_scaler_or_output_is_a_sentence(tmp_path):
    bad_files(tmp_path)
    good, s = tmp_path / "good.parquet", tmp_path / "s.json"
    assert run("fit", good, "-o", s)[0] == 0
    (tmp_path / "other.json").write_text("{}")
    before = good.read_bytes()
    for file, scaler, out, message in (
        (good, tmp_path / "none.json", "out.parquet", "`skprep fit` makes one"),
        (good, tmp_path / "other.json", "out.parquet", r"Not a document of a fitted scaler: \$\.format"),
        (good, s, "out.xyz.gz", "must end in .parquet or .csv"),
        (good, s, "good.parquet", "--out must not be the table itself"),
        (good, s, "no/such/folder.csv", "--out must be a file in an existing folder"),
        (
            tmp_path / "text.parquet",
            s,
            "out.parquet",
            "the columns seen in fit, 'x'; received one without 'x'",
        ),
        (tmp_path / "infinite.parquet", s, "out.parquet", r"received inf in column 'x', row 1"),
    ):
        code, _, err = run("transform", file, "-s", scaler, "-o", tmp_path / out)
        assert code == 2
        assert re.search(message, err), err
    assert good.read_bytes() == before
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(("out", "."))]


SAYS_WHEN_IT_READS = """
from skprep.cli import main
import skprep.backends.files.learning as learning
import skprep.backends.files.transforming as transforming
learning.ROWS = transforming.ROWS = 500
frames = learning.frames
def telling(*given):
    for number, frame in enumerate(frames(*given)):
        if number == 1:
            print("reading", flush=True)
        yield frame
learning.frames = telling
main()
"""


def is_writing(folder):
    """Whether something stands in a file that is not there yet."""
    return any(p.suffix == ".tmp" and p.stat().st_size for p in folder.iterdir())


@pytest.mark.parametrize("command", ["fit", "transform"])
def test_an_interrupt_leaves_the_file_that_was_there(tmp_path, command):
    path, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(3_000_000, 4)), columns=list("abcd"))
    rows.to_parquet(path)
    save(StandardScaler().fit(rows), tmp_path / "s.json")
    kept = tmp_path / "s.json" if command == "fit" else out
    out.write_bytes(b"old")
    before = kept.read_bytes()
    arguments = ["fit", path, "--scaler", "robust", "-o", kept]
    if command == "transform":
        arguments = ["transform", path, "-s", tmp_path / "s.json", "-o", out]
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHEN_IT_READS, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if command == "fit":
        assert process.stdout.readline() == "reading\n"
    while command == "transform" and process.poll() is None and not is_writing(tmp_path):
        time.sleep(0.02)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode not in (0, -signal.SIGINT)
    assert "Traceback" not in err
    assert kept.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.parquet", "rows.parquet", "s.json"]


def test_many_sketches_are_learnt_a_few_features_at_a_time(tmp_path, monkeypatch):
    rows = table()
    path = write(rows, tmp_path, "parquet")
    options = ["--scaler", "robust", "--by", "site", "--min-group-size", "2"]
    assert run("fit", path, *options, "-o", tmp_path / "whole.json")[0] == 0
    monkeypatch.setattr("skprep.backends.files.learning.SKETCHES", 1)
    assert run("fit", path, *options, "-o", tmp_path / "parts.json")[0] == 0
    assert (tmp_path / "parts.json").read_text() == (tmp_path / "whole.json").read_text()


def ok(*arguments):
    code, text, err = run(*arguments)
    assert (code, err) == (0, "")
    return re.sub(r"\s+", " ", text)


def refused(*arguments):
    code, text, err = run(*arguments)
    assert (code, text) == (2, "")
    assert err.startswith("Error: ")
    return err


IDS = pd.DataFrame({"device_id": [101, 101, 102, 102, 103, 103], "hu": [1.0, 3, 10, 30, 100, 300]})


@pytest.mark.parametrize("policy", ["global", "nan", "error"])
def test_ids_fitted_from_a_csv_file_are_known_in_python_and_the_other_way(tmp_path, policy):
    IDS.to_csv(tmp_path / "ids.csv", index=False)
    IDS.to_parquet(tmp_path / "ids.parquet")
    for first, second in (("csv", "parquet"), ("parquet", "csv")):
        ok(
            "fit",
            tmp_path / f"ids.{first}",
            "--by",
            "device_id",
            "--handle-unknown",
            policy,
            "-o",
            tmp_path / "s.json",
        )
        scaler = load(tmp_path / "s.json")
        assert scaler.groups_.tolist() == [101, 102, 103]
        expected = [-1.0, 1, -1, 1, -1, 1]
        np.testing.assert_array_equal(scaler.transform(pd.read_csv(tmp_path / "ids.csv"))[:, 0], expected)
        ok("transform", tmp_path / f"ids.{second}", "-s", tmp_path / "s.json", "-o", tmp_path / f"o.{second}")
        assert read(tmp_path / f"o.{second}")["hu"].tolist() == expected


def test_keys_of_other_types_are_found_in_a_csv_file(tmp_path):
    rows = pd.DataFrame(
        {
            "b": [True, True, False],
            "f": [1.0, 1.0, 0.5],
            "t": pd.to_datetime(["2024-05-01", "2024-05-01", "2024-05-02"]),
            "x": [1.0, 3.0, 5.0],
        }
    )
    rows.to_parquet(tmp_path / "rows.parquet")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    for key in "bft":
        ok("fit", tmp_path / "rows.parquet", "--by", key, "--column", "x", "-o", tmp_path / "s.json")
        ok("transform", tmp_path / "rows.csv", "-s", tmp_path / "s.json", "-o", tmp_path / "o.csv")
        assert read(tmp_path / "o.csv")["x"].tolist() == [-1.0, 1.0, 0.0]


def test_columns_are_those_of_the_file_whatever_pandas_noted_beside_them(tmp_path):
    rows = IDS.set_index(pd.Index(list("pqrstu"), name="patient"))
    rows.to_parquet(tmp_path / "index.parquet")
    assert "2 columns: 'device_id', 'hu'" in ok("fit", tmp_path / "index.parquet", "-o", tmp_path / "s.json")
    assert list(load(tmp_path / "s.json").feature_names_in_) == ["device_id", "hu"]
    ok("fit", tmp_path / "index.parquet", "--by", "patient", "-o", tmp_path / "s.json")
    assert load(tmp_path / "s.json").groups_.tolist() == list("pqrstu")
    pd.DataFrame({0: [1.0, 3.0], 1: [3.0, 5.0]}).to_parquet(tmp_path / "numbered.parquet")
    ok("fit", tmp_path / "numbered.parquet", "-o", tmp_path / "n.json")
    ok("transform", tmp_path / "numbered.parquet", "-s", tmp_path / "n.json", "-o", tmp_path / "o.parquet")
    assert read(tmp_path / "o.parquet").to_numpy().tolist() == [[-1.0, -1.0], [1.0, 1.0]]


def test_an_empty_key_is_no_missing_key_where_a_file_tells_them_apart(tmp_path):
    rows = pd.DataFrame({"g": ["", None, "", None, "a"], "x": [1.0, 5, 3, 9, 0]})
    rows.to_parquet(tmp_path / "rows.parquet")
    ok("fit", tmp_path / "rows.parquet", "--by", "g", "-o", tmp_path / "s.json")
    scaler = load(tmp_path / "s.json")
    assert scaler.groups_.tolist() == ["", "a", None]
    assert scaler.transform(rows).ravel().tolist() == [-1, -1, 1, 1, 0]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert "An empty key is a missing key" in ok(
        "fit", tmp_path / "rows.csv", "--by", "g", "-o", tmp_path / "c.json"
    )
    assert load(tmp_path / "c.json").groups_.tolist() == ["a", None]


def test_nullable_whole_keys_of_a_file_keep_all_digits(tmp_path):
    keys = pd.array([2**53, 2**53, 2**53 + 1, 2**53 + 1, None], dtype="Int64")
    pd.DataFrame({"device": keys, "x": [1.0, 3, 5, 9, 0]}).to_parquet(tmp_path / "ids.parquet")
    ok("fit", tmp_path / "ids.parquet", "--by", "device", "-o", tmp_path / "s.json")
    assert load(tmp_path / "s.json").groups_.tolist() == [2**53, 2**53 + 1, None]


@pytest.mark.parametrize("values", [["3.5", "4"], pd.date_range("2024-01-01", periods=2), [True, False]])
def test_what_is_no_number_in_a_scaled_column_is_refused(tmp_path, values):
    IDS.to_parquet(tmp_path / "ids.parquet")
    ok("fit", tmp_path / "ids.parquet", "--column", "hu", "-o", tmp_path / "s.json")
    pd.DataFrame({"hu": values}).to_parquet(tmp_path / "other.parquet")
    err = refused(
        "transform", tmp_path / "other.parquet", "-s", tmp_path / "s.json", "-o", tmp_path / "o.parquet"
    )
    assert "takes numbers in column 'hu'" in err
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize("row", [3, 4000])
@pytest.mark.parametrize("cell", ["unknown", "1,234.50", "-"])
def test_one_cell_that_is_no_number_among_many_is_named(tmp_path, monkeypatch, cell, row):
    monkeypatch.setattr("skprep.backends.files.text.BLOCK", 4096)  # beyond the first block, too
    x = [f"{i}.5" for i in range(5000)]
    x[row] = cell
    pd.DataFrame({"x": x, "y": range(5000)}).to_csv(tmp_path / "rows.csv", index=False)
    err = refused("fit", tmp_path / "rows.csv", "-o", tmp_path / "s.json")
    assert "Column 'x' of" in err
    assert f"received {cell!r} in row {row} " in err
    assert "--missing" in err
    ok("fit", tmp_path / "rows.csv", "--missing", cell, "-o", tmp_path / "s.json")
    assert load(tmp_path / "s.json").n_samples_seen_.tolist() == [4999, 5000]
    ok("fit", tmp_path / "rows.csv", "--column", "y", "-o", tmp_path / "s.json")
    if "," in cell:
        ok("fit", tmp_path / "rows.csv", "--thousands", ",", "-o", tmp_path / "s.json")
        expected = np.mean([1234.5 if i == row else i + 0.5 for i in range(5000)])
        assert load(tmp_path / "s.json").mean_[0] == pytest.approx(expected, rel=1e-12)


def test_columns_that_are_not_asked_for_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("skprep.backends.files.text.BLOCK", 4096)
    lines = [f"{i % 3},{i},{'' if i < 2990 else i},{'' if i < 2000 else 'text'}" for i in range(3000)]
    (tmp_path / "late.csv").write_text("id,hu,late,note\n" + "\n".join(lines) + "\n")
    ok("fit", tmp_path / "late.csv", "--by", "id", "--column", "hu", "-o", tmp_path / "s.json")
    ok("fit", tmp_path / "late.csv", "--by", "id", "--column", "late", "-o", tmp_path / "s.json")
    assert load(tmp_path / "s.json").n_samples_seen_.sum() == 10
    text = ok("fit", tmp_path / "late.csv", "--by", "id", "-o", tmp_path / "s.json")
    assert "2 columns, 3 groups in 'id': 'hu', 'late'" in text
    ok("transform", tmp_path / "late.csv", "-s", tmp_path / "s.json", "-o", tmp_path / "o.csv")


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("a.csv", '"a,b";"c;d"\n1,5;2\n2,5;3\n', {"a,b": 2.0, "c;d": 2.5}),
        ("b.csv", '"a;b;c;d","e"\n1,2\n3,4\n', {"a;b;c;d": 2.0, "e": 3.0}),
        ("c.tsv", "a\tb,c;d\n1\t2\n3\t5\n", {"a": 2.0, "b,c;d": 3.5}),
        ("d.csv", "x\n1\n3\n", {"x": 2.0}),
        ("e.csv", "x\n1,5\n2,5\n", {"x": 2.0}),
        ("f.txt", "a|b\n1.5|2\n2.5|4\n", {"a": 2.0, "b": 3.0}),
        ("g.csv", '"x","note"\n1,"line one\nline two"\n3,"a ""b"" c"\n', {"x": 2.0}),
    ],
)
def test_separators_quotes_and_decimals(tmp_path, name, text, columns):
    path = tmp_path / name
    path.write_text(text)
    ok("fit", path, "-o", tmp_path / "s.json")
    scaler = load(tmp_path / "s.json")
    assert dict(zip(scaler.feature_names_in_, scaler.mean_, strict=True)) == columns
    numbers = read_table(path).select_dtypes("number")
    assert numbers.mean().to_dict() == columns  # the reader of compare is the same


def test_a_compressed_file_and_a_file_of_tabs(tmp_path):
    IDS.to_csv(tmp_path / "ids.csv.gz", index=False)
    ok("fit", tmp_path / "ids.csv.gz", "--by", "device_id", "-o", tmp_path / "s.json")
    ok("transform", tmp_path / "ids.csv.gz", "-s", tmp_path / "s.json", "-o", tmp_path / "o.tsv")
    assert pd.read_csv(tmp_path / "o.tsv", sep="\t")["hu"].tolist() == [-1, 1, -1, 1, -1, 1]
    ok(
        "transform",
        tmp_path / "o.tsv",
        "-s",
        tmp_path / "s.json",
        "--inverse",
        "-o",
        tmp_path / "back.csv.gz",
    )
    np.testing.assert_allclose(pd.read_csv(tmp_path / "back.csv.gz")["hu"], IDS["hu"])


def test_a_date_is_one_thing_in_csv_and_parquet(tmp_path):
    rows = pd.DataFrame(
        {"when": pd.date_range("2024-01-01", periods=3), "x": [1.0, 2.0, 4.0], "t": ["a", None, "b"]}
    )
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    a, b = (read_table(tmp_path / f"rows.{suffix}") for suffix in ("csv", "parquet"))
    assert a["when"].dtype.kind == b["when"].dtype.kind == "M"
    assert a["x"].tolist() == b["x"].tolist()
    assert a["t"].isna().tolist() == b["t"].isna().tolist() == [False, True, False]


def test_options_and_files_that_do_not_go_together_are_refused(tmp_path):
    IDS.to_csv(tmp_path / "ids.csv", index=False)
    ok("fit", tmp_path / "ids.csv", "--by", "device_id", "-o", tmp_path / "s.json")
    (tmp_path / "head.csv").write_text("a,b\n")
    pd.DataFrame({"l": [[1], [2]], "x": [1.0, 2.0]}).to_parquet(tmp_path / "list.parquet")
    before = (tmp_path / "s.json").read_bytes()
    ids, s = tmp_path / "ids.csv", tmp_path / "s.json"
    for arguments, message in (
        (["transform", ids, "-s", s, "-o", s], "--out must not be the scaler itself"),
        (
            ["fit", ids, "--by", "device_id", "--by", "device_id", "-o", s],
            "--by must name each key column once",
        ),
        (["fit", ids, "--column", "hu", "--column", "hu", "-o", s], "--columns must name each column once"),
        (["transform", ids, "-s", tmp_path, "-o", tmp_path / "o.csv"], "must be a file; it is a folder"),
        (["transform", ids, "-s", ids, "-o", tmp_path / "o.csv"], "has written; .*ids.csv.*Not a document"),
        (["fit", tmp_path / "head.csv", "-o", tmp_path / "h.json"], "head.csv' has no rows"),
        (
            ["fit", tmp_path / "list.parquet", "--by", "l", "-o", s],
            "--by must name a column of text, .*'l' holds list",
        ),
        (["fit", ids, "-o", "/dev/null"], "'/dev/null' is a device"),
    ):
        assert re.search(message, refused(*arguments))
    assert s.read_bytes() == before


def test_an_unknown_device_gets_the_advice_of_the_command_line(tmp_path):
    IDS.to_parquet(tmp_path / "ids.parquet")
    IDS.assign(device_id=[101, 101, 102, 102, 999, 999]).to_csv(tmp_path / "new.csv", index=False)
    ok("fit", tmp_path / "ids.parquet", "--by", "device_id", "-o", tmp_path / "s.json")
    new, s, out = tmp_path / "new.csv", tmp_path / "s.json", tmp_path / "o.csv"
    err = refused("transform", new, "-s", s, "-o", out)
    assert "received 1 unknown in column 'device_id', 2 rows: 999." in err
    assert "--handle-unknown global" in err
    assert "handle_unknown=" not in err
    ok("transform", new, "-s", s, "-o", out, "--handle-unknown", "nan")
    assert read(out)["hu"].isna().tolist() == [False] * 4 + [True] * 2
    ok("fit", tmp_path / "ids.parquet", "-o", tmp_path / "plain.json")
    assert "goes with a scaler per group" in refused(
        "transform",
        tmp_path / "ids.parquet",
        "-s",
        tmp_path / "plain.json",
        "-o",
        out,
        "--handle-unknown",
        "nan",
    )


def test_numbers_that_never_repeat_get_no_dictionary_and_those_that_do_get_one(tmp_path):
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"id": rng.integers(0, 9, 5000), "x": rng.normal(size=5000), "few": rng.integers(0, 4, 5000)}
    )
    rows.to_parquet(tmp_path / "rows.parquet")
    ok("fit", tmp_path / "rows.parquet", "--by", "id", "--column", "x", "-o", tmp_path / "s.json")
    ok("fit", tmp_path / "rows.parquet", "--column", "few", "--column", "x", "-o", tmp_path / "p.json")
    for scaler, encoded in (("s", [True, False, True]), ("p", [True, False, True])):
        ok(
            "transform",
            tmp_path / "rows.parquet",
            "-s",
            tmp_path / f"{scaler}.json",
            "-o",
            tmp_path / "o.parquet",
        )
        group = pq.ParquetFile(tmp_path / "o.parquet").metadata.row_group(0)
        columns = [group.column(j) for j in range(3)]
        assert ["RLE_DICTIONARY" in c.encodings for c in columns] == encoded


def script(*arguments, **settings):
    return subprocess.Popen([sys.executable, "-m", "skprep", *map(str, arguments)], text=True, **settings)


def test_what_is_piped_on_is_clean_and_need_not_be_read(tmp_path):
    IDS.to_csv(tmp_path / "ids.csv", index=False)
    arguments = ["fit", tmp_path / "ids.csv", "-o", tmp_path / "s.json"]
    done = script(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate(timeout=60)
    assert (out.splitlines()[0], err) == ("StandardScaler of 2 columns: 'device_id', 'hu'", "")
    (tmp_path / "s.json").unlink()
    reading, writing = os.pipe()
    os.close(reading)  # nobody listens
    process = script(*arguments, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert load(tmp_path / "s.json").n_samples_seen_ == 6


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_whatever_ends_a_command_leaves_nothing_half_written(tmp_path, name):
    path, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(2_000_000, 4)), columns=list("abcd"))
    rows.to_parquet(path)
    save(StandardScaler().fit(rows), tmp_path / "s.json")
    arguments = ["transform", path, "-s", tmp_path / "s.json", "-o", out]
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHEN_IT_READS, *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not is_writing(tmp_path):
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode not in (0, -getattr(signal, name))
    assert "Traceback" not in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet", "s.json"]


def test_help_and_errors_import_nothing_that_they_do_not_need(tmp_path):
    code = "import sys\nfrom skprep.cli import main\ntry:\n    main()\n"
    code += "finally:\n    print(*sys.modules, file=sys.stderr)"
    for arguments in (["--help"], ["fit", "--help"], ["fit", "none.csv", "-o", tmp_path / "s.json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
        )
        loaded = set(done.stderr.split())
        assert not {"sklearn", "scipy", "pandas", "narwhals"} & loaded


def test_the_end_of_a_name_decides_and_its_case_does_not(tmp_path):
    text = "id,x\n1,2\n3,6\n"
    for name in ("my.tsv.csv", "commas.tsv", "BIG.CSV"):
        (tmp_path / name).write_text(text)
        assert "2 columns: 'id', 'x'" in ok("fit", tmp_path / name, "-o", tmp_path / "s.json")
    with gzip.open(tmp_path / "G.csv.GZ", "wt") as file:
        file.write(text)
    ok("fit", tmp_path / "G.csv.GZ", "-o", tmp_path / "s.json")
    ok("transform", tmp_path / "BIG.CSV", "-s", tmp_path / "s.json", "-o", tmp_path / "o.TSV")
    assert (tmp_path / "o.TSV").read_text().splitlines()[1] == "-1\t-1"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_header_alone_has_no_rows(tmp_path, ending):
    (tmp_path / "head.csv").write_bytes(f"id,v{ending}".encode())
    assert "head.csv' has no rows" in refused("fit", tmp_path / "head.csv", "-o", tmp_path / "s.json")
    assert read_table(tmp_path / "head.csv").shape == (0, 2)


@pytest.mark.parametrize("mark", [".", "", "1"])
def test_a_mark_of_thousands_that_is_none_is_refused(tmp_path, mark):
    (tmp_path / "rows.csv").write_text("v\n1.5\n2.5\n")
    err = refused("fit", tmp_path / "rows.csv", "--thousands", mark, "-o", tmp_path / "s.json")
    assert f"not the decimal mark '.'; received {mark!r}" in err


def test_a_cell_that_one_reader_takes_for_a_number_and_another_does_not_is_named(tmp_path):
    (tmp_path / "hex.csv").write_text("dev,hu\na,0x10\na,3\nb,5\n")
    err = refused("fit", tmp_path / "hex.csv", "--by", "dev", "-o", tmp_path / "s.json")
    assert "Column 'hu' of" in err
    assert "received '0x10' in row 0" in err


def test_decimals_are_numbers_in_every_command(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = pa.array([1, 3, 10, 30]).cast(pa.decimal128(21, 1))
    pq.write_table(pa.table({"dev": ["a", "a", "b", "b"], "hu": cells}), tmp_path / "d.parquet")
    assert "1 column, 2 groups in 'dev': 'hu'" in ok(
        "fit", tmp_path / "d.parquet", "--by", "dev", "-o", tmp_path / "s.json"
    )
    ok("transform", tmp_path / "d.parquet", "-s", tmp_path / "s.json", "-o", tmp_path / "o.parquet")
    assert read(tmp_path / "o.parquet")["hu"].tolist() == [-1.0, 1.0, -1.0, 1.0]
    assert read_table(tmp_path / "d.parquet")["hu"].tolist() == [1.0, 3.0, 10.0, 30.0]


def test_a_column_that_is_empty_at_first_is_read_table(tmp_path, monkeypatch):
    monkeypatch.setattr("skprep.backends.files.text.BLOCK", 4096)
    lines = [f"{i},{'' if i < 2990 else 3.5},{'' if i < 2990 else 'x'}" for i in range(3000)]
    (tmp_path / "late.csv").write_text("i,v,t\n" + "\n".join(lines) + "\n")
    whole = read_table(tmp_path / "late.csv")
    assert whole["v"].dropna().tolist() == [3.5] * 10
    assert whole["t"].dropna().tolist() == ["x"] * 10


def test_where_no_group_of_a_file_is_known_it_says_so_once(tmp_path):
    IDS.to_parquet(tmp_path / "ids.parquet")
    pd.DataFrame({"device_id": np.full(500, 7), "hu": np.ones(500)}).to_csv(tmp_path / "new.csv", index=False)
    policy = ["--handle-unknown", "global"]
    ok("fit", tmp_path / "ids.parquet", "--by", "device_id", *policy, "-o", tmp_path / "s.json")
    code, _, err = run("transform", tmp_path / "new.csv", "-s", tmp_path / "s.json", "-o", tmp_path / "o.csv")
    assert code == 0
    assert err.count("Warning: none of the groups of") == 1
    assert "which knows 101, 102, 103" in err


def test_a_key_that_pandas_would_read_as_missing_is_pointed_out(tmp_path):
    (tmp_path / "rows.csv").write_text("id,x\nNA,1\nNA,2\nUS,3\nUS,4\n")
    text = ok("fit", tmp_path / "rows.csv", "--by", "id", "-o", tmp_path / "s.json")
    assert "The key 'NA' is text here; pandas reads it as a missing one" in text


@pytest.mark.parametrize(
    ("text", "mark", "means"),
    [
        ("device;hu\n1;1.234,5\n1;2.234,5\n2;3,5\n2;7,0\n", ".", [1734.5, 5.25]),
        ('device,hu\n1,"1,234.5"\n1,"2,234.5"\n2,3.5\n2,7.0\n', ",", [1734.5, 5.25]),
    ],
)
def test_the_advice_for_thousands_is_the_right_one_and_the_wrong_one_is_refused(tmp_path, text, mark, means):
    (tmp_path / "rows.csv").write_text(text)
    arguments = ["fit", tmp_path / "rows.csv", "--by", "device", "-o", tmp_path / "s.json"]
    assert f"--thousands {mark!r}" in refused(*arguments)
    other = "," if mark == "." else "."
    assert f"not the decimal mark {other!r}; received {other!r}" in refused(*arguments, "--thousands", other)
    ok(*arguments, "--thousands", mark)
    assert load(tmp_path / "s.json").center_[:, 0].tolist() == means


def test_a_mark_that_sets_no_thousands_apart_is_a_slip(tmp_path):
    (tmp_path / "rows.csv").write_text("hu;dose\n1,5;1.5\n2,5;3.5\n4,5;\n")
    err = refused(
        "fit", tmp_path / "rows.csv", "--thousands", ".", "--column", "dose", "-o", tmp_path / "s.json"
    )
    assert "'dose'" in err
    assert not (tmp_path / "s.json").exists()
