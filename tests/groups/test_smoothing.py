import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from skprep import GroupScaler, StandardScaler
from skprep.groups.smoothing import _inverse_trigamma, empirical_bayes, weight_of_group
from skprep.maps import AffineMap
from skprep.statistics import Moments


def draw(n_groups=300, n_rows=4, between=1.0, freedom=np.inf, seed=0, unit=1.0):
    """Groups with true means of variance ``between`` and true variances around 1."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0.0, np.sqrt(between), n_groups)
    variances = np.ones(n_groups) if np.isinf(freedom) else freedom / rng.chisquare(freedom, n_groups)
    codes = np.repeat(np.arange(n_groups), n_rows)
    x = rng.normal(means[codes], np.sqrt(variances)[codes])
    return codes, x[:, None] * unit, means * unit, np.sqrt(variances) * unit


def by_loops(x, codes):
    """Empirical Bayes for one feature without missing values, one group after the other."""
    groups = [x[codes == g] for g in np.unique(codes)]
    n = np.array([len(g) for g in groups])
    total, n_groups = n.sum(), len(groups)
    grand = x.mean()
    squares = np.array([((g - g.mean()) ** 2).sum() for g in groups])
    within = squares.sum() / (total - n_groups)
    excess = (
        sum(k * (g.mean() - grand) ** 2 for k, g in zip(n, groups, strict=True)) - (n_groups - 1) * within
    )
    between = max(0.0, excess / (total - (n**2).sum() / total))
    usable = (n > 1) & (squares > 0)
    s2, d = squares[usable] / (n[usable] - 1), n[usable] - 1
    log = np.log(s2) - digamma(d / 2) + np.log(d / 2)
    target = log.var(ddof=1) - polygamma(1, d / 2).mean()
    if target <= 0:
        variance = np.full(n_groups, np.exp(log.mean()))  # Smyth (2004), equation for s0, d0 to infinity
    else:
        d0 = 2 * brentq(lambda v: polygamma(1, v) - target, 1e-8, 1e8, xtol=1e-12)
        s02 = np.exp(log.mean() + digamma(d0 / 2) - np.log(d0 / 2))
        variance = (d0 * s02 + squares) / (d0 + n - 1)
    weight = between / (between + variance / n) if between > 0 else np.zeros(n_groups)
    center = np.array([w * g.mean() + (1 - w) * grand for w, g in zip(weight, groups, strict=True)])
    return center, np.sqrt(variance)


@pytest.mark.parametrize("between", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("freedom", [np.inf, 3.0, 10.0])
def test_auto_equals_a_plain_loop_for_groups_of_unequal_size(between, freedom):
    codes, x, _, _ = draw(n_groups=40, n_rows=9, between=between, freedom=freedom)
    rng = np.random.default_rng(1)
    keep = rng.random(len(x)) < rng.uniform(0.2, 1.0, 40)[codes]
    codes, x = codes[keep], x[keep]
    fitted = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes)
    center, spread = by_loops(x[:, 0], codes)
    np.testing.assert_allclose(fitted.center_[:, 0], center, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(fitted.scale_[:, 0], spread, rtol=1e-8)


@pytest.mark.parametrize("between", [0.1, 0.5, 1.0])
def test_auto_is_nearer_the_true_offsets_and_spreads_than_either_extreme(between):
    errors = {"auto": [], "none": [], "full": []}
    spreads = {"auto": [], "none": []}
    for seed in range(10):
        codes, x, means, spread = draw(between=between, freedom=8.0, seed=seed)
        fits = {
            "auto": GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes),
            "none": GroupScaler(StandardScaler()).fit(x, groups=codes),
            "full": GroupScaler(StandardScaler(), min_group_size=10**6).fit(x, groups=codes),
        }
        for name, fitted in fits.items():
            errors[name].append(np.mean((fitted.center_[:, 0] - means) ** 2))
            if name in spreads:
                spreads[name].append(np.mean(np.log(fitted.scale_[:, 0] / spread) ** 2))
    mean = {name: np.mean(values) for name, values in errors.items()}
    assert mean["auto"] < min(mean["none"], mean["full"])
    # The best linear rule that knows the variances has error between * v / (between + v), v = 1/4 * E[s2].
    noise = 0.25 * 8 / 6
    assert mean["auto"] < 1.15 * between * noise / (between + noise)
    assert np.mean(spreads["auto"]) < 0.5 * np.mean(spreads["none"])


def test_equal_groups_are_pooled_and_far_groups_keep_their_own():
    codes, x, _, _ = draw(between=0.0)
    fitted = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes)
    assert np.ptp(fitted.center_) < 0.2 * np.ptp([x[codes == g].mean() for g in range(300)])
    codes, x, _, _ = draw(between=1e8)
    fitted = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes)
    own = GroupScaler(StandardScaler()).fit(x, groups=codes)
    np.testing.assert_allclose(fitted.center_, own.center_, atol=1e-3)


def test_a_constant_group_among_others_gets_their_spread_not_a_sliver():
    codes, x, _, _ = draw(n_groups=20, n_rows=10)
    x[codes < 15] = np.round(x[codes < 15].mean())  # quantised to one value in most groups
    fitted = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes)
    assert fitted.scale_.min() > 0.2


@pytest.mark.parametrize("unit", [1e-150, 1e-20, 1e20, 1e150])
def test_the_unit_makes_no_difference(unit):
    codes, x, _, _ = draw(n_groups=50, freedom=5.0)
    one = GroupScaler(StandardScaler(), smooth="auto").fit_transform(x, groups=codes)
    other = GroupScaler(StandardScaler(), smooth="auto").fit_transform(x * unit, groups=codes)
    np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-9)


def test_the_prior_is_recovered():
    codes, x, _, _ = draw(n_groups=20_000, n_rows=6, between=2.0, freedom=8.0, unit=3.0)
    prior = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes).prior_
    assert abs(prior["between_variance"][0] / 18.0 - 1) < 0.05
    assert abs(prior["degrees_of_freedom"][0] / 8.0 - 1) < 0.1
    assert abs(prior["variance"][0] / 9.0 - 1) < 0.05
    assert abs(prior["mean"][0]) < 0.1


def test_single_rows_constants_and_empty_groups_stay_finite():
    x = np.array([[1.0], [3.0], [5.0], [5.0], [5.0], [np.nan], [9.0], [2.0], [2.5]])
    codes = np.array([0, 0, 1, 1, 1, 2, 3, 4, 4])
    fitted = GroupScaler(StandardScaler(), smooth="auto").fit(x, groups=codes)
    assert np.isfinite(fitted.center_).all()
    assert np.isfinite(fitted.scale_).all()
    assert (fitted.scale_ > 0).all()
    assert fitted.center_[2] == np.nanmean(x)
    constant = GroupScaler(StandardScaler(), smooth="auto").fit(np.ones((6, 1)), groups=codes[:6])
    np.testing.assert_array_equal(constant.transform(np.ones((6, 1)), groups=codes[:6]), 0.0)


@pytest.mark.parametrize("value", [1e-8, 1e-3, 0.5, 1.0, 10.0, 1e4, 1e9])
def test_the_inverse_of_the_trigamma_function(value):
    np.testing.assert_allclose(polygamma(1, _inverse_trigamma(value)), value, rtol=1e-6)


def test_a_pseudo_count_is_a_weighted_mean():
    own = AffineMap(center=np.array([[2.0], [8.0], [np.nan]]))
    pooled = AffineMap(center=np.array([[4.0]]))
    found = own.blend(pooled, weight_of_group(np.array([[4.0], [1.0], [0.0]]), 2.0)).center
    np.testing.assert_allclose(found[:, 0], [4 / 6 * 2 + 2 / 6 * 4, 1 / 3 * 8 + 2 / 3 * 4, 4.0])


def test_weights_count_as_rows():
    codes, x, _, _ = draw(n_groups=30)
    weight = np.random.default_rng(3).integers(1, 4, len(x))
    weighted = Moments.learn(x, codes, 30, weight.astype(float))
    repeated = Moments.learn(np.repeat(x, weight, axis=0), np.repeat(codes, weight), 30)
    for a, b in zip(
        empirical_bayes(weighted, weighted.pool())[:2],
        empirical_bayes(repeated, repeated.pool())[:2],
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-10)
