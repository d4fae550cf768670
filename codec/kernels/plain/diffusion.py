"""Error diffusion with a given codebook, in whole numbers, a pixel after the other."""

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.nearest import NearestGrid, label_rows

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int16]
Sample = list[int]

_HIGHEST = 4080


def _bounded(value: int, low: int, high: int) -> int:
    return low if value < low else high if value > high else value


class _Search:
    """The nearest code-word of colors, which come again and again."""

    def __init__(self, samples: Bytes, labels: Bytes) -> None:
        self._grid = NearestGrid(samples, labels)
        self._found: dict[tuple[int, ...], int] = {}

    def __call__(self, color: tuple[int, ...]) -> int:
        if color not in self._found:
            label = np.empty(1, dtype=np.uint8)
            label_rows(self._grid, np.array([color], dtype=np.uint8), label)
            self._found[color] = int(label[0])
        return self._found[color]


class Diffuser:
    """A codebook prepared for error diffusion."""

    def __init__(self, words: Places, opaque: Bytes, most: int) -> None:
        samples = ((words + 8) >> 4).astype(np.uint8)
        self._most = most
        self._words: list[Sample] = words.tolist()
        self._box = list(zip(words.min(axis=0).tolist(), words.max(axis=0).tolist(), strict=True))
        self._every = _Search(samples, np.arange(len(words), dtype=np.uint8))
        self._opaque = _Search(samples[opaque], opaque) if len(opaque) else None

    def _choose(
        self, place: Sample, is_opaque: bool, strength: int, received: Sample
    ) -> tuple[int, Sample]:
        """Label a pixel, and tell the error to be made up for elsewhere."""
        search = self._every
        errors = [error * strength >> 8 for error in received]
        if (longest := max(map(abs, errors))) > self._most:
            errors = [int(error * self._most / longest) for error in errors]
        if self._opaque and is_opaque:
            search, errors[-1] = self._opaque, 0
        label = search(
            tuple(
                (_bounded(sample + error, 0, _HIGHEST) + 8) >> 4
                for sample, error in zip(place, errors, strict=True)
            )
        )
        return label, [
            _bounded(sample, *box) + error - word
            for sample, error, box, word in zip(
                place, errors, self._box, self._words[label], strict=True
            )
        ]

    def diffuse(
        self, places: Places, alpha: Bytes, strengths: Bytes, top: int, labels: Bytes
    ) -> None:
        """Label rows, passing errors on as Floyd and Steinberg do, serpentine."""
        height, width = labels.shape
        pixels = places.reshape(height, width, -1)
        axes = pixels.shape[2]
        here = [[0] * axes for _ in range(width + 2)]  # with a place more at either end
        for y in range(height):
            ahead = -1 if (top + y) % 2 else 1
            row: list[Sample] = pixels[y].tolist()
            below = [[0] * axes for _ in here]
            carried = [0] * axes
            for x in range(width)[::ahead]:
                strength = int(strengths[y, x])
                if not strength or (alpha.size and alpha[y, x] == 0):
                    carried = [0] * axes
                    continue
                received = [sum(pair) for pair in zip(here[x + 1], carried, strict=True)]
                labels[y, x], left = self._choose(
                    row[x],
                    bool(alpha.size and alpha[y, x] == 255),
                    strength + (strength == 255),
                    received,
                )
                for c, error in enumerate(left):
                    carried[c] = (7 * error + 8) >> 4
                    behind, under = (3 * error + 8) >> 4, (5 * error + 8) >> 4
                    below[x + 1 - ahead][c] += behind
                    below[x + 1][c] += under
                    below[x + 1 + ahead][c] += error - carried[c] - behind - under
            here = below
