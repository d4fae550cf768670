"""A codebook that labels any block of its picture, or of another, wherever that is done.

Labels are those of `codec.compress`: a color gets its nearest code-word, and a tie goes to the one
that is first in lexicographic order, whatever the order in which code-words are stored.
"""

import functools
import hashlib
import operator
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.lookup import look_up
from codec.colors.pixels import (
    as_channels,
    as_rows,
    pack_colors,
    to_channels,
    unpack_colors,
    without_hidden,
)
from codec.errors import ImageError, ParameterError
from codec.labels.dithering import FULL_STRENGTH, Diffusion
from codec.labels.nearest import Lookup, label_colors
from codec.labels.ordered import Pattern
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]

DIFFUSED = ("fs", "selective", "sparing")


class Codebook:
    """Code-words, and all that it takes to label pixels with them.

    From `codec.chunks.train`. It can be pickled, and is the same for whoever labels.

    Parameters
    ----------
    words : ndarray of shape (K, C), dtype uint8
        Code-words in the order of their labels.
    searched : ndarray of shape (K', C'), dtype uint8
        Distinct ones in lexicographic order, of the channels that say something, in which colors
        look for the nearest.
    numbers : ndarray of shape (K',), dtype uint8
        The label that each of these stands for.
    metric : ColorMetric
        How different two colors are.
    is_all : bool
        Whether colors that are among the code-words are their own, however near others are.
    dither : str
        As `codec.labels.dithering` knows it, or ``none``.
    steps : int
        Its strength, in 1/256.
    """

    def __init__(
        self,
        words: Bytes,
        searched: Bytes,
        numbers: Bytes,
        metric: ColorMetric,
        *,
        is_all: bool = False,
        dither: str = "none",
        steps: int = FULL_STRENGTH,
    ) -> None:
        self.words = words
        self.dither = dither
        self._searched, self._numbers = searched, numbers
        self._metric, self._is_all, self._steps = metric, is_all, steps
        self._table: Bytes | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        size, channels = self.words.shape
        return f"Codebook({size} code-words of {channels} channels)"

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if self._table is not None:
            state["_table"] = zlib.compress(self._table.tobytes(), 1)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if isinstance(self._table, bytes):
            self._table = _inflated(self._table)

    @property
    def _translation(self) -> Bytes:
        table = np.zeros(256, dtype=np.uint8)
        table[: len(self._numbers)] = self._numbers
        return table

    @property
    def _key(self) -> tuple[Any, ...]:
        arrays = (self.words, self._searched, self._numbers)
        return (
            *((array.shape, array.tobytes()) for array in arrays),
            self._metric, self._is_all, self.dither, self._steps,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Codebook) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __dask_tokenize__(self) -> str:
        return hashlib.sha256(repr(self._key).encode()).hexdigest()

    def prepare(self) -> None:
        """Label all colors that there are, so that many pixels take less time; not of RGBA."""
        if self._table is None and self._searched.shape[1] <= 3:
            table = _table_of_all(self._searched, self._metric, self._is_all)
            self._table = look_up(self._translation, table)

    def label(self, pixels: Bytes, origin: tuple[int, int] = (0, 0)) -> Bytes:
        """Label a block of pixels.

        Parameters
        ----------
        pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
            Any block of any picture whose channels say no more than the code-words' do.
        origin : tuple of int
            Row and column of the picture at which it begins, for ordered dithering.

        Returns
        -------
        labels : ndarray of shape (H, W), dtype uint8
            Less than K.

        Raises
        ------
        ImageError
            `pixels` are none, or have colors where the code-words are grey, or alpha where these
            have none.
        ParameterError
            The codebook is for error diffusion, which takes whole rows: `compress_chunked` has
            them.
        """
        if self.dither in DIFFUSED:
            raise ParameterError(
                "errors are diffused along whole rows, not in blocks: dither must be none or "
                "ordered, or compress_chunked label the picture",
                "dither",
            )
        origin = operator.index(origin[0]), operator.index(origin[1])
        telling = self.telling(as_channels(pixels))
        if self._table is not None and self.dither == "none":
            return _look_up_all(telling, self._table)
        counted = count_colors(telling)
        return self.labeler(counted).label(telling, origin)

    def telling(self, pixels: Bytes) -> Bytes:
        """Leave to pixels of shape (H, W, C) the channels that say something.

        Raises
        ------
        ImageError
            Others say something too.
        """
        given, channels = pixels.shape[2], self._searched.shape[1]
        if given == channels:
            return pixels
        alpha, color = channels in (2, 4), channels >= 3
        if given in (2, 4) and not alpha and (pixels[..., -1] != 255).any():
            raise ImageError("pixels have alpha, and code-words have none", "bad-shape")
        if given >= 3 and not color and (pixels[..., 1:3] != pixels[..., :1]).any():
            raise ImageError("pixels have color, and code-words are grey", "bad-shape")
        return to_channels(pixels, channels)

    def label_colors(self, colors: Bytes) -> Bytes:
        """Find the nearest code-words of colors of shape (U, C'), as rows of those searched."""
        return _label(colors, self._searched, self._metric, self._is_all)

    def labeler(self, histogram: ColorHistogram, color_labels: Bytes | None = None) -> "Labeler":
        """Prepare for pixels of the colors in a histogram.

        Parameters
        ----------
        histogram : ColorHistogram
            Of C' channels.
        color_labels : ndarray of shape (U,), dtype uint8, optional
            Their labels, as rows of those searched.
        """
        if color_labels is None:
            color_labels = self.label_colors(histogram.colors)
        return Labeler(
            histogram, color_labels, self._searched, self._translation, self._metric,
            self.dither, self._steps,
        )  # fmt: skip

    def decode(self, labels: Bytes) -> Bytes:
        """Turn labels of shape (H, W) into pixels of shape (H, W, C), or (H, W) if C = 1."""
        pixels = look_up(self.words, labels)
        return pixels[..., 0] if self.words.shape[1] == 1 else pixels


class Labeler:
    """Labels blocks of a picture whose colors are known.

    Parameters
    ----------
    histogram : ColorHistogram
        All of them.
    color_labels : ndarray of shape (U,), dtype uint8
        Their labels, as rows of `searched`.
    searched, metric, dither, steps
        As for `Codebook`.
    numbers : ndarray of shape (256,), dtype uint8
        The label that each row of `searched` stands for.
    """

    def __init__(
        self,
        histogram: ColorHistogram,
        color_labels: Bytes,
        searched: Bytes,
        numbers: Bytes,
        metric: ColorMetric,
        dither: str,
        steps: int,
    ) -> None:
        self._numbers = numbers
        self._pattern = self._diffusion = self._lookup = None
        if dither == "ordered":
            self._pattern = Pattern(histogram, color_labels, searched, metric, steps)
            return
        if dither in DIFFUSED:
            self._diffusion = Diffusion(searched, metric, dither, steps)
            self._lookup = Lookup(histogram, [color_labels])
            return
        self._lookup = Lookup(histogram, [self._numbers[color_labels]])

    @property
    def diffuses(self) -> bool:
        """Whether it takes whole rows, and some around those that it labels."""
        return self._diffusion is not None

    def label(self, pixels: Bytes, origin: tuple[int, int] = (0, 0)) -> Bytes:
        """Label a block without error diffusion; see `Codebook.label`."""
        if self._pattern is not None:
            return look_up(self._numbers, self._pattern.label(pixels, origin))
        assert self._lookup is not None  # noqa: S101 - one of the two is there
        return self._lookup(pixels)[0]

    def label_rows(self, pixels: Bytes, inner: slice, rows: range, height: int) -> Bytes:
        """Label whole rows of a picture with error diffusion.

        Parameters
        ----------
        pixels : ndarray of shape (h, W, C'), dtype uint8
            The rows, and those around them.
        inner : slice
            Which of them are to be labeled.
        rows : range
            Which ones these are in the picture.
        height : int
            Of the picture.

        Returns
        -------
        labels : ndarray of shape (len(rows), W), dtype uint8
        """
        assert self._diffusion is not None  # noqa: S101 - see `diffuses`
        assert self._lookup is not None  # noqa: S101 - both are there
        labels, top = self._lookup(pixels)[0], rows.start - inner.start
        return look_up(self._numbers, self._diffusion.label(pixels, labels, rows, top, height))


def _label(colors: Bytes, searched: Bytes, metric: ColorMetric, is_all: bool) -> Bytes:
    """Label colors as whoever chose the codebook did."""
    labels = label_colors(colors, searched, metric)
    if is_all:
        shown = colors if metric.exact else without_hidden(colors)
        keys, wanted = pack_colors(searched), pack_colors(shown)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        equal = keys[places] == wanted
        labels[equal] = places[equal]
    return labels


def _table_of_all(codebook: Bytes, metric: ColorMetric, is_all: bool) -> Bytes:
    """Label all colors that there are, by their keys."""
    channels = codebook.shape[1]
    table = np.empty(1 << 8 * channels, dtype=np.uint8)
    for part in row_strips(len(table), 1):
        keys = np.arange(part.start, part.stop, dtype=np.uint32)
        table[part] = _label(unpack_colors(keys, channels), codebook, metric, is_all)
    return table


@functools.lru_cache(maxsize=2)
def _inflated(data: bytes) -> Bytes:
    """Unpack a table, once for all blocks that a process gets."""
    return np.frombuffer(zlib.decompress(data), dtype=np.uint8)


def _look_up_all(pixels: Bytes, table: Bytes) -> Bytes:
    """Look labels up in a table of all colors."""
    height, width, channels = pixels.shape
    labels = np.empty((height, width), dtype=np.uint8)
    none = np.zeros((1 << 8) + 1, dtype=np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8)

    def look_up_part(part: slice) -> None:
        rows = as_rows(pixels[part])
        kernels.mapping.map_pixels(rows, channels, table, *none, labels[part])

    run_parallel([functools.partial(look_up_part, part) for part in spans(height, width)])
    return labels
