"""The indexed PNG: a palette, labels and the private chunk kmSL."""

import io
import zlib
from pathlib import Path

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is, picture
from PIL import Image

import codec
from codec.decompressor import decompress
from codec.formats.indexed_png import decode, encode
from codec.indexed import IndexedImage

READER = Reader(decode)
read, reason_of = READER.read, READER.reason_of
(ENCODED,) = encode(PICTURE, "best")
ROWS = [[0, 1, 2], [0, 1, 2]]
PLTE = pt.chunk(b"PLTE", FLAG.tobytes())
SEAL = pt.chunk(b"kmSL", b"\x03" + ct.seal(LABELS, FLAG))


def indexed_png(*before: bytes, depth: int = 8, rows: list[list[int]] = ROWS) -> bytes:
    return pt.encode(rows, depth, pt.INDEXED, before=before)


def shown(data: bytes, mode: str) -> object:
    """What any viewer shows."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode)).tolist()


def test_the_flag_is_stored_in_these_chunks() -> None:
    chunks = pt.chunks_of(ENCODED)
    assert [kind for kind, _ in chunks] == [b"IHDR", b"PLTE", b"kmSL", b"IDAT", b"IEND"]
    assert chunks[0][1] == b"\x00\x00\x00\x03\x00\x00\x00\x02\x02\x03\x00\x00\x00"
    assert chunks[1][1] == FLAG.tobytes()
    assert chunks[2][1] == b"\x03" + ct.seal(LABELS, FLAG)
    assert zlib.decompress(chunks[3][1]) == b"\x00\x18\x00\x18"  # 00 01 10 and padding


def test_the_private_chunk_is_not_copied_by_programs_that_change_pixels() -> None:
    # Bit 5 of its letters: ancillary, private, reserved, unsafe to copy (PNG section 5.4).
    assert [bool(letter & 0x20) for letter in b"kmSL"] == [True, True, False, False]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (1, 41), (41, 1), (13, 11)])
def test_a_picture_comes_back_exactly_and_verified(
    channels: int, size: int, shape: tuple[int, int]
) -> None:
    expected = picture(shape, size, channels)
    assert_is(read(*encode(expected, "best")), expected, verified=True)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("size", [1, 2, 4, 16, 17, 256])
def test_every_viewer_shows_the_pixels_that_decompress_gives(
    channels: int, mode: str, size: int
) -> None:
    expected = picture((13, 11), size, channels)
    assert shown(encode(expected, "best")[0], mode) == decompress(expected).tolist()


def test_transparency_ends_with_the_last_code_word_that_needs_it() -> None:
    def chunk_of(alphas: list[int], channels: int) -> bytes | None:
        codebook = np.zeros((len(alphas), channels), dtype=np.uint8)
        codebook[:, -1] = alphas
        labels = np.zeros((1, 1), dtype=np.uint8)
        return dict(pt.chunks_of(encode(IndexedImage(labels, codebook), "best")[0])).get(b"tRNS")

    for channels in (2, 4):
        assert chunk_of([255, 255, 255], channels) is None
        assert chunk_of([0, 255, 255], channels) == b"\x00"
        assert chunk_of([255, 7, 255], channels) == b"\xff\x07"
        assert chunk_of([255, 255, 254], channels) == b"\xff\xff\xfe"
        assert chunk_of([0], channels) == b"\x00"


def test_opaque_pictures_with_alpha_keep_their_channels() -> None:
    for channels in (2, 4):
        codebook = np.full((3, channels), 255, dtype=np.uint8)
        codebook[:, 0] = [1, 2, 3]
        expected = IndexedImage(LABELS, codebook)
        assert_is(read(*encode(expected, "best")), expected, verified=True)


@pytest.mark.parametrize(
    ("size", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)]
)
def test_rows_are_packed_into_as_few_bits_as_the_codebook_needs(size: int, depth: int) -> None:
    # Noise, which only packing makes smaller.
    (data,) = encode(picture((40, 40), size, 3), "best")
    assert pt.chunks_of(data)[0][1][8] == depth


def test_rows_are_left_unpacked_where_that_is_smaller() -> None:
    # Every row is the one above moved by a pixel, which is a match of bytes but not of bits.
    row = np.random.RandomState(0).randint(0, 3, 101).astype(np.uint8)
    labels = np.stack([np.roll(row, shift) for shift in range(60)])
    (data,) = encode(IndexedImage(labels, FLAG), "best")
    assert pt.chunks_of(data)[0][1][8] == 8
    assert len(data) < len(pt.encode(labels.tolist(), 2, pt.INDEXED, before=[PLTE, SEAL]))


def test_parts_add_up_to_the_size_of_the_file() -> None:
    transparent = np.hstack([FLAG, np.array([[0], [9], [255]], dtype=np.uint8)])
    (data,) = encode(IndexedImage(LABELS, transparent), "best")
    contents = read(data)
    idat = len(dict(pt.chunks_of(data))[b"IDAT"])
    assert contents.format == "png"
    assert contents.part_bytes == {
        "codebook": 9 + 2, "labels": idat, "seal": 41, "container": 8 + 6 * 12 + 13,
    }  # fmt: skip
    assert contents.size_bytes == len(data)


# Grey pictures without a palette


def greys(levels: list[int], channels: int, shape: tuple[int, int] = (13, 11)) -> IndexedImage:
    """A picture of opaque greys, ascending, with all of them in it."""
    codebook = np.repeat(np.array(levels, dtype=np.uint8)[:, None], channels, axis=1)
    if channels in (2, 4):
        codebook[:, -1] = 255
    labels = np.resize(np.arange(len(levels), dtype=np.uint8), shape)
    return IndexedImage(labels, codebook)


def header_of(data: bytes) -> tuple[int, int]:
    """Bit depth and color type."""
    header = pt.chunks_of(data)[0][1]
    return header[8], header[9]


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("levels", "depth"),
    [
        ([0], 1),
        ([0, 255], 1),
        ([0, 85, 255], 2),
        ([85, 170], 2),
        (list(range(0, 256, 17)), 4),
        (list(range(17)), 8),
        (list(range(9, 250)), 8),
        (list(range(256)), 8),
    ],
)
def test_greys_that_need_no_palette_have_none(
    levels: list[int], depth: int, channels: int, effort: str
) -> None:
    expected = greys(levels, channels, (40, 31))

    (data,) = encode(expected, effort)

    if len(levels) != 2 or levels[0] == 0:
        assert [kind for kind, _ in pt.chunks_of(data)] == [b"IHDR", b"kmSL", b"IDAT", b"IEND"]
        assert header_of(data) in ((depth, pt.GREY), (8, pt.GREY))
    contents = read(data)
    assert_is(contents, expected, verified=True)
    assert sum(contents.part_bytes.values()) == len(data)
    modes = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    assert shown(data, modes[channels]) == decompress(expected).tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_greys_keep_their_palette_where_it_says_more(channels: int) -> None:
    expected = greys(list(range(100, 140)), channels)
    unused = expected.labels.copy()
    unused[unused == 7] = 8
    pictures = [
        IndexedImage(unused, expected.codebook),
        IndexedImage(expected.labels, expected.codebook[::-1].copy()),
    ]
    twice = expected.codebook.copy()
    twice[5] = twice[6]
    pictures.append(IndexedImage(expected.labels, twice))
    if channels in (2, 4):
        clear = expected.codebook.copy()
        clear[3, -1] = 254
        pictures.append(IndexedImage(expected.labels, clear))
    if channels in (3, 4):
        tinted = expected.codebook.copy()
        tinted[3, 1] += 1
        pictures.append(IndexedImage(expected.labels, tinted))
    for picture_ in pictures:
        (data,) = encode(picture_, "best")
        assert header_of(data)[1] == pt.INDEXED
        assert_is(read(data), picture_, verified=True)


@pytest.mark.parametrize("effort", ["default", "best"])
def test_few_levels_far_apart_are_stored_as_labels_if_that_is_smaller(effort: str) -> None:
    walk = np.cumsum(np.random.RandomState(4).randint(-1, 2, (150, 150)), axis=1)
    labels = np.abs((walk + 32) % 126 - 63).astype(np.uint8)
    levels = np.sort(np.random.RandomState(5).permutation(256)[:64]).astype(np.uint8)[:, None]
    expected = IndexedImage(labels, levels)

    (data,) = encode(expected, effort)

    assert header_of(data) == (8, pt.INDEXED)
    assert_is(read(data), expected, verified=True)


GREY_ROWS = [[0, 9, 7], [7, 7, 9]]
GREY_LABELS = np.array([[0, 2, 1], [1, 1, 2]], dtype=np.uint8)
GREY_CODEBOOK = np.array([[0], [7], [9]], dtype=np.uint8)
GREY_SEAL = pt.chunk(b"kmSL", b"\x01" + ct.seal(GREY_LABELS, GREY_CODEBOOK))


@pytest.mark.parametrize("kinds", [(0,), (4, 3, 2, 1)])
@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("before", [True, False])
def test_levels_that_occur_are_the_code_words(
    kinds: tuple[int, ...], interlace: int, before: bool
) -> None:
    chunks = {"before" if before else "after": [GREY_SEAL]}
    data = pt.encode(GREY_ROWS, 8, kinds=kinds, interlace=interlace, **chunks)  # type: ignore[arg-type]  # chunks alone
    assert_is(read(data), IndexedImage(GREY_LABELS, GREY_CODEBOOK), verified=True)


@pytest.mark.parametrize(
    ("rows", "depth", "before", "reason"),
    [
        (GREY_ROWS, 8, [], "not-indexed"),
        (GREY_ROWS, 8, [pt.chunk(b"kmSL")], "not-indexed"),
        (GREY_ROWS, 16, [GREY_SEAL], "not-indexed"),
        (GREY_ROWS, 8, [pt.chunk(b"kmSL", b"\x01")], "bad-seal"),
        (GREY_ROWS, 8, [pt.chunk(b"kmSL", b"\x00" + bytes(40))], "bad-seal"),
        (GREY_ROWS[::-1], 8, [GREY_SEAL], "digest-mismatch"),
        ([[0, 8, 7], [7, 7, 8]], 8, [GREY_SEAL], "digest-mismatch"),
        ([[0, 9, 7], [7, 7, 6]], 8, [GREY_SEAL], "digest-mismatch"),
        (GREY_ROWS, 4, [GREY_SEAL], "digest-mismatch"),
        (GREY_ROWS, 8, [GREY_SEAL, pt.chunk(b"tRNS", b"\x00\x07")], "digest-mismatch"),
        (
            GREY_ROWS,
            8,
            [pt.chunk(b"kmSL", b"\x03" + ct.seal(GREY_LABELS, GREY_CODEBOOK))],
            "digest-mismatch",
        ),
        (
            GREY_ROWS,
            8,
            [pt.chunk(b"kmSL", b"\x01" + ct.seal(GREY_LABELS, GREY_CODEBOOK, b"2"))],
            "unsupported-version",
        ),
    ],
)
def test_a_grey_png_must_be_what_was_sealed(
    rows: list[list[int]], depth: int, before: list[bytes], reason: str
) -> None:
    assert reason_of(pt.encode(rows, depth, before=before)) == reason


# Indexed PNGs that others wrote


def test_a_foreign_indexed_png_is_rgb_and_unverified() -> None:
    for depth in (2, 4, 8):
        assert_is(read(indexed_png(PLTE, depth=depth)), PICTURE, verified=False)


@pytest.mark.parametrize("alphas", [b"\x00", b"\x00\x80", b"\x00\x80\xff", b"\xff\xff\xff"])
def test_a_foreign_indexed_png_with_transparency_is_rgba(alphas: bytes) -> None:
    opacity = np.frombuffer(alphas.ljust(3, b"\xff"), dtype=np.uint8)[:, None]
    expected = IndexedImage(LABELS, np.hstack([FLAG, opacity]))
    data = indexed_png(PLTE, pt.chunk(b"tRNS", alphas))
    assert_is(read(data), expected, verified=False)
    assert shown(data, "RGBA") == decompress(expected).tolist()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (17, 1), (13, 11)])
def test_what_pillow_wrote_is_read_as_pillow_reads_it(bits: int, shape: tuple[int, int]) -> None:
    expected = picture(shape, 2**bits, 3, seed=bits)
    image = Image.fromarray(expected.labels).convert("P")
    image.putpalette(expected.codebook.tobytes())
    file = io.BytesIO()
    image.putdata(expected.labels.reshape(-1).tolist())
    image.save(file, "PNG", bits=bits)
    contents = read(file.getvalue())
    assert not contents.verified
    assert contents.indexed.labels.tolist() == expected.labels.tolist()
    assert decompress(contents.indexed).tolist() == shown(file.getvalue(), "RGB")


@pytest.mark.parametrize("kinds", [(0,), (1,), (2,), (3,), (4,), (4, 3, 0, 2, 1)])
@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("depth", [2, 8])
def test_other_filters_interlacing_and_depths_keep_the_seal(
    kinds: tuple[int, ...], interlace: int, depth: int
) -> None:
    expected = picture((19, 14), 4, 3)
    chunks = dict(pt.chunks_of(encode(expected, "best")[0]))
    before = [pt.chunk(kind, chunks[kind]) for kind in (b"PLTE", b"kmSL")]
    rewritten = pt.encode(
        expected.labels.tolist(), depth, pt.INDEXED, kinds=kinds, interlace=interlace,
        before=before,
    )  # fmt: skip
    assert_is(read(rewritten), expected, verified=True)


def test_the_private_chunk_may_stand_anywhere() -> None:
    after = pt.encode(ROWS, 8, pt.INDEXED, before=[PLTE], after=[SEAL])
    for data in (indexed_png(SEAL, PLTE), indexed_png(PLTE, SEAL), after):
        assert_is(read(data), PICTURE, verified=True)


def test_other_chunks_do_not_matter() -> None:
    added = [pt.chunk(b"gAMA", b"\x00\x00\xb1\x8f"), pt.chunk(b"tEXt", b"a\x00b")]
    assert_is(read(indexed_png(*added, PLTE, SEAL, *added)), PICTURE, verified=True)


def test_without_its_private_chunk_a_picture_is_what_others_would_see() -> None:
    grey = IndexedImage(LABELS, FLAG[:, :1])
    chunks = [
        (kind, content)
        for kind, content in pt.chunks_of(encode(grey, "best")[0])
        if kind != b"kmSL"
    ]
    expected = IndexedImage(LABELS, np.repeat(FLAG[:, :1], 3, axis=1))
    assert_is(read(pt.from_chunks(chunks)), expected, verified=False)


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        pt.encode(ROWS),
        pt.encode([[0, 0, 0, 1, 1, 1]], 8, pt.RGB),
        pt.encode([[0, 0, 0, 1, 1, 1]], 8, pt.RGB, before=[PLTE]),
        pt.encode([[0, 255]], 8, pt.GREY_ALPHA),
        pt.encode([[0, 0, 0, 255]], 16, pt.RGBA),
    ],
    ids=["grey", "RGB", "RGB with a suggested palette", "grey+alpha", "RGBA of 16 bits"],
)
def test_a_png_without_a_palette_is_a_picture_and_not_compressed(data: bytes) -> None:
    assert reason_of(data) == "not-indexed"


# row 57
@pytest.mark.parametrize("depth", [2, 8])
def test_a_pixel_beyond_the_palette_is_refused(depth: int) -> None:
    data = indexed_png(pt.chunk(b"PLTE", FLAG[:2].tobytes()), depth=depth)
    assert reason_of(data) == "label-out-of-range"


@pytest.mark.parametrize("alphas", [b"", bytes(4), bytes(256)])
def test_transparency_that_does_not_fit_the_palette_is_refused(alphas: bytes) -> None:
    assert reason_of(indexed_png(PLTE, pt.chunk(b"tRNS", alphas))) == "bad-palette"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "bad-seal"),
        (b"\x03", "bad-seal"),
        (b"\x00" + ct.seal(LABELS, FLAG), "bad-seal"),
        (b"\x05" + ct.seal(LABELS, FLAG), "bad-seal"),
        (b"\x03" + ct.seal(LABELS, FLAG)[:-1], "bad-seal"),
        (b"\x03" + ct.seal(LABELS, FLAG) + b"\x00", "bad-seal"),
        (b"\x03" + bytes(40), "bad-seal"),
        (b"\x03" + ct.seal(LABELS, FLAG, b"2"), "unsupported-version"),  # row 109
        (b"\x03" + ct.seal(LABELS, FLAG, b"2")[:8], "unsupported-version"),
        (b"\x09" + ct.seal(LABELS, FLAG, b"2") + b"more", "unsupported-version"),
        (b"\x03" + ct.seal(LABELS, FLAG)[:7], "bad-seal"),
        (b"\x03" + ct.seal(LABELS, FLAG[::-1]), "digest-mismatch"),
        (b"\x01" + ct.seal(LABELS, FLAG), "digest-mismatch"),
        (b"\x02" + ct.seal(LABELS, FLAG), "digest-mismatch"),
        (b"\x04" + ct.seal(LABELS, FLAG), "digest-mismatch"),
    ],
)
def test_the_private_chunk_must_be_the_seal_of_this_picture(content: bytes, reason: str) -> None:
    assert reason_of(indexed_png(PLTE, pt.chunk(b"kmSL", content))) == reason


# row 91
def test_an_edited_picture_that_kept_its_seal_is_refused() -> None:
    recolored = pt.chunk(b"PLTE", (FLAG ^ np.uint8(1)).tobytes())
    longer = pt.chunk(b"PLTE", FLAG.tobytes() + b"\x00\x00\x00")
    moved = [[0, 1, 2], [0, 2, 1]]
    transparent = pt.chunk(b"tRNS", b"\x00")
    expected = IndexedImage(LABELS, np.hstack([FLAG, np.full((3, 1), 9, dtype=np.uint8)]))
    rgba = pt.chunk(b"kmSL", b"\x04" + ct.seal(expected.labels, expected.codebook))
    for data in (
        indexed_png(recolored, SEAL),
        indexed_png(longer, SEAL),
        indexed_png(PLTE, SEAL, rows=moved),
        indexed_png(PLTE, SEAL, rows=ROWS[:1]),
        indexed_png(PLTE, transparent, rgba),
    ):
        assert reason_of(data) == "digest-mismatch"


def test_transparency_added_to_a_picture_without_alpha_is_refused() -> None:
    # The pixels are those that were sealed, but not those that every viewer shows now.
    data = indexed_png(PLTE, pt.chunk(b"tRNS", b"\x00"), SEAL)
    assert shown(data, "RGBA") == [[[0, 0, 255, 0], [255] * 4, [255, 0, 0, 255]]] * 2
    assert reason_of(data) == "digest-mismatch"


def test_a_grey_picture_whose_palette_was_tinted_is_refused() -> None:
    grey = IndexedImage(LABELS, FLAG[:, :1])
    chunks = pt.chunks_of(encode(grey, "best")[0])
    tinted = [
        (kind, content[:1] + b"\x99" + content[2:] if kind == b"PLTE" else content)
        for kind, content in chunks
    ]
    assert reason_of(pt.from_chunks(tinted)) == "digest-mismatch"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not-a-png"),
        (ENCODED[:-1], "truncated"),
        (ENCODED + b"\x00", "trailing-data"),
        (ENCODED[:-1] + b"\x00", "bad-crc"),
        (pt.png(pt.ihdr(3, 2, 8, 3), PLTE, pt.idat(bytes(4)), pt.IEND), "truncated"),
        (pt.png(pt.ihdr(3, 2, 8, 3), PLTE, pt.idat(bytes(9)), pt.IEND), "excess-data"),
        (pt.png(pt.ihdr(3, 2, 8, 3), PLTE, pt.idat(b"\x05" + bytes(7)), pt.IEND), "bad-filter"),
        (pt.png(pt.ihdr(3, 2, 8, 3), pt.idat(bytes(8)), pt.IEND), "bad-palette"),
        (pt.png(pt.ihdr(65536, 1, 8, 3), PLTE, pt.idat(b""), pt.IEND), "side-limit"),
    ],
)
def test_a_damaged_png_is_refused(data: bytes, reason: str) -> None:
    assert reason_of(data) == reason


# row 88
def test_every_truncation_is_refused() -> None:
    for length in range(len(ENCODED)):
        assert reason_of(ENCODED[:length]) == ("not-a-png" if length < 8 else "truncated")


def test_the_limit_on_pixels_is_kept() -> None:
    assert_is(read(ENCODED, max_pixels=6), PICTURE, verified=True)
    assert reason_of(ENCODED, max_pixels=5) == "pixel-limit"


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("optimized", [False, True])
def test_half_of_a_pair_is_told_as_such(tmp_path: Path, shared: bool, optimized: bool) -> None:
    """Whether its chunk is empty or a seal, and even with a palette of greys."""
    seal = ct.seal(GREY_LABELS, GREY_CODEBOOK) if shared else b""
    before = [pt.chunk(b"kmSL", seal)]
    if optimized:
        before.insert(0, pt.chunk(b"PLTE", bytes(range(10)).ljust(30, b"\x09")))
    data = pt.encode(GREY_ROWS, 8, pt.INDEXED if optimized else pt.GREY, before=before)
    path = tmp_path / "half.png"
    path.write_bytes(data)
    for given in (data, path):
        with pytest.raises(codec.FormatError, match="half of a pair, whose codebook is another"):
            codec.load(given)
