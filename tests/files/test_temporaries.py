"""Writing is whole or not at all, and leaves nothing behind.

Rows are those of the catalogue of bad inputs and faults.
"""

import contextlib
import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_tools import snapshot
from fault_tools import Faults, FaultyFile, inject
from test_files import reason_of

from codec import files
from codec.files import temporaries

pytestmark = pytest.mark.usefixtures("kind")


class NoLinks(Faults):
    """A file system without hard links, and faults beside."""

    def __init__(self, number: int, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._number = number

    def link(self, source: object, target: object, **options: int) -> None:
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
        def link(self, source: Path, target: Path, **options: Any) -> None:
            if target == second:
                second.write_bytes(b"of another process")
            os.link(source, target, **options)

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
        temporaries, "open", lambda number, mode, buffering: Slow(faults, number, mode),
        raising=False,
    )  # fmt: skip
    files.write_files([(tmp_path / "file", b"0123456789")])
    assert (tmp_path / "file").read_bytes() == b"0123456789"
    assert faults.log.count("write") == 4


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_synced_before_it_is_named_and_its_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool, kind: str
) -> None:
    if force:
        (tmp_path / "file").write_bytes(b"old")
    faults = inject(monkeypatch, Faults())
    files.write_files([(tmp_path / "file", b"content")], force=force)
    steps = {
        ("named", False): ["link", "open", "fsync", "unlink"],
        ("named", True): ["replace", "open", "fsync", "unlink"],
        ("unnamed", False): ["link", "open", "fsync"],
        ("unnamed", True): ["link", "replace", "unlink", "open", "fsync"],
    }
    assert faults.log == ["open", "write", "fsync", "close", *steps[kind, force]]


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


# Owners and permissions


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711, 0o1644, 0o7777])
def test_special_bits_are_not_kept(tmp_path: Path, mode: int) -> None:  # row 120
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    files.write_files([(path, b"new")], force=True)
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o4755])
def test_owner_and_group_are_kept_where_allowed(tmp_path: Path, mode: int) -> None:  # row 120
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, 1234, 4321)
    path.chmod(mode)
    files.write_files([(path, b"new"), (tmp_path / "other", b"new")], force=True)
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (1234, 4321)
    assert stat.S_IMODE(status.st_mode) == mode & 0o777
    assert (tmp_path / "other").stat().st_uid == 0


def test_where_owners_cannot_be_kept_the_file_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Unprivileged(Faults):
        def chown(self, path: object, owner: int, group: int) -> None:
            asked.append(owner)
            raise PermissionError(errno.EPERM, "not permitted")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o4640)
    inject(monkeypatch, Unprivileged())
    files.write_files([(path, b"new")], force=True)
    assert asked == [path.stat().st_uid, -1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


# What is left behind


def make_temporary(folder: Path, process: int, age: float, word: str = "0123456789ab") -> Path:
    path = folder / f".kmcodec-{process}-{word}.tmp"
    path.write_bytes(b"torn")
    os.utime(path, (time.time() - age,) * 2)
    return path


def gone_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.mark.parametrize("force", [False, True])
def test_what_a_gone_process_left_long_ago_is_swept(tmp_path: Path, force: bool) -> None:
    gone = gone_process()  # row 116
    make_temporary(tmp_path, gone, 3700)
    make_temporary(tmp_path, 999_999_999, 3 * 86400, "aaaaaaaaaaaa")
    (tmp_path / "sub").mkdir()
    kept = {
        make_temporary(tmp_path, gone, 3000, "bbbbbbbbbbbb"),
        make_temporary(tmp_path, os.getpid(), 86400),
        make_temporary(tmp_path, 1, 86400),
        make_temporary(tmp_path / "sub", gone, 86400),
        make_temporary(tmp_path, gone, 86400, "of a user"),
        make_temporary(tmp_path, gone, 86400, "0123456789ABCDEF"),
    }
    folder = tmp_path / f".kmcodec-{gone}-cccccccccccc.tmp"
    folder.mkdir()
    os.utime(folder, (0, 0))
    link = tmp_path / f".kmcodec-{gone}-dddddddddddd.tmp"
    link.symlink_to("nothing")
    files.write_files([(tmp_path / "file", b"content")], force=force)
    found = {tmp_path / name for name in snapshot(tmp_path)}
    assert found == {*kept, folder, link, tmp_path / "sub", tmp_path / "file"}


def test_a_directory_is_looked_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    class Watched(Faults):
        def scandir(self, folder: str) -> Any:
            looked.append(folder)
            return os.scandir(folder)

    inject(monkeypatch, Watched())
    for number in range(5):
        files.write_files([(tmp_path / str(number), b"content")])
    assert looked == [str(tmp_path)]


def test_unnamed_files_have_no_name_while_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    seen = []

    class Watched(Faults):
        def fsync(self, descriptor: int) -> None:
            seen.append(sorted(path.suffix for path in tmp_path.iterdir()))

    inject(monkeypatch, Watched())
    files.write_files([(tmp_path / "a.npy", b"1"), (tmp_path / "b.png", b"2")])
    written = [[".tmp"], [".tmp", ".tmp"]] if kind == "named" else [[], []]
    assert seen[:2] == written


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS])
@pytest.mark.parametrize("force", [False, True])
def test_a_file_system_without_unnamed_files_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, force: bool
) -> None:
    class Named(Faults):
        def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
            if flags & temporaries._UNNAMED == temporaries._UNNAMED != 0:
                raise OSError(number, os.strerror(number))
            return os.open(path, flags, mode)

    inject(monkeypatch, Named())
    files.write_files([(tmp_path / "file", b"content")], force=force)
    assert (tmp_path / "file").read_bytes() == b"content"
    assert set(snapshot(tmp_path)) == {"file"}


def test_without_proc_files_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isdir = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path != "/proc/self/fd" and isdir(path))
    faults = inject(monkeypatch, Faults())
    files.write_files([(tmp_path / "file", b"content")])
    assert faults.log[-1] == "unlink"
    assert set(snapshot(tmp_path)) == {"file"}


def test_many_files_leave_no_descriptor_open(tmp_path: Path) -> None:
    files.write_files([(tmp_path / "first", b"1")])
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("nobody counts descriptors here")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        files.write_files([(tmp_path / str(number), b"1")], force=number % 2 == 0)
        assert reason_of(files.write_files, [(tmp_path / "first", b"1")]) == "exists"
    assert len(os.listdir("/proc/self/fd")) == before
