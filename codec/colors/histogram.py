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

from codec.colors.pixels import as_rows, pack_colors, unpack_colors
from codec.kernels import compiled
from codec.threads import row_strips, run_parallel, spans

_TABLE_PIXELS = 1 << 22
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
        starts = _run_starts(keys)
        colors = unpack_colors(keys[starts], self.colors.shape[1])
        return ColorHistogram(colors, np.add.reduceat(counts[order], starts))


def _run_starts(sorted_keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
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
    channels = pixels.shape[2]
    if compiled():
        return _count_compiled(pixels)
    if channels <= 3 and pixels.shape[0] * pixels.shape[1] > _TABLE_PIXELS:
        keys, counts = _count_in_table(pixels)
    else:
        keys, counts = _count_by_sorting(pixels)
    return ColorHistogram(unpack_colors(keys, channels), counts)


def _count_in_table(
    pixels: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Count in a table over all colors; its 64 MiB are less than large pictures' sorting."""
    table = np.zeros(1 << 8 * pixels.shape[2], dtype=np.uint32)
    for rows in row_strips(*pixels.shape[:2]):
        keys, counts = _count_strip(pixels[rows])
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
            for keys, counts in (
                _count_strip(pixels[rows]) for rows in row_strips(*pixels.shape[:2])
            )
        ]
    )
    entries.sort()
    keys = (entries >> np.uint64(32)).astype(np.uint32)
    starts = _run_starts(keys)
    return keys[starts], np.add.reduceat((entries & _LOW_HALF).view(np.int64), starts)


def _count_strip(
    pixels: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Count the colors of a strip, in ascending order of their keys."""
    keys = pack_colors(pixels).reshape(-1)
    keys.sort()
    starts = _run_starts(keys)
    return keys[starts], np.diff(starts, append=keys.size).astype(np.uint32)


def _count_compiled(pixels: npt.NDArray[np.uint8]) -> ColorHistogram:
    """Count with the kernels, in parts if the picture is very large."""
    height, width, channels = pixels.shape
    step = max(1, _PART_PIXELS // width)
    if step < height:
        parts = (_count_compiled(pixels[top : top + step]) for top in range(0, height, step))
        return functools.reduce(operator.add, parts)
    count = _count_small if channels <= 2 else _count_in_buckets
    return count(as_rows(pixels), channels, spans(height, width))


def _count_small(rows: npt.NDArray[np.uint8], channels: int, parts: list[slice]) -> ColorHistogram:
    """Count one or two channels in a table."""
    from codec.kernels.histogram import count_small

    tables = np.zeros((len(parts), 1 << 8 * channels), dtype=np.uint64)
    run_parallel(
        [
            functools.partial(count_small, rows[part], channels, table)
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
    from codec.kernels import histogram as kernel

    sizes = np.zeros((len(parts), _BUCKETS), dtype=np.uint32)
    runs = run_parallel(
        [
            functools.partial(kernel.count_entries, rows[part], channels, size)
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
        kernel.put_entries(rows[part], channels, head, entries, others)
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
    from codec.kernels.histogram import merge_runs

    runs.sort()
    return runs[: merge_runs(runs)]


def _count_buckets(
    entries: npt.NDArray[np.uint16], starts: npt.NDArray[np.uint32], channels: int, threads: int
) -> ColorHistogram:
    """Count the entries of all buckets, which `put_entries` has filled."""
    from codec.kernels import histogram as kernel

    # Buckets are divided so that each thread has about as many entries.
    shares = np.arange(1, threads) * (len(entries) / threads)
    borders = [0, *np.searchsorted(starts, shares).tolist(), _BUCKETS]
    ranges = list(itertools.pairwise(borders))
    unique = np.zeros(_BUCKETS, dtype=np.uint32)
    counts = [np.empty(int(starts[end] - starts[begin]), np.uint32) for begin, end in ranges]
    run_parallel(
        [
            functools.partial(kernel.count_buckets, entries, starts, *span, count, unique)
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
                kernel.write_colors, entries, starts, *span, count, unique,
                histogram.colors[firsts[span[0]] :], histogram.counts[firsts[span[0]] :],
            )
            for span, count in zip(ranges, counts, strict=True)
        ]
    )  # fmt: skip
    return histogram
