"""
Reading the files without kmcodec
=================================

Whoever gets a file needs no kmcodec: NumPy and any reader of PNG will do.
"""

import tempfile
from pathlib import Path

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import codec

folder = tempfile.TemporaryDirectory()
here = Path(folder.name)
indexed = codec.compress(codec.read_image("../samples/chart.png"), 64)
for name in ("chart.labels.png", "chart.npz", "chart.png"):
    for path in codec.save(indexed, here / name):
        print(f"{path.name:18} {path.stat().st_size:7,} bytes")

# %%
# The pair is a grey PNG of labels and an array of code-words. Decoding is an index.

labels = iio.imread(here / "chart.labels.png")
codebook = np.load(here / "chart.codebook.npy")
from_pair = codebook[labels]

# %%
# The archive has the same two arrays.

archive = np.load(here / "chart.npz")
from_archive = archive["codebook"][archive["labels"]]

# %%
# The indexed PNG is shown by everything that shows pictures.

from_png = np.asarray(Image.open(here / "chart.png").convert("RGB"))

# %%
# All three are the same picture, to the last bit, as kmcodec decodes it.

expected = codec.decompress(indexed)
print([bool((pixels == expected).all()) for pixels in (from_pair, from_archive, from_png)])

figure, axes = plt.subplots(1, 2, figsize=(11, 4.1), layout="constrained")
axes[0].imshow(labels, cmap="gray")
axes[0].set(title="the labels, as a viewer shows them", xticks=[], yticks=[])
axes[1].imshow(from_pair)
axes[1].set(title="codebook[labels]", xticks=[], yticks=[])
plt.show()
folder.cleanup()
