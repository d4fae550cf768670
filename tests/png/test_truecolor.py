"""Pixels to a PNG: another program reads them as they were, and the filter suits them."""

import io

import imageio.v3 as iio
import numpy as np
import pytest
from cli_tools import Pixels, many_colors, sample

from codec import threads
from codec.png import truecolor
from codec.png.truecolor import encode_pixels


def noise(channels: int, height: int = 23, width: int = 31) -> Pixels:
    return np.random.RandomState(1).randint(0, 256, (height, width, channels)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("way", range(5))
def test_every_filter_gives_the_pixels_back(
    channels: int, way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truecolor, "FILTERS", (way,))
    monkeypatch.setattr(threads, "STRIP_PIXELS", 200)  # several strips
    pixels = noise(channels)
    data = encode_pixels(pixels)
    back = np.asarray(iio.imread(io.BytesIO(data), plugin="pillow"))
    assert np.array_equal(back.reshape(pixels.shape), pixels)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 4), (40, 1, 1), (17, 3, 2)])
def test_small_pictures_are_written_too(shape: tuple[int, ...]) -> None:
    pixels = np.resize(noise(4), shape)
    back = np.asarray(iio.imread(io.BytesIO(encode_pixels(pixels)), plugin="pillow"))
    assert np.array_equal(back.reshape(shape), pixels)


def test_the_filter_is_chosen_by_what_it_makes_of_the_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for pixels in (many_colors(height=120, width=160), sample("astronaut.png")):
        chosen = len(encode_pixels(pixels))
        with monkeypatch.context() as patch:
            patch.setattr(truecolor, "FILTERS", (0,))
            assert chosen < 0.9 * len(encode_pixels(pixels))


def test_the_same_pixels_give_the_same_bytes_in_any_layout() -> None:
    pixels = noise(3)
    assert encode_pixels(pixels) == encode_pixels(np.asfortranarray(pixels))
