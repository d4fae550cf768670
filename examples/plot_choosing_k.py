"""
Choosing K, or asking for the result
====================================

How many colors does a picture need? `codec.sweep` tells what each K takes and how far it is off,
from one training; targets choose K for you.
"""

import matplotlib.pyplot as plt

import codec

page = codec.read_image("../samples/page.png")
frog = codec.read_image("../samples/red_eyed_tree_frog.png")

# %%
# A page of a program is done with few colors. A photograph asks for more with every bit, and does
# not get there: that is a picture for JPEG or AVIF. The ring is the knee, from where on more
# colors cost more bytes than they are worth.

sizes = [4, 8, 16, 32, 64, 128, 256]
swept = {
    "page": codec.sweep(page, sizes, formats=["png"]),
    "photograph": codec.sweep(frog, sizes, formats=["png"]),
}
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
codec.plots.rate_distortion(swept, ax=ax)
ax.set_title("Rate and distortion of an indexed PNG, point by K")
plt.show()

# %%
# Whoever knows what the file has to be asks for it. All of these are indexed PNGs with the fewest
# bytes that do, or of so many bytes the one with the least error.

results = {
    "PSNR of 36 dB": codec.compress(page, min_psnr=36, format="png"),
    "in 20,000 bytes": codec.compress(page, max_bytes=20_000, format="png"),
    "no channel off by over 24": codec.compress(page, max_error=24, format="png"),
    "auto, the knee": codec.compress(page, auto=True, format="png"),
}
for name, indexed in results.items():
    print(f"{name:26} K = {indexed.n_colors}")

# %%
# A part of each, at twice its size.

rows, columns = slice(386, 560), slice(640, 940)
figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
codec.plots.comparison(
    page.pixels[rows, columns],
    *(codec.decompress(indexed)[rows, columns] for indexed in list(results.values())[:3]),
    ax=axes.flat,
)
for ax, name in zip(axes.flat[1:], results, strict=False):
    ax.set_title(f"{name}: {ax.get_title()}")
plt.show()
