"""What pictures share: matplotlib where it is installed, axes to draw on, and colors."""

EXTRA = "Pictures need matplotlib, which is not installed: pip install 'skprep[plot]'."
# Okabe & Ito's colors, which people with any colour vision tell apart; the grey shows on light and on dark.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#A6761D")


def pyplot():
    """Return matplotlib.pyplot; an ImportError names the extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(EXTRA) from error
    return plt


def axes_of(ax=None, width=7.5, height=4.0):
    """Return the axes to draw on, of a new figure where none are given."""
    plt = pyplot()
    return plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def ink():
    """Return the colors of what a chart says."""
    return {"best": "#009E73", "tied": "#0072B2", "worse": "#D55E00", "line": "#888888"}
