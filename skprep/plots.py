"""What pictures share: matplotlib where it is installed, axes to draw on, and colors."""

EXTRA = "Pictures need matplotlib, which is not installed: pip install 'skprep[plot]'."
# Okabe & Ito (2008), "Color universal design": told apart with any color vision, and on light and dark.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#A6761D")
GREY = "#888888"
BEST, TIED, WORSE = COLORS[2], COLORS[0], COLORS[1]


def pyplot():
    """Return matplotlib.pyplot; an ImportError names the extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(EXTRA) from error
    return plt


def axes_of(ax=None, width=7.5, height=4.0):
    """Return the axes to draw on, of a new figure where none are given."""
    return pyplot().subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax
