"""ComBat: equal to plain loops and to another package, and the laws that it promises."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skprep import ComBat, GroupScaler, RobustScaler, StandardScaler, from_json, merge, to_json

from .oracle import harmonised

SETTINGS = [
    {},
    {"parametric": False},
    {"mean_only": True},
    {"parametric": False, "mean_only": True},
    {"empirical_bayes": False},
    {"empirical_bayes": False, "mean_only": True},
    {"reference": "b"},
    {"reference": "b", "parametric": False},
    {"reference": "b", "mean_only": True},
    {"reference": "b", "empirical_bayes": False},
]


def sites(n_rows=90, n_features=12, seed=0, site_names="abcd"):
    """A frame of sites, three covariates and features that depend on all of them."""
    rng = np.random.default_rng(seed)
    site = np.array(list(site_names))[np.arange(n_rows) % len(site_names)]
    age = rng.normal(60, 12, n_rows)
    sex = np.where(rng.random(n_rows) < 0.4, "m", "f")
    stage = rng.choice(["i", "ii", "iii"], n_rows)
    effect = {s: (rng.normal(0, 2, n_features), rng.uniform(0.5, 2, n_features)) for s in site_names}
    Y = rng.normal(size=(n_rows, n_features))
    for s, (shift, scale) in effect.items():
        Y[site == s] = Y[site == s] * scale + shift
    Y += np.outer(age, rng.normal(0, 0.1, n_features)) + np.outer(sex == "m", rng.normal(size=n_features))
    Y += 50.0
    frame = pd.DataFrame(Y, columns=[f"y{j}" for j in range(n_features)])
    frame.insert(0, "site", site)
    frame.insert(2, "age", age)
    frame["sex"], frame["stage"] = sex, stage
    return frame


COVARIATES = ["age", "sex", "stage"]


def taken_apart(frame):
    Y = frame[[c for c in frame if c.startswith("y")]].to_numpy()
    levels = [frame.sex == "m", frame.stage == "ii", frame.stage == "iii"]
    return Y, frame.site.to_numpy(), np.column_stack([frame.age, *levels]).astype(float)


def assert_near(a, b, tolerance=1e-9):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("settings", SETTINGS)
def test_it_equals_the_loops_of_the_papers(settings):
    frame = sites()
    Y, site, Z = taken_apart(frame)
    own = {k: v for k, v in settings.items() if k != "reference"}
    combat = ComBat("site", covariates=COVARIATES, **settings)
    assert_near(
        combat.fit_transform(frame), harmonised(Y, site, Z, reference=settings.get("reference"), **own)
    )
    plain = frame.drop(columns=COVARIATES)
    expected = harmonised(Y, site, Z[:, :0], reference=settings.get("reference"), **own)
    assert_near(ComBat("site", **settings).fit_transform(plain), expected)


@pytest.mark.parametrize(
    "settings", [{}, {"parametric": False}, {"mean_only": True}, {"eb": False}, {"ref_batch": "b"}]
)
def test_it_agrees_with_neurocombat(settings, monkeypatch, capsys):
    neurocombat = pytest.importorskip("neuroCombat")
    if not hasattr(np, "int"):  # which it still names
        monkeypatch.setattr(np, "int", int, raising=False)
    frame = sites(n_features=37)
    Y, _, _ = taken_apart(frame)
    theirs = neurocombat.neuroCombat(
        dat=Y.T,
        covars=frame[["site", *COVARIATES]],
        batch_col="site",
        categorical_cols=["sex", "stage"],
        continuous_cols=["age"],
        **settings,
    )["data"].T
    names = {"eb": "empirical_bayes", "ref_batch": "reference"}
    own = {names.get(k, k): v for k, v in settings.items()}
    assert_near(ComBat("site", covariates=COVARIATES, **own).fit_transform(frame), theirs, 1e-6)


@pytest.mark.parametrize("settings", SETTINGS)
def test_batches_and_merged_parts_equal_one_fit(settings):
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES, **settings)
    whole = clone(combat).fit(frame)
    by_batches = clone(combat)
    shuffled = frame.sample(frac=1, random_state=0)
    for rows in np.array_split(np.arange(len(frame)), 5):
        by_batches.partial_fit(shuffled.iloc[rows])
    merged = merge([clone(combat).partial_fit(part) for _, part in frame.groupby("site")])
    halves = merge([clone(combat).partial_fit(frame[i::2]) for i in (0, 1)])
    for other in (by_batches, merged, halves):
        assert list(other.groups_) == ["a", "b", "c", "d"]
        assert other.covariate_names_ == ["age", "sex_f", "sex_m", "stage_i", "stage_ii", "stage_iii"]
        for name in ("coef_", "intercept_", "pooled_variance_", "gamma_", "delta_", "n_samples_seen_"):
            assert_near(getattr(other, name), getattr(whole, name))
        assert_near(other.transform(frame), whole.transform(frame))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_row_alone_is_the_row_among_others(settings, dtype):
    frame = sites()
    features = {c: dtype for c in frame if c.startswith("y")}
    frame = frame.astype(features)
    combat = ComBat("site", covariates=COVARIATES, keep_by=True, **settings).fit(frame)
    together = combat.transform(frame)
    for i in (0, 17, 89):
        alone = combat.transform(frame.iloc[[i]])
        pd.testing.assert_frame_equal(alone, together.iloc[[i]], rtol=0, atol=0)
    assert together.dtypes["y3"] == dtype
    back = combat.inverse_transform(together)
    tolerance = 1e-9 if dtype == np.float64 else 1e-5
    assert_near(back[list(features)], frame[list(features)], tolerance)


@pytest.mark.parametrize("settings", SETTINGS[:6])
def test_the_order_of_rows_sites_and_features_makes_no_difference(settings):
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES, **settings).set_output(transform="pandas")
    expected = clone(combat).fit(frame).transform(frame)
    other = frame.sample(frac=1, random_state=3)[frame.columns[::-1]]
    other["site"] = other["site"].map({"a": "z", "b": "y", "c": "x", "d": "w"})
    result = clone(combat).fit(other).transform(other)
    assert_near(result.loc[frame.index, list(expected)], expected)


def test_without_covariates_and_empirical_bayes_it_is_a_group_scaler_up_to_divisors():
    frame = sites()[["site", "y0", "y1", "y2"]]
    combat = ComBat("site", empirical_bayes=False).fit(frame)
    scaler = GroupScaler(StandardScaler(), by="site", units="global").fit(frame)
    n = frame.groupby("site").size().loc[frame.site].to_numpy()[:, None]
    # ComBat divides by n - 1 within a site and brings it to the spread within sites; the other by n, to
    # that of all.
    z = (combat.transform(frame) - frame.iloc[:, 1:].mean().to_numpy()) / np.sqrt(combat.pooled_variance_)
    z_scores = (scaler.transform(frame) - scaler.global_center_) / scaler.global_scale_
    assert_near(z * np.sqrt(n / (n - 1)), z_scores)


@given(scale=st.sampled_from([1e-150, 3e-20, 7e9, 1e12, 1e150]), shift=st.sampled_from([0.0, 1e6]))
def test_units_make_no_difference(scale, shift):
    frame = sites(n_rows=40, n_features=4)
    names = [c for c in frame if c.startswith("y")]
    combat = ComBat("site", covariates=COVARIATES)
    expected = combat.fit_transform(frame)
    other = frame.copy()
    other[names] = (other[names] + shift) * scale
    assert_near(combat.fit_transform(other) / scale - shift, expected, 1e-7 if shift else 1e-9)


def test_a_feature_far_from_zero_loses_no_digits():
    frame = sites(n_features=3)
    combat = ComBat("site", covariates=["age"])
    frame = frame.drop(columns=["sex", "stage"])
    near = combat.fit_transform(frame)
    frame[["y0", "y1", "y2"]] += 2.0**40
    frame["age"] += 2.0**30
    assert_near(combat.fit_transform(frame) - 2.0**40, near, 1e-3)  # rounded to 1e-4 on the way in


def test_whole_weights_are_repeated_rows_and_zero_is_no_row():
    frame = sites()
    weight = np.arange(len(frame)) % 3
    combat = ComBat("site", covariates=COVARIATES)
    weighted = clone(combat).fit(frame, sample_weight=weight)
    repeated = clone(combat).fit(frame.loc[frame.index.repeat(weight)])
    for name in ("coef_", "gamma_", "delta_", "n_samples_seen_", "pooled_variance_"):
        assert_near(getattr(weighted, name), getattr(repeated, name))


def test_missing_values_are_left_out_feature_by_feature():
    frame = sites(n_features=6)
    frame.loc[::5, "y1"] = np.nan
    combat = ComBat("site", covariates=COVARIATES, empirical_bayes=False).fit(frame)
    present = frame[frame.y1.notna()]
    alone = ComBat("site", covariates=COVARIATES, empirical_bayes=False).fit(present)
    for name in ("coef_", "pooled_variance_"):
        assert_near(getattr(combat, name)[1], getattr(alone, name)[1])
    assert_near(combat.gamma_[:, 1], alone.gamma_[:, 1])
    result = combat.transform(frame)
    assert np.array_equal(np.isnan(result[:, 1]), frame.y1.isna())
    assert_near(result[frame.y1.notna(), 1], alone.transform(present)[:, 1])
    parts = [ComBat("site", covariates=COVARIATES, empirical_bayes=False) for _ in range(3)]
    parts = merge([p.partial_fit(frame[i::3]) for i, p in enumerate(parts)])
    assert_near(parts.transform(frame), result)


def test_a_site_without_a_value_leaves_the_feature_and_a_feature_without_any_stays():
    frame = sites(n_features=4)
    frame.loc[frame.site == "c", "y2"] = np.nan
    frame["y3"] = np.nan
    combat = ComBat("site", covariates=["age"]).fit(frame.drop(columns=["sex", "stage"]))
    assert (combat.gamma_[2, 2], combat.delta_[2, 2]) == (0.0, 1.0)
    new = sites(n_features=4).drop(columns=["sex", "stage"])
    result = combat.transform(new)
    c = (new.site == "c").to_numpy()
    assert np.array_equal(result[c, 2], new.y2[c])
    assert np.array_equal(result[:, 3], new.y3)
    assert np.isnan(combat.intercept_[3])


def test_constants_are_left_alone_and_tell_the_others_nothing():
    frame = sites(n_features=5)
    plain = ComBat("site", covariates=COVARIATES).fit(frame)
    frame["y5"], frame["y6"] = 0.1, frame.site.map({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0})
    frame["y7"] = np.where(frame.site == "a", 7.0, frame.y0)
    combat = ComBat("site", covariates=COVARIATES).fit(frame)
    result = combat.transform(frame)
    assert np.array_equal(result[:, 5], frame.y5)
    assert np.ptp(result[:, 6]) < 1e-12  # brought to one value
    assert (combat.delta_[:, 6] == 1).all()
    assert (combat.delta_[0, 7], combat.pooled_variance_[5]) == (1.0, 0.0)
    site_a = plain.groups_ == "a"
    assert_near(combat.gamma_[site_a][:, :5], plain.gamma_[site_a])


def test_a_site_of_one_row_is_shifted_and_no_more():
    frame = sites()
    lone = pd.concat([frame, frame.iloc[[0]].assign(site="lone")], ignore_index=True)
    combat = ComBat("site", covariates=COVARIATES).fit(lone)
    assert (combat.delta_[-1] == 1).all()
    assert (combat.gamma_[-1] != 0).all()
    assert np.isnan(combat.delta_shape_[-1])
    assert (combat.delta_[0] != 1).all()


def test_one_feature_is_harmonised_without_empirical_bayes_and_says_so():
    frame = sites()[["site", "age", "y0"]]
    with pytest.warns(UserWarning, match="one feature, and empirical Bayes learns across features"):
        one = ComBat("site", covariates=["age"]).fit(frame)
    plain = ComBat("site", covariates=["age"], empirical_bayes=False).fit(frame)
    assert np.array_equal(one.transform(frame), plain.transform(frame))


def test_a_sixth_site_is_added_and_moves_nothing():
    frame = sites(n_rows=120)
    new = sites(n_rows=40, seed=5, site_names="e")
    combat = ComBat("site", covariates=COVARIATES, keep_by=True).fit(frame)
    before = combat.transform(frame)
    old = {name: getattr(combat, name).copy() for name in ("coef_", "pooled_variance_", "gamma_", "delta_")}
    combat.add_sites(new)
    assert list(combat.groups_) == ["a", "b", "c", "d", "e"]
    pd.testing.assert_frame_equal(combat.transform(frame), before, rtol=0, atol=0)
    for name, value in old.items():
        assert np.array_equal(getattr(combat, name)[: len(value)], value)
    Y, _, Z = taken_apart(new)
    design = np.column_stack([Z[:, 0], Z[:, 1] == 0, Z[:, 1], (Z[:, 2:] == 0).all(axis=1), Z[:, 2:]])
    expected = combat.intercept_ + design @ combat.coef_.T
    s = (Y - expected) / np.sqrt(combat.pooled_variance_)
    hat, n = s.mean(axis=0), len(s)
    t2, d = combat.gamma_variance_[-1], combat.delta_[-1]
    assert_near(combat.gamma_mean_[-1], hat.mean())
    assert_near(combat.gamma_[-1], (n * t2 * hat + d * hat.mean()) / (n * t2 + d), 1e-3)
    residual = combat.transform(new)[[c for c in frame if c.startswith("y")]] - expected
    assert abs(residual.mean().mean()) < 0.1
    with pytest.raises(ValueError, match="received rows of 'a', which is"):
        combat.add_sites(frame)
    with pytest.raises(ValueError, match=r"level that fit has seen.*received 'iv'"):
        combat.add_sites(new.assign(site="f", stage="iv"))
    assert list(combat.groups_) == ["a", "b", "c", "d", "e"]


def test_unknown_sites():
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES).fit(frame)
    new = frame.assign(site=np.where(frame.site == "a", "z", frame.site))
    with pytest.raises(
        ValueError, match=r"ComBat knows the 4 groups.*1 unknown in column 'site', 23 rows: 'z'"
    ):
        combat.transform(new)
    z = (new.site == "z").to_numpy()
    names = [c for c in frame if c.startswith("y")]
    known = combat.transform(frame)
    for policy, expected in (("global", frame[names].to_numpy()[z]), ("nan", np.full((23, 12), np.nan))):
        result = combat.set_params(handle_unknown=policy).transform(new)
        assert np.array_equal(result[z], expected, equal_nan=True)
        assert np.array_equal(result[~z], known[~z])


def test_the_reference_stays_as_it_is():
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES, reference="b").fit(frame)
    b = (frame.site == "b").to_numpy()
    assert np.array_equal(combat.transform(frame)[b], frame.loc[b, [c for c in frame if c.startswith("y")]])
    with pytest.raises(ValueError, match="reference must be a site of the training rows; received 'q'"):
        ComBat("site", covariates=COVARIATES, reference="q").fit(frame)


def test_what_cannot_be_told_apart_is_refused():
    frame = sites()
    frame["country"] = frame.site.map({"a": "x", "b": "x", "c": "y", "d": "y"})
    with pytest.raises(ValueError, match="'country_y', which is constant within every site"):
        ComBat("site", covariates=["country", "sex"]).fit(frame.drop(columns=["age", "stage"]))
    frame["months"] = frame.age * 12 + frame.site.map({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0})
    with pytest.raises(
        ValueError, match="'age', 'months', of which one follows from the others and the site"
    ):
        ComBat("site", covariates=["age", "months"]).fit(frame.drop(columns=["country", "sex", "stage"]))


def test_a_part_that_is_not_enough_says_what_is_missing():
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES, reference="b")
    part = clone(combat).partial_fit(frame[frame.site == "a"])
    with pytest.raises(ValueError, match=r"do not determine.*reference must be a site.*partial_fit"):
        part.transform(frame)
    part.partial_fit(frame[frame.site != "a"])
    assert_near(part.transform(frame), clone(combat).fit_transform(frame))


def test_the_target_as_a_covariate_is_refused():
    frame = sites()
    for y in (frame.age, frame.sex.to_numpy(), (frame.sex == "m").astype(int)):
        with pytest.raises(
            ValueError, match=r"Covariates must be known before the target is; received '(age|sex)'"
        ):
            ComBat("site", covariates=COVARIATES).fit(frame, y)
    ComBat("site", covariates=COVARIATES).fit(frame, np.arange(len(frame)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"age": np.nan},
            "Covariate 'age' must be known and finite in every row, .*; received a missing value in row 0",
        ),
        (
            {"sex": None},
            "Covariate 'sex' must be known and finite in every row, .*; received a missing value in row 0",
        ),
        (
            {"sex": "x"},
            r"Covariate 'sex' must have a level that fit has seen \('f', 'm'\); received 'x'",
        ),
        ({"age": "old"}, "Covariate 'age' must be a number, as in fit; received 'old'"),
        ({"y1": np.inf}, "received inf in column 'y1', row 0"),
        ({"y1": "text"}, "received 'text' in column 'y1'"),
    ],
)
def test_rows_that_are_refused(change, message):
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES).fit(frame)
    before = pickle.dumps(combat)
    with pytest.raises(ValueError, match=message):
        combat.transform(frame.assign(**change))
    assert pickle.dumps(combat) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"by": "scanner"}, "In ComBat, by must name columns of X; received 'scanner'"),
        (
            {"by": "site", "covariates": ["height"]},
            "In ComBat, covariates must name columns of X; received 'height'",
        ),
        ({"by": "site", "covariates": "age"}, "must be a list of column names or positions; received 'age'"),
        ({"by": "site", "covariates": ["site"]}, "a column is the key or a covariate"),
        ({"by": []}, "by must be a column name or position"),
    ],
)
def test_settings_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ComBat(**settings).fit(sites())


def test_keys_and_covariates_of_every_kind():
    frame = sites()
    frame["sex"] = (frame.sex == "m").astype("boolean")
    frame["stage"] = frame.stage.astype("category")
    frame["scanner"] = np.arange(len(frame)) % 2
    combat = ComBat(["site", "scanner"], covariates=COVARIATES).fit(frame)
    assert combat.groups_[0] == ("a", 0)
    assert combat.covariate_names_[1:3] == ["sex_False", "sex_True"]
    array = frame.astype(object).to_numpy()
    places = [list(frame).index(c) for c in ("site", "scanner", *COVARIATES)]
    of_array = ComBat(places[:2], covariates=places[2:]).fit(array)
    assert_near(of_array.transform(array), combat.transform(frame))


def test_frames_of_other_libraries():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES, keep_by=True)
    expected = clone(combat).fit(frame).transform(frame)
    for rows, kind in ((pl.from_pandas(frame), pl.DataFrame), (pa.Table.from_pandas(frame), pa.Table)):
        result = clone(combat).fit(rows).transform(rows)
        assert isinstance(result, kind)
        pd.testing.assert_frame_equal(result.to_pandas(), expected)


def test_in_scikit_learn():
    frame = sites(n_rows=120)
    y = np.random.default_rng(0).integers(0, 2, len(frame))
    combat = ComBat("site", covariates=COVARIATES)
    pipeline = make_pipeline(combat, LogisticRegression(max_iter=500))
    assert len(cross_val_score(pipeline, frame, y, cv=3, error_score="raise")) == 3
    grid = {"combat__parametric": [True, False], "combat__mean_only": [True, False]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(frame, y)
    assert len(search.cv_results_["params"]) == 4
    alone = make_pipeline(clone(combat).set_params(handle_unknown="global"), Ridge())
    with pytest.warns(UserWarning, match="ComBat knows none of the groups of these 30 rows"):
        scores = cross_val_score(
            alone, frame, frame.y0 + 1.0, groups=frame.site, cv=LeaveOneGroupOut(), error_score="raise"
        )
    assert len(scores) == 4
    names = combat.fit(frame).get_feature_names_out()
    assert list(names) == [c for c in frame if c.startswith("y")]
    table = combat.to_frame()
    assert list(table) == ["site", "feature", "n", "gamma", "delta", "shift", "scale"]
    assert len(table) == 4 * 12
    assert_near(table.query("site == 'c' and feature == 'y3'").gamma, combat.gamma_[2, 3])


@pytest.mark.parametrize("how", ["fit", "weights", "merge"])
def test_a_number_that_is_constant_within_sites_is_refused_whatever_is_rounded(how):
    frame = sites()[["site", "age", "y0", "y1"]]
    frame["dose"] = frame.site.map({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.7})
    combat = ComBat("site", covariates=["age", "dose"])

    def learn():
        if how == "merge":
            merge([clone(combat).partial_fit(frame[i::3]) for i in range(3)]).transform(frame)
        else:
            weight = np.linspace(0.5, 1.7, len(frame)) if how == "weights" else None
            combat.fit(frame, sample_weight=weight)

    with pytest.raises(ValueError, match="'dose', which is constant within every site"):
        learn()


def test_add_sites_refuses_parameters_that_would_move_the_others():
    frame, new = sites(), sites(n_rows=30, seed=5, site_names="e")
    for change in ({"reference": "a"}, {"empirical_bayes": False}, {"covariates": ["age"]}, {"tol": 1e-9}):
        combat = ComBat("site", covariates=COVARIATES).fit(frame).set_params(**change)
        with pytest.raises(
            ValueError, match=f"add_sites needs the parameters.*received {next(iter(change))}="
        ):
            combat.add_sites(new)
        assert len(combat.groups_) == 4


def test_sites_are_added_from_a_lazy_frame_too():
    pl = pytest.importorskip("polars")
    frame, new = sites(), sites(n_rows=30, seed=5, site_names="e")
    combat = ComBat("site", covariates=COVARIATES).fit(frame)
    eager = clone(combat).fit(frame).add_sites(new)
    assert_near(combat.add_sites(pl.from_pandas(new).lazy()).gamma_, eager.gamma_)


def test_a_feature_with_gaps_far_from_zero_that_covariates_explain_is_told_apart():
    frame = sites(n_rows=200, n_features=4)[["site", "age", "y0", "y1", "y2", "y3"]]
    results = []
    for offset in (0.0, 1e6):
        frame["y4"] = 2 * frame.age + offset + frame.site.map({"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0})
        frame.loc[::3, "y4"] = np.nan
        combat = ComBat("site", covariates=["age"])
        results.append(clone(combat).fit_transform(frame)[:, :4])
        parts = merge([clone(combat).partial_fit(frame[i::3]) for i in range(3)])
        assert_near(parts.transform(frame)[:, :4], results[-1])
    assert_near(*results)


def test_features_near_the_ends_of_float64():
    frame = sites(n_features=4)
    names = [c for c in frame if c.startswith("y")]
    combat = ComBat("site", covariates=COVARIATES)
    expected = clone(combat).fit_transform(frame)
    for power in (-660, 515, 900):
        other = frame.copy()
        other[names] = np.ldexp(frame[names].to_numpy(), power)
        assert_near(np.ldexp(clone(combat).fit_transform(other), -power), expected)


def test_a_feature_with_gaps_takes_what_its_own_rows_say():
    frame = sites(n_rows=200, n_features=4)
    frame["race"] = np.where(frame.index == 17, "other", np.where(frame.index % 5 < 2, "b", "w"))
    frame["rare"] = (frame.index == 17).astype(float)
    plain = ComBat("site", covariates=["age", "race"]).fit(frame.drop(columns=["sex", "stage", "rare"]))
    for covariates in (["rare"], ["age", "race"], ["age", "rare", "sex"]):
        rest = [c for c in ("age", "race", "rare", "sex", "stage") if c not in covariates]
        gap = frame.drop(columns=rest)
        gap.loc[17, "y3"] = np.nan
        combat = ComBat("site", covariates=covariates, empirical_bayes=False).fit(gap)
        result = combat.transform(gap)
        assert np.isnan(result).sum() == 1
        without = gap[gap.index != 17]
        alone = [c for c in covariates if c != "rare"]
        expected = ComBat("site", covariates=alone, empirical_bayes=False)
        expected = expected.fit_transform(without.drop(columns="rare", errors="ignore"))
        assert_near(result[gap.index != 17, 3], expected[:, 3])
    few = frame.drop(columns=["sex", "stage", "rare"])
    few.loc[~few.index.isin([0, 4]), "y2"] = np.nan  # two rows of one site
    combat = ComBat("site", covariates=["age", "race"]).fit(few)
    assert np.isfinite(combat.transform(few.assign(y2=1.0))).all()
    assert np.isfinite(plain.gamma_).all()


def test_an_id_in_the_place_of_the_site_is_pointed_out():
    frame = sites().drop(columns=["sex", "stage"])
    frame["site"] = np.arange(90)
    with pytest.raises(ValueError, match=r"90 sites with a single row each.*Check by=: is it an id"):
        ComBat("site", covariates=["age"]).fit(frame)
    with pytest.warns(UserWarning, match="ComBat was fitted on one site, 'a': there is nothing to harmonise"):
        ComBat("site", covariates=["age"]).fit(frame.assign(site="a"))


def test_a_covariate_that_tells_the_target_or_is_told_by_it_is_refused():
    frame = sites(n_rows=120)
    dx = np.random.default_rng(1).choice(["AD", "MCI", "CN"], len(frame))
    frame["dx"] = dx
    combat = ComBat("site", covariates=["age", "sex", "stage", "dx"])
    with pytest.raises(ValueError, match="received 'dx', which goes with y in every row"):
        combat.fit(frame, dx == "AD")
    frame["dx"] = np.where(dx == "AD", "ill", "well")
    with pytest.raises(ValueError, match="received 'dx', which goes with y in every row"):
        combat.fit(frame, dx)
    combat.fit(frame, frame.y0)


def test_messages_call_rows_by_the_callers_numbers():
    frame = sites()
    frame.loc[20, "age"] = np.nan
    weight = np.ones(len(frame))
    weight[:10] = 0
    with pytest.raises(ValueError, match="a missing value in row 20"):
        ComBat("site", covariates=COVARIATES).fit(frame, sample_weight=weight)


@pytest.mark.parametrize("age", [pd.Timestamp("2020-01-01"), True, "61", 1j])
def test_a_number_becomes_nothing_else(age):
    frame = sites()
    combat = ComBat("site", covariates=COVARIATES).fit(frame)
    with pytest.raises(ValueError, match="Covariate 'age' must be a number, as in fit; received"):
        combat.transform(frame.assign(age=age))


def test_the_target_is_known_in_any_type_and_chance_is_none():
    frame = sites()
    frame["age"] = frame.age.round().astype(int)
    objects = frame[["site", "y0", "y1", "age"]].to_numpy(dtype=object)
    for rows, y, name in (
        (frame.drop(columns="stage"), frame.age.astype(float), "age"),
        (frame.drop(columns="stage").astype({"age": "Float64"}), frame.age.to_numpy()[:, None], "age"),
        (objects, frame.age.to_numpy(), "x3"),
    ):
        combat = ComBat(
            0 if given is objects else "site", covariates=[3] if given is objects else ["age", "sex"]
        )
        if rows is objects:
            combat.set_params(by=0, covariates=[3])
        with pytest.raises(ValueError, match=f"received '{name}', which is y"):
            combat.fit(rows, y)
    few = frame[["site", "sex", "y0", "y1"]][:4].assign(sex=["m", "f", "m", "f"])
    ComBat("site", covariates=["sex"]).partial_fit(few, [1, 0, 1, 0])


def test_weights_that_sum_to_one_are_pointed_out():
    frame = sites()
    with pytest.warns(UserWarning, match=r"those of the 23 rows of site 'a' sum to 0\.256"):
        ComBat("site", covariates=COVARIATES).fit(frame, sample_weight=np.full(90, 1 / 90))


def curved(n_rows=300, seed=0):
    rng = np.random.default_rng(seed)
    frame = sites(n_rows, n_features=6, seed=seed)[["site", "age", *(f"y{j}" for j in range(6))]]
    frame["age"] = rng.uniform(20, 90, n_rows)
    for j in range(6):
        frame[f"y{j}"] += 3 * np.sin(frame.age / 12 + j)
    return frame


def test_a_curve_is_kept_where_a_line_would_not_do():
    frame = curved()
    smooth = ComBat("site", covariates=["age"], smooth={"age": 8}).fit(frame)
    assert smooth.covariate_names_ == [f"age_spline{i}" for i in range(1, 9)]
    x = smooth._statistic.covariates.levels[0]
    columns = pd.DataFrame(x.columns(frame.age.to_numpy()), columns=[f"b{i}" for i in range(8)])
    plain = frame.drop(columns="age").join(columns)
    by_hand = ComBat("site", covariates=list(columns))
    assert_near(smooth.transform(frame), by_hand.fit_transform(plain))
    line = ComBat("site", covariates=["age"]).fit(frame)
    assert (smooth.pooled_variance_ < 0.8 * line.pooled_variance_).all()


def test_knots_are_those_of_the_first_rows_or_given():
    frame = curved()
    given = {"age": {"knots": [40, 60], "bounds": (20, 90)}}
    combat = ComBat("site", covariates=["age"], smooth=given)
    whole = clone(combat).fit(frame)
    assert len(whole.covariate_names_) == 5
    parts = merge([clone(combat).partial_fit(part) for _, part in frame.groupby("site")])
    assert_near(parts.transform(frame), whole.transform(frame))
    learnt = ComBat("site", covariates=["age"], smooth={"age": 5}).partial_fit(frame[:150])
    with pytest.warns(UserWarning, match="numbers of the smooth covariate 'age' lie outside of its bounds"):
        learnt.partial_fit(frame[150:].assign(age=lambda t: t.age + 3))
    with pytest.raises(ValueError, match="needs the same knots in all parts; received others for 'age'"):
        merge([clone(learnt).partial_fit(frame[i::2]) for i in (0, 1)])
    restored = from_json(to_json(whole))
    assert_near(restored.transform(frame), whole.transform(frame), 0)
    assert whole.covariate_names_ == restored.partial_fit(frame).covariate_names_


def test_numbers_outside_count_as_the_bound():
    frame = curved()
    combat = ComBat("site", covariates=["age"], smooth={"age": 4}).fit(frame)
    oldest = frame[:1].assign(age=frame.age.max())
    with pytest.warns(
        UserWarning, match="1 numbers of the smooth covariate 'age' lie outside of its bounds, 20"
    ):
        beyond = combat.transform(frame[:1].assign(age=150.0))
    assert np.array_equal(beyond, combat.transform(oldest))


@pytest.mark.parametrize("make", ["polars", "duckdb"])
def test_a_curve_on_a_lazy_frame(make):
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    frame = curved()
    rows = pl.from_pandas(frame).lazy() if make == "polars" else duckdb.sql("select * from frame")
    combat = ComBat("site", covariates=["age"], smooth={"age": {"knots": [35, 50, 70], "bounds": [25, 85]}})
    with pytest.warns(UserWarning, match="lie outside"):
        eager = clone(combat).fit(frame)
    with pytest.warns(UserWarning, match="lie outside"):
        expected = eager.transform(frame)
    lazy = clone(combat).fit(rows)
    np.testing.assert_allclose(lazy.coef_, eager.coef_, rtol=1e-9, atol=1e-9)
    result = lazy.transform(rows)
    result = result.collect().to_pandas() if make == "polars" else result.df()
    assert_near(result[[f"y{j}" for j in range(6)]], expected)
    with pytest.raises(ValueError, match="On a lazy frame a smooth covariate needs knots"):
        clone(combat).set_params(smooth={"age": 5}).fit(rows)


@pytest.mark.parametrize(
    ("smooth", "message"),
    [
        ({"age": 2}, "smooth must give for each covariate a whole number of columns from 3 on"),
        ({"age": {"knots": [60, 40], "bounds": (18, 90)}}, "in rising order"),
        (
            {"height": 5},
            "smooth must name covariates; received 'height', and the covariates are 'age', 'sex'",
        ),
        ({"sex": 5}, "Covariate 'sex' must be a number"),
    ],
)
def test_curves_that_are_refused(smooth, message):
    with pytest.raises(ValueError, match=message):
        ComBat("site", covariates=["age", "sex"], smooth=smooth).fit(sites().drop(columns="stage"))


def plates(n_rows=240):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"plate": rng.choice(["p", "q", "r"], n_rows), "dose": rng.choice([0, 1], n_rows)})
    frame["drug"] = rng.choice(["DMSO", "A", "B"], n_rows)
    for j in range(5):
        frame[f"y{j}"] = rng.normal(size=n_rows) + frame.plate.map({"p": 0.0, "q": 3.0, "r": -2.0})
    frame.loc[frame.drug == "A", ["y0", "y1"]] += 5.0
    return frame


CONTROLS = {"drug": "DMSO", "dose": [0]}


@pytest.mark.filterwarnings("ignore:GroupScaler got neither by= nor groups")
@pytest.mark.parametrize(
    "estimator",
    [
        ComBat("plate", controls=CONTROLS),
        GroupScaler(StandardScaler(), by="plate", controls=CONTROLS),
        GroupScaler(StandardScaler(), by="plate", controls=CONTROLS, units="global", min_group_size=15),
        GroupScaler(StandardScaler(), controls=CONTROLS),
    ],
)
def test_controls_alone_are_learnt_from_and_all_rows_changed(estimator):
    pl = pytest.importorskip("polars")
    frame = plates()
    if estimator.by is None:
        frame = frame.drop(columns="plate")
    own = frame[(frame.drug == "DMSO") & (frame.dose == 0)]
    features = frame.drop(columns=["drug", "dose"])
    expected = clone(estimator).set_params(controls=None).fit(own.drop(columns=["drug", "dose"]))
    fitted = clone(estimator).fit(frame)
    assert_near(fitted.transform(frame), expected.transform(features))
    assert_near(fitted.transform(features), expected.transform(features))  # without the columns that tell
    assert_near(clone(estimator).fit_transform(frame), expected.transform(features))
    assert fitted.to_frame().equals(expected.to_frame())
    assert list(fitted.get_feature_names_out()) == [f"y{j}" for j in range(5)]
    assert_near(from_json(to_json(fitted)).transform(features), expected.transform(features))
    batches = clone(estimator).partial_fit(frame[:100]).partial_fit(frame[100:])
    assert_near(batches.transform(frame), expected.transform(features))
    assert_near(
        merge([clone(estimator).partial_fit(frame[i::2]) for i in (0, 1)]).transform(frame),
        fitted.transform(frame),
    )
    weighted = clone(estimator).fit(frame, sample_weight=np.where(frame.index < 50, 0, 2))
    doubled = own[own.index >= 50].drop(columns=["drug", "dose"])
    if getattr(estimator, "min_group_size", 1) == 1:  # which counts values, however they weigh
        doubled = clone(expected).fit(pd.concat([doubled, doubled]))
        assert_near(weighted.transform(features), doubled.transform(features))
    array = frame.astype(object).to_numpy()
    places = {list(frame).index(c): v for c, v in CONTROLS.items()}
    by = None if estimator.by is None else 0
    of_array = clone(estimator).set_params(controls=places, by=by).fit(array)
    assert_near(of_array.transform(np.delete(array, list(places), axis=1)), expected.transform(features))
    if estimator.by is not None:
        kept = clone(estimator).set_params(keep_by=True).fit(frame)
        assert list(kept.transform(frame)) == list(frame)
        assert_near(
            kept.inverse_transform(kept.transform(frame))[[f"y{j}" for j in range(5)]], features.iloc[:, 1:]
        )
        lazy = clone(estimator).fit(pl.from_pandas(frame).lazy())
        assert_near(lazy.transform(features), expected.transform(features), 1e-7)
        there = lazy.transform(pl.from_pandas(features).lazy()).collect().select(f"y{j}" for j in range(5))
        assert_near(there, expected.transform(features), 1e-7)


def test_controls_in_cross_validation_and_where_there_are_none():
    frame = plates()
    scaler = GroupScaler(StandardScaler(), by="plate", controls={"drug": "DMSO"}, handle_unknown="nan")
    train, test = frame[:160], frame[160:]
    own = train[train.drug == "DMSO"].drop(columns=["drug", "dose"])
    of_fold = scaler.fit(train.drop(columns="dose")).transform(test.drop(columns="dose"))
    assert_near(
        of_fold,
        GroupScaler(StandardScaler(), by="plate").fit(own).transform(test.drop(columns=["drug", "dose"])),
    )
    lone = frame.drop(columns="dose")
    lone.loc[lone.plate == "r", "drug"] = "A"
    assert np.isnan(scaler.fit(lone).transform(lone)[lone.plate == "r"]).all()
    with pytest.raises(ValueError, match=r"none with 'dmso' in column 'drug', which has 'A', 'B', 'DMSO'"):
        GroupScaler(StandardScaler(), by="plate", controls={"drug": "dmso"}).fit(frame)
    with pytest.raises(
        ValueError, match="In GroupScaler, controls must name columns of X; received 'treatment'"
    ):
        GroupScaler(StandardScaler(), by="plate", controls={"treatment": "DMSO"}).fit(frame)
    with pytest.raises(
        ValueError, match="controls must have a value for each column; received none for 'drug'"
    ):
        GroupScaler(StandardScaler(), by="plate", controls={"drug": []}).fit(frame)
    with pytest.raises(ValueError, match=r"[Ff]eature names"):
        GroupScaler(StandardScaler(), by="plate", controls=CONTROLS, keep_by=True).fit(frame).transform(
            frame.drop(columns=["drug", "dose"])
        )


def test_control_columns_are_columns_of_their_own():
    frame = plates()
    for estimator in (
        GroupScaler(StandardScaler(), by="plate", controls={"plate": ["p"]}),
        ComBat("plate", covariates=["dose"], controls={"dose": [0, 1]}),
    ):
        with pytest.raises(
            ValueError, match=r"controls are told by columns of their own; received '(plate|dose)'"
        ):
            estimator.fit(frame)
    both = GroupScaler(StandardScaler(), by="plate", controls=CONTROLS).fit(frame)
    expected = both.transform(frame)
    for absent in ("drug", "dose"):
        assert np.array_equal(both.transform(frame.drop(columns=absent)), expected)


def test_controls_are_the_same_rows_on_every_engine():
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    frame = plates().assign(code=lambda t: np.where(t.index % 2, "1", "01")).drop(columns=["drug", "dose"])
    wrong = GroupScaler(StandardScaler(), by="plate", controls={"code": 1})
    right = GroupScaler(StandardScaler(), by="plate", controls={"code": "1"})
    for rows in (frame, pl.from_pandas(frame).lazy(), duckdb.sql("select * from frame")):
        with pytest.raises(ValueError, match="controls must hold in at least one of the rows"):
            clone(wrong).fit(rows)
        assert (clone(right).fit(rows).n_samples_seen_.sum(axis=0) == 120).all()


def test_controls_without_weight_and_batches_without_controls():
    frame = plates()
    no_weight = np.where(frame.drug == "DMSO", 0.0, 1.0)
    for estimator in (
        GroupScaler(RobustScaler(), by="plate", controls={"drug": "DMSO"}),
        ComBat("plate", controls={"drug": "DMSO"}),
    ):
        rows = frame.drop(columns="dose")
        with pytest.raises(ValueError, match="above 0 for at least one control row"):
            clone(estimator).fit(rows, sample_weight=no_weight)
        learnt = clone(estimator).fit(rows)
        before = to_json(learnt)
        assert to_json(learnt.partial_fit(rows[rows.drug == "A"])) == before


def test_a_part_without_the_reference_of_units():
    frame = plates().drop(columns=["drug", "dose"])
    scaler = GroupScaler(StandardScaler(), by="plate", units="global", reference="q")
    parts = [clone(scaler).partial_fit(part) for _, part in frame.groupby("plate")]
    with pytest.raises(ValueError, match="reference must be a group of the training rows; received 'q'"):
        parts[0].transform(frame)
    assert_near(merge(parts).transform(frame), clone(scaler).fit(frame).transform(frame))


def test_sites_are_added_with_the_curves_that_are_known():
    pl = pytest.importorskip("polars")
    frame, new = curved(), curved(60, seed=3)
    new["site"] = "e"
    new["age"] = new.age.clip(frame.age.min(), frame.age.max())
    combat = ComBat("site", covariates=["age"], smooth={"age": 5}).fit(frame)
    eager = ComBat("site", covariates=["age"], smooth={"age": 5}).fit(frame).add_sites(new)
    assert_near(combat.add_sites(pl.from_pandas(new).lazy()).gamma_, eager.gamma_)


KEY_IN_COLUMN_0 = "column 0 is the site here: "
EXPECTED = {
    "check_fit2d_1feature": KEY_IN_COLUMN_0 + "a single column leaves none to harmonise",
    "check_array_api_input": KEY_IN_COLUMN_0 + "inverse_transform needs it, and the check does not pass it",
}


@pytest.mark.filterwarnings("ignore:ComBat knows none of the groups", "ignore:ComBat has one feature")
@parametrize_with_checks(
    [
        ComBat(0, handle_unknown="global"),
        ComBat(0, handle_unknown="global", parametric=False),
        ComBat(0, handle_unknown="global", mean_only=True, keep_by=True),
    ],
    expected_failed_checks=lambda estimator: dict(list(EXPECTED.items())[: 1 if estimator.keep_by else 2]),
)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)
