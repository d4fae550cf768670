"""Where the colors of a picture lie for the kernels: whole numbers on four axes, and back."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import without_hidden
from codec.limits import MAX_PIXELS_COUNTED_EXACTLY
from codec.threads import row_strips, run_parallel

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

AXES = 4
_EIGHTHS = 8  # of a color value: the grid of code-words that are not rounded yet
_MAX_MOMENT = 2.0**60
_PART_COLORS = 1 << 19  # results depend on it, where colors are more
_COLOR_PIXELS = 16  # that take as much memory as placing a color; all of it stays in the cache

Whole = npt.NDArray[np.int32]
Codebook = npt.NDArray[np.uint8]


def pad(codewords: npt.NDArray[np.integer]) -> Whole:
    """Give code-words the four axes that kernels work with."""
    padded = np.zeros((len(codewords), AXES), dtype=np.int32)
    padded[:, : codewords.shape[1]] = codewords
    return padded


class Placement:
    """Where the colors of a picture lie for the kernels, and back.

    Parameters
    ----------
    metric : ColorMetric
        How different two colors are.
    channels : int
        C of the colors.
    n_pixels : int
        Size of the picture, which decides how fine coordinates can be.
    """

    def __init__(self, metric: ColorMetric, channels: int, n_pixels: int) -> None:
        self._metric = metric
        self.channels = channels
        self.plain: bool = metric.is_plain(channels)
        # Corners of the cube of all colors are its extremes in every space, or nearly so.
        corners = np.array(list(itertools.product((0, 255), repeat=channels)), dtype=np.uint8)
        placed = metric.coordinates(corners)
        margin = (placed.max(axis=0) - placed.min(axis=0)) / 16
        self._low = np.floor(placed.min(axis=0) - margin)
        # Sums of squares must fit into 63 bits, whatever the size of the picture.
        self._scale = 1.0
        squares = np.square(placed - self._low + margin).max(axis=0)
        moment = min(n_pixels, MAX_PIXELS_COUNTED_EXACTLY) * float(squares.sum())
        while moment * self._scale**2 >= _MAX_MOMENT:
            self._scale /= 2

    def points(self, colors: Codebook) -> Whole:
        """Place colors; ndarray of shape (U, D), dtype int32."""
        if self.plain:
            return colors.astype(np.int32) * _EIGHTHS
        points = np.empty((len(colors), len(self._low)), dtype=np.int32)
        for part in row_strips(len(colors), _COLOR_PIXELS):
            placed = self._metric.coordinates(colors[part])
            placed -= self._low
            placed *= self._scale
            points[part] = np.rint(placed, out=placed)
        return points

    def tree(self, colors: Codebook, counts: npt.NDArray[np.int64], max_points: int) -> CellTree:
        """Make a tree of at most so many points, part by part where colors are very many."""
        # Of more pixels than any picture has, in a histogram of many, lower digits do not count.
        divisor = 1 + int(counts.sum()) // MAX_PIXELS_COUNTED_EXACTLY
        parts = [
            slice(start, start + _PART_COLORS) for start in range(0, len(colors), _PART_COLORS)
        ]
        each = max(2 * max_points // len(parts), 1)

        def grow(part: slice) -> tuple[Whole, npt.NDArray[np.int64]]:
            points, weights = self.points(colors[part]), np.ascontiguousarray(counts[part])
            if divisor > 1:
                weights = np.maximum(weights // divisor, 1)
            if len(parts) > 1:
                points, weights = kernels.cells.CellTree(points, weights, each).contents()
            return points, weights

        grown = run_parallel([partial(grow, part) for part in parts])
        points, weights = (np.concatenate(arrays) for arrays in zip(*grown, strict=True))
        tree: CellTree = kernels.cells.CellTree(points, weights, max_points)
        return tree

    def place(self, codebook: Codebook) -> Whole:
        """Place 8-bit code-words."""
        return pad(self.points(codebook))

    def colors(self, means: npt.NDArray[np.float64]) -> Codebook:
        """Find the nearest 8-bit colors of means of points."""
        if self.plain:
            return self._metric.colors(means / _EIGHTHS, self.channels)
        return self._metric.colors(means / self._scale + self._low, self.channels)

    def shown(self, colors: Codebook) -> Codebook:
        """Set colors to zero that cannot be seen."""
        return colors if self._metric.exact else without_hidden(colors)
