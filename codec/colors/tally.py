"""Histograms that travel: packed, saved, and merged by the hundred.

Those of blocks, files or machines are summed in a table of all colors there are, or where alpha
leaves too many for that, by sorting. A sum is exact, in whatever order its parts come.
"""

import functools
import itertools
from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.pixels import as_rows, pack_colors, unpack_colors
from codec.errors import ImageError
from codec.threads import row_strips, run_parallel, spans, thread_count

_DENSE_FROM = 1 << 19  # entries: what a table of 2**24 colors costs, they cost too
_MOST_TABLES = 2  # of 64 MiB each
_PIECES = 16  # of a block
_LEAST_PENDING = 1 << 20
_LOW = np.uint64(0xFFFFFFFF)
_NARROW = 1 << 32  # pixels whose counts fit into 32 bits


class Histogram:
    """The unique colors of any number of pixels, with counts.

    It is all that k-means needs to know of them. From `codec.chunks.count`; of grey and RGB
    pictures it takes 8 bytes a color, in memory and where it is pickled.

    Parameters
    ----------
    keys : ndarray of shape (U,), dtype uint32
        Colors packed, first channel most significant; ascending.
    counts : ndarray of shape (U,), dtype uint32 or uint64
        Number of pixels of each color, at least 1.
    channels : int
        C.
    """

    __slots__ = ("channels", "counts", "keys")

    def __init__(
        self, keys: npt.NDArray[np.uint32], counts: npt.NDArray[Any], channels: int
    ) -> None:
        self.keys: npt.NDArray[np.uint32] = keys
        self.counts: npt.NDArray[Any] = counts
        self.channels: int = channels

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.keys, self.counts, self.channels)

    @classmethod
    def of(cls, histogram: ColorHistogram) -> "Histogram":
        """Pack a histogram."""
        counts = histogram.counts.astype(np.uint64)
        keys = pack_colors(histogram.colors)
        return cls(keys, _narrowed(counts), histogram.colors.shape[1])

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """Every color once, in lexicographic order; ndarray of shape (U, C), dtype uint8."""
        colors = np.empty((len(self), self.channels), dtype=np.uint8)

        def unpack(part: slice) -> None:
            colors[part] = unpack_colors(self.keys[part], self.channels)

        run_parallel([functools.partial(unpack, part) for part in row_strips(len(self), 1)])
        return colors

    @property
    def n_pixels(self) -> int:
        """How many pixels were counted."""
        return int(self.counts.sum(dtype=np.uint64))

    def unpacked(self) -> ColorHistogram:
        """Unpack it."""
        return ColorHistogram(self.colors, self.counts.astype(np.int64))

    def __len__(self) -> int:
        return len(self.keys)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return (
            self.channels == other.channels
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # arrays can be changed

    def __repr__(self) -> str:
        return f"Histogram({len(self)} colors of {self.channels} channels, {self.n_pixels} pixels)"

    def __add__(self, other: "Histogram") -> "Histogram":
        """Sum two; of many, `merge` takes less time."""
        return Histogram.merge([self, other])

    @staticmethod
    def merge(histograms: "Iterable[Histogram]") -> "Histogram":
        """Sum histograms, each of which is seen once.

        Parameters
        ----------
        histograms : iterable of Histogram
            Of the same channels, at least one.

        Returns
        -------
        histogram : Histogram
            The same whatever their order.

        Raises
        ------
        ImageError
            There are none, or their channels differ.
        """
        tally: Tally | None = None
        for histogram in histograms:
            tally = tally or Tally(histogram.channels)
            tally.add(histogram)
        if tally is None:
            raise ImageError("there are no histograms to merge", "no-pictures")
        return tally.total()


class Tally:
    """A sum of histograms that grows.

    Parameters
    ----------
    channels : int
        C of all of them.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._pixels = 0
        self._tables: list[npt.NDArray[Any]] = []
        self._waiting: list[Histogram] = []

    def add(self, histogram: Histogram) -> None:
        """Add one.

        Raises
        ------
        ImageError
            It has other channels.
        """
        if histogram.channels != self.channels:
            raise ImageError(
                f"histograms of C = {self.channels} and C = {histogram.channels} do not add up",
                "bad-shape",
            )
        self._expect(histogram.n_pixels)
        if self._tables:
            self._put(histogram)
            return
        self._waiting.append(histogram)
        waiting = sum(map(len, self._waiting))
        if self.channels <= 3 and waiting >= min(_DENSE_FROM, 1 << 8 * self.channels):
            self._open_tables(1)
        elif waiting > max(_LEAST_PENDING, 2 * len(self._waiting[0])):
            self._waiting = [_merge_sorted(self._waiting, self.channels, self._pixels)]

    def count(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Count a block of shape (H, W, C), and add that.

        Where it and what follows is large, that is done in a table for each of two threads.
        """
        height, width, channels = pixels.shape
        if channels != 3 or (not self._tables and height * width < _DENSE_FROM):
            self.add(Histogram.of(count_colors(pixels)))
            return
        self._expect(height * width)
        self._open_tables(min(_MOST_TABLES, thread_count()))
        rows = as_rows(pixels)
        # Whoever has other things to do as well counts fewer of them.
        waiting = deque(
            slice(height * part // _PIECES, height * (part + 1) // _PIECES)
            for part in range(_PIECES)
        )

        def count_some(table: npt.NDArray[Any]) -> None:
            while waiting:
                try:
                    part = waiting.popleft()
                except IndexError:
                    return
                kernels.tables.count_in_table(rows[part], table)

        run_parallel([functools.partial(count_some, table) for table in self._tables])

    def _expect(self, pixels: int) -> None:
        """Make sure that counts of so many more will fit."""
        self._pixels += pixels
        if self._pixels >= _NARROW and self._tables and self._tables[0].dtype == np.uint32:
            self._tables = [table.astype(np.uint64) for table in self._tables]

    def _open_tables(self, size: int) -> None:
        """Go on in tables, at least so many."""
        dtype = np.uint64 if self._pixels >= _NARROW else np.uint32
        while len(self._tables) < size:
            self._tables.append(np.zeros(1 << 8 * self.channels, dtype=dtype))
        for one in self._waiting:
            self._put(one)
        self._waiting = []

    def _put(self, histogram: Histogram) -> None:
        table = self._tables[0]
        keys, counts = histogram.keys, histogram.counts.astype(table.dtype, copy=False)
        run_parallel(
            [
                functools.partial(kernels.tables.add_counts, keys[part], counts[part], table)
                for part in spans(len(keys), 1)
            ]
        )

    def total(self) -> Histogram:
        """Sum up what was added, of which there is something."""
        if not self._tables:
            if len(self._waiting) > 1:
                self._waiting = [_merge_sorted(self._waiting, self.channels, self._pixels)]
            return self._waiting[0]
        table = self._tables[0]
        while len(self._tables) > 1:
            _add(self._tables.pop(), table)
        return Histogram(*_filled(table), self.channels)


def _add(other: npt.NDArray[Any], table: npt.NDArray[Any]) -> None:
    """Add a table to another."""

    def add(part: slice) -> None:
        table[part] += other[part]

    run_parallel([functools.partial(add, part) for part in spans(len(table), 1)])


def _filled(table: npt.NDArray[Any]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[Any]]:
    """List the keys that were counted, and their counts; strip by strip, for they are many."""
    strips = list(row_strips(len(table), 1))
    sizes = [int(np.count_nonzero(table[strip])) for strip in strips]
    ends = list(itertools.accumulate(sizes))
    keys = np.empty(ends[-1], dtype=np.uint32)
    counts = np.empty(ends[-1], dtype=table.dtype)

    def fill(strip: slice, size: int, end: int) -> None:
        part = slice(end - size, end)
        kernels.tables.list_counts(table[strip], strip.start, keys[part], counts[part])

    run_parallel(
        [functools.partial(fill, *task) for task in zip(strips, sizes, ends, strict=True)]
    )
    return keys, counts


def _merge_sorted(parts: list[Histogram], channels: int, pixels: int) -> Histogram:
    """Sum histograms by sorting all of their colors."""
    if pixels < _NARROW:
        runs = np.concatenate(
            [part.keys.astype(np.uint64) << np.uint64(32) | part.counts for part in parts]
        )
        runs.sort()
        runs = runs[: kernels.histogram.merge_runs(runs)]
        keys = (runs >> np.uint64(32)).astype(np.uint32)
        return Histogram(keys, (runs & _LOW).astype(np.uint32), channels)
    keys = np.concatenate([part.keys for part in parts])
    counts = np.concatenate([part.counts.astype(np.uint64) for part in parts])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return Histogram(keys[starts], _narrowed(np.add.reduceat(counts[order], starts)), channels)


def _narrowed(counts: npt.NDArray[np.uint64]) -> npt.NDArray[Any]:
    """Write counts with 32 bits where all pixels together fit into these."""
    return counts.astype(np.uint32) if int(counts.sum()) < _NARROW else counts
