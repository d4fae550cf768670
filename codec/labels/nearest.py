"""Pixels and codebook to labels: every pixel gets the nearest code-word.

The search is done once for each unique color; pixels only look the result up.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.nearest import NearestSearch
from codec.colors.pixels import as_rows, pack_colors
from codec.kernels import compiled
from codec.threads import row_strips, run_parallel, spans

_COLOR_WORK = 8  # of labeling a color, in pixels


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
    search = _search_cells
    if not compiled():
        search = _search_groups
    elif metric.is_plain(colors.shape[1]):
        search = _search_grid
    labels = np.empty(len(colors), dtype=np.uint8)

    def label(part: slice) -> None:
        some, own = colors[part], labels[part]
        for strip in row_strips(len(some), 1):
            own[strip] = search(np.ascontiguousarray(some[strip]), codebook, metric)

    run_parallel([functools.partial(label, part) for part in spans(len(colors), _COLOR_WORK)])
    return labels


def _search_grid(
    colors: npt.NDArray[np.uint8], codebook: npt.NDArray[np.uint8], metric: ColorMetric
) -> npt.NDArray[np.uint8]:
    """Search among 8-bit colors themselves."""
    from codec.kernels.nearest import NearestGrid, label_rows

    labels = np.empty(len(colors), dtype=np.uint8)
    label_rows(NearestGrid(np.ascontiguousarray(codebook)), colors, labels)
    return labels


def _search_cells(
    colors: npt.NDArray[np.uint8], codebook: npt.NDArray[np.uint8], metric: ColorMetric
) -> npt.NDArray[np.uint8]:
    """Search in any space with compiled kernels."""
    from codec.kernels.cells import CellTree
    from codec.kernels.lloyd import cluster_sums

    points = metric.coordinates(colors)
    low = points.min(axis=0)
    placed = np.zeros((len(codebook), 4), dtype=np.int32)
    placed[:, : points.shape[1]] = metric.coordinates(codebook) - low
    tree = CellTree((points - low).astype(np.int32), np.ones(len(points), dtype=np.int64))
    sorted_labels = np.empty(len(points), dtype=np.int32)
    cluster_sums(tree, placed, labels=sorted_labels)
    labels = np.empty(len(points), dtype=np.uint8)
    labels[tree.input_order()] = sorted_labels
    return labels


def _search_groups(
    colors: npt.NDArray[np.uint8], codebook: npt.NDArray[np.uint8], metric: ColorMetric
) -> npt.NDArray[np.uint8]:
    """Search in any space with NumPy."""
    return NearestSearch(metric.coordinates(colors))(metric.coordinates(codebook)).astype(np.uint8)


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
    if compiled():
        return _label_compiled(pixels, histogram, color_labels)
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
    for rows in row_strips(*pixels.shape[:2]):
        strip = pack_colors(pixels[rows])
        labels[rows] = table[strip >> shift]
        if rest_keys.size:
            searched = strip & 255 != 255
            found = np.searchsorted(rest_keys, strip[searched])
            labels[rows][searched] = rest_labels[found]
    return labels


def _label_compiled(
    pixels: npt.NDArray[np.uint8],
    histogram: ColorHistogram,
    color_labels: npt.NDArray[np.uint8],
) -> npt.NDArray[np.uint8]:
    from codec.kernels.mapping import fill_table, map_pixels

    height, width, channels = pixels.shape
    colors = np.ascontiguousarray(histogram.colors)
    color_labels = np.ascontiguousarray(color_labels)
    table = np.zeros(1 << 8 * min(channels, 3), dtype=np.uint8)
    fill_table(colors, color_labels, table)
    keys, key_labels = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8)
    if channels == 4:
        translucent = colors[:, 3] != 255
        keys, key_labels = pack_colors(colors[translucent]), color_labels[translucent]
    # Enough bits that few keys begin with the same ones.
    bits = 20 if len(keys) >> 16 else 12
    beginnings = np.bincount(keys >> np.uint32(32 - bits), minlength=1 << bits)
    firsts = np.append(0, beginnings.cumsum()).astype(np.uint32)
    labels = np.empty((height, width), dtype=np.uint8)

    def label(part: slice) -> None:
        map_pixels(as_rows(pixels[part]), channels, table, firsts, keys, key_labels, labels[part])

    run_parallel([functools.partial(label, part) for part in spans(height, width)])
    return labels
