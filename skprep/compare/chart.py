"""The comparison as a chart: how far each pair is from the best one, and how sure that is."""

from skprep.compare.paired import interval
from skprep.plots import BEST, GREY, TIED, WORSE, axes_of

MOST = 40  # rows of a chart that can be read


def draw(results, score, ax=None):
    """Draw the paired differences from the best, a row for each pair, by model; return the axes."""
    best = results[0]
    models = list(dict.fromkeys(r.model for r in results))  # by their best pair
    rows = [r for model in models for r in results if r.model == model][:MOST]
    ax = axes_of(ax, width=5.8, height=1.2 + 0.27 * (len(rows) + len(models)))
    place, ticks, labels = 0.0, [], []
    ax.text(1.01, place, score, transform=ax.get_yaxis_transform(), fontsize="small", va="center")
    for model in models:
        own = [r for r in rows if r.model == model]
        if not own:
            continue
        ax.text(0.0, place, model, transform=ax.get_yaxis_transform(), fontweight="bold", va="center")
        place += 1.0
        for r in own:
            low, high = interval(-r.difference, r.error, len(r.scores)) if r is not best else (0.0, 0.0)
            tone = WORSE if r.is_told_apart else TIED
            tone = BEST if r is best else tone
            ax.plot([low, high], [place, place], color=tone, linewidth=2, solid_capstyle="round")
            ax.plot([-r.difference], [place], "o", color=tone, markersize=6)
            ax.annotate(
                f"{r.mean:.4f}",
                (1.01, place),
                xycoords=ax.get_yaxis_transform(),
                va="center",
                fontsize="small",
                annotation_clip=False,
            )
            ticks.append(place)
            labels.append(r.scaler)
            place += 1.0
        place += 0.4
    ax.axvline(0.0, color=GREY, linewidth=1, zorder=0)
    ax.set_yticks(ticks, labels)
    ax.set_ylim(place - 0.4, -0.8)
    ax.set_xlabel(
        f"{score} minus that of the best pair, 95 % in pairs\ngreen: best; blue: not told from it; orange: "
        "told"
    )
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.set_title(f"Best: {best.scaler} in front of {best.model}", loc="left", fontsize="medium")
    return ax
