"""The commands in pipes, on several files, as JSON, and what they say of columns that should not be there."""

import gzip
import io
import json
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from typer.testing import CliRunner

from skprep import StandardScaler, __version__, load
from skprep.cli import build_app
from skprep.cli.common import SAID

ONE = ("--model", "neighbours", "--folds", 2)


def run(*arguments, stdin=None):
    with joblib.parallel_config(n_jobs=1, backend="sequential"):
        result = CliRunner().invoke(
            build_app(), [str(a) for a in arguments], input=stdin, catch_exceptions=False
        )
    assert SAID == {"quiet": False, "to": "stdout"}
    return result


def line(text):
    return " ".join(text.split())


@pytest.fixture
def wine():
    frame = load_wine(as_frame=True).frame.iloc[:, [0, 4, 12, 13]]
    frame["target"] = frame["target"].map({0: "barolo", 1: "grignolino", 2: "barbera"})
    frame = frame.sample(frac=1.0, random_state=0, ignore_index=True)
    frame.insert(0, "id", np.arange(1, len(frame) + 1))
    frame["flat"] = 7.5
    return frame


@pytest.fixture
def folder(wine, tmp_path):
    train, test = train_test_split(wine, random_state=0)
    train.to_csv(tmp_path / "train.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    wine.to_csv(tmp_path / "wine.csv", index=False)
    return tmp_path


def test_the_version_and_help_with_examples():
    assert run("--version").stdout == f"skprep {__version__}\n"
    text = run("--help").stdout
    for command in ("compare", "fit", "transform", "audit", "drift"):
        assert f"skprep {command} " in text
        own = run(command, "--help").stdout
        assert "For example:" in own
        assert f"skprep {command} " in own
    assert "--install-completion" in text


def test_it_answers_without_what_the_work_needs():
    code = (
        "import sys; from skprep.cli import build_app\n"
        "try: build_app()(['fit', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'pyarrow', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_fit_leaves_out_what_it_is_told_and_says_what_should_be(folder, wine):
    out = folder / "s.json"
    said = line(run("fit", folder / "wine.csv", "--target", "target", "--out", out).stdout)
    assert "Note: constant, and so nothing but shifted: 'flat'" in said
    assert "Note: 'id' numbers the rows, and is scaled. --exclude id leaves it out." in said
    said = line(
        run("fit", folder / "wine.csv", "--target", "target", "--exclude", "id,flat", "--out", out).stdout
    )
    assert "Note" not in said
    scaler = load(out)
    assert list(scaler.feature_names_in_) == ["alcohol", "magnesium", "proline"]
    np.testing.assert_allclose(scaler.mean_, wine[["alcohol", "magnesium", "proline"]].mean())
    run("fit", folder / "wine.csv", "--columns", "alcohol,proline", "--out", out)
    assert list(load(out).feature_names_in_) == ["alcohol", "proline"]
    found = run("fit", folder / "wine.csv", "--exclude", "price", "--out", out)
    assert found.exit_code == 2
    assert "--target or --exclude must name a column of the table; received 'price'" in line(found.stderr)
    robust = ("--scaler", "robust", "--soft-clip", 3, "--columns", "alcohol", "--out", out)
    run("fit", folder / "wine.csv", *robust)
    assert load(out).soft_clip == 3.0
    found = run("fit", folder / "wine.csv", "--scaler", "log", "--soft-clip", 3, "--out", out)
    assert "--soft-clip goes with --scaler standard or robust" in line(found.stderr)


def test_a_pipe_of_fit_and_transform(folder, wine):
    text = wine.to_csv(index=False)
    out = folder / "s.json"
    assert run("fit", "-", "--columns", "alcohol", "--out", out, stdin=text).exit_code == 0
    found = run("transform", "-", "--scaler", out, "--out", "-", stdin=text)
    scaled = pd.read_csv(io.StringIO(found.stdout))
    expected = StandardScaler().fit_transform(wine[["alcohol"]])[:, 0]
    np.testing.assert_allclose(scaled["alcohol"], expected, rtol=1e-12)
    packed = run("transform", "-", "--scaler", out, "--out", "-", stdin=gzip.compress(text.encode()))
    assert packed.stdout == found.stdout
    binary = io.BytesIO()
    wine.to_parquet(binary)
    again = run("transform", "-", "--scaler", out, "--out", "-", "--quiet", stdin=binary.getvalue())
    np.testing.assert_allclose(pd.read_csv(io.StringIO(again.stdout))["alcohol"], expected, rtol=1e-12)
    twice = run("fit", "-", "-", "--out", out, stdin=text)
    assert "There is one stdin; received - twice" in twice.stderr


def test_several_files_and_folders_are_read_as_one(folder, wine):
    out = folder / "s.json"
    files = [folder / "train.csv", folder / "test.csv"]
    run("fit", *files, "--columns", "alcohol", "--out", out)
    np.testing.assert_allclose(load(out).mean_, wine["alcohol"].mean())
    many = folder / "many"
    (many / "inner").mkdir(parents=True)
    wine[:50].to_parquet(many / "a.parquet")
    wine[50:].astype({"magnesium": int}).to_parquet(many / "inner" / "b.parquet")
    run("fit", many, "--columns", "alcohol,magnesium", "--out", out)
    np.testing.assert_allclose(load(out).mean_, wine[["alcohol", "magnesium"]].mean())
    assert run("transform", many, "--scaler", out, "--out", folder / "scaled.parquet").exit_code == 0
    scaled = pd.read_parquet(folder / "scaled.parquet")
    np.testing.assert_allclose(scaled["alcohol"], load(out).transform(wine[["alcohol", "magnesium"]])[:, 0])
    assert len(scaled) == len(wine)
    texts = wine.assign(name="x")[["alcohol", "magnesium", "name"]]
    (folder / "texts").mkdir()
    for end, kind in (("a", pa.string()), ("b", pa.large_string())):
        schema = pa.schema([("alcohol", pa.float64()), ("magnesium", pa.float64()), ("name", kind)])
        pq.write_table(pa.Table.from_pandas(texts, schema=schema), folder / "texts" / f"{end}.parquet")
    assert run("transform", folder / "texts", "-s", out, "-o", folder / "t.parquet").exit_code == 0
    assert pd.read_parquet(folder / "t.parquet")["name"].eq("x").all()
    wine.rename(columns={"proline": "other"}).to_csv(folder / "odd.csv", index=False)
    found = run("fit", files[0], folder / "odd.csv", "--out", out)
    assert "Several files must have the same columns; 'other' is in one of" in line(found.stderr)
    found = run("fit", files[0], many, "--out", out)
    assert "must be all Parquet or all CSV" in line(found.stderr)
    (folder / "empty").mkdir()
    found = run("fit", folder / "empty", "--out", out)
    assert "must hold Parquet files; it has none" in line(found.stderr)
    found = run("transform", many, "--scaler", out, "--out", many / "a.parquet")
    assert "--out must not lie in the table itself" in line(found.stderr)
    found = run("transform", many, "--scaler", out, "--out", many / "new.parquet")
    assert "--out must not lie in the table itself" in line(found.stderr)


def test_separators_and_decimal_marks_that_are_named(folder):
    (folder / "odd.csv").write_text("x;y\n1,5;2\n2,5;4\n", encoding="utf-8")
    out = folder / "s.json"
    run("fit", folder / "odd.csv", "--sep", ";", "--decimal", ",", "--out", out)
    np.testing.assert_allclose(load(out).mean_, [2.0, 3.0])
    (folder / "tabs.tsv").write_text("x\ty\n1.5\t2\n2.5\t4\n", encoding="utf-8")
    run("fit", folder / "tabs.tsv", "--out", out)
    np.testing.assert_allclose(load(out).mean_, [2.0, 3.0])
    for option in (("--sep", ";;"), ("--decimal", "x"), ("--sep", ",", "--decimal", ",")):
        found = run("fit", folder / "odd.csv", *option, "--out", out)
        assert found.exit_code == 2
        assert f"{option[-2]} must be" in line(found.stderr)


def test_quiet_says_nothing(folder):
    out = folder / "s.json"
    assert run("fit", folder / "train.csv", "--columns", "alcohol", "--out", out, "--quiet").stdout == ""
    table = folder / "scaled.csv"
    assert run("transform", folder / "test.csv", "-s", out, "-o", table, "-q").stdout == ""
    assert table.exists()


def test_audit_guards_a_split(folder, wine):
    clear = run("audit", folder / "train.csv", folder / "test.csv", "--target", "target")
    assert clear.exit_code == 0
    assert clear.stdout.startswith(
        "No leak found. Looked for: columns scaled before the split; rows in both;"
    )
    scaled = wine.assign(alcohol=StandardScaler().fit_transform(wine[["alcohol"]]), copy=wine["target"])
    scaled[:120].to_csv(folder / "a.csv", index=False)
    scaled[120:].to_csv(folder / "b.csv", index=False)
    leaky = run("audit", folder / "a.csv", folder / "b.csv", "--target", "target")
    assert leaky.exit_code == 1
    assert "Column 'alcohol' is standardised over training and test rows together" in leaky.stdout
    assert "Column 'copy' is the target in disguise: each of its values is one class" in leaky.stdout
    found = json.loads(
        run("audit", folder / "a.csv", folder / "b.csv", "--target", "target", "--json").stdout
    )
    assert [(leak["kind"], leak["column"]) for leak in found["leaks"]] == [
        ("scaled", "alcohol"),
        ("target", "copy"),
    ]
    by = run("audit", folder / "a.csv", folder / "b.csv", "--by", "target", "--quiet")
    assert by.exit_code == 1
    assert by.stdout.startswith("2 leaks found.")
    assert run("audit", folder / "a.csv", folder / "b.csv", "--exclude", "alcohol,copy").exit_code == 0
    for bad, words in (
        (("--exclude", "idd"), "--exclude must name a column of both tables; received 'idd'"),
        (("--target", "copy", "--by", "copy"), "--by and --target must differ"),
    ):
        found = run("audit", folder / "a.csv", folder / "b.csv", *bad)
        assert found.exit_code == 2
        assert words in line(found.stderr)
    found = run("audit", folder / "a.csv", folder / "train.csv")
    assert "must have the same columns; 'copy' is in one alone" in line(found.stderr)
    bad = run("audit", folder / "a.csv", folder / "b.csv", "--by", "patient")
    assert bad.exit_code == 2
    assert "--by must name a column of both tables; received 'patient', which" in line(bad.stderr)


def test_drift_guards_a_stream(folder, wine):
    out = folder / "s.json"
    run("fit", folder / "train.csv", "--columns", "alcohol,proline", "--out", out)
    same = run("drift", folder / "test.csv", "--scaler", out)
    assert same.exit_code == 0
    assert same.stdout.startswith("No drift found (2 features, 45 rows")
    wine.assign(alcohol=wine["alcohol"] + 2).to_csv(folder / "new.csv", index=False)
    moved = run("drift", folder / "new.csv", "--scaler", out)
    assert moved.exit_code == 1
    assert "- 'alcohol': the mean has moved by 2." in moved.stdout
    found = json.loads(run("drift", folder / "new.csv", "--scaler", out, "--json").stdout)
    assert [row["drifted"] for row in found["features"]] == [True, False]
    assert run("drift", folder / "new.csv", "--scaler", out, "--tolerance", 9).exit_code == 0
    odd = run("drift", folder / "train.csv", "--scaler", out, "--json")
    assert json.loads(odd.stdout)["unseen_groups"] == []
    wine.drop(columns="alcohol").to_csv(folder / "less.csv", index=False)
    found = run("drift", folder / "less.csv", "--scaler", out)
    assert "the columns that the scaler knows; 'alcohol' is missing" in line(found.stderr)
    wine[:0].to_csv(folder / "none.csv", index=False)
    assert "has no rows" in line(run("drift", folder / "none.csv", "--scaler", out).stderr)
    gone = run("drift", folder / "new.csv", "--scaler", folder / "none.json")
    assert gone.exit_code == 2


def test_the_best_pipeline_is_saved_and_its_python_runs(folder, wine):
    best = folder / "best.joblib"
    options = ("--target", "target", "--exclude", "id", "--save-pipeline", best, *ONE)
    found = run("compare", folder / "wine.csv", *options)
    assert found.exit_code == 0
    pipeline = joblib.load(best)
    wine = wine[["alcohol", "magnesium", "proline"]]
    assert set(pipeline.predict(wine)) == {"barolo", "grignolino", "barbera"}
    code = found.stdout[found.stdout.index("import pandas as pd") : found.stdout.index("Pipeline: ")]
    made = {}
    exec(code, made)
    np.testing.assert_array_equal(made["pipeline"].predict(wine), pipeline.predict(wine))
    for bad in ("best.txt", "nowhere/best.joblib"):
        found = run(
            "compare", folder / "wine.csv", "--target", "target", "--save-pipeline", folder / bad, *ONE
        )
        assert found.exit_code == 2
        assert "--save-pipeline must" in line(found.stderr)


def test_the_pipeline_and_its_python_take_the_file_as_it_is(folder, wine):
    wine["when"] = pd.date_range("2024-01-01", periods=len(wine)).astype(str)
    wine["site"] = np.where(np.arange(len(wine)) % 3, "a", None)
    wine["organic"] = np.arange(len(wine)) % 2 == 0
    wine["proline"] = wine["proline"].astype(object)
    wine.loc[3, "proline"] = "bad"
    wine.to_csv(folder / "messy.csv", index=False)
    best = folder / "best.joblib"
    options = ("--target", "target", "--exclude", "id", "--save-pipeline", best, *ONE)
    for more in ((), ("--by", "site")):
        found = run("compare", folder / "messy.csv", *options, *more)
        assert found.exit_code == 0
        assert "column 'when' left out: dates. Make numbers of them first" in line(found.stdout)
        assert "It takes numbers in 'proline': read them as the Python above does" in line(found.stdout)
        code = found.stdout[found.stdout.index("import pandas as pd") : found.stdout.index("Pipeline: ")]
        made = {}
        exec(code, made)
        raw = pd.read_csv(folder / "messy.csv")
        raw["proline"] = pd.to_numeric(raw["proline"], errors="coerce")
        np.testing.assert_array_equal(
            made["pipeline"].predict(raw[made["X"].columns]), joblib.load(best).predict(raw)
        )


def test_two_outputs_that_are_one_and_targets_that_are_none(folder, wine):
    one = folder / "one.joblib"
    found = run("compare", folder / "wine.csv", "--target", "target", "-o", one, "--save-pipeline", one)
    assert "--save-pipeline and --out must differ" in line(found.stderr)
    wine.assign(name=[f"bottle {i % 99}" for i in range(len(wine))]).to_csv(folder / "names.csv", index=False)
    found = run("compare", folder / "names.csv", "--target", "name", *ONE)
    assert "needs a target of few classes; 'name' has 99 different values in 178 rows" in line(found.stderr)
    found = run("compare", folder / "wine.csv", "--target", "proline", *ONE, "--scoring", "roc_auc")
    assert found.exit_code == 2
    assert "k-neighbours behind none cannot be compared" in line(found.stderr)
    quiet = run("compare", folder / "wine.csv", "--target", "target", *ONE, "--quiet").stdout
    assert quiet.startswith("Best: ")
    assert quiet.count("\n") == 1


def test_the_comparison_as_json_with_progress_elsewhere(folder):
    found = run("compare", folder / "wine.csv", "--target", "target", "--json", *ONE, "--scoring", "f1_macro")
    result = json.loads(found.stdout)
    assert result["scoring"] == "f1_macro"
    best = max(result["results"], key=lambda row: row["mean_test_score"])
    assert result["best"]["score"] == pytest.approx(best["mean_test_score"])
    assert result["best"]["scaler"] == result["results"][0]["scaler"]
    assert {row["model"] for row in result["results"]} == {"k-neighbours"}
    assert result["warnings"] == ["column 'id' numbers the rows. Leave it out with --exclude 'id'"]
    assert "make_pipeline" in result["python"]
    bad = run("compare", folder / "wine.csv", "--target", "target", *ONE, "--scoring", "f2")
    assert bad.exit_code == 2
    assert "Take another scorer" in line(bad.stderr)
    bad = run("compare", folder / "wine.csv", "--target", "target", "--model", "forest")
    assert "--model must be one of neighbours, linear, svm; received 'forest'" in line(bad.stderr)


def test_a_copy_of_the_target_is_not_passed_over(folder, wine):
    wine.assign(copy=wine["target"].str.upper()).to_csv(folder / "copy.csv", index=False)
    said = line(run("compare", folder / "copy.csv", "--target", "target", *ONE).stdout)
    assert "Warning: column 'copy' gives the target away: each of its values is one class." in said
    said = line(
        run("compare", folder / "copy.csv", "--target", "target", "--exclude", "copy,id", *ONE).stdout
    )
    assert "Warning" not in said
    assert "column 'copy' left out (--exclude)" in said


def test_later_rows_are_predicted_from_earlier_ones(folder):
    n = 240
    order = np.random.default_rng(0).permutation(n)
    frame = pd.DataFrame({"week": np.arange(n), "x": np.arange(n) % 7 + 0.01 * np.arange(n)})
    frame["units"] = frame["x"] * 3
    frame.loc[order].to_csv(folder / "sales.csv", index=False)
    options = ("--target", "units", "--time", "week", "--model", "linear", "--folds", 3)
    found = run("compare", folder / "sales.csv", *options)
    assert found.exit_code == 0
    assert "rows in the order of 'week': each fold predicts rows later than those" in line(found.stdout)
    for bad, words in (
        (("--time", "day"), "--time must name a column of the table; received 'day'"),
        (("--time", "units"), "--time and --target must differ"),
        (("--time", "week", "--exclude", "week"), "--exclude and --time must differ"),
        (("--time", "week", "--by", "x", "--keep-together"), "two ways to split the rows"),
    ):
        found = run("compare", folder / "sales.csv", "--target", "units", *bad)
        assert found.exit_code == 2
        assert words in line(found.stderr)


@pytest.fixture
def numbered(folder):
    """Scans of devices whose numbers begin with zeros."""
    rng = np.random.default_rng(0)
    device = np.repeat(["007", "012", "101"], 40)
    hu = rng.normal(100, 5, 120) + 40 * (device == "012")
    rows = pd.DataFrame({"device": device, "hu": hu, "noise": rng.normal(5, 1, 120)})
    rows["sick"] = (rng.random(120) < 0.5).astype(int)
    rows.to_csv(folder / "scans.csv", index=False)
    return rows


def test_drift_reads_keys_as_fit_and_transform_do(folder, numbered):
    out = folder / "s.json"
    run("fit", folder / "scans.csv", "--by", "device", "--target", "sick", "--out", out)
    same = run("drift", folder / "scans.csv", "--scaler", out)
    assert same.exit_code == 0
    assert same.stdout.startswith("No drift found (6 features and groups, 120 rows")
    numbered.assign(device=["333"] * 9 + list(numbered["device"][9:])).to_csv(
        folder / "tomorrow.csv", index=False
    )
    found = run("drift", folder / "tomorrow.csv", "--scaler", out)
    assert found.exit_code == 1
    assert "- 1 group is unseen, with 9 of 120 rows: '333'." in found.stdout
    numbered.assign(device=numbered["device"].astype(int)).to_csv(folder / "whole.csv", index=False)
    run("fit", folder / "whole.csv", "--by", "device", "--target", "sick", "--out", out)
    assert run("drift", folder / "whole.csv", "--scaler", out).exit_code == 0


def test_compare_reads_keys_as_fit_does_and_says_so(folder, numbered):
    best, ask = folder / "best.joblib", ("--target", "sick", "--by", "device", *ONE)
    found = run("compare", folder / "scans.csv", *ask, "--save-pipeline", best)
    assert "dtype={'device': str})" in found.stdout
    pipeline = joblib.load(best)
    assert len(pipeline.predict(numbered.drop(columns="sick"))) == 120
    numbered.assign(device=numbered["device"].astype(int)).to_csv(folder / "whole.csv", index=False)
    assert "dtype=" not in run("compare", folder / "whole.csv", *ask).stdout
