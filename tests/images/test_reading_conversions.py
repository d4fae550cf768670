"""What reading does to samples is told apart from what it only says, and judged by the samples."""

import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from picture_tools import (
    ROUNDED,
    SHORT,
    noise,
    png_of,
    raw_tiff,
    read,
    saved,
    tiff,
    tiff_tags,
    wide_noise,
)
from PIL import Image
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, chunk, pack
from profile_tools import rgb_profile

EXACT = "16-bit samples become samples of 8 bits without loss"
DIVIDED = "colors premultiplied by alpha are divided by it"
WIDE = "converted from the color profile 'Wide' to sRGB"
FEW = noise(0, 6, 7, 4)
FEW[:, :, 3] |= 1


def one_off(pixels: Any) -> Any:
    """16-bit samples that are all those of 8 bits, but for the last."""
    wide = pixels.astype(np.uint16) * 257
    wide[-1, -1, ..., -1] ^= 1
    return wide


def bits_tiff(bits: int, samples: Any) -> bytes:
    body = b""
    for row in samples.tolist():
        single = "".join(f"{sample:0{bits}b}" for sample in row)
        single += "0" * (-len(single) % 8)
        body += int(single, 2).to_bytes(len(single) // 8, "big")
    height, width = samples.shape
    return raw_tiff(tiff_tags(width, height, len(body), bits=bits), strip=body)


def scaled_up(bits: int) -> Any:
    """8-bit samples scaled to more bits, rounded to nearest."""
    levels = np.arange(256).reshape(16, 16)
    return np.rint(levels * (2**bits - 1) / 255).astype(np.uint16)


def ycbcr(compression: str | None) -> bytes:
    file = io.BytesIO()
    options: dict[str, Any] = {"photometric": "ycbcr", "compression": compression}
    tifffile.imwrite(file, np.full((16, 16, 3), (100, 50, 200), np.uint8), **options)
    return file.getvalue()


def color_map(values: Any) -> bytes:
    tags = tiff_tags(8, 6, 48, photometric=3)
    return raw_tiff({**tags, 320: (SHORT, values.ravel().tolist())}, strip=bytes(48))


def associated(pixels: Any) -> bytes:
    return tiff(pixels, "rgb", extrasamples=["assocalpha"])


TABLE = noise(3, 3, 256).astype(np.uint16)
OPAQUE = FEW | np.array([0, 0, 0, 255], np.uint8)
BLACK = np.full((4, 5, 3), 255, np.uint8) * np.array([0, 1, 0, 1, 1], np.uint8)[:, None]
CMYK = Image.new("CMYK", (16, 8), (100, 20, 0, 10))
LAB = Image.new("LAB", (8, 8), (90, 9, 3))

CONVERTED: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "grey PNG of 16 bits": (lambda: png_of(one_off(FEW[:, :, :1]), GREY, 16), [ROUNDED]),
    "grey PNG of 16 bits with alpha": (
        lambda: png_of(one_off(FEW[:, :, 2:]), GREY_ALPHA, 16),
        [ROUNDED],
    ),
    "RGB PNG of 16 bits": (lambda: png_of(one_off(FEW[:, :, :3]), RGB, 16), [ROUNDED]),
    "RGBA PNG of 16 bits, interlaced": (
        lambda: png_of(one_off(FEW), RGBA, 16, interlace=1),
        [ROUNDED],
    ),
    "RGB TIFF of 16 bits": (lambda: tiff(one_off(FEW[:, :, :3]), "rgb"), [ROUNDED]),
    "8 bits shifted to 16": (
        lambda: tiff(np.arange(256, dtype=np.uint16).reshape(16, 16) << 8, "minisblack"),
        [ROUNDED],
    ),
    "12 bits": (
        lambda: bits_tiff(12, scaled_up(12) ^ np.eye(16, dtype=np.uint16)),
        ["12-bit samples are rounded to 8 bits"],
    ),
    "CMYK JPEG": (lambda: saved(CMYK, "JPEG"), ["converted from CMYK to sRGB"]),
    "CMYK TIFF": (lambda: saved(CMYK, "TIFF"), ["converted from CMYK to sRGB"]),
    "CMYK TIFF of 16 bits": (
        lambda: tiff(FEW * np.uint16(257), "separated"),
        ["converted from CMYK to sRGB"],
    ),
    "Lab TIFF": (lambda: saved(LAB, "TIFF"), ["converted from LAB to sRGB"]),
    "YCbCr TIFF": (functools.partial(ycbcr, None), ["converted from YCbCr to RGB"]),
    "YCbCr TIFF, deflated": (functools.partial(ycbcr, "zlib"), ["converted from YCbCr to RGB"]),
    "premultiplied alpha": (lambda: associated(FEW), [DIVIDED]),
    "premultiplied alpha of 16 bits": (
        lambda: associated(wide_noise(0, 6, 7, 4)),
        [DIVIDED, ROUNDED],
    ),
    "extra samples": (
        lambda: tiff(FEW, "rgb", extrasamples=["unspecified"]),
        ["extra samples of unknown meaning are not kept"],
    ),
    "PNG with a profile": (
        lambda: saved(Image.fromarray(FEW[:, :, :3]), "PNG", icc_profile=rgb_profile()),
        [WIDE],
    ),
    "JPEG with a profile": (
        lambda: saved(Image.fromarray(FEW[:, :, :3]), "JPEG", icc_profile=rgb_profile()),
        [WIDE],
    ),
    "color map of 16 bits": (
        lambda: color_map(TABLE * 257 ^ 1),
        ["its color map of 16 bits is rounded to 8"],
    ),
}

KEPT: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "grey PNG of 16 bits": (
        lambda: png_of(FEW[:, :, :1] * np.uint16(257), GREY, 16, interlace=1),
        [EXACT],
    ),
    "RGBA PNG of 16 bits": (lambda: png_of(FEW * np.uint16(257), RGBA, 16), [EXACT]),
    "RGB TIFF of 16 bits": (lambda: tiff(FEW[:, :, :3] * np.uint16(257), "rgb"), [EXACT]),
    **{
        f"{bits} bits": (
            functools.partial(bits_tiff, bits, scaled_up(bits)),
            [EXACT.replace("16", str(bits))],
        )
        for bits in (9, 10, 12, 14)
    },
    "premultiplied alpha that is opaque": (lambda: associated(OPAQUE), []),
    "the same of 16 bits": (lambda: associated(OPAQUE * np.uint16(257)), [EXACT]),
    "a profile that changes no color there is": (
        lambda: saved(Image.fromarray(BLACK), "PNG", icc_profile=rgb_profile()),
        [WIDE],
    ),
    "a profile that cannot be applied": (
        lambda: saved(Image.fromarray(BLACK), "PNG", icc_profile=b"junk"),
        ["its color profile is damaged or for another kind, and not applied"],
    ),
    "palette PNG": (
        lambda: png_of(
            noise(1, 6, 7, 1, high=4), INDEXED, 2, before=[chunk(b"PLTE", FEW[0].tobytes()[:12])]
        ),
        [],
    ),
    "grey PNG of 2 bits": (lambda: png_of(noise(1, 6, 7, 1, high=4), GREY, 2), []),
    "color map of shifted values": (lambda: color_map(TABLE << 8), []),
    "color map of 8-bit values": (
        lambda: color_map(TABLE),
        ["its color map of 8-bit values is read as such"],
    ),
    "JPEG": (lambda: saved(Image.fromarray(FEW[:, :, :3]), "JPEG"), []),
}


@pytest.mark.parametrize("kind", CONVERTED)
def test_a_conversion_of_samples_is_told_as_one(kind: str, tmp_path: Path) -> None:
    make, expected = CONVERTED[kind]
    image = read(tmp_path, make())
    assert list(image.conversions) == expected
    assert [notice for notice in image.notices if notice in expected] == expected


@pytest.mark.parametrize("kind", KEPT)
def test_what_changes_no_sample_is_no_conversion(kind: str, tmp_path: Path) -> None:
    make, told = KEPT[kind]
    image = read(tmp_path, make())
    assert image.conversions == ()
    assert image.notices == told


@pytest.mark.parametrize("bits", [9, 12, 14])
def test_samples_scaled_up_from_8_bits_come_back(bits: int, tmp_path: Path) -> None:
    image = read(tmp_path, bits_tiff(bits, scaled_up(bits)))
    assert image.pixels.ravel().tolist() == list(range(256))


def test_a_color_map_of_16_bits_is_rounded_to_nearest(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 768).astype(np.uint16).reshape(3, 256)
    tags = {**tiff_tags(16, 16, 256, photometric=3), 320: (SHORT, values.ravel().tolist())}
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = read(tmp_path, raw_tiff(tags, strip=b"".join(pack(r, 8) for r in indices.tolist())))
    np.testing.assert_array_equal(image.pixels, np.rint(values.T / 257)[indices])


def test_turning_a_picture_is_no_conversion(tmp_path: Path) -> None:
    data = tiff(FEW[:, :, :3], "rgb", extratags=[(274, 3, 1, 6, True)])
    image = read(tmp_path, data)
    assert image.notices == ["turned by 90 degrees as its EXIF orientation asks"]
    assert image.conversions == ()
