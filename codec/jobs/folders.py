"""Many picture files that the workers of a cluster compress, each as `compress_file` does.

Workers open the files by the same absolute paths; what they say of them is said again with the
names that were given.
"""

import contextlib
import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.encoder.blocks import Progress, silent
from codec.encoder.training import Pool
from codec.errors import ClusterError, CodecError, FileError
from codec.files import display_name
from codec.formats.registry import Format
from codec.jobs.batches import Errand, Orders, Outcome, compress_batch, count_batch
from codec.jobs.collisions import Plan, PlannedFile
from codec.jobs.large import check_dask
from codec.jobs.train import SharedCodebook, with_codebook
from codec.settings import CompressSettings, ReadOptions

if TYPE_CHECKING:
    from codec.dask.folders import File
    from codec.dask.workers import Workers


class FarFolder:
    """Files of a run that workers do.

    Parameters
    ----------
    workers : Workers
        Who does them.
    plan : Plan
        The files.
    counting : callable
        Told how many files were counted, of how many.
    """

    def __init__(self, workers: "Workers", plan: Plan, counting: Progress = silent) -> None:
        self._workers, self._plan, self._counting = workers, plan, counting
        self._done: dict[int, Outcome] = {}

    def share_codebook(
        self,
        plan: Plan,
        settings: CompressSettings,
        reading: ReadOptions,
        weights: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[CompressSettings, npt.NDArray[np.bool]]:
        """Do as `codec.jobs.train.share_codebook`: files are counted there, and summed up here.

        Raises
        ------
        ClusterError
            There are no workers.
        """
        pool, counted, seen = Pool(settings), np.zeros(len(plan), bool), 0
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
            counted[list(found.numbers)] = True
            del found
        self._counting(len(plan), len(plan))
        if not pool.pictures:
            return settings, counted
        return with_codebook(settings, pool.train()), counted

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
                    planned = self._plan[errand.number]
                    outcome = _with_names(_as_seen_here(outcome, planned), _names(planned, shared))
                    self._done[errand.number] = outcome
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
def far_folder(scheduler: str, plan: Plan, counting: Progress = silent) -> Iterator[FarFolder]:
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


def _as_seen_here(outcome: Outcome, planned: PlannedFile) -> Outcome:
    """Say why a worker does not find what is here."""
    if isinstance(outcome, FileError) and (
        (outcome.reason == "not-found" and planned.source.exists())
        or (outcome.reason == "no-directory" and planned.target.parent.exists())
    ):
        said = f"{outcome}, says a worker, and here it is: workers must see the same files"
        return FileError(said, outcome.reason)
    return outcome


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
