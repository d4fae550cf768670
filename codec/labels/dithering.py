"""Pixels and codebook to labels whose mixture looks like the picture from afar.

`codec.labels.ordered` has the pattern; here is error diffusion, in whole numbers, in the space of
the metric: see `codec.colors.places`. The code-word nearest to a pixel plus the error it has
received is taken, and what that leaves is passed on to its neighbors [1]_. How much of what it has
received is added to a pixel is its strength:

- ``fs`` has one strength for all pixels;
- ``selective`` has a strength only where the error without dithering would show as a band: where
  it is the same over a neighborhood of 7x7 pixels, and not hidden by texture, nor an edge. What
  is exact, text and line art have none. Pixels without strength keep their labels;
- ``sparing`` is the same for bands that anybody sees, and no others: of a codebook that is as
  large as can be, as more code-words would serve better.

What is received is shortened to a bound, half the longest gap between code-words, or for ``fs``
the median one, beyond which colors would be strange. The error left is that of the pixel moved
into the box around the codebook: what no code-word can make up for is not carried across the
picture.

Strips of rows begin anew, some rows above their first, so that several threads can work.

Fully transparent pixels keep their labels, and neither take nor pass on an error; opaque ones get
opaque code-words if there are any.

References
----------
.. [1] R. W. Floyd, L. Steinberg, "An adaptive algorithm for spatial grey scale", Proceedings of
   the Society for Information Display 17(2), 1976.
"""

import contextlib
import functools
import math
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.places import HIGHEST, place_colors, place_pixels
from codec.labels.nearest import label_pixels
from codec.labels.ordered import Pattern
from codec.threads import run_parallel, thread_count

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int16]

FULL_STRENGTH = 256
# Strips, on which labels depend, and how many rows before its first a strip begins.
_STRIP_ROWS = 128
_STRIP_PIXELS = 1 << 21
_LEAD = 8
_REACH = 4  # of what tells bands
_LEAST_BOUND = 160  # steps of places
_MOST_IDLE = 8  # of what is kept for the next picture with the same code-words


class _Bands(NamedTuple):
    """What shows as a band."""

    unseen: float  # error that nobody sees, in steps of places
    hidden: float  # by a standard deviation of 1
    edge: float  # the deviation that hides twice as much as that
    full: float  # error that is made up for as far as any
    most: int  # how far that is, in 1/255


# Set by look, and by SSIMULACRA2 and bytes: see decision 15.
_SELECTIVE = _Bands(unseen=0.0, hidden=0.1, edge=300.0, full=10.0, most=190)
_SPARING = _Bands(unseen=8.0, hidden=0.35, edge=300.0, full=10.0, most=220)


def fixed_strength(strength: float) -> int:
    """Round a strength of 0 to 1 to the steps of 1/256 that are calculated with."""
    return math.floor(strength * FULL_STRENGTH + 0.5)


def dither_pixels(
    pixels: Bytes,
    histogram: ColorHistogram,
    color_labels: Bytes,
    codebook: Bytes,
    metric: ColorMetric,
    kind: str,
    strength: float = 1.0,
) -> Bytes:
    """Label every pixel so that errors cancel among neighbors.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture that the histogram was counted from.
    histogram : ColorHistogram
        Every color of the picture.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each of these colors without dithering.
    codebook : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256 code-words as stored in the file.
    metric : ColorMetric
        Where differences are measured.
    kind : {'fs', 'selective', 'sparing', 'ordered'}
        See the module.
    strength : float
        0 to 1: how much of an error is made up for, in steps of 1/256. With 0 the labels are those
        without dithering.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8
        One label a pixel.
    """
    steps = fixed_strength(strength)
    if kind == "ordered" and steps:
        pattern = Pattern(histogram, color_labels, codebook, metric, steps)
        return pattern.label(pixels)
    labels = label_pixels(pixels, histogram, color_labels)
    if steps == 0:
        return labels
    diffusion = Diffusion(codebook, metric, kind, steps)
    return diffusion.label(pixels, labels, range(len(pixels)), 0, len(pixels))


class Diffusion:
    """Error diffusion with a codebook, of whole pictures or of rows of them.

    Parameters
    ----------
    codebook, metric
        As for `dither_pixels`.
    kind : {'fs', 'selective', 'sparing'}
        See the module.
    steps : int
        1 to 256: how much of an error is made up for, in 1/256.
    """

    # Rows around those that are labeled which have to be known.
    ABOVE, BELOW = _LEAD + _REACH, _REACH

    def __init__(self, codebook: Bytes, metric: ColorMetric, kind: str, steps: int) -> None:
        self._metric, self._steps = metric, steps
        self._words = place_colors(codebook, metric)
        self._bands = {"fs": None, "selective": _SELECTIVE, "sparing": _SPARING}[kind]
        bound = _bound(self._words, everywhere=self._bands is None)
        with_alpha = codebook.shape[1] in (2, 4)
        opaque = np.flatnonzero(codebook[:, -1] == 255) if with_alpha else np.empty(0)
        key = self._words.tobytes(), self._words.shape[1], opaque.astype(np.uint8).tobytes(), bound
        self._diffusers = _known_diffusers(*key)

    def label(self, pixels: Bytes, labels: Bytes, rows: range, top: int, height: int) -> Bytes:
        """Label rows of a picture.

        Parameters
        ----------
        pixels : ndarray of shape (h, W, C), dtype uint8
            These rows, and as many around them as there are of those that have to be known.
        labels : ndarray of shape (h, W), dtype uint8
            Their labels without dithering.
        rows : range
            Which rows are labeled: it begins where a strip does (see `strip_rows`), and ends
            where one does.
        top : int
            Which row `pixels` begin with.
        height : int
            Of the picture.

        Returns
        -------
        labels : ndarray of shape (len(rows), W), dtype uint8
        """
        result = np.empty((len(rows), labels.shape[1]), dtype=np.uint8)
        step = strip_rows(labels.shape[1])
        strips = [range(first, min(first + step, rows.stop)) for first in rows[::step]]
        hands = min(thread_count(), len(strips))

        def diffuse(some: list[range]) -> None:
            with self._diffusers.one() as diffuser:
                label_strips(diffuser, some)

        def label_strips(diffuser: Any, some: list[range]) -> None:
            for strip in some:
                first = max(strip.start - _LEAD, 0)
                start, stop = max(first - _REACH, 0), min(strip.stop + _REACH, height)
                known = slice(start - top, stop - top)
                inner = slice(first - start, strip.stop - start)
                found = self._diffuse(diffuser, pixels[known], labels[known], inner, first)
                begin = strip.start - rows.start
                result[begin : begin + len(strip)] = found[strip.start - first :]

        run_parallel([functools.partial(diffuse, strips[hand::hands]) for hand in range(hands)])
        return result

    def _diffuse(
        self, diffuser: Any, pixels: Bytes, labels: Bytes, inner: slice, first: int
    ) -> Bytes:
        """Label the inner rows of some, the first of which is this one of the picture."""
        places, bands = place_pixels(pixels, self._metric), self._bands
        strengths = np.full(labels.shape, min(self._steps, 255), dtype=np.uint8)
        if bands is not None:
            most = bands.most * self._steps >> 8
            kernels.bands.find_bands(
                places, self._words, labels, bands.unseen, bands.hidden, bands.edge,
                bands.full, most, strengths,
            )  # fmt: skip
        found = labels[inner].copy()
        if strengths[inner].any():
            alpha = pixels[inner, :, -1] if pixels.shape[2] in (2, 4) else np.empty((0, 0))
            diffuser.diffuse(
                places[inner], np.ascontiguousarray(alpha, dtype=np.uint8), strengths[inner],
                first, found,
            )  # fmt: skip
        return found


class _Diffusers:
    """A codebook prepared for diffusion, as often as threads need it at a time."""

    def __init__(self, words: Places, opaque: Bytes, bound: int) -> None:
        self._arguments, self._idle = (words, opaque, bound), deque[Any](maxlen=_MOST_IDLE)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what they are made of: other processes make their own."""
        words, opaque, bound = self._arguments
        return _known_diffusers, (words.tobytes(), words.shape[1], opaque.tobytes(), bound)

    @contextlib.contextmanager
    def one(self) -> Iterator[Any]:
        """Take one that nobody else has."""
        try:
            diffuser = self._idle.pop()
        except IndexError:
            diffuser = kernels.diffusion.Diffuser(*self._arguments)
        try:
            yield diffuser
        finally:
            self._idle.append(diffuser)


@functools.lru_cache(maxsize=2)
def _known_diffusers(data: bytes, axes: int, opaque: bytes, bound: int) -> _Diffusers:
    """Keep those of the latest codebooks: many pictures may share one."""
    words = np.frombuffer(data, dtype=np.int16).reshape(-1, axes)
    return _Diffusers(words, np.frombuffer(opaque, dtype=np.uint8), bound)


def strip_rows(width: int) -> int:
    """Tell how many rows of a picture a strip has, within which errors are passed on."""
    return max(1, min(_STRIP_ROWS, _STRIP_PIXELS // width))


def _bound(words: Places, *, everywhere: bool) -> int:
    """Find the bound of a codebook; that of many pictures once."""
    return _known_bound(words.tobytes(), words.shape[1], everywhere)


@functools.lru_cache(maxsize=16)
def _known_bound(data: bytes, axes: int, everywhere: bool) -> int:
    """Tell how much of an error is made up for at most: half the longest gap.

    The gaps are the edges of the shortest tree that joins all code-words. Everywhere, errors of
    many pixels add up to strange colors: then no more than the median gap.
    """
    words = np.frombuffer(data, dtype=np.int16).reshape(-1, axes)
    whole = words.astype(np.int64)
    nearest = ((whole - whole[0]) ** 2).sum(axis=1)
    joined = np.zeros(len(words), dtype=bool)
    gaps = []
    for _ in range(len(words)):
        newcomer = int(np.where(joined, np.iinfo(np.int64).max, nearest).argmin())
        gaps.append(math.isqrt(int(nearest[newcomer])))
        joined[newcomer] = True
        np.minimum(nearest, ((whole - whole[newcomer]) ** 2).sum(axis=1), out=nearest)
    gaps.sort()
    most = max(gaps[len(gaps) // 2], _LEAST_BOUND) if everywhere else HIGHEST
    return min((gaps[-1] + 1) // 2, most)
