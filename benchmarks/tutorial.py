"""The scikit-learn script of the tutorials: k-means on a sample, a label PNG, a codebook file.

This is scikit-learn's example "Color Quantization using K-Means" with 10,000 sampled pixels and
the two files that the copies of it write. It is a peer to measure against, kept as people run it:
``python tutorial.py PICTURE K STEM`` writes ``STEM.png`` and ``STEM.npy``.
"""

from __future__ import annotations

import sys
from typing import Any

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.utils import shuffle

N_SAMPLES = 10_000


def quantize(
    pixels: NDArray[np.uint8], n_colors: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Fit k-means to a sample of the pixels and label all of them.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, C)
    n_colors : int
        At most 256.

    Returns
    -------
    codebook : ndarray of uint8, shape (K, C)
        Centers, rounded to the nearest level.
    labels : ndarray of uint8, shape (H, W)
    """
    height, width, channels = pixels.shape
    points = pixels.reshape(-1, channels).astype(np.float64) / 255
    n_samples = min(N_SAMPLES, len(points))
    sample: Any = shuffle(points, random_state=0, n_samples=n_samples)
    model = KMeans(n_clusters=min(n_colors, n_samples), random_state=0).fit(sample)
    labels = model.predict(points).astype(np.uint8).reshape(height, width)
    codebook = np.rint(model.cluster_centers_ * 255).clip(0, 255).astype(np.uint8)
    return codebook, labels


def save(codebook: NDArray[np.uint8], labels: NDArray[np.uint8], stem: str) -> list[str]:
    """Write ``STEM.png`` and ``STEM.npy``; return both paths."""
    iio.imwrite(f"{stem}.png", labels)
    np.save(f"{stem}.npy", codebook)
    return [f"{stem}.png", f"{stem}.npy"]


def main() -> None:
    """Run the script on the command line's picture."""
    picture, n_colors, stem = sys.argv[1:]
    pixels = iio.imread(picture)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    codebook, labels = quantize(pixels, int(n_colors))
    save(codebook, labels, stem)


if __name__ == "__main__":
    main()
