"""How much errors of colors show: a histogram weighed by what surrounds its pixels.

Texture hides errors, smooth shades show them [1]_: blocks of 4x4 pixels are weighed by the mean
variance of their channels, and every color gets the mean weight of the pixels of its kind, which
are those whose first six bits of each channel are the same.

References
----------
.. [1] N. Jayant, J. Johnston, R. Safranek, "Signal compression based on models of human
   perception", Proceedings of the IEEE 81(10), 1993, doi:10.1109/5.241504.
"""

import functools
import math
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_rows
from codec.threads import STRIP_PIXELS, row_strips, run_parallel, spans

_SIDE = 4  # of a block
_CELLS = 1 << 18
_FEW_SAMPLES = 1 << 17  # of a picture that is weighed without looking at all cells
# Of larger pictures a part tells how much errors show: every so many strips of blocks.
_SAMPLED_PIXELS = 1 << 21
_STRIP_BLOCKS = 4
_GROUPS = 2  # of strips, that are weighed at the same time
# Of the weights of pixels: how far variances are looked for, what is added to them, how much less
# and more than most an error may count.
_REACH = 2
_LEAST_VARIANCE = 40
_RANGE = 4
ONE = 256

_scratch = threading.local()  # sums of cells, zero between calls: making them takes longest


def weigh_colors(
    pixels: npt.NDArray[np.uint8], histogram: ColorHistogram, *, mildly: bool = False
) -> npt.NDArray[np.int64]:
    """Weigh colors by how many pixels have them, and by how much errors show there.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture that the histogram was counted from.
    histogram : ColorHistogram
        Every color of the picture.
    mildly : bool
        Let the square root of a weight count.

    Returns
    -------
    weights : ndarray of shape (U,), dtype int64
        Counts times 1 to 16, or if mildly times 5.7 to 16, rounded.
    """
    return weigh_by_strips(
        [pixels[rows] for rows in weighed_rows(*pixels.shape[:2])], histogram, mildly=mildly
    )


def weighed_rows(height: int, width: int) -> list[slice]:
    """Tell which rows of a picture say how much errors show.

    Returns
    -------
    strips : list of slice
        In order: all rows of a picture of up to 2 Mpx, of others strips of 16, evenly spread.
    """
    step = 1 + height * width // _SAMPLED_PIXELS
    if step == 1:
        return [slice(0, height)]
    size = _SIDE * _STRIP_BLOCKS
    return [slice(top, min(top + size, height)) for top in range(0, height, step * size)]


def weigh_by_strips(
    strips: Sequence[npt.NDArray[np.uint8]], histogram: ColorHistogram, *, mildly: bool
) -> npt.NDArray[np.int64]:
    """Weigh colors as `weigh_colors` does, by the pixels of some rows.

    Parameters
    ----------
    strips : sequence of ndarray of shape (h, W, C), dtype uint8
        Those rows, as `weighed_rows` has them.
    histogram, mildly
        As for `weigh_colors`.

    Returns
    -------
    weights : ndarray of shape (U,), dtype int64
    """
    parts = strips
    if len(strips) == 1:
        if strips[0].size <= _FEW_SAMPLES:
            return _weigh_few(strips[0], histogram, mildly=mildly)
        height, width = strips[0].shape[:2]
        parts = [
            strips[0][_SIDE * part.start : _SIDE * part.stop]
            for part in spans(-(-height // _SIDE), _SIDE * width)
        ]

    def weigh(some: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.int32]:
        sums = np.zeros((2, _CELLS), dtype=np.int32)
        for part in some:
            kernels.activity.weigh_cells(as_rows(part), part.shape[2], *sums)
        return sums

    groups = [parts[first::_GROUPS] for first in range(min(_GROUPS, len(parts)))]
    sums = run_parallel([functools.partial(weigh, group) for group in groups])
    weights, counts = np.array(sums).sum(axis=0, dtype=np.int64)
    mean = weights.sum() / counts.sum()
    means = _means(weights, counts, mean, mildly=mildly)
    weighed = np.empty(len(histogram), dtype=np.int64)

    def weigh_part(part: slice) -> None:
        for first in range(part.start, part.stop, STRIP_PIXELS):
            some = slice(first, min(first + STRIP_PIXELS, part.stop))
            cells = _cells(histogram.colors[some])
            weighed[some] = np.rint(histogram.counts[some] * means[cells])

    run_parallel([functools.partial(weigh_part, part) for part in spans(len(histogram), 1)])
    return weighed


def _weigh_few(
    pixels: npt.NDArray[np.uint8], histogram: ColorHistogram, *, mildly: bool
) -> npt.NDArray[np.int64]:
    """Weigh the colors of a small picture: most cells have none, and are not looked at."""
    if not hasattr(_scratch, "sums"):
        _scratch.sums = np.zeros((2, _CELLS), dtype=np.int32)
    sums, cells = _scratch.sums, _cells(histogram.colors)
    try:
        kernels.activity.weigh_cells(as_rows(pixels), pixels.shape[2], *sums)
        mean = int(sums[0].sum(dtype=np.int32)) / (pixels.shape[0] * pixels.shape[1])
        weights, counts = sums[:, cells].astype(np.int64)
    finally:
        sums[:, cells] = 0
        if sums[1].any():  # of hidden pixels, whose colors need not be in the histogram
            sums[:] = 0
    means = _means(weights, counts, mean, mildly=mildly)
    return np.rint(histogram.counts * means).astype(np.int64)


def _means(
    weights: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], mean: float, *, mildly: bool
) -> npt.NDArray[np.float64]:
    """Tell the mean weight of the pixels of each cell; of cells that have none, that of all."""
    means = np.where(counts > 0, weights / np.maximum(counts, 1), mean)
    return 4 * np.sqrt(np.maximum(means, 2)) if mildly else means


def _cells(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Find the cells of colors, as `kernels.activity` does."""
    if colors.shape[1] < 3:
        return colors[:, 0].astype(np.intp)
    red, green, blue = (colors[:, :3] >> 2).astype(np.intp).T
    return np.asarray((red << 12) + (green << 6) + blue)


def weigh_pixels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """Tell for every pixel how much an error shows: the less, the more its surroundings vary.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture; channels count alike.

    Returns
    -------
    weights : ndarray of shape (H, W), dtype uint16
        In 1/256: the geometric mean of all (v + 40) over that of the pixel, v being the mean
        variance of the channels within 5x5; 1/4 to 4.
    """
    height, width = pixels.shape[:2]
    variances = np.empty((height, width), dtype=np.uint16)
    for rows in row_strips(height, width + 2 * _REACH):
        variances[rows] = _variances(pixels, rows)
    counts = np.bincount(variances.reshape(-1))
    total = sum(
        count * math.log2(number + _LEAST_VARIANCE)
        for number, count in enumerate(counts.tolist())
        if count
    )
    mean = round(ONE * 2 ** (total / variances.size))
    weights = mean // (np.arange(len(counts)) + _LEAST_VARIANCE)
    table = np.clip(weights, ONE // _RANGE, ONE * _RANGE).astype(np.uint16)
    return np.asarray(table[variances])


def _variances(pixels: npt.NDArray[np.uint8], rows: slice) -> npt.NDArray[np.int64]:
    """Measure the variance around the pixels of some rows, the mean of the channels."""
    side, area = 2 * _REACH + 1, (2 * _REACH + 1) ** 2
    lines = np.clip(np.arange(rows.start - _REACH, rows.stop + _REACH), 0, len(pixels) - 1)
    near = np.pad(pixels[lines].astype(np.int32), ((0, 0), (_REACH, _REACH), (0, 0)), "edge")

    def sums(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        down = np.cumsum(values, axis=0, dtype=np.int64)
        down[side:] -= down[:-side].copy()
        across = np.cumsum(down[side - 1 :], axis=1)
        across[:, side:] -= across[:, :-side].copy()
        return across[:, side - 1 :]

    total = np.zeros((rows.stop - rows.start, pixels.shape[1]), dtype=np.int64)
    for channel in range(near.shape[2]):
        plane = near[..., channel]
        total += area * sums(plane * plane) - sums(plane) ** 2
    return np.asarray(total // (area**2 * near.shape[2]))
