"""Many picture files that the workers of a cluster compress, each as `compress_file` does.

Workers open the files by the same absolute paths; what they say of them is said again with the
names that were given.
"""

import contextlib
import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec import __version__
from codec.chunks import Histogram
from codec.encoder.blocks import Progress, silent
from codec.encoder.training import Pool
from codec.errors import ClusterError, CodecError, FileError
from codec.files import display_name
from codec.formats.files import is_marked
from codec.formats.registry import Format, format_named
from codec.jobs.collisions import PlannedFile
from codec.jobs.compress import compress_file
from codec.jobs.large import check_dask
from codec.jobs.ours import check_not_decoded, is_ours
from codec.jobs.train import SharedCodebook, count_file, with_codebook
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions

if TYPE_CHECKING:
    from codec.dask.folders import File
    from codec.dask.workers import Workers

# What became of a file: a report, or what went wrong.
Outcome = FileReport | CodecError | MemoryError


@dataclass(frozen=True, eq=False)
class Orders:
    """What workers need to know of a run.

    Parameters
    ----------
    settings, reading, weights
        As for `count_file` and `compress_file`.
    writing, share, measure, locate, shared
        As for `compress_file`.
    format : str
        The name of one.
    colors : bool
        Report colors, which are most of a report.
    version : str
        Of kmcodec, which must be that of whoever asks.
    """

    settings: CompressSettings
    reading: ReadOptions
    weights: npt.NDArray[np.uint8] | None = None
    writing: WriteOptions = field(default_factory=WriteOptions)
    format: str = ""
    share: float | None = None
    measure: bool = False
    locate: bool = False
    shared: SharedCodebook | None = None
    colors: bool = True
    version: str = __version__

    def check(self) -> None:
        """Refuse to work with another version, which may choose other colors.

        Raises
        ------
        ClusterError
            It is another.
        """
        if self.version != __version__:
            raise ClusterError(
                f"a worker has kmcodec {__version__}, and this is {self.version}", "version"
            )


@dataclass(frozen=True)
class Errand:
    """A file, as workers are told of it.

    Parameters
    ----------
    number : int
        Its place in the plan.
    planned : PlannedFile
        With absolute paths.
    is_new : bool
        Whether none of its outputs was there when it was its turn.
    """

    number: int
    planned: PlannedFile
    is_new: bool = False


@dataclass
class Counted:
    """What a worker counted.

    Parameters
    ----------
    histogram : Histogram or None
        The sum; None if nothing can be read.
    numbers : list of int
        Of the files that it is of.
    """

    histogram: Histogram | None
    numbers: list[int] = field(default_factory=list)

    def __sizeof__(self) -> int:
        """Tell bytes, as Dask asks to know when memory is full."""
        histogram = self.histogram
        return 64 + (histogram.keys.nbytes + histogram.counts.nbytes if histogram else 0)


def count_batch(orders: Orders, errands: Sequence[Errand]) -> Counted:
    """Count files on a worker; see `count_file`. What cannot be read is left out."""
    orders.check()
    pool, numbers = Pool(orders.settings), []
    for errand in errands:
        with suppress(CodecError, MemoryError):
            count_file(errand.planned, pool, orders.reading, orders.weights)
            numbers.append(errand.number)
    return Counted(pool.total(), numbers)


def compress_batch(orders: Orders, errands: Sequence[Errand]) -> list[Outcome]:
    """Compress files on a worker; see `compress_file`."""
    orders.check()
    return [_attempt(orders, errand) for errand in errands]


def _attempt(orders: Orders, errand: Errand) -> Outcome:
    try:
        if errand.planned.is_found:
            check_not_decoded(errand.planned.source, orders.reading.max_pixels)
        try:
            return _compress(orders, errand.planned)
        except FileError as error:
            if error.reason != "exists" or not errand.is_new or not _is_left(errand.planned):
                raise
        # A worker that was lost wrote it, in this very run.
        writing = replace(orders.writing, force=True)
        return _compress(replace(orders, writing=writing), errand.planned)
    except (CodecError, MemoryError) as error:
        return error.with_traceback(None)


def _compress(orders: Orders, planned: PlannedFile) -> FileReport:
    report = compress_file(
        planned.source, planned.target, format_named(orders.format, or_large=True),
        orders.settings, orders.reading, orders.writing, share=orders.share,
        measure=orders.measure, locate=orders.locate, shared=orders.shared,
        weights=orders.weights,
    )  # fmt: skip
    return report if orders.colors else replace(report, colors=())


def _is_left(planned: PlannedFile) -> bool:
    """Tell whether what is in the way is ours: whole, or the half of a pair that is first."""
    if not os.path.lexists(planned.target):
        return True
    with suppress(CodecError):
        return is_ours(planned.target) or is_marked(planned.target)
    return False


class FarFolder:
    """Files of a run that workers do.

    Parameters
    ----------
    workers : Workers
        Who does them.
    plan : sequence of PlannedFile
        The files.
    counting : callable
        Told how many files were counted, of how many.
    """

    def __init__(
        self, workers: "Workers", plan: Sequence[PlannedFile], counting: Progress = silent
    ) -> None:
        self._workers, self._plan, self._counting = workers, plan, counting
        self._done: dict[int, Outcome] = {}

    def share_codebook(
        self,
        plan: Sequence[PlannedFile],
        settings: CompressSettings,
        reading: ReadOptions,
        weights: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[CompressSettings, list[PlannedFile]]:
        """Do as `codec.jobs.train.share_codebook`: files are counted there, and summed up here.

        Raises
        ------
        ClusterError
            There are no workers.
        """
        pool, counted, seen = Pool(settings), set[int](), 0
        orders = Orders(settings, reading, weights)
        files = (
            _file(Errand(number, _absolute(planned)))
            for number, planned in enumerate(plan)
            if not planned.failure
        )
        for errands, found in self._batches(count_batch, "count", orders, files):
            seen += len(errands)
            self._counting(seen, len(plan))
            if isinstance(found, ClusterError):
                number = errands[0].number  # which is not tried again
                self._done[number] = _with_names(found, _names(self._plan[number], None))
                continue
            if found.histogram is not None:
                pool.merge(found.histogram, len(found.numbers))
            counted.update(found.numbers)
            del found
        self._counting(len(plan), len(plan))
        return with_codebook(settings, pool), [plan[number] for number in sorted(counted)]

    def compress(
        self, orders: Orders, format: Format, make_folder: Callable[[Path], None]
    ) -> Generator[tuple[PlannedFile, Outcome], None, None]:
        """Compress all files.

        Parameters
        ----------
        orders : Orders
            How.
        format : Format
            That of the orders.
        make_folder : callable
            Makes the directory of an output.

        Yields
        ------
        planned : PlannedFile
            As in the plan, and in its order.
        outcome : FileReport, CodecError or MemoryError
            With the names of the plan. Where the cluster is at fault, the same error for all
            that was not done.
        """
        shared = orders.shared
        if shared:
            orders = replace(orders, shared=shared.absolute())
        turn = 0
        try:
            for errands, found in self._batches(
                compress_batch, "compress", orders,
                self._errands(format, make_folder, alone=bool(shared)),
            ):  # fmt: skip
                outcomes = [found] if isinstance(found, ClusterError) else found
                for errand, outcome in zip(errands, outcomes, strict=True):
                    names = _names(self._plan[errand.number], shared)
                    self._done[errand.number] = _with_names(outcome, names)
                while turn in self._done:
                    yield self._plan[turn], self._done.pop(turn)
                    turn += 1
        except ClusterError as error:
            for number in range(turn, len(self._plan)):
                self._done.setdefault(number, error)
        for number in range(turn, len(self._plan)):
            yield self._plan[number], self._done.pop(number)

    def _errands(
        self, format: Format, make_folder: Callable[[Path], None], *, alone: bool
    ) -> Iterator["File"]:
        """Look at files one after the other, just before they are sent."""
        for number, planned in enumerate(self._plan):
            if number in self._done:
                continue
            try:
                if planned.failure:
                    raise planned.failure
                make_folder(planned.target.parent)
            except CodecError as error:
                self._done[number] = error
                continue
            paths = format.files(planned.target)[-1:] if alone else format.files(planned.target)
            is_new = not any(map(os.path.lexists, paths))
            yield _file(Errand(number, _absolute(planned), is_new))

    def _batches(
        self,
        function: Callable[[Orders, Sequence[Errand]], Any],
        verb: str,
        orders: Orders,
        files: Iterator["File"],
    ) -> Iterator[tuple[list[Errand], Any]]:
        from codec.dask.folders import do_batches

        return do_batches(self._workers, function, verb, orders, files, len(self._plan))


@contextlib.contextmanager
def far_folder(
    scheduler: str, plan: Sequence[PlannedFile], counting: Progress = silent
) -> Iterator[FarFolder]:
    """Reach the workers of a scheduler, for some files.

    Parameters
    ----------
    scheduler : str
        Its address.
    plan, counting
        As for `FarFolder`.

    Yields
    ------
    folder : FarFolder
        What they do.

    Raises
    ------
    ClusterError
        It cannot be reached.
    ParameterError
        Dask is not installed.
    """
    check_dask()
    from codec.dask.folders import workers_at

    with workers_at(scheduler) as workers:
        yield FarFolder(workers, plan, counting)


def _file(errand: Errand) -> "File":
    from codec.dask.folders import File

    source = errand.planned.source
    try:
        size = os.stat(source).st_size
    except (OSError, ValueError):  # whoever reads it will say why not
        size = 0
    return File(display_name(source), size, errand)


def _absolute(planned: PlannedFile) -> PlannedFile:
    """Name a file for workers, which are in other directories."""
    return PlannedFile(
        planned.source.absolute(), planned.target.absolute(), (), is_found=planned.is_found
    )


def _names(planned: PlannedFile, shared: SharedCodebook | None) -> dict[str, str]:
    """List how workers name files, and how they were named."""
    paths = [planned.source, planned.target, *planned.files]
    names = {display_name(path.absolute()): display_name(path) for path in paths}
    if shared:
        names[display_name(shared.target.absolute())] = display_name(shared.target)
    return names


def _with_names(outcome: Outcome, names: dict[str, str]) -> Outcome:
    """Say again what a worker said."""
    # The longest that fits: one may be the beginning of another.
    known = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))

    def again(text: str) -> str:
        return known.sub(lambda found: names[found[0]], text)

    if isinstance(outcome, MemoryError):
        return outcome
    if isinstance(outcome, CodecError):
        return type(outcome)(again(str(outcome)), outcome.reason)
    return replace(
        outcome,
        input=again(outcome.input),
        outputs=tuple(map(again, outcome.outputs)),
        notices=tuple(map(again, outcome.notices)),
        error=outcome.error and again(outcome.error),
    )
