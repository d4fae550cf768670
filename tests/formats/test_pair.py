"""The pair: a sealed codebook `.npy` and a label PNG (rows 76 to 94)."""

import functools
import io
import zlib

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from cost_tools import traced
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is, picture
from PIL import Image

from codec.formats.npy import encode_npy
from codec.formats.pair import decode, decode_codebook, encode
from codec.indexed import IndexedImage

READER = Reader(decode)
read, reason_of = READER.read, READER.reason_of
CODEBOOK, LABEL_PNG = encode(PICTURE, "best")
ROWS = b"\x00\x00\x01\x02\x00\x00\x01\x02"
UNMARKED = pt.grey_png(3, 2, ROWS)  # as anybody writes it


def test_the_codebook_comes_first_and_ends_with_the_seal() -> None:
    assert encode(PICTURE, "best")[0] == encode_npy(FLAG) + ct.seal(LABELS, FLAG)


def test_the_label_png_holds_one_byte_a_pixel_and_the_mark_of_a_seal() -> None:
    chunks = pt.chunks_of(LABEL_PNG)
    assert [kind for kind, _ in chunks] == [b"IHDR", b"kmSL", b"IDAT", b"IEND"]
    assert chunks[0][1] == b"\x00\x00\x00\x03\x00\x00\x00\x02\x08\x00\x00\x00\x00"
    assert chunks[1][1] == b""
    assert zlib.decompress(chunks[2][1]) == ROWS


def test_numpy_load_reads_a_codebook_that_carries_a_seal() -> None:
    assert np.load(io.BytesIO(CODEBOOK)).tolist() == FLAG.tolist()
    codebook, seal = decode_codebook(CODEBOOK)
    assert codebook.tolist() == FLAG.tolist()
    assert seal == CODEBOOK[-40:]


def test_two_lines_of_imageio_and_numpy_read_a_pair() -> None:
    import imageio.v3 as iio

    expected = picture((20, 30), 200, 3)
    codebook_file, labels_file = encode(expected, "best")
    labels = iio.imread(labels_file)
    codebook = np.load(io.BytesIO(codebook_file))
    assert codebook[labels].tolist() == expected.codebook[expected.labels].tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (13, 11)])
def test_a_picture_comes_back_exactly_and_verified(
    channels: int, size: int, shape: tuple[int, int]
) -> None:
    expected = picture(shape, size, channels)
    assert_is(read(*encode(expected, "best")), expected, verified=True)


def test_encoding_is_deterministic() -> None:
    assert encode(picture((50, 40), 90, 3), "best") == encode(picture((50, 40), 90, 3), "best")


def test_encoding_looks_at_values_and_not_at_strides() -> None:
    labels = np.random.RandomState(0).randint(0, 3, (30, 20)).astype(np.uint8)
    for view in (np.asfortranarray(labels), labels.T, labels[::-1, ::2]):
        contiguous = IndexedImage(np.ascontiguousarray(view), FLAG)
        assert encode(IndexedImage(view, np.asfortranarray(FLAG)), "best") == encode(
            contiguous, "best"
        )


def test_parts_add_up_to_the_size_of_both_files() -> None:
    contents = read(CODEBOOK, LABEL_PNG)
    assert contents.format == "pair"
    assert contents.part_bytes == {"codebook": 137, "seal": 40, "labels": len(LABEL_PNG)}
    assert contents.size_bytes == len(CODEBOOK) + len(LABEL_PNG)


# Pairs that others wrote


def test_a_pair_without_a_seal_is_read_and_said_to_be_unverified() -> None:
    assert_is(read(ct.npy(FLAG), UNMARKED), PICTURE, verified=False)


def test_a_pair_that_numpy_and_pillow_wrote_is_read_exactly() -> None:
    expected = picture((17, 23), 256, 3)
    codebook, labels = io.BytesIO(), io.BytesIO()
    np.save(codebook, expected.codebook)
    Image.fromarray(expected.labels).save(labels, "PNG")
    assert_is(read(codebook.getvalue(), labels.getvalue()), expected, verified=False)


# rows 80, 89
@pytest.mark.parametrize(
    "shape", [(0, 3), (257, 3), (3, 0), (3, 5), (1, 256), (1, 1000), (1025, 1), (62, 64)]
)
def test_a_codebook_of_an_impossible_shape_is_refused(shape: tuple[int, int]) -> None:
    assert reason_of(ct.npy(np.zeros(shape, dtype=np.uint8)), UNMARKED) == "bad-codebook"


# row 80
@pytest.mark.parametrize("shape", [(1000, 5), (1, 1_000_000), (600, 800), (64, 64), (257, 16)])
def test_a_whole_array_far_larger_than_a_codebook_is_not_said_to_be_cut_short(
    shape: tuple[int, int],
) -> None:
    assert reason_of(ct.npy(np.zeros(shape, dtype=np.uint8)), LABEL_PNG) == "bad-codebook"


# row 77
def test_a_header_that_claims_more_than_any_codebook_is_refused_whatever_follows() -> None:
    for shape, reason in (
        ("(256, 4)", "truncated"),
        ("(1, 1024)", "truncated"),
        ("(205, 5)", "bad-codebook"),
        ("(1025, 1)", "bad-codebook"),
        ("(9999999999, 9999999999)", "bad-codebook"),
    ):
        assert reason_of(ct.npy_with(ct.npy_header(shape)), LABEL_PNG) == reason


# row 89
@pytest.mark.parametrize("label", [3, 4, 255])
def test_a_label_beyond_the_codebook_is_refused(label: int) -> None:
    labels = pt.grey_png(3, 2, ROWS[:-1] + bytes([label]))
    assert reason_of(ct.npy(FLAG), labels) == "label-out-of-range"
    assert reason_of(CODEBOOK, labels) == "label-out-of-range"


def test_the_last_code_word_may_be_used_and_need_not_be() -> None:
    ends = np.array([[0, 255]], dtype=np.uint8)
    expected = IndexedImage(ends, np.arange(256, dtype=np.uint8)[:, None])
    assert_is(read(*encode(expected, "best")), expected, verified=True)
    unused = IndexedImage(LABELS, np.vstack([FLAG, FLAG]))
    assert_is(read(*encode(unused, "best")), unused, verified=True)


# Optimizers (rows 90 to 92)


def label_picture(labels: list[list[int]]) -> IndexedImage:
    return IndexedImage(np.array(labels, dtype=np.uint8), np.arange(256, dtype=np.uint8)[:, None])


# row 90
@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("interlace", [0, 1])
def test_labels_rewritten_with_fewer_bits_are_read_exactly_and_verified(
    depth: int, interlace: int
) -> None:
    levels = 2**depth
    samples = np.random.RandomState(depth).randint(0, levels, (9, 11))
    expected = label_picture((samples * (255 // (levels - 1))).tolist())
    rewritten = pt.encode(samples.tolist(), depth, pt.GREY, interlace=interlace)
    assert_is(read(encode(expected, "best")[0], rewritten), expected, verified=True)


# row 90
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("interlace", [0, 1])
def test_labels_rewritten_as_a_palette_of_greys_are_read_exactly_and_verified(
    depth: int, interlace: int
) -> None:
    state = np.random.RandomState(depth)
    greys = state.permutation(256)[: 2**depth]
    samples = state.randint(0, len(greys), (9, 11))
    expected = label_picture(greys[samples].tolist())
    plte = pt.chunk(b"PLTE", bytes(g for grey in greys.tolist() for g in (grey,) * 3))
    rewritten = pt.encode(
        samples.tolist(), depth, pt.INDEXED, interlace=interlace, before=[plte], kinds=(0, 2)
    )
    assert_is(read(encode(expected, "best")[0], rewritten), expected, verified=True)


# row 92
@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("kinds", [(0,), (1,), (2,), (3,), (4,), (4, 3, 0, 2, 1)])
def test_labels_rewritten_with_any_filters_or_interlaced_are_read_exactly(
    kinds: tuple[int, ...], interlace: int
) -> None:
    expected = picture((19, 14), 256, 4)
    codebook, _ = encode(expected, "best")
    rewritten = pt.encode(expected.labels.tolist(), kinds=kinds, interlace=interlace)
    assert_is(read(codebook, rewritten), expected, verified=True)


# row 92
def test_labels_rewritten_by_pillow_are_read_exactly_and_verified() -> None:
    expected = picture((19, 14), 200, 3)
    codebook, labels = encode(expected, "best")
    for mode in ("L", "P"):
        rewritten = io.BytesIO()
        with Image.open(io.BytesIO(labels)) as image:
            image.convert(mode).save(rewritten, "PNG", optimize=True)
        assert_is(read(codebook, rewritten.getvalue()), expected, verified=True)


# row 92
def test_chunks_that_other_programs_add_to_labels_do_not_matter() -> None:
    added = [
        pt.chunk(b"gAMA", b"\x00\x00\xb1\x8f"),
        pt.chunk(b"sRGB", b"\x00"),
        pt.chunk(b"pHYs", bytes(9)),
        pt.chunk(b"tEXt", b"Software\x00any"),
        pt.chunk(b"bKGD", b"\x00\x00"),
    ]
    rewritten = pt.encode(LABELS.tolist(), before=added, after=[pt.chunk(b"tIME", bytes(7))])
    assert_is(read(CODEBOOK, rewritten), PICTURE, verified=True)


# row 90
@pytest.mark.parametrize(
    "labels",
    [
        pt.encode([[0, 0, 0, 1, 1, 1, 2, 2, 2]] * 2, 8, pt.RGB),
        pt.encode([[0, 255, 1, 255, 2, 255]] * 2, 8, pt.GREY_ALPHA),
        pt.encode([[0, 0, 0, 255, 1, 1, 1, 255, 2, 2, 2, 255]] * 2, 8, pt.RGBA),
        pt.encode([[0, 0x0101, 0x0202]] * 2, 16, pt.GREY),
        pt.encode([[0, 1, 2]] * 2, before=[pt.chunk(b"tRNS", b"\x00\x01")]),
        pt.encode([[0, 1, 2]] * 2, 8, pt.INDEXED, before=[pt.chunk(b"PLTE", FLAG.tobytes())]),
        pt.encode(
            [[0, 1, 2]] * 2,
            8,
            pt.INDEXED,
            before=[pt.chunk(b"PLTE", b"\0\0\0\1\1\1\2\2\2"), pt.chunk(b"tRNS", b"\x00")],
        ),
    ],
    ids=["RGB", "grey+alpha", "RGBA", "16 bits", "transparent grey", "color palette",
         "transparent palette"],
)  # fmt: skip
def test_a_label_png_that_is_not_8_bit_greyscale_is_refused(labels: bytes) -> None:
    assert reason_of(CODEBOOK, labels) == "bad-labels"


# row 57
def test_a_palette_of_greys_that_a_pixel_lies_beyond_is_refused() -> None:
    plte = pt.chunk(b"PLTE", b"\0\0\0\1\1\1")
    labels = pt.encode([[0, 1, 2]] * 2, 8, pt.INDEXED, before=[plte])
    assert reason_of(CODEBOOK, labels) == "bad-palette"


# row 91
@pytest.mark.parametrize("position", [1, 2, 3, 5, 6, 7])
def test_a_label_that_was_edited_is_refused(position: int) -> None:
    rows = bytearray(ROWS)
    rows[position] = (rows[position] + 1) % 3
    assert reason_of(CODEBOOK, pt.grey_png(3, 2, bytes(rows))) == "digest-mismatch"


# row 91
def test_labels_that_a_paint_program_changed_are_refused() -> None:
    smooth = label_picture(np.arange(256).reshape(16, 16).tolist())
    codebook, labels = encode(smooth, "best")
    changed: list[Image.Image] = []
    with Image.open(io.BytesIO(labels)) as image:
        changed += [image.rotate(180), image.resize((15, 16)), image.crop((0, 0, 15, 16))]
        changed += [image.point(lambda value: 255 - value), image.quantize(16).convert("L")]
        changed += [image.transpose(Image.Transpose.TRANSPOSE)]
    for picture_changed in changed:
        file = io.BytesIO()
        picture_changed.save(file, "PNG")
        assert reason_of(codebook, file.getvalue()) == "digest-mismatch"


# Damage and mixed-up files


# row 87: each fact of rows 35 to 44 and 57 is a test of png/test_reading.py; here, that a pair
# goes the same way
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (b"", "not-a-png"),
        (b"GIF89a", "not-a-png"),
        (LABEL_PNG[:-1], "truncated"),
        (LABEL_PNG[:-12], "truncated"),
        (pt.grey_png(3, 2, ROWS[:4]), "truncated"),
        (LABEL_PNG + b"\x00", "trailing-data"),
        (LABEL_PNG[:-1] + b"\x00", "bad-crc"),
        (pt.grey_png(3, 2, ROWS * 2), "excess-data"),
        (pt.grey_png(3, 2, b"\x09" + ROWS[1:]), "bad-filter"),
        (pt.grey_png(0, 2, ROWS), "bad-dimensions"),
        (pt.grey_png(100_000, 100_000, ROWS), "side-limit"),
        (pt.grey_png(9460, 9460, ROWS), "pixel-limit"),
        (pt.png(pt.ihdr(3, 2), pt.chunk(b"IDAT", b"garbage"), pt.IEND), "bad-deflate"),
        (pt.png(pt.ihdr(3, 2, color_type=3), pt.idat(ROWS), pt.IEND), "bad-palette"),
    ],
)
def test_a_damaged_label_png_is_refused(labels: bytes, reason: str) -> None:
    assert reason_of(CODEBOOK, labels) == reason


# row 83
def test_every_truncation_of_a_sealed_codebook_is_refused() -> None:
    whole = len(CODEBOOK) - 40
    for length in range(len(CODEBOOK)):
        assert (reason_of(CODEBOOK[:length], LABEL_PNG) == "unsealed") is (length == whole)


# row 84
def test_every_flipped_bit_of_a_codebook_is_refused() -> None:
    for position in range(len(CODEBOOK)):
        for bit in range(8):
            damaged = bytearray(CODEBOOK)
            damaged[position] ^= 1 << bit
            reason = reason_of(bytes(damaged), LABEL_PNG)
            if 128 <= position < 137:
                assert reason == "digest-mismatch"


# row 85
@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\x00", "trailing-data"),
        (ct.seal(LABELS, FLAG) * 2, "trailing-data"),
        (ct.seal(LABELS, FLAG)[:-1], "trailing-data"),
        (bytes(40), "bad-seal"),
        (ct.seal(LABELS, FLAG)[::-1], "bad-seal"),
        (bytes(10_000), "trailing-data"),
    ],
)
def test_what_follows_a_codebook_must_be_its_seal(tail: bytes, reason: str) -> None:
    assert reason_of(ct.npy(FLAG) + tail, LABEL_PNG) == reason


# row 85
@pytest.mark.parametrize("size", [1, 39, 41, 80, 4096, 1 << 20])
def test_bytes_after_a_codebook_that_are_no_seal_are_refused(size: int) -> None:
    assert reason_of(ct.npy(FLAG) + b"K" * size, LABEL_PNG) == "trailing-data"


def test_forty_foreign_bytes_after_a_codebook_are_no_seal() -> None:
    assert reason_of(ct.npy(FLAG) + b"K" * 40, LABEL_PNG) == "bad-seal"
    unchecked = b"KMCODEC1" + bytes(32)
    assert decode_codebook(ct.npy(FLAG) + unchecked)[1] == unchecked


# row 86
def test_the_two_halves_are_not_interchangeable() -> None:
    assert reason_of(LABEL_PNG, CODEBOOK) == "not-npy"
    assert reason_of(LABEL_PNG, LABEL_PNG) == "not-npy"
    assert reason_of(CODEBOOK, CODEBOOK) == "not-a-png"


# row 106
def test_labels_of_one_picture_with_the_codebook_of_another_are_refused() -> None:
    first, second = picture((8, 9), 20, 3, seed=1), picture((8, 9), 20, 3, seed=2)
    assert reason_of(encode(first, "best")[0], encode(second, "best")[1]) == "digest-mismatch"
    assert reason_of(encode(second, "best")[0], encode(first, "best")[1]) == "digest-mismatch"


# row 106
def test_labels_of_another_size_or_with_a_reordered_codebook_are_refused() -> None:
    first = picture((8, 9), 20, 3)
    turned = IndexedImage(first.labels.T, first.codebook)
    reordered = IndexedImage(19 - first.labels, first.codebook[::-1])
    for other in (turned, reordered):
        assert reason_of(encode(other, "best")[0], encode(first, "best")[1]) == "digest-mismatch"


# row 109
def test_a_pair_of_a_newer_version_is_refused_as_such_whatever_else_is_new_in_it() -> None:
    rgb = pt.encode([[0, 0, 0, 1, 1, 1, 2, 2, 2]] * 2, 8, pt.RGB)
    newer = ct.npy(FLAG) + ct.seal(LABELS, FLAG, b"2")
    for labels in (LABEL_PNG, rgb, LABEL_PNG[:-1], b""):
        for seal in (newer, newer[:-1], newer + bytes(40), newer[:-32]):
            assert reason_of(seal, labels) == "unsupported-version"
    assert reason_of(newer[:-33], LABEL_PNG) == "trailing-data"


def test_the_limit_on_pixels_is_kept() -> None:
    assert_is(read(CODEBOOK, LABEL_PNG, max_pixels=6), PICTURE, verified=True)
    assert reason_of(CODEBOOK, LABEL_PNG, max_pixels=5) == "pixel-limit"


# row 93
def test_hostile_pairs_are_refused_within_32_mebibytes() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    hostile = [
        (CODEBOOK, pt.png(pt.ihdr(3, 2), pt.chunk(b"IDAT", bomb), pt.IEND), "excess-data"),
        (CODEBOOK, pt.png(pt.ihdr(9459, 9459), pt.chunk(b"IDAT", b"\0"), pt.IEND), "truncated"),
        (ct.npy_with(ct.npy_header("(999999999, 4)"), bytes(1 << 20)), LABEL_PNG, "bad-codebook"),
        (ct.npy_with(ct.npy_header("(256, 4)"), bytes(1 << 20)), LABEL_PNG, "trailing-data"),
    ]
    for codebook, labels, reason in hostile:
        found, peak = traced(functools.partial(reason_of, codebook, labels))
        assert found == reason
        assert peak < 4 << 20
