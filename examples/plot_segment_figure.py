"""
Segmenting a figure
===================

Labels are a segmentation by color: curves and bars of a chart come apart, and can be measured.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from skimage.color import rgb2lab

import codec

chart = codec.read_image("../samples/chart.png").pixels
indexed = codec.compress(chart, 24, dither="none")
legend = {"Wind": "#316fb6", "Solar": "#d97b3c", "Hydro": "#4a9f72", "Biomass": "#a15090"}

# %%
# A series has several code-words, solid and faint ones. Code-words with a color go to the series
# whose hue is nearest; white, black and grey are nobody's.
# Where two curves cross, the pixels are those of the upper one.

lab = rgb2lab(indexed.codebook / 255)
named = rgb2lab([to_rgb(color) for color in legend.values()])
hues, names = (np.arctan2(of[:, 2], of[:, 1]) for of in (lab, named))
apart = np.abs(np.angle(np.exp(1j * (hues[:, None] - names))))
chroma = np.hypot(lab[:, 1], lab[:, 2])
masks = {
    name: indexed.select(np.flatnonzero((apart.argmin(axis=1) == i) & (chroma > 18)))
    for i, name in enumerate(legend)
}

figure, axes = plt.subplots(2, 2, figsize=(10, 7.3), layout="constrained")
for ax, (name, mask) in zip(axes.flat, masks.items(), strict=True):
    ax.imshow(np.where(mask[:, :, None], to_rgb(legend[name]), 1.0))
    ax.set(title=f"{name}: {mask.sum():,} pixels", xticks=[], yticks=[])
plt.show()

# %%
# The bars at the bottom left can be read again: so many pixels high, where 20 % are 65 pixels
# by the lines of the grid.

bars = slice(500, 640), slice(75, 480)
shares = {}
for name, mask in masks.items():
    heights = mask[bars].sum(axis=0)
    columns = np.flatnonzero(heights > 10)
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 5) + 1)
    shares[name] = [20 * np.median(heights[group]) / 65 for group in groups]

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
axes[0].imshow(chart[485:665, 40:490])
axes[0].set_axis_off()
axes[0].set_title("the picture")
for i, (name, values) in enumerate(shares.items()):
    axes[1].bar(
        np.arange(len(values)) + 0.2 * i - 0.3, values, 0.18, color=legend[name], label=name
    )
axes[1].set_xticks(range(4), ["Q1", "Q2", "Q3", "Q4"])
axes[1].set(title="what was read off it", ylabel="%", ylim=(0, 42))
axes[1].legend(ncols=2, loc="upper center")
plt.show()
