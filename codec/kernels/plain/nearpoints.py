"""The nearest of up to 256 code-words for points of any whole coordinates."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int32]

_POINTS_AT_ONCE = 1 << 12


Ranks = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def rank_words(words: Whole) -> Ranks:
    """Prepare code-words for searching: all others of each, from the nearest to the farthest."""
    places = words.astype(np.int64)
    found = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    ranked = np.argsort(found, axis=1, kind="stable")
    return ranked.astype(np.uint8), np.take_along_axis(found, ranked, axis=1)


def label_points(points: Whole, words: Whole, labels: npt.NDArray[np.uint8]) -> None:
    """Find the nearest code-word of every point, of several the lowest label."""
    label_ranked(points, words, *rank_words(words), labels)


def label_ranked(
    points: Whole,
    words: Whole,
    order: npt.NDArray[np.uint8],
    apart: npt.NDArray[np.int64],
    labels: npt.NDArray[np.uint8],
) -> None:
    """Find the same with ranks, which are not needed here."""
    places = words.astype(np.int64)
    for start in range(0, len(points), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        distances = np.zeros((len(points[part]), len(words)), dtype=np.int64)
        for axis in range(points.shape[1]):
            distances += (points[part, axis, None] - places[:, axis]) ** 2
        labels[part] = distances.argmin(axis=1)
