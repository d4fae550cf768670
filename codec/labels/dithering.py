"""Pixels and codebook to labels whose mixture looks like the picture from afar.

Everything is done in whole numbers and in sRGB samples, whatever space the codebook was trained
in. Errors are in 1/16 sample. The
code-word nearest to a color plus the error it has received (within 0 to 255, rounded to nearest)
is taken, and what that leaves, times the strength, is made up for elsewhere.

What a sample receives is bounded by half the longest gap between code-words, the greatest error
between two of them, and the error left is that of the color moved into the box around the
codebook: what no code-word can make up for is not carried across the picture.

Alpha. Colors are compared as they are seen on a middle grey: sample v under alpha a becomes
``127.5 + a / 255 * (v - 127.5)``, and alpha itself is scaled so that it counts as much as
`codec.colors.colorspace` says. Fully transparent pixels keep their labels, and neither take nor
pass on an error; opaque ones get opaque code-words if there are any.

References
----------
.. [1] R. W. Floyd, L. Steinberg, "An adaptive algorithm for spatial grey scale", Proceedings of
   the Society for Information Display 17(2), 1976.
.. [2] B. E. Bayer, "An optimum method for two-level rendition of continuous-tone pictures", IEEE
   International Conference on Communications, 1973.
.. [3] T. Knoll, "Pattern dithering", US patent 6,606,166, 1999 (expired).
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_rows
from codec.labels.nearest import label_pixels
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]

FULL_STRENGTH = 256
THRESHOLDS = 64
# Alpha 255 as seen, by channels: sqrt(n / 12) * 255 for n color channels.
_OPAQUE_ALPHA = {1: 0, 2: 74, 3: 0, 4: 128}


def fixed_strength(strength: float) -> int:
    """Round a strength of 0 to 1 to the steps of 1/256 that are calculated with."""
    return math.floor(strength * FULL_STRENGTH + 0.5)


def dither_pixels(
    pixels: Bytes,
    histogram: ColorHistogram,
    color_labels: Bytes,
    codebook: Bytes,
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
    kind : {'fs', 'ordered'}
        ``fs`` diffuses errors among pixels [1]_, 7, 3, 5 and 1 of 16 parts, odd rows from right
        to left. ``ordered`` finds for every color the 64 code-words that diffusing its error
        from one to the next gives [3]_, sorts them by lightness, and takes the one that the
        8x8 thresholds of [2]_ name: its amplitude is the spacing of the codebook around the
        color, and its mean the color.
    strength : float
        0 to 1: how much of an error is made up for, in steps of 1/256. With 0 the labels are those
        without dithering.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8
        One label a pixel.
    """
    steps = fixed_strength(strength)
    if steps == 0:
        return label_pixels(pixels, histogram, color_labels)
    words, opaque_alpha = as_seen(codebook), _OPAQUE_ALPHA[codebook.shape[1]]
    prepare = functools.partial(
        kernels.dither.Ditherer,
        words, _opaque_words(codebook), opaque_alpha, steps, 8 * _longest_gap(words),
    )  # fmt: skip
    if kind == "ordered":
        return _take_in_order(pixels, histogram, color_labels, prepare, _ranks(words))
    if opaque_alpha:
        labels = label_pixels(pixels, histogram, color_labels)
    else:
        labels = np.empty(pixels.shape[:2], dtype=np.uint8)
    _diffuse(pixels, labels, prepare())
    return labels


def as_seen(colors: Bytes) -> Bytes:
    """Place colors so that squared distance is how different they look, as whole samples.

    Parameters
    ----------
    colors : ndarray of shape (N, C), dtype uint8
        Straight alpha.

    Returns
    -------
    seen : ndarray of shape (N, C), dtype uint8
        Opaque samples are themselves; see the module for the others.
    """
    channels = colors.shape[1]
    if not _OPAQUE_ALPHA[channels]:
        return np.ascontiguousarray(colors)
    values, alpha = colors[:, :-1].astype(np.int64), colors[:, -1:].astype(np.int64)
    placed = (alpha * (2 * values - 255) + 65280) // 510
    return np.hstack([placed, (alpha * _OPAQUE_ALPHA[channels] + 127) // 255]).astype(np.uint8)


def _opaque_words(codebook: Bytes) -> Bytes:
    """Labels of the opaque code-words, none where there is no alpha."""
    if not _OPAQUE_ALPHA[codebook.shape[1]]:
        return np.empty(0, dtype=np.uint8)
    return np.flatnonzero(codebook[:, -1] == 255).astype(np.uint8)


def _longest_gap(words: Bytes) -> int:
    """Length of the longest edge of the shortest tree that joins all code-words, rounded up."""
    whole = words.astype(np.int64)
    nearest = ((whole - whole[0]) ** 2).sum(axis=1)
    joined = np.zeros(len(words), dtype=bool)
    longest = 0
    for _ in range(len(words)):
        newcomer = int(np.where(joined, np.iinfo(np.int64).max, nearest).argmin())
        longest = max(longest, int(nearest[newcomer]))
        joined[newcomer] = True
        np.minimum(nearest, ((whole - whole[newcomer]) ** 2).sum(axis=1), out=nearest)
    return math.isqrt(longest - 1) + 1 if longest else 0


def _ranks(words: Bytes) -> Bytes:
    """Sort code-words by lightness (luma of ITU-R BT.601), then label; tell each one's place."""
    weights = (299, 587, 114) if words.shape[1] >= 3 else (1,)
    luma = words[:, : len(weights)].astype(np.int64) @ np.array(weights)
    ranks = np.empty(len(words), dtype=np.uint8)
    ranks[np.argsort(luma, kind="stable")] = np.arange(len(words), dtype=np.uint8)
    return ranks


def _diffuse(pixels: Bytes, labels: Bytes, ditherer: Any) -> None:
    """Fill in labels by error diffusion; those of transparent pixels stay."""
    height, width, channels = pixels.shape
    errors = np.zeros((2, (width + 2) * channels), dtype=np.int32)
    for strip in row_strips(height, width):
        ditherer.diffuse(as_rows(pixels[strip]), strip.start, errors, labels[strip])


def _mix(colors: Bytes, color_labels: Bytes, prepare: Callable[[], Any], ranks: Bytes) -> Bytes:
    """Find the labels (U, 64) that mix to each color; a transparent one keeps its own."""
    colors = np.ascontiguousarray(colors)
    mixtures = np.repeat(color_labels[:, None], THRESHOLDS, axis=1)

    def mix(part: slice) -> None:
        prepare().mix(colors[part], ranks, mixtures[part])

    run_parallel([functools.partial(mix, part) for part in spans(len(colors), THRESHOLDS)])
    return mixtures


def bayer_thresholds() -> Bytes:
    """Make the thresholds of ordered dithering.

    Returns
    -------
    thresholds : ndarray of shape (8, 8), dtype uint8
        Each of 0 to 63 once, those that follow each other far apart.
    """
    thresholds = np.zeros((1, 1), dtype=np.uint8)
    for _ in range(3):
        fourfold = 4 * thresholds
        thresholds = np.block([[fourfold, fourfold + 2], [fourfold + 3, fourfold + 1]])
    return thresholds.astype(np.uint8)


def _take_in_order(
    pixels: Bytes,
    histogram: ColorHistogram,
    color_labels: Bytes,
    prepare: Callable[[], Any],
    ranks: Bytes,
) -> Bytes:
    """Take for each pixel the code-word of its color's mixture that its threshold names."""
    height, width = pixels.shape[:2]
    size = len(histogram)
    labels = np.empty((height, width), dtype=np.uint8)
    # Which color a pixel has, a byte at a time.
    places = np.arange(size)
    digits = [
        label_pixels(pixels, histogram, (places >> shift & 255).astype(np.uint8))
        for shift in range(0, max(size - 1, 1).bit_length(), 8)
    ]
    thresholds = bayer_thresholds()[:, np.arange(width) % 8]
    for part in row_strips(size, 1):  # of 16 MiB of mixtures
        mixtures = _mix(histogram.colors[part], color_labels[part], prepare, ranks)
        for y in range(height):
            color = np.zeros(width, dtype=np.int64)
            for shift, digit in enumerate(digits):
                color += digit[y].astype(np.int64) << 8 * shift
            here = (color >= part.start) & (color < part.stop)
            np.copyto(
                labels[y],
                mixtures[np.where(here, color - part.start, 0), thresholds[y % 8]],
                where=here,
            )
    return labels
