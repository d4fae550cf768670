"""Pixels and codebook to labels: every pixel gets the nearest code-word.

The search is done once for each unique color; pixels only look the result up.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_rows, pack_colors
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]

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
    search = _search_grid if metric.is_plain(colors.shape[1]) else _search_cells
    labels = np.empty(len(colors), dtype=np.uint8)
    colors, codebook = np.ascontiguousarray(colors), np.ascontiguousarray(codebook)
    run_parallel(
        [
            functools.partial(search, colors[part], codebook, metric, labels[part])
            for part in spans(len(colors), _COLOR_WORK)
        ]
    )
    return labels


def _search_grid(colors: Bytes, codebook: Bytes, metric: ColorMetric, labels: Bytes) -> None:
    """Search among 8-bit colors themselves."""
    kernels.nearest.label_rows(kernels.nearest.NearestGrid(codebook), colors, labels)


def _search_cells(colors: Bytes, codebook: Bytes, metric: ColorMetric, labels: Bytes) -> None:
    """Search in any space."""
    for strip in row_strips(len(colors), 1):
        points = metric.coordinates(colors[strip])
        low = points.min(axis=0)
        placed = np.zeros((len(codebook), 4), dtype=np.int32)
        placed[:, : points.shape[1]] = metric.coordinates(codebook) - low
        weights = np.ones(len(points), dtype=np.int64)
        tree = kernels.cells.CellTree((points - low).astype(np.int32), weights)
        sorted_labels = np.empty(len(points), dtype=np.int32)
        kernels.lloyd.cluster_sums(tree, placed, labels=sorted_labels)
        labels[strip][tree.input_order()] = sorted_labels


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
    height, width, channels = pixels.shape
    colors = np.ascontiguousarray(histogram.colors)
    color_labels = np.ascontiguousarray(color_labels)
    table = np.zeros(1 << 8 * min(channels, 3), dtype=np.uint8)
    kernels.mapping.fill_table(colors, color_labels, table)
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
        rows = as_rows(pixels[part])
        kernels.mapping.map_pixels(rows, channels, table, firsts, keys, key_labels, labels[part])

    run_parallel([functools.partial(label, part) for part in spans(height, width)])
    return labels
