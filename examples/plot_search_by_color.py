"""
Searching a folder by color
===========================

A codebook with the shares of its code-words is a description of a picture in a few dozen numbers.
A folder of them is an index by color.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

import codec

# %%
# The index: 32 colors and their shares for every picture of the folder. Here it is the samples;
# fewer than a dozen, but the lines would be the same for thousands.

index = {}
for path in sorted(Path("../samples").glob("*.png")):
    pixels = codec.read_image(path).pixels
    indexed = codec.compress(pixels, 32, effort="fast", dither="none")
    shares = np.bincount(indexed.labels.ravel(), minlength=indexed.n_colors) / indexed.labels.size
    codebook = indexed.codebook
    if indexed.channels < 3:
        codebook = codebook[:, [0, 0, 0]]
    if indexed.channels == 4:
        shares = shares * codebook[:, 3] / 255
    index[path] = rgb2lab(codebook[:, :3] / 255), shares

# %%
# The search: how much of a picture is like this color. A difference of 15 by CIEDE2000 is another
# color.


def search(color):
    """Tell the share of each picture that is close to a color, largest first."""
    wanted = rgb2lab(np.array(color) / 255)
    found = {}
    for path, (lab, shares) in index.items():
        closeness = np.clip(1 - deltaE_ciede2000(lab, wanted[None]) / 15, 0, 1)
        found[path] = float(closeness @ shares)
    return sorted(found.items(), key=lambda item: -item[1])


queries = {
    "leaf": (110, 160, 40),
    "sea": (140, 190, 215),
    "brick": (200, 60, 40),
    "ink": (30, 30, 40),
}
figure, axes = plt.subplots(
    len(queries), 4, figsize=(9, 7.6), width_ratios=[1, 3, 3, 3], layout="constrained"
)
for row, (name, color) in zip(axes, queries.items(), strict=True):
    row[0].imshow([[color]])
    row[0].set(title=name, xticks=[], yticks=[])
    for ax, (path, share) in zip(row[1:], search(color), strict=False):
        ax.imshow(codec.read_image(path).pixels, cmap="gray")
        ax.set(title=f"{path.stem}: {100 * share:.1f} %", xticks=[], yticks=[])
plt.show()
