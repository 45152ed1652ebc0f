"""What is learnt from rows: one mergeable statistic a file, always ``(n_groups, n_features)``."""

from skprep.statistics.cross_moments import CrossMoments
from skprep.statistics.extrema import Extrema
from skprep.statistics.median_deviation import MedianDeviation
from skprep.statistics.median_of_means import MedianOfMeans
from skprep.statistics.moments import Moments
from skprep.statistics.quantiles import Quantiles
from skprep.statistics.smallest_two import SmallestTwo

__all__ = [
    "CrossMoments",
    "Extrema",
    "MedianDeviation",
    "MedianOfMeans",
    "Moments",
    "Quantiles",
    "SmallestTwo",
]
