"""The command line, run as a person would, on good and bad files."""

import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine
from typer.testing import CliRunner

from skprep.cli import build_app
from skprep.compare import splits
from skprep.compare.candidates import default_scalers as scalers


def run(*arguments):
    """Run ``skprep`` in this process, without others; a traceback would come out as an exception."""
    with joblib.parallel_config(n_jobs=1, backend="sequential"):
        result = CliRunner().invoke(build_app(), [str(a) for a in arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, re.sub(r"\s+", " ", result.stderr)


ONE = ("--model", "neighbours")  # where the test is of the table and not of the models


@pytest.fixture
def one_model(monkeypatch):
    """Tune in two folds, which is quicker."""
    monkeypatch.setattr(splits, "INNER_FOLDS", 2)


@pytest.fixture
def wine():
    table = load_wine(as_frame=True).frame
    table["target"] = table["target"].map({0: "barolo", 1: "grignolino", 2: "barbera"})
    return table.drop(columns=list(table.columns[4:12]))


def save(table, folder, name="table.csv"):
    path = folder / name
    table.to_parquet(path) if name.endswith("parquet") else table.to_csv(path, index=False)
    return path


def test_without_a_file_it_runs_on_bundled_data():
    code, out, _ = run("compare", "--folds", 2, "--max-rows", 100)
    assert code == 0
    assert "breast cancer (bundled): 100 rows, 30 features, 2 folds" in out
    for name in ("StandardScaler", "Robust + soft clip", "Quantile to normal", "RBF SVM", "Best: "):
        assert name in out


@pytest.mark.parametrize("name", ["table.csv", "table.parquet", "table.csv.gz"])
def test_a_classification_table_gets_accuracies(wine, tmp_path, name, one_model):
    code, out, _ = run("compare", save(wine, tmp_path, name), "--target", "target", "--folds", 2, *ONE)
    assert code == 0
    assert "accuracy" in out
    scores = [float(s) for s in re.findall(r"│\s+(\d\.\d{4}) │", out)]
    assert len(scores) == len(scalers())
    assert 0.8 < max(scores) <= 1.0


def test_a_regression_table_gets_r2(tmp_path):
    path = save(load_diabetes(as_frame=True).frame, tmp_path)
    code, out, _ = run("compare", path, "--target", "target", "--folds", 2, *ONE)
    assert code == 0
    assert "R²" in out
    assert "k-neighbours" in out


def test_the_report_is_one_page_that_loads_nothing(wine, tmp_path, one_model):
    wine = wine.rename(columns={wine.columns[0]: "<script>alert(1)</script>"})
    out_file = tmp_path / "report.html"
    path = save(wine, tmp_path)
    code, _, _ = run("compare", path, "--target", "target", "--folds", 2, "--out", out_file, *ONE)
    page = out_file.read_text(encoding="utf-8")
    assert code == 0
    assert "http" not in page
    assert "<script>" not in page
    assert page.count("<tr") == 1 + len(scalers())
    assert page.count("<svg") == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


def test_messy_columns_get_a_sensible_result(wine, tmp_path, one_model):
    rng = np.random.default_rng(0)
    wine["region"] = rng.choice(["north", "south", None], len(wine))
    wine["id"] = [f"bottle {i}" for i in range(len(wine))]
    wine["always"] = 3.0
    wine["empty"] = np.nan
    wine["organic"] = rng.random(len(wine)) < 0.5
    wine["bottled"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, len(wine)), "D")
    wine.loc[::7, "alcohol"] = np.nan
    wine.loc[::11, "target"] = None
    path = save(wine, tmp_path, "messy.parquet")
    code, out, _ = run("compare", path, "--target", "target", "--folds", 2, *ONE)
    out = re.sub(r"\s+", " ", out)
    assert code == 0
    assert "17 rows without a target left out" in out
    assert "column 'id' left out: neither numbers nor categories (161 different texts)" in out
    assert "column 'region': 2 categories, one column each" in out
    assert "column 'always' left out: constant" in out
    assert "column 'empty' left out: empty" in out
    assert "missing values: filled with the median of the training rows" in out


def test_rows_of_one_group_stay_together(tmp_path, one_model):
    # The group alone decides the class: a model sees nothing of it in the other groups.
    rng = np.random.default_rng(0)
    device = np.repeat(np.arange(20), 10)
    table = pd.DataFrame({"x": device + 0.01 * rng.normal(size=200), "device": device})
    table["target"] = np.where(rng.permutation(20) % 2, "a", "b")[device]
    path = save(table, tmp_path)

    def best(*options):
        code, out, _ = run("compare", path, "--target", "target", "--folds", 3, *options, *ONE)
        assert code == 0
        out = re.sub(r"\s+", " ", out)
        return float(re.search(r"Best: .* (\d\.\d+) ±", out).group(1)), out

    score, out = best()
    assert score > 0.95  # the device is in the training rows
    assert "by group" not in out
    table["device"] = table["device"].astype(str).where(table["device"] != 3)  # a missing key is a group too
    save(table, tmp_path)
    score, out = best("--by", "device", "--keep-together")
    assert score < 0.85
    assert "'device' are kept together in a fold: every test row comes from a group" in out
    assert "by group" not in out


def test_per_group_scaling_wins_where_devices_differ(tmp_path, one_model):
    rng = np.random.default_rng(0)
    device = np.repeat(["a", "b", "c"], 60)
    y = rng.integers(0, 2, 180)
    offset = np.repeat([0.0, 50.0, -80.0], 60)
    table = pd.DataFrame(
        {"x": y * 3 + rng.normal(size=180) + offset, "z": rng.normal(size=180), "device": device}
    )
    table["target"] = y
    path = save(table, tmp_path)
    code, out, _ = run("compare", path, "--target", "target", "--by", "device", "--folds", 3, *ONE)
    out = re.sub(r"\s+", " ", out)
    assert code == 0
    assert re.search(r"Best: \w+ by group", out)
    assert "3 groups in 'device'" in out
    assert "are spread over the folds: every test row meets a group of the training rows" in out


def test_a_large_table_is_represented_by_some_of_its_rows(wine, tmp_path, one_model):
    path = save(wine, tmp_path)
    code, out, _ = run("compare", path, "--target", "target", "--folds", 2, "--max-rows", 90, *ONE)
    assert code == 0
    assert "90 of 178 rows, drawn at random (--max-rows)" in out


BAD_FILES = {
    "missing.csv": (None, "There is no file"),
    "empty.csv": ("", "is empty. It must hold a header and rows"),
    "header.csv": ("a,b,target\n", "has no rows"),
    "table.xlsx": ("x", "must end in .parquet or .csv"),
    "broken.parquet": ("not parquet", "cannot be read as a table"),
    "binary.csv": (b"\xff\xfe\x00\x00\x81", "cannot be read as a table"),
    "one_class.csv": (
        "a,b,target\n" + "1,2,x\n" * 30,
        "at least two classes; the target 'target' is 'x'",
    ),
    "rare.csv": (
        "a,b,target\n" + "1,2,x\n" * 9 + "1,3,y\n",
        "need at least two classes with 5 rows each",
    ),
    "no_target.csv": ("a,b,target\n" + "1,2,\n" * 9, "must have values; all 9 rows are empty"),
    "text.csv": ("a,target\n" + "u,x\nv,y\n" * 20, "at least one numeric column that varies"),
    "constant.csv": ("a,target\n" + "1,x\n1,y\n" * 20, "at least one numeric column that varies"),
    "infinite.csv": ("a,target\n" + "inf,x\n1,y\n2,x\n" * 9, "column 'a' holds an infinite value"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_a_sentence_and_exit_code_2(tmp_path, name):
    content, message = BAD_FILES[name]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = run("compare", path, "--target", "target")
    assert code == 2
    assert message in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--target must name the column to predict. The columns are: 'alcohol'"),
        (["--target", "price"], "--target must name a column of the table; received 'price'"),
        (["--target", "target", "--by", "winery"], "--by must name a column of the table"),
        (["--target", "target", "--keep-together"], "--keep-together needs --by"),
        (["--target", "target", "--by", "target"], "--by and --target must differ"),
        (["--target", "target", "--task", "regression"], "Regression needs a numeric target"),
        (
            ["--target", "target", "--by", "few", "--keep-together"],
            "as many groups as there are folds (5); 'few' has 2",
        ),
        (
            ["--target", "target", "--out", "nowhere/report.html"],
            "--out must be a file in an existing folder",
        ),
    ],
)
def test_bad_options_get_a_sentence(wine, tmp_path, options, message):
    wine["few"] = np.arange(len(wine)) % 2
    code, _, err = run("compare", save(wine, tmp_path), *options)
    assert code == 2
    assert message in err


def test_a_target_without_a_file_is_refused():
    assert run("compare", "--target", "target")[::2] == (
        2,
        "Error: --target and --by go with a FILE; without one, bundled data are used. ",
    )


def test_a_group_split_that_cannot_be_trained_gets_a_sentence(tmp_path):
    # Two groups hold one class each: some training fold has a single class.
    table = pd.DataFrame({"x": np.arange(40.0), "g": np.arange(40) // 20, "target": np.arange(40) // 20})
    path = save(table, tmp_path)
    code, _, err = run("compare", path, "--target", "target", "--by", "g", "--keep-together", "--folds", 2)
    assert code == 2
    assert "cannot be split and fitted" in err


def test_the_table_itself_is_never_overwritten(wine, tmp_path):
    path = save(wine, tmp_path)
    before = path.read_bytes()
    code, _, err = run("compare", path, "--target", "target", "--out", path)
    assert code == 2
    assert "--out must not be the table itself" in err
    assert path.read_bytes() == before


def test_a_narrow_far_off_column_is_pictured(wine, tmp_path, one_model):
    wine.insert(0, "when", 1e16 + 2.0 * (np.arange(len(wine)) % 4))
    out_file = tmp_path / "report.html"
    path = save(wine, tmp_path, "[red]wine.parquet")
    code, out, _ = run("compare", path, "--target", "target", "--folds", 2, "--out", out_file, *ONE)
    assert code == 0
    assert "[red]wine.parquet" in out
    assert ">when<" in out_file.read_text(encoding="utf-8")


def test_an_interrupted_report_leaves_the_old_one(wine, tmp_path, monkeypatch, one_model):
    out_file = tmp_path / "report.html"
    out_file.write_text("old")
    monkeypatch.setattr("skprep.atomic.os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    path = save(wine, tmp_path)
    code, _, err = run("compare", path, "--target", "target", "--folds", 2, "--out", out_file, *ONE)
    assert code == 2
    assert "cannot be written: disk full" in err
    assert out_file.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "table.csv"]


def test_without_the_extra_the_script_names_it(tmp_path):
    for module in ("typer", "rich"):
        code = f"import sys; sys.modules[{module!r}] = None; import skprep.cli; skprep.cli.main()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 1
        assert "pip install 'skprep[cli]'" in done.stderr
        assert "Traceback" not in done.stderr
