"""
Looks and dithering
===================

What looks best is not what has the least squared error. ``tune`` says which of the two is the
aim, ``dither`` whether the errors of neighbors cancel.
"""

# sphinx_gallery_thumbnail_number = 2

import matplotlib.pyplot as plt

import codec

gradient = codec.read_image("../samples/gradient.png").pixels

# %%
# At 48 colors the shades of a dozen gradients turn to bands, and PSNR likes them. By default
# errors are diffused where a band would show.

results = {
    'tune="psnr"': codec.compress(gradient, 48, tune="psnr"),
    'dither="none"': codec.compress(gradient, 48, dither="none"),
    "the default": codec.compress(gradient, 48),
    'dither="fs"': codec.compress(gradient, 48, dither="fs"),
    'dither="ordered"': codec.compress(gradient, 48, dither="ordered"),
}
figure, axes = plt.subplots(2, 3, figsize=(10, 5.6), layout="constrained")
codec.plots.comparison(gradient, *results.values(), ax=axes.flat)
for ax, name in zip(axes.flat[1:], results, strict=True):
    ax.set_title(f"{name}\n{ax.get_title()}", fontsize="medium")
plt.show()

# %%
# Closer, at a single gradient: bands, diffusion, and the pattern of ``ordered``, which stays where
# it is when a picture moves, and so suits sprites and animations.

part = slice(0, 128), slice(256, 384)
shown = ['dither="none"', "the default", 'dither="ordered"']
figure, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
for ax, name in zip(axes, shown, strict=True):
    ax.imshow(codec.decompress(results[name])[part], interpolation="nearest")
    ax.set(title=name, xticks=[], yticks=[])
plt.show()

# %%
# Lines and letters are left alone: diffusion is for shades. Nothing that is lossless is dithered.

page = codec.read_image("../samples/page.png").pixels
part = slice(130, 330), slice(700, 1180)
few = {name: codec.compress(page, 24, dither=name) for name in ("none", "auto", "fs")}
figure, axes = plt.subplots(3, 1, figsize=(8, 9.4), layout="constrained")
for ax, (name, indexed) in zip(axes, few.items(), strict=True):
    ax.imshow(codec.decompress(indexed)[part], interpolation="nearest")
    ax.set(title=f'dither="{name}", 24 colors', xticks=[], yticks=[])
plt.show()
