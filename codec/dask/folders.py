"""Many files, in batches that workers do one of at a time."""

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from codec.dask.far import workers_at
from codec.dask.workers import Workers
from codec.errors import ClusterError

__all__ = ["File", "do_batches", "workers_at"]

_MOST_FILES, _MOST_BYTES = 256, 1 << 25
# What a batch is to take: long beside what a task costs, and not much is lost with a worker.
_SECONDS, _FIRST_FILES = 4.0, 16
_BATCHES_EACH = 4  # that many for each worker, so that all end at about the same time


class File(NamedTuple):
    """A file that is to be done.

    Parameters
    ----------
    name : str
        For people.
    size_bytes : int
        Of it.
    errand : object
        What workers are told.
    """

    name: str
    size_bytes: int
    errand: Any


def do_batches(
    workers: Workers,
    function: Callable[[Any, list[Any]], Any],
    verb: str,
    given: Any,
    files: Iterable[File],
    count: int,
) -> Iterator[tuple[list[Any], Any]]:
    """Have many files done.

    Parameters
    ----------
    workers : Workers
        Of a cluster.
    function : callable
        ``function(given, errands)`` does some files on a worker. It may be called again with
        the same, if the worker is lost or its result is.
    verb : str
        For dashboards.
    given : object
        What all need to know.
    files : iterable of File
        They are looked at when workers have room for them.
    count : int
        How many there are, about.

    Yields
    ------
    errands : list
        Some, whose batches come in any order.
    value : object
        What the function returned of them; or an error of the reason ``worker-killed``, of one
        file, of which workers died when nothing else was done.

    Raises
    ------
    ClusterError
        There are no workers, or no scheduler.
    """
    share = -(-count // (_BATCHES_EACH * workers.count()))
    pace = Pace(min(max(share, 1), _MOST_FILES))
    batches, sent = cut(files, pace), dict[int, list[File]]()
    function = functools.partial(_timed, function)
    while True:
        lost: list[File] = []

        def untroubled(lost: list[File] = lost) -> Iterator[tuple[str, list[Any]]]:
            for number in itertools.count():
                if lost or not (batch := next(batches, None)):
                    return
                sent[number] = batch
                yield _title(batch), [file.errand for file in batch]

        for number, value in workers.feed(function, verb, given, untroubled()):
            batch = sent.pop(number)
            if isinstance(value, ClusterError):
                lost += batch
            else:
                pace.learn(len(batch), value[0])
                yield [file.errand for file in batch], value[1]
            del value
        if not lost:
            return
        # Whatever a worker had is blamed for its death. Alone, only the culprit is.
        for file in lost:
            alone = [(file.name, [file.errand])]
            for _, value in workers.feed(function, verb, given, alone):
                yield [file.errand], value if isinstance(value, ClusterError) else value[1]


class Pace:
    """How many files a batch has, so that it takes a few seconds.

    Parameters
    ----------
    most : int
        Of files.

    Attributes
    ----------
    size : int
        How many the next batch has.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.size: int = min(most, _FIRST_FILES)

    def learn(self, files: int, seconds: float) -> None:
        """Note how long some files took; no batch is much larger than those before."""
        suitable = int(files * _SECONDS / seconds) if seconds > 0 else self._most
        self.size = max(1, min(suitable, 2 * self.size, self._most))


def cut(files: Iterable[File], pace: Pace) -> Iterator[list[File]]:
    """Cut files into batches at a pace, of not many bytes unless one file has them."""
    batch, size = list[File](), 0
    for file in files:
        if batch and (len(batch) >= pace.size or size + file.size_bytes > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield batch


def _timed(function: Callable[[Any, list[Any]], Any], given: Any, errands: list[Any]) -> Any:
    begin = time.monotonic()
    value = function(given, errands)
    return time.monotonic() - begin, value


def _title(batch: Sequence[File]) -> str:
    more = len(batch) - 1
    return f"{batch[0].name} and {more} more" if more else batch[0].name
