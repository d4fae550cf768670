"""Pixels and codebook to labels: every pixel gets the nearest code-word.

The search is done once for each unique color; pixels only look the result up.
"""

import numpy as np
import numpy.typing as npt

from codec.colorspace import ColorMetric
from codec.histogram import ColorHistogram, pack_colors, strips
from codec.nearest import NearestSearch

_COLORS_AT_ONCE = 1 << 18


def label_colors(
    colors: npt.NDArray[np.uint8], codebook: npt.NDArray[np.uint8], metric: ColorMetric
) -> npt.NDArray[np.uint8]:
    """Give each color the label of its nearest code-word.

    Parameters
    ----------
    colors : ndarray of shape (U, C), dtype uint8
        Colors of a picture.
    codebook : ndarray of shape (K, C), dtype uint8
        Code-words as stored in the file, already rounded.
    metric : ColorMetric
        How different two colors are.

    Returns
    -------
    labels : ndarray of shape (U,), dtype uint8
        A tie goes to the lower label.
    """
    placed = metric.coordinates(codebook)
    labels = np.empty(len(colors), dtype=np.uint8)
    for start in range(0, len(colors), _COLORS_AT_ONCE):
        part = slice(start, start + _COLORS_AT_ONCE)
        labels[part] = NearestSearch(metric.coordinates(colors[part]))(placed)
    return labels


def label_pixels(
    pixels: npt.NDArray[np.uint8],
    histogram: ColorHistogram,
    color_labels: npt.NDArray[np.uint8],
) -> npt.NDArray[np.uint8]:
    """Look up the label of every pixel.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture that the histogram was counted from.
    histogram : ColorHistogram
        Every color of the picture.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each of these colors.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8
        One label a pixel.
    """
    channels = pixels.shape[2]
    keys = pack_colors(histogram.colors)
    labels = np.empty(pixels.shape[:2], dtype=np.uint8)
    # A table over all colors of three channels takes 16 MiB; colors of four that are opaque
    # share it, the others are searched for.
    opaque = keys & 255 == 255 if channels == 4 else np.ones(len(keys), dtype=bool)
    shift = np.uint32(8 if channels == 4 else 0)
    table = np.zeros(1 << 8 * min(channels, 3), dtype=np.uint8)
    table[keys[opaque] >> shift] = color_labels[opaque]
    rest_keys, rest_labels = keys[~opaque], color_labels[~opaque]
    for rows, strip in strips(pixels):
        labels[rows] = table[strip >> shift]
        if rest_keys.size:
            searched = strip & 255 != 255
            found = np.searchsorted(rest_keys, strip[searched])
            labels[rows][searched] = rest_labels[found]
    return labels
