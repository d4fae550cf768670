"""Dithering, against a plain twin."""

import functools

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import needs_kernels, slowly

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.labels.dithering import bayer_thresholds, dither_pixels
from codec.labels.nearest import label_colors, label_pixels

Errors = npt.NDArray[np.int64]

KINDS = ["fs", "ordered"]


def undithered(pixels: Bytes, codebook: Bytes) -> Bytes:
    """Labels of the unique colors of a picture."""
    return label_colors(count_colors(pixels).colors, codebook, ColorMetric())


# Twin: written from the description alone, a pixel at a time, with a dictionary for errors.


def seen(color: Bytes) -> list[int]:
    """A color on a middle grey, in whole samples; alpha as it counts."""
    samples = [int(sample) for sample in color]
    if len(samples) in (1, 3):
        return samples
    alpha = samples.pop()
    placed = [int(np.floor(127.5 + alpha / 255 * (v - 127.5) + 0.5 + 1e-9)) for v in samples]
    return [*placed, int(np.floor(alpha / 255 * (74 if len(samples) == 1 else 128) + 0.5))]


def longest_gap(words: Errors) -> int:
    """By Kruskal: the last edge that joins two parts, rounded up."""
    edges = sorted(
        (int(((words[a] - words[b]) ** 2).sum()), a, b)
        for a in range(len(words))
        for b in range(a)
    )
    part = list(range(len(words)))
    longest = 0
    for length, a, b in edges:
        if part[a] != part[b]:
            part = [part[a] if p == part[b] else p for p in part]
            longest = length
    return int(np.ceil(np.sqrt(longest)))


class Twin:
    """A codebook to dither with."""

    def __init__(self, codebook: Bytes, strength: float) -> None:
        self.codebook = codebook
        self.words = np.array([seen(word) for word in codebook], dtype=np.int64)
        self.steps = int(strength * 256 + 0.5)
        self.bound = 8 * longest_gap(self.words)
        self.has_alpha = codebook.shape[1] in (2, 4)

    def step(self, pixel: Bytes, received: Errors) -> tuple[int, Errors]:
        """Label of a pixel, and the error to be made up for."""
        allowed = np.ones(len(self.words), dtype=bool)
        received = np.clip(received, -self.bound, self.bound)
        if self.has_alpha and pixel[-1] == 255 and (self.codebook[:, -1] == 255).any():
            allowed = self.codebook[:, -1] == 255
            received[-1] = 0
        sample = 16 * np.array(seen(pixel))
        rounded = np.floor(np.clip(sample + received, 0, 16 * 255) / 16 + 0.5).astype(np.int64)
        distances = ((self.words - rounded) ** 2).sum(axis=1)
        label = int(np.where(allowed, distances, 1 << 40).argmin())
        boxed = np.clip(sample, 16 * self.words.min(axis=0), 16 * self.words.max(axis=0))
        error = boxed + received - 16 * self.words[label]
        return label, np.floor(error * self.steps / 256 + 0.5).astype(np.int64)

    def hidden(self, pixel: Bytes) -> bool:
        """Whether a pixel is fully transparent."""
        return self.has_alpha and pixel[-1] == 0

    def fs(self, pixels: Bytes, plain: Bytes) -> Bytes:
        """Floyd-Steinberg, serpentine."""
        height, width, channels = pixels.shape
        errors: dict[tuple[int, int], Errors] = {}
        nothing = np.zeros(channels, dtype=np.int64)
        labels = plain.copy()
        for y in range(height):
            forwards = y % 2 == 0
            for x in range(width) if forwards else reversed(range(width)):
                if self.hidden(pixels[y, x]):
                    continue
                labels[y, x], error = self.step(pixels[y, x], errors.get((y, x), nothing).copy())
                side = 1 if forwards else -1
                shares = [np.floor(error * part / 16 + 0.5).astype(np.int64) for part in (7, 3, 5)]
                shares.append(error - sum(shares))
                for place, share in zip(
                    [(y, x + side), (y + 1, x - side), (y + 1, x), (y + 1, x + side)],
                    shares,
                    strict=True,
                ):
                    errors[place] = errors.get(place, nothing) + share
        return labels

    def ordered(self, pixels: Bytes, plain: Bytes) -> Bytes:
        """64 code-words for each pixel's color, by lightness; the threshold takes one."""
        labels = plain.copy()
        mixtures: dict[bytes, list[int]] = {}
        for y, x in np.ndindex(*plain.shape):
            if self.hidden(pixels[y, x]):
                continue
            color = pixels[y, x].tobytes()
            if color not in mixtures:
                mixtures[color] = self.mixture(pixels[y, x])
            labels[y, x] = mixtures[color][threshold(y, x)]
        return labels

    def mixture(self, pixel: Bytes) -> list[int]:
        """64 labels by lightness, each of which makes up for the errors before it."""
        luma = self.words[:, :3] @ [299, 587, 114] if len(pixel) > 2 else self.words[:, 0]
        error = np.zeros(len(pixel), dtype=np.int64)
        chosen = []
        for _ in range(64):
            label, error = self.step(pixel, error)
            chosen.append((int(luma[label]), label))
        return [label for _, label in sorted(chosen)]


def threshold(y: int, x: int) -> int:
    """Bayer's by interleaving bits."""
    value = 0
    for bit in range(3):
        a, b = x >> bit & 1, y >> bit & 1
        value = value * 4 + (2 * (a ^ b) + b)
    return value


# Kernels


def test_thresholds_are_bayers() -> None:
    table = bayer_thresholds()
    assert table[:2, :4].tolist() == [[0, 32, 8, 40], [48, 16, 56, 24]]
    assert [[threshold(y, x) for x in range(8)] for y in range(8)] == table.tolist()
    assert sorted(table.reshape(-1)) == list(range(64))


def pictures(channels: int) -> list[tuple[Bytes, Bytes]]:
    """Pictures with codebooks: noise and shades, few and many code-words, some equal."""
    state = np.random.RandomState(channels)
    cases = []
    for number in range(45):
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
            for part, kinds in ((pixels, [0, 255, 255, 90]), (codebook, [0, 255, 140, 255])):
                known = state.choice(kinds, part.shape[:-1])
                part[..., -1] = np.where(state.rand(*known.shape) < 0.8, known, part[..., -1])
            if number % 5 == 4:
                codebook[:, -1] = np.minimum(codebook[:, -1], 254)
        cases.append((pixels, codebook))
    return cases


@functools.cache
def expected_labels(channels: int, kind: str, strength: float) -> list[Bytes]:
    """Labels of all pictures by the twin, which takes long to find them."""
    expected = []
    for pixels, codebook in pictures(channels):
        plain = label_pixels(pixels, count_colors(pixels), undithered(pixels, codebook))
        twin = Twin(codebook, strength)
        expected.append(twin.fs(pixels, plain) if kind == "fs" else twin.ordered(pixels, plain))
    return expected


@pytest.mark.parametrize("strength", [slowly(1.0), slowly(0.7), 0.3, slowly(1 / 256)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [slowly(1), slowly(2), slowly(3), 4])
def test_labels_are_those_of_the_twin(channels: int, kind: str, strength: float) -> None:
    """The kernel's where it was compiled, else its twin's in plain, which equals the kernel."""
    for (pixels, codebook), expected in zip(
        pictures(channels), expected_labels(channels, kind, strength), strict=True
    ):
        histogram, color_labels = count_colors(pixels), undithered(pixels, codebook)
        labels = dither_pixels(pixels, histogram, color_labels, codebook, kind, strength)
        assert np.array_equal(labels, expected)


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels.dither import Ditherer

    def bytes_of(*shape: int) -> Bytes:
        return np.zeros(shape, dtype=np.uint8)

    for wrong in ((257, 0), (-1, 0), (0, 4081), (0, -1)):
        with pytest.raises(ValueError, match="range"):
            Ditherer(bytes_of(2, 3), bytes_of(0), 0, *wrong)
    with pytest.raises(ValueError, match="no such"):
        Ditherer(bytes_of(2, 4), np.array([2], dtype=np.uint8), 128, 256, 100)
    ditherer = Ditherer(bytes_of(2, 3), bytes_of(0), 0, 256, 100)
    errors = np.zeros((2, 18), dtype=np.int32)
    for rows, top, handed, labels in (
        (bytes_of(3, 11), 0, errors, bytes_of(3, 4)),
        (bytes_of(2, 12), 0, errors, bytes_of(3, 4)),
        (bytes_of(3, 24)[:, ::2], 0, errors, bytes_of(3, 4)),
        (bytes_of(3, 12), -1, errors, bytes_of(3, 4)),
        (bytes_of(3, 12), 0, errors[:, 1:].copy(), bytes_of(3, 4)),
        (bytes_of(0, 12), 0, errors, bytes_of(0, 4)),
    ):
        with pytest.raises(ValueError, match=r"fit|side|rows"):
            ditherer.diffuse(rows, top, handed, labels)
    for colors, ranks, mixtures in (
        (bytes_of(5, 4), bytes_of(2), bytes_of(5, 64)),
        (bytes_of(5, 3), bytes_of(1), bytes_of(5, 64)),
        (bytes_of(5, 3), bytes_of(2), bytes_of(4, 64)),
        (bytes_of(5, 3), bytes_of(2), bytes_of(5, 63)),
    ):
        with pytest.raises(ValueError, match="fit"):
            ditherer.mix(colors, ranks, mixtures)
