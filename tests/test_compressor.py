"""Compression: pictures of every kind from their files and back, and arrays of any kind.

Rows are those of the catalogue of bad inputs.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import (
    Pixels,
    bmp,
    exif,
    gif,
    gif_frame,
    narrowed,
    noise,
    opened,
    png_of,
    read,
    saved,
    tiff,
    upright,
    wide_noise,
)
from PIL import Image
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, chunk
from profile_tools import rgb_profile

import codec
from codec.cli.commands import main
from codec.compressor import compress_with_details
from codec.options import TUNES
from codec.settings import CompressSettings

FORMATS = ("picture.npz", "picture.png", "picture.labels.png")
COLORS = noise(1, 4, 3)
INDICES = noise(0, 11, 13, high=4)
FEW: Pixels = COLORS[INDICES]
PLTE = chunk(b"PLTE", COLORS.tobytes())
ALPHAS = np.array([255, 40, 7, 200], np.uint8)


def grey_samples(depth: int) -> npt.NDArray[Any]:
    if depth == 16:
        return np.array([0, 300, 32768, 65535], np.uint16)[INDICES][:, :, None]
    return noise(0, 11, 13, 1, high=min(2**depth, 16)) * np.uint8(17 if depth == 8 else 1)


def scaled(samples: npt.NDArray[Any], depth: int) -> Pixels:
    if depth == 16:
        return narrowed(samples)[:, :, 0]
    levels: npt.NDArray[np.uint16] = samples[:, :, 0].astype(np.uint16) * 255 // (2**depth - 1)
    return levels.astype(np.uint8)


def jpeg_pixels(data: bytes) -> Pixels:
    return np.asarray(opened(data))


def flat_jpeg(mode: str) -> bytes:
    """A JPEG that decodes to few colors."""
    return saved(Image.new("RGB", (16, 16), (200, 100, 50)).convert(mode), "JPEG")


def kinds() -> dict[str, tuple[bytes, Pixels]]:
    """A file of every kind of picture with at most 256 colors, and the pixels it means."""
    found: dict[str, tuple[bytes, Pixels]] = {}
    for depth in (1, 2, 4, 8, 16):
        for interlace, name in ((0, ""), (1, " Adam7")):
            samples = grey_samples(depth)
            data = png_of(samples, GREY, depth, interlace=interlace)
            found[f"{depth}-bit grey PNG{name}"] = data, scaled(samples, depth)
            key = chunk(b"tRNS", struct.pack(">H", int(samples[5, 5, 0])))
            data = png_of(samples, GREY, depth, interlace=interlace, before=[key])
            opacity = np.where(samples[:, :, 0] == samples[5, 5, 0], 0, 255).astype(np.uint8)
            visible = scaled(samples, depth) * (opacity > 0)
            found[f"{depth}-bit grey PNG with a key{name}"] = data, np.dstack([visible, opacity])
    for depth in (2, 4, 8):
        data = png_of(INDICES[:, :, None], INDEXED, depth, before=[PLTE])
        found[f"{depth}-bit palette PNG"] = data, FEW
        trns = chunk(b"tRNS", ALPHAS.tobytes())
        data = png_of(INDICES[:, :, None], INDEXED, depth, before=[PLTE, trns], interlace=1)
        found[f"{depth}-bit palette PNG with alpha"] = data, np.dstack([FEW, ALPHAS[INDICES]])
    grey_alpha = np.dstack([FEW[:, :, 0], ALPHAS[INDICES]])
    rgba = np.dstack([FEW, ALPHAS[INDICES]])
    wide = np.array([0, 1000, 40000, 65535], np.uint16)[INDICES]
    wide_rgba = np.dstack([wide, wide.T[:11, :1].repeat(13, 1), wide, wide | 256])
    found["grey+alpha PNG"] = png_of(grey_alpha, GREY_ALPHA, 8), grey_alpha
    found["RGB PNG"] = png_of(FEW, RGB, 8), FEW
    found["RGBA PNG"] = png_of(rgba, RGBA, 8), rgba
    found["16-bit RGB PNG"] = png_of(wide_rgba[:, :, :3], RGB, 16), narrowed(wide_rgba[:, :, :3])
    found["16-bit RGBA PNG"] = png_of(wide_rgba, RGBA, 16), narrowed(wide_rgba)
    found["16-bit grey+alpha PNG"] = (
        png_of(wide_rgba[:, :, 2:], GREY_ALPHA, 16),
        narrowed(wide_rgba[:, :, 2:]),
    )
    turned = png_of(FEW, RGB, 8, before=[chunk(b"eXIf", exif(6))])
    found["RGB PNG, turned"] = turned, upright(FEW, 6)
    found["GIF"] = (
        gif(13, 11, COLORS.tobytes(), gif_frame(INDICES.ravel().tolist(), (0, 0, 13, 11))),
        FEW,
    )
    picture = Image.fromarray(FEW)
    found["lossless WebP"] = saved(picture, "WEBP", lossless=True), FEW
    found["lossless WebP with alpha"] = (
        saved(Image.fromarray(rgba), "WEBP", lossless=True, exact=True),
        rgba,
    )
    found["BMP"] = saved(picture, "BMP"), FEW
    found["black and white BMP"] = (
        saved(Image.fromarray(INDICES > 1), "BMP"),
        np.where(INDICES > 1, 255, 0).astype(np.uint8),
    )
    blank = np.zeros((4, 1), np.uint8)
    rows = np.pad(INDICES, ((0, 0), (0, 3)))
    found["palette BMP, top down"] = (
        bmp(13, -11, 8, rows.tobytes(), np.hstack([COLORS[:, ::-1], blank]).tobytes()),
        FEW,
    )
    found["TIFF"] = tiff(FEW, "rgb"), FEW
    found["grey TIFF"] = tiff(FEW[:, :, 0].copy(), "minisblack"), FEW[:, :, 0]
    found["16-bit TIFF"] = tiff(wide_rgba[:, :, :3].copy(), "rgb"), narrowed(wide_rgba[:, :, :3])
    for mode in ("RGB", "L"):
        data = flat_jpeg(mode)
        found[f"{mode} JPEG"] = data, jpeg_pixels(data)
    return found


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_few_colors_comes_back_exactly_from_every_format(
    kind: str, tmp_path: Path
) -> None:  # rows 50 to 55, 58, 60
    data, expected = KINDS[kind]
    source = read(tmp_path, data)
    indexed = codec.compress(source.pixels)
    assert indexed.channels == (1 if expected.ndim == 2 else expected.shape[2])
    colors = np.unique(expected.reshape(expected.shape[0] * expected.shape[1], -1), axis=0)
    if expected.ndim == 2:  # whose values are labels
        np.testing.assert_array_equal(indexed.labels, expected)
        assert indexed.codebook.ravel().tolist() == list(range(int(expected.max()) + 1))
    else:
        assert indexed.n_colors == len(colors)
    for name in FORMATS:
        codec.save(indexed, tmp_path / name)
        decoded = codec.decompress(codec.load(tmp_path / name))
        np.testing.assert_array_equal(decoded, expected)
        assert decoded.dtype == np.uint8
        assert decoded.shape == expected.shape


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 3), (4, 3), (3, 4), (2, 2)])
def test_the_smallest_pictures_keep_their_shape(
    size: tuple[int, int], channels: int, tmp_path: Path
) -> None:  # row 50
    pixels = noise(0, *size, channels) | np.uint8(1)
    pixels = pixels[:, :, 0] if channels == 1 else pixels
    indexed = codec.compress(pixels)
    for name in FORMATS:
        codec.save(indexed, tmp_path / name)
        np.testing.assert_array_equal(codec.decompress(codec.load(tmp_path / name)), pixels)


# Hidden colors


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "sklearn"},
        {"effort": "fast", "exact": True},
        {"color_space": "oklab"},
        {"dither": "fs"},
        {"dither": "ordered", "color_space": "lab"},
        *({"codebook_from": source} for source in ("random", "first-pixels", "median-cut")),
    ],
    ids=str,
)
@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("size", [5, 256])
def test_channels_that_say_nothing_change_nothing(
    size: int, tune: str, options: dict[str, Any]
) -> None:
    """Alpha that is 255 everywhere, and grey as RGB: the same colors for the same pixels."""
    opaque = np.full((30, 40, 1), 255, np.uint8)
    color, grey = noise(1, 30, 40, 3), noise(2, 30, 40, 1)
    rgb = grey.repeat(3, axis=2)
    for telling, others in (
        (color, [np.dstack([color, opaque])]),
        (grey, [rgb, np.dstack([grey, opaque]), np.dstack([rgb, opaque])]),
    ):
        settings = CompressSettings(size, tune=tune, **options)
        expected = compress_with_details(telling, settings)
        for pixels in others:
            found = compress_with_details(pixels, settings)

            labels, codebook = found.indexed.labels, found.indexed.codebook
            colors = codebook[:, :-1] if pixels.shape[2] in (2, 4) else codebook
            shown = expected.indexed.codebook[expected.indexed.labels]
            assert (colors[labels] == shown).all()
            assert codebook.shape[1] == pixels.shape[2]
            assert pixels.shape[2] in (1, 3) or (codebook[:, -1] == 255).all()
            for fact in ("lossless", "unique_colors", "hidden_pixels", "engine", "mse", "dither"):
                assert getattr(found, fact) == getattr(expected, fact)


@pytest.mark.parametrize("channels", [2, 4])
def test_hidden_colors_are_merged_unless_the_picture_is_to_be_exact(
    channels: int,
) -> None:  # row 56
    pixels = noise(0, 20, 20, channels)
    pixels[:, :, -1] = np.where(np.arange(20) < 12, 0, 255)
    pixels[:, 12:, :-1] = noise(1, 20, 8, channels - 1, high=3)
    pixels[0, 0] = 0
    before = pixels.copy()
    details = compress_with_details(pixels, CompressSettings(64))
    np.testing.assert_array_equal(pixels, before)
    expected = np.where(pixels[:, :, -1:] > 0, pixels, 0)
    np.testing.assert_array_equal(codec.decompress(details.indexed), expected)
    hidden = (pixels[:, :, -1] == 0) & pixels[:, :, :-1].any(axis=2)
    assert details.hidden_pixels == hidden.sum()
    assert details.lossless
    assert details.mse == 0
    exact = compress_with_details(pixels, CompressSettings(exact=True))
    assert exact.hidden_pixels == 0
    if exact.lossless:
        np.testing.assert_array_equal(codec.decompress(exact.indexed), pixels)
    assert exact.unique_colors == len(np.unique(pixels.reshape(400, -1), axis=0))


@pytest.mark.parametrize("channels", [2, 4])
def test_a_picture_of_which_nothing_can_be_seen_is_one_color(channels: int) -> None:  # row 56
    pixels = noise(0, 20, 20, channels)
    pixels[:, :, -1] = 0
    indexed = codec.compress(pixels, 1)
    np.testing.assert_array_equal(codec.decompress(indexed), np.zeros_like(pixels))
    kept = codec.compress(pixels[:2, :3], 6, exact=True)
    np.testing.assert_array_equal(codec.decompress(kept), pixels[:2, :3])


@pytest.mark.parametrize("others", range(1, 4))
@pytest.mark.parametrize("hidden", [[255, 255, 255, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
def test_one_hidden_color_is_merged_as_several_are(hidden: list[int], others: int) -> None:
    # White or the key of a palette, as most transparent pictures have it.
    seen = [[9, 8, 7, 255], [200, 100, 50, 1], [0, 0, 0, 255]][:others]
    pixels = np.array([[hidden, *seen, hidden]], np.uint8)
    details = compress_with_details(pixels)
    assert codec.decompress(details.indexed).tolist() == [[[0, 0, 0, 0], *seen, [0, 0, 0, 0]]]
    assert details.hidden_pixels == (2 if any(hidden) else 0)
    assert details.lossless
    assert details.mse == 0
    grey = np.ascontiguousarray(pixels[:, :, [0, 3]])
    expected = np.where(grey[:, :, 1:] > 0, grey, 0)
    np.testing.assert_array_equal(codec.decompress(codec.compress(grey)), expected)


def test_colors_that_are_hardly_visible_are_not_taken_for_hidden() -> None:
    pixels = np.array([[[9, 8, 7, 1], [1, 2, 3, 1], [5, 5, 5, 0]]], np.uint8)
    decoded = codec.decompress(codec.compress(pixels))
    assert decoded.tolist() == [[[9, 8, 7, 1], [1, 2, 3, 1], [0, 0, 0, 0]]]


def test_whatever_is_changed_on_the_way_is_told_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # rows 34, 41, 53, 56, 62, 63
    pixels = noise(0, 4, 6, 4)
    pixels[0, :, 3] = 0
    wide = pixels.astype(np.uint16) * 257
    wide[2, 2, 2] ^= 1
    chunks = [chunk(b"eXIf", exif(6))]
    path = tmp_path / "picture.jpg"
    path.write_bytes(png_of(wide, RGBA, 16, before=chunks) + b"!")
    assert main(["compress", str(path), "-o", str(tmp_path / "out.npz")]) == 0
    told = capsys.readouterr().err
    for words in (
        "PNG file in spite of its name",
        "1 bytes after the end of the PNG",
        "16-bit samples are rounded to 8 bits",
        "turned by 90 degrees as its EXIF orientation asks",
        "metadata is not kept: EXIF",
        "hidden colors of 6 fully transparent pixels",
    ):
        assert words in told
    expected = upright(np.where(pixels[:, :, 3:] > 0, pixels, 0), 6)
    np.testing.assert_array_equal(codec.decompress(codec.load(tmp_path / "out.npz")), expected)


def test_a_picture_in_another_color_space_is_compressed_in_srgb(tmp_path: Path) -> None:  # row 63
    data = saved(Image.fromarray(FEW), "PNG", icc_profile=rgb_profile())
    source = read(tmp_path, data)
    assert (source.pixels != FEW).any()
    np.testing.assert_array_equal(codec.decompress(codec.compress(source.pixels)), source.pixels)
    assert source.notices == ["converted from the color profile 'Wide' to sRGB"]


def test_a_large_picture_of_16_bits_is_read_whole_and_compressed(tmp_path: Path) -> None:
    samples = wide_noise(0, 70, 90, 3)
    source = read(tmp_path, png_of(samples, RGB, 16))
    decoded = codec.decompress(codec.compress(source.pixels, 64))
    assert decoded.shape == (70, 90, 3)
    assert len(np.unique(decoded.reshape(-1, 3), axis=0)) <= 64
