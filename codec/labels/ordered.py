"""Pixels and codebook to labels by an 8x8 pattern of two code-words for each color.

Both are found once a color, in the space of the metric: the nearest code-word, and the one that
with it comes nearest to the color at little contrast (`codec.kernels.pairs`). Which pixels get
the lighter of the two is said by thresholds [1]_ alone, so that the pattern goes on where two
colors share a pair.

References
----------
.. [1] B. E. Bayer, "An optimum method for two-level rendition of continuous-tone pictures", IEEE
   International Conference on Communications, 1973.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.labels.nearest import Lookup, label_colors
from codec.threads import run_parallel, spans

Bytes = npt.NDArray[np.uint8]
Rows = slice | npt.NDArray[np.bool_]

_THRESHOLDS = 64
_COLOR_WORK = 16  # of finding a pair, in pixels
_COLORS_AT_ONCE = 1 << 13  # whose coordinates stay in the cache


class Pattern:
    """Ordered dithering with a codebook, of whole pictures or of blocks of them.

    Opaque colors mix opaque code-words alone, if there are any; fully transparent colors keep
    their labels, and the clear code-word is mixed with no other.

    Parameters
    ----------
    histogram : ColorHistogram
        Every color of the pixels that there will be.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each of these colors without dithering.
    codebook : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256 code-words as stored in the file.
    metric : ColorMetric
        How different two colors are.
    steps : int
        1 to 256: how much of its share the second code-word gets, in 1/256.
    """

    def __init__(
        self,
        histogram: ColorHistogram,
        color_labels: Bytes,
        codebook: Bytes,
        metric: ColorMetric,
        steps: int,
    ) -> None:
        first = np.array(color_labels)
        second, shares = first.copy(), np.zeros_like(first)
        for rows, words in _classes(histogram.colors, codebook):
            colors, members = histogram.colors[rows], codebook[words]
            labels = _labels_among(words, first[rows], colors, members, metric)
            partners, shares[rows] = _find_partners(colors, labels, members, metric, steps)
            first[rows], second[rows] = words[labels], words[partners]
        ranks = _ranks(codebook)
        swapped = ranks[first] > ranks[second]
        dark, light = np.where(swapped, second, first), np.where(swapped, first, second)
        shares = np.where(swapped, _THRESHOLDS - shares, shares)
        # A step of the label, modulo 256, rather than a choice that processors cannot foresee.
        self._lookup = Lookup(histogram, [dark, light - dark, shares])

    def label(self, pixels: Bytes, origin: tuple[int, int] = (0, 0)) -> Bytes:
        """Label every pixel with one of two code-words of its color, as its place in 8x8 says.

        Parameters
        ----------
        pixels : ndarray of shape (H, W, C), dtype uint8
            Of colors that are in the histogram.
        origin : tuple of int
            Row and column of the picture at which they begin.

        Returns
        -------
        labels : ndarray of shape (H, W), dtype uint8
            One label a pixel.
        """
        labels, steps, share = self._lookup(pixels)
        top, left = origin
        thresholds = bayer_thresholds()[:, (left + np.arange(labels.shape[1])) % 8]

        def take(part: slice) -> None:
            for y in range(part.start, part.stop):
                rows = slice(y, None, 8)
                labels[rows] += steps[rows] * (thresholds[(top + y) % 8] < share[rows])

        run_parallel([functools.partial(take, part) for part in spans(8, labels.size // 8)])
        return labels


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


def _classes(colors: Bytes, codebook: Bytes) -> list[tuple[Rows, Bytes]]:
    """Tell which colors are mixed of which code-words."""
    words = np.arange(len(codebook), dtype=np.uint8)
    if codebook.shape[1] in (1, 3):
        return [(slice(None), words)]
    alpha = codebook[:, -1]
    visible, opaque = words[alpha > 0], words[alpha == 255]
    solid, clear = colors[:, -1] == 255, colors[:, -1] == 0
    classes = [(solid, opaque if len(opaque) else visible), (~solid & ~clear, visible)]
    return [(rows, members) for rows, members in classes if rows.any() and len(members)]


def _labels_among(
    words: Bytes, labels: Bytes, colors: Bytes, members: Bytes, metric: ColorMetric
) -> Bytes:
    """Renumber labels to those of a class of code-words, nearest where they are of another."""
    inner = np.zeros(256, dtype=np.uint8)
    inner[words] = np.arange(len(words))
    inside = np.zeros(256, dtype=bool)
    inside[words] = True
    renumbered, foreign = inner[labels], ~inside[labels]
    if foreign.any():
        renumbered[foreign] = label_colors(colors[foreign], members, metric)
    return renumbered


def _find_partners(
    colors: Bytes, labels: Bytes, codebook: Bytes, metric: ColorMetric, steps: int
) -> tuple[Bytes, Bytes]:
    """Find the second code-word of each color, and its share."""
    search = kernels.pairs.PairSearch(metric.coordinates(codebook))
    partners, shares = np.empty_like(labels), np.empty_like(labels)

    def find(part: slice) -> None:
        for start in range(part.start, part.stop, _COLORS_AT_ONCE):
            some = slice(start, min(start + _COLORS_AT_ONCE, part.stop))
            points = metric.coordinates(colors[some])
            search.find(points, labels[some], steps, partners[some], shares[some])

    run_parallel([functools.partial(find, part) for part in spans(len(colors), _COLOR_WORK)])
    return partners, shares


def _ranks(codebook: Bytes) -> Bytes:
    """Sort code-words by luma (ITU-R BT.601), dark where transparent, then label."""
    weights = np.array((299, 587, 114) if codebook.shape[1] >= 3 else (1,))
    luma = codebook[:, : len(weights)].astype(np.int64) @ weights
    if codebook.shape[1] in (2, 4):
        luma *= codebook[:, -1]
    ranks = np.empty(len(codebook), dtype=np.uint8)
    ranks[np.argsort(luma, kind="stable")] = np.arange(len(codebook), dtype=np.uint8)
    return ranks
