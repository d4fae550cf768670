"""Pixels and codebook to labels: every pixel gets the nearest code-word.

The search is done once for each unique color; pixels only look the result up.
"""

import functools
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import as_rows, pack_colors
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]

_COLOR_WORK = 8  # of labeling a color, in pixels
_COLOR_PIXELS = 16  # that take as much memory as placing a color; all of it stays in the cache
_FEW_COLORS = 1 << 16  # for which a new table of all colors would take longest

_scratch = threading.local()  # such a table


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
        A tie goes to the lower label. Where alpha has classes, clear colors go to clear
        code-words and solid ones to solid code-words, if there are any.
    """
    if has_classes(metric, colors.shape[1]):
        return _label_classes(colors, codebook, metric)
    return _label(colors, codebook, metric)


def _label_classes(colors: Bytes, codebook: Bytes, metric: ColorMetric) -> Bytes:
    """Search for the colors of each class among the code-words that they may have."""
    labels = np.empty(len(colors), dtype=np.uint8)
    solid, clear = are_solid(colors), are_clear(colors)
    for members, words in (
        (solid, are_solid(codebook)),
        (clear, are_clear(codebook)),
        (~(solid | clear), np.ones(len(codebook), dtype=bool)),
    ):
        allowed = np.flatnonzero(words) if words.any() else np.arange(len(codebook))
        if members.any():
            labels[members] = allowed[_label(colors[members], codebook[allowed], metric)]
    return labels


def _label(colors: Bytes, codebook: Bytes, metric: ColorMetric) -> Bytes:
    """Search among all code-words."""
    search = _search_grid if metric.is_plain(colors.shape[1]) else _search_points
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


def _search_points(colors: Bytes, codebook: Bytes, metric: ColorMetric, labels: Bytes) -> None:
    """Search in any space."""
    words, *ranks = _ranked(codebook.tobytes(), codebook.shape[1], metric)
    for strip in row_strips(len(colors), _COLOR_PIXELS):
        points = _as_points(colors[strip], metric)
        kernels.nearpoints.label_ranked(points, words, *ranks, labels[strip])


@functools.lru_cache(maxsize=4)
def _ranked(data: bytes, channels: int, metric: ColorMetric) -> tuple[npt.NDArray[Any], ...]:
    """Prepare a codebook for searching; that of many pictures once."""
    words = _as_points(np.frombuffer(data, dtype=np.uint8).reshape(-1, channels), metric)
    return words, *kernels.nearpoints.rank_words(words)


def _as_points(colors: Bytes, metric: ColorMetric) -> npt.NDArray[np.int32]:
    points = np.zeros((len(colors), 4), dtype=np.int32)
    placed = metric.coordinates(colors)
    points[:, : placed.shape[1]] = placed
    return points


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
    channels = histogram.colors.shape[1]
    if channels != 3 or len(histogram) > _FEW_COLORS:
        return Lookup(histogram, [color_labels])(pixels)[0]
    # What earlier pictures left in the table is of no color that is asked for.
    if not hasattr(_scratch, "tables"):
        _scratch.tables = np.empty((1, 1 << 24), dtype=np.uint8)
    return Lookup(histogram, [color_labels], _scratch.tables)(pixels)[0]


class Lookup:
    """Facts of colors, to be looked up for the pixels of any number of blocks.

    Parameters
    ----------
    histogram : ColorHistogram
        Every color of these blocks.
    columns : sequence of ndarray of shape (U,), dtype uint8
        A fact of each of these colors.
    tables : ndarray of shape (len(columns), 256 ** min(C, 3)), dtype uint8, optional
        Written to, and looked up in for as long as the object is used; of zeros by default, which
        is what colors are told that are not in the histogram.
    """

    def __init__(
        self,
        histogram: ColorHistogram,
        columns: Sequence[npt.NDArray[np.uint8]],
        tables: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        colors = np.ascontiguousarray(histogram.colors)
        channels = colors.shape[1]
        self.channels: int = channels
        translucent = colors[:, 3] != 255 if channels == 4 else np.zeros(len(colors), dtype=bool)
        self._keys = keys = pack_colors(colors[translucent])
        # Enough bits that few keys begin with the same ones.
        bits = 20 if len(keys) >> 16 else 12
        beginnings = np.bincount(keys >> np.uint32(32 - bits), minlength=1 << bits)
        self._firsts = np.append(0, beginnings.cumsum()).astype(np.uint32)
        if tables is None:
            tables = np.zeros((len(columns), 1 << 8 * min(channels, 3)), dtype=np.uint8)
        self._tables = tables
        self._values = [column[translucent] for column in columns]
        for column, table in zip(columns, self._tables, strict=True):
            kernels.mapping.fill_table(colors, np.ascontiguousarray(column), table)

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
        """Look the facts of pixels up.

        Parameters
        ----------
        pixels : ndarray of shape (H, W, C), dtype uint8
            Of colors that are in the histogram.

        Returns
        -------
        planes : list of ndarray of shape (H, W), dtype uint8
            For each column one of each pixel.
        """
        height, width, _ = pixels.shape
        planes = []
        for table, values in zip(self._tables, self._values, strict=True):
            plane = np.empty((height, width), dtype=np.uint8)
            look_up = functools.partial(self._look_up, pixels, table, values, plane)
            run_parallel(
                [functools.partial(look_up, part) for part in spans(len(plane), plane.shape[1])]
            )
            planes.append(plane)
        return planes

    def _look_up(
        self, pixels: Bytes, table: Bytes, values: Bytes, plane: Bytes, part: slice
    ) -> None:
        kernels.mapping.map_pixels(
            as_rows(pixels[part]), self.channels, table, self._firsts, self._keys, values,
            plane[part],
        )  # fmt: skip
