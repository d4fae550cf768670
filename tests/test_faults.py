"""Whatever fails, and whenever: outputs are whole or as they were, and nothing is left behind.

Faults are injected the way SQLite is tested: the first operation on a file fails, then in another
run the second, and so on until a run gets by without one. Rows are those of the catalogue of bad
inputs and faults.
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Run, Sandbox, few_colors, refused
from fault_tools import (
    TASKS,
    Faults,
    FaultyFile,
    every_fault,
    inject,
    prepare,
    restore,
)
from marks import slowly

import codec
from codec import files
from codec.files import temporaries

pytestmark = pytest.mark.usefixtures("kind")

ERRORS: dict[str, tuple[Callable[[], BaseException], int, str]] = {
    "no space": (lambda: OSError(errno.ENOSPC, "No space left"), 1, "no-space"),
    "a broken disk": (lambda: OSError(errno.EIO, "Input/output error"), 1, "input-output"),
    "no memory": (MemoryError, 1, "memory"),
    "SIGINT": (KeyboardInterrupt, 130, "interrupted"),
    "SIGTERM": (lambda: SystemExit(143), 143, ""),
}


# What fails has not been done; a signal may come before or after.
@pytest.mark.parametrize(
    ("error", "afterwards"),
    [
        ("no space", False),
        slowly("a broken disk", False),
        slowly("no memory", False),
        slowly("SIGINT", False),
        slowly("SIGTERM", False),
        ("SIGINT", True),
        slowly("SIGTERM", True),
    ],
)
@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("task", ["pair", "npz", "decompress"])  # png is written as npz is
def test_no_failing_operation_leaves_half_of_anything(  # rows 110, 113, 114, 117
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    existing: bool,
    error: str,
    afterwards: bool,
    kind: str,
) -> None:
    make_error, code, reason = ERRORS[error]
    old, new = prepare(sandbox, task, existing=existing)
    arguments, outputs = TASKS[task]
    force = ("--force",) if existing else ()
    runs: list[Run] = []

    def attempt(faults: Faults) -> None:
        restore(outputs, old, existing=existing)
        runs.append(sandbox.run(*arguments, *force))

    for faults in every_fault(monkeypatch, attempt, error=make_error, afterwards=afterwards):
        run, where = runs[-1], f"{faults.struck_at} of {faults.log}"
        # What the system refuses to remove stays; a signal is no such reason.
        stuck = faults.struck_at == "unlink" and code == 1
        assert len(sandbox.temporaries()) == (stuck and not existing and kind == "named"), where
        assert not run.gone, where
        assert run.changed <= {f"out/{name}" for name in outputs}, where
        found = [
            Path("out", name).read_bytes() if Path("out", name).exists() else None
            for name in outputs
        ]
        if not faults.struck:
            assert run.code == 0
        elif code == 1:
            # A directory that cannot be synced, or a name that is not taken away at once.
            linked = not existing and "link" in faults.log[:-1]
            late = faults.struck_at == "unlink" or linked or (
                faults.log.count("replace") == len(outputs) and faults.struck_at != "replace"
            )  # fmt: skip
            assert run.code == 1 or (late and run.code == 0), where
            if run.code == 1:
                assert len(run.lines) == 1, run.err
                assert run.lines[0].startswith(f"kmcodec: error: {arguments[1]}: "), where
                assert run.lines[0].endswith(f" ({reason})"), where
        else:
            assert run.code == code, where
            assert "Traceback" not in run.err
        if run.code == 0:
            assert found == new, where
        elif not existing:
            assert found in ([None] * len(outputs), new), where
            assert found != new or run.code != 1, where
        else:
            # Each replacement is whole, and in the promised order: the codebook comes first.
            done = sum(content == replaced for content, replaced in zip(found, new, strict=True))
            assert found == new[:done] + old[done:], where
            replaced = faults.log.count("replace") - (
                faults.struck_at == "replace" and not afterwards
            )
            assert done == replaced, where
    assert len(runs) > 7
    sandbox.run(*arguments, "--force", check=0)


@pytest.mark.parametrize("existing", [False, True])
def test_a_half_replaced_pair_is_no_wrong_picture(  # row 108
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    old, _ = prepare(sandbox, "pair", existing=existing)
    arguments, outputs = TASKS["pair"]
    pictures = []

    def attempt(faults: Faults) -> None:
        restore(outputs, old, existing=existing)
        sandbox.run(*arguments, *(("--force",) if existing else ()))

    for _ in every_fault(monkeypatch, attempt, error=KeyboardInterrupt):
        with contextlib.suppress(codec.FileError, codec.FormatError):
            pictures.append(codec.decompress(codec.load("out/x.labels.png")))
    for picture in pictures:
        assert (picture == few_colors(1)).all() or (picture == few_colors(2)).all()
    assert pictures


class FullDisk(Faults):
    """A disk with room for so many bytes, which are written before it is found to be full."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def open_file(self, descriptor: int, mode: str, buffering: int = -1) -> FaultyFile:
        """Open a file on this disk."""
        disk = self

        class File(FaultyFile):
            def write(self, data: Any, /) -> int:
                if disk.room == 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                written = super().write(data[: disk.room])
                disk.room -= written
                return written

        return File(self, descriptor, mode)


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_a_disk_that_is_full_at_any_byte_leaves_all_as_it_was(  # row 110
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task: str, existing: bool
) -> None:
    old, new = prepare(sandbox, task, existing=existing)
    arguments, outputs = TASKS[task]
    size = sum(map(len, new))
    for room in (0, 1, len(new[0]) - 1, len(new[0]), size // 2, size - 1):
        if room >= size:
            continue
        restore(outputs, old, existing=existing)
        with monkeypatch.context() as patch:
            inject(patch, FullDisk(room))
            run = sandbox.run(*arguments, *(("--force",) if existing else ()))
        assert refused(run, arguments[1], "no-space")
    with monkeypatch.context() as patch:
        inject(patch, FullDisk(size))
        sandbox.run(*arguments, *(("--force",) if existing else ()), check=0)


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("number", [errno.EXDEV, errno.EBUSY, errno.EPERM, errno.EACCES])
def test_a_name_that_is_not_given_is_refused(  # row 114
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: int, existing: bool
) -> None:
    prepare(sandbox, "npz", existing=existing)

    class Unwilling(Faults):
        def link(self, source: object, target: object, **options: int) -> None:
            raise OSError(number, os.strerror(number))

        def replace(self, source: object, target: object) -> None:
            raise OSError(number, os.strerror(number))

    inject(monkeypatch, Unwilling())
    run = sandbox.run(*TASKS["npz"][0], *(("--force",) if existing else ()))
    wanted = {errno.EPERM: "no-permission", errno.EACCES: "no-permission"}
    assert refused(run, "new.png", wanted.get(number, "input-output"))


def test_a_failing_sync_is_not_tried_again(  # row 113
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(sandbox, "npz", existing=True)
    faults = Faults(1, lambda: OSError(errno.EIO, "Input/output error"), operations=("fsync",))
    inject(monkeypatch, faults)
    assert refused(sandbox.run(*TASKS["npz"][0], "--force"), "new.png", "input-output")
    assert faults.log == ["fsync"]


def test_the_code_that_writes_is_the_code_that_is_tested() -> None:
    # Every way in which `codec.files` changes a disk is among the operations that fail above.
    source = "".join(
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (files, temporaries)
    )
    used = set(re.findall(r"\bos\.(\w+)\(", source))
    harmless = {
        "access", "close", "fsdecode", "fsencode", "fstat", "getpid", "pathconf", "stat", "chmod",
        "urandom", "chown", "dup", "kill", "scandir", "pread", "walk",
    }  # fmt: skip
    assert used <= harmless | set(Faults.ALL)


# What is read back differs


@pytest.mark.parametrize(
    "damage", ["a bit", slowly("the end"), slowly("everything"), "another picture"]
)
@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_what_the_disk_gives_back_must_be_what_was_meant(  # row 129
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task: str, existing: bool, damage: str
) -> None:
    old, new = prepare(sandbox, task, existing=existing)
    read_bytes = Path.read_bytes

    def misread(path: Path) -> bytes:
        data = read_bytes(path)
        if path.suffix != ".tmp" and not path.is_relative_to("/proc"):
            return data
        if damage == "a bit":
            return data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]
        if damage == "another picture":
            return old[new.index(data)]
        return data[:-1] if damage == "the end" else b""

    monkeypatch.setattr(Path, "read_bytes", misread)
    run = sandbox.run(*TASKS[task][0], *(("--force",) if existing else ()))
    assert refused(run, TASKS[task][0][1], "verify")


def test_a_disk_that_cannot_be_read_back_is_refused(  # row 129
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(sandbox, "npz", existing=True)
    read_bytes = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.suffix == ".tmp" or path.is_relative_to("/proc"):
            raise OSError(errno.EIO, "Input/output error")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert refused(sandbox.run(*TASKS["npz"][0], "--force"), "new.png", "input-output")


# Links and permissions


@pytest.mark.parametrize("task", TASKS)
def test_an_output_that_is_a_symbolic_link_is_refused_unless_forced(  # row 118
    sandbox: Sandbox, task: str
) -> None:
    _, new = prepare(sandbox, task, existing=True)
    arguments, outputs = TASKS[task]
    Path("far").mkdir()
    for name in outputs:
        Path("out", name).rename(Path("far", name))
        Path("out", name).symlink_to(Path("..", "far", name))
    assert refused(sandbox.run(*arguments), arguments[1], "symlink")
    run = sandbox.run(*arguments, "--force", check=0)
    assert run.changed == {f"far/{name}" for name in outputs}
    assert not run.new
    for name, content in zip(outputs, new, strict=True):
        assert Path("out", name).is_symlink()
        assert Path("far", name).read_bytes() == content


def test_a_dangling_symbolic_link_is_refused_unless_forced(sandbox: Sandbox) -> None:  # row 118
    prepare(sandbox, "npz", existing=False)
    Path("out/x.npz").symlink_to("y.npz")
    assert refused(sandbox.run(*TASKS["npz"][0]), "new.png", "symlink")
    run = sandbox.run(*TASKS["npz"][0], "--force", check=0)
    assert run.wrote("out/y.npz")


@pytest.mark.parametrize("task", TASKS)
def test_a_hard_linked_output_is_replaced_and_its_twin_kept(  # row 119
    sandbox: Sandbox, task: str
) -> None:
    old, new = prepare(sandbox, task, existing=True)
    arguments, outputs = TASKS[task]
    for name in outputs:
        os.link(Path("out", name), Path(f"twin-{name}"))
    sandbox.run(*arguments, "--force", check=0)
    assert [Path(f"twin-{name}").read_bytes() for name in outputs] == old
    assert [Path("out", name).read_bytes() for name in outputs] == new


@pytest.mark.parametrize("task", TASKS)
def test_permissions_of_outputs_are_those_users_expect(  # row 120
    sandbox: Sandbox, task: str
) -> None:
    prepare(sandbox, task, existing=False)
    arguments, outputs = TASKS[task]
    for mask in (0o022, 0o077, 0o000):
        restore(outputs, [], existing=False)
        before = os.umask(mask)
        try:
            sandbox.run(*arguments, check=0)
        finally:
            os.umask(before)
        for name in outputs:
            assert stat.S_IMODE(Path("out", name).stat().st_mode) == 0o666 & ~mask
    for mode in (0o640, 0o600, 0o666, 0o444):
        for name in outputs:
            Path("out", name).chmod(mode)
        sandbox.run(*arguments, "--force", check=0)
        for name in outputs:
            assert stat.S_IMODE(Path("out", name).stat().st_mode) == mode
