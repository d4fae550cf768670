"""PNGs that break rules without losing anything: read as viewers show them, and told."""

import struct
import zlib
from pathlib import Path

import numpy as np
import png_tools
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import (
    EVERY_PNG,
    noise,
    opened,
    palette_of,
    plte,
    png_of,
    random_samples,
    read,
    refusal,
    warm_up,
)
from PIL import Image
from png_tools import IEND, INDEXED, RGB, chunk

from codec.limits import MAX_PNG_SURPLUS_BYTES


def picture(color_type: int, depth: int, interlace: int = 0) -> bytes:
    """A sound PNG."""
    before = [plte(palette_of(depth))] if color_type == INDEXED else []
    samples = random_samples(depth, 5, 7, color_type, depth)
    return png_of(samples, color_type, depth, interlace=interlace, before=before)


def with_idat(data: bytes, *contents: bytes, between: bytes = b"") -> bytes:
    """The same PNG with IDAT chunks of these contents, and something between them."""
    chunks = png_tools.chunks_of(data)
    parts = between.join(chunk(b"IDAT", content) for content in contents)
    head = b"".join(chunk(*found) for found in chunks if found[0] not in (b"IDAT", b"IEND"))
    return png_tools.SIGNATURE + head + parts + IEND


def rows_of(data: bytes) -> bytes:
    """What the IDAT chunks of a sound PNG inflate to."""
    found = [content for kind, content in png_tools.chunks_of(data) if kind == b"IDAT"]
    return zlib.decompress(b"".join(found))


def check_told(folder: Path, sound: bytes, irregular: bytes, told: str) -> None:
    expected = read(folder, sound)
    image = read(folder, irregular)
    np.testing.assert_array_equal(image.pixels, expected.pixels)
    assert image.notices == [told, *expected.notices]


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize(("color_type", "depth"), EVERY_PNG)
def test_a_png_without_its_end_is_read_and_told(
    color_type: int, depth: int, interlace: int, tmp_path: Path
) -> None:  # row 37
    sound = picture(color_type, depth, interlace)
    for missing in (12, 11, 8, 4, 1):
        check_told(tmp_path, sound, sound[:-missing], "the PNG lacks its end (IEND)")
    for missing in (13, 16, 17, 20):  # the CRC of IDAT, the rows
        assert refusal(tmp_path, sound[:-missing]).reason == "truncated"


def test_a_png_whose_last_chunk_is_damaged_is_refused(tmp_path: Path) -> None:
    sound = picture(RGB, 8)
    assert refusal(tmp_path, sound[:-1] + b"!").reason == "bad-crc"
    assert refusal(tmp_path, sound[:-12] + bytes(11)).reason == "truncated"
    assert refusal(tmp_path, sound[:-12] + bytes(30)).reason == "bad-chunk"
    text = chunk(b"tEXt", b"Author\0somebody")
    assert refusal(tmp_path, sound[:-12] + text[:-2]).reason == "truncated"


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize(("color_type", "depth"), EVERY_PNG)
def test_what_follows_the_last_row_of_a_png_is_passed_over_and_told(
    color_type: int, depth: int, interlace: int, tmp_path: Path
) -> None:
    sound = picture(color_type, depth, interlace)
    rows = rows_of(sound)
    packed, text = zlib.compress(rows), chunk(b"tEXt", b"a\0b")
    behind = "{} bytes behind the last row of the PNG are ignored"
    for surplus in (b"\0", b"\1" + bytes(20), bytes(3000)):
        data = with_idat(sound, zlib.compress(rows + surplus))
        check_told(tmp_path, sound, data, behind.format(len(surplus)))
    for junk in (b"x", bytes(999)):
        check_told(tmp_path, sound, with_idat(sound, packed + junk), behind.format(len(junk)))
        data = with_idat(sound, packed, junk)
        check_told(tmp_path, sound, data, behind.format(len(junk)))
    image = read(tmp_path, with_idat(sound, packed, b"junk", between=text))
    assert image.notices[0] == "4 bytes in IDAT chunks behind other chunks are ignored"
    np.testing.assert_array_equal(image.pixels, read(tmp_path, sound).pixels)


@pytest.mark.parametrize("depth", [8, 16])
def test_rows_that_end_early_or_are_damaged_stay_errors(depth: int, tmp_path: Path) -> None:
    sound = picture(RGB, depth)
    rows = rows_of(sound)
    packed = zlib.compress(rows + bytes(40))
    cases = {
        "truncated": [
            with_idat(sound, packed[:-1]),
            with_idat(sound, packed[:-4]),
            with_idat(sound, zlib.compress(rows[:-1])),
            with_idat(sound, zlib.compress(rows)[:-4]),
            with_idat(sound, packed[:9], packed[9:], between=chunk(b"tEXt", b"a\0b")),
        ],
        "bad-deflate": [
            with_idat(sound, packed[:-1] + b"!"),
            with_idat(sound, zlib.compress(rows)[:-1] + b"!"),
        ],
    }
    for reason, files in cases.items():
        for data in files:
            assert refusal(tmp_path, data).reason == reason


@pytest.mark.parametrize("depth", [8, 16])
def test_rows_without_end_behind_the_last_are_not_inflated(depth: int, tmp_path: Path) -> None:
    sound = picture(RGB, depth)
    rows = rows_of(sound)
    most = with_idat(sound, zlib.compress(rows + bytes(MAX_PNG_SURPLUS_BYTES)))
    bomb = zlib.compressobj(9)
    packed = bomb.compress(rows) + b"".join(bomb.compress(bytes(1 << 20)) for _ in range(512))
    beyond = with_idat(sound, packed + bomb.flush())
    warm_up(tmp_path)
    image, peak = traced(lambda: read(tmp_path, most))
    assert image.pixels.shape == (5, 7, 3)
    assert peak < 2 * ONE_MEBIBYTE
    error, peak = traced(lambda: refusal(tmp_path, beyond))
    assert error.reason == "excess-data"
    assert peak < 3 * ONE_MEBIBYTE


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
def test_what_is_beyond_the_palette_of_a_png_is_black_and_told(
    depth: int, interlace: int, transparent: bool, tmp_path: Path
) -> None:  # row 57
    colors = palette_of(8)[: 2**depth - 1][:3]
    before = [plte(colors), *([chunk(b"tRNS", b"\0")] if transparent else [])]
    samples = noise(1, 5, 6, 1, high=len(colors))
    for last in (len(colors) - 1, len(colors), 2**depth - 1):
        samples[4, 5] = last
        data = png_of(samples, INDEXED, depth, interlace=interlace, before=before)
        image = read(tmp_path, data)
        shown = np.zeros((256, 4), np.uint8)
        shown[: len(colors), :3], shown[:, 3] = colors, 255
        shown[0, 3] = 0 if transparent else 255
        np.testing.assert_array_equal(
            image.pixels, shown[samples[:, :, 0]][:, :, : 4 if transparent else 3]
        )
        if last < len(colors):
            assert image.notices == []
        else:
            told = f"pixels beyond the PNG's palette of {len(colors)} colors are black"
            assert image.notices == [told]
        if not transparent:
            np.testing.assert_array_equal(image.pixels, np.asarray(opened(data).convert("RGB")))


def test_grey_and_black_beyond_its_palette_is_grey(tmp_path: Path) -> None:
    samples = np.array([[[0], [1], [3]]], np.uint8)
    data = png_of(samples, INDEXED, 8, before=[plte(np.array([[9] * 3, [200] * 3], np.uint8))])
    assert read(tmp_path, data).pixels.tolist() == [[9, 200, 0]]


def test_everything_that_is_mended_is_told_at_once(tmp_path: Path) -> None:
    palette = plte(palette_of(8)[:2])
    sound = png_of(np.array([[[0], [1], [2]]], np.uint8), INDEXED, 8, before=[palette])
    data = with_idat(sound, zlib.compress(rows_of(sound) + b"row"))[: -len(IEND)]
    notices = read(tmp_path, data).notices
    assert [notice.split()[0] for notice in notices] == ["the", "3", "pixels"]


def test_pictures_that_pillow_reads_are_read_as_it_does(tmp_path: Path) -> None:
    sound = picture(RGB, 8)
    size = struct.pack(">II", 7, 3)  # two rows fewer than there are
    shorter = png_tools.repair_crcs(sound[:16] + size + sound[24:])
    image = read(tmp_path, shorter)
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(shorter)))
    assert isinstance(opened(sound[:-12]), Image.Image)
