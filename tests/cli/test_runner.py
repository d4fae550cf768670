"""Many files: several at a time, with the same result as one after the other."""

import os
import threading
from pathlib import Path

import pytest
from cli_tools import Sandbox, many_colors

from codec.batch import Job
from codec.errors import FormatError
from codec.report import FileReport
from codec.runner import run


def _jobs(count: int, folder: Path) -> list[Job]:
    return [
        Job(Path(f"{number}.png"), folder / f"{number}.npz", (folder / f"{number}.npz",))
        for number in range(count)
    ]


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


def test_small_files_are_done_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")
    together = threading.Barrier(3, timeout=60)

    def work(job: Job) -> FileReport:
        together.wait()  # nobody passes before three are here
        return FileReport(job.source.name)

    reports = run(_jobs(6, tmp_path), work)

    assert [report.input for report in reports] == [f"{number}.png" for number in range(6)]


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    reports = run(_jobs(3, tmp_path), lambda job: FileReport(job.source.name))

    assert [report.input for report in reports] == ["0.png", "1.png", "2.png"]


def test_what_was_too_much_at_once_is_tried_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    main = threading.get_ident()

    def work(job: Job) -> FileReport:
        if job.source.name == "1.png" and threading.get_ident() != main:
            raise MemoryError
        return FileReport(job.source.name)

    assert [report.status for report in run(_jobs(4, tmp_path), work)] == ["ok"] * 4


def test_directories_of_outputs_that_failed_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    jobs = [
        Job(Path("a.png"), tmp_path / "x" / "y" / "a.npz", ()),
        Job(Path("b.png"), tmp_path / "x" / "z" / "b.npz", ()),
    ]

    def work(job: Job) -> FileReport:
        if job.source.name == "a.png":
            raise FormatError("no", "damaged")
        job.target.write_bytes(b"")
        return FileReport(job.source.name)

    run(jobs, work, folder=tmp_path)

    assert not (tmp_path / "x" / "y").exists()
    assert (tmp_path / "x" / "z" / "b.npz").exists()


def test_an_exception_ends_the_run_when_what_was_begun_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    done: list[str] = []

    def work(job: Job) -> FileReport:
        done.append(job.source.name)
        return FileReport(job.source.name)

    def show(report: FileReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(_jobs(50, tmp_path), work, show=show)
    count = len(done)

    assert 1 <= count <= 8
    assert len(done) == count


def test_an_error_that_nobody_foresaw_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")

    def work(job: Job) -> FileReport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(_jobs(9, tmp_path), work)
