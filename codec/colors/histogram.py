"""Pixels to histogram: the unique colors and how many pixels have each.

The histogram is all that k-means needs to know of a picture, whatever its size. Histograms of
strips, files or machines add up exactly, so one that was merged equals one that was counted.
"""

import functools
import itertools
import operator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.pixels import as_rows, pack_colors, unpack_colors
from codec.threads import run_parallel, spans

_PART_PIXELS = 1 << 27
_BUCKETS = 1 << 12
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
        starts = run_starts(keys)
        colors = unpack_colors(keys[starts], self.colors.shape[1])
        return ColorHistogram(colors, np.add.reduceat(counts[order], starts))


def run_starts(sorted_keys: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.intp]:
    """Tell where each of the different values of a sorted array begins."""
    return np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))


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
    height, width, channels = pixels.shape
    step = max(1, _PART_PIXELS // width)
    if step < height:
        parts = (count_colors(pixels[top : top + step]) for top in range(0, height, step))
        return functools.reduce(operator.add, parts)
    count = _count_small if channels <= 2 else _count_in_buckets
    return count(as_rows(pixels), channels, spans(height, width))


def _count_small(rows: npt.NDArray[np.uint8], channels: int, parts: list[slice]) -> ColorHistogram:
    """Count one or two channels in a table."""
    tables = np.zeros((len(parts), 1 << 8 * channels), dtype=np.uint64)
    run_parallel(
        [
            functools.partial(kernels.histogram.count_small, rows[part], channels, table)
            for part, table in zip(parts, tables, strict=True)
        ]
    )
    counts = tables.sum(axis=0).astype(np.int64)
    keys = np.flatnonzero(counts).astype(np.uint32)
    return ColorHistogram(unpack_colors(keys, channels), counts[keys])


def _count_in_buckets(
    rows: npt.NDArray[np.uint8], channels: int, parts: list[slice]
) -> ColorHistogram:
    """Count three channels, and those of four that are opaque, bucket by bucket."""
    sizes = np.zeros((len(parts), _BUCKETS), dtype=np.uint32)
    runs = run_parallel(
        [
            functools.partial(kernels.histogram.count_entries, rows[part], channels, size)
            for part, size in zip(parts, sizes, strict=True)
        ]
    )
    # Within a bucket the entries of the first part come first, though nothing depends on it.
    ends = sizes.T.cumsum(dtype=np.uint32).reshape(_BUCKETS, len(parts))
    heads = ends.T - sizes
    starts = np.append(heads[0], ends[-1, -1])
    entries = np.empty(int(starts[-1]), dtype=np.uint16)

    def put(part: slice, head: npt.NDArray[np.uint32], count: int) -> npt.NDArray[np.uint64]:
        others = np.empty(count, dtype=np.uint64)
        kernels.histogram.put_entries(rows[part], channels, head, entries, others)
        return _merge_runs(others)

    others = run_parallel(
        [functools.partial(put, *piece) for piece in zip(parts, heads, runs, strict=True)]
    )
    opaque = _count_buckets(entries, starts, channels, len(parts))
    if not any(runs):
        return opaque
    merged = others[0]
    if len(others) > 1:
        merged = np.concatenate(others)
        del others
        merged = _merge_runs(merged)
    keys = (merged >> np.uint64(32)).astype(np.uint32)
    merged &= _LOW_HALF
    # No color is in both, so that one only has to be put between the others.
    places = np.searchsorted(keys, pack_colors(opaque.colors))
    return ColorHistogram(
        np.insert(unpack_colors(keys, channels), places, opaque.colors, axis=0),
        np.insert(merged.view(np.int64), places, opaque.counts),
    )


def _merge_runs(runs: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Sort runs of translucent pixels, and merge those of one color."""
    runs.sort()
    return runs[: kernels.histogram.merge_runs(runs)]


def _count_buckets(
    entries: npt.NDArray[np.uint16], starts: npt.NDArray[np.uint32], channels: int, threads: int
) -> ColorHistogram:
    """Count the entries of all buckets, which `put_entries` has filled."""
    # Buckets are divided so that each thread has about as many entries.
    shares = np.arange(1, threads) * (len(entries) / threads)
    borders = [0, *np.searchsorted(starts, shares).tolist(), _BUCKETS]
    ranges = list(itertools.pairwise(borders))
    unique = np.zeros(_BUCKETS, dtype=np.uint32)
    counts = [np.empty(int(starts[end] - starts[begin]), np.uint32) for begin, end in ranges]
    run_parallel(
        [
            functools.partial(
                kernels.histogram.count_buckets, entries, starts, *span, count, unique
            )
            for span, count in zip(ranges, counts, strict=True)
        ]
    )
    firsts = np.concatenate([[0], unique.cumsum(dtype=np.int64)])
    histogram = ColorHistogram(
        np.empty((firsts[-1], channels), dtype=np.uint8), np.empty(firsts[-1], dtype=np.int64)
    )
    run_parallel(
        [
            functools.partial(
                kernels.histogram.write_colors, entries, starts, *span, count, unique,
                histogram.colors[firsts[span[0]] :], histogram.counts[firsts[span[0]] :],
            )
            for span, count in zip(ranges, counts, strict=True)
        ]
    )  # fmt: skip
    return histogram
