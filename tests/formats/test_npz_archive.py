"""The archive of an npz: bombs, sizes that lie, parts that overlap (rows 95, 96, 100 to 103)."""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import container_tools as ct
import pytest
from cost_tools import ONE_MEBIBYTE, slow, traced
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is, flag_members, flag_with

from codec.formats.npz import decode, encode

(ENCODED,) = encode(PICTURE, "best")
READER = Reader(decode)
read, reason_of = READER.read, READER.reason_of
PACKERS: dict[int, Callable[[bytes], bytes]] = {
    ct.DEFLATED: ct.deflate,
    zipfile.ZIP_BZIP2: bz2.compress,
    zipfile.ZIP_LZMA: lzma.compress,
}


def bomb(mebibytes: int) -> bytes:
    """A DEFLATE stream of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(ONE_MEBIBYTE)) for _ in range(mebibytes))
    return packed + packer.flush()


def refused_within(data: bytes, mebibytes: float) -> str:
    reason, peak = traced(lambda: reason_of(data))
    assert peak < mebibytes * ONE_MEBIBYTE
    return reason


def test_room_for_64_bit_sizes_is_read_where_numpy_reserves_it() -> None:
    plain = ct.npy(LABELS)
    packed = ct.deflate(plain)
    extra = struct.pack("<HHQQ", 1, 16, len(plain), len(packed))
    in_extra = {"size": 0xFFFFFFFF, "packed_size": 0xFFFFFFFF}
    assert_is(read(flag_with(0, extra=extra, local=in_extra)), PICTURE, verified=True)
    for wrong in (
        struct.pack("<HHQQ", 1, 16, len(plain) + 1, len(packed)),
        struct.pack("<HHQQ", 1, 16, len(plain), len(packed) + 1),
        struct.pack("<HHQQ", 1, 16, len(packed), len(plain)),
        struct.pack("<HHQQ", 1, 16, len(plain) + 2**32, len(packed)),
        struct.pack("<HHQQ", 2, 16, len(plain), len(packed)),
        struct.pack("<HHQQ", 1, 17, len(plain), len(packed)),
        struct.pack("<HHQ", 1, 8, len(plain)),
        struct.pack("<HHQ", 1, 16, len(plain)),
        struct.pack("<HHQQQ", 1, 16, len(plain), len(packed), 0),
        b"UT\x05\x00\x03" + bytes(4),
    ):
        assert reason_of(flag_with(0, extra=wrong, local=in_extra)) == "bad-archive"
    assert reason_of(flag_with(0, extra=extra)) == "bad-archive"
    assert reason_of(flag_with(0, local=in_extra)) == "bad-archive"
    assert reason_of(flag_with(0, extra=extra, local={"size": 0xFFFFFFFF})) == "bad-archive"


# Bombs


# row 95
def test_a_deflate_bomb_is_refused_without_inflating_it() -> None:
    size = 200 * ONE_MEBIBYTE
    packed = bomb(200)
    for index in (1, 2):
        # First the size says that of the flag, then the truth.
        assert refused_within(flag_with(index, packed=packed), 1) == "bad-deflate"
        data = flag_with(index, packed=packed, both={"size": size})
        assert refused_within(data, 1) == "bad-members"
    # Labels show their header first.
    assert refused_within(flag_with(0, packed=packed, both={"size": size}), 1) == "not-npy"


# row 95
def test_a_deflate_bomb_behind_a_true_header_is_refused_without_inflating_it() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(ct.npy(LABELS))
    packed += b"".join(packer.compress(bytes(ONE_MEBIBYTE)) for _ in range(200)) + packer.flush()
    size = len(ct.npy(LABELS)) + 200 * ONE_MEBIBYTE
    assert refused_within(flag_with(0, packed=packed), 1) == "bad-deflate"
    assert refused_within(flag_with(0, packed=packed, both={"size": size}), 1) == "bad-members"


# row 95
def test_labels_that_claim_more_pixels_than_allowed_are_refused_from_their_header() -> None:
    for shape, reason in (
        ("(65535, 65535)", "pixel-limit"),
        ("(65536, 1)", "side-limit"),
        ("(9999999999, 9999999999)", "side-limit"),
        ("(0, 3)", "bad-dimensions"),
        ("(3, 0)", "bad-dimensions"),
    ):
        plain = ct.npy_with(ct.npy_header(shape), bytes(64))
        assert refused_within(flag_with(0, plain=plain), 1) == reason
        assert refused_within(flag_with(0, plain=plain, method=ct.STORED), 1) == reason


# row 95
def test_labels_that_their_bytes_cannot_hold_are_refused_without_allocating_them() -> None:
    plain = ct.npy_with(ct.npy_header("(9000, 9000)"))
    claim = {"size": len(plain) + 9000 * 9000}
    assert refused_within(flag_with(0, plain=plain, both=claim), 1) == "bad-archive"


# rows 95, 100
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bzip2_and_lzma_bombs_are_refused_unopened(method: int) -> None:
    file = io.BytesIO()
    zeros = bytes(32 * ONE_MEBIBYTE)
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("labels.npy", ct.npy_with(ct.npy_header("(4096, 8192)"), zeros))
        archive.writestr("codebook.npy", ct.npy(FLAG))
    assert len(file.getvalue()) < 10_000
    assert refused_within(file.getvalue(), 1) == "bad-archive"


# row 96
@pytest.mark.parametrize("method", slow(PACKERS, ct.DEFLATED.__ne__))
def test_a_header_bomb_is_refused_without_inflating_it(method: int) -> None:
    header = b"\x93NUMPY\x02\x00" + struct.pack("<I", 64 * ONE_MEBIBYTE)
    plain = header + b" " * (64 * ONE_MEBIBYTE)
    packed = PACKERS[method](plain)
    for index in range(3):
        data = flag_with(index, plain=plain, packed=packed, method=method)
        reason = refused_within(data, 1)
        if method != ct.DEFLATED:
            assert reason == "bad-archive"
        else:
            assert reason == ("bad-npy-header" if index == 0 else "bad-members")


# What the headers say


# row 100
@pytest.mark.parametrize("flags", [1 << bit for bit in range(16) if bit != 11])
def test_encryption_and_every_other_flag_but_that_of_utf8_names_is_refused(flags: int) -> None:
    for index in range(3):
        assert reason_of(flag_with(index, both={"flags": flags})) == "bad-archive"


# row 100
@pytest.mark.parametrize("method", [1, 2, 6, 7, 9, 10, 12, 14, 93, 95, 97, 98, 99, 0xFFFF])
def test_every_method_but_store_and_deflate_is_refused(method: int) -> None:
    for index in range(3):
        assert reason_of(flag_with(index, both={"method": method})) == "bad-archive"


# row 101
@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("method", [ct.STORED, ct.DEFLATED])
@pytest.mark.parametrize("where", ["local", "central", "both"])
@pytest.mark.parametrize("field", ["size", "packed_size", "crc"])
def test_a_size_or_crc_that_lies_is_refused(
    index: int, method: int, where: str, field: str
) -> None:
    member = flag_members()[index]
    truth = {
        "size": len(member.plain),
        "packed_size": len(member.plain if method == ct.STORED else ct.deflate(member.plain)),
        "crc": zlib.crc32(member.plain),
    }[field]
    for lie in (truth - 1, truth + 1, 0, 0xFFFFFFFF):
        data = flag_with(index, method=method, **{where: {field: lie}})
        reason = reason_of(data)
        if where != "both" or field == "packed_size" or (method == ct.STORED and field == "size"):
            assert reason == "bad-archive"
        elif field == "crc":
            assert reason == "bad-crc"
        elif index == 0 or lie > 4096:
            assert reason == "bad-members"
        else:
            assert reason in ("bad-crc", "bad-deflate")


# row 101
def test_a_changed_byte_is_refused_even_if_sizes_lie_about_it() -> None:
    plain = ct.npy(LABELS)
    changed = plain[:-1] + b"\x01"
    sizes = {"size": len(plain), "crc": zlib.crc32(plain)}
    assert reason_of(flag_with(0, plain=changed, both=sizes)) == "bad-crc"
    for less in (1, 2, 6):
        both = {"size": len(plain) - less, "crc": zlib.crc32(plain)}
        assert reason_of(flag_with(0, plain=changed, both=both)) == "bad-members"
        stored = {**both, "packed_size": len(plain) - less}
        data = flag_with(0, plain=changed, method=ct.STORED, both=stored)
        assert reason_of(data) == "bad-archive"


# row 101
@pytest.mark.parametrize("index", [0, 1, 2])
def test_bytes_after_the_stream_of_a_member_are_refused(index: int) -> None:
    packed = ct.deflate(flag_members()[index].plain)
    assert reason_of(flag_with(index, packed=packed + b"\x00")) == "bad-deflate"
    assert reason_of(flag_with(index, packed=packed[:-1])) == "bad-deflate"
    assert reason_of(flag_with(index, packed=packed * 2)) == "bad-deflate"
    assert reason_of(flag_with(index, packed=b"\x07")) == "bad-deflate"
    assert reason_of(flag_with(index, packed=b"")) == ("not-npy" if index == 0 else "bad-archive")


# Where the parts lie


# row 102
def test_overlapping_members_are_refused() -> None:
    # One local header that three entries point to.
    members = flag_members()
    shared = [ct.Member(b"labels.npy", ct.npy(LABELS), central={"offset": 0}) for _ in range(3)]
    assert reason_of(ct.archive(shared)) == "bad-archive"
    # The codebook inside of the stored labels.
    inner = ct.archive(members[1:2])[: -22 - 46 - 12]
    outer = ct.Member(b"labels.npy", inner, ct.STORED)
    nested = ct.Member(b"codebook.npy", ct.npy(FLAG), central={"offset": 30 + 10})
    assert reason_of(ct.archive([outer, nested])) == "bad-archive"
    # Entries in another order than the members.
    swapped = ct.archive(members)
    begin = swapped.index(b"PK\x01\x02")
    first, second, third = 46 + 10, 46 + 12, 46 + 8
    directory = swapped[begin : begin + first + second + third]
    swapped = (
        swapped[:begin]
        + directory[first : first + second]
        + directory[:first]
        + directory[first + second :]
        + swapped[begin + len(directory) :]
    )
    assert reason_of(swapped) == "bad-archive"


# row 102
@pytest.mark.parametrize("left", range(31))
def test_a_member_whose_header_the_end_of_the_file_cuts_short_is_refused(left: int) -> None:
    # Stored labels span everything but the last bytes of the file, where the codebook should be.
    members = [ct.Member(b"labels.npy", ct.npy(LABELS), ct.STORED), flag_members()[1]]
    size = len(ct.archive(members)) - left
    members[0].both = {"size": size - 40, "packed_size": size - 40}
    members[1].central = {"offset": size}
    assert reason_of(ct.archive(members)) == "bad-archive"


# row 102
@pytest.mark.parametrize("offset", [1, 30, 200, 0xFFFFFFFF])
def test_an_entry_that_points_elsewhere_is_refused(offset: int) -> None:
    assert reason_of(flag_with(0, central={"offset": offset})) == "bad-archive"
    assert reason_of(flag_with(1, central={"offset": offset})) == "bad-archive"


# row 103
def test_every_truncation_of_an_archive_is_refused() -> None:
    for length in range(len(ENCODED)):
        expected = ("not-npz",) if length < 4 else ("truncated",)
        assert reason_of(ENCODED[:length]) in expected, length


# row 103
@pytest.mark.parametrize("junk", [b"\x00", b"#!/bin/sh\n", b"PK", bytes(100), b"MZ" + bytes(98)])
def test_bytes_before_after_or_between_the_parts_are_refused(junk: bytes) -> None:
    members = flag_members()
    assert reason_of(junk + ENCODED) == "not-npz"
    assert reason_of(ct.archive(members, before=junk)) == "not-npz"
    assert reason_of(ct.archive(members, between=junk)) == "bad-archive"
    assert reason_of(ct.archive(members, after_members=junk)) == "bad-archive"
    assert reason_of(ct.archive(members, after_entries=junk)) == "bad-archive"
    assert reason_of(ENCODED + junk) == "truncated"
    assert (
        reason_of(ct.archive(members, tail=junk, end={"comment_size": len(junk)})) == "truncated"
    )


# row 103
@pytest.mark.parametrize(
    "end",
    [
        {"disk": 1}, {"start_disk": 1}, {"here": 2}, {"total": 2}, {"here": 2, "total": 2},
        {"here": 4, "total": 4}, {"here": 0xFFFF, "total": 0xFFFF}, {"here": 0, "total": 0},
        {"size": 0}, {"size": 0xFFFFFFFF}, {"offset": 0}, {"offset": 0xFFFFFFFF},
        {"offset": 0xFFFFFFFF, "size": 0xFFFFFFFF}, {"comment_size": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_end_record_that_lies_is_refused(end: ct.Fields) -> None:
    assert reason_of(ct.archive(flag_members(), end=end)) == "bad-archive"


# row 103
@pytest.mark.parametrize("total", [2, 3])
def test_a_directory_of_fewer_entries_than_its_end_record_says_is_refused(total: int) -> None:
    members = flag_members()[: total - 1]
    end = {"here": total, "total": total}
    assert reason_of(ct.archive(members, end=end)) == "bad-archive"


# row 103
def test_a_directory_moved_by_its_end_record_is_refused() -> None:
    directory = ENCODED.index(b"PK\x01\x02")
    size = len(ENCODED) - 22 - directory
    for shift in (-30, -1, 1, 30):
        end = struct.pack(ct.END, b"PK\x05\x06", 0, 0, 3, 3, size - shift, directory + shift, 0)
        assert reason_of(ENCODED[:-22] + end) == "bad-archive"


# row 103
def test_a_zip64_end_record_is_refused() -> None:
    entries = {"here": 0xFFFF, "total": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 3, 3, 168, len(ENCODED))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(ENCODED) - 22, 1)
    data = ENCODED[:-22] + record + locator
    end = struct.pack(ct.END, b"PK\x05\x06", 0, 0, *entries.values(), 0)
    assert reason_of(data + end) == "bad-archive"


# The directory and the local headers


@pytest.mark.parametrize(
    "central",
    [
        {"magic": b"PK\x01\x03"}, {"extra_size": 1}, {"comment_size": 1}, {"disk": 1},
        {"name_size": 0}, {"name_size": 9}, {"name_size": 0xFFFF}, {"extra_size": 0xFFFF},
        {"comment_size": 0xFFFF},
    ],
    ids=str,
)  # fmt: skip
def test_a_directory_entry_that_lies_is_refused(central: ct.Fields) -> None:
    for index in range(3):
        assert reason_of(flag_with(index, central=central)) == "bad-archive"


@pytest.mark.parametrize(
    "changes",
    [
        {"local": {"flags": 0x0800}},
        {"local": {"method": ct.STORED}},
        {"local": {"name_size": 0}},
        {"local": {"name_size": 0xFFFF}},
        {"local": {"extra_size": 1}},
        {"local": {"extra_size": 20}},
        {"local": {"extra_size": 0xFFFF}},
        {"local_name": b"something.npy"},
        {"local_name": b"LABELS.NPY"},
        {"extra": b"\x01\x00\x00\x00"},
    ],
    ids=str,
)
def test_a_local_header_that_differs_from_the_directory_is_refused(
    changes: dict[str, Any],
) -> None:
    for index in range(3):
        assert reason_of(flag_with(index, **changes)) == "bad-archive"


def test_a_local_header_without_its_magic_is_refused() -> None:
    for index, reason in enumerate(("not-npz", "bad-archive", "bad-archive")):
        assert reason_of(flag_with(index, local={"magic": b"PK\x03\x05"})) == reason


def test_an_extra_field_that_the_end_of_the_file_cuts_short_is_refused() -> None:
    # Stored labels span everything up to a local header that lies inside of the directory. Its
    # extra field begins six bytes before the end of the file, with the directory's offset, which
    # looks like the extra field of NumPy.
    directory_at = 0x00100001
    labels, codebook = b"labels.npy", b"codebook.npy"
    entries = 2 * 46 + len(labels) + len(codebook)
    header_at = directory_at + entries
    packed = header_at - 30 - len(labels)

    def local(name: bytes, sizes: int, name_size: int, extra_size: int) -> bytes:
        fields = (20, 0, 0, 0, 33, 0, sizes, sizes, name_size, extra_size)
        return struct.pack(ct.LOCAL, b"PK\x03\x04", *fields) + name

    def central(name: bytes, sizes: int, offset: int) -> bytes:
        fields = (20, 20, 0, 0, 0, 33, 0, sizes, sizes, len(name), 0, 0, 0, 0, 0, offset)
        return struct.pack(ct.CENTRAL, b"PK\x01\x02", *fields) + name

    body = local(labels, packed, len(labels), 0).ljust(directory_at, b"\0")
    directory = central(labels, packed, 0) + central(codebook, 0xFFFFFFFF, header_at)
    directory += local(b"", 0xFFFFFFFF, 16, 20)
    end = struct.pack(ct.END, b"PK\x05\x06", 0, 0, 2, 2, len(directory), directory_at, 0)
    data = body + directory + end
    assert data[header_at + 30 + 16 :] == b"\x01\x00\x10\x00\x00\x00"
    assert reason_of(data) == "bad-archive"
