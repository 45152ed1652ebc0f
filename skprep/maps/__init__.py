"""What a scaler has learnt: the map from x to z, one row of parameters for each group."""

from skprep.maps.affine import AffineMap
from skprep.maps.base import Map
from skprep.maps.log import LogMap
from skprep.maps.ranged import RangedMap
from skprep.maps.squashed import SquashedMap

__all__ = ["AffineMap", "LogMap", "Map", "RangedMap", "SquashedMap"]
