"""
E-paper
=======

A panel shows the inks that it has: they are the codebook, and dithering does the rest.
"""

import matplotlib.pyplot as plt
import numpy as np

import codec

# %%
# A panel of seven inks. Given code-words are stored as they are and in this order, so that a label
# is the number that the panel's controller takes.

inks = np.array(
    [
        [0, 0, 0],
        [255, 255, 255],
        [67, 138, 28],
        [41, 75, 143],
        [191, 0, 0],
        [242, 229, 0],
        [232, 126, 0],
    ],
    dtype=np.uint8,
)
clips = codec.read_image("../samples/paper_clips.png")
frog = codec.read_image("../samples/red_eyed_tree_frog.png")

figure, axes = plt.subplots(2, 3, figsize=(11, 5.4), layout="constrained")
for row, picture in zip(axes, (clips, frog), strict=True):
    shown = {
        "original": picture.pixels,
        'dither="none"': codec.compress(picture, codebook=inks, dither="none"),
        'dither="fs"': codec.compress(picture, codebook=inks, dither="fs"),
    }
    for ax, (title, pixels) in zip(row, shown.items(), strict=True):
        ax.imshow(pixels)
        ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Closer: seven inks, and more colors than seven as seen from where the panel hangs.

eye = slice(70, 190), slice(130, 290)
figure, axes = plt.subplots(1, 3, figsize=(11, 3.1), layout="constrained")
for ax, (title, pixels) in zip(axes, shown.items(), strict=True):
    ax.imshow(np.asarray(pixels)[eye], interpolation="nearest")
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Two pixels a byte, high half first: what goes to the panel.

labels = codec.compress(clips, codebook=inks, dither="fs").labels
packed = labels[:, ::2] << 4 | labels[:, 1::2]
print(f"{packed.size:,} bytes for {labels.shape[1]} x {labels.shape[0]} pixels")

# %%
# A panel of four greys, and text: ``dither="selective"`` diffuses errors in the grey of the paper
# and leaves letters sharp.

greys = np.array([[0], [85], [170], [255]], dtype=np.uint8)
page = codec.read_image("../samples/scan.png").pixels[105:255, 90:450]
shown = {"original": page}
for dither in ("none", "selective", "fs"):
    shown[f'dither="{dither}"'] = codec.compress(page, codebook=greys, dither=dither)
figure, axes = plt.subplots(2, 2, figsize=(11, 5), layout="constrained")
for ax, (title, pixels) in zip(axes.flat, shown.items(), strict=True):
    ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set(title=title, xticks=[], yticks=[])
plt.show()
