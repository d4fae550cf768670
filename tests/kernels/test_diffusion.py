"""Error diffusion, against a twin written from its description."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import needs_kernels, slowly

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.places import place_colors, place_pixels

Whole = npt.NDArray[np.int64]
KIND_CHANNELS = [slowly(1), slowly(2), slowly(3), 4]


class Twin:
    """A codebook to diffuse with: a pixel at a time, with a dictionary for errors."""

    def __init__(self, words: Whole, codebook: Bytes, bound: int) -> None:
        self.words, self.bound = words.astype(np.int64), bound
        self.rounded = (self.words + 8) // 16
        has_alpha = codebook.shape[1] in (2, 4)
        self.opaque = codebook[:, -1] == 255 if has_alpha else np.zeros(len(codebook), dtype=bool)

    def step(self, place: Whole, alpha: int, received: Whole) -> tuple[int, Whole]:
        """Label of a pixel, and the error to be made up for."""
        allowed = np.ones(len(self.words), dtype=bool)
        longest = abs(received).max()
        if longest > self.bound:
            received = np.trunc(received * self.bound / longest).astype(np.int64)
        if alpha == 255 and self.opaque.any():
            allowed = self.opaque
            received[-1] = 0
        sought = (np.clip(place + received, 0, 4080) + 8) // 16
        distances = ((self.rounded - sought) ** 2).sum(axis=1)
        label = int(np.where(allowed, distances, 1 << 40).argmin())
        boxed = np.clip(place, self.words.min(axis=0), self.words.max(axis=0))
        return label, boxed + received - self.words[label]

    def diffuse(
        self, places: Whole, alpha: Bytes | None, strengths: Bytes, top: int, labels: Bytes
    ) -> Bytes:
        """Floyd-Steinberg, serpentine."""
        height, width = labels.shape
        labels = labels.copy()
        errors: dict[tuple[int, int], Whole] = {}
        nothing = np.zeros(places.shape[2], dtype=np.int64)
        for y in range(height):
            side = -1 if (top + y) % 2 else 1
            for x in range(width)[::side]:
                strength, own = int(strengths[y, x]), 255 if alpha is None else int(alpha[y, x])
                if strength == 0 or own == 0:
                    continue
                share = 256 if strength == 255 else strength
                received = errors.get((y, x), nothing) * share // 256
                known = own if alpha is not None else 0
                labels[y, x], error = self.step(places[y, x], known, received)
                parts = [np.floor(error * part / 16 + 0.5).astype(np.int64) for part in (7, 3, 5)]
                parts.append(error - sum(parts))
                for place, part in zip(
                    [(y, x + side), (y + 1, x - side), (y + 1, x), (y + 1, x + side)],
                    parts,
                    strict=True,
                ):
                    errors[place] = errors.get(place, nothing) + part
        return labels


def problem(channels: int, number: int) -> dict[str, Any]:
    """A picture, a codebook, strengths and labels: noise and shades, some code-words equal."""
    state = np.random.RandomState(97 * channels + number)
    height, width = number % 5 + 1, number % 9 + 1
    shape = (height, width, channels)
    samples = state.randint(0, 256, shape)
    if number % 3 == 1:
        samples = np.broadcast_to(np.arange(width)[:, None] * 29 + number, shape) % 256
    if number % 3 == 2:
        samples = np.full(shape, state.randint(0, 256, channels))
    pixels = samples.astype(np.uint8)
    size = (1, 2, 3, 7, 40)[number // 9]
    codebook = state.randint(0, 256, (size, channels)).astype(np.uint8)
    if number % 4 == 3:
        codebook[-1] = codebook[0]
    if channels in (2, 4):
        pixels[..., -1] = state.choice([0, 255, 255, 90], shape[:2])
        codebook[:, -1] = state.choice([0, 255, 140, 255], size)
    kinds = ([255], [128], [0, 90, 255])[number % 3]
    return {
        "pixels": pixels,
        "codebook": codebook,
        "strengths": state.choice(kinds, shape[:2]).astype(np.uint8),
        "labels": state.randint(0, size, shape[:2]).astype(np.uint8),
        "bound": int(state.choice([0, 40, 300, 4080])),
        "top": number % 4,
    }


@functools.cache
def expected_labels(channels: int, space: str) -> list[Bytes]:
    """Labels of all problems by the twin, which takes long to find them."""
    found = []
    metric = ColorMetric(space)
    for number in range(45):
        known = problem(channels, number)
        pixels, codebook = known["pixels"], known["codebook"]
        twin = Twin(place_colors(codebook, metric).astype(np.int64), codebook, known["bound"])
        places = place_pixels(pixels, metric).reshape(pixels.shape).astype(np.int64)
        alpha = pixels[..., -1] if channels in (2, 4) else None
        found.append(
            twin.diffuse(places, alpha, known["strengths"], known["top"], known["labels"])
        )
    return found


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize("channels", KIND_CHANNELS)
def test_labels_are_those_of_the_twin(channels: int, space: str) -> None:
    metric = ColorMetric(space)
    for number, expected in enumerate(expected_labels(channels, space)):
        known = problem(channels, number)
        pixels, codebook, labels = known["pixels"], known["codebook"], known["labels"].copy()
        alpha, opaque = np.empty((0, 0), dtype=np.uint8), np.empty(0, dtype=np.uint8)
        if channels in (2, 4):
            alpha = np.ascontiguousarray(pixels[..., -1])
            opaque = np.flatnonzero(codebook[:, -1] == 255).astype(np.uint8)
        words = place_colors(codebook, metric)
        diffuser = kernels.diffusion.Diffuser(words, opaque, known["bound"])
        diffuser.diffuse(
            place_pixels(pixels, metric), alpha, known["strengths"], known["top"], labels
        )
        assert np.array_equal(labels, expected), number


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels.diffusion import Diffuser

    def places(*shape: int) -> npt.NDArray[np.int16]:
        return np.zeros(shape, dtype=np.int16)

    def octets(*shape: int) -> Bytes:
        return np.zeros(shape, dtype=np.uint8)

    for bound in (-1, 4081):
        with pytest.raises(ValueError, match="range"):
            Diffuser(places(2, 3), octets(0), bound)
    for word in (-1, 4081):
        with pytest.raises(ValueError, match="range"):
            Diffuser(places(2, 3) + np.int16(word), octets(0), 9)
    with pytest.raises(ValueError, match="no such"):
        Diffuser(places(2, 4), np.array([2], dtype=np.uint8), 9)
    diffuser = Diffuser(places(2, 3), octets(0), 9)
    none, rows = octets(0, 0), places(3, 12)
    for pixels, alpha, strengths, top, labels in (
        (places(3, 11), none, octets(3, 4), 0, octets(3, 4)),
        (places(2, 12), none, octets(3, 4), 0, octets(3, 4)),
        (rows, none, octets(3, 3), 0, octets(3, 4)),
        (rows, octets(2, 4), octets(3, 4), 0, octets(3, 4)),
        (rows, none, octets(3, 4), -1, octets(3, 4)),
        (places(0, 12), none, octets(0, 4), 0, octets(0, 4)),
    ):
        with pytest.raises(ValueError, match=r"fit|rows"):
            diffuser.diffuse(pixels, alpha, strengths, top, labels)
