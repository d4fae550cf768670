"""Two code-words for each color, whose mixture is near it."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

_SHARES = np.float32(64 / 256)  # in 1/64, with strength in 1/256
_LEAST = 11  # a share must be above 1 / _LEAST
_COLORS_AT_ONCE = 1 << 12


class PairSearch:
    """Code-words prepared for finding pairs of them."""

    def __init__(self, words: Points) -> None:
        self._words = words.copy()
        apart = np.zeros((len(words), len(words)), dtype=np.int64)
        for axis in words.astype(np.int64).T:
            apart += (axis - axis[:, None]) ** 2
        neighbors = np.sort(256 * apart + np.arange(len(words)), axis=1)
        self._labels = (neighbors & 255).astype(np.uint8)
        self._apart = (neighbors >> 8).astype(np.float32)
        # Equal code-words are no way apart, and gain nothing.
        self._inverse = np.where(self._apart > 0, 1 / np.maximum(self._apart, 1), 0)
        self._ways = (words[self._labels] - words[:, None]).astype(np.float32)

    def find(
        self, points: Points, labels: Bytes, strength: int, partners: Bytes, shares: Bytes
    ) -> None:
        """Find a second code-word for each color, to be mixed with the first."""
        for start in range(0, len(points), _COLORS_AT_ONCE):
            part = slice(start, start + _COLORS_AT_ONCE)
            own = labels[part]
            toward = (points[part] - self._words[own]).astype(np.float32)
            ways, apart, inverse = self._ways[own], self._apart[own], self._inverse[own]
            # Each sum in the kernel's order, for floats are rounded.
            along = toward[:, :1] * ways[:, :, 0]
            for axis in range(1, toward.shape[1]):
                along += toward[:, axis, None] * ways[:, :, axis]
            along = np.clip(along, 0, apart / 2)
            gains = along * (_LEAST * along - apart) * inverse
            best = gains.argmax(axis=1)
            rows = np.arange(len(own))
            found = gains[rows, best] > 0
            share = np.where(found, along[rows, best] * inverse[rows, best], 0)
            partners[part] = np.where(found, self._labels[own, best], own)
            shares[part] = (share * (strength * _SHARES) + np.float32(0.5)).astype(np.uint8)
