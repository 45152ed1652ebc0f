"""``skprep fit`` and ``skprep transform``, run as a person would, on good and bad files."""

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

from skprep import GroupScaler, LogScaler, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, load
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
    for module in ("fit", "transform"):
        monkeypatch.setattr(f"skprep.cli.{module}.ROWS", 77)


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
        ("good.parquet", ["--column", "nope"], "--column must name a column of the table; received 'nope'"),
        (
            "good.parquet",
            ["--column", "t"],
            "--column must name columns of numbers; received 't', which holds",
        ),
        ("good.parquet", ["--column", "x", "--by", "x"], "--by and --column must differ"),
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


@pytest.mark.parametrize("command", ["fit", "transform"])
def test_an_interrupt_leaves_the_file_that_was_there(tmp_path, command):
    path, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.normal(size=(3_000_000, 4)), columns=list("abcd")).to_parquet(path)
    assert run("fit", path, "-o", tmp_path / "s.json")[0] == 0
    kept = tmp_path / "s.json" if command == "fit" else out
    out.write_bytes(b"old")
    before = kept.read_bytes()
    arguments = ["fit", path, "--scaler", "robust", "-o", kept]
    if command == "transform":
        arguments = ["transform", path, "-s", tmp_path / "s.json", "-o", out]
    code = "from skprep.cli import main; import skprep.cli.fit as fit\n"
    code += "import skprep.cli.transform as t; fit.ROWS = t.ROWS = 500; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started = time.monotonic()
    while time.monotonic() - started < 30:  # until it writes, or for a fit has had time to read
        if command == "transform" and any(
            p.suffix == ".tmp" and p.stat().st_size for p in tmp_path.iterdir()
        ):
            break
        if command == "fit" and time.monotonic() - started > 4:
            break
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
    monkeypatch.setattr("skprep.cli.fit.SKETCHES", 1)
    assert run("fit", path, *options, "-o", tmp_path / "parts.json")[0] == 0
    assert (tmp_path / "parts.json").read_text() == (tmp_path / "whole.json").read_text()
