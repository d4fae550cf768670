"""Codebooks by their largest error: no channel of any color is off by more than so much.

Cubes whose side is twice the error cover the colors, greedily, along several axes in turn; their
centers are code-words. Then code-words move to the means of their colors as far as these leave
them room: Lloyd's iteration within bounds. Where alpha has classes (`codec.colors.opacity`), clear
colors have the clear code-word and solid ones solid code-words.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.pinned import are_among
from codec.codebook.placement import AXES, Codebook, Whole, pad
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import distinct

_ROUNDS = 4  # of moving code-words
_ORDERS = ((0, 1, 2), (1, 0, 2), (2, 0, 1))  # of color channels: the first is swept along
_LARGEST = 255

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]


class Covering(NamedTuple):
    """A codebook, and labels of colors that keep to an error.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order.
    color_labels : ndarray of shape (U,), dtype uint8
        A label for each color.
    """

    codebook: Codebook
    color_labels: npt.NDArray[np.uint8]


def cover_colors(
    histogram: ColorHistogram,
    error: int,
    most: int,
    metric: ColorMetric,
    begin: Codebook | None = None,
    fixed: Codebook | None = None,
) -> Covering | None:
    """Find few code-words that no color is farther from than an error, in any channel.

    Parameters
    ----------
    histogram : ColorHistogram
        Colors and counts; hidden ones are merged unless they count.
    error : int
        0 to 255.
    most : int
        Largest size of the codebook, 1 to 256.
    metric : ColorMetric
        How different two colors are, of the code-words within the error.
    begin : ndarray of shape (K, C), dtype uint8, optional
        Code-words to be had in any case; what they leave is covered.
    fixed : ndarray of shape (P, C), dtype uint8, optional
        The same, in lexicographic order; these stay what they are.

    Returns
    -------
    covering : Covering or None
        None if it takes more code-words.
    """
    fixed = histogram.colors[:0] if fixed is None else fixed
    begin = fixed if begin is None else np.vstack([begin, fixed])
    words = _find_words(
        histogram.colors, error, most, metric, distinct(begin) if len(begin) else begin
    )
    if words is None:
        return None
    labels = _label(histogram.colors, words, error, metric)
    return _settle(histogram, words, labels, fixed, error, metric)


def _find_words(
    colors: Codebook,
    error: int,
    most: int,
    metric: ColorMetric,
    begin: Codebook | None = None,
) -> Codebook | None:
    """Find code-words that are near enough to all colors."""
    words = colors[:0] if begin is None else begin
    if not metric.exact and has_classes(metric, colors.shape[1]) and are_clear(colors).any():
        words = np.vstack([words, np.zeros_like(colors[:1])])
    left = np.ones(len(colors), dtype=bool)
    for members in _classes(colors, metric):
        if len(words):
            left = _label(colors, distinct(words), error, metric) < 0
        some = colors[members & left]
        if not len(some):
            continue
        solid = has_classes(metric, colors.shape[1]) and bool(are_solid(some).all())
        found = _cubes(some, error, most - len(words))
        if found is None:
            return None
        if solid:
            found[:, -1] = _LARGEST
        words = np.vstack([words, found])
    return distinct(words) if len(words) <= most else None


def least_error(histogram: ColorHistogram, most: int, metric: ColorMetric) -> int:
    """Find the least error that so many code-words are enough for.

    Parameters
    ----------
    histogram, most, metric
        As for `cover_colors`.

    Returns
    -------
    error : int
        The least that `cover_colors` finds; 256 if it finds none, as one code-word cannot be
        clear and solid.
    """
    low, high = 0, _LARGEST + 1
    while low < high:
        middle = (low + high) // 2
        if _find_words(histogram.colors, middle, most, metric) is None:
            low = middle + 1
        else:
            high = middle
    return low


def _classes(colors: Codebook, metric: ColorMetric) -> list[Mask]:
    """Part colors by what may stand for them; clear ones have their code-word."""
    if not has_classes(metric, colors.shape[1]):
        return [np.ones(len(colors), dtype=bool)]
    solid = are_solid(colors)
    return [solid, ~(solid | are_clear(colors))]


def _cubes(colors: Codebook, error: int, most: int) -> Codebook | None:
    """Cover colors of one class by the fewest cubes found; their centers."""
    channels = colors.shape[1]
    orders = _ORDERS if channels >= 3 else _ORDERS[:1]
    best: Codebook | None = None
    for first, *others in orders:
        axes = [first]
        if channels in (2, 4):
            axes += [channels - 1]
        size = most if best is None else len(best) - 1
        if size < 1:
            break
        points = np.zeros((len(colors), AXES), dtype=np.uint8)
        places = [0, 2, 3] if channels in (1, 3) else [0, 1, 2, 3]
        axes += others if channels >= 3 else []
        for place, axis in zip(places, axes, strict=False):
            points[:, place] = colors[:, axis]
        points = points[np.argsort(points[:, 0], kind="stable")]
        lows, highs = np.zeros((2, size, AXES), dtype=np.uint8)
        count = kernels.covering.cover_points(np.ascontiguousarray(points), error, lows, highs)
        if count > size:
            continue
        centers = (lows[:count].astype(np.uint16) + highs[:count]) // 2
        best = np.empty((count, channels), dtype=np.uint8)
        for place, axis in zip(places, axes, strict=False):
            best[:, axis] = centers[:, place]
    return best


def _label(colors: Codebook, words: Codebook, error: int, metric: ColorMetric) -> Labels:
    """Find the nearest code-words within the error, -1 where there is none."""
    labels = np.full(len(colors), -1, dtype=np.int32)
    groups: list[tuple[Mask, Mask]] = [
        (np.ones(len(colors), dtype=bool), np.ones(len(words), dtype=bool))
    ]
    if has_classes(metric, colors.shape[1]):
        solid, clear = are_solid(colors), are_clear(colors)
        groups = [
            (solid, are_solid(words)),
            (clear, are_clear(words)),
            (~(solid | clear), np.ones(len(words), dtype=bool)),
        ]
    for members, usable in groups:
        allowed, some = np.flatnonzero(usable), np.flatnonzero(members)
        if not len(allowed) or not len(some):
            continue
        found = np.empty(len(some), dtype=np.int32)
        kernels.covering.label_within(
            _bytes(colors[some]), _places(colors[some], metric),
            _bytes(words[allowed]), _places(words[allowed], metric), error, found,
        )  # fmt: skip
        labels[some] = np.where(found < 0, -1, allowed[found])
    return labels


def _bytes(colors: Codebook) -> Codebook:
    padded = np.zeros((len(colors), AXES), dtype=np.uint8)
    padded[:, : colors.shape[1]] = colors
    return padded


def _places(colors: Codebook, metric: ColorMetric) -> Whole:
    return pad(metric.coordinates(colors).astype(np.int32))


def _settle(
    histogram: ColorHistogram,
    words: Codebook,
    labels: Labels,
    fixed: Codebook,
    error: int,
    metric: ColorMetric,
) -> Covering:
    """Move code-words to the means of their colors, where these leave them room."""
    colors, counts = histogram.colors, histogram.counts
    parted = has_classes(metric, colors.shape[1])
    for _ in range(_ROUNDS):
        used = np.flatnonzero(np.bincount(labels, minlength=len(words)))
        words, labels = words[used], np.searchsorted(used, labels).astype(np.int32)
        moved = _moved(colors, counts, words, labels, error, metric)
        if parted:
            solid, clear = are_solid(words), are_clear(words)
            moved[solid, -1] = _LARGEST
            moved[clear] = words[clear]
        stays = are_among(words, fixed)
        moved[stays] = words[stays]
        changed = distinct(moved)
        found = _label(colors, changed, error, metric)
        if len(changed) == len(words) and (changed == words).all():
            break
        words, labels = changed, found
    used = np.flatnonzero(np.bincount(labels, minlength=len(words)))
    return Covering(words[used], np.searchsorted(used, labels).astype(np.uint8))


def _moved(
    colors: Codebook,
    counts: npt.NDArray[np.int64],
    words: Codebook,
    labels: Labels,
    error: int,
    metric: ColorMetric,
) -> Codebook:
    """Find the colors nearest to the means of clusters, in the bounds of each channel."""
    size, points = len(words), metric.coordinates(colors)
    weights = np.bincount(labels, counts, size)
    # Whole numbers below 2**53, exact in any order.
    sums = [np.bincount(labels, counts * column, size) for column in points.T]
    means = metric.colors(np.stack(sums, axis=1) / weights[:, None], colors.shape[1])
    lows, highs = np.full((2, *words.shape), _LARGEST, dtype=np.int16)
    np.minimum.at(lows, labels, colors.astype(np.int16))
    highs[:] = 0
    np.maximum.at(highs, labels, colors.astype(np.int16))
    moved = np.clip(means.astype(np.int16), highs - error, lows + error)
    return moved.astype(np.uint8)
