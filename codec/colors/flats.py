"""Which colors rule a picture: those of large flat areas, such as paper, themes and brands.

A pixel is flat if all its neighbors, of those in the picture, have its very color.
"""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_rows, pack_colors, to_channels
from codec.threads import run_parallel, spans

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Inner = tuple[slice, slice]

_LARGE = 20  # percent of the picture: exact with any number of code-words
_FULL_SIZE = 16  # code-words with which one percent is enough
_EXTREMES_FROM = 4  # code-words with which that is so for black and white
_NEAR = 16  # of any channel: how far apart the steps of a ramp may be


def count_flats(pixels: Bytes, colors: Bytes, inner: Inner | None = None) -> Counts:
    """Count the flat pixels of some colors.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Any strides.
    colors : ndarray of shape (N, C), dtype uint8
        Distinct, in lexicographic order.
    inner : tuple of two slices, optional
        The rows and columns whose pixels are counted, where the others are only around them; by
        default all.

    Returns
    -------
    counts : ndarray of shape (N,), dtype int64
        How many flat pixels each has.
    """
    height, width, channels = pixels.shape
    lines, columns = inner or (slice(0, height), slice(0, width))
    rows, keys = as_rows(pixels), pack_colors(colors)
    parts = [
        slice(lines.start + part.start, lines.start + part.stop)
        for part in spans(lines.stop - lines.start, width)
    ]
    counts = np.zeros((len(parts), len(keys)), dtype=np.int64)
    count_part = functools.partial(kernels.flats.count_flats, rows, channels)
    run_parallel(
        [
            functools.partial(count_part, *_ends(part), *_ends(columns), keys, count)
            for part, count in zip(parts, counts, strict=True)
        ]
    )
    return np.asarray(counts.sum(axis=0))


class FlatTally:
    """Flat pixels of all colors, counted block by block.

    Parameters
    ----------
    channels : int
        C of the blocks, 1 to 3.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._table: npt.NDArray[np.uint32] | None = np.zeros(1 << 8 * channels, dtype=np.uint32)
        self._keys, self._counts = np.empty(0, np.uint32), np.empty(0, np.int64)

    @staticmethod
    def takes(channels: int, n_pixels: int) -> bool:
        """Tell whether there is a table for such a picture."""
        return channels <= 3 and n_pixels < 1 << 32

    def count(self, pixels: Bytes, inner: Inner) -> None:
        """Count those of a block of shape (h, w, C), the others of which are around it."""
        rows, channels = as_rows(pixels), self._channels
        kernels.flats.count_all_flats(
            rows, channels, *_ends(inner[0]), *_ends(inner[1]), self._table
        )

    def end(self) -> None:
        """Let go of the table, after the last block."""
        assert self._table is not None  # noqa: S101 - or it has ended before
        self._keys = np.flatnonzero(self._table).astype(np.uint32)
        self._counts = self._table[self._keys].astype(np.int64)
        self._table = None

    def of(self, colors: Bytes) -> Counts:
        """Tell how many flat pixels colors of shape (N, C') have; (N,)."""
        keys = pack_colors(to_channels(colors, self._channels))
        if not len(self._keys):
            return np.zeros(len(keys), dtype=np.int64)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._counts[places], 0)


def _ends(part: slice) -> tuple[int, int]:
    return part.start, part.stop


def ruling_colors(
    count: Callable[[Bytes], Counts], histogram: ColorHistogram, n_colors: int
) -> Bytes:
    """Find the colors that a codebook should have exactly.

    From 16 code-words on these are all colors whose flat pixels are 1 % of the picture; with
    fewer, those of a share that is larger the fewer there are, and of 20 % in any case. Black and
    white count from 4 code-words on with 1 % of any pixels. An eighth of the codebook, or half of
    one below 16, is left to other colors, unless flat ones are half of the picture or more. Where
    colors are too many, those of greatest cover are taken, and none that is a step of a ramp.

    Parameters
    ----------
    count : callable
        Counts the flat pixels of colors, as `count_flats` does of a picture.
    histogram : ColorHistogram
        The picture's colors; hidden ones may be merged.
    n_colors : int
        Size of the codebook, K.

    Returns
    -------
    colors : ndarray of shape (N, C), dtype uint8
        In lexicographic order; 0 <= N <= K, and N = 0 for a single code-word.
    """
    total = int(histogram.counts.sum())
    often = np.flatnonzero(histogram.counts >= -(-total // 100))
    colors = histogram.colors[often]
    if n_colors < 2 or not len(often):
        return colors[:0]
    flats = count(colors)
    first = flats * 100 >= _LARGE * total
    if n_colors >= _EXTREMES_FROM:
        first |= _is_extreme(colors)
    # Squared: code-words are spread over areas, and few colors hold most of these.
    share = max(1.0, (_FULL_SIZE / n_colors) ** 2)
    wanted = first | (flats * 100 >= share * total)
    room = _room(n_colors, int(first.sum()), 2 * int(flats[wanted].sum()) >= total)
    if wanted.sum() > room:
        wanted &= ~_on_ramps(colors, np.where(wanted, flats, 0))
    # By tier, then by cover; of equals the darkest.
    order = np.lexsort((np.arange(len(flats)), -flats, ~first))
    order = order[wanted[order]][:room]
    return colors[np.sort(order)]


def _room(n_colors: int, first: int, rule: bool) -> int:
    """Tell how many code-words may be given away."""
    if n_colors >= _FULL_SIZE:
        room = n_colors if rule else n_colors - n_colors // 8
    else:
        room = n_colors // 2
    return max(room, first if first <= n_colors else n_colors - 1)


def _is_extreme(colors: Bytes) -> npt.NDArray[np.bool_]:
    """Tell which colors are black or white, and opaque."""
    values = colors
    extreme = np.ones(len(colors), dtype=bool)
    if colors.shape[1] in (2, 4):
        values = colors[:, :-1]
        extreme = colors[:, -1] == 255
    return np.asarray(extreme & ((values == 0).all(axis=1) | (values == 255).all(axis=1)))


def _on_ramps(colors: Bytes, flats: Counts) -> npt.NDArray[np.bool_]:
    """Tell which colors have neighbors that cover more than they do, all together."""
    wide = colors.astype(np.int16)
    near = np.abs(wide[:, None] - wide).max(axis=2) <= _NEAR
    return np.asarray(near @ flats > 2 * flats)
