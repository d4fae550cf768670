"""A seal cannot get lost: whatever bit is flipped, wherever a file is cut (rows 83, 84, 88)."""

import functools
from collections.abc import Iterator

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from cost_tools import slow
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is, compiled_only
from vector_tools import read

from codec.formats import pair
from codec.formats.registry import FORMATS
from codec.indexed import IndexedImage

reason_of = Reader(pair.decode).reason_of
# Beside each, a shape of 40 bytes more, which some headers state by one other bit.
SIZES = [
    (20, 1),  # (20, 3)
    (40, 1),  # (40, 2)
    (8, 1),  # (16, 3), (12, 4)
    (40, 2),  # (40, 3)
    (20, 2),  # (20, 4)
    (40, 3),  # (40, 4)
    (20, 3),  # (25, 4)
    (100, 4),  # (110, 4)
    (30, 4),  # (40, 4)
    (1, 1), (1, 2), (2, 3), (1, 4), (256, 1), (256, 4),
]  # fmt: skip


@functools.cache
def counting(size: int, channels: int) -> IndexedImage:
    """All labels in reading order, and distinct code-words."""
    labels = (np.arange(-(-size // 7) * 7) % size).astype(np.uint8).reshape(-1, 7)
    words = np.arange(size)[:, None] * [5, 37, 101, 197][:channels] + [3, 90, 60, 20][:channels]
    return IndexedImage(labels, (words % 256).astype(np.uint8))


def flips(data: bytes) -> Iterator[bytes]:
    """The data with each of their bits flipped."""
    for position in range(len(data)):
        for bit in range(8):
            yield data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]


def cuts(data: bytes) -> Iterator[bytes]:
    """The data cut at each length."""
    return (data[:length] for length in range(len(data)))


def assert_sealed_or_refused(format: str, parts: list[bytes], expected: IndexedImage) -> bool:
    """Refused, or this picture, verified; tell which."""
    found = read(format, parts)
    if found is None:
        return False
    assert found.verified, [part.hex() for part in parts]
    assert found.indexed.labels.tobytes() == expected.labels.tobytes()
    assert found.indexed.codebook.tobytes() == expected.codebook.tobytes()
    return True


def check_every_change(format: str, expected: IndexedImage) -> int:
    """Change each bit and cut at each length of each file; count what was refused."""
    parts = FORMATS[format].encode(expected, "best")
    assert assert_sealed_or_refused(format, parts, expected)
    refused = 0
    for number, part in enumerate(parts):
        for change in (flips, cuts):
            for changed in change(part):
                one = [*parts[:number], changed, *parts[number + 1 :]]
                refused += not assert_sealed_or_refused(format, one, expected)
    assert refused <= 9 * sum(map(len, parts))
    return refused


# rows 83, 84, 88
@pytest.mark.parametrize("shape", SIZES)
def test_no_bit_and_no_cut_of_either_file_unseals_a_pair(shape: tuple[int, int]) -> None:
    expected = counting(*shape)
    whole = sum(map(len, pair.encode(expected, "best")))
    # Nothing in either file is without meaning.
    assert check_every_change("pair", expected) == 9 * whole


# rows 98, 101
@pytest.mark.parametrize("shape", SIZES)
def test_no_bit_and_no_cut_unseals_an_archive(shape: tuple[int, int]) -> None:
    refused = check_every_change("npz", counting(*shape))
    # Three members have versions, times and attributes that nobody looks at, and bits behind the
    # end of a stream.
    (data,) = FORMATS["npz"].encode(counting(*shape), "best")
    meaningless = 3 * 8 * (2 + 4 + 2 + 2 + 4 + 2 + 4)
    assert meaningless <= 9 * len(data) - refused <= meaningless + 3 * 7


@pytest.mark.parametrize("shape", SIZES)
def test_no_bit_and_no_cut_unseals_an_indexed_png(shape: tuple[int, int]) -> None:
    (data,) = FORMATS["png"].encode(counting(*shape), "best")
    assert check_every_change("png", counting(*shape)) == 9 * len(data)


@compiled_only
@pytest.mark.parametrize("shape", slow(SIZES, lambda shape: shape[0] >= 100))
def test_no_bit_and_no_cut_unseals_a_dense_file(shape: tuple[int, int]) -> None:
    (data,) = FORMATS["kmc"].encode(counting(*shape), "best")
    # Some last bits of a stream have no meaning.
    assert check_every_change("kmc", counting(*shape)) > 8 * len(data)


# row 84
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_ends_in_a_seal_is_never_code_words(channels: int) -> None:
    tried = 0
    for size in range(1, 257):
        codebook = counting(size, channels).codebook
        sealed = codebook.tobytes() + ct.seal(LABELS, codebook)
        for columns in range(1, 41):
            rows, left = divmod(len(sealed), columns)
            if not left:
                header = ct.npy_header(f"({rows}, {columns})")
                assert reason_of(ct.npy_with(header, sealed), b"") == "bad-codebook"
                tried += 1
    assert tried > 500


# row 84
@pytest.mark.parametrize("version", [b"1", b"2", b"\x00"])
def test_a_seal_of_any_version_is_no_code_words(version: bytes) -> None:
    codebook = counting(20, 1).codebook
    seal = ct.seal(LABELS, codebook, version)
    file = ct.npy_with(ct.npy_header("(20, 3)"), codebook.tobytes() + seal)
    assert reason_of(file, pt.encode(LABELS.tolist())) == "bad-codebook"


# rows 83, 85
def test_a_marked_label_png_needs_a_sealed_codebook() -> None:
    sealed, marked = pair.encode(PICTURE, "best")
    unsealed, unmarked = ct.npy(FLAG), pt.encode(LABELS.tolist())

    assert sealed[:-40] == unsealed
    assert reason_of(unsealed, marked) == "unsealed"
    read_pair = Reader(pair.decode).read
    assert_is(read_pair(sealed, marked), PICTURE, verified=True)
    assert_is(read_pair(sealed, unmarked), PICTURE, verified=True)
    assert_is(read_pair(unsealed, unmarked), PICTURE, verified=False)


# row 85
@pytest.mark.parametrize("content", [b"", b"any", b"\x03" + ct.seal(LABELS, FLAG)])
@pytest.mark.parametrize("place", [1, 2])
def test_a_mark_counts_whatever_is_in_it_and_wherever_it_stands(
    content: bytes, place: int
) -> None:
    chunks = pt.chunks_of(pt.encode(LABELS.tolist()))
    labels = pt.from_chunks([*chunks[:place], (b"kmSL", content), *chunks[place:]])
    assert reason_of(ct.npy(FLAG), labels) == "unsealed"
    found = Reader(pair.decode).read(ct.npy(FLAG) + ct.seal(LABELS, FLAG), labels)
    assert_is(found, PICTURE, verified=True)
