"""PNGs decoded some rows at a time: the same samples, the same refusals, little memory."""

import zlib

import numpy as np
import png_tools as pt
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import SIZES, png_of, random_samples

from codec.errors import FormatError
from codec.images.png import decode_png
from codec.limits import MAX_PIXELS
from codec.png import samples as decoding
from codec.png.reading import PngFile, read_png
from codec.png.samples import decode_samples, decode_strips


def put_together(png: PngFile) -> np.ndarray:
    whole = np.zeros_like(decode_samples(png))
    for place, samples in decode_strips(png):
        whole[place] = samples
    return whole


@pytest.mark.parametrize("strip", [1, 20, 1 << 20])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize(
    ("color_type", "depth"), [(0, 1), (0, 16), (2, 8), (2, 16), (4, 16), (6, 16)]
)
def test_strips_are_the_picture(
    color_type: int, depth: int, interlace: int, size: tuple[int, int], strip: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(decoding, "_STRIP_BYTES", strip)
    monkeypatch.setattr(decoding, "_FED", 3)
    samples = random_samples(0, *size, color_type, depth)
    png = read_png(png_of(samples, color_type, depth, interlace=interlace, kinds=(4, 3, 2, 1, 0)))
    np.testing.assert_array_equal(put_together(png), samples)


def grey_16(rows: bytes, packed: bytes | None = None) -> PngFile:
    idat = pt.chunk(b"IDAT", zlib.compress(rows) if packed is None else packed)
    return read_png(pt.png(pt.ihdr(4, 3, 16, pt.GREY), idat, pt.IEND))


ROWS = (b"\0" + bytes(range(8))) * 3


@pytest.mark.parametrize(
    ("rows", "packed", "reason"),
    [
        (ROWS[:-1], None, "truncated"),
        (ROWS[:9], None, "truncated"),
        (ROWS, zlib.compress(ROWS)[:-8], "truncated"),
        (ROWS + b"\0", None, "excess-data"),
        (ROWS * 2, None, "excess-data"),
        (ROWS, zlib.compress(ROWS) + b"more", "excess-data"),
        (ROWS, zlib.compress(ROWS) + bytes(100), "excess-data"),
        (ROWS, zlib.compress(ROWS)[:-4] + b"adle", "bad-deflate"),
        (ROWS, b"x" + zlib.compress(ROWS)[1:4] + bytes(20), "bad-deflate"),
        (b"\5" + ROWS[1:], None, "bad-filter"),
        (ROWS[:18] + b"\5" + ROWS[19:], None, "bad-filter"),
    ],
)
@pytest.mark.parametrize("fed", [1, 7, 1 << 18])
def test_strips_are_refused_for_what_the_picture_is(
    fed: int, rows: bytes, packed: bytes | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_STRIP_BYTES", 9)
    monkeypatch.setattr(decoding, "_FED", fed)
    png = grey_16(rows, packed)
    for decode in (decode_samples, put_together):
        with pytest.raises(FormatError) as caught:
            decode(png)
        assert caught.value.reason == reason


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("trns", [False, True])
@pytest.mark.parametrize("color_type", [pt.GREY, pt.RGB, pt.GREY_ALPHA, pt.RGBA])
def test_16_bits_take_little_more_than_what_becomes_of_them(
    color_type: int, trns: bool, interlace: int
) -> None:
    side, channels = 2000, {pt.GREY: 1, pt.RGB: 3, pt.GREY_ALPHA: 2, pt.RGBA: 4}[color_type]
    if trns and color_type in (pt.GREY_ALPHA, pt.RGBA):
        return
    head = pt.ihdr(side, side, 16, color_type, interlace=interlace)
    rows = (b"\0" + bytes(2 * channels * side)) * side
    # What passes of Adam7 have in excess of whole rows is their filters.
    size = read_png(pt.png(head, pt.chunk(b"IDAT", b""), pt.IEND)).header.inflated_size()
    idat = pt.chunk(b"IDAT", zlib.compress(rows.ljust(size, b"\0")[:size], 1))
    key = [pt.chunk(b"tRNS", bytes(2 * channels))] if trns else []
    data = pt.png(head, *key, idat, pt.IEND)
    (pixels, _), peak = traced(lambda: decode_png(data, MAX_PIXELS))
    assert pixels.shape == (side, side, channels + trns)
    assert not pixels.any()
    assert peak < pixels.nbytes + len(data) + 40 * ONE_MEBIBYTE
