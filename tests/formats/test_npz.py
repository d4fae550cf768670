"""The npz: a plain ZIP archive of arrays (rows 95 to 105)."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is, flag_members, flag_with, picture

from codec.formats.npz import decode, encode
from codec.indexed import IndexedImage

(ENCODED,) = encode(PICTURE, "best")
READER = Reader(decode)
read, reason_of = READER.read, READER.reason_of


def test_the_archive_is_laid_out_as_specified() -> None:
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
    for member, content, method in zip(members, packed, methods, strict=True):
        assert len(content) < len(member.plain)
        member.packed, member.method = content, method
    assert ct.archive(members) == ENCODED


def test_numpy_load_reads_an_archive() -> None:
    expected = picture((20, 30), 200, 4)
    with np.load(io.BytesIO(encode(expected, "best")[0]), allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["codebook", "labels", "seal"]
        assert arrays["labels"].tolist() == expected.labels.tolist()
        assert arrays["codebook"].tolist() == expected.codebook.tolist()


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


def test_members_that_deflate_would_enlarge_are_stored() -> None:
    expected = picture((64, 64), 256, 4)
    with zipfile.ZipFile(io.BytesIO(encode(expected, "best")[0])) as archive:
        assert all(info.compress_size <= info.file_size for info in archive.infolist())
    noise = IndexedImage(np.frombuffer(bytes(range(256)), dtype=np.uint8)[None], expected.codebook)
    assert_is(read(*encode(noise, "best")), noise, verified=True)


def test_parts_add_up_to_the_size_of_the_file() -> None:
    contents = read(ENCODED)
    assert contents.format == "npz"
    assert list(contents.part_bytes) == ["labels", "codebook", "seal", "container"]
    assert contents.size_bytes == len(ENCODED)
    # Three local headers, three entries, the names twice, and the end.
    assert contents.part_bytes["container"] == 3 * 30 + 3 * 46 + 2 * (10 + 12 + 8) + 22


def test_the_archive_of_the_tests_own_builder_is_read_too() -> None:
    assert_is(read(ct.archive(flag_members())), PICTURE, verified=True)
    for method in (ct.STORED, ct.DEFLATED):
        members = flag_members()
        for member in members:
            member.method = method
        assert_is(read(ct.archive(members)), PICTURE, verified=True)


# Archives that others wrote


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (13, 11), (300, 200)])
def test_an_archive_that_numpy_wrote_is_read_exactly_and_said_to_be_unverified(
    write: Callable[..., None], shape: tuple[int, int]
) -> None:
    expected = picture(shape, 256, 3)
    for order in ("labels", "codebook"), ("codebook", "labels"):
        file = io.BytesIO()
        write(file, **{name: getattr(expected, name) for name in order})
        assert_is(read(file.getvalue()), expected, verified=False)


def test_an_archive_that_zipfile_wrote_is_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in reversed(flag_members()):
            archive.writestr(member.name.decode(), member.plain)
    assert_is(read(file.getvalue()), PICTURE, verified=True)


def test_fields_that_say_nothing_of_the_content_may_have_any_value() -> None:
    harmless = {"time": 0xBF7D, "date": 0x5A21, "needed": 45}
    central = {"made": 0x031E, "internal": 1, "external": 0o644 << 16}
    for index in range(3):
        data = flag_with(index, both=harmless, central=central)
        assert_is(read(data), PICTURE, verified=True)
    assert_is(read(flag_with(0, both={"flags": 0x0800})), PICTURE, verified=True)


# Members


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
def test_names_that_are_double_similar_or_hold_a_nul_are_refused(names: tuple[bytes, ...]) -> None:
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
def test_members_that_are_missing_or_too_many_are_refused(
    members: list[ct.Member], reason: str
) -> None:
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
    name: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    members = [ct.Member(b"labels.npy", ct.npy(LABELS)), ct.Member(name, ct.npy(FLAG))]
    assert reason_of(ct.archive(members)) == "bad-members"
    utf8 = [members[0], ct.Member(name, ct.npy(FLAG), both={"flags": 0x0800})]
    assert reason_of(ct.archive(utf8)) == "bad-members"
    assert list(tmp_path.iterdir()) == []


# row 101
@pytest.mark.parametrize("index", [0, 1, 2])
def test_bytes_after_an_array_in_its_member_are_refused(index: int) -> None:
    plain = flag_members()[index].plain + b"\x00"
    for method in (ct.STORED, ct.DEFLATED):
        reason = reason_of(flag_with(index, plain=plain, method=method))
        assert reason == ("bad-members", "trailing-data", "bad-seal")[index]


# Arrays


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
def test_a_member_that_is_not_such_an_array_is_refused(
    index: int, plain: bytes, reason: str
) -> None:
    for method in (ct.STORED, ct.DEFLATED):
        assert reason_of(flag_with(index, plain=plain, method=method)) == reason


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_array_that_its_member_cuts_short_is_refused(index: int) -> None:
    plain = flag_members()[index].plain[:-1]
    expected = "bad-members" if index == 0 else "truncated"
    assert reason_of(flag_with(index, plain=plain)) == expected


@pytest.mark.parametrize("shape", [(0, 3), (257, 3), (3, 5), (3, 0), (1, 1000)])
def test_a_codebook_of_an_impossible_shape_is_refused(shape: tuple[int, int]) -> None:
    plain = ct.npy(np.zeros(shape, dtype=np.uint8))
    assert reason_of(flag_with(1, plain=plain)) == "bad-codebook"


def test_small_members_have_at_most_4096_bytes() -> None:
    for index, reasons in ((1, ("bad-codebook", "bad-members")), (2, ("bad-seal", "bad-members"))):
        for size, reason in zip((4096, 4097), reasons, strict=True):
            plain = ct.npy(np.zeros((1, size - 128), dtype=np.uint8))
            assert len(plain) == size
            assert reason_of(flag_with(index, plain=plain)) == reason


def test_a_label_beyond_the_codebook_is_refused() -> None:
    plain = ct.npy(LABELS + np.uint8(1))
    assert reason_of(flag_with(0, plain=plain)) == "label-out-of-range"
    foreign = ct.archive(ct.members_of(LABELS + np.uint8(1), FLAG, sealed=False))
    assert reason_of(foreign) == "label-out-of-range"


@pytest.mark.parametrize("shape", [(1, 39), (1, 41), (40, 1), (2, 20), (0, 40), (1, 0)])
def test_a_seal_of_another_shape_is_no_seal(shape: tuple[int, int]) -> None:
    plain = ct.npy(np.zeros(shape, dtype=np.uint8))
    assert reason_of(flag_with(2, plain=plain)) == "bad-seal"


def sealed_with(seal: bytes) -> bytes:
    return flag_with(2, plain=ct.npy(np.frombuffer(seal, dtype=np.uint8).reshape(1, 40)))


# rows 106, 109
def test_the_seal_is_compared() -> None:
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
def test_a_file_that_is_also_something_else_is_judged_by_its_first_bytes_and_refused() -> None:
    image = pt.grey_png(1, 1, b"\x00\x00")
    assert reason_of(image + ENCODED) == "not-npz"
    assert reason_of(ENCODED + image) == "truncated"
    assert reason_of(b"PK\x05\x06" + bytes(18)) == "not-npz"
    assert reason_of(b"PK\x07\x08" + ENCODED) == "not-npz"
    assert reason_of(b"") == "not-npz"


def test_the_limit_on_pixels_is_kept() -> None:
    assert_is(read(ENCODED, max_pixels=6), PICTURE, verified=True)
    assert reason_of(ENCODED, max_pixels=5) == "pixel-limit"
