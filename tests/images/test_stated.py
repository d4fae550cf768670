"""Colors that PNGs state by numbers, instead of by a profile, become sRGB.

What is expected is computed here from the definitions of the spaces: primaries to XYZ, adapted to
the white of sRGB after Bradford, and the curves as ITU-T H.273 has them.
"""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import Pixels, far_apart, narrowed, noise, png_of, read, tiff, wide_noise
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, chunk
from profile_tools import from_profile, rgb_profile, srgb_decoded, srgb_encoded

from codec.images.stated import profile_of_png

Numbers = npt.NDArray[np.float64]
# Rounding of both sides to 8 bits, and the fixed point of the color engine.
CLOSE = 2.0
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
WIDE = (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
ADOBE = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
D50_WHITE = (0.3457, 0.3585, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
PRIMARIES = {
    1: SRGB, 5: (0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070), 9: WIDE,
    11: (0.314, 0.351, *P3[2:]), 12: P3,
}  # fmt: skip


def decoded_709(levels: Numbers) -> Numbers:
    values = levels / 255.0
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def power(gamma: float) -> Callable[[Numbers], Numbers]:
    return lambda levels: (levels / 255.0) ** gamma


CURVES = {
    **dict.fromkeys((1, 6, 14, 15), decoded_709),
    4: power(2.2), 5: power(2.8), 8: power(1.0), 13: srgb_decoded,
}  # fmt: skip


def to_xyz(chromaticities: tuple[float, ...]) -> Numbers:
    points = np.array(chromaticities).reshape(4, 2)
    full = np.column_stack([points, 1 - points.sum(axis=1)])
    white = full[0] / full[0, 1]
    matrix = full[1:].T
    matrix = matrix * np.linalg.solve(matrix, white)
    bradford = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    target = np.array([0.3127, 0.3290, 0.3583]) / 0.3290
    scale = np.diag((bradford @ target) / (bradford @ white))
    adapted: Numbers = np.linalg.inv(bradford) @ scale @ bradford @ matrix
    return adapted


def in_srgb(
    pixels: Pixels, chromaticities: tuple[float, ...], decode: Callable[[Numbers], Numbers]
) -> Numbers:
    linear = decode(pixels.astype(np.float64))
    matrix = np.linalg.inv(to_xyz(SRGB)) @ to_xyz(chromaticities)
    return srgb_encoded(linear @ matrix.T)


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(chromaticities: tuple[float, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(n * 100_000) for n in chromaticities)))


def cicp(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


COLORS = noise(0, 16, 24, 3)
COLORS[0, :5] = [[0, 0, 0], [255, 255, 255], [200, 100, 50], [255, 0, 0], [128, 128, 128]]


def test_what_a_browser_shows_is_what_is_read(tmp_path: Path) -> None:
    flat = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    for before, shown in (
        ([gama(100_000)], (229, 168, 122)),
        ([cicp(12, 13, 0, 1)], (215, 93, 31)),
    ):
        image = read(tmp_path, png_of(flat, RGB, 8, before=before))
        assert far_apart(image.pixels, np.broadcast_to(np.array(shown), (4, 4, 3))) <= 1


@pytest.mark.parametrize("value", [22_727, 31_250, 55_556, 66_667, 100_000, 200_000])
def test_a_gamma_is_applied(value: int, tmp_path: Path) -> None:
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=[gama(value)]))
    expected = in_srgb(COLORS, SRGB, power(100_000 / value))
    assert far_apart(image.pixels, expected) <= CLOSE
    assert image.notices == [
        f"converted from the color profile 'gAMA of {value / 100_000:.3f}' to sRGB"
    ]


@pytest.mark.parametrize("value", [45_455, 100_000])
@pytest.mark.parametrize("primaries", [P3, WIDE, ADOBE, D50_WHITE])
def test_primaries_are_applied_with_their_gamma(
    primaries: tuple[float, ...], value: int, tmp_path: Path
) -> None:
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=[gama(value), chrm(primaries)]))
    expected = in_srgb(COLORS, primaries, power(100_000 / value))
    assert far_apart(image.pixels, expected) <= CLOSE
    assert image.notices[0].endswith("and cHRM' to sRGB")


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("primaries", PRIMARIES)
def test_a_color_space_of_numbers_is_applied(primaries: int, curve: int, tmp_path: Path) -> None:
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=[cicp(primaries, curve, 0, 1)]))
    if (primaries, curve) == (1, 13):
        np.testing.assert_array_equal(image.pixels, COLORS)
        assert image.notices == []
        return
    expected = in_srgb(COLORS, PRIMARIES[primaries], CURVES[curve])
    # Colors beyond sRGB, where both clip, are farther apart by what little they are beyond.
    assert far_apart(image.pixels, expected) <= CLOSE + 1
    assert image.notices in (
        [f"converted from the color profile 'cICP {primaries}, {curve}' to sRGB"],
        [],  # where it changes next to nothing
    )


@pytest.mark.parametrize(
    "numbers",
    [(9, 16, 0, 1), (9, 18, 0, 1), (1, 13, 1, 1), (12, 13, 0, 0), (2, 2, 0, 1), (12, 13, 0), ()],
    ids=["PQ", "HLG", "YCbCr", "narrow", "unspecified", "short", "empty"],
)
def test_a_color_space_of_other_numbers_is_told_and_what_else_is_stated_counts(
    numbers: tuple[int, ...], tmp_path: Path
) -> None:
    told = "its color space, stated by numbers (cICP), is not applied"
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=[cicp(*numbers)]))
    np.testing.assert_array_equal(image.pixels, COLORS)
    assert image.notices == [told]
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=[cicp(*numbers), iccp(rgb_profile())]))
    assert far_apart(image.pixels, from_profile(COLORS)) <= CLOSE
    assert image.notices == [told, "converted from the color profile 'Wide' to sRGB"]


def test_what_comes_first_is_what_the_specification_says(tmp_path: Path) -> None:
    p3, icc, srgb, linear = (
        cicp(12, 13, 0, 1),
        iccp(rgb_profile()),
        chunk(b"sRGB", b"\0"),
        gama(10**5),
    )
    in_p3 = in_srgb(COLORS, P3, srgb_decoded)
    for before in ([p3, icc, srgb, linear], [linear, icc, p3], [p3, linear]):
        assert far_apart(read(tmp_path, png_of(COLORS, RGB, 8, before=before)).pixels, in_p3) <= 3
    for before in ([icc, linear, chrm(WIDE)], [icc, srgb]):
        image = read(tmp_path, png_of(COLORS, RGB, 8, before=before))
        assert far_apart(image.pixels, from_profile(COLORS)) <= CLOSE
    for before in ([srgb, linear, chrm(WIDE)], [cicp(1, 13, 0, 1), icc, linear]):
        image = read(tmp_path, png_of(COLORS, RGB, 8, before=before))
        np.testing.assert_array_equal(image.pixels, COLORS)
        assert image.notices == []


@pytest.mark.parametrize(
    "before",
    [[gama(45_455)], [gama(45_000)], [gama(45_455), chrm(SRGB)], [chrm(SRGB)], []],
    ids=["gamma", "nearly", "both", "primaries", "none"],
)
def test_srgb_by_any_name_changes_nothing(before: list[bytes], tmp_path: Path) -> None:
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=before))
    np.testing.assert_array_equal(image.pixels, COLORS)
    assert image.notices == []


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([chrm(P3)], "its primaries (cHRM) are not applied, for want of a gamma (gAMA)"),
        ([gama(0), chrm(P3)], "its primaries (cHRM) are not applied, for want of a gamma (gAMA)"),
        ([gama(1)], "its gAMA of 0.000 is not applied"),
        ([gama(2**32 - 1)], "its gAMA of 42949.673 is not applied"),
        ([gama(10**5), chrm((0.0,) * 8)], "its gAMA of 1.000 and cHRM is not applied"),
        ([gama(10**5), chrm((0.3,) * 8)], "its gAMA of 1.000 and cHRM is not applied"),
        ([gama(10**5), chrm((0.3, 0.3, *[0.64, 0.33] * 3))],
         "its gAMA of 1.000 and cHRM is not applied"),
        ([gama(10**5), chrm((42000.0,) * 8)], "its gAMA of 1.000 and cHRM is not applied"),
    ],
)  # fmt: skip
def test_numbers_that_make_no_color_space_are_told(
    before: list[bytes], told: str, tmp_path: Path
) -> None:
    image = read(tmp_path, png_of(COLORS, RGB, 8, before=before))
    np.testing.assert_array_equal(image.pixels, COLORS)
    assert image.notices == [told]


@pytest.mark.parametrize("content", [b"", b"\0", bytes(3), bytes(5)])
def test_chunks_of_wrong_sizes_state_nothing(content: bytes) -> None:
    assert profile_of_png({b"gAMA": content, b"cHRM": content}) == (b"", ())


@pytest.mark.parametrize("color_type", [GREY, GREY_ALPHA, INDEXED, RGB, RGBA])
def test_every_kind_of_png_is_converted_and_keeps_its_alpha(
    color_type: int, tmp_path: Path
) -> None:
    palette, linear = noise(1, 4, 3), power(1.0)
    if color_type == INDEXED:
        indices = noise(0, 5, 6, 1, high=4)
        before = [gama(100_000), chunk(b"PLTE", palette.tobytes()), chunk(b"tRNS", b"\0\x80")]
        image = read(tmp_path, png_of(indices, INDEXED, 2, before=before))
        colors, alpha = palette[indices[:, :, 0]], np.array([0, 128, 255, 255])[indices[:, :, 0]]
        np.testing.assert_array_equal(image.pixels[:, :, 3], alpha)
        assert far_apart(image.pixels[:, :, :3], in_srgb(colors, SRGB, linear)) <= CLOSE
        return
    channels = {GREY: 1, GREY_ALPHA: 2, RGB: 3, RGBA: 4}[color_type]
    for depth in (8, 16):
        wide = wide_noise(2, 5, 6, channels)
        samples = wide if depth == 16 else narrowed(wide)
        image = read(tmp_path, png_of(samples, color_type, depth, before=[gama(100_000)]))
        pixels = image.pixels.reshape(5, 6, channels)
        plain = narrowed(wide)
        opaque = channels - (channels + 1) % 2
        expected = srgb_encoded(plain[:, :, :opaque] / 255.0)
        assert far_apart(pixels[:, :, :opaque], expected) <= CLOSE
        np.testing.assert_array_equal(pixels[:, :, opaque:], plain[:, :, opaque:])
        assert image.notices[-1] == "converted from the color profile 'gAMA of 1.000' to sRGB"


def test_grey_with_primaries_is_converted_by_its_gamma_and_stays_grey(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    for before in ([gama(100_000), chrm(WIDE)], [cicp(9, 8, 0, 1)], [gama(100_000)]):
        image = read(tmp_path, png_of(ramp, GREY, 8, before=before))
        assert image.pixels.shape == (16, 16)
        assert far_apart(image.pixels, srgb_encoded(ramp[:, :, 0] / 255.0)) <= CLOSE


# TIFF


def fractions(numbers: tuple[float, ...]) -> tuple[int, int, tuple[int, ...]]:
    return 5, len(numbers), tuple(part for n in numbers for part in (round(n * 10_000), 10_000))


@pytest.mark.parametrize(
    ("white", "primaries", "told"),
    [
        (SRGB[:2], SRGB[2:], False),
        (P3[:2], P3[2:], True),
        (D50_WHITE[:2], None, True),
        (None, WIDE[2:], True),
        (None, None, False),
    ],
)
def test_white_and_primaries_of_a_tiff_are_told_unless_they_are_srgb(
    white: tuple[float, ...] | None,
    primaries: tuple[float, ...] | None,
    told: bool,
    tmp_path: Path,
) -> None:
    tags: list[tuple[Any, ...]] = [(318, *fractions(white), True)] if white else []
    tags += [(319, *fractions(primaries), True)] if primaries else []
    notices = ["its white point and primaries are not applied"] if told else []
    for samples in (COLORS, COLORS.astype(np.uint16) * 257):
        image = read(tmp_path, tiff(samples, "rgb", extratags=tags, byteorder="<"))
        np.testing.assert_array_equal(image.pixels, COLORS)
        assert image.notices[: len(notices)] == notices
        assert len(image.notices) == len(notices) + (samples.itemsize - 1)
    profile = rgb_profile()
    tags = [*tags, (34675, 7, len(profile), profile, True)]
    image = read(tmp_path, tiff(COLORS, "rgb", extratags=tags, byteorder="<"))
    assert image.notices == ["converted from the color profile 'Wide' to sRGB"]


def test_a_transfer_function_of_a_tiff_is_told(tmp_path: Path) -> None:
    table = np.arange(256, dtype="<u2").tobytes()
    data = tiff(COLORS, "rgb", extratags=[(301, 3, 256, table, True)], byteorder="<")
    assert read(tmp_path, data).notices == ["its transfer function is not applied"]
