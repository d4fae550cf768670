"""Fuzz the reader of dense files with atheris: only a `CodecError` may escape it.

    python tests/fuzz/fuzz_kmc.py TARGET [-runs=N] [-max_total_time=SECONDS] [...]

TARGET is ``kmc``, the bytes as they are, or ``kmc-resealed``, where magic, version, unknown flags,
the lengths of profile and streams and the digest are made right before decoding. Such a file must
be accepted with exactly the labels its streams decode to, and be the same after it was written
again with either effort. Everything after it is for libFuzzer. Seeds are the vectors; what it
finds interesting is kept in `corpus/` beside this file, and an input that fails becomes a file
`crash-*` in the working directory.
"""

import hashlib
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

with atheris.instrument_imports(include=["codec"]):
    from codec.errors import CodecError
    from codec.formats.contents import Contents
    from codec.formats.kmc import file as kmc
    from codec.formats.kmc.bands import band_rows, decode_bands
    from codec.formats.kmc.rice import decode_codebook
    from codec.formats.seal import VERSION
    from codec.indexed import IndexedImage

import container_tools as ct  # noqa: E402
import numpy as np  # noqa: E402
from format_tools import with_profile  # noqa: E402
from fuzz.harness import meaning, run, vectors  # noqa: E402

from codec.kernels import labelcoder  # noqa: E402

MAX_RESEALED = 1 << 13  # they are coded five times
MAX_BANDS = 32
MAX_PROFILE = 1 << 20
DIGEST_SIZE = 8


def read(data: bytes) -> Contents | None:
    """What the file means, or None if it is refused."""
    contents = meaning(kmc.decode, [data])
    if contents is None:
        return None
    labels, codebook = contents.indexed.labels, contents.indexed.codebook
    if not contents.verified or sum(contents.part_bytes.values()) != len(data):
        raise AssertionError("bytes that belong to nothing")
    if digest(labels, codebook, contents.metadata.profile) not in data:
        raise AssertionError("a picture without its digest")
    return contents


def digest(labels: ct.Bytes, codebook: ct.Bytes, profile: bytes) -> bytes:
    return hashlib.sha256(ct.seal(labels, codebook) + profile).digest()[:DIGEST_SIZE]


def varint(number: int) -> bytes:
    coded = bytearray()
    while number >= 0x80:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*coded, number])


def take_varint(data: bytes) -> tuple[int, bytes]:
    """A number in any spelling of up to three bytes, and what follows it."""
    number = 0
    for group, byte in enumerate(data[:3]):
        number |= (byte & 0x7F) << 7 * group
        if byte < 0x80:
            return number, data[group + 1 :]
    return number, data[3:]


def take_profile(data: bytes) -> tuple[bytes, bytes, bytes]:
    """A profile, its field, and what follows it; an empty field if it cannot be made right."""
    size, rest = take_varint(data)
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest, MAX_PROFILE + 1)
    except zlib.error:
        packed = zlib.compress(rest[:size] or b"?", 0)
        return rest[:size] or b"?", varint(len(packed)) + packed, rest[size:]
    if not inflater.eof or not 1 <= len(profile) <= MAX_PROFILE:
        return b"", b"", rest
    packed = rest[: len(rest) - len(inflater.unused_data)]
    return profile, varint(len(packed)) + packed, inflater.unused_data


def shortened(stream: bytes, labels: ct.Bytes, codebook: ct.Bytes, fast: bool) -> bytes:
    """As much of a stream as may be there; a decoder looks three bytes further."""
    slots = np.empty(labelcoder.n_slots(labels.size, fast), dtype=np.uint32)
    while stream:
        bytes_ = np.frombuffer(stream, dtype=np.uint8)
        allowed = labelcoder.decode(bytes_, codebook, slots, labels, fast) - 3
        if len(stream) <= allowed:
            break
        stream = stream[:allowed]
    return stream


def repair(data: bytes) -> tuple[bytes, IndexedImage, bytes] | None:
    """A file that is right from end to end, and what it means; None if there is none."""
    data = kmc.MAGIC + VERSION + bytes([data[5] & 15]) + data[6:]
    try:
        header = kmc.read_header(data, MAX_RESEALED)
    except CodecError:
        return None
    height, width = header.height, header.width
    if header.n_bands > MAX_BANDS:
        return None
    begin = 7 + len(varint(width) + varint(height) + varint(header.n_bands - 1))
    try:
        codebook, size = decode_codebook(data[begin:], header.n_colors, header.channels)
    except CodecError:
        return None
    profile, field, rest = b"", b"", data[begin + size :]
    if header.has_profile:
        profile, field, rest = take_profile(rest)
        if not field:
            return None
    rest, sizes = rest[DIGEST_SIZE:], []
    for _ in range(header.n_bands - 1):
        size_of_stream, rest = take_varint(rest)
        sizes.append(size_of_stream)
    labels = np.zeros((height, width), dtype=np.uint8)
    streams = [b""] * header.n_bands
    if header.n_colors > 1:
        for band, rows in enumerate(band_rows(height, header.n_bands)):
            size_of_stream = [*sizes, len(rest)][band]
            stream, rest = rest[:size_of_stream], rest[size_of_stream:]
            streams[band] = shortened(stream, labels[rows], codebook, header.fast)
        labels = decode_bands(streams, height, width, codebook, header.fast)
    seal = digest(labels, codebook, profile)
    tail = b"".join(varint(len(stream)) for stream in streams[:-1]) + b"".join(streams)
    whole = data[: begin + size] + field + seal + tail
    return whole, IndexedImage(labels, codebook), profile


def expect(data: bytes, indexed: IndexedImage, profile: bytes) -> None:
    found = read(data)
    if found is None:
        raise AssertionError("a right file is refused")
    same = np.array_equal(found.indexed.labels, indexed.labels)
    if not same or not np.array_equal(found.indexed.codebook, indexed.codebook):
        raise AssertionError("another picture")
    if found.metadata.profile != profile:
        raise AssertionError("another profile")


def fuzz_kmc(data: bytes) -> None:
    read(data)


def fuzz_kmc_resealed(data: bytes) -> None:
    if len(data) < 12:
        return
    repaired = repair(data)
    if repaired is None:
        return
    whole, indexed, profile = repaired
    expect(whole, indexed, profile)
    for effort in ("fast", "best"):
        (written,) = kmc.encode(with_profile(indexed, profile), effort)
        expect(written, indexed, profile)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "kmc": fuzz_kmc,
    "kmc-resealed": fuzz_kmc_resealed,
}


def seeds(target: str) -> Iterator[bytes]:
    for row, parts in vectors():
        if row["format"] == "kmc":
            yield parts[0]


if __name__ == "__main__":
    run(TARGETS, seeds, "-max_len=4096", "-timeout=20")
