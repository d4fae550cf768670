"""The strict walk of a PNG's chunks, and the samples of every kind of PNG.

Row 87 asks of label PNGs what rows 35 to 44 and 57 ask of pictures; both go through this module.
"""

import itertools
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import png_tools as pt
import pytest
from cost_tools import ONE_MEBIBYTE, traced

from codec.errors import CodecError, FormatError, LimitError
from codec.limits import MAX_PIXELS, MAX_SIDE, check_dimensions
from codec.png.reading import parse_header, read_png
from codec.png.samples import decode_samples

TWO_BY_TWO = b"\x00\x01\x02\x00\x03\x04"
PLTE = pt.chunk(b"PLTE", bytes(range(9)))
IHDR, IDAT, IEND = pt.ihdr(2, 2), pt.idat(TWO_BY_TWO), pt.IEND


def samples_of(data: bytes) -> list[list[list[int]]]:
    samples: list[list[list[int]]] = decode_samples(read_png(data)).tolist()
    return samples


def reason_of(data: bytes, max_pixels: int = MAX_PIXELS) -> str:
    with pytest.raises(CodecError) as caught:
        decode_samples(read_png(data, max_pixels))
    assert isinstance(caught.value, (FormatError, LimitError))
    return caught.value.reason


def grey(*chunks: bytes) -> bytes:
    return pt.png(pt.ihdr(2, 2), *chunks)


def test_a_sound_png_is_taken_apart() -> None:
    data = grey(pt.chunk(b"tEXt", b"a"), pt.idat(TWO_BY_TWO), pt.chunk(b"tIME", b"b"), pt.IEND)
    png = read_png(data)
    header = png.header
    assert (header.width, header.height, header.depth, header.color_type) == (2, 2, 8, 0)
    assert not header.interlaced
    assert png.chunks == {b"tEXt": b"a", b"tIME": b"b"}
    assert zlib.decompress(png.idat) == TWO_BY_TWO
    assert decode_samples(png).tolist() == [[[1], [2]], [[3], [4]]]


# Rows of every kind of PNG


LEGAL = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8),
         (4, 8), (4, 16), (6, 8), (6, 16)]  # fmt: skip


def random_samples(color_type: int, depth: int, height: int, width: int) -> npt.NDArray[Any]:
    shape = (height, width, pt.SAMPLES[color_type])
    high = min(2**depth, 3 if color_type == pt.INDEXED else 65536)
    dtype = np.uint16 if depth == 16 else np.uint8
    return np.random.RandomState(depth + color_type).randint(0, high, shape).astype(dtype)


def encoded(
    samples: npt.NDArray[Any], depth: int, color_type: int, interlace: int, kinds: tuple[int, ...]
) -> bytes:
    rows = samples.reshape(len(samples), -1).tolist()
    before = [PLTE] if color_type == pt.INDEXED else []
    return pt.encode(rows, depth, color_type, kinds=kinds, interlace=interlace, before=before)


@pytest.mark.parametrize(("color_type", "depth"), LEGAL)
@pytest.mark.parametrize("interlace", [0, 1])
def test_every_color_type_and_depth_is_decoded_exactly(
    color_type: int, depth: int, interlace: int
) -> None:
    samples = random_samples(color_type, depth, 11, 13)
    data = encoded(samples, depth, color_type, interlace, (0, 1, 2, 3, 4))
    found = decode_samples(read_png(data))
    assert found.dtype == samples.dtype
    assert found.tolist() == samples.tolist()


@pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 9])
def test_interlaced_pictures_of_every_small_size_equal_their_plain_twins(
    height: int, width: int
) -> None:
    for color_type, depth in ((0, 1), (0, 8), (2, 8)):
        samples = random_samples(color_type, depth, height, width)
        plain, interlaced = (
            decode_samples(read_png(encoded(samples, depth, color_type, interlace, (4, 3))))
            for interlace in (0, 1)
        )
        assert plain.tolist() == interlaced.tolist() == samples.tolist()


@pytest.mark.parametrize(("height", "width"), [(33, 35), (40, 17), (17, 40)])
def test_interlaced_pictures_of_several_blocks_equal_their_plain_twins(
    height: int, width: int
) -> None:
    for depth in (1, 8):
        samples = random_samples(pt.GREY, depth, height, width)
        found = decode_samples(read_png(encoded(samples, depth, pt.GREY, 1, (4, 3, 2, 1, 0))))
        assert found.tolist() == samples.tolist()


@pytest.mark.parametrize("color_type", [0, 2, 4, 6])
def test_a_single_unfiltered_row_of_16_bits_is_decoded(color_type: int) -> None:
    row = list(range(250, 250 + 3 * pt.SAMPLES[color_type]))
    found = samples_of(pt.encode([row], 16, color_type))
    assert [sample for pixel in found[0] for sample in pixel] == row


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_bits_after_the_last_pixel_of_a_row_do_not_count(depth: int) -> None:
    data = pt.png(pt.ihdr(1, 1, depth), pt.idat(b"\x00\xff"), pt.IEND)
    assert samples_of(data) == [[[2**depth - 1]]]


def test_rows_may_be_split_over_many_idat_chunks_empty_ones_included() -> None:
    stream = zlib.compress(TWO_BY_TWO)
    pieces = [pt.chunk(b"IDAT", stream[i : i + 1]) for i in range(len(stream))]
    data = grey(pt.chunk(b"IDAT"), *pieces, pt.chunk(b"IDAT"), pt.IEND)
    assert samples_of(data) == [[[1], [2]], [[3], [4]]]


# row 94
def test_ten_thousand_empty_idat_chunks_are_read() -> None:
    data = grey(*[pt.chunk(b"IDAT")] * 10_000, pt.idat(TWO_BY_TWO), pt.IEND)
    assert samples_of(data) == [[[1], [2]], [[3], [4]]]


def test_ten_thousand_text_chunks_are_read() -> None:
    data = grey(*[pt.chunk(b"tEXt", b"a")] * 10_000, pt.idat(TWO_BY_TWO), pt.IEND)
    assert samples_of(data) == [[[1], [2]], [[3], [4]]]


# The container


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\x89PNG\r\n\x1a\r", b"GIF89a", b"\x00" * 99])
def test_what_does_not_begin_like_a_png_is_no_png(data: bytes) -> None:
    assert reason_of(data) == "not-a-png"


def test_a_png_whose_line_ends_were_converted_is_no_png() -> None:
    data = pt.grey_png(2, 2, TWO_BY_TWO).replace(b"\r\n", b"\n")
    assert reason_of(data) == "not-a-png"


# rows 35, 37, 88
def test_every_truncation_of_a_png_is_refused() -> None:
    data = pt.grey_png(2, 2, TWO_BY_TWO)
    for length in range(len(data)):
        assert reason_of(data[:length]) == ("not-a-png" if length < 8 else "truncated"), length


# row 94
@pytest.mark.parametrize("length", [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF4, 100])
def test_a_chunk_longer_than_the_file_is_refused(length: int) -> None:
    data = grey(struct.pack(">I", length), b"IDAT", zlib.compress(TWO_BY_TWO), bytes(8))
    assert reason_of(data) == "truncated"


# rows 38, 39
@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"tEXt", b"IDAT", b"IEND"])
def test_a_wrong_crc_of_any_chunk_is_refused(kind: bytes) -> None:
    data = pt.encode([[0, 1]], 8, pt.INDEXED, before=[PLTE, pt.chunk(b"tEXt", b"a")])
    position = data.index(kind)
    (length,) = struct.unpack_from(">I", data, position - 4)
    for offset in range(4):
        damaged = bytearray(data)
        damaged[position + 4 + length + offset] ^= 1
        assert reason_of(bytes(damaged)) == "bad-crc"


@pytest.mark.parametrize("kind", [b"ID T", b"IDA\x00", b"12AB", b"ID\xc4T", b"IDA["])
def test_a_chunk_type_that_is_not_four_letters_is_refused(kind: bytes) -> None:
    assert reason_of(grey(pt.chunk(kind), pt.idat(TWO_BY_TWO), pt.IEND)) == "bad-chunk"


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([IDAT, IHDR, IEND], "bad-chunk"),
        ([IEND], "bad-chunk"),
        ([pt.chunk(b"tEXt"), IHDR, IDAT, IEND], "bad-chunk"),
        ([IHDR, IHDR, IDAT, IEND], "bad-chunk"),  # row 41
        ([IHDR, IDAT, IHDR, IEND], "bad-chunk"),
        ([IHDR, pt.chunk(b"KMSL"), IDAT, IEND], "bad-chunk"),
        ([IHDR, IDAT, pt.chunk(b"IEND", b"a")], "bad-chunk"),
        ([IHDR, IDAT, pt.chunk(b"tEXt"), pt.idat(b""), IEND], "bad-chunk"),
        ([IHDR, IEND], "truncated"),
        ([IHDR, pt.chunk(b"tEXt"), IEND], "truncated"),
        ([IHDR, IDAT], "truncated"),
        ([IHDR, IDAT, IEND, b"\x00"], "trailing-data"),
        ([IHDR, IDAT, IEND, IEND], "trailing-data"),
        ([IHDR, IDAT, IEND, b"PK\x05\x06" + bytes(18)], "trailing-data"),
    ],
    ids=[
        "IDAT first", "IEND first", "text first", "two IHDR", "IHDR after IDAT",
        "unknown critical chunk", "IEND with content", "IDAT interrupted", "no IDAT",
        "no IDAT but text", "no IEND", "a byte after IEND", "two IEND", "a zip after IEND",
    ],
)  # fmt: skip
def test_chunks_that_are_missing_misplaced_or_too_many_are_refused(
    chunks: list[bytes], reason: str
) -> None:
    assert reason_of(pt.png(*chunks)) == reason


@pytest.mark.parametrize(
    "chunks",
    [
        [pt.idat(b"\x00\x00")],
        [PLTE, PLTE, pt.idat(b"\x00\x00")],
        [pt.idat(b"\x00\x00"), PLTE],
        [pt.chunk(b"PLTE"), pt.idat(b"\x00\x00")],
        [pt.chunk(b"PLTE", bytes(4)), pt.idat(b"\x00\x00")],
        [pt.chunk(b"PLTE", bytes(257 * 3)), pt.idat(b"\x00\x00")],
    ],
    ids=["missing", "twice", "after IDAT", "empty", "four bytes", "257 entries"],
)
def test_an_indexed_png_needs_one_palette_of_legal_size_in_its_place(chunks: list[bytes]) -> None:
    data = pt.png(pt.ihdr(1, 1, 8, pt.INDEXED), *chunks, pt.IEND)
    assert reason_of(data) == "bad-palette"


@pytest.mark.parametrize(
    "chunks",
    [
        [pt.chunk(b"tRNS", b"\x00"), PLTE, pt.idat(b"\x00\x00")],
        [PLTE, pt.idat(b"\x00\x00"), pt.chunk(b"tRNS", b"\x00")],
        [PLTE, pt.chunk(b"tRNS", b"\x00"), pt.chunk(b"tRNS", b"\xff"), pt.idat(b"\x00\x00")],
    ],
    ids=["before PLTE", "after IDAT", "twice"],
)
def test_transparency_out_of_its_place_is_refused_since_readers_differ_about_it(
    chunks: list[bytes],
) -> None:
    data = pt.png(pt.ihdr(1, 1, 8, pt.INDEXED), *chunks, pt.IEND)
    assert reason_of(data) == "bad-palette"


def test_a_png_without_rows_is_refused_before_anything_is_inflated() -> None:
    for chunks in ([IHDR, IEND], [IHDR, pt.chunk(b"tEXt"), IEND]):
        with pytest.raises(FormatError) as caught:
            read_png(pt.png(*chunks))
        assert caught.value.reason == "truncated"


IRREGULAR = {
    "bytes behind the end": [IHDR, IDAT, IEND, b"abc"],
    "no end": [IHDR, IDAT],
    "a cut end": [IHDR, IDAT, IEND[:5]],
    "a row too many": [IHDR, pt.idat(TWO_BY_TWO + b"\0\7\7"), IEND],
    "bytes behind the rows": [IHDR, pt.chunk(b"IDAT", zlib.compress(TWO_BY_TWO) + b"abc"), IEND],
    "a chunk behind the rows": [IHDR, IDAT, pt.chunk(b"IDAT", b"abc"), IEND],
    "rows apart": [IHDR, IDAT, pt.chunk(b"tEXt", b"a\0b"), pt.chunk(b"IDAT", b"abc"), IEND],
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_what_loses_nothing_is_passed_over_only_by_who_asks_to_be_told(name: str) -> None:
    data = b"".join([pt.SIGNATURE, *IRREGULAR[name]])
    assert reason_of(data) in {"trailing-data", "truncated", "excess-data", "bad-chunk"}
    told: list[str] = []
    assert decode_samples(read_png(data, passed_over=told)).tolist() == [[[1], [2]], [[3], [4]]]
    assert len(told) == 1


# The header


def test_only_the_fifteen_legal_kinds_of_samples_are_accepted() -> None:
    for color_type, depth in itertools.product(range(256), range(256)):
        content = struct.pack(">IIBBBBB", 1, 1, depth, color_type, 0, 0, 0)
        if (color_type, depth) in LEGAL:
            header = parse_header(content)
            assert (header.color_type, header.depth) == (color_type, depth)
            assert header.pixel_bits == depth * pt.SAMPLES[color_type]
        else:
            with pytest.raises(FormatError) as caught:
                parse_header(content)
            assert caught.value.reason == "bad-header"


@pytest.mark.parametrize(
    "header",
    [
        pt.ihdr(2, 2, compression=1),
        pt.ihdr(2, 2, filtering=1),
        pt.ihdr(2, 2, filtering=64),
        pt.ihdr(2, 2, interlace=2),
        pt.ihdr(2, 2, color_type=255),
        pt.chunk(b"IHDR"),
        pt.chunk(b"IHDR", bytes(12)),
        pt.chunk(b"IHDR", pt.ihdr(2, 2)[8:21] + b"\x00"),
    ],
    ids=["compression", "filter", "MNG filter", "interlace", "color", "empty", "short", "long"],
)
def test_header_fields_that_png_does_not_define_are_refused(header: bytes) -> None:
    assert reason_of(pt.png(header, pt.idat(TWO_BY_TWO), pt.IEND)) == "bad-header"


# row 42
@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(width: int, height: int) -> None:
    data = pt.png(pt.ihdr(width, height), pt.idat(b""), pt.IEND)
    assert reason_of(data) == "bad-dimensions"


# rows 43, 44
@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (65536, 1, "side-limit"),
        (1, 65536, "side-limit"),
        (2**31 - 1, 2**31 - 1, "side-limit"),
        (2**32 - 1, 1, "side-limit"),
        (65535, 65535, "pixel-limit"),
        (9460, 9459, "pixel-limit"),  # 89,482,140: where Pillow only warns
    ],
)
def test_a_picture_over_the_limits_is_refused_from_its_header(
    width: int, height: int, reason: str
) -> None:
    assert reason_of(pt.png(pt.ihdr(width, height), pt.idat(b""), pt.IEND)) == reason
    # Before anything else is looked at, even if nothing else is there.
    assert reason_of(pt.png(pt.ihdr(width, height), b"garbage garbage garbage")) == reason


def test_the_limits_themselves_are_allowed() -> None:
    check_dimensions(MAX_SIDE, 1, MAX_PIXELS)
    check_dimensions(1, MAX_SIDE, MAX_PIXELS)
    check_dimensions(9459, 9459, MAX_PIXELS)
    check_dimensions(5, 7, 35)
    with pytest.raises(LimitError) as caught:
        check_dimensions(5, 7, 34)
    assert caught.value.reason == "pixel-limit"
    assert "max_pixels" in str(caught.value)


def test_a_lower_limit_of_the_caller_is_kept() -> None:
    data = pt.grey_png(2, 2, TWO_BY_TWO)
    assert read_png(data, 4).header.width == 2
    assert reason_of(data, 3) == "pixel-limit"


# The compressed rows


# rows 36, 40
@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (zlib.compress(TWO_BY_TWO[:3]), "truncated"),
        (zlib.compress(TWO_BY_TWO[:5]), "truncated"),
        (zlib.compress(b""), "truncated"),
        (b"", "truncated"),
        (zlib.compress(TWO_BY_TWO)[:-1], "truncated"),
        (zlib.compress(TWO_BY_TWO)[:-4], "truncated"),
        (zlib.compress(TWO_BY_TWO)[:-5], "truncated"),
        (zlib.compress(TWO_BY_TWO + b"\x00"), "excess-data"),
        (zlib.compress(TWO_BY_TWO * 2), "excess-data"),
        (zlib.compress(TWO_BY_TWO) + b"\x00", "excess-data"),
        (zlib.compress(TWO_BY_TWO) * 2, "excess-data"),
        (zlib.compress(TWO_BY_TWO)[:-1] + b"\x00", "bad-deflate"),
        (b"\x78\x9c\x07", "bad-deflate"),
        (b"garbage", "bad-deflate"),
        (zlib.compress(TWO_BY_TWO)[2:-4], "bad-deflate"),
        (b"\x1f\x8b" + zlib.compress(TWO_BY_TWO), "bad-deflate"),
        (b"\x78\xbb\x00\x00\x00\x01" + zlib.compress(TWO_BY_TWO)[2:], "bad-deflate"),
    ],
    ids=[
        "half the rows", "a byte less", "no rows", "no stream", "Adler-32 cut", "no Adler-32",
        "no end", "a byte more", "twice the rows", "a byte after the stream", "two streams",
        "wrong Adler-32", "bad block", "garbage", "raw deflate", "gzip magic", "dictionary",
    ],
)  # fmt: skip
def test_rows_that_are_not_exactly_those_of_the_header_are_refused(
    stream: bytes, reason: str
) -> None:
    assert reason_of(grey(pt.chunk(b"IDAT", stream), pt.IEND)) == reason


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("kind", [5, 9, 255])
def test_a_filter_that_png_does_not_define_is_refused(kind: int, interlace: int) -> None:
    # Two rows; of an interlaced picture the first of two passes.
    rows = bytes([0, 1, kind, 2])
    data = pt.png(pt.ihdr(1, 2, interlace=interlace), pt.idat(rows), pt.IEND)
    assert reason_of(data) == "bad-filter"


def peak_of_refusing(data: bytes, reason: str) -> int:
    found, peak = traced(lambda: reason_of(data))
    assert found == reason
    return peak


# row 93
def test_small_pictures_with_200_mebibytes_of_rows_are_refused_without_inflating_them() -> None:
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(bytes(ONE_MEBIBYTE)) for _ in range(200)) + packer.flush()
    data = grey(pt.chunk(b"IDAT", stream), pt.IEND)
    assert peak_of_refusing(data, "excess-data") < 4 * ONE_MEBIBYTE


# row 93
def test_large_pictures_with_one_byte_of_rows_are_refused_without_allocating_them() -> None:
    data = pt.png(pt.ihdr(9459, 9459), pt.chunk(b"IDAT", b"\x78"), pt.IEND)
    assert peak_of_refusing(data, "truncated") < ONE_MEBIBYTE


# row 93
def test_rows_that_end_early_cost_no_more_than_if_they_were_whole() -> None:
    stream = zlib.compress(bytes(16 * ONE_MEBIBYTE), 9)
    data = pt.png(pt.ihdr(4096, 4097), pt.chunk(b"IDAT", stream), pt.IEND)
    assert peak_of_refusing(data, "truncated") < 3 * 16 * ONE_MEBIBYTE


def test_the_highest_ratio_that_deflate_reaches_is_not_taken_for_a_lie() -> None:
    side = 4000
    rows = bytes(side * (side + 1))
    data = pt.grey_png(side, side, rows)
    assert len(rows) > 1000 * len(pt.chunks_of(data)[1][1])
    assert not decode_samples(read_png(data)).any()
