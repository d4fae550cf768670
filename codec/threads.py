"""Threads for kernels that release the GIL.

``KMCODEC_THREADS`` sets how many threads work at once, 1 or more. Without it that is the number of
processors this process may use, at most 8. Results never depend on it: pieces of work write to
different memory, or to sums that are put together in a fixed order.

One pool serves all. Whoever hands out work does its share of it, so that nothing waits for a
thread that waits for it, and that work is done even where no thread can be started (at the end of
the interpreter). A forked child starts with a pool of its own.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

STRIP_PIXELS = 1 << 18  # held at once where there is a choice, pixels or colors
THREAD_PIXELS = 1 << 18  # what another thread must get to do for it to pay
_MOST_THREADS = 8
_VARIABLE = "KMCODEC_THREADS"
_wanted: int | None = None

T = TypeVar("T")


def thread_count() -> int:
    """Tell how many threads work at once.

    Returns
    -------
    count : int
        What `using_threads` says; else ``KMCODEC_THREADS`` where that is a whole number of 1 or
        more, otherwise the number of processors that this process may use, at most 8.
    """
    if _wanted is not None:
        return _wanted
    wanted = os.environ.get(_VARIABLE, "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 5 and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    return min(available, _MOST_THREADS)


@contextmanager
def using_threads(count: int | None) -> Iterator[None]:
    """Let this many threads work at once in this process, or as many as ever if None."""
    global _wanted
    before, _wanted = _wanted, count
    try:
        yield
    finally:
        _wanted = before


def row_strips(height: int, width: int) -> Iterator[slice]:
    """Cut a picture into strips of rows, so that memory stays bounded.

    Parameters
    ----------
    height : int
        Number of rows; or of colors.
    width : int
        Pixels in a row, at least 1; for colors, how many pixels' memory one of them takes.

    Yields
    ------
    rows : slice
        In order, each of at most `STRIP_PIXELS` pixels, but at least a row.
    """
    step = max(1, STRIP_PIXELS // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def spans(length: int, unit: int) -> list[slice]:
    """Divide rows evenly among threads.

    Parameters
    ----------
    length : int
        Number of rows, at least 1; or of colors.
    unit : int
        Amount of work in a row: its pixels; for colors, how many pixels' work one of them is.

    Returns
    -------
    parts : list of slice
        One for each thread that has `THREAD_PIXELS` to do; in order, none of them empty.
    """
    pieces = min(length * unit // THREAD_PIXELS, length)
    if pieces <= 1:
        return [slice(0, length)]
    pieces = min(pieces, thread_count())
    return [
        slice(length * piece // pieces, length * (piece + 1) // pieces) for piece in range(pieces)
    ]


def run_parallel(functions: Sequence[Callable[[], T]]) -> list[T]:
    """Call functions, several at a time.

    Parameters
    ----------
    functions : sequence of callables
        They take no arguments; those that release the GIL run at the same time.

    Returns
    -------
    results : list
        What each returned, in the order of `functions`.

    Raises
    ------
    BaseException
        What the first of those that failed raised, when all have ended.
    """
    callers = _pool.callers
    callers.append(None)  # each works, and has helpers only where that leaves some
    try:
        helpers = min(len(functions), thread_count() - len(callers) + 1) - 1
        if helpers <= 0:
            return [function() for function in functions]
        work = _Work(functions)
        _pool.invite(work, helpers)
        return work.finish()
    finally:
        callers.pop()


class _Work(Generic[T]):
    """Functions to be called, and what came of them."""

    def __init__(self, functions: Sequence[Callable[[], T]]) -> None:
        self._waiting = deque(enumerate(functions))
        self._results: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}
        self._size = len(functions)
        self._ended = threading.Event()

    def help(self) -> None:
        """Call functions until none is left that nobody has begun."""
        while True:
            try:
                index, function = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._results[index] = function()
            except BaseException as error:  # noqa: BLE001 - raised in `finish`
                self._errors[index] = error
            if len(self._results) + len(self._errors) == self._size:
                self._ended.set()

    def finish(self) -> list[T]:
        """Help, wait for the other helpers, and collect."""
        try:
            self.help()
            self._ended.wait()
        finally:
            self._waiting.clear()
        if self._errors:
            # Whoever interrupts must be heard before whatever else went wrong.
            raise min(
                self._errors.items(), key=lambda item: (isinstance(item[1], Exception), item[0])
            )[1]
        return [self._results[index] for index in range(self._size)]


class _Pool:
    """Threads that wait for work; made when they are first needed."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child must, which has none of its parent's threads."""
        self._lock = threading.Lock()
        self._threads = 0
        self._work: Any = None
        self.callers: list[None] = []  # one for each thread that hands out work

    def invite(self, work: _Work[T], helpers: int) -> None:
        """Ask this many threads to help; none of them has to come."""
        with self._lock:
            if self._work is None:
                from queue import SimpleQueue

                self._work = SimpleQueue()
            try:
                while self._threads < helpers:
                    threading.Thread(target=_serve, args=(self._work,), daemon=True).start()
                    self._threads += 1
            except RuntimeError:  # no more threads, or the interpreter is about to end
                helpers = self._threads
        for _ in range(helpers):
            self._work.put(work)


def _serve(queue: Any) -> None:
    while True:
        work = queue.get()
        work.help()
        del work  # nor its arrays, while waiting for more


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
