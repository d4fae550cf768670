"""Doing many files: several at a time, reported in their order.

Whatever goes wrong with one file does not stop the others. Threads are enough, since all that
takes long releases the GIL, and importing is paid once.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

from codec.cli.words import in_words_of_the_command
from codec.errors import CodecError, FileError, LimitError
from codec.files import as_file_error, display_name, read_start
from codec.formats.registry import START_BYTES, peek_size
from codec.jobs.ours import LEFT_OUT, UP_TO_DATE
from codec.jobs.plan import COMPRESSED_ALREADY
from codec.limits import SMALL_FILE_BYTES, SMALL_PICTURE_PIXELS
from codec.reports.report import FileReport
from codec.threads import thread_count

_STATES = {
    "exists": "skipped", COMPRESSED_ALREADY: "skipped", LEFT_OUT: "left-out",
    UP_TO_DATE: UP_TO_DATE,
}  # fmt: skip
_NAME = "kmcodec-file"


@dataclass(frozen=True)
class Task:
    """What is to be done with one file; `work` raises `CodecError` if it fails."""

    source: Path
    work: Callable[[], FileReport]


def attempt(task: Task) -> FileReport:
    """Do a task; a failure becomes a report of its status is that of the reason."""
    try:
        return in_words(task.work())
    except (CodecError, MemoryError) as error:
        return failure_of(task.source, error)


def in_words(report: FileReport) -> FileReport:
    """Say what a report says in the words of the command."""
    if not report.notices and not report.error:
        return report
    return replace(
        report, notices=tuple(map(in_words_of_the_command, report.notices)),
        error=report.error and in_words_of_the_command(report.error),
    )  # fmt: skip


def attempt_each(source: Path, reports: Iterator[FileReport]) -> Iterator[FileReport]:
    """Yield one report after another of a file; if that fails, a last one that says why."""
    try:
        yield from map(in_words, reports)
    except (CodecError, MemoryError) as error:
        yield failure_of(source, error)


def failure_of(source: Path, error: CodecError | MemoryError) -> FileReport:
    """Make a report of what went wrong: its status is that of the reason."""
    if not isinstance(error, CodecError):
        error = LimitError("not enough memory", "memory")
    status = _STATES.get(error.reason, "error")
    said = in_words_of_the_command(str(error))
    return FileReport(display_name(source), status=status, error=said, reason=error.reason)


def with_notices(report: FileReport, notices: Sequence[str]) -> FileReport:
    """Add what was known before the file was done."""
    return replace(report, notices=(*notices, *report.notices)) if notices else report


def run(
    tasks: Iterable[Task],
    *,
    total: int | None = None,
    show: Callable[[FileReport], None] = lambda report: None,
    progress: bool = False,
    parallel: bool = True,
    keep: bool = True,
) -> list[FileReport]:
    """Do every task; what fails is reported and the others are done.

    Parameters
    ----------
    tasks : iterable of Task
        One a file, asked for when it is its turn.
    total : int, optional
        How many there are, if they are no sequence.
    show : callable
        Called with every report, in the order of the tasks, as soon as there is one.
    progress : bool
        Draw a bar on stderr.
    parallel : bool
        Do small files several at a time.
    keep : bool
        Return the reports. Without, only `show` sees them, and memory does not grow with files.

    Returns
    -------
    reports : list of FileReport
        One a task, if they are kept.
    """
    reports: list[FileReport] = []
    if total is None:
        total = len(tasks := list(tasks))
    bar = _make_bar(total) if progress and total > 1 else None

    def begin(task: Task) -> None:
        if bar:
            bar.set_description_str(display_name(task.source)[:40])

    def end(report: FileReport) -> None:
        if bar:
            bar.clear()
        show(report)
        if bar:
            bar.update()
        if keep:
            reports.append(report)

    workers = min(thread_count(), total) if parallel else 1
    with (
        closing(bar) if bar else nullcontext(),
        _Crew(workers if workers > 1 else 0) as crew,
    ):
        for task in tasks:
            small = crew.size > 0 and _is_small(task.source)
            while crew.unfinished and (not small or crew.unfinished >= 2 * crew.size):
                end(crew.next_report())
            begin(task)
            if small:
                crew.hand_out(task)
            else:
                end(attempt(task))
        while crew.unfinished:
            end(crew.next_report())
    return reports


class _Crew:
    """Threads that do tasks, whose reports come back in the order of the tasks.

    A task is waiting, begun, done, and then its report is taken. Signals may interrupt the main
    thread at any point, and locks of Python's own making do not survive that: only queues that
    are made for it (`queue.SimpleQueue`) are touched there.

    Attributes
    ----------
    size : int
        How many threads there are; fewer than asked for where no more can be started.
    """

    def __init__(self, size: int) -> None:
        self.size = 0
        self._asked = size
        self._waiting: SimpleQueue[tuple[int, Task] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, FileReport | BaseException]] = SimpleQueue()
        self._gone: list[None] = []
        self._tasks: dict[int, Task] = {}  # those whose reports are not taken
        self._reports: dict[int, FileReport] = {}
        self._handed_out = self._taken = 0

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # no more threads than these
            for _ in range(self._asked):
                threading.Thread(target=self._serve, name=_NAME, daemon=True).start()
                self.size += 1
        return self

    def __exit__(self, *error: object) -> None:
        """Take back what nobody has begun, and wait until everybody has ended.

        Whoever asks twice to end must wait too, or files would be left half made.
        """
        ended = False
        while not ended:
            with suppress(KeyboardInterrupt, SystemExit):
                with suppress(Empty):
                    while True:
                        self._waiting.get_nowait()
                for _ in range(self.size):
                    self._waiting.put(None)
                while len(self._gone) < self.size:
                    time.sleep(0.001)
                ended = True

    @property
    def unfinished(self) -> int:
        """How many tasks were handed out whose reports are not taken."""
        return self._handed_out - self._taken

    def hand_out(self, task: Task) -> None:
        """Let a thread do a task."""
        number, self._handed_out = self._handed_out, self._handed_out + 1
        self._tasks[number] = task
        self._waiting.put((number, task))

    def next_report(self) -> FileReport:
        """Wait for the report of the first task whose report is not taken, and take it."""
        while self._taken not in self._reports:
            self._receive()
        report, task = self._reports.pop(self._taken), self._tasks.pop(self._taken)
        if report.reason == "memory":  # it may do when it is alone
            while self._taken + 1 + len(self._reports) < self._handed_out:
                self._receive()
            report = attempt(task)
        self._taken += 1
        return report

    def _receive(self) -> None:
        number, report = self._done.get()
        if isinstance(report, BaseException):
            raise report
        self._reports[number] = report

    def _serve(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._done.put((item[0], attempt(item[1])))
            except BaseException as error:  # noqa: BLE001 - raised by who takes reports
                self._done.put((item[0], error))
        self._gone.append(None)


def _is_small(path: Path) -> bool:
    """Judge a file by its size, and by that of its picture where its first bytes tell it."""
    try:
        start, size_bytes = read_start(path, START_BYTES)
        width, height = peek_size(start) or (0, 0)
    except CodecError:
        return not os.path.isdir(path)  # whoever reads a file will say why not
    return size_bytes <= SMALL_FILE_BYTES and width * height <= SMALL_PICTURE_PIXELS


class OutputFolders:
    """Directories of outputs, made when they are needed; those that stay empty are taken back.

    Parameters
    ----------
    top : Path or None
        The directory given by `-d`; without it, none is made.
    """

    def __init__(self, top: Path | None) -> None:
        self._top = top
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for folder in sorted(self._made, key=lambda path: len(path.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()

    def make(self, wanted: Path) -> None:
        """Make a directory and those above it, or raise `FileError`."""
        missing: list[Path] = []
        while self._top is not None and not os.path.exists(wanted) and wanted != wanted.parent:
            missing.append(wanted)
            wanted = wanted.parent
        try:
            for folder in reversed(missing):
                folder.mkdir(exist_ok=True)
                self._made.append(folder)
        except OSError as error:
            failure = as_file_error(error)
            raise FileError(
                f"cannot make the directory {display_name(folder)}: {failure}", failure.reason
            ) from error


class BlockBar:
    """A bar on stderr that says how far the blocks of a single picture are.

    Parameters
    ----------
    wanted : bool
        Draw it, once there is a second block.
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._bar: Any = None

    def show(self, done: int, total: int) -> None:
        """Show how many blocks were done."""
        if not self._wanted or total <= 2:
            return
        if self._bar is None:
            self._bar = _make_bar(total)
        self._bar.total, self._bar.n = total, done
        self._bar.refresh()
        if done >= total:
            self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._wanted = None, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()


def _make_bar(total: int) -> Any:
    """Make a line on stderr that says how far a run is and how long it will take."""
    from tqdm.std import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # no thread that redraws it

    # By default it is one of processes; ours has no others.
    Bar.set_lock(threading.RLock())
    layout = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}] {desc}"
    return Bar(total=total, leave=False, dynamic_ncols=True, bar_format=layout, file=sys.stderr)
