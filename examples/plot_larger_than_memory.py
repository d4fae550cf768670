"""
Larger than memory
==================

A picture that need not fit into memory is counted piece by piece, gets one codebook, and is
labeled piece by piece; a part of the result is read without the rest. Needs the extra ``large``.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import codec
from codec import chunks

# %%
# The picture here is a file of NumPy that is mapped into memory, 12 megapixels of it; anything
# that can be sliced would do, such as an array of Zarr or h5py.

folder = tempfile.TemporaryDirectory()
place = Path(folder.name)
sample = codec.read_image("../samples/map.png").pixels
down, across = 3000 // len(sample) + 1, 4000 // sample.shape[1] + 1
big = np.lib.format.open_memmap(place / "big.npy", "w+", np.uint8, (3000, 4000, 3))
big[:] = np.tile(sample, (down, across, 1))[:3000, :4000]

# %%
# Counts of pieces add up, whoever counts them: this loop may be spread over processes or machines.

pieces = [chunks.count(big[top : top + 500]) for top in range(0, len(big), 500)]
histogram = chunks.Histogram.merge(pieces)
codebook = chunks.train(histogram, 32, source=big, dither="none")
print(f"{len(histogram):,} colors of {len(pieces)} pieces became {len(codebook)}")

# %%
# Labels are found for any piece alone, and are those that the whole picture would have.

labels = codebook.label(big[1000:1500], origin=(1000, 0))
print(f"a piece of {labels.shape} has labels up to {labels.max()}")

# %%
# All of it at once: `compress_chunked` counts, trains and labels block by block, to a file.

done = chunks.compress_chunked(big, place / "big.zarr", 32, dither="none")
print(f"{done.unique_colors:,} colors, mean squared error {done.mse:.1f}")

# %%
# A part of it is read, and verified, without the rest.

part = slice(900, 1300), slice(1500, 2100)
with codec.open(place / "big.zarr") as stored:
    shown = stored[part]
    print(stored)
    print("the piece is the same:", np.array_equal(stored.labels[1000:1500], labels))

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
axes[0].imshow(big[::10, ::10])
axes[0].set_title("12 megapixels")
axes[1].imshow(big[part])
axes[1].set_title("a part of them")
axes[2].imshow(shown)
axes[2].set_title(f"{len(codebook)} colors")
for ax in axes:
    ax.set_axis_off()
plt.show()

del big
folder.cleanup()
