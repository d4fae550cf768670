"""How much an error shows at a pixel, by its definition."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from codec.colors.visibility import ONE, weigh_pixels

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
