"""Damaged and hostile files of every form: the right pixels or a `CodecError`, nothing else.

Three kinds of attack: every small accident that can befall a vector (rows 83, 84, 88), the same
accidents inside of checksums that are then made right, and whatever Hypothesis thinks of.
"""

import csv
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import container_tools as ct
import imageio.v3 as iio
import numpy as np
import png_tools as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from codec import kernels
from codec.decompressor import decompress
from codec.errors import CodecError
from codec.formats import FORMS, part_paths, reference
from codec.formats.contents import Contents
from codec.formats.npy import decode_npy
from codec.formats.pngfile import decode_samples, read_png
from codec.indexed import IndexedImage

VECTORS = Path(__file__).parent / "vectors"
SPECIFICATION = VECTORS.parents[1] / "format-spec.md"
ZERO_RUN = 64
# A lower limit than usual: mutants that claim a large picture need not be inflated.
MAX_PIXELS = 1 << 16


def manifest() -> list[tuple[str, bool]]:
    """Name of every conforming vector, and whether it is sealed; all are below 4 kB."""
    with (VECTORS / "MANIFEST.csv").open(newline="") as file:
        return [(row["name"], row["verified"] == "yes") for row in csv.DictReader(file)]


# Without compiled kernels a label of a kmc takes a millisecond: formats/kmc has less for them.
SEALED = [
    name
    for name, sealed in manifest()
    if sealed and not name.startswith("dense-") and (kernels.compiled() or name[-4:] != ".kmc")
]
UNSEALED = [name for name, sealed in manifest() if not sealed]
SPECIFIED = (
    "flag.labels.png", "flag.npz", "flag.png", "transparent.png", "grey-alpha.png",
    "foreign-savez.npz", "foreign-zlib.labels.png", "foreign-2-bit-transparent.png",
    "optimized-2-bit.labels.png", "optimized-palette-2-bit.labels.png",
)  # fmt: skip
RESEALED = ("rgba-pixel", "two-colors", "flag", "grey-alpha", "transparent")


def form_and_parts(name: str) -> tuple[str, list[bytes]]:
    form = next(form for form in FORMS.values() if name.endswith(form.suffix))
    return form.name, [path.read_bytes() for path in part_paths(form, VECTORS / name)]


def read(form: str, parts: list[bytes]) -> Contents | None:
    """What a file means, or None if it is refused; anything but a `CodecError` escapes."""
    try:
        return FORMS[form].decode(parts, MAX_PIXELS)
    except CodecError:
        return None


def is_picture(indexed: IndexedImage) -> bool:
    labels, codebook = indexed.labels, indexed.codebook
    return (
        labels.dtype == codebook.dtype == np.uint8
        and labels.ndim == codebook.ndim == 2
        and 1 <= labels.size <= MAX_PIXELS
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


def test_accidents_are_what_they_say():
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
@pytest.mark.parametrize("name", SEALED)
def test_no_accident_turns_a_sealed_file_into_a_wrong_picture(name):
    form, parts = form_and_parts(name)
    expected = read(form, parts)
    assert expected is not None
    assert expected.verified
    pixels = decompress(expected.indexed).tobytes()
    refused = 0
    for mutant in damaged_parts(parts):
        found = read(form, mutant)
        if found is None:
            refused += 1
        elif decompress(found.indexed).tobytes() != pixels:
            pytest.fail(f"{name} decodes to other pixels as {[part.hex() for part in mutant]}")
    assert refused > sum(map(len, parts))


@pytest.mark.parametrize("name", UNSEALED)
def test_accidents_of_a_foreign_file_give_a_picture_or_a_codec_error(name):
    form, parts = form_and_parts(name)
    assert read(form, parts) is not None
    outcomes = {True: 0, False: 0}
    for mutant in damaged_parts(parts):
        found = read(form, mutant)
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
            changed = [pt.repair_adler(mutant, 4 * MAX_PIXELS) for mutant in accidents(content)]
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
                plain = zlib.decompressobj(-15).decompress(mutant, MAX_PIXELS)
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


def count_valid(form: str, mutants: Iterator[list[bytes]]) -> int:
    valid = 0
    for parts in mutants:
        found = read(form, parts)
        if found is not None:
            assert is_picture(found.indexed)
            valid += 1
    return valid


@pytest.mark.parametrize("name", RESEALED)
def test_a_resealed_pair_is_a_valid_picture_or_refused(name):
    _, (codebook, labels) = form_and_parts(f"{name}.labels.png")
    bare = codebook[:-40]

    def mutants() -> Iterator[list[bytes]]:
        for mutant in accidents(bare):
            yield resealed_pair(mutant, labels)
        for mutant in png_mutants(labels):
            yield resealed_pair(bare, mutant)

    assert count_valid("pair", mutants()) > 100


@pytest.mark.parametrize("name", RESEALED)
def test_a_resealed_npz_is_a_valid_picture_or_refused(name):
    _, (codebook_file, labels_file) = form_and_parts(f"{name}.labels.png")
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


@pytest.mark.parametrize("name", RESEALED)
def test_a_resealed_indexed_png_is_a_valid_picture_or_refused(name):
    _, (data,) = form_and_parts(f"{name}.png")
    chunks = pt.chunks_of(data)
    channels = dict(chunks)[b"kmSL"][0]
    bare = pt.from_chunks([chunk for chunk in chunks if chunk[0] != b"kmSL"])

    def mutants() -> Iterator[list[bytes]]:
        for mutant in png_mutants(data):
            yield [mutant]
        for mutant in png_mutants(bare):
            yield [resealed_png(mutant, channels)]

    assert count_valid("png", mutants()) > 100


def test_resealing_makes_a_changed_picture_verified():
    _, (codebook, labels) = form_and_parts("flag.labels.png")
    recolored = codebook[:-41] + b"\x07"
    resealed = read("pair", resealed_pair(recolored, labels))
    assert resealed is not None
    assert resealed.verified
    assert resealed.indexed.codebook.tolist()[2] == [255, 0, 7]
    _, (data,) = form_and_parts("flag.png")
    bare = pt.from_chunks([chunk for chunk in pt.chunks_of(data) if chunk[0] != b"kmSL"])
    found = read("png", [resealed_png(bare, 3)])
    assert found is not None
    assert found.verified


# What the specification's own decoder accepts, which shares no line with the codec


def reference_decoders() -> dict[str, Callable[..., tuple[int, int, int, bytes]]]:
    text = SPECIFICATION.read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(compile(source, "format-spec.md", "exec"), namespace)

    def decoder(form: str) -> Callable[..., tuple[int, int, int, bytes] | None]:
        def decode(parts: list[bytes]) -> tuple[int, int, int, bytes] | None:
            try:
                return namespace[f"decode_{form}"](*parts, max_pixels=MAX_PIXELS)
            except namespace["FormatError"]:
                return None

        return decode

    def decode_kmc(parts: list[bytes]) -> tuple[int, int, int, bytes] | None:
        try:
            labels, codebook, _ = reference.decode(*parts, max_pixels=MAX_PIXELS)
        except reference.FormatError:
            return None
        return (*labels.shape, codebook.shape[1], codebook[labels].tobytes())

    return {form: decoder(form) for form in FORMS if form != "kmc"} | {"kmc": decode_kmc}


REFERENCE = reference_decoders()


def assert_as_specified(form: str, parts: list[bytes]) -> None:
    found, expected = read(form, parts), REFERENCE[form](parts)
    if (found is None) is not (expected is None):
        verdict = "refused" if found is None else "accepted"
        pytest.fail(f"{verdict} against the specification: {[part.hex() for part in parts]}")
    if found is not None and expected is not None:
        pixels = decompress(found.indexed)
        shape = (*pixels.shape[:2], found.indexed.channels)
        assert (*shape, pixels.tobytes()) == expected


@pytest.mark.parametrize("name", SPECIFIED)
def test_after_any_accident_the_specification_says_the_same(name):
    form, parts = form_and_parts(name)
    for mutant in damaged_parts(parts):
        assert_as_specified(form, mutant)


@pytest.mark.parametrize("name", RESEALED)
def test_after_any_accident_inside_of_checksums_the_specification_says_the_same(name):
    _, (codebook, labels) = form_and_parts(f"{name}.labels.png")
    for mutant in accidents(codebook[:-40]):
        assert_as_specified("pair", resealed_pair(mutant, labels))
    for mutant in png_mutants(labels):
        assert_as_specified("pair", resealed_pair(codebook[:-40], mutant))
    _, (data,) = form_and_parts(f"{name}.png")
    for mutant in png_mutants(data):
        assert_as_specified("png", [mutant])
    contents = read("pair", [codebook, labels])
    assert contents is not None
    for mutant in npz_mutants(ct.members_of(contents.indexed.labels, contents.indexed.codebook)):
        assert_as_specified("npz", [mutant])


# Hypothesis


EXAMPLES = settings(max_examples=200, derandomize=True, deadline=None)
SEED_CODEBOOK, SEED_LABELS = form_and_parts("flag.labels.png")[1]
READERS: dict[str, Callable[[bytes], object]] = {
    "npy": decode_npy,
    "npz": lambda data: FORMS["npz"].decode([data], MAX_PIXELS),
    "png": lambda data: FORMS["png"].decode([data], MAX_PIXELS),
    "samples": lambda data: decode_samples(read_png(data, MAX_PIXELS)),
    "labels": lambda data: FORMS["pair"].decode([SEED_CODEBOOK, data], MAX_PIXELS),
    "codebook": lambda data: FORMS["pair"].decode([data, SEED_LABELS], MAX_PIXELS),
}
TOKENS = (
    b"\x93NUMPY\x01\x00", b"{'descr': '|u1', 'fortran_order': False, 'shape': (", b"), }\n",
    b"\x89PNG\r\n\x1a\n", b"IHDR", b"PLTE", b"tRNS", b"kmSL", b"IDAT", b"IEND", b"KMCODEC1",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"labels.npy", b"codebook.npy", b"seal.npy",
    b"\x01\x00\x10\x00", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
)  # fmt: skip


SEED_FILES = [form_and_parts(name) for name, _ in manifest()]
SEEDS = [part for _, parts in SEED_FILES for part in parts]


def value_or_reason(reader: Callable[[bytes], object], data: bytes) -> object:
    try:
        return reader(data) is not None
    except CodecError as error:
        return error.reason


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from((0, 0, 1, 1, 2, 4, 8, 64)))
        new = draw(st.one_of(st.binary(max_size=8), st.sampled_from(TOKENS)))
        data = data[:start] + new + data[start + length :]
    return data


def mutated_seeds() -> st.SearchStrategy[bytes]:
    return st.sampled_from(SEEDS).flatmap(mutated)


@pytest.mark.parametrize("reader", list(READERS))
@EXAMPLES
@given(
    data=st.one_of(st.binary(max_size=300), mutated_seeds(), mutated_seeds().map(pt.repair_crcs))
)
def test_any_bytes_give_a_value_or_a_codec_error(reader, data):
    assert value_or_reason(READERS[reader], data) != ""


@pytest.mark.parametrize("form", list(FORMS))
@EXAMPLES
@given(data=st.data())
def test_whatever_is_edited_the_specification_says_the_same(form, data):
    parts = data.draw(st.sampled_from([p for f, p in SEED_FILES if f == form]))
    index = data.draw(st.integers(0, len(parts) - 1))
    edited = data.draw(st.booleans())
    mutant = data.draw(mutated(parts[index]))
    mutant = pt.repair(mutant) if edited and mutant[:8] == pt.SIGNATURE else mutant
    assert_as_specified(form, [*parts[:index], mutant, *parts[index + 1 :]])


@EXAMPLES
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join))
def test_any_magic_words_give_a_value_or_a_codec_error(data):
    for reader in READERS.values():
        assert value_or_reason(reader, data) != ""


@st.composite
def indexed_images(draw: st.DrawFn) -> IndexedImage:
    size = draw(st.one_of(st.integers(1, 20), st.integers(1, 256)))
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))
    channels = draw(st.integers(1, 4))
    labels = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, size - 1)))
    codebook = draw(hnp.arrays(np.uint8, (size, channels), elements=st.integers(0, 255)))
    return IndexedImage(labels, codebook)


@pytest.mark.parametrize("form", list(FORMS))
@EXAMPLES
@given(indexed=indexed_images())
def test_any_picture_comes_back_exactly_and_verified(form, indexed):
    contents = FORMS[form].decode(FORMS[form].encode(indexed), indexed.labels.size)
    assert contents.verified
    assert contents.indexed.labels.tolist() == indexed.labels.tolist()
    assert contents.indexed.codebook.tolist() == indexed.codebook.tolist()


@EXAMPLES
@given(indexed=indexed_images())
def test_numpy_pillow_and_imageio_read_the_same_out_of_our_files(indexed):
    codebook_file, labels_file = FORMS["pair"].encode(indexed)
    assert iio.imread(labels_file).tolist() == indexed.labels.tolist()
    assert np.load(io.BytesIO(codebook_file)).tolist() == indexed.codebook.tolist()
    with np.load(io.BytesIO(FORMS["npz"].encode(indexed)[0])) as arrays:
        assert arrays["labels"].tolist() == indexed.labels.tolist()
        assert arrays["codebook"].tolist() == indexed.codebook.tolist()
    mode = (None, "L", "LA", "RGB", "RGBA")[indexed.channels]
    with Image.open(io.BytesIO(FORMS["png"].encode(indexed)[0])) as image:
        assert np.asarray(image.convert(mode)).tolist() == decompress(indexed).tolist()


@EXAMPLES
@given(
    array=hnp.arrays(
        st.sampled_from(["u1", "u1", "i1", "?", "<u2", ">u2", "<f4", "S1"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
        fill=st.nothing(),
    ),
    order=st.sampled_from("CF"),
    rest=st.binary(max_size=3),
)
def test_an_npy_is_accepted_exactly_if_it_is_of_uint8_with_two_axes_in_c_order(array, order, rest):
    array = np.asarray(array, order=order)
    file = io.BytesIO()
    np.save(file, array)
    data = file.getvalue() + rest
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    try:
        found, after = decode_npy(data)
    except CodecError:
        assert array.dtype != np.uint8 or array.ndim != 2 or fortran
    else:
        assert array.dtype == np.uint8
        assert found.shape == array.shape
        assert found.tolist() == array.tolist() == np.load(io.BytesIO(data)).tolist()
        assert after == rest


@EXAMPLES
@given(data=mutated_seeds())
def test_an_npy_that_is_accepted_is_what_numpy_loads(data):
    try:
        found, rest = decode_npy(data)
    except CodecError:
        return
    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    assert loaded.dtype == np.uint8
    assert loaded.tolist() == found.tolist()
    assert len(rest) == len(data) - 10 - struct.unpack_from("<H", data, 8)[0] - found.size


@EXAMPLES
@given(
    indexed=indexed_images(),
    compressed=st.booleans(),
    codebook_first=st.booleans(),
)
def test_an_archive_of_numpy_is_accepted_and_is_what_numpy_loads(
    indexed, compressed, codebook_first
):
    arrays = {"labels": indexed.labels, "codebook": indexed.codebook}
    if codebook_first:
        arrays = dict(reversed(arrays.items()))
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    found = read("npz", [file.getvalue()])
    assert found is not None
    assert not found.verified
    with np.load(io.BytesIO(file.getvalue())) as loaded:
        assert loaded["labels"].tolist() == found.indexed.labels.tolist()
        assert loaded["codebook"].tolist() == found.indexed.codebook.tolist()


@st.composite
def png_pictures(draw: st.DrawFn) -> tuple[bytes, np.ndarray, int]:
    """A PNG of any kind of up to 8 bits, the samples in it, and its color type."""
    color_type = draw(st.sampled_from((pt.GREY, pt.RGB, pt.INDEXED, pt.GREY_ALPHA, pt.RGBA)))
    few = color_type in (pt.GREY, pt.INDEXED)
    depth = draw(st.sampled_from((1, 2, 4, 8))) if few else 8
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    shape = (height, width * pt.SAMPLES[color_type])
    samples = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 2**depth - 1)))
    kinds = tuple(draw(st.lists(st.integers(0, 4), min_size=1, max_size=5)))
    before = [pt.chunk(b"PLTE", bytes(i * 83 % 256 for i in range(3 << depth)))]
    data = pt.encode(
        samples.tolist(), depth, color_type, kinds=kinds, interlace=draw(st.integers(0, 1)),
        before=before if color_type == pt.INDEXED else [], level=draw(st.integers(0, 9)),
    )  # fmt: skip
    return data, samples.reshape(height, width, -1), color_type


@EXAMPLES
@given(picture=png_pictures())
def test_a_png_of_any_kind_has_the_samples_that_pillow_and_imageio_see(picture):
    data, samples, color_type = picture
    png = read_png(data)
    found = decode_samples(png)
    assert found.tolist() == samples.tolist()
    scale = 255 // (2**png.header.depth - 1) if color_type == pt.GREY else 1
    mode = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}[color_type]
    with Image.open(io.BytesIO(data)) as image:
        # Pillow keeps the depth of a palette's indices but scales greys.
        seen = np.asarray(image if mode == "P" else image.convert(mode))
        assert seen.reshape(found.shape).tolist() == (found * np.uint8(scale)).tolist()
    if color_type == pt.INDEXED:
        contents = read("png", [data])
        assert contents is not None
        assert iio.imread(data).tolist() == decompress(contents.indexed).tolist()
