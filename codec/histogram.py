"""Pixels to histogram: the unique colors and how many pixels have each.

The histogram is all that k-means needs to know of a picture, whatever its size. Histograms of
strips, files or machines add up exactly, so one that was merged equals one that was counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_STRIP_PIXELS = 1 << 20
_TABLE_PIXELS = 1 << 22
_LOW_HALF = np.uint64(0xFFFFFFFF)


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
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = _run_starts(keys)
        colors = _unpack_colors(keys[starts], self.colors.shape[1])
        return ColorHistogram(colors, np.add.reduceat(counts[order], starts))


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


def _run_starts(sorted_keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))


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
    channels = pixels.shape[2]
    if channels <= 3 and pixels.shape[0] * pixels.shape[1] > _TABLE_PIXELS:
        keys, counts = _count_in_table(pixels)
    else:
        keys, counts = _count_by_sorting(pixels)
    return ColorHistogram(_unpack_colors(keys, channels), counts)


def _count_in_table(
    pixels: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Count in a table over all colors; its 64 MiB are less than large pictures' sorting."""
    table = np.zeros(1 << 8 * pixels.shape[2], dtype=np.uint32)
    for _, strip in strips(pixels):
        keys, counts = _count_strip(strip)
        table[keys] += counts
    keys = np.flatnonzero(table).astype(np.uint32)
    return keys, table[keys].astype(np.int64)


def _count_by_sorting(
    pixels: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Count strip by strip, then merge the strips' colors."""
    # Key and count in one integer: one array is sorted in place, and memory stays low.
    entries = np.concatenate(
        [
            keys.astype(np.uint64) << np.uint64(32) | counts
            for keys, counts in (_count_strip(strip) for _, strip in strips(pixels))
        ]
    )
    entries.sort()
    keys = (entries >> np.uint64(32)).astype(np.uint32)
    starts = _run_starts(keys)
    return keys[starts], np.add.reduceat((entries & _LOW_HALF).view(np.int64), starts)


def _count_strip(
    strip: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Count the colors of a strip, in ascending order of their keys."""
    keys = strip.reshape(-1)
    keys.sort()
    starts = _run_starts(keys)
    return keys[starts], np.diff(starts, append=keys.size).astype(np.uint32)
