"""Pixels to histogram: the unique colors and how many pixels have each.

The histogram is all that k-means needs to know of a picture, whatever its size. Histograms of
strips, files or machines add up exactly, so one that was merged equals one that was counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True, eq=False)
class ColorHistogram:
    """Unique colors with counts.

    Parameters
    ----------
    colors : ndarray of shape (U, C), dtype uint8
        Every color once, in lexicographic order.
    counts : ndarray of shape (U,), dtype int64
        Number of pixels of each color, at least 1.
    """

    colors: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.counts)

    def __add__(self, other: "ColorHistogram") -> "ColorHistogram":
        """Merge two histograms of equal C; exact, associative and commutative."""
        keys = np.concatenate([pack_colors(self.colors), pack_colors(other.colors)])
        counts = np.concatenate([self.counts, other.counts])
        return _from_keys(*_merge(keys, counts), channels=self.colors.shape[1])


def pack_colors(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Pack each color into one integer whose order is the colors' lexicographic order.

    Parameters
    ----------
    colors : ndarray of shape (..., C), dtype uint8
        Colors of 1 to 4 channels.

    Returns
    -------
    keys : ndarray of shape (...), dtype uint32
        First channel most significant.
    """
    keys = colors[..., 0].astype(np.uint32)
    for channel in range(1, colors.shape[-1]):
        keys <<= 8
        keys |= colors[..., channel]
    return keys


def _unpack_colors(keys: npt.NDArray[np.uint32], channels: int) -> npt.NDArray[np.uint8]:
    octets = keys.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(octets[:, 4 - channels :])


def _merge(
    keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = _run_starts(keys)
    return keys[starts], np.add.reduceat(counts[order], starts)


def _run_starts(sorted_keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))


def _from_keys(
    keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], channels: int
) -> ColorHistogram:
    return ColorHistogram(_unpack_colors(keys, channels), counts)


def strips(pixels: npt.NDArray[np.uint8]) -> Iterator[tuple[slice, npt.NDArray[np.uint32]]]:
    """Walk a picture in strips of packed colors, so that memory stays bounded.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Any strides.

    Yields
    ------
    rows : slice
        Which rows the strip covers.
    keys : ndarray of shape (rows, W), dtype uint32
        Packed colors of these rows.
    """
    height, width = pixels.shape[:2]
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        yield rows, pack_colors(pixels[rows])


def count_colors(pixels: npt.NDArray[np.uint8]) -> ColorHistogram:
    """Count every color of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture, 1 <= C <= 4.

    Returns
    -------
    histogram : ColorHistogram
        Exact: every pixel is counted, whatever the size of the picture.
    """
    parts = []
    for _, strip in strips(pixels):
        keys = strip.reshape(-1)
        keys.sort()
        starts = _run_starts(keys)
        parts.append((keys[starts], np.diff(starts, append=keys.size).astype(np.int64)))
    keys = np.concatenate([part[0] for part in parts])
    counts = np.concatenate([part[1] for part in parts])
    if len(parts) > 1:
        keys, counts = _merge(keys, counts)
    return _from_keys(keys, counts, channels=pixels.shape[2])
