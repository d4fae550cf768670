"""
Palettes of pictures
====================

Which six colors is a painting, or any picture, made of? The codebook says so, and the labels how
much of it each color covers.
"""

import matplotlib.pyplot as plt
import numpy as np

import codec

names = ["astronaut", "red_eyed_tree_frog", "map", "paper_clips"]
pictures = [codec.read_image(f"../samples/{name}.png") for name in names]

# %%
# Six are few, and large areas take most of them: the red of the flag gets one, that of the frog's
# eye does not.

figure, axes = plt.subplots(2, 4, figsize=(12, 4.7), height_ratios=[5, 1], layout="constrained")
for picture, (above, below) in zip(pictures, axes.T, strict=True):
    indexed = codec.compress(picture, 6)
    shares = np.bincount(indexed.labels.ravel(), minlength=indexed.n_colors) / indexed.labels.size
    above.imshow(picture.pixels)
    above.set_axis_off()
    # Darkest first: by weights that say how bright the eye takes red, green and blue for.
    order = np.argsort(indexed.codebook @ [0.2126, 0.7152, 0.0722])
    left = 0
    for label in order:
        below.barh(0, shares[label], left=left, color=indexed.codebook[label] / 255)
        left += shares[label]
    below.set(xlim=(0, 1), ylim=(-0.4, 0.4), xticks=[], yticks=[])
plt.show()

# %%
# With twelve the eye has its red, and the toes their orange. As bars, with the numbers that a
# stylesheet takes.

frog = codec.compress(pictures[1], 12)
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
codec.plots.codebook(frog, ax=ax)
plt.show()

# %%
# Where they lie in the cube of colors: of the picture's every n-th color a small point.

figure = plt.figure(figsize=(6.4, 6), layout="constrained")
ax = codec.plots.color_scatter(pictures[1], frog, ax=figure.add_subplot(projection="3d"))
ax.view_init(elev=22, azim=-58)
plt.show()
