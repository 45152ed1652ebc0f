"""Sites made alike while what covariates explain is kept: ComBat."""

from skprep.harmonise.combat import ComBat

__all__ = ["ComBat"]
