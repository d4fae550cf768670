"""Picture files are judged by their own structure: kind, wholeness, size, number of pictures.

Rows are those of the catalogue of bad inputs.
"""

import functools
import struct
import zlib

import png_tools
import pytest
from picture_tools import (
    FOUR_COLORS,
    bmp,
    examine,
    gif,
    gif_frame,
    jpeg_claiming,
    jpeg_segment,
    noise,
    png_of,
    reason_of,
    riff,
    riff_chunks,
    saved,
    size_of,
    tiff,
    with_segment,
)
from PIL import Image
from png_tools import IEND, chunk, grey_png, idat, ihdr, png

from codec.errors import FormatError, ImageError, LimitError
from codec.images.kinds import recognize
from codec.limits import MAX_PIXELS

KINDS = ("PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF")


@functools.cache
def sample(kind: str, width: int = 19, height: int = 11) -> bytes:
    """A sound file of a kind."""
    pixels = noise(0, height, width, 3)
    if kind == "PNG":
        return png_of(pixels, png_tools.RGB, 8)
    if kind == "TIFF":
        return tiff(pixels, "rgb")
    if kind == "GIF":
        indices = noise(1, height * width, high=4).tolist()
        return gif(width, height, FOUR_COLORS, gif_frame(indices, (0, 0, width, height)))
    return saved(Image.fromarray(pixels), kind.upper())


# Every kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_file_is_recognized_and_measured(kind: str) -> None:
    found = examine(sample(kind), MAX_PIXELS)
    assert (found.kind, found.width, found.height, found.frames) == (kind, 19, 11, 1)
    assert found.notices == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_on_pixels_is_exact(kind: str) -> None:
    assert examine(sample(kind), 19 * 11).width == 19
    assert reason_of(sample(kind), 19 * 11 - 1) == "pixel-limit"


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_error_names_the_limit_and_the_option_that_raises_it(kind: str) -> None:
    with pytest.raises(LimitError, match=r"19x11 .* 208 .*max_pixels"):
        examine(sample(kind), 19 * 11 - 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "BMP", "GIF"])
def test_a_file_cut_anywhere_is_refused(kind: str) -> None:
    # TIFF, whose pixels may lie anywhere, is cut in test_tiff.py.
    data = sample(kind)
    # A PNG's last chunk holds nothing, and is not missed.
    for size in range(1, len(data) - (len(IEND) if kind == "PNG" else 0)):
        with pytest.raises((ImageError, FormatError)) as caught:
            examine(data[:size], MAX_PIXELS)
        expected = {"truncated"} if size > 12 else {"truncated", "unknown-format"}
        assert caught.value.reason in expected, size


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"BM", "BMP"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
    ],
)
def test_a_kind_is_told_by_its_first_bytes_and_only_whole_ones(start: bytes, kind: str) -> None:
    assert recognize(start + bytes(100)) == kind
    with pytest.raises(ImageError) as caught:
        recognize(start[:-1])
    assert caught.value.reason == "unknown-format"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain text",  # row 31
        b"<!doctype html><title>not found</title>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",  # row 32
        b"\xc5\xd0\xd3\xc6" + bytes(28),
        b"8BPS\0\1" + bytes(20),  # row 33
        b"icns" + bytes(20),
        b"SIMPLE  =                    T",
        b"P6\n1 1\n255\n\0\0\0",
        b"\0\0\1\0\1\0" + bytes(20),
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"\xff\x4f\xff\x51" + bytes(20),
        b"\0\0\2" + bytes(20),
        b"\0\0\0\x1cftypavif" + bytes(20),
        b"qoif" + bytes(20),
        b"DDS |\0\0\0",
        b"\x0a\5\1\x08" + bytes(20),
        b"RIFF\4\0\0\0AVI ",
        b"GIF88a" + bytes(20),
        b"MM*\0" + bytes(20),  # orders of bytes that no TIFF has but that Pillow opens
        b"II\0*" + bytes(20),
        b"\x8aMNG\r\n\x1a\n" + bytes(20),
        b"\x93NUMPY\1\0",
        b"PK\3\4" + bytes(30),
    ],
)
def test_anything_else_is_not_a_picture(data: bytes) -> None:
    assert reason_of(data) == "unknown-format"


# PNG


ROWS = bytes(4) + bytes(4)
BAD_CRC = struct.pack(">I", 0x12345678)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(grey_png(3, 2, ROWS)[:50], "truncated", id="cut in IDAT"),  # row 35
        pytest.param(grey_png(3, 2, ROWS[:4]), "truncated", id="half the rows"),  # row 36
        pytest.param(png(ihdr(3, 2), idat(ROWS[:4])), "truncated", id="without IEND"),  # row 37
        pytest.param(
            png(ihdr(3, 2), idat(ROWS), chunk(b"tEXt", b"a\0b")[:-1]),
            "truncated",
            id="cut in a text",
        ),
        pytest.param(png(ihdr(3, 2), IEND), "truncated", id="without IDAT"),
        pytest.param(
            png(ihdr(3, 2), idat(ROWS)[:-4] + BAD_CRC, IEND), "bad-crc", id="CRC of IDAT"
        ),  # row 38
        pytest.param(
            png(ihdr(3, 2)[:-4] + BAD_CRC, idat(ROWS), IEND), "bad-crc", id="CRC of IHDR"
        ),  # row 39
        pytest.param(
            png(ihdr(3, 2), chunk(b"tEXt", b"a\0b")[:-4] + BAD_CRC, idat(ROWS), IEND),
            "bad-crc",
            id="CRC of an ancillary chunk",
        ),
        pytest.param(
            png(ihdr(3, 2), chunk(b"IDAT", zlib.compress(ROWS)[:-1] + b"!"), IEND),
            "bad-deflate",
            id="wrong Adler-32",
        ),  # row 40
        pytest.param(
            png(ihdr(3, 2), chunk(b"IDAT", b"x\x9cgarbage"), IEND), "bad-deflate", id="garbage"
        ),
        pytest.param(grey_png(3, 2, ROWS[:4] + b"\x09" + bytes(3)), "bad-filter", id="filter 9"),
        pytest.param(
            png(ihdr(3, 2), ihdr(3, 2), idat(ROWS), IEND), "bad-chunk", id="two headers"
        ),  # row 41
        pytest.param(
            png(ihdr(3, 2), chunk(b"IDAT", zlib.compress(ROWS + b"\0")[:-1]), IEND),
            "truncated",
            id="more than its rows, cut",
        ),
        pytest.param(grey_png(0, 2, b"\0\0"), "bad-dimensions", id="no columns"),  # row 42
        pytest.param(grey_png(3, 0, b""), "bad-dimensions", id="no rows"),
        pytest.param(grey_png(2**31 - 1, 1, ROWS), "side-limit", id="2**31 - 1 wide"),  # row 43
        pytest.param(grey_png(100_000, 100_000, ROWS), "side-limit", id="100,000 squared"),
        pytest.param(grey_png(65_536, 1, ROWS), "side-limit", id="a side of 65,536"),
        pytest.param(grey_png(60_000, 60_000, ROWS), "pixel-limit", id="60,000 squared"),
        pytest.param(
            grey_png(9_460, 9_460, ROWS), "pixel-limit", id="where Pillow only warns"
        ),  # row 44
        pytest.param(grey_png(9_000, 9_000, ROWS), "truncated", id="more than deflate can hold"),
        pytest.param(png(ihdr(1, 1, 8, 3), idat(b"\0\0"), IEND), "bad-palette", id="no PLTE"),
        pytest.param(png(ihdr(1, 1, 3), idat(b"\0\0"), IEND), "bad-header", id="depth 3"),
    ],
)
def test_a_png_that_breaks_its_specification_is_refused(data: bytes, expected: str) -> None:
    assert reason_of(data) == expected


def test_bytes_after_the_end_of_a_png_are_told() -> None:  # row 41
    found = examine(sample("PNG") + b"garbage", MAX_PIXELS)
    assert found.notices == ("7 bytes after the end of the PNG are ignored",)


def test_the_pictures_of_an_animated_png_are_counted() -> None:  # row 59
    animation = chunk(b"acTL", struct.pack(">II", 3, 0))
    found = examine(png(ihdr(3, 2), animation, idat(ROWS), IEND), MAX_PIXELS)
    assert found.frames == 3


# JPEG


def test_every_frame_header_of_a_jpeg_is_understood() -> None:
    head, rest = b"\xff\xd8", jpeg_segment(0xDA, bytes(10)) + b"\xff\xd9"
    frame = struct.pack(">BHHB", 8, 21, 34, 1) + bytes(3)
    for marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
        assert size_of(head + jpeg_segment(marker, frame) + rest) == (34, 21)
    other = struct.pack(">BHHB", 8, 99, 99, 1) + bytes(3)
    for marker in (0xC4, 0xC8, 0xCC, 0xDB, 0xE0, 0xE1, 0xEE, 0xFE):
        before = jpeg_segment(marker, other)
        assert size_of(head + before + jpeg_segment(0xC0, frame) + rest) == (34, 21)


def test_fill_bytes_and_markers_without_content_before_a_segment_are_skipped() -> None:
    data = sample("JPEG")
    assert size_of(data[:2] + b"\xff\xff\xff" + data[2:]) == (19, 11)
    assert size_of(data[:2] + b"\xff\x01\xff\xd0" + data[2:]) == (19, 11)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9" + bytes(20),
        b"\xff\xd8" + jpeg_segment(0xDA, bytes(10)) + b"\xff\xd9",
        b"\xff\xd8" + jpeg_segment(0xE0, bytes(10)) + b"\0\0\xff\xd9",
    ],
    ids=["end", "scan", "no marker"],
)
def test_a_jpeg_without_frame_header_is_damaged(data: bytes) -> None:
    assert reason_of(data) == "damaged"


def test_a_jpeg_segment_of_impossible_length_does_not_stop_the_walk() -> None:
    for length in (0, 1, 65535):
        data = b"\xff\xd8\xff\xe1" + struct.pack(">H", length) + b"\xff\xd9" * 40
        assert reason_of(data) in {"damaged", "truncated"}


def test_a_jpeg_cut_in_half_or_by_its_last_two_bytes_is_truncated() -> None:  # row 46
    data = sample("JPEG", 64, 48)
    assert reason_of(data[: len(data) // 2]) == "truncated"
    assert reason_of(data[:-2]) == "truncated"


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_jpeg() -> None:
    data = with_segment(sample("JPEG", 64, 48), 0xE1, b"Exif\0\0" + sample("JPEG"))
    assert size_of(data) == (64, 48)
    assert reason_of(data[:-2]) == "truncated"


def test_a_jpeg_that_claims_more_pixels_than_its_bytes_can_hold_is_refused() -> None:  # row 45
    data = sample("JPEG")
    assert len(data) < 2000
    with pytest.raises(LimitError, match="9000x9000") as caught:
        examine(jpeg_claiming(data, 9000, 9000), MAX_PIXELS)
    assert caught.value.reason == "ratio"


def test_the_flattest_jpeg_is_not_taken_for_a_lie() -> None:  # row 45
    flat = Image.new("L", (3000, 3000), 128)
    data = saved(flat, "JPEG", optimize=True, progressive=True)
    assert size_of(data) == (3000, 3000)


def test_a_jpeg_without_height_has_no_pixels() -> None:
    assert reason_of(jpeg_claiming(sample("JPEG"), 19, 0)) == "bad-dimensions"


# GIF


def test_the_pictures_of_a_gif_are_counted_whatever_lies_between_them() -> None:  # row 59
    frame = gif_frame([0, 1], (0, 0, 2, 1))
    local = gif_frame([1, 1], (0, 0, 2, 1), palette=FOUR_COLORS)
    comment = b"!\xfe\3;;;\2,,\0"
    control = b"!\xf9\4\0\0\0\0\0"
    data = gif(2, 1, FOUR_COLORS, comment, control, frame, local, control, frame, comment)
    assert examine(data, MAX_PIXELS).frames == 3
    assert examine(gif(2, 1, FOUR_COLORS, comment, control, frame), MAX_PIXELS).frames == 1


def test_a_gif_without_its_trailer_is_truncated() -> None:  # row 61
    frame = gif_frame([0, 1], (0, 0, 2, 1))
    assert reason_of(gif(2, 1, FOUR_COLORS, frame, frame, frame, end=b"")) == "truncated"


def test_a_gif_of_unknown_blocks_or_of_no_picture_is_damaged() -> None:
    frame = gif_frame([0, 1], (0, 0, 2, 1))
    assert reason_of(gif(2, 1, FOUR_COLORS, frame, b"\x99")) == "damaged"
    assert reason_of(gif(2, 1, FOUR_COLORS, b"!\xfe\0")) == "damaged"


def test_a_frame_larger_than_the_limit_is_refused_on_a_small_gif_too() -> None:
    frame = gif_frame([0, 1], (0, 0, 60_000, 60_000))
    assert reason_of(gif(2, 1, FOUR_COLORS, frame)) == "pixel-limit"


def test_a_gif_screen_without_pixels_is_refused() -> None:
    assert reason_of(gif(0, 1, FOUR_COLORS, gif_frame([0], (0, 0, 1, 1)))) == "bad-dimensions"


# WebP


@pytest.mark.parametrize("options", [{}, {"lossless": True}], ids=["lossy", "lossless"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_each_kind_of_webp_is_measured(mode: str, options: dict[str, bool]) -> None:
    picture = Image.fromarray(noise(0, 11, 19, len(mode)))
    data = saved(picture, "WEBP", **options)
    assert size_of(data) == (19, 11)
    assert size_of(saved(picture, "WEBP", exif=b"Exif\0\0", **options)) == (19, 11)


def test_the_pictures_of_an_animated_webp_are_counted() -> None:  # row 59
    pictures = [Image.fromarray(noise(seed, 11, 19, 3)) for seed in range(3)]
    data = saved(pictures[0], "WEBP", save_all=True, append_images=pictures[1:])
    found = examine(data, MAX_PIXELS)
    assert (found.width, found.height, found.frames) == (19, 11, 3)


def test_a_webp_whose_chunks_go_beyond_its_end_is_truncated() -> None:
    ((kind, content),) = riff_chunks(sample("WebP"))
    data = riff((b"VP8X", bytes(4) + b"\x12\0\0\x0a\0\0"), (kind, content))
    assert size_of(data) == (19, 11)
    longer = data.replace(kind + data[34:38], kind + struct.pack("<I", len(content) + 100))
    assert reason_of(longer) == "truncated"
    assert reason_of(sample("WebP")[:-1]) == "truncated"


def test_a_webp_without_a_picture_has_no_pixels() -> None:
    assert reason_of(riff((b"EXIF", b"nothing"))) == "bad-dimensions"


# BMP


def test_every_header_of_a_bmp_is_understood() -> None:
    assert size_of(bmp(3, 2, 24, bytes(24))) == (3, 2)
    assert size_of(bmp(3, -2, 24, bytes(24))) == (3, 2)
    masks = (0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    assert size_of(bmp(3, 2, 32, bytes(24), compression=3, masks=masks)) == (3, 2)
    old = b"BM" + struct.pack("<IHHI", 50, 0, 0, 26) + struct.pack("<IHHHH", 12, 3, 2, 1, 24)
    assert size_of(old + bytes(24)) == (3, 2)
    assert reason_of(old + bytes(23)) == "truncated"


def test_a_bmp_without_all_its_rows_is_truncated() -> None:  # row 66
    for bits, row in ((1, 4), (4, 4), (8, 4), (16, 8), (24, 12), (32, 12)):
        palette = bytes(4 << bits) if bits <= 8 else b""
        data = bmp(3, 2, bits, bytes(2 * row), palette)
        assert size_of(data) == (3, 2)
        assert reason_of(data[:-1]) == "truncated"


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (30_000, 30_000, "pixel-limit"),  # row 66
        (30_000, -30_000, "pixel-limit"),
        (9_000, 9_000, "truncated"),
        (0, 5, "bad-dimensions"),
        (5, 0, "bad-dimensions"),
        (-(2**31), 1, "side-limit"),
        (1, -(2**31), "side-limit"),
    ],
)
def test_a_bmp_that_claims_too_much_or_nothing_is_refused(
    width: int, height: int, expected: str
) -> None:
    assert reason_of(bmp(width, height, 24, bytes(64))) == expected


def test_a_picture_is_examined_without_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a decoder ran")

    data = {kind: sample(kind) for kind in KINDS}
    monkeypatch.setattr(Image, "open", refuse)
    for kind in KINDS:
        assert examine(data[kind], MAX_PIXELS).kind == kind
