"""What the curves ask of this project's package beyond its public names: errors, nesting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pictures import Pixels

from codec.codebook.nested import Nest
from codec.codebook.training import train_codebook
from codec.colors import metrics
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.labels.nearest import label_colors


def visible_psnr(original: Pixels, decoded: Pixels) -> float:
    """Return the PSNR that a target means, in dB: under alpha that of what can be seen; RGBA."""
    total = metrics.squared_error(original, decoded)
    samples = original.shape[0] * original.shape[1] * metrics.color_samples(original.shape[2])
    return metrics.psnr_db(total / samples)


def worst_error(original: Pixels, decoded: Pixels) -> int:
    """Return the largest error of a channel; the colors of clear pixels do not count; RGBA."""
    return int(metrics.channel_errors(original, decoded).max())


def histogram(pixels: Pixels) -> ColorHistogram:
    """Count the colors of a picture."""
    return count_colors(pixels)


def train(colors: ColorHistogram, n_colors: int) -> Pixels:
    """Train a codebook of one size, for the least squared error."""
    return train_codebook(colors, n_colors).codebook


def train_nested(colors: ColorHistogram, sizes: Sequence[int]) -> dict[int, Pixels]:
    """Train codebooks of many sizes, as a target does: one training, and what follows from it."""
    nest = Nest(colors, train(colors, max(sizes)), ColorMetric())
    return {size: nest.codebook(size) for size in sizes}


def codebook_error(colors: ColorHistogram, codebook: Pixels) -> float:
    """Return the squared error a pixel when each has its nearest code-word."""
    labels = label_colors(colors.colors, codebook, ColorMetric())
    errors = metrics.squared_errors(colors.colors, codebook[labels])
    return float(np.average(errors, weights=colors.counts))
