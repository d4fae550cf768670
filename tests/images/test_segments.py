"""Strips and tiles of TIFFs: no larger than the picture asks for, whatever they claim or hold."""

import functools
import lzma
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import (
    LONG,
    SHORT,
    Tags,
    noise,
    raw_tiff,
    read,
    refusal,
    saved,
    tiff,
    tiff_tags,
    warm_up,
    with_segment,
)
from PIL import Image

from codec.images import segments

COMPRESSIONS = {"none": 1, "lzw": 5, "jpeg": 7, "deflate": 8, "old deflate": 32946,
                "packbits": 32773, "lzma": 34925, "zstd": 50000, "webp": 50001}  # fmt: skip
BOMB = bytes(64 * ONE_MEBIBYTE)


def tiled(columns: int, rows: int, side: int, count: int, compression: int, bits: int) -> Tags:
    """Tags of a square picture whose tiles begin at byte 16."""
    tags = tiff_tags(side, side, 0, bits=bits, samples=3, photometric=2)
    tags |= {322: (LONG, [columns]), 323: (LONG, [rows]), 324: (LONG, [16] * count),
             325: (LONG, [100] * count), 259: (SHORT, [compression])}  # fmt: skip
    return {tag: entry for tag, entry in tags.items() if tag not in (273, 278, 279)}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("columns", "rows", "side", "count"),
    [
        (16384, 16384, 16, 1),
        (32768, 16384, 16, 1),
        (2**32 - 16, 16, 16, 1),
        (16, 2**32 - 16, 16, 1),
        (4096, 1040, 16, 1),
        # One tile by itself is small, all together are not.
        (65536, 16, 1024, 64),
    ],
)
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_tiles_that_are_far_larger_than_the_picture_are_refused_at_once(
    compression: str, columns: int, rows: int, side: int, count: int, bits: int, tmp_path: Path
) -> None:
    tags = tiled(columns, rows, side, count, COMPRESSIONS[compression], bits)
    warm_up(tmp_path)
    error, peak = traced(functools.partial(refusal, tmp_path, raw_tiff(tags, strip=bytes(100))))
    assert error.reason == "ratio"
    assert peak < ONE_MEBIBYTE


@pytest.mark.parametrize(("side", "tile"), [(5, 1024), (5, 2048), (1025, 1024), (40, 256)])
def test_tiles_may_be_larger_than_a_small_picture(side: int, tile: int, tmp_path: Path) -> None:
    samples = noise(0, side, side)
    data = tiff(samples, "minisblack", tile=(tile, tile), compression="zlib")
    np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)


@pytest.mark.parametrize(
    ("width", "height", "tile"),
    [(2050, 2050, 2064), (30, 5000, 1024), (3000, 40, 2048), (16, 4100, 272), (4100, 16, 272)],
)
def test_tiles_that_fit_but_for_their_multiples_are_read(
    width: int, height: int, tile: int, tmp_path: Path
) -> None:
    samples = np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8)
    data = tiff(samples, "minisblack", tile=(tile, tile), compression="zlib")
    np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate"])
@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (1, 16), (15, 1)])
def test_very_many_tiles_that_are_smaller_than_any_honest_ones_are_refused(
    columns: int, rows: int, compression: str, tmp_path: Path
) -> None:
    side, count = 2048, -(-2048 // columns) * (2048 // rows)
    tags = tiled(columns, rows, side, count, COMPRESSIONS[compression], 8)
    assert refusal(tmp_path, raw_tiff(tags, strip=bytes(100))).reason == "ratio"


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("shape", ["strip", "endless strip", "tile"])
@pytest.mark.parametrize("compression", ["deflate", "old deflate", "lzma"])
def test_what_inflates_to_far_more_is_inflated_no_further_than_the_picture(
    compression: str, shape: str, bits: int, tmp_path: Path
) -> None:
    packed = lzma.compress(BOMB, preset=0) if compression == "lzma" else zlib.compress(BOMB)
    tags = {**tiff_tags(16, 16, len(packed), bits=bits), 259: (SHORT, [COMPRESSIONS[compression]])}
    if shape == "endless strip":
        tags[278] = (LONG, [2**32 - 1])
    elif shape == "tile":
        tags |= {322: (LONG, [16]), 323: (LONG, [16]), 324: tags[273], 325: tags[279]}
        tags = {tag: entry for tag, entry in tags.items() if tag not in (273, 278, 279)}
    data = raw_tiff(tags, strip=packed)
    warm_up(tmp_path)
    image, peak = traced(functools.partial(read, tmp_path, data))
    assert not image.pixels.any()
    assert peak < 4 * len(data) + ONE_MEBIBYTE < len(BOMB) // 16


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "packbits", "lzma"])
def test_a_picture_with_too_few_bytes_or_strips_is_refused(
    compression: str, bits: int, tmp_path: Path
) -> None:
    """None of what it claims is made up."""
    tags = {**tiff_tags(3000, 3000, 100, bits=bits), 259: (SHORT, [COMPRESSIONS[compression]])}
    warm_up(tmp_path)
    data = raw_tiff(tags, strip=bytes(100))
    error, peak = traced(functools.partial(refusal, tmp_path, data))
    assert error.reason in {"truncated", "damaged"}
    assert peak < ONE_MEBIBYTE
    few = {**tags, 278: (LONG, [10]), 273: (LONG, [16] * 299), 279: (LONG, [100] * 299)}
    assert refusal(tmp_path, raw_tiff(few, strip=bytes(100))).reason in {"truncated", "damaged"}


def test_strips_and_tiles_of_one_place_are_copied_no_more_than_needed(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(100)) + bytes(ONE_MEBIBYTE)
    tags = {**tiff_tags(100, 3000, 0), 259: (SHORT, [8]), 278: (LONG, [1]),
            273: (LONG, [16] * 3000), 279: (LONG, [len(packed)] * 3000)}  # fmt: skip
    warm_up(tmp_path)
    image, peak = traced(functools.partial(read, tmp_path, raw_tiff(tags, strip=packed)))
    assert image.pixels.shape == (3000, 100)
    assert peak < 40 * ONE_MEBIBYTE


@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "P", "1"])
def test_a_picture_of_many_blocks_is_put_together(
    mode: str, compression: str | None, tmp_path: Path
) -> None:
    if compression == "jpeg" and mode in ("P", "RGBA", "1"):
        return
    picture = Image.fromarray(noise(0, 1500, 1600, 3)).convert(mode)
    path = tmp_path / "many.tif"
    picture.save(path, compression=compression)
    with Image.open(path) as stored:
        expected = np.asarray(
            stored.convert("L" if mode in ("L", "1") else "RGBA" if mode == "RGBA" else "RGB")
        )
    np.testing.assert_array_equal(read(tmp_path, path.read_bytes()).pixels, expected)


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_deflated_strip_is_decoded_some_rows_at_a_time(
    bits: int, predictor: bool, planar: str, old: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plain = noise(0, 53, 31, 3)
    samples = plain if bits == 8 else plain.astype(np.uint16) * 257
    if planar == "separate":
        samples = np.moveaxis(samples, 2, 0)
    data = tiff(samples, "rgb", compression="zlib", predictor=predictor, planarconfig=planar,
                rowsperstrip=53, byteorder="<")  # fmt: skip
    if old:
        deflate, older = (struct.pack("<HHIH", 259, 3, 1, value) for value in (8, 32946))
        assert deflate in data
        data = data.replace(deflate, older)
    for pixels, fed in ((31, 7), (31 * 4, 1 << 18), (40, 1)):
        monkeypatch.setattr(segments, "_AT_ONCE", pixels)
        monkeypatch.setattr(segments, "_FED", fed)
        np.testing.assert_array_equal(read(tmp_path, data).pixels, plain)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("photometric", [1, 3])
def test_a_deflated_strip_of_any_depth_is_decoded_some_rows_at_a_time(
    bits: int, photometric: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if photometric == 3 and bits > 8:
        return
    rows = noise(bits, 50, -(-33 * bits // 8))
    packed = zlib.compress(rows.tobytes())
    tags = {**tiff_tags(33, 50, len(packed), bits=bits, photometric=photometric),
            259: (SHORT, [8]), 320: (SHORT, noise(1, 3 * 2**bits).tolist())}  # fmt: skip
    if photometric == 1:
        del tags[320]
    data = raw_tiff(tags, strip=packed)
    whole = read(tmp_path, data)
    monkeypatch.setattr(segments, "_AT_ONCE", 100)
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, whole.pixels)
    assert image.notices == whole.notices


@pytest.mark.parametrize("bits", [8, 16])
def test_a_deflated_strip_that_ends_early_or_is_damaged_is_refused(
    bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_AT_ONCE", 100)
    size = 33 * 50 * bits // 8
    for packed, reason in (
        (zlib.compress(noise(0, size).tobytes())[:-40], "truncated"),
        (zlib.compress(bytes(size - 1)), "truncated"),
        (b"x" + zlib.compress(bytes(size))[1:], "damaged"),
        (zlib.compress(noise(0, size).tobytes())[:300] + bytes(900), "damaged"),
    ):
        tags = {**tiff_tags(33, 50, len(packed), bits=bits), 259: (SHORT, [8])}
        data = raw_tiff(tags, strip=packed)
        damaged = data.replace(b"x" + packed[1:2], b"x\0", 1) if reason == "damaged" else data
        assert refusal(tmp_path, damaged).reason in {reason, "damaged"}


def test_a_large_deflated_strip_takes_no_more_than_its_picture_and_some_rows(
    tmp_path: Path,
) -> None:
    side = 4000
    for bits in (8, 16):
        packed = zlib.compress(bytes(side * side * 3 * bits // 8), 1)
        tags = tiff_tags(side, side, len(packed), bits=bits, samples=3, photometric=2)
        data = raw_tiff({**tags, 259: (SHORT, [8])}, strip=packed)
        warm_up(tmp_path)
        image, peak = traced(functools.partial(read, tmp_path, data))
        assert not image.pixels.any()
        assert peak < image.pixels.nbytes + 45 * ONE_MEBIBYTE


def jpeg_tiff(tiled: bool, apart: bool, parts: list[bytes], sizes: list[int]) -> bytes:
    """A TIFF of 32x64 pixels in two or six parts, each a JPEG."""
    tags: dict[int, tuple[int, Sequence[int]]] = {
        **tiff_tags(32, 64, 0, samples=3, photometric=2 if apart else 6), 259: (SHORT, [7]),
        284: (SHORT, [1 + apart]), 278: (LONG, [32]), 530: (SHORT, [2, 2]),
    }  # fmt: skip
    starts = (16 + np.cumsum([0, *map(len, parts[:-1])])).tolist()
    if tiled:
        del tags[278], tags[273], tags[279]
        tags |= {322: (LONG, [32]), 323: (LONG, [32])}
    tags |= {324 if tiled else 273: (LONG, starts), 325 if tiled else 279: (LONG, sizes)}
    return raw_tiff(tags, strip=b"".join(parts))


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("tiled", [False, True])
def test_a_strip_or_tile_of_jpeg_that_ends_early_is_refused(
    tiled: bool, apart: bool, tmp_path: Path
) -> None:
    shapes = [(32, 32)] * 6 if apart else [(32, 32, 3)] * 2
    parts = [saved(Image.fromarray(noise(n, *shape)), "JPEG") for n, shape in enumerate(shapes)]
    sizes = [len(part) for part in parts]
    expected = read(tmp_path, jpeg_tiff(tiled, apart, parts, sizes)).pixels
    assert expected.shape == (64, 32, 3)
    for number in (0, len(parts) - 1):
        half = sizes[number] // 2
        halves = [half if n == number else size for n, size in enumerate(sizes)]
        zeroed = list(parts)
        zeroed[number] = parts[number][:half].ljust(sizes[number], b"\0")
        for data in (
            jpeg_tiff(tiled, apart, parts, halves),
            jpeg_tiff(tiled, apart, zeroed, sizes),
        ):
            assert refusal(tmp_path, data).reason == "truncated"
    # Old writers may give no sizes.
    unsized = jpeg_tiff(tiled, apart, parts, [0] * len(parts))
    np.testing.assert_array_equal(read(tmp_path, unsized).pixels, expected)


@pytest.mark.parametrize("factors", [(1, 1), (2, 1), (2, 2), (4, 4)])
@pytest.mark.parametrize("rows", [8, 32])
def test_uncompressed_ycbcr_is_read_if_no_samples_are_left_out(
    rows: int, factors: tuple[int, int], tmp_path: Path
) -> None:
    across, down = factors
    size = 32 * 32 // (across * down) * (across * down + 2)
    starts = [16 + size * n * rows // 32 for n in range(32 // rows)]
    tags = {**tiff_tags(32, 32, 0, samples=3, photometric=6), 278: (LONG, [rows]),
            273: (LONG, starts), 279: (LONG, [size * rows // 32] * len(starts)),
            530: (SHORT, factors)}  # fmt: skip
    data = raw_tiff(tags, strip=bytes([128]) * size)
    if factors == (1, 1):
        assert (abs(read(tmp_path, data).pixels.astype(int) - 128) <= 1).all()
    else:
        assert refusal(tmp_path, data).reason == "unsupported"


@pytest.mark.parametrize("compression", [1, 5, 7, 8])
def test_ycbcr_with_too_few_strips_is_truncated(compression: int, tmp_path: Path) -> None:
    tags = {**tiff_tags(32, 32, 0, samples=3, photometric=6), 278: (LONG, [8]),
            273: (LONG, [16] * 3), 279: (LONG, [768] * 3), 530: (SHORT, [1, 1]),
            259: (SHORT, [compression])}  # fmt: skip
    assert refusal(tmp_path, raw_tiff(tags, strip=bytes(9999))).reason == "truncated"


def test_a_jpeg_in_a_tiff_may_have_long_segments(tmp_path: Path) -> None:
    parts = [saved(Image.fromarray(noise(n, 32, 32, 3)), "JPEG") for n in range(2)]
    expected = read(tmp_path, jpeg_tiff(True, False, parts, list(map(len, parts)))).pixels
    longer = [with_segment(part, 0xE2, bytes(60_000)) for part in parts]
    data = jpeg_tiff(True, False, longer, list(map(len, longer)))
    np.testing.assert_array_equal(read(tmp_path, data).pixels, expected)
