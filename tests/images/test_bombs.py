"""What reading costs: steps, and memory measured from outside, of bombs and honest pictures."""

import lzma
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cost_tools import ONE_MEBIBYTE, cost_of_reading
from picture_tools import (
    LONG,
    SHORT,
    gif,
    gif_frame,
    jpeg_segment,
    lzw,
    noise,
    png_of,
    raw_tiff,
    riff_chunks,
    saved,
    tiff,
    tiff_tags,
)
from PIL import Image
from png_tools import RGB, chunk

pytestmark = pytest.mark.slow

SMALL_PNG = png_of(noise(0, 64, 64, 3), RGB, 8)
IDAT = SMALL_PNG.index(b"IDAT") - 4


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"teXt"])
def test_millions_of_empty_chunks_are_refused(kind: bytes, tmp_path: Path) -> None:
    cost = cost_of_reading(tmp_path, SMALL_PNG[:IDAT] + chunk(kind) * 3_000_000 + SMALL_PNG[IDAT:])
    assert cost.found == "bad-chunk"
    assert cost.peak < 40 * ONE_MEBIBYTE + 36_000_000
    assert cost.steps < 10_000_000


def test_chunks_that_nobody_asks_for_are_not_copied(tmp_path: Path) -> None:
    kinds = [b"t" + bytes([65 + n // 26, 65 + n % 26]) + b"t" for n in range(200)]
    chunks = b"".join(chunk(kind, bytes(ONE_MEBIBYTE)) for kind in kinds)
    cost = cost_of_reading(tmp_path, SMALL_PNG[:IDAT] + chunks + SMALL_PNG[IDAT:])
    assert cost.found == [64, 64, 3]
    assert cost.peak < len(chunks) + 40 * ONE_MEBIBYTE


def test_millions_of_tiles_of_one_pixel_are_refused(tmp_path: Path) -> None:
    side = 2048
    tags = tiff_tags(side, side, 0)
    tags |= {322: (LONG, [1]), 323: (LONG, [1]), 324: (LONG, range(16, 16 + side * side)),
             325: (LONG, [1] * side * side)}  # fmt: skip
    tags = {tag: entry for tag, entry in tags.items() if tag not in (273, 278, 279)}
    data = raw_tiff(tags, strip=bytes(side * side))
    cost = cost_of_reading(tmp_path, data)
    assert cost.found == "ratio"
    assert cost.peak < len(data) + 40 * ONE_MEBIBYTE
    assert cost.steps < 100_000


def test_strips_that_overlap_are_not_copied_without_bound(tmp_path: Path) -> None:
    count = 65_535
    tags = {**tiff_tags(1, count, 0), 259: (SHORT, [8]), 278: (LONG, [1]),
            273: (LONG, [16] * count), 279: (LONG, [4000] * count)}  # fmt: skip
    cost = cost_of_reading(tmp_path, raw_tiff(tags, strip=zlib.compress(bytes(1)) + bytes(4000)))
    assert cost.found == "ratio"
    assert cost.peak < 100 * ONE_MEBIBYTE


@pytest.mark.parametrize(
    "block", [b"!\xfe" + b"\1X" * 20_000_000 + b"\0", b"!\xfe\0" * 13_000_000]
)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_gif_of_millions_of_tiny_blocks_is_refused(
    place: str, block: bytes, tmp_path: Path
) -> None:
    frame = gif_frame([0] * 64, (0, 0, 8, 8))
    blocks = (block, frame) if place == "before" else (frame, block)
    cost = cost_of_reading(tmp_path, gif(8, 8, bytes(12), *blocks))
    assert cost.found == "damaged"
    assert cost.peak < len(block) + 40 * ONE_MEBIBYTE
    assert cost.steps < 16_000_000


def test_a_gif_of_very_many_frames_is_read(tmp_path: Path) -> None:
    frames = gif_frame([0], (0, 0, 1, 1)) * 100_000
    cost = cost_of_reading(tmp_path, gif(1, 1, bytes(12), frames))
    assert cost.found == [1, 1]
    assert cost.steps < 4_000_000


def test_a_webp_of_millions_of_empty_chunks_is_refused(tmp_path: Path) -> None:
    name, content = riff_chunks(saved(Image.new("RGB", (8, 8)), "WEBP", lossless=True))[0]
    body = b"WEBP" + name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
    body += (b"abcd" + bytes(4)) * 10_000_000
    cost = cost_of_reading(tmp_path, b"RIFF" + struct.pack("<I", len(body)) + body)
    assert cost.found == "damaged"
    assert cost.steps < 6_000_000


def many_scans(side: int, scans: int, padding: int = 0) -> bytes:
    """A flat JPEG whose last scan is repeated, with comments that code no pixels."""
    data = saved(Image.new("RGB", (side, side), (100, 50, 20)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    comments = jpeg_segment(0xFE, bytes(65_000)) * (padding // 65_000)
    return data[:2] + comments + data[2:-2] + last * (scans - 10) + data[-2:]


@pytest.mark.parametrize(("scans", "padding"), [(100, 0), (100, 1 << 20), (31, 0), (31, 1 << 20)])
def test_a_large_jpeg_of_many_scans_is_refused(scans: int, padding: int, tmp_path: Path) -> None:
    cost = cost_of_reading(tmp_path, many_scans(5000, scans, padding))
    assert cost.found == "ratio"
    assert cost.steps < 100_000


def test_a_large_jpeg_of_ten_scans_is_read(tmp_path: Path) -> None:
    cost = cost_of_reading(tmp_path, many_scans(5000, 10))
    assert cost.found == [5000, 5000, 3]
    # The picture, and what libjpeg keeps of a progressive one: 6 bytes a pixel.
    assert cost.peak < 25_000_000 * 9 + 200 * ONE_MEBIBYTE


@pytest.mark.parametrize(
    "junk",
    [
        bytes(40_000_000),
        b"\xff" * 40_000_000,
        b"\xff\0" * 20_000_000,
        b"\xff\xd0" * 20_000_000,
        b"\xff\xfe\0\2" * 10_000_000,
    ],
)
@pytest.mark.parametrize("place", ["first", "in scan", "last"])
def test_much_junk_in_a_jpeg_takes_no_time(place: str, junk: bytes, tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 64, 64, 3)), "JPEG")
    at = {"first": data.index(b"\xff\xdb"), "in scan": len(data) - 2, "last": len(data)}[place]
    # What looks like scans within a comment is none.
    comment = jpeg_segment(0xFE, b"\xff\xda" * 200)
    cost = cost_of_reading(tmp_path, data[:2] + comment + data[2:at] + junk + data[at:])
    assert cost.found in ([64, 64, 3], "damaged")
    assert cost.peak < 2 * len(junk) + 40 * ONE_MEBIBYTE
    assert cost.steps < 1_000_000


@pytest.mark.parametrize("bits", [8, 16])
def test_a_single_tile_of_many_megapixels_is_read(bits: int, tmp_path: Path) -> None:
    side = 4000
    grey = (np.add.outer(np.arange(side), np.arange(side)) // 40).astype(np.uint8)
    samples = np.dstack([grey, grey.T, grey[::-1]])
    wide = samples if bits == 8 else samples.astype(np.uint16) * 257
    cost = cost_of_reading(tmp_path, tiff(wide, "rgb", tile=(4096, 4096), compression="zlib"))
    assert cost.found == [side, side, 3]
    assert cost.peak < samples.nbytes + 200 * ONE_MEBIBYTE + 6 * side * side


SIDE = 3000
_GREY = (np.add.outer(np.arange(SIDE), np.arange(SIDE)) // 30).astype(np.uint8)
LARGE = Image.fromarray(np.dstack([_GREY, _GREY.T, _GREY[::-1]]))
HONEST: dict[str, tuple[str, str, dict[str, Any]]] = {
    "baseline JPEG": ("JPEG", "RGB", {}),
    "progressive JPEG": ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    "JPEG of inks": ("JPEG", "CMYK", {"progressive": True, "subsampling": 0}),
    "WebP": ("WEBP", "RGB", {"method": 0}),
    "lossless WebP": ("WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}),
    "GIF": ("GIF", "P", {}),
    "BMP": ("BMP", "RGB", {}),
    "PNG": ("PNG", "RGBA", {"compress_level": 1}),
    "TIFF as it is": ("TIFF", "RGB", {}),
    "LZW": ("TIFF", "RGBA", {"compression": "tiff_lzw"}),
    "LZW of inks": ("TIFF", "CMYK", {"compression": "tiff_lzw"}),
    "TIFF of JPEGs": ("TIFF", "RGB", {"compression": "jpeg"}),
    "fax": ("TIFF", "1", {"compression": "group4"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_picture_takes_little_beside_itself(name: str, tmp_path: Path) -> None:
    kind, mode, options = HONEST[name]
    data = saved(LARGE.convert(mode), kind, **options)
    cost = cost_of_reading(tmp_path, data)
    assert isinstance(cost.found, list)
    assert cost.found[:2] == [SIDE, SIDE]
    assert cost.peak < math.prod(cost.found) + 100 * ONE_MEBIBYTE + 6 * SIDE * SIDE + len(data)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG", "GIF"])
def test_what_follows_a_picture_is_read_once(kind: str, tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 64, 64, 3)), kind) + bytes(100_000_000)
    cost = cost_of_reading(tmp_path, data)
    assert cost.found == [64, 64, 3]
    assert cost.peak < len(data) + 32 * ONE_MEBIBYTE


@pytest.mark.parametrize("compression", [5, 8, 34925])
def test_a_tiff_that_inflates_to_far_more_is_inflated_no_further(
    compression: int, tmp_path: Path
) -> None:
    bomb = bytes(96 * ONE_MEBIBYTE)  # three times what is allowed
    packed = {5: lambda: lzw(b"\0" * 999), 8: lambda: zlib.compress(bomb),
              34925: lambda: lzma.compress(bomb, preset=0)}[compression]()  # fmt: skip
    tags = {**tiff_tags(16, 16, len(packed)), 259: (SHORT, [compression])}
    cost = cost_of_reading(tmp_path, raw_tiff(tags, strip=packed))
    assert cost.found == [16, 16]
    assert cost.peak < 32 * ONE_MEBIBYTE
    assert cost.steps < 300_000


@pytest.mark.parametrize("place", ["first", "between scans"])
@pytest.mark.parametrize(
    ("marker", "start"),
    [(0xFE, b""), (0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0"), (0xE5, b"")],
)
def test_segments_of_a_jpeg_that_decide_nothing_are_not_copied(
    marker: int, start: bytes, place: str, tmp_path: Path
) -> None:
    data = saved(Image.fromarray(noise(0, 64, 64, 3)), "JPEG", progressive=True)
    at = 2 if place == "first" else data.rindex(b"\xff\xda")
    segments = jpeg_segment(marker, start + bytes(65_500)) * 1500
    cost = cost_of_reading(tmp_path, data[:at] + segments + data[at:])
    assert cost.found == [64, 64, 3]
    assert cost.peak < len(segments) + 48 * ONE_MEBIBYTE
    assert cost.steps < 300_000
