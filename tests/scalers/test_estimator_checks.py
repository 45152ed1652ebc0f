"""scikit-learn's checks of an estimator, for every scaler in every mode."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skprep import StandardScaler

from ..cases import cases

ESTIMATORS = list(cases("checks").values())


# The robust median of block means depends on the order of the rows, and which block a row belongs to.
ORDERED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are numbered: a permutation of them, which "
    "the check makes, fills other blocks",
}
EXPECTED = {StandardScaler: lambda e: ORDERED if e.method == "median_of_means" else {}}


def expected_failures(estimator):
    return EXPECTED.get(type(estimator), lambda e: {})(estimator)


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)
