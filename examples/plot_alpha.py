"""
Alpha
=====

Colors count as much as they can be seen: clear stays clear, solid stays solid, and what lies
between shares the code-words.
"""

import matplotlib.pyplot as plt
import numpy as np

import codec

sprites = codec.read_image("../samples/sprites.png").pixels
heroes = sprites[0:64, 0:128]


def on_checks(pixels, size=4):
    """Blend a picture of RGBA with the checks that stand for nothing."""
    rows, columns = np.indices(pixels.shape[:2]) // size
    checks = np.where((rows + columns) % 2, 0.8, 0.95)[:, :, None]
    alpha = pixels[:, :, 3:] / 255
    return pixels[:, :, :3] / 255 * alpha + checks * (1 - alpha)


# %%
# 64 code-words are more than these sprites have colors: they come back as they are seen. With
# fewer the shades give way, and outlines stay sharp: no solid pixel becomes translucent.

few = {k: codec.decompress(codec.compress(heroes, k)) for k in (64, 16, 8)}
figure, axes = plt.subplots(2, 2, figsize=(10, 5.6), layout="constrained")
for ax, (title, pixels) in zip(axes.flat, {"original": heroes, **few}.items(), strict=True):
    ax.imshow(on_checks(pixels), interpolation="nearest")
    ax.set(title=title if title == "original" else f"K = {title}", xticks=[], yticks=[])
plt.show()

# %%
# A glow fades from solid to clear. Its code-words spread over alpha as over color; the first bar
# is clear.

x, y = np.meshgrid(np.linspace(-1, 1, 256), np.linspace(-1, 1, 256))
distance = np.hypot(x, y)
glow = np.zeros((256, 256, 4), dtype=np.uint8)
glow[:, :, 0] = 255
glow[:, :, 1] = 255 * np.clip(1 - distance, 0, 1)
glow[:, :, 3] = 255 * np.clip(1.5 - 1.7 * distance, 0, 1)

indexed = codec.compress(glow, 16)
figure, axes = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
axes[0].imshow(on_checks(glow, 16))
axes[1].imshow(on_checks(codec.decompress(indexed), 16))
axes[0].set(title="original", xticks=[], yticks=[])
axes[1].set(title="16 code-words", xticks=[], yticks=[])
codec.plots.codebook(indexed, ax=axes[2])
plt.show()

# %%
# What is under clear pixels is nobody's business, and is dropped; ``exact=True`` keeps it.

kept = codec.decompress(codec.compress(sprites, exact=True))
dropped = codec.decompress(codec.compress(sprites))
for name, pixels in (("original", sprites), ("exact", kept), ("default", dropped)):
    colors = np.unique(pixels[pixels[:, :, 3] == 0], axis=0)
    print(f"{name:9} {len(colors)} kinds of clear")
