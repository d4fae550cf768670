"""Dithering with a given codebook, in whole numbers, a pixel after the other."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.nearest import NearestGrid, label_rows

Bytes = npt.NDArray[np.uint8]
Sample = list[int]

_THRESHOLDS = 64


def _bounded(value: int, low: int, high: int) -> int:
    return low if value < low else high if value > high else value


class _Search:
    """The nearest code-word of colors, which come again and again."""

    def __init__(self, codebook: Bytes, labels: Bytes) -> None:
        self._grid = NearestGrid(codebook, labels)
        self._found: dict[tuple[int, ...], int] = {}

    def __call__(self, color: tuple[int, ...]) -> int:
        if color not in self._found:
            label = np.empty(1, dtype=np.uint8)
            label_rows(self._grid, np.array([color], dtype=np.uint8), label)
            self._found[color] = int(label[0])
        return self._found[color]


class Ditherer:
    """A codebook prepared for dithering."""

    def __init__(
        self, codebook: Bytes, opaque: Bytes, opaque_alpha: int, strength: int, most: int
    ) -> None:
        self._with_alpha = codebook.shape[1] in (2, 4)
        self._opaque_alpha, self._strength, self._most = opaque_alpha, strength, most
        self._words: list[Sample] = codebook.tolist()
        low, high = 16 * codebook.min(axis=0).astype(int), 16 * codebook.max(axis=0).astype(int)
        self._box = list(zip(low.tolist(), high.tolist(), strict=True))
        self._every = _Search(codebook, np.arange(len(codebook), dtype=np.uint8))
        self._opaque = _Search(codebook[opaque], opaque) if len(opaque) else None

    def _is_hidden(self, pixel: Sample) -> bool:
        return self._with_alpha and pixel[-1] == 0

    def _seen(self, pixel: Sample) -> Sample:
        """Place a color as it is seen on a middle grey."""
        if not self._with_alpha:
            return pixel
        *samples, alpha = pixel
        placed = [(alpha * (2 * sample - 255) + 65280) // 510 for sample in samples]
        return [*placed, (alpha * self._opaque_alpha + 127) // 255]

    def _choose(self, pixel: Sample, received: Iterable[int]) -> tuple[int, Sample]:
        """Label a pixel, and tell the error to be made up for elsewhere."""
        seen, search = self._seen(pixel), self._every
        errors = [_bounded(error, -self._most, self._most) for error in received]
        if self._opaque and pixel[-1] == 255:
            search, errors[-1] = self._opaque, 0
        label = search(
            tuple(
                (_bounded(16 * sample + error, 0, 4080) + 8) >> 4
                for sample, error in zip(seen, errors, strict=True)
            )
        )
        wanted = [
            _bounded(16 * sample, low, high) + error
            for sample, error, (low, high) in zip(seen, errors, self._box, strict=True)
        ]
        return label, [
            ((sample - 16 * word) * self._strength + 128) >> 8
            for sample, word in zip(wanted, self._words[label], strict=True)
        ]

    def diffuse(self, rows: Bytes, top: int, errors: npt.NDArray[np.int32], labels: Bytes) -> None:
        """Label a strip of a picture, passing errors on as Floyd and Steinberg do, serpentine."""
        height, width = labels.shape
        channels = rows.shape[1] // width
        for y in range(height):
            odd = (top + y) % 2
            ahead = -1 if odd else 1
            pixels: list[Sample] = rows[y].reshape(width, channels).tolist()
            # With a place more at either end.
            here: list[Sample] = errors[odd].reshape(width + 2, channels).tolist()
            below = [[0] * channels for _ in here]
            carried = [0] * channels
            for x in range(width)[::ahead]:
                if self._is_hidden(pixels[x]):
                    carried = [0] * channels
                    continue
                received = map(sum, zip(here[x + 1], carried, strict=True))
                labels[y, x], left = self._choose(pixels[x], received)
                for c, error in enumerate(left):
                    carried[c] = (7 * error + 8) >> 4
                    behind, under = (3 * error + 8) >> 4, (5 * error + 8) >> 4
                    below[x + 1 - ahead][c] += behind
                    below[x + 1][c] += under
                    below[x + 1 + ahead][c] += error - carried[c] - behind - under
            errors[1 - odd] = np.array(below).reshape(-1)

    def mix(self, colors: Bytes, ranks: Bytes, mixtures: Bytes) -> None:
        """Find code-words whose mean is near each color, one for each threshold."""
        order = ranks.tolist()
        for color, mixture in zip(colors.tolist(), mixtures, strict=True):
            if self._is_hidden(color):
                continue
            left, chosen = [0] * len(color), []
            for _ in range(_THRESHOLDS):
                label, left = self._choose(color, left)
                chosen.append(label)
            mixture[:] = sorted(chosen, key=order.__getitem__)
