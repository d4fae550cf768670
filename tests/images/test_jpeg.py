"""JPEG pictures: as their decoder reads them, in sRGB, whole."""

import functools
import struct
from pathlib import Path

import numpy as np
import pytest
from cost_tools import traced
from picture_tools import (
    far_apart,
    jpeg_claiming,
    jpeg_segment,
    noise,
    opened,
    read,
    refusal,
    saved,
    warm_up,
    with_segment,
)
from PIL import Image


def test_a_jpeg_is_read_as_its_decoder_reads_it(tmp_path: Path) -> None:
    picture = Image.fromarray(noise(0, 24, 33, 3))
    for options in ({}, {"progressive": True}, {"quality": 30}, {"subsampling": 0}):
        data = saved(picture, "JPEG", **options)
        image = read(tmp_path, data)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
        assert image.notices == []


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:  # row 64
    data = saved(Image.fromarray(noise(0, 24, 33)), "JPEG")
    image = read(tmp_path, data)
    assert image.pixels.shape == (24, 33)
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
    assert image.notices == []


def test_a_cmyk_jpeg_becomes_rgb_and_says_so(tmp_path: Path) -> None:  # row 64
    inks = np.array([[[255, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 0], [0, 255, 255, 0]]], np.uint8)
    inks = inks.repeat(8, axis=0).repeat(8, axis=1)
    data = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=100, subsampling=0)
    image = read(tmp_path, data)
    assert image.notices == ["converted from CMYK to sRGB"]
    cyan, black, white, red = (image.pixels[4, x].tolist() for x in (4, 12, 20, 28))
    expected = [[0, 255, 255], [0, 0, 0], [255, 255, 255], [255, 0, 0]]
    assert far_apart(np.array([cyan, black, white, red]), np.array(expected)) <= 2


def test_a_ycck_jpeg_becomes_rgb_and_says_so(tmp_path: Path) -> None:  # row 64
    # Stored are 255 - ink, which Adobe's marker is made to declare as Y, Cb, Cr and K.
    for inks in ((130, 140, 110, 20), (100, 128, 128, 0), (90, 120, 150, 128)):
        flat = np.full((8, 8, 4), inks, np.uint8)
        data = saved(Image.fromarray(flat, "CMYK"), "JPEG", quality=100, subsampling=0)
        marker = data.index(b"Adobe")
        assert data[marker + 11] == 0
        image = read(tmp_path, data[: marker + 11] + b"\2" + data[marker + 12 :])
        y, cb, cr, k = (255.0 - ink for ink in inks)
        # JFIF: Y, Cb, Cr to red, green, blue, which are the inks C, M and Y of such a file.
        color = np.array(
            [
                y + 1.402 * (cr - 128),
                y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
                y + 1.772 * (cb - 128),
            ]
        )
        expected = (255.0 - np.clip(color, 0, 255)) * k / 255.0
        assert far_apart(image.pixels[4, 4], expected) <= 3
        assert image.notices == ["converted from CMYK to sRGB"]


def test_two_pictures_in_one_jpeg_are_read_as_the_first_and_told(tmp_path: Path) -> None:
    first, second = (Image.fromarray(noise(seed, 24, 33, 3)) for seed in (0, 1))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    for name in ("picture.jpg", "picture.mpo"):
        image = read(tmp_path, data, name)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(saved(first, "JPEG"))))
        assert len(image.notices) == 1
        assert "picture" in image.notices[0]


def test_a_jpeg_cut_in_half_or_by_two_bytes_is_truncated(tmp_path: Path) -> None:  # row 46
    # A flipped bit in its entropy-coded data cannot be told: JPEG has no checksum (row 47).
    data = saved(Image.fromarray(noise(0, 48, 64, 3)), "JPEG")
    assert refusal(tmp_path, data[: len(data) // 2]).reason == "truncated"
    assert refusal(tmp_path, data[:-2]).reason == "truncated"


@pytest.mark.parametrize("progressive", [False, True])
def test_an_end_within_a_segment_is_no_end_of_a_cut_jpeg(
    progressive: bool, tmp_path: Path
) -> None:
    data = saved(Image.fromarray(noise(0, 48, 64, 3)), "JPEG", progressive=progressive)
    comment = jpeg_segment(0xFE, b"\xff\xd9" * 9)
    for place in (2, data.index(b"\xff\xda"), data.rindex(b"\xff\xda")):
        dirty = data[:place] + comment + data[place:]
        np.testing.assert_array_equal(read(tmp_path, dirty).pixels, np.asarray(opened(data)))
        assert refusal(tmp_path, dirty[:-40]).reason == "truncated"
    assert refusal(tmp_path, data[:-40] + comment).reason == "truncated"


def test_a_small_jpeg_that_claims_to_be_huge_is_refused_at_once(tmp_path: Path) -> None:  # row 45
    data = jpeg_claiming(saved(Image.fromarray(noise(0, 16, 16, 3)), "JPEG"), 9000, 9000)
    warm_up(tmp_path)
    error, peak = traced(lambda: refusal(tmp_path, data))
    assert error.reason == "ratio"
    assert peak < 1 << 20


def test_the_comment_of_a_jpeg_is_told_to_be_left_out(tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 8, 8, 3)), "JPEG", comment=b"hello")
    assert read(tmp_path, data).notices == ["metadata is not kept: comment"]


def scans(data: bytes) -> list[bytes]:
    """The last part of a progressive JPEG, scan by scan, with the tables before each."""
    body = data[data.index(b"\xff\xda") : -2]
    return [b"\xff\xda" + scan for scan in body.split(b"\xff\xda")[1:]]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(("side", "more"), [(16, 101), (16, 5000), (2000, 100), (2000, 1000)])
def test_a_jpeg_of_very_many_scans_is_refused_at_once(
    mode: str, side: int, more: int, tmp_path: Path
) -> None:
    data = saved(Image.new(mode, (side, side)), "JPEG", progressive=True)
    assert read(tmp_path, data).pixels.shape[0] == side
    hostile = data[:-2] + scans(data)[-1] * more + data[-2:]
    # An end of picture within a segment ends nothing.
    hidden = with_segment(hostile, 0xFE, b"\xff\xd9" * 8)
    warm_up(tmp_path)
    for variant in (hostile, hidden):
        error, peak = traced(functools.partial(refusal, tmp_path, variant))
        assert error.reason == "ratio"
        assert peak < 1 << 20


def test_a_jpeg_of_many_scans_or_of_what_looks_like_them_is_read(tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 24, 33, 3)), "JPEG", progressive=True)
    split = data[:-2] + scans(data)[-1] * 60 + data[-2:]
    assert read(tmp_path, split).pixels.shape == (24, 33, 3)
    frame = data.index(b"\xff\xc2")
    lookalike = struct.pack(">HH", 0xFFFE, 2 + 400) + b"\xff\xda" * 200
    after = data.index(b"\xff\xc4", frame)
    image = read(tmp_path, data[:after] + lookalike + data[after:])
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))


@pytest.mark.parametrize(
    "junk", [b"\0\0", b"\xff\0", b"junk" * 9, b"\xff\xff\xff\0x", b"\0" * 999]
)
def test_junk_between_the_segments_of_a_jpeg_is_passed_over_and_told(
    junk: bytes, tmp_path: Path
) -> None:
    data = saved(Image.fromarray(noise(0, 24, 33, 3)), "JPEG")
    expected = np.asarray(opened(data))
    tables, frame = data.index(b"\xff\xdb"), data.index(b"\xff\xc0")
    for places in ([2], [tables], [frame], [tables, frame]):
        dirty = data
        for place in reversed(places):
            dirty = dirty[:place] + junk + dirty[place:]
        if not dirty.startswith(b"\xff\xd8\xff"):
            continue
        image = read(tmp_path, dirty)
        np.testing.assert_array_equal(image.pixels, expected)
        assert "between the JPEG's segments" in image.notices[0]


def test_junk_between_the_segments_behind_a_scan_is_told(tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 24, 33, 3)), "JPEG", progressive=True)
    place = data.rindex(b"\xff\xda")  # behind a table
    for junk in (b"junk", b"\xff\0\0", bytes(999)):
        image = read(tmp_path, data[:place] + junk + data[place:])
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
        told = f"{len(junk)} bytes between the JPEG's segments are ignored"
        assert image.notices == [told]
    # Bytes that may fill are no junk.
    assert read(tmp_path, data[:place] + b"\xff" * 9 + data[place:]).notices == []


@pytest.mark.parametrize("change", [-3, -1, 1, 2])
def test_a_jpeg_segment_of_a_wrong_length_is_passed_over(change: int, tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 24, 33, 3)), "JPEG")
    comment = struct.pack(">HH", 0xFFFE, 2 + 20 + change) + b"c" * 20
    # What is too long takes the beginning of a comment behind it.
    behind = struct.pack(">HH", 0xFFFE, 12) + b"d" * 10
    image = read(tmp_path, data[:2] + comment + behind + data[2:])
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
    assert "between the JPEG's segments" in image.notices[0]


@pytest.mark.parametrize("length", [0, 1, 2, 5, 15, 17])
@pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE])
def test_a_jpeg_with_a_segment_cut_short_is_read_as_pillow_reads_it(
    marker: int, length: int, tmp_path: Path
) -> None:
    data = saved(Image.fromarray(noise(0, 24, 33, 3)), "JPEG")
    for content in (b"", b"Adobe", b"JFIF\0\1\1" + bytes(9)):
        segment = bytes([0xFF, marker]) + struct.pack(">H", length) + content
        irregular = data[:2] + segment + data[2:]
        image = read(tmp_path, irregular)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(irregular)))
