"""Many files: several at a time, with the same result as one after the other."""

import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_tools import VECTORS, Sandbox, few_colors, many_colors
from png_tools import grey_png
from terminal_tools import on_terminal

from codec.cli import compressing, runner
from codec.cli.runner import OutputFolders, Task, run
from codec.errors import FormatError
from codec.jobs.compress import compress_file
from codec.reports.report import FileReport


def _tasks(count: int, work: Callable[[str], FileReport]) -> list[Task]:
    names = [f"{number}.png" for number in range(count)]
    return [Task(Path(name), partial(work, name)) for name in names]


@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_files_and_reports_do_not_depend_on_threads(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    names = [f"{number}.png" for number in range(7)]
    for number, name in enumerate(names):
        sandbox.picture(name, many_colors(seed=number))
    (sandbox.root / "3.png").write_bytes(b"nothing")
    monkeypatch.setenv("KMCODEC_THREADS", threads)

    found = sandbox.run("compress", *names, "-d", "out", "--format", "npz", check=1)
    monkeypatch.setenv("KMCODEC_THREADS", "1")
    sandbox.run("compress", *names, "-d", "again", "--format", "npz", check=1)

    lines = [line for line in found.lines if ": notice: " not in line][:7]
    assert [line.split(":")[0].split("  ")[0] for line in lines] == [
        "kmcodec" if name == "3.png" else name for name in names
    ]
    for name in set(names) - {"3.png"}:
        first, second = (
            sandbox.root / folder / name.replace(".png", ".npz") for folder in ("out", "again")
        )
        assert first.read_bytes() == second.read_bytes()


def test_small_files_are_done_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")
    together = threading.Barrier(3, timeout=60)

    def work(name: str) -> FileReport:
        together.wait()  # nobody passes before three are here
        return FileReport(name)

    reports = run(_tasks(6, work))

    assert [report.input for report in reports] == [f"{number}.png" for number in range(6)]


# Content of a file, and whether it is done alone.
SIZES = {
    "png": (grey_png(2048, 2048, b"\0"), False),
    "vast png": (grey_png(2049, 2048, b"\0"), True),
    "kmc": ((VECTORS / "flag.kmc").read_bytes(), False),
    "vast kmc": ((VECTORS / "invalid" / "pixel-limit-dense.kmc").read_bytes(), True),
    "4 MiB": (bytes(1 << 22), False),
    "larger": (bytes((1 << 22) + 1), True),
}


@pytest.mark.parametrize("size", SIZES)
def test_what_is_large_is_done_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    """By whoever collects, when nobody else is at work; a small file may be a vast picture."""
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    monkeypatch.chdir(tmp_path)
    content, alone = SIZES[size]
    Path("2.png").write_bytes(content)
    together = threading.Barrier(2, timeout=60)
    before, begun = threading.Event(), threading.Event()
    busy: set[str] = set()
    found: list[tuple[int, set[str]]] = []

    def work(name: str) -> FileReport:
        busy.add(name)
        if name == "1.png" and alone:
            before.set()
            begun.wait(0.2)  # if it is not waited for
        if name == "2.png":
            assert not alone or before.wait(60)
            found.append((threading.get_ident(), busy - {name}))
            begun.set()
        if name in ("2.png", "3.png") and not alone:
            together.wait()  # neither passes before the other is here
        busy.remove(name)
        return FileReport(name)

    run(_tasks(6, work))

    ((thread, others),) = found
    assert (thread == threading.get_ident()) == alone
    assert not (alone and others)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_among_files_is_refused_and_not_waited_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    for number in (0, 2):
        sandbox.picture(f"{number}.png", many_colors(seed=number))
    os.mkfifo("1.png")

    found = sandbox.run("compress", "0.png", "1.png", "2.png", "-d", "out", check=1)

    assert sum("not a regular file" in line for line in found.lines) == 1
    assert sorted(path.name for path in (sandbox.root / "out").glob("*.npy")) == [
        "0.codebook.npy",
        "2.codebook.npy",
    ]


def test_without_threads_files_are_done_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    reports = run(_tasks(3, FileReport))

    assert [report.input for report in reports] == ["0.png", "1.png", "2.png"]


def test_what_was_too_much_at_once_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    main = threading.get_ident()

    def work(name: str) -> FileReport:
        if name == "1.png" and threading.get_ident() != main:
            raise MemoryError
        return FileReport(name)

    assert [report.status for report in run(_tasks(4, work))] == ["ok"] * 4


def test_directories_of_outputs_that_failed_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    targets = {"0.png": tmp_path / "x" / "y" / "a.npz", "1.png": tmp_path / "x" / "z" / "b.npz"}

    def work(name: str) -> FileReport:
        folders.make(targets[name].parent)
        if name == "0.png":
            raise FormatError("no", "damaged")
        targets[name].write_bytes(b"")
        return FileReport(name)

    with OutputFolders(tmp_path) as folders:
        run(_tasks(2, work))

    assert not (tmp_path / "x" / "y").exists()
    assert (tmp_path / "x" / "z" / "b.npz").exists()


def test_an_exception_ends_the_run_when_what_was_begun_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    done: list[str] = []

    def work(name: str) -> FileReport:
        done.append(name)
        return FileReport(name)

    def show(report: FileReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(_tasks(50, work), show=show)
    count = len(done)

    assert 1 <= count <= 8
    for thread in threading.enumerate():
        if thread.name == "kmcodec-file":
            thread.join(10)
            assert not thread.is_alive()
    assert len(done) == count


def test_an_error_that_nobody_foresaw_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")

    def work(name: str) -> FileReport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(_tasks(9, work))


# One bad file


def test_one_bad_file_does_not_stop_the_others(sandbox: Sandbox) -> None:
    names = [f"{number:02}.png" for number in range(20)]
    sandbox.pictures(*names)
    sandbox.path("07.png").write_bytes(b"not a picture")
    sandbox.path("11.png").unlink()
    run = sandbox.run("compress", *names, "--format", "npz", check=1)
    done = [name for name in names if name not in ("07.png", "11.png")]
    assert run.wrote(*(name[:-3] + "npz" for name in done))
    errors = [line for line in run.lines if line.startswith("kmcodec: error: ")]
    assert len(errors) == 2
    assert errors[0].startswith("kmcodec: error: 07.png: ")
    assert errors[1].startswith("kmcodec: error: 11.png: ")
    assert run.lines[-1].startswith("18 of 20 files (2 failed)")


def test_one_damaged_file_does_not_stop_the_others(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png", "c.png")
    sandbox.run("compress", "a.png", "b.png", "c.png", check=0)
    shutil.copy("a.codebook.npy", "b.codebook.npy")
    run = sandbox.run("decompress", "a.labels.png", "b.labels.png", "c.labels.png", check=1)
    assert run.wrote("a.decoded.png", "c.decoded.png")


def test_a_truncated_file_is_told_and_the_others_are_done(sandbox: Sandbox) -> None:
    data = (VECTORS / "dense-sprites.kmc").read_bytes()
    for folder in ("in", "in/sub"):
        Path(folder).mkdir()
        Path(folder, "good.kmc").write_bytes(data)
    Path("in/bad.kmc").write_bytes(data[:15])
    run = sandbox.run("decompress", "-r", "in", "-d", "out", check=1)
    assert any("bad.kmc" in line and "cut short" in line for line in run.lines)
    assert run.wrote("out", "out/good.decoded.png", "out/sub", "out/sub/good.decoded.png")
    assert sandbox.run("info", "in/bad.kmc", check=1).left_all_as_it_was


def test_an_error_counts_more_than_a_skip(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("compress", "a.png", "b.png", check=3)
    assert run.wrote("b.labels.png", "b.codebook.npy")
    sandbox.run("compress", "a.png", "none.png", check=1)


def test_a_file_deleted_after_it_was_listed_is_an_error(  # row 30
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pictures("in/a.png", "in/b.png", "in/c.png")

    def delete_next(*arguments: Any, **options: Any) -> FileReport:
        sandbox.path("in/b.png").unlink(missing_ok=True)
        return compress_file(*arguments, **options)

    monkeypatch.setattr(compressing, "compress_file", delete_next)
    run = sandbox.run("compress", "-r", "in", "-d", "out", "--format", "npz", check=1)
    assert run.new == {"out", "out/a.npz", "out/c.npz"}
    assert any(line.startswith("kmcodec: error: in/b.png: ") for line in run.lines)


def test_a_directory_deleted_after_it_was_listed_is_an_error(  # row 30
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pictures("in/a/a.png", "in/b/b.png")
    run_tasks = runner.run

    def delete_first(*arguments: Any, **options: Any) -> list[FileReport]:
        shutil.rmtree("in/a")
        return run_tasks(*arguments, **options)

    monkeypatch.setattr(compressing, "run", delete_first)
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=1)
    assert run.new == {"in/b/b.npz"}
    assert run.lines[0].startswith("kmcodec: error: in/a/a.png: ")


def test_a_directory_is_not_made_for_an_output_that_fails(sandbox: Sandbox) -> None:
    sandbox.path("bad.png").write_bytes(b"not a picture")
    run = sandbox.run("compress", "bad.png", "-d", "x/y", check=1)
    assert run.left_all_as_it_was


def test_a_file_in_the_place_of_the_directory_is_an_error(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png")
    sandbox.path("out").write_bytes(b"a file")
    for folder in ("out", "out/deeper"):
        run = sandbox.run("compress", "a.png", "-d", folder, check=1)
        assert run.left_all_as_it_was
        assert len(run.lines) == 1
        assert run.lines[0].startswith("kmcodec: error: a.png: ")


# Progress


def test_progress_is_drawn_on_a_terminal_and_cleared(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "1")  # so that it is known when each file begins
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        sandbox.picture(name, few_colors(height=50, width=50))
    code, shown = on_terminal(sandbox.root, "compress", *names)
    assert code == 0
    for done, name in enumerate(names):
        assert re.search(
            rf"\r *{33 * done + done // 2}%\|\S* *\| {done}/3 \[[0-9:<?]+\] {name}\r", shown
        )
    assert re.search(r"\| 1/3 \[00:0\d<00:0\d\] ", shown)  # the time that is left
    visible = [
        line.rsplit("\r", 1)[-1].strip() for line in shown.replace("\r\n", "\n").split("\n")
    ]
    assert [line.split("  ")[0] for line in visible] == [*names, "3 of 3 files", ""]
    assert "█" in shown
    assert "█" not in "".join(visible)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize(
    "name",
    ["a", "a rather long name of a picture" * 3, "写真" * 20],
    ids=["short", "long", "wide"],
)
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_progress_fits_every_terminal(
    sandbox: Sandbox, columns: int, name: str, term: str
) -> None:
    names = [f"{name}{number}.png" for number in range(2)]
    sandbox.pictures(*names)
    code, shown = on_terminal(
        sandbox.root, "compress", *names, "--format=npz", columns=columns, term=term
    )
    assert code == 0
    assert "\x1b" not in shown
    drawn = [part for part in shown.replace("\r\n", "\n").split("\r") if "/2 [" in part]
    assert len(drawn) >= 2
    for part in drawn:
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part)
        assert width <= columns, part


def test_progress_is_not_drawn_for_one_file_nor_if_quiet(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.picture(name)
    code, shown = on_terminal(sandbox.root, "compress", "a.png")
    assert code == 0
    assert "\r" not in shown.replace("\r\n", "\n")
    assert on_terminal(sandbox.root, "compress", "-q", "-f", "a.png", "b.png") == (0, "")


def test_progress_is_not_drawn_into_a_file(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.picture(name)
    run = sandbox.run("compress", "a.png", "b.png", check=0)
    assert "\x1b" not in run.err
    assert "\r" not in run.err
    assert "█" not in run.err
