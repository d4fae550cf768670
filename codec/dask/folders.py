"""Many files, in batches that workers do one of at a time."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from codec.dask.far import workers_at
from codec.dask.workers import Workers
from codec.errors import ClusterError

__all__ = ["File", "do_batches", "workers_at"]

# A batch takes a worker about a second: long beside what a task costs, and short beside a run.
_MOST_FILES, _MOST_BYTES = 256, 1 << 25
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
    most = min(max(-(-count // (_BATCHES_EACH * workers.count())), 1), _MOST_FILES)
    batches, sent = cut(files, most), dict[int, list[File]]()
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
                yield [file.errand for file in batch], value
        if not lost:
            return
        # Whatever a worker had is blamed for its death. Alone, only the culprit is.
        for file in lost:
            alone = [(file.name, [file.errand])]
            for _, value in workers.feed(function, verb, given, alone):
                yield [file.errand], value


def cut(files: Iterable[File], most: int) -> Iterator[list[File]]:
    """Cut files into batches of at most so many, and of not many bytes unless one has them."""
    batch, size = list[File](), 0
    for file in files:
        if batch and (len(batch) == most or size + file.size_bytes > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield batch


def _title(batch: Sequence[File]) -> str:
    more = len(batch) - 1
    return f"{batch[0].name} and {more} more" if more else batch[0].name
