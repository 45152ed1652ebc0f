"""The parameters of a GroupScaler: what goes together, and what a lazy frame needs."""

from skprep.compat import InvalidParameterError
from skprep.errors import warn_caller
from skprep.groups.controls import check_controls
from skprep.groups.vectorized import is_vectorized
from skprep.scalers.standard import StandardScaler
from skprep.validation.tables import is_column


def check_settings(estimator):
    """Refuse parameters of a GroupScaler that do not go together."""
    if isinstance(estimator.scaler, type) or not all(
        hasattr(estimator.scaler, m) for m in ("fit", "transform")
    ):
        name = estimator.scaler.__name__ if isinstance(estimator.scaler, type) else "StandardScaler"
        raise InvalidParameterError(
            "The 'scaler' parameter of GroupScaler must be a scaler, an object with fit and transform; "
            f"received {estimator.scaler!r}. Pass an instance: GroupScaler({name}(), ...)."
        )
    if getattr(estimator.scaler, "columns", None) is not None:
        raise ValueError(
            "Which columns are scaled is said to GroupScaler, beside the key; received a scaler with "
            f"columns={estimator.scaler.columns!r}. Pass GroupScaler(..., columns=...)."
        )
    check_by(estimator.by)
    check_controls(estimator.controls)
    if estimator.smooth is not None and not is_vectorized(estimator.scaler):
        raise ValueError(
            "smooth needs a scaler of skprep, whose parameters can be drawn towards those of all rows; "
            f"received {type(estimator.scaler).__name__}. Leave smooth out, or set min_group_size."
        )
    if estimator.smooth == "auto" and not _learns_moments(estimator.scaler):
        raise ValueError(
            'smooth="auto" needs StandardScaler(method="moments"); received '
            f"{estimator.scaler!r}. Pass a number instead: how many rows all others are worth."
        )
    if estimator.reference is not None and estimator.units != "global":
        raise ValueError(
            f'reference needs units="global", which it is an answer to: whose units; received reference='
            f'{estimator.reference!r} and units="group". Pass units="global", or leave reference out.'
        )
    if estimator.units == "global" and not hasattr(estimator.scaler, "inverse_transform"):
        raise ValueError(
            'units="global" needs a scaler with inverse_transform; received '
            f'{type(estimator.scaler).__name__}. Use units="group".'
        )


def _learns_moments(scaler):
    return isinstance(scaler, StandardScaler) and scaler.method == "moments"


def check_by(by):
    """Refuse a key that is neither a column nor a list of columns."""
    columns = by if isinstance(by, list | tuple) else [] if by is None else [by]
    wrong = isinstance(by, list | tuple) and not by
    if wrong or not all(map(is_column, columns)):
        raise ValueError(
            f"by must be a column name or position, or a list of them; received {by!r}. "
            'For example by="device" or by=["site", "device"].'
        )


def check_lazy(estimator):
    """Refuse what no engine can compute."""
    if not is_vectorized(estimator.scaler):
        raise ValueError(
            "A lazy frame needs a scaler of skprep, which its engine can compute; received "
            f"{type(estimator.scaler).__name__}. Use one, or collect the frame."
        )
    if estimator.by is None and estimator.controls is None:
        raise ValueError(
            "On a lazy frame the key must be a column; received by=None. Name the key column, "
            'GroupScaler(..., by="device").'
        )


def warn_of_no_key(estimator, groups):
    """Warn where nothing says which group a row belongs to."""
    if estimator.by is None and groups is None and estimator.controls is None:
        warn_caller(
            "GroupScaler got neither by= nor groups: all rows form one group. Name the key column in by=, "
            "or pass groups (in a Pipeline, with set_fit_request(groups=True)).",
        )
