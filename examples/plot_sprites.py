"""
Sprites with one palette
========================

A console's or a game's sprites share a palette: it is trained once for all, and whoever changes
one of its colors recolors everything.
"""

# sphinx_gallery_thumbnail_number = 2

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import codec

sheet = codec.read_image("../samples/sprites.png").pixels
sprites = [sheet[y : y + 16, x : x + 16] for y in range(0, 64, 16) for x in range(0, 256, 16)]

# %%
# `codec.train` counts the colors of all pictures, one by one, and trains once.

codebook = codec.train(sprites, 32)
compressed = [codec.compress(sprite, codebook=codebook, dither="none") for sprite in sprites]
print(f"{len(sprites)} sprites, {len(codebook)} code-words, all with the same")


def tiled(pictures, columns=16):
    """Put pictures of the same size side by side again."""
    pixels = [np.asarray(picture) for picture in pictures]
    rows = [np.hstack(pixels[i : i + columns]) for i in range(0, len(pixels), columns)]
    return np.vstack(rows)


figure, axes = plt.subplots(2, 1, figsize=(9, 5.2), layout="constrained")
for ax, title, pictures in zip(
    axes, ("original", "one palette of 32"), (sprites, compressed), strict=True
):
    ax.imshow(tiled(pictures), interpolation="nearest")
    ax.set(title=title, xticks=[], yticks=[], facecolor="#d8d8e0")
plt.show()

# %%
# The palette itself, and another one for the night: three numbers a code-word, no pixel touched.

night = codebook.copy()
night[:, :3] = (codebook[:, :3] * [0.45, 0.5, 0.85]).astype(np.uint8)
figure, axes = plt.subplots(3, 1, figsize=(9, 3.6), height_ratios=[1, 1, 7], layout="constrained")
for ax, palette in zip(axes, (codebook, night), strict=False):
    ax.imshow(palette[None], aspect="auto")
    ax.set(xticks=[], yticks=[])
axes[2].imshow(tiled([each.recolor(night) for each in compressed]), interpolation="nearest")
axes[2].set(xticks=[], yticks=[], facecolor="#20243a")
plt.show()

# %%
# In files: with one palette they are one sheet, an indexed PNG; with palettes of their own each
# has its own header too.

with tempfile.TemporaryDirectory() as folder:
    whole = codec.save(
        codec.compress(tiled(sprites), codebook=codebook), Path(folder, "sheet.png")
    )
    own = [
        codec.save(codec.compress(sprite), Path(folder, f"{i}.png"))[0]
        for i, sprite in enumerate(sprites)
    ]
    print(f"one sheet: {whole[0].stat().st_size:,} bytes")
    print(f"{len(own)} files: {sum(path.stat().st_size for path in own):,} bytes")
