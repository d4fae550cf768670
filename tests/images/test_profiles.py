"""Pictures in other color spaces than sRGB become sRGB, and say so; sRGB is left alone.

What is expected is computed here from the definitions of the spaces. Rows are those of the
catalogue of bad inputs.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_tools import (
    Pixels,
    far_apart,
    narrowed,
    noise,
    opened,
    png_of,
    read,
    saved,
    tiff,
    wide_noise,
)
from PIL import Image, ImageCms
from png_tools import GREY, INDEXED, RGB, RGBA, chunk
from profile_tools import (
    P3_TO_XYZ,
    SRGB_TO_XYZ,
    WHITE,
    cyan_only_profile,
    from_profile,
    grey_profile,
    icc_name,
    icc_profile,
    icc_table,
    icc_xyz,
    matrix_profile,
    rgb_profile,
    srgb_decoded,
    srgb_encoded,
)

from codec.images.profiles import convert_inks, to_srgb

DAMAGED = "its color profile is damaged or for another kind, and not applied"
NOT_APPLIED = "its color profile is damaged and not applied"
WIDE = "converted from the color profile 'Wide' to sRGB"
# Rounding of both sides to 8 bits, and the fixed point of the color engine.
CLOSE = 2.0


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def applied(pixels: Pixels, profile: bytes) -> tuple[Pixels, list[str]]:
    """Apply a profile, checking what must hold whatever the profile is."""
    before = pixels.copy()
    result, notices = to_srgb(pixels, profile)
    np.testing.assert_array_equal(pixels, before)
    assert result.shape == pixels.shape
    assert result.dtype == np.uint8
    assert all(notice.isprintable() for notice in notices)
    return result, list(notices)


# Colors


@pytest.mark.parametrize("channels", [3, 4])
def test_srgb_is_kept_exactly_and_without_a_word(channels: int) -> None:  # row 63
    pixels = noise(0, 16, 16, channels)
    result, notices = applied(pixels, srgb_profile())
    np.testing.assert_array_equal(result, pixels)
    assert notices == []


@pytest.mark.parametrize(
    ("matrix", "gamma"),
    [(P3_TO_XYZ, 2.2), (SRGB_TO_XYZ, 1.0), (SRGB_TO_XYZ, 1.8), (P3_TO_XYZ, 1.8)],
    ids=["Display P3", "linear", "gamma 1.8", "P3 of gamma 1.8"],
)
def test_other_primaries_and_gammas_are_converted_by_their_definition(
    matrix: npt.NDArray[np.float64], gamma: float
) -> None:  # row 63
    pixels = noise(0, 32, 32, 3)
    pixels[0, :4] = [[0, 0, 0], [255, 255, 255], [128, 128, 128], [255, 0, 0]]
    result, notices = applied(pixels, rgb_profile(matrix, gamma))
    assert far_apart(result, from_profile(pixels, matrix, gamma)) <= CLOSE
    assert notices == [WIDE]


def test_alpha_passes_a_conversion_untouched() -> None:
    pixels = noise(0, 16, 16, 4)
    result, notices = applied(pixels, rgb_profile())
    np.testing.assert_array_equal(result[:, :, 3], pixels[:, :, 3])
    np.testing.assert_array_equal(result[:, :, :3], applied(pixels[:, :, :3], rgb_profile())[0])
    assert notices == [WIDE]


@pytest.mark.parametrize("gamma", [1.0, 1.5, 3.0])
def test_grey_levels_are_converted_by_their_gamma_and_stay_grey(gamma: float) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = srgb_encoded((ramp / 255.0) ** gamma)
    result, notices = applied(ramp, grey_profile(gamma))
    assert far_apart(result, expected) <= CLOSE
    assert notices == ["converted from the color profile 'Grey' to sRGB"]
    with_alpha = np.dstack([ramp, ramp.T])
    result, notices = applied(with_alpha, grey_profile(gamma))
    assert far_apart(result[:, :, 0], expected) <= CLOSE
    np.testing.assert_array_equal(result[:, :, 1], ramp.T)
    assert len(notices) == 1


def test_pixels_of_any_strides_are_converted_alike() -> None:
    pixels = noise(0, 16, 24, 3)
    view = pixels[::-1, ::3]
    expected, _ = applied(np.ascontiguousarray(view), rgb_profile())
    np.testing.assert_array_equal(applied(view, rgb_profile())[0], expected)


# How far from sRGB is another color space


def brightened(levels: Pixels, shift: int) -> npt.NDArray[np.float64]:
    """Levels that are moved by `shift` in the middle, and not at all at either end."""
    moved: npt.NDArray[np.float64] = levels + shift * np.sin(np.pi * levels / 255.0)
    return np.clip(moved, 0.0, 255.0)


def brightening_profile(channels: int, shift: int) -> bytes:
    """The profile of a space that is sRGB but for brightened levels."""
    curve = icc_table(srgb_decoded(brightened(np.arange(256, dtype=np.uint8), shift)))
    name, white = icc_name(b"Shift"), icc_xyz(*WHITE)
    if channels == 1:
        return icc_profile(b"GRAY", desc=name, wtpt=white, kTRC=curve)
    return matrix_profile(SRGB_TO_XYZ, curve, b"Shift")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shift", [-2, 2])
def test_a_profile_that_moves_no_color_by_more_than_2_is_not_applied(
    shift: int, channels: int
) -> None:
    pixels = noise(0, 64, 64, channels)
    result, notices = applied(pixels, brightening_profile(channels, shift))
    np.testing.assert_array_equal(result, pixels)
    assert notices == []


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shift", [-4, -3, 3, 4])
def test_a_profile_that_moves_some_color_by_3_is_applied(shift: int, channels: int) -> None:
    pixels = noise(0, 64, 64, channels)
    result, notices = applied(pixels, brightening_profile(channels, shift))
    assert far_apart(result, brightened(pixels, shift)) <= CLOSE
    assert notices == ["converted from the color profile 'Shift' to sRGB"]


# Profiles that cannot be applied


@pytest.mark.parametrize(
    "profile",
    [
        b"garbage",
        b"\0" * 200,
        srgb_profile()[:100],
        srgb_profile()[:140],
        rgb_profile()[:-40],
        icc_profile(b"RGB ", desc=icc_name(b"empty")),
        icc_profile(b"GRAY", desc=icc_name(b"empty")),
        icc_profile(b"CMYK", b"prtr", b"Lab ", desc=icc_name(b"empty")),
        icc_profile(b"RGB ", b"link", b"RGB ", desc=icc_name(b"link")),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes(),
    ],
    ids=str.split("garbage zeros header most-of-the-header cut rgb grey cmyk link lab xyz"),
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_profile_that_cannot_be_applied_changes_nothing_and_is_told(
    channels: int, profile: bytes
) -> None:  # row 63
    pixels = noise(0, 9, 12, channels)
    result, notices = applied(pixels, profile)
    np.testing.assert_array_equal(result, pixels)
    assert notices in ([DAMAGED], [NOT_APPLIED])


def test_a_profile_for_colors_is_applied_to_greys_as_colors() -> None:
    grey = noise(0, 9, 12)
    result, notices = applied(grey, rgb_profile())
    assert far_apart(result, from_profile(np.dstack([grey] * 3))[:, :, 1]) <= CLOSE
    assert notices == [WIDE]
    with_alpha = noise(0, 9, 12, 2)
    result, notices = applied(with_alpha, rgb_profile())
    np.testing.assert_array_equal(result[:, :, 1], with_alpha[:, :, 1])
    assert notices == [WIDE]


def test_a_profile_for_greys_or_inks_is_not_applied_to_colors() -> None:
    for pixels, profile in (
        (noise(0, 9, 12, 3), grey_profile(1.0)),
        (noise(0, 9, 12, 3), cyan_only_profile()),
    ):
        result, notices = applied(pixels, profile)
        np.testing.assert_array_equal(result, pixels)
        assert notices == [DAMAGED]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"Two  words", "the color profile 'Two words'"),
        (b"", "its color profile"),
        (b"\x1b[2J", "its color profile"),
        (b"line\nbreak", "the color profile 'line break'"),
        (b"x" * 200, "the color profile '" + "x" * 60 + "'"),
    ],
)
def test_the_name_of_a_profile_cannot_spoil_the_notice(name: bytes, told: str) -> None:
    _, notices = applied(noise(0, 2, 2, 3), rgb_profile(name=name))
    assert notices == [f"converted from {told} to sRGB"]


@given(st.data())
@settings(max_examples=150, derandomize=True, deadline=None)
def test_a_mutated_profile_never_raises(data: st.DataObject) -> None:
    profile = bytearray(
        data.draw(st.sampled_from([rgb_profile(), grey_profile(1.8), srgb_profile()]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(profile) - 1))
        profile[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]))
    for pixels in (noise(0, 3, 3, 3), noise(0, 3, 3)):
        applied(pixels, bytes(profile))


# Inks


def inked(stored: Pixels, mode: str, profile: bytes | None) -> tuple[Pixels, list[str]]:
    before = stored.copy()
    result, notices = convert_inks(stored, mode, profile)
    np.testing.assert_array_equal(stored, before)
    assert result.shape == (*stored.shape[:2], 3)
    assert result.dtype == np.uint8
    return result, list(notices)


def plain_inks(inks: Pixels) -> npt.NDArray[np.float64]:
    """What inks leave of white light, each taking its part."""
    left = 255.0 - inks
    return left[:, :, :3] * left[:, :, 3:] / 255.0


def test_inks_without_profile_are_taken_from_white() -> None:  # row 64
    inks = noise(0, 16, 16, 4)
    inks[0, :3] = [[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0]]
    result, notices = inked(inks, "CMYK", None)
    assert far_apart(result, plain_inks(inks)) <= 1
    assert result[0, :3].tolist() == [[255, 255, 255], [0, 0, 0], [0, 255, 255]]
    assert notices == []


def test_inks_with_a_profile_are_converted_by_it() -> None:  # row 64
    inks = np.zeros((3, 3, 4), np.uint8)
    inks[:, :, 0] = np.array([0, 128, 255])
    inks[1:, :, 1:] = noise(0, 2, 3, 3)  # inks that this press does not print
    result, notices = inked(inks, "CMYK", cyan_only_profile())
    lightness = 100.0 * (1 - np.array([0, 128, 255]) / 255.0)
    fy = (lightness + 16) / 116
    grey = srgb_encoded(np.where(fy > 6 / 29, fy**3, 3 * (6 / 29) ** 2 * (fy - 4 / 29)))
    assert far_apart(result, np.broadcast_to(grey[None, :, None], (3, 3, 3))) <= 3
    assert notices == []


@pytest.mark.parametrize(
    "profile",
    [
        b"garbage",
        rgb_profile(),
        srgb_profile(),
        icc_profile(b"CMYK", b"prtr", b"Lab ", desc=icc_name(b"empty")),
        cyan_only_profile()[:400],
    ],
    ids=["garbage", "RGB", "sRGB", "without tables", "cut"],
)
def test_inks_with_a_profile_that_cannot_be_applied_are_taken_plainly_and_say_so(
    profile: bytes,
) -> None:  # rows 63, 64
    inks = noise(0, 9, 12, 4)
    result, notices = inked(inks, "CMYK", profile)
    assert far_apart(result, plain_inks(inks)) <= 1
    assert len(notices) == 1
    assert notices[0].endswith("not applied")


# Files


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def test_every_container_hands_its_profile_on(tmp_path: Path) -> None:  # row 63
    pixels = noise(0, 16, 24, 3)
    picture, profile = Image.fromarray(pixels), rgb_profile()
    expected = from_profile(pixels)
    lossless = [
        png_of(pixels, RGB, 8, before=[iccp(profile)]),
        saved(picture, "WEBP", lossless=True, icc_profile=profile),
        saved(picture, "TIFF", icc_profile=profile),
        saved(picture, "TIFF", icc_profile=profile, compression="tiff_lzw"),
    ]
    for data in lossless:
        image = read(tmp_path, data)
        assert far_apart(image.pixels, expected) <= CLOSE
        assert image.notices == [WIDE]
    jpeg = saved(picture, "JPEG", icc_profile=profile)
    image = read(tmp_path, jpeg)
    assert far_apart(image.pixels, from_profile(np.asarray(opened(jpeg)))) <= CLOSE
    assert image.notices == [WIDE]


def test_srgb_in_any_container_is_kept_without_a_word(tmp_path: Path) -> None:  # row 63
    pixels = noise(0, 16, 24, 3)
    picture, profile = Image.fromarray(pixels), srgb_profile()
    for data in (
        png_of(pixels, RGB, 8, before=[iccp(profile)]),
        saved(picture, "WEBP", lossless=True, icc_profile=profile),
        saved(picture, "TIFF", icc_profile=profile),
    ):
        image = read(tmp_path, data)
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.notices == []


def test_16_bit_pictures_are_converted_after_they_are_rounded(tmp_path: Path) -> None:
    samples = wide_noise(0, 9, 12, 3)
    profile = rgb_profile()
    tag = [(34675, 7, len(profile), profile, True)]
    for data in (
        png_of(samples, RGB, 16, before=[iccp(profile)]),
        tiff(samples, "rgb", extratags=tag),
    ):
        image = read(tmp_path, data)
        assert far_apart(image.pixels, from_profile(narrowed(samples))) <= CLOSE
        assert image.notices == ["16-bit samples are rounded to 8 bits", WIDE]


def test_palettes_transparent_colors_and_alpha_are_converted_as_what_they_show(
    tmp_path: Path,
) -> None:
    profile = iccp(rgb_profile())
    colors, indices = noise(1, 4, 3), noise(0, 5, 6, 1, high=4)
    palette = chunk(b"PLTE", colors.tobytes())
    image = read(tmp_path, png_of(indices, INDEXED, 2, before=[profile, palette]))
    assert far_apart(image.pixels, from_profile(colors)[indices[:, :, 0]]) <= CLOSE
    pixels = noise(2, 5, 6, 4)
    image = read(tmp_path, png_of(pixels, RGBA, 8, before=[profile]))
    assert far_apart(image.pixels[:, :, :3], from_profile(pixels[:, :, :3])) <= CLOSE
    np.testing.assert_array_equal(image.pixels[:, :, 3], pixels[:, :, 3])
    key = chunk(b"tRNS", struct.pack(">3H", *pixels[0, 0, :3].tolist()))
    image = read(tmp_path, png_of(pixels[:, :, :3], RGB, 8, before=[profile, key]))
    assert image.pixels[:, :, 3].sum() == 29 * 255


def test_a_grey_jpeg_or_png_with_a_profile_stays_grey(tmp_path: Path) -> None:  # row 64
    pixels = noise(0, 16, 24)
    jpeg = saved(Image.fromarray(pixels), "JPEG", icc_profile=grey_profile(1.0))
    image = read(tmp_path, jpeg)
    assert image.pixels.shape == (16, 24)
    assert far_apart(image.pixels, srgb_encoded(np.asarray(opened(jpeg)) / 255.0)) <= CLOSE
    assert image.notices == ["converted from the color profile 'Grey' to sRGB"]
    image = read(tmp_path, png_of(pixels[:, :, None], GREY, 8, before=[iccp(rgb_profile())]))
    assert far_apart(image.pixels, from_profile(np.dstack([pixels] * 3))[:, :, 1]) <= CLOSE
    assert image.notices == [WIDE]


def test_a_damaged_profile_in_any_container_is_told(tmp_path: Path) -> None:  # row 63
    pixels = noise(0, 16, 24, 3)
    picture = Image.fromarray(pixels)
    for data in (
        png_of(pixels, RGB, 8, before=[iccp(b"garbage")]),
        png_of(pixels, RGB, 8, before=[chunk(b"iCCP", b"name\0\0no deflate stream")]),
        png_of(pixels, RGB, 8, before=[chunk(b"iCCP", b"name")]),
        saved(picture, "WEBP", lossless=True, icc_profile=b"garbage"),
        saved(picture, "TIFF", icc_profile=b"garbage"),
    ):
        image = read(tmp_path, data)
        np.testing.assert_array_equal(image.pixels, pixels)
        assert len(image.notices) == 1
        assert image.notices[0].endswith("not applied")


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_cmyk_file_is_converted_by_its_profile(kind: str, tmp_path: Path) -> None:  # row 64
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, 8:, 0] = 255
    inks[8:, :, 2] = 255  # yellow, which this press does not print
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    data = saved(Image.fromarray(inks, "CMYK"), kind, icc_profile=cyan_only_profile(), **options)
    image = read(tmp_path, data)
    expected = np.where(np.arange(16) < 8, 255, 0)
    assert far_apart(image.pixels, np.broadcast_to(expected[None, :, None], (16, 16, 3))) <= 4
    assert image.notices == ["converted from CMYK to sRGB"]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_cmyk_file_with_a_useless_profile_is_still_read(kind: str, tmp_path: Path) -> None:
    inks = np.full((8, 8, 4), (255, 0, 0, 0), np.uint8)
    profile = icc_profile(b"CMYK", b"prtr", b"Lab ", desc=icc_name(b"empty"))
    image = read(tmp_path, saved(Image.fromarray(inks, "CMYK"), kind, icc_profile=profile))
    assert far_apart(image.pixels, np.full((8, 8, 3), (0, 255, 255))) <= 4
    assert sorted(image.notices)[0] == "converted from CMYK to sRGB"
    assert any(notice.endswith("not applied") for notice in image.notices)
