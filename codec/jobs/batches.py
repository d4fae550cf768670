"""What a worker of a cluster does with some of many picture files, as the command does here."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from codec import __version__
from codec.chunks import Histogram
from codec.encoder.training import Pool
from codec.errors import ClusterError, CodecError, FileError
from codec.formats.files import is_marked
from codec.formats.registry import format_named
from codec.jobs.collisions import PlannedFile
from codec.jobs.compress import compress_file
from codec.jobs.ours import check_not_decoded, is_ours
from codec.jobs.train import SharedCodebook, count_file
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions

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
