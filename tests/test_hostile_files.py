"""Damaged and hostile files of every format: the right pixels or a `CodecError`, nothing else.

Two kinds of attack: every small accident that can befall a vector (rows 83, 84, 88), and the same
accidents inside of checksums that are then made right. What Hypothesis thinks of is in
`test_edited_files.py`.
"""

import zlib
from collections.abc import Iterator

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from cost_tools import slow
from vector_tools import CONFORMING, MAX_MUTANT_PIXELS, assert_as_specified, format_and_files, read

from codec import kernels
from codec.decompressor import decompress
from codec.indexed import IndexedImage

ZERO_RUN = 64
# Without compiled kernels a label of a kmc takes a millisecond: formats/kmc has less for them.
SEALED = [
    row["name"]
    for row in CONFORMING
    if row["verified"] == "yes"
    and not row["name"].startswith("dense-")
    and (kernels.COMPILED or row["format"] != "kmc")
]
UNSEALED = [row["name"] for row in CONFORMING if row["verified"] != "yes"]
SPECIFIED = (
    "flag.labels.png", "flag.npz", "flag.png", "transparent.png", "grey-alpha.png",
    "foreign-savez.npz", "foreign-zlib.labels.png", "foreign-2-bit-transparent.png",
    "optimized-2-bit.labels.png", "optimized-palette-2-bit.labels.png",
)  # fmt: skip
SMALL = ("rgba-pixel", "two-colors", "flag", "grey-alpha", "transparent")


def is_picture(indexed: IndexedImage) -> bool:
    labels, codebook = indexed.labels, indexed.codebook
    return (
        labels.dtype == codebook.dtype == np.uint8
        and labels.ndim == codebook.ndim == 2
        and 1 <= labels.size <= MAX_MUTANT_PIXELS
        and 1 <= len(codebook) <= 256
        and codebook.shape[1] in (1, 2, 3, 4)
        and int(labels.max()) < len(codebook)
    )


def accidents(data: bytes) -> Iterator[bytes]:
    """Every small accident: bits flipped, bytes lost, added, swapped, zeroed, the end cut off."""
    for position in range(len(data)):
        head, byte, tail = data[:position], data[position], data[position + 1 :]
        yield head
        yield head + tail
        for bit in range(8):
            yield head + bytes([byte ^ 1 << bit]) + tail
        for added in (b"\x00", b"\xff", b" "):
            yield head + added + data[position:]
        yield head + tail[:1] + bytes([byte]) + tail[1:]
        run = data[position : position + ZERO_RUN]
        yield head + bytes(len(run)) + data[position + ZERO_RUN :]
    for added in (b"\x00", b"\xff", b" "):
        yield data + added


def test_accidents_are_what_they_say() -> None:
    mutants = list(accidents(b"\x01\x02"))
    assert mutants[:2] == [b"", b"\x02"]
    assert mutants[2:10] == [bytes([1 ^ 1 << bit, 2]) for bit in range(8)]
    assert mutants[10:15] == [
        b"\x00\x01\x02",
        b"\xff\x01\x02",
        b" \x01\x02",
        b"\x02\x01",
        b"\x00\x00",
    ]
    assert mutants[15:17] == [b"\x01", b"\x01"]
    assert mutants[-3:] == [b"\x01\x02\x00", b"\x01\x02\xff", b"\x01\x02 "]


def damaged_parts(parts: list[bytes]) -> Iterator[list[bytes]]:
    for index, part in enumerate(parts):
        for mutant in accidents(part):
            if mutant != part:
                yield [*parts[:index], mutant, *parts[index + 1 :]]


# rows 83, 84, 88, 101, 103
@pytest.mark.parametrize("name", slow(SEALED, lambda name: name.split(".")[0] not in SMALL))
def test_no_accident_turns_a_sealed_file_into_a_wrong_picture(name: str) -> None:
    format, parts = format_and_files(name)
    expected = read(format, parts)
    assert expected is not None
    assert expected.verified
    pixels = decompress(expected.indexed).tobytes()
    refused = 0
    for mutant in damaged_parts(parts):
        found = read(format, mutant)
        if found is None:
            refused += 1
        elif decompress(found.indexed).tobytes() != pixels:
            pytest.fail(f"{name} decodes to other pixels as {[part.hex() for part in mutant]}")
    assert refused > sum(map(len, parts))


@pytest.mark.parametrize("name", UNSEALED)
def test_accidents_of_a_foreign_file_give_a_picture_or_a_codec_error(name: str) -> None:
    format, parts = format_and_files(name)
    assert read(format, parts) is not None
    outcomes = {True: 0, False: 0}
    for mutant in damaged_parts(parts):
        found = read(format, mutant)
        if found is not None:
            assert is_picture(found.indexed)
            assert not found.verified
        outcomes[found is None] += 1
    assert outcomes[True] > sum(map(len, parts))


# The same accidents inside of checksums, which are then made right


def png_mutants(data: bytes) -> Iterator[bytes]:
    """Accidents in what a PNG's checksums cover, with these made right."""
    chunks = pt.chunks_of(data)
    yield from map(pt.repair_crcs, accidents(data))
    for index, (kind, content) in enumerate(chunks):
        if kind == b"IDAT":
            changed = [
                pt.repair_adler(mutant, 4 * MAX_MUTANT_PIXELS) for mutant in accidents(content)
            ]
            changed += [zlib.compress(mutant, 1) for mutant in accidents(zlib.decompress(content))]
        else:
            changed = list(accidents(content))
        for mutant in changed:
            yield pt.from_chunks([*chunks[:index], (kind, mutant), *chunks[index + 1 :]])
        yield pt.from_chunks([*chunks[:index], *chunks[index + 1 :]])
        yield pt.from_chunks([*chunks[: index + 1], *chunks[index:]])
        yield pt.from_chunks([*chunks[:index], *chunks[index + 1 :], chunks[index]])


def npz_mutants(members: list[ct.Member]) -> Iterator[bytes]:
    """Accidents in the members of an archive, with sizes and CRCs made right."""
    for index, member in enumerate(members):
        for mutant in accidents(member.plain):
            for method in (ct.STORED, ct.DEFLATED):
                changed = ct.Member(member.name, mutant, method)
                yield ct.archive([*members[:index], changed, *members[index + 1 :]])
        for mutant in accidents(member.packed_bytes()):
            try:
                plain = zlib.decompressobj(-15).decompress(mutant, MAX_MUTANT_PIXELS)
            except zlib.error:
                plain = member.plain
            changed = ct.Member(member.name, plain, packed=mutant)
            yield ct.archive([*members[:index], changed, *members[index + 1 :]])
        for mutant in accidents(member.name):
            changed = ct.Member(mutant, member.plain)
            yield ct.archive([*members[:index], changed, *members[index + 1 :]])
        yield ct.archive([*members[:index], *members[index + 1 :]])
        yield ct.archive([*members, member])


SOME_SEAL = ct.seal(np.zeros((1, 1), dtype=np.uint8), np.zeros((1, 1), dtype=np.uint8))


def resealed_pair(codebook: bytes, labels: bytes) -> list[bytes]:
    """Give a pair the seal of what it means, if it means anything."""
    found = read("pair", [codebook, labels])
    if found is None:
        return [codebook + SOME_SEAL, labels]
    return [codebook + ct.seal(found.indexed.labels, found.indexed.codebook), labels]


def resealed_png(data: bytes, channels: int) -> bytes:
    """Give an indexed PNG without a seal the one of what it means."""
    found = read("png", [data])
    if found is None:
        return data
    codebook = found.indexed.codebook
    if codebook.shape[1] == 3:
        codebook = np.hstack([codebook, np.full((len(codebook), 1), 255, dtype=np.uint8)])
    kept = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    seal = ct.seal(found.indexed.labels, np.ascontiguousarray(codebook[:, kept]))
    chunks = pt.chunks_of(data)
    return pt.from_chunks([*chunks[:-1], (b"kmSL", bytes([channels]) + seal), chunks[-1]])


def count_valid(format: str, mutants: Iterator[list[bytes]]) -> int:
    valid = 0
    for parts in mutants:
        found = read(format, parts)
        if found is not None:
            assert is_picture(found.indexed)
            valid += 1
    return valid


@pytest.mark.parametrize("name", slow(SMALL, "flag".__ne__))
def test_a_resealed_pair_is_a_valid_picture_or_refused(name: str) -> None:
    _, (codebook, labels) = format_and_files(f"{name}.labels.png")
    bare = codebook[:-40]

    def mutants() -> Iterator[list[bytes]]:
        for mutant in accidents(bare):
            yield resealed_pair(mutant, labels)
        for mutant in png_mutants(labels):
            yield resealed_pair(bare, mutant)

    assert count_valid("pair", mutants()) > 100


@pytest.mark.parametrize("name", slow(SMALL, "flag".__ne__))
def test_a_resealed_npz_is_a_valid_picture_or_refused(name: str) -> None:
    _, (codebook_file, labels_file) = format_and_files(f"{name}.labels.png")
    contents = read("pair", [codebook_file, labels_file])
    assert contents is not None
    labels, codebook = contents.indexed.labels, contents.indexed.codebook
    bare = ct.members_of(labels, codebook, sealed=False)

    def mutants() -> Iterator[list[bytes]]:
        for mutant in npz_mutants(ct.members_of(labels, codebook)):
            yield [mutant]
        for mutant in npz_mutants(bare):
            found = read("npz", [mutant])
            if found is not None:
                yield [ct.archive(ct.members_of(found.indexed.labels, found.indexed.codebook))]
                yield [mutant]

    assert count_valid("npz", mutants()) > 100


@pytest.mark.parametrize("name", slow(SMALL, "flag".__ne__))
def test_a_resealed_indexed_png_is_a_valid_picture_or_refused(name: str) -> None:
    _, (data,) = format_and_files(f"{name}.png")
    chunks = pt.chunks_of(data)
    channels = dict(chunks)[b"kmSL"][0]
    bare = pt.from_chunks([chunk for chunk in chunks if chunk[0] != b"kmSL"])

    def mutants() -> Iterator[list[bytes]]:
        for mutant in png_mutants(data):
            yield [mutant]
        for mutant in png_mutants(bare):
            yield [resealed_png(mutant, channels)]

    assert count_valid("png", mutants()) > 100


def test_resealing_makes_a_changed_picture_verified() -> None:
    _, (codebook, labels) = format_and_files("flag.labels.png")
    recolored = codebook[:-41] + b"\x07"
    resealed = read("pair", resealed_pair(recolored, labels))
    assert resealed is not None
    assert resealed.verified
    assert resealed.indexed.codebook.tolist()[2] == [255, 0, 7]
    _, (data,) = format_and_files("flag.png")
    bare = pt.from_chunks([chunk for chunk in pt.chunks_of(data) if chunk[0] != b"kmSL"])
    found = read("png", [resealed_png(bare, 3)])
    assert found is not None
    assert found.verified


# What the specification's own decoder accepts, which shares no line with the codec


@pytest.mark.parametrize("name", SPECIFIED)
def test_after_any_accident_the_specification_says_the_same(name: str) -> None:
    format, parts = format_and_files(name)
    for mutant in damaged_parts(parts):
        assert_as_specified(format, mutant)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_after_any_accident_inside_of_checksums_the_specification_says_the_same(name: str) -> None:
    _, (codebook, labels) = format_and_files(f"{name}.labels.png")
    for mutant in accidents(codebook[:-40]):
        assert_as_specified("pair", resealed_pair(mutant, labels))
    for mutant in png_mutants(labels):
        assert_as_specified("pair", resealed_pair(codebook[:-40], mutant))
    _, (data,) = format_and_files(f"{name}.png")
    for mutant in png_mutants(data):
        assert_as_specified("png", [mutant])
    contents = read("pair", [codebook, labels])
    assert contents is not None
    for mutant in npz_mutants(ct.members_of(contents.indexed.labels, contents.indexed.codebook)):
        assert_as_specified("npz", [mutant])
