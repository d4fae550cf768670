"""Reading is bounded and never blocks; writing is whole or not at all."""

import errno
import io
import os
import socket
from pathlib import Path

import pytest
from cli_tools import snapshot
from fault_tools import Faults

from codec import files
from codec.errors import CodecError, LimitError
from codec.limits import MAX_FILE_BYTES


def reason_of(action: object, *arguments: object, **options: object) -> str:
    """Run what must be refused and return the reason."""
    assert callable(action)
    with pytest.raises(CodecError) as caught:
        action(*arguments, **options)
    assert "\n" not in str(caught.value)
    return caught.value.reason


# Reading


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1000)
    assert files.read_file(path) == path.read_bytes()
    encoded = files.read_file(os.fsencode(path))
    assert files.read_file(str(path)) == encoded


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:  # row 13
    assert reason_of(files.read_file, tmp_path / "none") == "not-found"
    assert reason_of(files.check_source, tmp_path / "none") == "not-found"


def test_a_directory_is_not_read(tmp_path: Path) -> None:  # row 14
    assert reason_of(files.read_file, tmp_path) == "is-directory"
    assert reason_of(files.check_source, tmp_path) == "is-directory"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:  # row 15
    (tmp_path / "empty").touch()
    assert reason_of(files.read_file, tmp_path / "empty") == "empty"


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:  # row 17
    os.mkfifo(tmp_path / "fifo")
    assert reason_of(files.read_file, tmp_path / "fifo") == "not-regular"
    assert reason_of(files.check_source, tmp_path / "fifo") == "not-regular"


def test_devices_and_sockets_are_refused(  # row 18
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is limited to about a hundred bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for name in ("socket", "/dev/zero", "/dev/null"):
            assert reason_of(files.read_file, name) == "not-regular"
            assert reason_of(files.check_source, name) == "not-regular"


def test_a_loop_of_symbolic_links_is_refused(tmp_path: Path) -> None:  # row 19
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert reason_of(files.read_file, tmp_path / "a") == "symlink-loop"


def test_a_huge_sparse_file_is_refused_unread(tmp_path: Path) -> None:  # row 20
    path = tmp_path / "huge"
    path.touch()
    try:
        os.truncate(path, 1 << 40)
    except OSError:  # a file system with smaller files
        os.truncate(path, MAX_FILE_BYTES + 1)
    with pytest.raises(LimitError, match=str(MAX_FILE_BYTES)) as caught:
        files.read_file(path)
    assert caught.value.reason == "file-too-large"


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert files.read_file(path, 5) == b"12345"
    assert reason_of(files.read_file, path, 4) == "file-too-large"


def test_a_path_through_a_file_is_not_found(tmp_path: Path) -> None:  # row 23
    (tmp_path / "a.zip").write_bytes(b"PK")
    assert reason_of(files.read_file, tmp_path / "a.zip" / "x.png") == "not-found"
    assert reason_of(files.check_source, tmp_path / "a.zip" / "x.png") == "not-found"


def test_names_no_system_accepts_are_refused() -> None:
    assert reason_of(files.read_file, "a" * 5000) == "name-too-long"
    assert reason_of(files.read_file, "a\0b") == "input-output"
    assert reason_of(files.check_source, "a\0b") == "input-output"


def test_a_file_that_shrinks_while_it_is_read_gives_what_is_left(  # row 29
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)

    class Shrinking(Faults):
        def fstat(self, descriptor: int) -> os.stat_result:
            status = os.fstat(descriptor)
            os.truncate(path, 100)
            return status

    monkeypatch.setattr(files, "os", Shrinking())
    assert files.read_file(path) == b"x" * 100


def test_a_file_that_grows_while_it_is_read_gives_what_it_promised(  # row 29
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)

    class Growing(Faults):
        def fstat(self, descriptor: int) -> os.stat_result:
            status = os.fstat(descriptor)
            path.write_bytes(b"y" * 5000)
            return status

    monkeypatch.setattr(files, "os", Growing())
    assert files.read_file(path) == b"y" * 1000


def test_short_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))

    class Slow(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(7 if size is None else min(size, 7))

    monkeypatch.setattr(
        files, "open", lambda number, mode, buffering: Slow(number, "r"), raising=False
    )
    assert files.read_file(path) == bytes(range(200))


def test_reading_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    before = snapshot(tmp_path)
    files.read_file(tmp_path / "file")
    assert snapshot(tmp_path) == before


# Names


def test_the_same_file_is_recognized_through_links(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    (tmp_path / "soft").symlink_to("file")
    os.link(path, tmp_path / "hard")
    for other in ("file", "./file", "soft", "hard"):
        assert files.is_same_file(path, tmp_path / other)
    assert not files.is_same_file(path, tmp_path / "none")
    assert not files.is_same_file(path, "a\0b")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("photo.png", "photo.png"),
        ("größe 1.png", "größe 1.png"),
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        (os.fsdecode(b"\xff.png"), r"\udcff.png"),
    ],
)
def test_names_are_shown_on_one_line_without_control_characters(  # row 26
    name: str, shown: str
) -> None:
    assert files.display_name(name) == shown


# Errors


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "no-space"),
        (errno.EDQUOT, "no-space"),
        (errno.EFBIG, "no-space"),
        (errno.EACCES, "no-permission"),
        (errno.EROFS, "no-permission"),
        (errno.EIO, "input-output"),
        (errno.EBADMSG, "input-output"),
    ],
)
def test_what_the_system_says_becomes_a_stable_reason(number: int, reason: str) -> None:
    error = files.as_file_error(OSError(number, os.strerror(number)))
    assert error.reason == reason
    assert str(error)
    assert isinstance(error, OSError)
