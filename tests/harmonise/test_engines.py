"""ComBat where the rows are: frames of every library, lazy engines, Dask, files."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skprep import ComBat, merge

FEATURES = ["far", "near", "gaps"]
COVARIATES = ["age", "smoker", "stage"]


def table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "row": np.arange(n),
            "site": rng.choice(["a", "b", "ü", None], n),
            "far": rng.normal(size=n) + 1e8,
            "age": rng.integers(20, 80, n),
            "near": rng.normal(size=n) * 1e-3,
            "smoker": rng.random(n) < 0.3,
            "gaps": rng.normal(size=n),
            "stage": rng.choice(["i", "ii", "iii"], n),
        }
    )
    frame["near"] += 1e-4 * frame.age
    frame["far"] += np.where(frame.site == "b", 3.0, 0.0) + 0.1 * frame.smoker
    frame.loc[::9, "gaps"] = np.nan
    return frame


def assert_near(found, expected):
    """Equal to a few of the last digits of the value, or to 1e-9 spreads."""
    for name in expected:
        theirs = expected[name].to_numpy()
        ours = found[name].to_numpy(dtype=float, na_value=np.nan)
        atol = 1e-9 * np.nanstd(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-15, atol=atol, equal_nan=True, err_msg=name)


@pytest.mark.parametrize("settings", [{}, {"reference": "b", "empirical_bayes": False}])
def test_every_engine_gives_the_answer_of_the_frame(engine, settings):
    rows = table()
    combat = ComBat("site", covariates=COVARIATES, keep_by=True, **settings)
    columns = [c for c in rows if c != "row"]
    eager = clone(combat).fit(rows[columns])
    expected = eager.transform(rows[columns])[FEATURES]
    learnt = clone(combat).fit(engine.select(engine.make(rows), columns))
    assert learnt.groups_.tolist() == ["a", "b", "ü", None]
    assert learnt.covariate_names_ == eager.covariate_names_
    for name in ("coef_", "pooled_variance_", "gamma_", "delta_", "n_samples_seen_"):
        np.testing.assert_allclose(getattr(learnt, name), getattr(eager, name), rtol=1e-6, atol=1e-9)
    for fitted in (learnt, eager):
        if engine.is_lazy:  # all columns may be there
            result = engine.collect(fitted.transform(engine.make(rows)))
            assert list(result) == list(rows)
            pd.testing.assert_series_equal(result["age"], rows["age"], check_dtype=False)
        else:
            result = fitted.transform(engine.make(rows[columns]))
            result = result if isinstance(result, pd.DataFrame) else result.to_pandas()
        assert_near(result, expected)
        back = fitted.inverse_transform(engine.make(result if engine.is_lazy else result[columns]))
        back = engine.collect(back) if engine.is_lazy else back
        back = back if isinstance(back, pd.DataFrame) else back.to_pandas()
        assert_near(back, rows[FEATURES])


def test_what_is_lazy_refuses_what_a_frame_refuses(lazy_engine):
    rows = table()
    columns = [c for c in rows if c != "row"]
    combat = ComBat("site", covariates=COVARIATES).fit(rows[columns])
    for change, message in (
        ({"stage": "iv"}, "Covariate 'stage' must have a level that fit has seen .*; received 'iv'"),
        (
            {"stage": np.where(rows.index == 7, None, rows.stage)},
            "Covariate 'stage' must be known and finite in every row",
        ),
        ({"age": np.where(rows.index == 7, np.nan, rows.age)}, "Covariate 'age' must be known and finite"),
        ({"site": np.where(rows.index == 7, "z", rows.site)}, "ComBat knows the 4 groups.*1 rows: 'z'"),
    ):
        with pytest.raises(ValueError, match=message):
            lazy_engine.collect(combat.transform(lazy_engine.make(rows.assign(**change))))
        if "site" not in change and "iv" not in message:
            with pytest.raises(ValueError, match=message):
                clone(combat).fit(lazy_engine.select(lazy_engine.make(rows.assign(**change)), columns))
    new = rows.assign(site=np.where(rows.index < 7, "z", rows.site))
    combat.set_params(handle_unknown="global")
    result = lazy_engine.collect(combat.transform(lazy_engine.make(new)))
    np.testing.assert_array_equal(result.near[:7], rows.near[:7])
    result = lazy_engine.collect(combat.set_params(handle_unknown="nan").transform(lazy_engine.make(new)))
    assert result.near[:7].isna().all()
    assert result.near[7:].notna().all()


def test_rows_here_and_rows_there_merge():
    pl = pytest.importorskip("polars")
    rows = table()[["site", *FEATURES, *COVARIATES]]
    combat = ComBat("site", covariates=COVARIATES)
    lazy = clone(combat).partial_fit(pl.from_pandas(rows[:150]).lazy())
    both = merge([lazy, clone(combat).partial_fit(rows[150:])])
    whole = clone(combat).fit(rows)
    np.testing.assert_allclose(both.gamma_, whole.gamma_, rtol=1e-6, atol=1e-9)
    lazy.partial_fit(pl.from_pandas(rows[150:]).lazy())
    np.testing.assert_allclose(lazy.gamma_, whole.gamma_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_files_on_the_command_line(tmp_path, ending, monkeypatch):
    typer = pytest.importorskip("typer.testing")
    from skprep.backends.files import learning, transforming
    from skprep.cli import build_app

    monkeypatch.setattr(learning, "ROWS", 100)
    monkeypatch.setattr(transforming, "ROWS", 90)

    def run(*arguments):
        done = typer.CliRunner().invoke(build_app(), [str(a) for a in arguments], catch_exceptions=False)
        return done.exit_code, done.stdout, " ".join(done.stderr.split())

    rows = table().assign(note="x", smoker=lambda t: np.where(t.smoker, "yes", "no"))
    rows["site"] = rows.site.fillna("c")
    path, scaler, out = tmp_path / f"rows.{ending}", tmp_path / "combat.json", tmp_path / f"out.{ending}"
    write, read = (f"to_{ending}", getattr(pd, f"read_{ending}"))
    getattr(rows, write)(path, index=False)
    options = ["--scaler", "combat", "--by", "site", *(w for c in COVARIATES for w in ("--covariate", c))]
    features = [w for c in FEATURES for w in ("--column", c)]
    code, said, _ = run("fit", path, *options, *features, "-o", scaler)
    assert code == 0
    assert "ComBat of 3 columns, 4 groups in 'site', covariates 'age', 'smoker', 'stage' kept" in said
    assert run("transform", path, "-s", scaler, "-o", out)[0] == 0
    result = read(out)
    assert list(result) == list(rows)
    expected = ComBat("site", covariates=COVARIATES).fit_transform(rows[["site", *FEATURES, *COVARIATES]])
    assert_near(result, pd.DataFrame(expected, columns=FEATURES))
    assert run("transform", out, "-s", scaler, "-o", tmp_path / f"back.{ending}", "--inverse")[0] == 0
    assert_near(read(tmp_path / f"back.{ending}"), rows[FEATURES])
    getattr(rows.assign(stage="iv"), write)(path, index=False)
    code, _, error = run("transform", path, "-s", scaler, "-o", tmp_path / f"no.{ending}")
    assert code == 2
    assert "In the 90 rows from row 0 on: Covariate 'stage' must have a level that fit has seen" in error
    for wrong, message in (
        (["--scaler", "combat"], "--scaler combat needs --by"),
        (["--covariate", "age"], "--covariate goes with --scaler combat"),
        ([*options, "--column", "age"], "--covariate and --columns must differ; received 'age' for both"),
        (
            [*options, "--covariate", "height"],
            "--covariate must name a column of the table; received 'height'",
        ),
    ):
        code, _, error = run("fit", path, *wrong, "-o", tmp_path / "no.json")
        assert code == 2
        assert message in error
    assert not (tmp_path / "no.json").exists()
