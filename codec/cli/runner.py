"""Doing many files: several at a time, reported in their order.

Whatever goes wrong with one file does not stop the others. Threads are enough, since all that
takes long releases the GIL, and importing is paid once.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from codec.errors import CodecError, FileError, LimitError
from codec.files import as_file_error, display_name, read_start
from codec.formats.kmc import file as kmc
from codec.jobs.plan import COMPRESSED_ALREADY, Job
from codec.png.reading import SIGNATURE, parse_header
from codec.reports.report import FileReport
from codec.threads import silence, thread_count

_SKIPPED = ("exists", COMPRESSED_ALREADY)
# Larger files and pictures have all memory and all threads for themselves.
_SMALL_BYTES = 1 << 22
_SMALL_PIXELS = 1 << 22
_PNG_START = 29  # up to the end of what IHDR holds
_NAME = "kmcodec-file"


def run(
    jobs: Sequence[Job],
    work: Callable[[Job], FileReport],
    *,
    folder: Path | None = None,
    show: Callable[[FileReport], None] = lambda report: None,
    progress: bool = False,
    parallel: bool = True,
) -> list[FileReport]:
    """Do every job; what fails is reported and the others are done.

    Parameters
    ----------
    jobs : sequence of Job
        From a plan.
    work : callable
        Does one job; raises `CodecError` if it fails.
    folder : Path, optional
        Below it, missing directories of outputs are made.
    show : callable
        Called with every report, in the order of the jobs, as soon as there is one.
    progress : bool
        Draw a bar on stderr.
    parallel : bool
        Do small files several at a time.

    Returns
    -------
    reports : list of FileReport
        One a job.
    """
    made: list[Path] = []
    reports: list[FileReport] = []
    bar = _ProgressBar(len(jobs)) if progress and len(jobs) > 1 else None

    def attempt(job: Job) -> FileReport:
        return _attempt(job, work, folder, made)

    def begin(job: Job) -> None:
        if bar:
            with silence:
                bar.draw(len(reports), display_name(job.source))

    def end(report: FileReport) -> None:
        # Somebody may be keeping a library from writing to stderr just now.
        with silence:
            if bar:
                bar.clear()
            show(report)
        reports.append(report)

    try:
        workers = min(thread_count(), len(jobs)) if parallel else 1
        if workers > 1:
            _run_together(jobs, attempt, begin, end, workers)
        else:
            for job in jobs:
                begin(job)
                end(attempt(job))
    finally:
        _remove_empty(made)
    return reports


def _run_together(
    jobs: Sequence[Job],
    attempt: Callable[[Job], FileReport],
    begin: Callable[[Job], None],
    end: Callable[[FileReport], None],
    workers: int,
) -> None:
    """Hand small files out to threads.

    Signals may interrupt this at any point, and locks of Python's own making do not survive
    that: only queues that are made for it (`queue.SimpleQueue`) are touched here.
    """
    waiting: SimpleQueue[tuple[int, Job] | None] = SimpleQueue()
    done: SimpleQueue[tuple[int, FileReport | BaseException]] = SimpleQueue()
    gone: list[None] = []

    def serve() -> None:
        while (item := waiting.get()) is not None:
            try:
                done.put((item[0], attempt(item[1])))
            except BaseException as error:  # noqa: BLE001 - raised by who collects
                done.put((item[0], error))
        gone.append(None)

    reports: dict[int, FileReport] = {}
    handed_out = shown = 0
    order: list[Job] = []

    def receive() -> None:
        number, report = done.get()
        if isinstance(report, BaseException):
            raise report
        reports[number] = report

    def collect() -> None:
        nonlocal shown
        while shown not in reports:
            receive()
        report = reports[shown]
        if report.reason == "memory":  # it may do when it is alone
            while len(reports) < handed_out:
                receive()
            report = attempt(order[shown])
        shown += 1
        end(report)

    started = 0
    try:
        with suppress(RuntimeError):  # no more threads than these
            for _ in range(workers):
                threading.Thread(target=serve, name=_NAME, daemon=True).start()
                started += 1
        for job in jobs:
            small = started > 0 and _is_small(job.source)
            while shown < handed_out and (not small or handed_out - shown >= 2 * workers):
                collect()
            begin(job)
            if small:
                order.append(job)
                handed_out += 1
                waiting.put((handed_out - 1, job))
            else:
                end(attempt(job))
        while shown < handed_out:
            collect()
    finally:
        _wait_for_the_begun(waiting, gone, started)


def _wait_for_the_begun(
    waiting: SimpleQueue[tuple[int, Job] | None], gone: list[None], workers: int
) -> None:
    """Take back what nobody has begun, and wait until everybody has ended.

    Whoever asks twice to end must wait too, or files would be left half made.
    """
    ended = False
    while not ended:
        with suppress(KeyboardInterrupt, SystemExit):
            with suppress(Empty):
                while True:
                    waiting.get_nowait()
            for _ in range(workers):
                waiting.put(None)
            while len(gone) < workers:
                time.sleep(0.001)
            ended = True


def _is_small(path: Path) -> bool:
    """Judge a file by its size; PNG and kmc, which may be flat and vast, by the header as well."""
    try:
        start, size_bytes = read_start(path, _PNG_START)
        if size_bytes > _SMALL_BYTES:
            return False
        if start.startswith(kmc.MAGIC):
            kmc.read_header(start, _SMALL_PIXELS)
        elif start.startswith(SIGNATURE):
            header = parse_header(start[-13:])
            return header.width * header.height <= _SMALL_PIXELS
    except LimitError:
        return False
    except CodecError:
        return True  # whoever reads it will say why not
    return True


def _attempt(
    job: Job, work: Callable[[Job], FileReport], folder: Path | None, made: list[Path]
) -> FileReport:
    try:
        if job.failure:
            raise job.failure
        _make_folders(job.target.parent, folder, made)
        return work(job)
    except CodecError as error:
        status = "skipped" if error.reason in _SKIPPED else "error"
        return FileReport(
            display_name(job.source), status=status, error=str(error), reason=error.reason
        )
    except MemoryError:
        return FileReport(
            display_name(job.source), status="error", error="not enough memory", reason="memory"
        )


def _make_folders(wanted: Path, top: Path | None, made: list[Path]) -> None:
    """Make the directory of an output given by `-d`; note those that are new."""
    if top is None:
        return
    missing: list[Path] = []
    while not os.path.exists(wanted) and wanted != wanted.parent:
        missing.append(wanted)
        wanted = wanted.parent
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.append(folder)
    except OSError as error:
        failure = as_file_error(error)
        raise FileError(
            f"cannot make the directory {display_name(folder)}: {failure}", failure.reason
        ) from error


def _remove_empty(folders: Sequence[Path]) -> None:
    """Take back directories made for outputs that were not written, the deepest first."""
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        try:
            folder.rmdir()
        except OSError:
            continue


class _ProgressBar:
    """A line on stderr that says how far a run is."""

    def __init__(self, total: int) -> None:
        self._total = total

    def draw(self, done: int, name: str) -> None:
        filled = 24 * done // self._total
        bar = "█" * filled + "░" * (24 - filled)
        print(f"\r\x1b[K{bar} {done}/{self._total} {name[:40]}", end="", file=sys.stderr)
        sys.stderr.flush()

    def clear(self) -> None:
        print("\r\x1b[K", end="", file=sys.stderr)
        sys.stderr.flush()
