"""Whatever fails, and whenever: outputs are whole or as they were, and nothing is left behind.

Faults are injected the way SQLite is tested: the first operation on a file fails, then in another
run the second, and so on until a run gets by without one. Rows are those of the catalogue of bad
inputs and faults.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import (
    Faults,
    FaultyFile,
    Run,
    Sandbox,
    child_environment,
    every_fault,
    few_colors,
    inject,
    many_colors,
    read_picture,
    refused,
    run_script,
    spawn,
)

import codec
from codec import files, jobs


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    monkeypatch.chdir(tmp_path)
    # An interrupted command keeps the process from complaining any further.
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    return Sandbox(tmp_path, capsys)


# The Nth operation fails

TASKS = {
    "pair": (
        ("compress", "new.png", "-o", "out/x.labels.png"),
        ("x.codebook.npy", "x.labels.png"),
    ),
    "npz": (("compress", "new.png", "-o", "out/x.npz"), ("x.npz",)),
    "png": (("compress", "new.png", "-o", "out/x.png"), ("x.png",)),
    "decompress": (("decompress", "new.npz", "-o", "out/x.png"), ("x.png",)),
}
ERRORS: dict[str, tuple[Callable[[], BaseException], int, str]] = {
    "no space": (lambda: OSError(errno.ENOSPC, "No space left"), 1, "no-space"),
    "a broken disk": (lambda: OSError(errno.EIO, "Input/output error"), 1, "input-output"),
    "no memory": (MemoryError, 1, "memory"),
    "SIGINT": (KeyboardInterrupt, 130, "interrupted"),
    "SIGTERM": (lambda: SystemExit(143), 143, ""),
}


def prepare(sandbox: Sandbox, task: str, *, existing: bool) -> tuple[list[bytes], list[bytes]]:
    """Write the inputs and, if wanted, older outputs; return old and new content of outputs."""
    sandbox.picture("old.png", few_colors(1))
    sandbox.picture("new.png", few_colors(2))
    for name in ("old", "new"):
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    Path("out").mkdir()
    arguments, outputs = TASKS[task]
    contents = []
    for name in ("new", "old"):
        sandbox.run(arguments[0], arguments[1].replace("new", name), *arguments[2:], check=0)
        contents.append([Path("out", output).read_bytes() for output in outputs])
        for output in outputs:
            if not (existing and name == "old"):
                Path("out", output).unlink()
    return contents[1], contents[0]


def restore(outputs: tuple[str, ...], old: list[bytes], *, existing: bool) -> None:
    """Put the directory of outputs into the state in which a run finds it."""
    shutil.rmtree("out")
    Path("out").mkdir()
    if existing:
        for output, content in zip(outputs, old, strict=True):
            Path("out", output).write_bytes(content)


# What fails has not been done; a signal may come before or after.
@pytest.mark.parametrize(
    ("error", "afterwards"),
    [*((error, False) for error in ERRORS), ("SIGINT", True), ("SIGTERM", True)],
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
        assert len(sandbox.temporaries()) == (stuck and not existing), where
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
            late = faults.struck_at == "unlink" or "link" in faults.log[:-1] or (
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
        def link(self, source: object, target: object) -> None:
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


# What is read back differs


@pytest.mark.parametrize("damage", ["a bit", "the end", "everything", "another picture"])
@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_what_the_disk_gives_back_must_be_what_was_meant(  # row 129
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task: str, existing: bool, damage: str
) -> None:
    old, new = prepare(sandbox, task, existing=existing)
    read_bytes = Path.read_bytes

    def misread(path: Path) -> bytes:
        data = read_bytes(path)
        if path.suffix != ".tmp":
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
        if path.suffix == ".tmp":
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


# The system itself refuses


DRIVER = """
import contextlib, errno, io, json, os, random, resource, signal, sys, time
from pathlib import Path
import numpy as np
import codec
from codec import cli

def picture(name):
    return codec.decompress(codec.load(name))

def run(*arguments):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            code = cli.main(arguments)
        except SystemExit as error:
            code = error.code
    return code, said.getvalue()

def warm_up():  # import everything, so that what is forked starts its work at once
    assert run("compress", "-q", "-f", "a.png", "-o", "a.npz")[0] == 0

def temporaries():
    return [name for _, _, files in os.walk(".") for name in files if name.endswith(".tmp")]
"""


def drive(script: str, root: Path, *arguments: str, **options: Any) -> Any:
    """Run a script with what it needs; return what it prints as JSON."""
    return json.loads(run_script(DRIVER + script, *arguments, cwd=root, **options).stdout)


SIZE_LIMIT = """
assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # Python's own choice
results = []
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    code, said = run(*sys.argv[1].split())
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    results.append([limit, code, said, temporaries()])
print(json.dumps(results))
"""


@pytest.mark.parametrize("task", TASKS)
def test_a_limit_on_the_size_of_files_leaves_all_as_it_was(sandbox: Sandbox, task: str) -> None:
    old, new = prepare(sandbox, task, existing=True)  # row 111
    arguments, outputs = TASKS[task]
    largest = max(map(len, new))
    limits = [largest * step // 20 for step in range(20)]
    results = drive(SIZE_LIMIT, sandbox.root, " ".join((*arguments, "-f")), *map(str, limits))
    assert len(results) == 20
    for _limit, code, said, temporaries in results:
        assert code == 1
        assert re.fullmatch(rf"kmcodec: error: {arguments[1]}: .* \(no-space\)\n", said), said
        assert temporaries == []
    assert [Path("out", name).read_bytes() for name in outputs] == old


NAMESPACE = """
import subprocess
def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        print(json.dumps(done.stderr))
        sys.exit()

mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", "small")
results = {}
assert run("compress", "old.png", "-q", "-o", "small/x.npz")[0] == 0
before = Path("small/x.npz").read_bytes()
for name, arguments in {
    "forced": ("compress", "large.png", "-f", "-o", "small/x.npz"),
    "new": ("compress", "large.png", "-o", "small/y.npz"),
    "pair": ("compress", "large.png", "-d", "small"),
    "decompress": ("decompress", "large.npz", "-o", "small/y.bmp"),
}.items():
    results[name] = [*run(*arguments), os.listdir("small")]
    assert Path("small/x.npz").read_bytes() == before
mount("-o", "remount,ro", "small")
results["read-only"] = [*run("compress", "old.png", "-o", "small/z.npz"), os.listdir("small")]
os.chdir("small")
results["inside"] = [*run("compress", "../old.png", "-o", "../ok.npz"), os.listdir(".")]
print(json.dumps(results))
"""


def test_a_file_system_that_is_full_or_read_only_is_refused(sandbox: Sandbox) -> None:
    labels = np.random.RandomState(0).randint(0, 200, (300, 300))  # rows 110, 112 and 130
    sandbox.picture("large.png", np.stack([labels, labels, 255 - labels], 2).astype(np.uint8))
    sandbox.picture("old.png")
    sandbox.run("compress", "large.png", "-o", "large.npz", check=0)
    Path("small").mkdir()
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no program unshare")
    options = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    done = subprocess.run(
        [unshare, *options, sys.executable, "-c", DRIVER + NAMESPACE],
        cwd=sandbox.root, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no namespace of our own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    if isinstance(results, str):
        pytest.skip(f"mounting is not allowed: {results.strip()}")
    code, said, listed = results.pop("inside")
    assert (code, listed) == (0, ["x.npz"]), said
    code, said, listed = results.pop("read-only")
    assert (code, listed) == (1, ["x.npz"])
    assert re.fullmatch(r"kmcodec: error: old\.png: .*\(no-permission\)\n", said), said
    for code, said, listed in results.values():
        assert (code, listed) == (1, ["x.npz"]), said
        assert re.fullmatch(r"kmcodec: error: large\.\w+: .*\(no-space\)\n", said), said


# Killed and interrupted


KILL = """
form, rounds = sys.argv[1], int(sys.argv[2])
output = "out.npz" if form == "npz" else "out.labels.png"
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
random.seed(0)
warm_up()
tally = {"a": 0, "b": 0, "unpaired": 0, "torn": 0, "temporaries": 0}
for number in range(rounds):
    first = os.stat(output).st_ino
    child = os.fork()
    if child == 0:
        while True:
            for seed in ("ab", "ba")[number % 2]:
                if cli.main(["compress", "-q", "-f", f"{seed}.png", "-o", output]):
                    os._exit(9)
    while os.stat(output).st_ino == first:
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    try:
        found = picture(output)
    except codec.CodecError as error:
        tally["unpaired" if error.reason == "digest-mismatch" else "torn"] += 1
    else:
        matches = [seed for seed in "ab" if np.array_equal(found, pictures[seed])]
        tally[matches[0] if matches else "torn"] += 1
    for name in temporaries():
        assert name.startswith(".kmcodec-"), name
        tally["temporaries"] += 1
        os.unlink(name)
others = {"a.png", "b.png", "a.npz", "b.npz", "out.npz", "out.labels.png", "out.codebook.npy"}
assert set(os.listdir(".")) <= others
print(json.dumps(tally))
"""


@pytest.mark.parametrize("form", ["npz", "pair"])
def test_a_killed_process_leaves_a_whole_output(sandbox: Sandbox, form: str) -> None:  # row 115
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed, height=40, width=50))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    sandbox.run("compress", "a.png", "-o", "out.npz", check=0)
    sandbox.run("compress", "a.png", "-o", "out.labels.png", check=0)
    tally = drive(KILL, sandbox.root, form, "100" if form == "npz" else "30")
    assert tally["torn"] == 0, tally
    assert tally["unpaired"] == 0 or form == "pair", tally
    assert tally["a"] > 0, tally
    assert tally["b"] > 0, tally


SIGNAL = """
number, rounds = int(sys.argv[1]), int(sys.argv[2])
files = 80
names = [f"{index:03}.png" for index in range(files)]
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
for name in names:
    os.symlink("b.png", name)
random.seed(0)
warm_up()
old = Path("a.npz").read_bytes()
tally = {"a": 0, "b": 0, "torn": 0, "codes": [], "said": []}
os.mkdir("out")
for _ in range(3 * rounds):
    if len(tally["codes"]) == rounds:
        break
    for name in names:
        Path("out", name[:3] + ".npz").write_bytes(old)
    first = os.stat("out/000.npz").st_ino
    child = os.fork()
    if child == 0:  # SIGINT may be ignored by who started us
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with open("said", "w") as said, contextlib.redirect_stderr(said):
            try:
                code = cli.main(["compress", "-q", "-f", "--format", "npz", "-d", "out", *names])
            except SystemExit as error:
                code = error.code
        os._exit(code)
    while os.stat("out/000.npz").st_ino == first:
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, number)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:  # otherwise the signal came too late
        tally["codes"].append(code)
    tally["said"].append(Path("said").read_text())
    assert not temporaries(), temporaries()
    for name in names:
        found = picture("out/" + name[:3] + ".npz")
        matches = [seed for seed in "ab" if np.array_equal(found, pictures[seed])]
        tally[matches[0] if matches else "torn"] += 1
print(json.dumps(tally))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_leaves_whole_outputs_and_nothing_else(  # row 117
    sandbox: Sandbox, number: signal.Signals
) -> None:
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    tally = drive(SIGNAL, sandbox.root, str(int(number)), "20")
    assert tally["codes"] == [130 if number == signal.SIGINT else 143] * 20
    for said in tally["said"]:
        assert said in ("", "kmcodec: error: interrupted (interrupted)\n")
    assert tally["torn"] == 0
    assert tally["a"] > 0
    assert tally["b"] > 0


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a minute is given to machines that are busy."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


@contextlib.contextmanager
def started(root: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command in the background, with the handlers of signals as a shell sets them."""
    child = subprocess.Popen(
        [sys.executable, "-m", "codec", *arguments], cwd=root, env=child_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    with child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_its_code(  # row 117
    sandbox: Sandbox, number: signal.Signals
) -> None:
    sandbox.picture("in/000.png")
    for index in range(1, 800):
        Path(f"in/{index:03}.png").symlink_to("000.png")
    with started(sandbox.root, "compress", "-q", "-r", "in", "-d", "out") as child:
        wait_for(Path("out/002.labels.png").exists)
        child.send_signal(number)
        _, err = child.communicate(timeout=60)
    assert child.returncode == (130 if number == signal.SIGINT else 143)
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 1
    assert sandbox.temporaries() == []
    done = sorted(Path("out").glob("*.labels.png"))
    assert 0 < len(done) < 800
    assert len(done) == len(list(Path("out").glob("*.codebook.npy")))
    for path in (done[0], done[-1]):
        np.testing.assert_array_equal(codec.decompress(codec.load(path)), few_colors())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_python_loses_ends_the_run_all_the_same(  # row 117
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "1")  # otherwise b.png and c.png are under way by then
    for name in ("a.png", "b.png", "c.png"):
        sandbox.picture(name)
    compress_file = jobs.compress_file

    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(number)  # whatever is raised here is ignored

    def interrupted(*arguments: Any) -> Any:
        report = compress_file(*arguments)
        Dying()
        return report

    monkeypatch.setattr(jobs, "compress_file", interrupted)
    code = 130 if number == signal.SIGINT else 143
    run = sandbox.run("compress", "a.png", "b.png", "c.png", "--format", "npz", check=code)
    assert run.wrote("a.npz")


def test_signals_that_are_ignored_stay_ignored(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    script = """
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
compress_file = codec.jobs.compress_file
def interrupted(*arguments):
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    return compress_file(*arguments)
codec.jobs.compress_file = interrupted
print(json.dumps(run("compress", "-q", "photo.png")))
"""
    assert drive("import codec.jobs\n" + script, sandbox.root) == [0, ""]
    assert Path("photo.labels.png").exists()


def test_a_signal_ends_training(sandbox: Sandbox) -> None:  # row 117
    sandbox.picture("photo.png", many_colors(height=100, width=100))
    sizes = [str(k) for k in range(100, 256)]
    with started(sandbox.root, "sweep", "photo.png", "-k", *sizes) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("codebook ")
        assert child.stdout.readline().startswith("kmeans ")
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err == "kmcodec: error: interrupted (interrupted)\n"


# Two at a time


TWO = """
form, force, rounds = sys.argv[1], sys.argv[2:3] == ["-f"], int(sys.argv[-1])
output = "out.npz" if form == "npz" else "out.labels.png"
parts = [output] if form == "npz" else [output, "out.codebook.npy"]
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
tally = []
warm_up()
for _ in range(rounds):
    for part in parts:
        if os.path.exists(part):
            os.unlink(part)
    start = time.monotonic() + 0.01
    children = []
    for seed in "ab":
        child = os.fork()
        if child == 0:
            while time.monotonic() < start:
                pass
            more = ["-f"] if force else []
            os._exit(cli.main(["compress", "-q", f"{seed}.png", "-o", output, *more]))
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    try:
        found = picture(output)
        matches = "".join(seed for seed in "ab" if np.array_equal(found, pictures[seed]))
    except codec.CodecError as error:
        matches = error.reason
    tally.append([*codes, matches])
    assert not temporaries()
print(json.dumps(tally))
"""


@pytest.mark.parametrize("form", ["npz", "pair"])
@pytest.mark.parametrize("force", [False, True])
def test_of_two_processes_with_one_output_one_wins_whole(  # row 128
    sandbox: Sandbox, form: str, force: bool
) -> None:
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    tally = drive(TWO, sandbox.root, form, *(["-f"] if force else []), "15")
    for first, second, found in tally:
        if force:
            assert (first, second) == (0, 0)
            # Two files cannot be replaced at once; a mixed pair is found out by its seal.
            assert found in ("a", "b") or (form == "pair" and found == "digest-mismatch")
        else:
            assert (first, second, found) in ((0, 3, "a"), (3, 0, "b"))


# Surroundings


ENVIRONMENTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "python -O": (("-O",), {}),
    "python -OO": (("-OO",), {}),
    "warnings are errors": (("-W", "error"), {}),
    "LC_ALL=C": ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "an unknown locale": ((), {"LC_ALL": "xx_XX.nothing"}),
    "another number of threads": ((), {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1"}),
    "no directory for temporary files": ((), {"TMPDIR": "/nowhere"}),
}
TRAINED = ("warnings are errors", "another number of threads")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_surroundings_do_not_change_the_result(sandbox: Sandbox, name: str) -> None:  # row 130
    python, variables = ENVIRONMENTS[name]
    environment = child_environment(**variables)
    environment.pop("HOME", None)
    options = {"python": python, "env": environment}
    pixels = many_colors() if name in TRAINED else few_colors(height=70, width=70)
    sandbox.picture("photo.png", pixels)
    arguments = ("compress", "photo.png", "-k", "60", "-o")
    sandbox.run(*arguments, "expected.npz", check=0)
    run = sandbox.spawn(*arguments, "x.npz", **options)
    assert run.code == 0, run.err
    assert len(run.lines) == 1, run.err
    assert Path("x.npz").read_bytes() == Path("expected.npz").read_bytes()
    # What is checked is checked without assertions too.
    damaged = bytearray(Path("x.npz").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    Path("bad.npz").write_bytes(damaged)
    run = sandbox.spawn("decompress", "x.npz", "bad.npz", "none.npz", **options)
    assert run.code == 1
    assert run.wrote("x.decoded.png")
    assert len(run.lines) == 4, run.err
    expected = codec.decompress(codec.load("expected.npz"))
    np.testing.assert_array_equal(read_picture(Path("x.decoded.png")), expected)


def test_the_working_directory_may_be_read_only(sandbox: Sandbox) -> None:  # row 130
    elsewhere = Path("/proc")
    if not elsewhere.is_dir():
        pytest.skip("there is no directory that nobody can write to")
    sandbox.picture("photo.png")
    photo = str(sandbox.path("photo.png"))
    done = spawn("compress", photo, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    labels = str(sandbox.path("photo.labels.png"))
    assert spawn("decompress", labels, cwd=elsewhere).returncode == 0
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), few_colors())
    done = spawn("compress", photo, "-o", "x.npz", cwd=elsewhere)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_working_directory_that_was_removed_is_no_trouble(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    script = """
os.mkdir("gone")
root = os.getcwd()
os.chdir("gone")
os.rmdir(root + "/gone")
results = [run("compress", root + "/photo.png"), run("compress", "x.png")]
print(json.dumps(results))
"""
    (code, said), relative = drive(script, sandbox.root)
    assert code == 0, said
    assert relative[0] == 1
    assert len(relative[1].splitlines()) == 1


AUDITED = """
watched = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
           "os.fork", "urllib.", "http.", "ftplib.", "webbrowser.", "pty.")
inputs = set(sys.argv[1:])

def watch(event, arguments):
    if event.startswith(watched):
        raise SystemError(f"{event} {arguments}")
    if event == "open" and os.path.basename(str(arguments[0])) in inputs:
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC):
            raise SystemError(f"an input was opened to write: {arguments}")
    if event in ("os.remove", "os.rename", "os.truncate", "os.chmod", "os.utime"):
        if os.path.basename(str(arguments[0])) in inputs:
            raise SystemError(f"an input was touched: {event} {arguments}")

sys.addaudithook(watch)
print(json.dumps([
    run("compress", "-k", "9", "photo.png"),
    run("compress", "few.png", "-f", "-q"),
    run("decompress", "photo.labels.png"),
    run("report", "photo.png", "photo.labels.png", "--json"),
    run("compress", "eps.png", "http://127.0.0.1/x.png", "<screen>"),
]))
"""


def test_nothing_but_files_is_opened_and_inputs_only_to_read(  # rows 21, 22 and 32
    sandbox: Sandbox,
) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.picture("few.png")
    Path("eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    script = AUDITED.replace("print(json", "shown = (json").replace("]))", "]))")
    script = "out = sys.stdout\nsys.stdout = io.StringIO()\n" + script + "\nprint(shown, file=out)"
    results = drive(script, sandbox.root, "photo.png", "few.png", "eps.png")
    assert [code for code, _ in results] == [0, 0, 0, 0, 1], results
    assert len(results[-1][1].splitlines()) == 4


def test_the_code_that_writes_is_the_code_that_is_tested() -> None:
    # Every way in which `codec.files` changes a disk is among the operations that fail above.
    source = Path(files.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r"\bos\.(\w+)\(", source))
    harmless = {
        "access", "close", "fsdecode", "fsencode", "fstat", "getpid", "pathconf", "stat", "chmod",
        "urandom",
    }  # fmt: skip
    assert used <= harmless | set(Faults.ALL)
