"""Which colors are lost though they are signals: small areas of a hue that no code-word has.

The mean of squared errors hardly notices a red button on a page of text, and everybody else does
at once. Colors of another hue than their code-words are put into groups of about one color; a
group counts if it has solid areas, which the edges of letters and the grain of photographs have
not.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.threads import row_strips, run_parallel

Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

MOST_GROUPS = 255  # which labels can number, beside 0
_UNIT = 65536  # steps of OkLab's fixed point
_LOST = 0.1 * _UNIT  # how far from its code-word, lightness aside, a color has another hue
_ALIKE = 0.08 * _UNIT  # how far from its middle a color may be in a group
_CELL = 0.03 * _UNIT
_VISIBLY = 24  # of 255, by which some channel differs where colors are that far apart
_COLOR_PIXELS = 4  # that take as much memory as comparing a color


class LostColors(NamedTuple):
    """Groups of colors whose hue is lost.

    Parameters
    ----------
    groups : ndarray of shape (U,), dtype uint8
        For each color of the histogram 0, or the number of its group, from 1.
    colors : ndarray of shape (N, C), dtype uint8
        A color of each group: the one that most of it has, otherwise the mean.
    errors : ndarray of shape (N,), dtype float64
        Mean squared distance of each group from its code-words.
    """

    groups: Bytes
    colors: Bytes
    errors: Points


def lost_colors(
    histogram: ColorHistogram, codebook: Bytes, color_labels: Bytes, least: int, exact: bool
) -> LostColors | None:
    """Find colors of another hue than their code-words, and put them into groups.

    Parameters
    ----------
    histogram : ColorHistogram
        Colors of a picture, C = 3 or 4.
    codebook : ndarray of shape (K, C), dtype uint8
        What they would become.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each color.
    least : int
        How many pixels a group must have.
    exact : bool
        Whether alpha is a channel like the others.

    Returns
    -------
    lost : LostColors or None
        None where there are none.
    """
    colors, counts = histogram.colors, histogram.counts
    lost, errors = _of_other_hues(colors, codebook, color_labels, exact)
    metric = ColorMetric("oklab", exact)
    if counts[lost].sum() < least:
        return None
    points, weights = metric.coordinates(colors[lost]), counts[lost].astype(np.float64)
    numbers, n_groups = _group(points, weights, least)
    if not n_groups:
        return None
    sizes = np.bincount(numbers, weights, n_groups + 1)[1:]
    means = np.stack(
        [np.bincount(numbers, weights * axis, n_groups + 1)[1:] / sizes for axis in points.T], 1
    )
    found = metric.colors(means, colors.shape[1])
    for number in range(n_groups):
        members = lost[numbers == number + 1]
        most = members[counts[members].argmax()]
        if 2 * counts[most] >= sizes[number]:
            found[number] = colors[most]
    groups = np.zeros(len(colors), dtype=np.uint8)
    groups[lost] = numbers
    return LostColors(groups, found, np.bincount(numbers, weights * errors)[1:] / sizes)


def are_alike(colors: Bytes, color: Bytes, exact: bool) -> npt.NDArray[np.bool_]:
    """Tell which colors are so near to another that they would be in its group."""
    metric = ColorMetric("oklab", exact)
    distances = metric.coordinates(colors) - metric.coordinates(color[None])
    return np.asarray((distances**2).sum(axis=1) <= _ALIKE**2)


def compare_hues(colors: Bytes, words: Bytes, exact: bool) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Tell how far colors are off, and which of them have another hue.

    Parameters
    ----------
    colors, words : ndarray of shape (U, C), dtype uint8
        Colors, and what each of them becomes.
    exact : bool
        Whether alpha is a channel like the others.

    Returns
    -------
    errors : ndarray of shape (U,), dtype float64
        Squared distances in OkLab.
    other : ndarray of shape (U,), dtype bool
        Whether the hue is another.
    """
    metric = ColorMetric("oklab", exact)
    return _compare(metric.coordinates(colors), metric.coordinates(words))


def _compare(points: Points, places: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Do so with what is in OkLab already."""
    squares = (points - places) ** 2
    return squares.sum(axis=1) / _UNIT**2, squares[:, 1:3].sum(axis=1) >= _LOST**2


def _of_other_hues(
    colors: Bytes, codebook: Bytes, color_labels: Bytes, exact: bool
) -> tuple[npt.NDArray[np.intp], Points]:
    """Find the colors of another hue than their code-words, and how far off they are."""
    metric = ColorMetric("oklab", exact)
    places = metric.coordinates(codebook)

    def look(part: slice) -> tuple[npt.NDArray[np.intp], Points]:
        words = codebook[color_labels[part]]
        differences = np.maximum(colors[part], words) - np.minimum(colors[part], words)
        visible = (differences >= _VISIBLY).T  # by channel: any() of each row takes longer
        far = np.flatnonzero(functools.reduce(np.logical_or, visible))  # only of these it may be
        own = places[color_labels[part][far]]
        errors, other = _compare(metric.coordinates(colors[part][far]), own)
        return far[other] + part.start, errors[other]

    parts = row_strips(len(colors), _COLOR_PIXELS)
    found = run_parallel([functools.partial(look, part) for part in parts])
    lost, errors = zip(*found, strict=True)
    return np.concatenate(lost), np.concatenate(errors)


def _group(points: Points, weights: Points, least: int) -> tuple[npt.NDArray[np.intp], int]:
    """Give points that are alike one number, from the heaviest cell of a grid to the lightest."""
    steps = np.floor(points / _CELL).astype(np.int64)
    keys = np.zeros(len(points), dtype=np.int64)
    for column in steps.T:
        keys = (keys << 8) + (column - column.min())
    order = np.argsort(keys, kind="stable")
    news = np.diff(keys[order], prepend=keys[order[0]]) != 0
    cells = np.empty(len(points), dtype=np.intp)
    cells[order] = np.cumsum(news)
    sizes = np.bincount(cells, weights)
    means = np.stack([np.bincount(cells, weights * axis) / sizes for axis in points.T], axis=1)
    numbers, n_groups = np.zeros(len(sizes), dtype=np.intp), 0
    for cell in np.argsort(-sizes, kind="stable"):
        if numbers[cell] or n_groups == MOST_GROUPS:
            continue
        alike = (numbers == 0) & (((means - means[cell]) ** 2).sum(axis=1) <= _ALIKE**2)
        if sizes[alike].sum() >= least:
            n_groups += 1
            numbers[alike] = n_groups
    return numbers[cells], n_groups
