"""The npz (`codec.formats.npz`): a plain ZIP archive of arrays (rows 95 to 105)."""

import bz2
import io
import lzma
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest

from codec.errors import CodecError, FormatError, LimitError
from codec.formats.contents import Contents
from codec.formats.npz import decode, encode
from codec.indexed import IndexedImage
from codec.options import MAX_PIXELS

FLAG = np.array([[0, 0, 255], [255, 255, 255], [255, 0, 0]], dtype=np.uint8)
LABELS = np.array([[0, 1, 2], [0, 1, 2]], dtype=np.uint8)
PICTURE = IndexedImage(LABELS, FLAG)
(ENCODED,) = encode(PICTURE)
ONE_MEBIBYTE = 1 << 20


def picture(shape: tuple[int, int], size: int, channels: int, seed: int = 0) -> IndexedImage:
    state = np.random.RandomState(seed)
    labels = state.randint(0, size, shape).astype(np.uint8)
    return IndexedImage(labels, state.randint(0, 256, (size, channels)).astype(np.uint8))


def read(data: bytes, max_pixels: int = MAX_PIXELS) -> Contents:
    return decode([data], max_pixels)


def reason_of(data: bytes, max_pixels: int = MAX_PIXELS) -> str:
    with pytest.raises(CodecError) as caught:
        read(data, max_pixels)
    assert isinstance(caught.value, (FormatError, LimitError))
    assert "pickle" not in str(caught.value)
    return caught.value.reason


def assert_is(contents: Contents, expected: IndexedImage, *, verified: bool) -> None:
    assert contents.verified is verified
    assert contents.indexed.labels.tolist() == expected.labels.tolist()
    assert contents.indexed.codebook.tolist() == expected.codebook.tolist()


def flag_members(*, sealed: bool = True) -> list[ct.Member]:
    return ct.members_of(LABELS, FLAG, sealed=sealed)


def flag_with(index: int, **changes: object) -> bytes:
    """The flag's archive with attributes of one member changed."""
    members = flag_members()
    for name, value in changes.items():
        assert hasattr(members[index], name)
        setattr(members[index], name, value)
    return ct.archive(members)


def bomb(mebibytes: int) -> bytes:
    """A DEFLATE stream of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(ONE_MEBIBYTE)) for _ in range(mebibytes))
    return packed + packer.flush()


def test_the_archive_is_laid_out_as_specified():
    with zipfile.ZipFile(io.BytesIO(ENCODED)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels.npy", "codebook.npy", "seal.npy"]
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.flag_bits, info.extra, info.comment) == (0, b"", b"")
            assert info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        assert archive.read("labels.npy") == ct.npy(LABELS)
        assert archive.read("codebook.npy") == ct.npy(FLAG)
        seal = np.frombuffer(ct.seal(LABELS, FLAG), dtype=np.uint8)
        assert archive.read("seal.npy") == ct.npy(seal.reshape(1, 40))
        packed = [
            ENCODED[info.header_offset + 30 + len(info.filename) :][: info.compress_size]
            for info in archive.infolist()
        ]
        methods = [info.compress_type for info in archive.infolist()]
    members = flag_members()
    for member, member.packed, member.method in zip(members, packed, methods, strict=True):
        assert len(member.packed) < len(member.plain)
    assert ct.archive(members) == ENCODED


def test_numpy_load_reads_an_archive():
    expected = picture((20, 30), 200, 4)
    with np.load(io.BytesIO(encode(expected)[0]), allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["codebook", "labels", "seal"]
        assert arrays["labels"].tolist() == expected.labels.tolist()
        assert arrays["codebook"].tolist() == expected.codebook.tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (13, 11)])
def test_a_picture_comes_back_exactly_and_verified(channels, size, shape):
    expected = picture(shape, size, channels)
    assert_is(read(*encode(expected)), expected, verified=True)


def test_encoding_is_deterministic():
    assert encode(picture((50, 40), 90, 3)) == encode(picture((50, 40), 90, 3))


def test_members_that_deflate_would_enlarge_are_stored():
    expected = picture((64, 64), 256, 4)
    with zipfile.ZipFile(io.BytesIO(encode(expected)[0])) as archive:
        assert all(info.compress_size <= info.file_size for info in archive.infolist())
    noise = IndexedImage(np.frombuffer(bytes(range(256)), dtype=np.uint8)[None], expected.codebook)
    assert_is(read(*encode(noise)), noise, verified=True)


def test_parts_add_up_to_the_size_of_the_file():
    contents = read(ENCODED)
    assert contents.form == "npz"
    assert list(contents.part_bytes) == ["labels", "codebook", "seal", "container"]
    assert contents.size_bytes == len(ENCODED)
    # Three local headers, three entries, the names twice, and the end.
    assert contents.part_bytes["container"] == 3 * 30 + 3 * 46 + 2 * (10 + 12 + 8) + 22


def test_the_archive_of_the_tests_own_builder_is_read_too():
    assert_is(read(ct.archive(flag_members())), PICTURE, verified=True)
    for method in (ct.STORED, ct.DEFLATED):
        members = flag_members()
        for member in members:
            member.method = method
        assert_is(read(ct.archive(members)), PICTURE, verified=True)


# Archives that others wrote


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (13, 11), (300, 200)])
def test_an_archive_that_numpy_wrote_is_read_exactly_and_said_to_be_unverified(write, shape):
    expected = picture(shape, 256, 3)
    for order in ("labels", "codebook"), ("codebook", "labels"):
        file = io.BytesIO()
        write(file, **{name: getattr(expected, name) for name in order})
        assert_is(read(file.getvalue()), expected, verified=False)


def test_an_archive_that_zipfile_wrote_is_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in reversed(flag_members()):
            archive.writestr(member.name.decode(), member.plain)
    assert_is(read(file.getvalue()), PICTURE, verified=True)


def test_fields_that_say_nothing_of_the_content_may_have_any_value():
    harmless = {"time": 0xBF7D, "date": 0x5A21, "needed": 45}
    central = {"made": 0x031E, "internal": 1, "external": 0o644 << 16}
    for index in range(3):
        data = flag_with(index, both=harmless, central=central)
        assert_is(read(data), PICTURE, verified=True)
    assert_is(read(flag_with(0, both={"flags": 0x0800})), PICTURE, verified=True)


def test_room_for_64_bit_sizes_is_read_where_numpy_reserves_it():
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


def refused_within(data: bytes, mebibytes: float) -> str:
    tracemalloc.start()
    try:
        reason = reason_of(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < mebibytes * ONE_MEBIBYTE
    return reason


# row 95
def test_a_deflate_bomb_is_refused_without_inflating_it():
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
def test_a_deflate_bomb_behind_a_true_header_is_refused_without_inflating_it():
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(ct.npy(LABELS))
    packed += b"".join(packer.compress(bytes(ONE_MEBIBYTE)) for _ in range(200)) + packer.flush()
    size = len(ct.npy(LABELS)) + 200 * ONE_MEBIBYTE
    assert refused_within(flag_with(0, packed=packed), 1) == "bad-deflate"
    assert refused_within(flag_with(0, packed=packed, both={"size": size}), 1) == "bad-members"


# row 95
def test_labels_that_claim_more_pixels_than_allowed_are_refused_from_their_header():
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
def test_labels_that_their_bytes_cannot_hold_are_refused_without_allocating_them():
    plain = ct.npy_with(ct.npy_header("(9000, 9000)"))
    claim = {"size": len(plain) + 9000 * 9000}
    assert refused_within(flag_with(0, plain=plain, both=claim), 1) == "bad-archive"


# rows 95, 100
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bzip2_and_lzma_bombs_are_refused_unopened(method):
    file = io.BytesIO()
    zeros = bytes(32 * ONE_MEBIBYTE)
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("labels.npy", ct.npy_with(ct.npy_header("(4096, 8192)"), zeros))
        archive.writestr("codebook.npy", ct.npy(FLAG))
    assert len(file.getvalue()) < 10_000
    assert refused_within(file.getvalue(), 1) == "bad-archive"


# row 96
def test_a_header_bomb_is_refused_without_inflating_it():
    header = b"\x93NUMPY\x02\x00" + struct.pack("<I", 64 * ONE_MEBIBYTE)
    plain = header + b" " * (64 * ONE_MEBIBYTE)
    packers = {ct.DEFLATED: ct.deflate, 12: bz2.compress, 14: lzma.compress}
    for method, packer in packers.items():
        packed = packer(plain)
        for index in range(3):
            data = flag_with(index, plain=plain, packed=packed, method=method)
            reason = refused_within(data, 1)
            if method != ct.DEFLATED:
                assert reason == "bad-archive"
            else:
                assert reason == ("bad-npy-header" if index == 0 else "bad-members")


# row 97
@pytest.mark.parametrize(
    "names",
    [
        (b"labels.npy", b"labels.npy"),
        (b"codebook.npy", b"codebook.npy", b"labels.npy"),
        (b"labels.npy", b"codebook.npy", b"codebook.npy"),
        (b"labels.npy", b"codebook.npy", b"codebook"),
        (b"labels.npy", b"codebook"),
        (b"labels", b"codebook.npy"),
        (b"labels.npy", b"code\0book.npy"),
        (b"labels.npy", b"codebook.npy\0"),
        (b"labels.npy", b"codebook.npy\0.npy"),
        (b"labels.npy", b"Codebook.npy"),
        (b"labels.npy", b"codebook.npy", b"Seal.npy"),
    ],
)
def test_names_that_are_double_similar_or_hold_a_nul_are_refused(names):
    contents = {b"l": ct.npy(LABELS), b"c": ct.npy(FLAG)}
    members = [ct.Member(name, contents.get(name[:1].lower(), ct.npy(FLAG))) for name in names]
    assert reason_of(ct.archive(members)) == "bad-members"


# row 98
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([], "not-npz"),
        (flag_members()[:1], "bad-archive"),
        (flag_members()[1:], "bad-members"),
        (flag_members()[::2], "bad-members"),
        ([*flag_members(), ct.Member(b"extra.npy", ct.npy(FLAG))], "bad-archive"),
        ([*flag_members(sealed=False), ct.Member(b"extra.npy", ct.npy(FLAG))], "bad-members"),
        ([*flag_members(sealed=False), ct.Member(b"folder/", b"", ct.STORED)], "bad-members"),
        ([*flag_members(sealed=False), ct.Member(b"", b"", ct.STORED)], "bad-members"),
        (flag_members() * 3334, "bad-archive"),
    ],
    ids=[
        "empty archive", "labels alone", "no labels", "no codebook", "four members",
        "another member", "a directory", "a member without a name", "10,002 members",
    ],
)  # fmt: skip
def test_members_that_are_missing_or_too_many_are_refused(members, reason):
    assert reason_of(ct.archive(members)) == reason


# row 99
@pytest.mark.parametrize(
    "name",
    [
        b"../codebook.npy", b"/codebook.npy", b"..\\codebook.npy", b"./codebook.npy",
        b"C:\\codebook.npy", "\u202eypn.koobedoc".encode(), b"\xff\xfe", b"a" * 65535,
        b"\x1b[31mcodebook.npy", b"codebook.npy/", b" codebook.npy",
    ],
)  # fmt: skip
def test_a_name_that_is_a_path_or_a_trick_is_refused_and_nothing_is_written(
    name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    members = [ct.Member(b"labels.npy", ct.npy(LABELS)), ct.Member(name, ct.npy(FLAG))]
    assert reason_of(ct.archive(members)) == "bad-members"
    utf8 = [members[0], ct.Member(name, ct.npy(FLAG), both={"flags": 0x0800})]
    assert reason_of(ct.archive(utf8)) == "bad-members"
    assert list(tmp_path.iterdir()) == []


# row 100
@pytest.mark.parametrize("flags", [1 << bit for bit in range(16) if bit != 11])
def test_encryption_and_every_other_flag_but_that_of_utf8_names_is_refused(flags):
    for index in range(3):
        assert reason_of(flag_with(index, both={"flags": flags})) == "bad-archive"


# row 100
@pytest.mark.parametrize("method", [1, 2, 6, 7, 9, 10, 12, 14, 93, 95, 97, 98, 99, 0xFFFF])
def test_every_method_but_store_and_deflate_is_refused(method):
    for index in range(3):
        assert reason_of(flag_with(index, both={"method": method})) == "bad-archive"


# row 101
@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("method", [ct.STORED, ct.DEFLATED])
@pytest.mark.parametrize("where", ["local", "central", "both"])
@pytest.mark.parametrize("field", ["size", "packed_size", "crc"])
def test_a_size_or_crc_that_lies_is_refused(index, method, where, field):
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
def test_a_changed_byte_is_refused_even_if_sizes_lie_about_it():
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
def test_bytes_after_an_array_in_its_member_are_refused(index):
    plain = flag_members()[index].plain + b"\x00"
    for method in (ct.STORED, ct.DEFLATED):
        reason = reason_of(flag_with(index, plain=plain, method=method))
        assert reason == ("bad-members", "trailing-data", "bad-seal")[index]


# row 101
@pytest.mark.parametrize("index", [0, 1, 2])
def test_bytes_after_the_stream_of_a_member_are_refused(index):
    packed = ct.deflate(flag_members()[index].plain)
    assert reason_of(flag_with(index, packed=packed + b"\x00")) == "bad-deflate"
    assert reason_of(flag_with(index, packed=packed[:-1])) == "bad-deflate"
    assert reason_of(flag_with(index, packed=packed * 2)) == "bad-deflate"
    assert reason_of(flag_with(index, packed=b"\x07")) == "bad-deflate"
    assert reason_of(flag_with(index, packed=b"")) == ("not-npy" if index == 0 else "bad-archive")


# row 102
def test_overlapping_members_are_refused():
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
def test_a_member_whose_header_the_end_of_the_file_cuts_short_is_refused(left):
    # Stored labels span everything but the last bytes of the file, where the codebook should be.
    members = [ct.Member(b"labels.npy", ct.npy(LABELS), ct.STORED), flag_members()[1]]
    size = len(ct.archive(members)) - left
    members[0].both = {"size": size - 40, "packed_size": size - 40}
    members[1].central = {"offset": size}
    assert reason_of(ct.archive(members)) == "bad-archive"


# row 102
@pytest.mark.parametrize("offset", [1, 30, 200, 0xFFFFFFFF])
def test_an_entry_that_points_elsewhere_is_refused(offset):
    assert reason_of(flag_with(0, central={"offset": offset})) == "bad-archive"
    assert reason_of(flag_with(1, central={"offset": offset})) == "bad-archive"


# row 103
def test_every_truncation_of_an_archive_is_refused():
    for length in range(len(ENCODED)):
        expected = ("not-npz",) if length < 4 else ("truncated",)
        assert reason_of(ENCODED[:length]) in expected, length


# row 103
@pytest.mark.parametrize("junk", [b"\x00", b"#!/bin/sh\n", b"PK", bytes(100), b"MZ" + bytes(98)])
def test_bytes_before_after_or_between_the_parts_are_refused(junk):
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
def test_an_end_record_that_lies_is_refused(end):
    assert reason_of(ct.archive(flag_members(), end=end)) == "bad-archive"


# row 103
@pytest.mark.parametrize("total", [2, 3])
def test_a_directory_of_fewer_entries_than_its_end_record_says_is_refused(total):
    members = flag_members()[: total - 1]
    end = {"here": total, "total": total}
    assert reason_of(ct.archive(members, end=end)) == "bad-archive"


# row 103
def test_a_directory_moved_by_its_end_record_is_refused():
    directory = ENCODED.index(b"PK\x01\x02")
    size = len(ENCODED) - 22 - directory
    for shift in (-30, -1, 1, 30):
        end = struct.pack(ct.END, b"PK\x05\x06", 0, 0, 3, 3, size - shift, directory + shift, 0)
        assert reason_of(ENCODED[:-22] + end) == "bad-archive"


# row 103
def test_a_zip64_end_record_is_refused():
    entries = {"here": 0xFFFF, "total": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 3, 3, 168, len(ENCODED))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(ENCODED) - 22, 1)
    data = ENCODED[:-22] + record + locator
    end = struct.pack(ct.END, b"PK\x05\x06", 0, 0, *entries.values(), 0)
    assert reason_of(data + end) == "bad-archive"


@pytest.mark.parametrize(
    "central",
    [
        {"magic": b"PK\x01\x03"}, {"extra_size": 1}, {"comment_size": 1}, {"disk": 1},
        {"name_size": 0}, {"name_size": 9}, {"name_size": 0xFFFF}, {"extra_size": 0xFFFF},
        {"comment_size": 0xFFFF},
    ],
    ids=str,
)  # fmt: skip
def test_a_directory_entry_that_lies_is_refused(central):
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
def test_a_local_header_that_differs_from_the_directory_is_refused(changes):
    for index in range(3):
        assert reason_of(flag_with(index, **changes)) == "bad-archive"


def test_a_local_header_without_its_magic_is_refused():
    for index, reason in enumerate(("not-npz", "bad-archive", "bad-archive")):
        assert reason_of(flag_with(index, local={"magic": b"PK\x03\x05"})) == reason


def test_an_extra_field_that_the_end_of_the_file_cuts_short_is_refused():
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


# row 104
@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (b"", "not-npy"),
        (b"text", "not-npy"),
        (pt.grey_png(1, 1, b"\x00\x00"), "not-npy"),
        (b"\x93NUMPY\x01\x00", "truncated"),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr'", "truncated"),
        (b"\x93NUMPY\x03\x00\x76\x00\x00\x00", "bad-npy-header"),
        (ct.npy_with(ct.npy_header("(2, 3)", "'|O'"), bytes(6)), "bad-npy-header"),
        (ct.npy_with(ct.npy_header("(2, 3)", "'<f8'"), bytes(48)), "bad-npy-header"),
        (ct.npy_with(ct.npy_header("(2, 3)", order="True"), bytes(6)), "bad-npy-header"),
        (ct.npy_with(ct.npy_header("(6,)"), bytes(6)), "bad-npy-header"),
    ],
)
def test_a_member_that_is_not_such_an_array_is_refused(index, plain, reason):
    for method in (ct.STORED, ct.DEFLATED):
        assert reason_of(flag_with(index, plain=plain, method=method)) == reason


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_array_that_its_member_cuts_short_is_refused(index):
    plain = flag_members()[index].plain[:-1]
    expected = "bad-members" if index == 0 else "truncated"
    assert reason_of(flag_with(index, plain=plain)) == expected


@pytest.mark.parametrize("shape", [(0, 3), (257, 3), (3, 5), (3, 0), (1, 1000)])
def test_a_codebook_of_an_impossible_shape_is_refused(shape):
    plain = ct.npy(np.zeros(shape, dtype=np.uint8))
    assert reason_of(flag_with(1, plain=plain)) == "bad-codebook"


def test_small_members_have_at_most_4096_bytes():
    for index, reasons in ((1, ("bad-codebook", "bad-members")), (2, ("bad-seal", "bad-members"))):
        for size, reason in zip((4096, 4097), reasons, strict=True):
            plain = ct.npy(np.zeros((1, size - 128), dtype=np.uint8))
            assert len(plain) == size
            assert reason_of(flag_with(index, plain=plain)) == reason


def test_a_label_beyond_the_codebook_is_refused():
    plain = ct.npy(LABELS + np.uint8(1))
    assert reason_of(flag_with(0, plain=plain)) == "label-out-of-range"
    foreign = ct.archive(ct.members_of(LABELS + np.uint8(1), FLAG, sealed=False))
    assert reason_of(foreign) == "label-out-of-range"


@pytest.mark.parametrize("shape", [(1, 39), (1, 41), (40, 1), (2, 20), (0, 40), (1, 0)])
def test_a_seal_of_another_shape_is_no_seal(shape):
    plain = ct.npy(np.zeros(shape, dtype=np.uint8))
    assert reason_of(flag_with(2, plain=plain)) == "bad-seal"


def sealed_with(seal: bytes) -> bytes:
    return flag_with(2, plain=ct.npy(np.frombuffer(seal, dtype=np.uint8).reshape(1, 40)))


# rows 106, 109
def test_the_seal_is_compared():
    assert_is(read(sealed_with(ct.seal(LABELS, FLAG))), PICTURE, verified=True)
    assert reason_of(sealed_with(bytes(40))) == "bad-seal"
    assert reason_of(sealed_with(ct.seal(LABELS, FLAG, b"2"))) == "unsupported-version"
    assert reason_of(sealed_with(ct.seal(LABELS, FLAG[::-1]))) == "digest-mismatch"
    newer = flag_members()
    newer[2].plain = ct.npy(np.frombuffer(ct.seal(LABELS, FLAG, b"2"), dtype=np.uint8)[None])
    newer[0].plain = b"labels of another kind"
    assert reason_of(ct.archive(newer)) == "unsupported-version"
    assert reason_of(flag_with(0, plain=ct.npy(LABELS[::-1, ::-1]))) == "digest-mismatch"
    assert reason_of(flag_with(1, plain=ct.npy(FLAG[::-1]))) == "digest-mismatch"


# row 105
def test_a_file_that_is_also_something_else_is_judged_by_its_first_bytes_and_refused():
    image = pt.grey_png(1, 1, b"\x00\x00")
    assert reason_of(image + ENCODED) == "not-npz"
    assert reason_of(ENCODED + image) == "truncated"
    assert reason_of(b"PK\x05\x06" + bytes(18)) == "not-npz"
    assert reason_of(b"PK\x07\x08" + ENCODED) == "not-npz"
    assert reason_of(b"") == "not-npz"


def test_the_limit_on_pixels_is_kept():
    assert_is(read(ENCODED, 6), PICTURE, verified=True)
    assert reason_of(ENCODED, 5) == "pixel-limit"
