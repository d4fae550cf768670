"""The nearest of up to 256 code-words for points of any whole coordinates."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int32]

_POINTS_AT_ONCE = 1 << 12


def label_points(points: Whole, words: Whole, labels: npt.NDArray[np.uint8]) -> None:
    """Find the nearest code-word of every point, of several the lowest label."""
    places = words.astype(np.int64)
    for start in range(0, len(points), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        distances = np.zeros((len(points[part]), len(words)), dtype=np.int64)
        for axis in range(points.shape[1]):
            distances += (points[part, axis, None] - places[:, axis]) ** 2
        labels[part] = distances.argmin(axis=1)
