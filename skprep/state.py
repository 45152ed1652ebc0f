"""The state of an estimator: put back where a call is refused."""

from contextlib import contextmanager


@contextmanager
def restored_on_error(estimator):
    """Put the attributes of ``estimator`` back as they were when the block raises."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # What scikit-learn needs to end a running callback stays.
        kept = {k: v for k, v in vars(estimator).items() if "callback" in k}
        vars(estimator).clear()
        vars(estimator).update(before, **kept)
        raise
