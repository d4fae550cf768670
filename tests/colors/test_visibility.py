"""How much an error shows at a pixel, by its definition."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from codec import kernels
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.visibility import ONE, weigh_by_strips, weigh_colors, weigh_pixels

Bytes = npt.NDArray[np.uint8]


def variances(pixels: Bytes) -> npt.NDArray[np.int64]:
    """Within 5x5, beyond the borders as at them; the mean of the channels, rounded down."""
    height, width, channels = pixels.shape
    found = np.zeros((height, width), np.int64)
    for y in range(height):
        for x in range(width):
            total = Fraction(0)
            for channel in range(channels):
                near = [
                    int(
                        pixels[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)][
                            channel
                        ]
                    )
                    for dy in range(-2, 3)
                    for dx in range(-2, 3)
                ]
                mean = Fraction(sum(near), 25)
                total += sum(((value - mean) ** 2 for value in near), Fraction(0)) / 25
            found[y, x] = math.floor(total / channels)
    return found


def some_pictures(channels: int) -> list[Bytes]:
    state = np.random.RandomState(channels)
    noise = state.randint(0, 256, (9, 14, channels))
    half = noise.copy()
    half[:, :7] = 100
    shades = np.indices((11, 6)).sum(axis=0)[..., None].repeat(channels, axis=2) * 9
    return [each.astype(np.uint8) for each in (noise, half, shades, noise[:1], noise[:, :1])]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_weights_are_those_of_the_definition(channels: int) -> None:
    for pixels in some_pictures(channels):
        weights = weigh_pixels(pixels)
        varied = variances(pixels) + 40
        mean = math.exp(np.log(varied).mean())
        assert weights.shape == pixels.shape[:2]
        assert weights.dtype == np.uint16
        assert np.array_equal(weights, np.clip(round(ONE * mean) // varied, ONE // 4, ONE * 4))


def test_where_all_is_alike_an_error_counts_once() -> None:
    assert (weigh_pixels(np.full((5, 7, 3), 77, np.uint8)) == ONE).all()
    assert (weigh_pixels(np.full((1, 1, 1), 9, np.uint8)) == ONE).all()


def test_weights_are_a_quarter_to_four() -> None:
    pixels = np.full((40, 40, 3), 90, np.uint8)
    pixels[:, 20:] = np.random.RandomState(0).randint(0, 2, (40, 20, 1)) * 255
    weights = weigh_pixels(pixels)
    assert (weights[:, :18] == 4 * ONE).all()
    assert (weights[:, 22:] == ONE // 4).all()


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (37, 20, 3)).astype(np.uint8)
    pixels[10:25] //= 8
    expected = weigh_pixels(pixels)
    for held in (1, 24 * 2, 24 * 7):
        monkeypatch.setattr("codec.threads.STRIP_PIXELS", held)
        assert np.array_equal(weigh_pixels(pixels), expected)


def test_of_any_strides() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (12, 20, 4)).astype(np.uint8)
    turned = np.ascontiguousarray(pixels[::-1, :, ::-1])[::-1, :, ::-1]
    assert np.array_equal(weigh_pixels(turned), weigh_pixels(pixels))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("mildly", [False, True])
def test_small_pictures_are_weighed_by_their_cells(channels: int, mildly: bool) -> None:
    """One after the other, as what is left of one must not count for the next."""
    for seed in range(3):
        state = np.random.RandomState(seed)
        pixels = (state.randint(0, 40, (33, 50, channels)) * (1 + seed)).astype(np.uint8)
        histogram = count_colors(pixels)
        sums = np.zeros((2, 1 << 18), np.int32)
        kernels.activity.weigh_cells(pixels.reshape(33, -1), channels, *sums)
        weights, counts = sums.astype(np.int64)
        means = weights / np.maximum(counts, 1)
        if mildly:
            means = 4 * np.sqrt(np.maximum(means, 2))
        cells = histogram.colors[:, 0].astype(int)
        if channels >= 3:
            cells = (histogram.colors[:, :3] >> 2) @ np.array([1 << 12, 1 << 6, 1])
        wanted = np.rint(histogram.counts * means[cells]).astype(np.int64)
        assert np.array_equal(weigh_colors(pixels, histogram, mildly=mildly), wanted)


def test_hidden_colors_of_one_picture_do_not_count_for_the_next() -> None:
    """Those that were merged have no place in the histogram, but had one among the cells."""
    state = np.random.RandomState(5)
    hidden = state.randint(0, 256, (40, 40, 4)).astype(np.uint8)
    hidden[..., 3] = 0
    clear = ColorHistogram(np.zeros((1, 4), np.uint8), np.array([1600], np.int64))
    pixels = np.repeat(state.randint(0, 256, (20, 20, 4)), 2, axis=1).astype(np.uint8)
    histogram = count_colors(pixels)
    before = weigh_colors(pixels, histogram)
    weigh_colors(hidden, clear)
    assert np.array_equal(weigh_colors(pixels, histogram), before)


def test_small_pictures_are_weighed_as_large_ones() -> None:
    state = np.random.RandomState(6)
    pixels = np.repeat(state.randint(0, 200, (64, 32, 3)), 2, axis=1).astype(np.uint8)
    strips = [pixels[:32], pixels[32:]]  # which several strips are taken for
    histogram = count_colors(pixels)
    whole = weigh_by_strips([pixels], histogram, mildly=False)
    assert np.array_equal(whole, weigh_by_strips(strips, histogram, mildly=False))
