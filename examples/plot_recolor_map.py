"""
Recoloring a map
================

A compressed picture is a codebook and labels. Whoever changes the codebook has recolored every
pixel, at the price of a few numbers.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.color import lab2rgb, rgb2lab

import codec

indexed = codec.compress(codec.read_image("../samples/map.png"), 64)

# %%
# A map for the night: the lightness of every code-word is turned over, its hue stays. That is
# arithmetic with 64 colors; the 800,000 labels are not touched, nor copied.

lab = rgb2lab(indexed.codebook / 255)
lab[:, 0] = 8 + 0.82 * (100 - lab[:, 0])
lab[:, 1:] *= 0.9
night = indexed.recolor(np.round(lab2rgb(lab) * 255).astype(np.uint8))

figure, axes = plt.subplots(1, 2, figsize=(12, 5.1), layout="constrained")
for ax, title, picture in zip(axes, ("by day", "by night"), (indexed, night), strict=True):
    ax.imshow(picture)
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Some colors alone: what is blue, the sea and the rivers, becomes a sepia of the same lightness.
# A mapping names code-words by labels or by colors, and leaves the others alone.

lab = rgb2lab(indexed.codebook / 255)
blue = np.flatnonzero(lab[:, 2] < -2)
sepia = np.round(lab2rgb(lab[blue] * [1, 0, 0] + [0, 6, 22]) * 255).astype(np.uint8)
old = indexed.recolor(dict(zip(blue.tolist(), sepia, strict=True)))

figure, axes = plt.subplots(1, 2, figsize=(12, 5.1), layout="constrained")
axes[0].imshow(indexed.select(blue), cmap="Greys")
axes[1].imshow(old)
axes[0].set(title="indexed.select(blue)", xticks=[], yticks=[])
axes[1].set(title="recolored", xticks=[], yticks=[])
plt.show()
