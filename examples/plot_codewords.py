"""
k-means against random and median-cut code-words
================================================

How much does k-means bring? The same picture with code-words that are pixels drawn at random, and
with those of median cut, which is what many programs do.
"""

# sphinx_gallery_thumbnail_number = 2

import matplotlib.pyplot as plt
import numpy as np

import codec

frog = codec.read_image("../samples/red_eyed_tree_frog.png").pixels
sizes = [4, 8, 16, 32, 64, 128, 256]
sources = {"kmeans": "k-means", "median-cut": "median cut", "random": "random pixels"}


def psnr_db(pixels):
    """Tell the peak signal-to-noise ratio to the frog."""
    return 10 * np.log10(255**2 / np.mean((pixels - frog.astype(float)) ** 2))


# %%
# What is measured is squared error, so ``tune="psnr"`` makes it the aim. Of random pixels it is
# one draw for each K.

compressed = {
    source: [codec.compress(frog, k, codebook_from=source, tune="psnr") for k in sizes]
    for source in sources
}
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for (source, results), marker in zip(compressed.items(), "osD", strict=True):
    quality = [psnr_db(codec.decompress(indexed)) for indexed in results]
    ax.plot(sizes, quality, marker=marker, markersize=5, label=sources[source])
ax.set_xscale("log", base=2)
ax.set_xticks(sizes, sizes)
ax.set(xlabel="K", ylabel="PSNR in dB")
ax.grid(alpha=0.3)
ax.legend()
plt.show()

# %%
# With 16 code-words. Median cut spends them where many pixels are, and random pixels may miss the
# red of the eye.

part = slice(40, 300), slice(60, 430)
figure, axes = plt.subplots(2, 2, figsize=(9.6, 7.2), layout="constrained")
shown = [codec.decompress(compressed[source][2])[part] for source in sources]
codec.plots.comparison(frog[part], *shown, ax=axes.flat)
for ax, source in zip(axes.flat[1:], sources, strict=True):
    ax.set_title(f"{sources[source]}: {ax.get_title()}")
plt.show()

# %%
# Where the code-words lie among the picture's colors.

figure = plt.figure(figsize=(12, 4.4), layout="constrained")
for i, source in enumerate(sources):
    ax = figure.add_subplot(1, 3, i + 1, projection="3d")
    codec.plots.color_scatter(frog, compressed[source][2], ax=ax)
    ax.set_title(sources[source])
    ax.set_box_aspect((1, 1, 1), zoom=0.85)  # room for the names of the axes
    ax.view_init(elev=22, azim=-58)
plt.show()
