"""Palettes: what a file says of its colors reaches every entry, and indices stay what they are."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_tools import (
    SHORT,
    bmp,
    bmp_palette,
    exif,
    far_apart,
    gif,
    gif_frame,
    noise,
    png_of,
    raw_tiff,
    read,
    saved,
    tiff_tags,
    upright,
)
from PIL import Image
from png_tools import INDEXED, RGB, chunk, pack
from profile_tools import grey_profile, rgb_profile

from codec.images.palettes import convert_palette
from codec.images.profiles import to_srgb

# Class numbers with a gap, an unused entry and two that are equal.
INDICES = np.array([[0, 1, 7, 7, 15], [15, 15, 0, 0, 1], [1, 7, 0, 7, 7]], np.uint8)
COLORS = noise(3, 16, 3)
COLORS[7] = COLORS[1]
LONG_COLORS = np.concatenate([COLORS, noise(4, 240, 3)])
GREYS = np.repeat(noise(5, 16, 1), 3, axis=1)


def plte(colors: Any) -> bytes:
    return chunk(b"PLTE", colors.tobytes())


def palette_png(colors: Any, *more: bytes, depth: int = 8, interlace: int = 0) -> bytes:
    before = [plte(colors), *more]
    return png_of(INDICES[:, :, None], INDEXED, depth, before=before, interlace=interlace)


def palette_gif(colors: Any, bits: int) -> bytes:
    frame = gif_frame(INDICES.ravel().tolist(), (0, 0, 5, 3), bits=bits, palette=colors.tobytes())
    return gif(5, 3, bytes(12), frame)


def palette_bmp(colors: Any, bits: int) -> bytes:
    rows = [pack(row, bits).ljust(bits, b"\0") for row in INDICES[::-1].tolist()]
    return bmp(5, 3, bits, b"".join(rows), bmp_palette(colors))


def palette_tiff(colors: Any, bits: int) -> bytes:
    body = b"".join(pack(row, bits) for row in INDICES.tolist())
    tags = tiff_tags(5, 3, len(body), bits=bits, photometric=3)
    tags[320] = (SHORT, (colors.T.astype(int) * 257).ravel().tolist())
    return raw_tiff(tags, strip=body)


KINDS: dict[str, tuple[Callable[[], bytes], Any]] = {
    "PNG of 16 entries": (lambda: palette_png(COLORS), COLORS),
    "PNG of 4 bits, interlaced": (lambda: palette_png(COLORS, depth=4, interlace=1), COLORS),
    "PNG of 256 entries": (lambda: palette_png(LONG_COLORS), LONG_COLORS),
    "GIF of 16 entries": (lambda: palette_gif(COLORS, 4), COLORS),
    "GIF of 256 entries": (lambda: palette_gif(LONG_COLORS, 8), LONG_COLORS),
    "BMP of 16 entries": (lambda: palette_bmp(COLORS, 4), COLORS),
    "BMP of 8 bits and 16 entries": (lambda: palette_bmp(COLORS, 8), COLORS),
    "BMP of 256 entries": (lambda: palette_bmp(LONG_COLORS, 8), LONG_COLORS),
    "TIFF of 16 entries": (lambda: palette_tiff(COLORS, 4), COLORS),
    "TIFF of 256 entries": (lambda: palette_tiff(LONG_COLORS, 8), LONG_COLORS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_indices_and_all_entries_of_a_palette_are_read(kind: str, tmp_path: Path) -> None:
    make, colors = KINDS[kind]
    image = read(tmp_path, make())
    assert image.indices is not None
    np.testing.assert_array_equal(image.indices, INDICES)
    np.testing.assert_array_equal(image.palette, colors)
    np.testing.assert_array_equal(image.pixels, colors[INDICES])
    assert image.notices == []


def test_black_and_white_of_a_bmp_are_two_entries(tmp_path: Path) -> None:
    black = noise(0, 5, 11) > 127
    image = read(tmp_path, saved(Image.fromarray(black), "BMP"))
    np.testing.assert_array_equal(image.indices, black)
    assert image.palette is not None
    assert image.palette.tolist() == [[0], [255]]
    np.testing.assert_array_equal(image.pixels, black * 255)


def test_transparency_is_that_of_entries(tmp_path: Path) -> None:
    alphas = np.full(16, 255, np.uint8)
    alphas[:3] = 9, 0, 70
    image = read(tmp_path, palette_png(COLORS, chunk(b"tRNS", alphas[:3].tobytes())))
    np.testing.assert_array_equal(image.indices, INDICES)
    np.testing.assert_array_equal(image.palette, np.column_stack([COLORS, alphas]))
    np.testing.assert_array_equal(image.pixels, np.column_stack([COLORS, alphas])[INDICES])
    frame = gif_frame(INDICES.ravel().tolist(), (0, 0, 5, 3), bits=4, palette=COLORS.tobytes())
    image = read(tmp_path, gif(5, 3, bytes(12), b"!\xf9\x04\x01\0\0\x07\0" + frame))
    alphas = np.where(np.arange(16) == 7, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(image.palette, np.column_stack([COLORS, alphas]))


def test_indices_are_turned_upright(tmp_path: Path) -> None:
    for orientation in (2, 6, 8):
        image = read(tmp_path, palette_png(COLORS, chunk(b"eXIf", exif(orientation))))
        assert image.indices is not None
        assert image.indices.flags.c_contiguous
        np.testing.assert_array_equal(image.indices, upright(INDICES, orientation))
        np.testing.assert_array_equal(image.pixels, upright(COLORS[INDICES], orientation))


def test_greys_of_a_palette_stay_grey_and_keep_their_indices(tmp_path: Path) -> None:
    image = read(tmp_path, palette_png(GREYS))
    np.testing.assert_array_equal(image.indices, INDICES)
    np.testing.assert_array_equal(image.palette, GREYS[:, :1])
    np.testing.assert_array_equal(image.pixels, GREYS[:, 0][INDICES])
    # Unused entries have colors of their own.
    colors = GREYS.copy()
    colors[3] = 1, 2, 3
    image = read(tmp_path, palette_png(colors))
    np.testing.assert_array_equal(image.palette, colors)
    np.testing.assert_array_equal(image.pixels, GREYS[:, 0][INDICES])


def test_a_gif_states_how_many_entries_it_has(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(16, dtype=np.uint8)[:, None], 3, axis=1)
    image = read(tmp_path, palette_gif(ramp, 4))
    np.testing.assert_array_equal(image.palette, ramp[:, :1])
    np.testing.assert_array_equal(image.pixels, INDICES)
    local = bytearray(gif_frame([0, 1, 2, 3], (0, 0, 2, 2), bits=2, palette=COLORS[:2].tobytes()))
    local[9] = 0x80  # two colors, of which the indices know nothing
    image = read(tmp_path, gif(2, 2, bytes(12), bytes(local)))
    assert image.palette is not None
    assert image.palette.tolist() == [*COLORS[:2].tolist(), [0, 0, 0], [0, 0, 0]]


def test_a_picture_without_a_palette_of_its_own_has_no_indices(tmp_path: Path) -> None:
    within = gif_frame([1] * 4, (1, 1, 2, 2), bits=4, palette=COLORS.tobytes())
    suggested = png_of(COLORS[INDICES], RGB, 8, before=[plte(COLORS)])
    for data in (gif(5, 3, bytes(12), within), suggested):
        image = read(tmp_path, data)
        assert (image.indices, image.palette) == (None, None)


WIDE = "converted from the color profile 'Wide' to sRGB"


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def test_a_profile_is_applied_to_all_entries(tmp_path: Path) -> None:
    image = read(tmp_path, palette_png(COLORS, iccp(rgb_profile())))
    plain = read(tmp_path, png_of(COLORS[None], RGB, 8, before=[iccp(rgb_profile())]))
    np.testing.assert_array_equal(image.palette, plain.pixels[0])
    np.testing.assert_array_equal(image.pixels, plain.pixels[0][INDICES])
    assert image.conversions == (WIDE,)


@pytest.mark.parametrize("profile", [rgb_profile(), grey_profile(1.0)], ids=["RGB", "grey"])
def test_greys_are_converted_as_greys_beside_unused_colors(profile: bytes) -> None:
    used = np.zeros(16, bool)
    used[[0, 1, 7, 15]] = True
    colors = GREYS.copy()
    colors[3] = 200, 20, 90
    for entries, alone in ((GREYS, True), (colors, False)):
        before = entries.copy()
        found = convert_palette(entries, used, profile)
        expected, notices = to_srgb(entries[None, :, :1], profile)
        np.testing.assert_array_equal(found.shown, expected[0])
        assert found.notices == notices
        assert found.changed
        assert found.palette.shape == (16, 1 if alone else 3)
        np.testing.assert_array_equal(
            found.palette[used], np.repeat(expected[0], 3, axis=1)[used][:, : 1 if alone else 3]
        )
        np.testing.assert_array_equal(entries, before)


def test_what_a_profile_does_to_unused_entries_is_no_conversion() -> None:
    ends = np.array([[0, 0, 0], [255, 255, 255], [200, 40, 40]], np.uint8)
    for used, changed in (([True, True, False], False), ([True, False, True], True)):
        found = convert_palette(ends, np.array(used), rgb_profile())
        assert found.changed is changed
        assert far_apart(found.palette[2], ends[2]) > 2
    same = convert_palette(ends, np.array([True] * 3), None)
    assert (same.notices, same.changed) == ((), False)
