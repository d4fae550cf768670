"""Areas, lines and soft edges told apart, and what smooth areas became."""

import numpy as np
import pytest
from cli_tools import Pixels, many_colors

from codec.reports.surfaces import (
    AREA,
    EDGE,
    LINE,
    TEXTURE,
    Smoothness,
    pixel_kinds,
    solid_pixels,
)


def test_lines_and_their_soft_edges_are_told_apart() -> None:
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[:, 20:22] = 0  # two pixels wide, with a soft edge on both sides
    pixels[:, 19] = pixels[:, 22] = 160
    pixels[10] = (200, 40, 40)  # hard, and of one pixel
    kinds = pixel_kinds(pixels, slice(0, 40))
    assert (kinds[14:, 20:22] == LINE).all()
    assert (kinds[14:, [19, 22]] == EDGE).all()
    assert (kinds[10, 26:] == LINE).all()
    assert (kinds[14:, :19] == AREA).all()
    # The rim of an area is one, too.
    pixels = np.full((40, 60), 255, np.uint8)[..., None]
    pixels[:, 30:] = 0
    pixels[:, 30] = 120
    kinds = pixel_kinds(pixels, slice(0, 40))
    assert (kinds[:, 30] == EDGE).all()
    assert (np.delete(kinds, 30, axis=1) == AREA).all()


def test_texture_is_neither() -> None:
    pixels = np.full((60, 60, 3), 128, np.uint8)
    noise = np.random.RandomState(1).randint(0, 2, (60, 40, 1))
    pixels[:, :40] = noise * 255
    kinds = pixel_kinds(pixels, slice(0, 60))
    assert (kinds[10:-10, 10:30] == TEXTURE).mean() > 0.9
    assert (kinds[:, 42:] == AREA).all()


def test_parts_have_the_kinds_of_the_whole() -> None:
    pixels = many_colors(height=37, width=50)
    pixels[12:30, 8:33] = 128
    pixels[5], pixels[:, 40] = 255 - pixels[5], 255 - pixels[:, 40]
    pixels[20:22, 10:30] = 200
    whole = pixel_kinds(pixels, slice(0, 37))
    assert len(np.unique(whole)) > 2
    assert np.array_equal(whole == AREA, solid_pixels(pixels, slice(0, 37)))
    for step in 1, 2, 7, 36:
        parts = [pixel_kinds(pixels, slice(at, at + step)) for at in range(0, 37, step)]
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (4, 3)])
def test_small_pictures_have_kinds(size: tuple[int, int]) -> None:
    assert pixel_kinds(np.zeros((*size, 4), np.uint8), slice(0, size[0])).shape == size


def became(first: Pixels, second: Pixels) -> str:
    smoothness = Smoothness()
    smoothness.add(first, second)
    return smoothness.became


def ramp() -> Pixels:
    """Rows that get lighter by a level a pixel."""
    return np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 90, axis=0)


def test_dots_and_bands_are_told_apart() -> None:
    pixels = ramp()
    rows, columns = np.mgrid[:90, :200]
    dots = np.where((rows + columns) % 2, 60, 140).astype(np.uint8)[..., None]
    assert became(pixels, dots) == "grainy"
    assert became(pixels, pixels // 25 * 25) == "bands"
    assert became(pixels, pixels) == became(pixels, pixels // 2 * 2) == ""


def test_what_was_grainy_before_did_not_become_so() -> None:
    noise = np.random.RandomState(2).randint(0, 256, (90, 200, 3)).astype(np.uint8)
    assert became(noise, noise // 64 * 64) == ""
    flat = np.full((90, 200, 3), 90, np.uint8)
    assert became(flat, flat + np.uint8(9)) == ""
    one = np.zeros((1, 1, 3), np.uint8)
    assert became(one, one) == ""
