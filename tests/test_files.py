"""Reading is bounded and never blocks; writing is whole or not at all."""

import contextlib
import errno
import io
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_tools import snapshot
from fault_tools import Faults, FaultyFile, inject

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


class NoLinks(Faults):
    """A file system without hard links, and faults beside."""

    def __init__(self, number: int, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._number = number

    def link(self, source: object, target: object) -> None:
        """Refuse."""
        raise OSError(self._number, os.strerror(self._number))


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    """Change the mask of new files' permissions for a while."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


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


# Writing


def test_files_are_written_with_the_usual_permissions(tmp_path: Path) -> None:  # row 120
    for mask in (0o022, 0o077, 0o002):
        path = tmp_path / f"file{mask}"
        with umask(mask):
            files.write_files([(path, b"content")])
        assert path.read_bytes() == b"content"
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_replacing_keeps_the_permissions(tmp_path: Path, mode: int) -> None:  # row 120
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    files.write_files([(path, b"new")], force=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_an_existing_file_is_not_replaced_unless_forced(tmp_path: Path) -> None:  # row 11
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = snapshot(tmp_path)
    assert reason_of(files.write_files, [(path, b"new")]) == "exists"
    assert snapshot(tmp_path) == before


def test_a_file_that_appears_while_another_is_written_is_not_replaced(  # row 128
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"

    class Racing(Faults):
        def link(self, source: Path, target: Path) -> None:
            if target == second:
                second.write_bytes(b"of another process")
            os.link(source, target)

    inject(monkeypatch, Racing())
    assert reason_of(files.write_files, [(first, b"1"), (second, b"2")]) == "exists"
    assert second.read_bytes() == b"of another process"
    assert set(snapshot(tmp_path)) == {"second"}


def test_all_files_of_a_group_are_read_back_before_any_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    read_bytes = Path.read_bytes

    def watch(path: Path) -> bytes:
        seen.append(read_bytes(path))
        assert not (tmp_path / "a").exists()
        assert not (tmp_path / "b").exists()
        return seen[-1]

    with monkeypatch.context() as context:
        context.setattr(Path, "read_bytes", watch)
        files.write_files([(tmp_path / "a", b"1"), (tmp_path / "b", b"")])
    assert seen == [b"1", b""]
    assert set(snapshot(tmp_path)) == {"a", "b"}


@pytest.mark.parametrize("force", [False, True])
def test_what_fails_to_verify_is_not_written(  # row 129
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    read_bytes = Path.read_bytes

    if force:
        (tmp_path / "b").write_bytes(b"old")
    before = snapshot(tmp_path)
    outputs = [(tmp_path / "a", b"1"), (tmp_path / "b", b"2")]
    with monkeypatch.context() as context:
        context.setattr(Path, "read_bytes", lambda path: read_bytes(path).replace(b"2", b"3"))
        assert reason_of(files.write_files, outputs, force=force) == "verify"
    assert snapshot(tmp_path) == before


def test_a_target_without_a_directory_is_refused(tmp_path: Path) -> None:  # row 9
    assert reason_of(files.write_files, [(tmp_path / "no" / "x", b"")]) == "no-directory"


def test_a_directory_is_not_replaced(tmp_path: Path) -> None:  # row 10
    (tmp_path / "x").mkdir()
    for force in (False, True):
        assert reason_of(files.write_files, [(tmp_path / "x", b"")], force=force) == "is-directory"


def test_a_fifo_or_device_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for force in (False, True):
        wanted = "not-regular"
        assert reason_of(files.write_files, [(tmp_path / "fifo", b"")], force=force) == wanted
    assert reason_of(files.write_files, [("/dev/null", b"")], force=True) == "not-regular"


def test_a_name_of_255_bytes_is_written_and_one_of_256_refused(tmp_path: Path) -> None:  # row 27
    files.write_files([(tmp_path / ("é" * 126 + "abc"), b"x")])
    assert reason_of(files.write_files, [(tmp_path / ("é" * 128), b"x")]) == "name-too-long"
    assert len(snapshot(tmp_path)) == 1


def test_a_symbolic_link_is_refused_unless_forced_and_then_followed(  # row 118
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "target"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(Path("elsewhere", "target"))
    before = snapshot(tmp_path)
    assert reason_of(files.write_files, [(link, b"new")]) == "symlink"
    assert snapshot(tmp_path) == before

    files.write_files([(link, b"new")], force=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert set(snapshot(tmp_path)) == set(before)


def test_a_dangling_symbolic_link_is_refused_unless_forced(tmp_path: Path) -> None:  # row 118
    link = tmp_path / "link"
    link.symlink_to("target")
    assert reason_of(files.write_files, [(link, b"new")]) == "symlink"
    files.write_files([(link, b"new")], force=True)
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_link_into_a_missing_directory_is_refused_when_forced(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(Path("nowhere", "target"))
    before = snapshot(tmp_path)
    assert reason_of(files.write_files, [(link, b"new")], force=True) == "not-found"
    assert snapshot(tmp_path) == before


def test_replacing_a_hard_link_leaves_its_twin_alone(tmp_path: Path) -> None:
    (tmp_path / "twin").write_bytes(b"old")
    os.link(tmp_path / "twin", tmp_path / "file")
    files.write_files([(tmp_path / "file", b"new")], force=True)
    assert (tmp_path / "twin").read_bytes() == b"old"
    assert (tmp_path / "file").read_bytes() == b"new"


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = inject(monkeypatch, Faults())

    class Slow(FaultyFile):
        def write(self, data: Any, /) -> int:
            return super().write(data[:3])

    monkeypatch.setattr(
        files, "open", lambda number, mode, buffering: Slow(faults, number, mode), raising=False
    )
    files.write_files([(tmp_path / "file", b"0123456789")])
    assert (tmp_path / "file").read_bytes() == b"0123456789"
    assert faults.log.count("write") == 4


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_synced_before_it_is_named_and_its_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    faults = inject(monkeypatch, Faults())
    files.write_files([(tmp_path / "file", b"content")], force=force)
    naming = "replace" if force else "link"
    assert faults.log == ["open", "write", "fsync", "close", naming, "open", "fsync", "unlink"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EMLINK])
def test_a_file_system_without_hard_links_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    inject(monkeypatch, NoLinks(number))
    files.write_files([(tmp_path / "file", b"content")])
    assert (tmp_path / "file").read_bytes() == b"content"
    assert set(snapshot(tmp_path)) == {"file"}


def test_a_reserved_name_is_given_back_if_the_file_cannot_be_put_there(  # row 114
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = NoLinks(errno.EPERM, 1, lambda: OSError(errno.EIO, "bad"), operations=("replace",))
    inject(monkeypatch, failing)
    assert reason_of(files.write_files, [(tmp_path / "file", b"content")]) == "input-output"
    assert failing.struck
    assert snapshot(tmp_path) == {}


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
