"""Whatever Hypothesis makes of files: the right picture or a `CodecError`, nothing else."""

import io
import struct
from collections.abc import Callable
from typing import Any, Literal

import container_tools as ct
import imageio.v3 as iio
import numpy as np
import numpy.typing as npt
import png_tools as pt
import pytest
from cost_tools import slow
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from vector_tools import (
    CONFORMING,
    MAX_MUTANT_PIXELS,
    VECTORS,
    assert_as_specified,
    format_and_files,
    parts_of,
    read,
)

from codec.decompressor import decompress
from codec.errors import CodecError
from codec.formats.npy import decode_npy
from codec.formats.registry import FORMATS
from codec.indexed import IndexedImage
from codec.png.reading import read_png
from codec.png.samples import decode_samples

EXAMPLES = settings(max_examples=200, derandomize=True, deadline=None)
SEED_CODEBOOK, SEED_LABELS = format_and_files("flag.labels.png")[1]
READERS: dict[str, Callable[[bytes], object]] = {
    "npy": decode_npy,
    "npz": lambda data: FORMATS["npz"].decode(data, max_pixels=MAX_MUTANT_PIXELS),
    "png": lambda data: FORMATS["png"].decode(data, max_pixels=MAX_MUTANT_PIXELS),
    "samples": lambda data: decode_samples(read_png(data, MAX_MUTANT_PIXELS)),
    "labels": lambda data: FORMATS["pair"].decode(
        SEED_CODEBOOK, data, max_pixels=MAX_MUTANT_PIXELS
    ),
    "codebook": lambda data: FORMATS["pair"].decode(
        data, SEED_LABELS, max_pixels=MAX_MUTANT_PIXELS
    ),
}
TOKENS = (
    b"\x93NUMPY\x01\x00", b"{'descr': '|u1', 'fortran_order': False, 'shape': (", b"), }\n",
    b"\x89PNG\r\n\x1a\n", b"IHDR", b"PLTE", b"tRNS", b"kmSL", b"IDAT", b"IEND", b"KMCODEC1",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"labels.npy", b"codebook.npy", b"seal.npy",
    b"\x01\x00\x10\x00", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
)  # fmt: skip


SEED_FILES = [(row["format"], parts_of(VECTORS, row)) for row in CONFORMING]
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


@pytest.mark.slow
@pytest.mark.parametrize("reader", list(READERS))
@EXAMPLES
@given(
    data=st.one_of(st.binary(max_size=300), mutated_seeds(), mutated_seeds().map(pt.repair_crcs))
)
def test_any_bytes_give_a_value_or_a_codec_error(reader: str, data: bytes) -> None:
    assert value_or_reason(READERS[reader], data) != ""


# The reference decoder of dense files takes a millisecond for a label.
@pytest.mark.parametrize("format", slow(FORMATS, "kmc".__eq__))
@EXAMPLES
@given(data=st.data())
def test_whatever_is_edited_the_specification_says_the_same(
    format: str, data: st.DataObject
) -> None:
    parts = data.draw(st.sampled_from([p for f, p in SEED_FILES if f == format]))
    index = data.draw(st.integers(0, len(parts) - 1))
    edited = data.draw(st.booleans())
    mutant = data.draw(mutated(parts[index]))
    mutant = pt.repair(mutant) if edited and mutant[:8] == pt.SIGNATURE else mutant
    assert_as_specified(format, [*parts[:index], mutant, *parts[index + 1 :]])


@EXAMPLES
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join))
def test_any_magic_words_give_a_value_or_a_codec_error(data: bytes) -> None:
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


@pytest.mark.slow
@pytest.mark.parametrize("format", list(FORMATS))
@EXAMPLES
@given(indexed=indexed_images())
def test_any_picture_comes_back_exactly_and_verified(format: str, indexed: IndexedImage) -> None:
    contents = FORMATS[format].decode(
        *FORMATS[format].encode(indexed, "best"), max_pixels=indexed.labels.size
    )
    assert contents.verified
    assert contents.indexed.labels.tolist() == indexed.labels.tolist()
    assert contents.indexed.codebook.tolist() == indexed.codebook.tolist()


@EXAMPLES
@given(indexed=indexed_images())
def test_numpy_pillow_and_imageio_read_the_same_out_of_our_files(indexed: IndexedImage) -> None:
    codebook_file, labels_file = FORMATS["pair"].encode(indexed, "best")
    assert iio.imread(labels_file).tolist() == indexed.labels.tolist()
    assert np.load(io.BytesIO(codebook_file)).tolist() == indexed.codebook.tolist()
    with np.load(io.BytesIO(FORMATS["npz"].encode(indexed, "best")[0])) as arrays:
        assert arrays["labels"].tolist() == indexed.labels.tolist()
        assert arrays["codebook"].tolist() == indexed.codebook.tolist()
    mode = (None, "L", "LA", "RGB", "RGBA")[indexed.channels]
    with Image.open(io.BytesIO(FORMATS["png"].encode(indexed, "best")[0])) as image:
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
def test_an_npy_is_accepted_exactly_if_it_is_of_uint8_with_two_axes_in_c_order(
    array: npt.NDArray[Any], order: Literal["C", "F"], rest: bytes
) -> None:
    array = array.copy(order=order)
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
def test_an_npy_that_is_accepted_is_what_numpy_loads(data: bytes) -> None:
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
    indexed: IndexedImage, compressed: bool, codebook_first: bool
) -> None:
    arrays = {"labels": indexed.labels, "codebook": indexed.codebook}
    if codebook_first:
        arrays = dict(reversed(arrays.items()))
    file = io.BytesIO()
    write: Callable[..., None] = np.savez_compressed if compressed else np.savez
    write(file, **arrays)
    found = read("npz", [file.getvalue()])
    assert found is not None
    assert not found.verified
    with np.load(io.BytesIO(file.getvalue())) as loaded:
        assert loaded["labels"].tolist() == found.indexed.labels.tolist()
        assert loaded["codebook"].tolist() == found.indexed.codebook.tolist()


@st.composite
def png_pictures(draw: st.DrawFn) -> tuple[bytes, ct.Bytes, int]:
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
def test_a_png_of_any_kind_has_the_samples_that_pillow_and_imageio_see(
    picture: tuple[bytes, ct.Bytes, int],
) -> None:
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
