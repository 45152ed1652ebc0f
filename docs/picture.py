"""Draw the picture of the landing page and the README: ``python docs/picture.py``."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skprep import GroupScaler, StandardScaler

TISSUES = {
    "fat": (-100, 12),
    "fluid": (5, 10),
    "muscle": (55, 10),
    "bone": (190, 35),
}  # mean and spread, in HU
SCANNERS = {"A": (1.0, 0), "B": (1.3, 70), "C": (0.75, -60)}  # gain and offset
COLOURS = ["#c98b2b", "#3d5a98", "#a33b3b", "#666666"]


def scans(n=400):
    """Regions of interest from three scanners: intensity, scanner, tissue."""
    rng = np.random.default_rng(0)
    parts = []
    for name, (gain, offset) in SCANNERS.items():
        tissue = rng.choice(list(TISSUES), n)
        true = rng.normal([TISSUES[t][0] for t in tissue], [TISSUES[t][1] for t in tissue])
        parts.append(pd.DataFrame({"scanner": name, "tissue": tissue, "hu": gain * true + offset}))
    return pd.concat(parts, ignore_index=True)


def draw():
    """Two rows of histograms: one scaler for all, one per scanner."""
    table = scans()
    views = {
        "one scaler for all": StandardScaler().fit_transform(table[["hu"]]),
        "one per scanner": GroupScaler(StandardScaler(), by="scanner").fit_transform(
            table[["scanner", "hu"]]
        ),
    }
    plt.rcParams["font.size"] = 13
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.6), sharex=True, layout="constrained")
    for line, (name, z) in zip(axes, views.items(), strict=True):
        for axis, scanner in zip(line, SCANNERS, strict=True):
            for tissue, colour in zip(TISSUES, COLOURS, strict=True):
                rows = ((table["scanner"] == scanner) & (table["tissue"] == tissue)).to_numpy()
                axis.hist(z[rows, 0], bins=np.linspace(-3, 3, 46), color=colour, alpha=0.8, label=tissue)
            axis.axvline(0, color="black", lw=0.6)
            axis.set_yticks([])
        line[0].set_ylabel(name)
    for axis, scanner in zip(axes[0], SCANNERS, strict=True):
        axis.set_title(f"scanner {scanner}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(Path(__file__).parent / "_static" / "per_device.png", dpi=110)


if __name__ == "__main__":
    draw()
