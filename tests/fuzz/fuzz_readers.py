"""Fuzz the readers with atheris: only a `CodecError` may escape them.

    python tests/fuzz/fuzz_readers.py TARGET [-runs=N] [-max_total_time=SECONDS] [...]

TARGET is one of npy, npz, png, pair, or one of the last three with ``-resealed``, where checksums
and the seal are made right before decoding, so that mutants get past them. Everything after it is
for libFuzzer. Seeds are the vectors; what it finds interesting is kept in `corpus/` beside this
file, and an input that fails becomes a file `crash-*` in the working directory.

What atheris 3.0 inserts into the readers leaks, up to 1 kB a run (png-resealed); without it memory
stays where it is after a million runs. Long runs are therefore made of several of -runs=1000000;
the corpus carries over.
"""

import io
import struct
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
    from codec.formats.npy import decode_npy
    from codec.formats.registry import FORMATS

import container_tools as ct  # noqa: E402
import numpy as np  # noqa: E402
import png_tools as pt  # noqa: E402
from fuzz.harness import MAX_PIXELS, meaning, run, vectors  # noqa: E402

MAX_MEMBER = MAX_PIXELS + 4096


def read(format: str, parts: list[bytes]) -> Contents | None:
    """What the parts mean, or None if they are refused."""
    return meaning(FORMATS[format].decode, parts)


def fuzz_npy(data: bytes) -> None:
    try:
        array, rest = decode_npy(data)
    except CodecError:
        return
    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    if loaded.tobytes() != array.tobytes() or loaded.shape != array.shape:
        raise AssertionError("not what NumPy loads")
    if rest and not data.endswith(rest):
        raise AssertionError("not what follows")


def fuzz_npz(data: bytes) -> None:
    read("npz", [data])


def fuzz_png(data: bytes) -> None:
    read("png", [data])


def split_pair(data: bytes) -> list[bytes]:
    """Two bytes say how long the codebook is."""
    size = int.from_bytes(data[:2], "little")
    return [data[2 : 2 + size], data[2 + size :]]


def fuzz_pair(data: bytes) -> None:
    read("pair", split_pair(data))


def expect_verified(contents: Contents | None) -> None:
    if contents is None or not contents.verified:
        raise AssertionError("a picture is refused with its own seal")


def fuzz_pair_resealed(data: bytes) -> None:
    codebook, labels = split_pair(data)
    bare = codebook[:-40] if codebook[-40:].startswith(b"KMCODEC") else codebook
    labels = pt.repair(labels)
    found = read("pair", [bare, labels])
    if found is None:
        read("pair", [codebook, labels])
    else:
        bare = ct.npy(found.indexed.codebook)
        sealed = bare + ct.seal(found.indexed.labels, found.indexed.codebook)
        expect_verified(read("pair", [sealed, labels]))


def fuzz_png_resealed(data: bytes) -> None:
    data = pt.repair(data)
    read("png", [data])
    position = data.find(b"kmSL")
    if position < 4 or data[position - 4 : position] != b"\x00\x00\x00\x29":
        return
    # Without its chunk the picture is RGB or RGBA; the seal is made for the channels it states.
    found = read("png", [data[: position - 4] + data[position + 4 + 41 + 4 :]])
    if found is None:
        return
    channels, codebook = data[position + 4], found.indexed.codebook
    if codebook.shape[1] == 3:
        codebook = np.hstack([codebook, np.full((len(codebook), 1), 255, dtype=np.uint8)])
    kept = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}.get(channels, [0])
    seal = ct.seal(found.indexed.labels, np.ascontiguousarray(codebook[:, kept]))
    read("png", [pt.repair_crcs(data[: position + 5] + seal + data[position + 45 :])])


def local_headers(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Method, and where header, content and end of each member are, as far as it goes."""
    position = 0
    while data[position : position + 4] == b"PK\x03\x04" and position + 30 <= len(data):
        fields = struct.unpack_from(ct.LOCAL, data, position)
        begin = position + 30 + fields[9] + fields[10]
        packed_size = fields[7]
        if fields[10] == 20 and begin <= len(data):
            packed_size = int.from_bytes(data[begin - 8 : begin], "little")
        end = begin + packed_size
        if end > len(data):
            return
        yield fields[3], position, begin, end
        position = end


def repair_archive(data: bytes) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    """Make sizes and CRCs right; return also each member's method, end and content."""
    repaired, members = bytearray(data), []
    entry = int.from_bytes(data[-6:-2], "little")
    for method, position, begin, end in local_headers(data):
        plain = data[begin:end]
        if method == ct.DEFLATED:
            try:
                plain = zlib.decompressobj(-15).decompress(plain, MAX_MEMBER)
            except zlib.error:
                return data, []
        crc = zlib.crc32(plain)
        struct.pack_into("<L", repaired, position + 14, crc)
        if data[position + 22 : position + 26] != b"\xff\xff\xff\xff":
            struct.pack_into("<L", repaired, position + 22, len(plain))
        if entry + 46 <= len(data):
            struct.pack_into("<L", repaired, entry + 16, crc)
            struct.pack_into("<L", repaired, entry + 24, len(plain))
            entry += 46 + int.from_bytes(data[entry + 28 : entry + 30], "little")
        members.append((method, end, plain))
    return bytes(repaired), members


def fuzz_npz_resealed(data: bytes) -> None:
    if len(data) < 22:
        return
    data, members = repair_archive(data)
    read("npz", [data])
    if len(members) != 3:
        return
    method, end, seal_file = members[2]
    # The seal is stored in the seeds of this target, so that it can be changed in place.
    if method != ct.STORED or len(seal_file) < 40:
        return
    try:
        (labels, _), (codebook, _) = decode_npy(members[0][2]), decode_npy(members[1][2])
    except CodecError:
        return
    if max(labels.shape) < 1 << 32 and len(codebook) < 1 << 16 and codebook.shape[1] < 256:
        resealed = data[: end - 40] + ct.seal(labels, codebook) + data[end:]
        read("npz", [repair_archive(resealed)[0]])


TARGETS: dict[str, Callable[[bytes], None]] = {
    "npy": fuzz_npy,
    "npz": fuzz_npz,
    "png": fuzz_png,
    "pair": fuzz_pair,
    "npz-resealed": fuzz_npz_resealed,
    "png-resealed": fuzz_png_resealed,
    "pair-resealed": fuzz_pair_resealed,
}


def seeds(target: str) -> Iterator[bytes]:
    for row, parts in vectors():
        format = row["format"]
        if target == "npy" and format == "pair":
            yield parts[0]
        elif target.removesuffix("-resealed") == format:
            pair = format == "pair"
            yield (len(parts[0]).to_bytes(2, "little") if pair else b"") + b"".join(parts)
        if target == "npz-resealed" and format == "pair" and "sha256" in row:
            found = read(format, parts)
            if found is not None:
                members = ct.members_of(found.indexed.labels, found.indexed.codebook)
                members[2].method = ct.STORED
                yield ct.archive(members)


if __name__ == "__main__":
    run(TARGETS, seeds, "-max_len=8192", "-timeout=5")
