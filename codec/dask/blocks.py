"""Blocks of a picture that workers read, of an array of Dask or of a source they open."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from codec.colors.flats import FlatTally, Inner
from codec.colors.tally import Tally
from codec.dask.parts import (
    Bytes,
    Done,
    Part,
    check_damage,
    count_part,
    do_part,
    merge_counts,
)
from codec.dask.workers import Workers
from codec.encoder.blocks import Blocks, Progress, Tallied, silent
from codec.encoder.cutting import cut
from codec.encoder.rows import Block, Checksum
from codec.errors import ImageError, ParameterError

T = TypeVar("T")

# Of a task: what it reads goes into one table, and where it is an array, into memory at once.
_LEAST_PIXELS, _MOST_PIXELS = 1 << 24, 1 << 26
_TASKS_EACH = 2  # that many for each worker, so that all end at about the same time
_MERGED = 5


@dataclass(frozen=True, eq=False)
class SpreadBlocks(Blocks):
    """Blocks that workers read.

    Parameters
    ----------
    source : object
        What workers slice, or an array of Dask.
    workers : Workers
        Who does it.
    writes : bool
        See `Blocks`.
    """

    workers: Workers = None  # type: ignore[assignment]  # it follows what has defaults
    writes: bool = False  # type: ignore[misc]  # a constant of its base

    def each(
        self,
        function: Callable[[Bytes, Inner, Block], T],
        *,
        above: int = 0,
        below: int = 0,
        beside: int = 0,
        skip: Callable[[Block], bool] | None = None,
    ) -> Iterator[tuple[Block, T]]:
        """See `Blocks.each`; in any order."""
        wanted = [block for block in self.all() if skip is None or not skip(block)]
        parts = self._parts(wanted, (above, below, beside))
        given = self.workers.once(function)
        verb = "label" if self.writes and not beside else "look"
        tasks = [self._task(functools.partial(do_part, part), verb, part, given) for part in parts]
        damaged: list[str] = []
        for number, done in self.workers.run(tasks):
            done.check()
            damaged += done.damaged
            for block, result in zip(parts[number].blocks, done.results, strict=True):
                if result is not None:
                    yield block, result
        check_damage(sorted(damaged))

    @property
    def streams(self) -> bool:
        """See `Blocks.streams`."""
        return False

    def count(
        self,
        *wanted: Sequence[slice],
        flats: FlatTally | None = None,
        checksum: Checksum | None = None,
        progress: Progress = silent,
    ) -> Tallied:
        """See `Blocks.count`; of histograms sums of a few come here."""
        parts = self._parts(list(self.all()), (0, 0, 0))
        leaves = [
            self._task(functools.partial(count_part, part, wanted), "count", part)
            for part in parts
        ]
        # A few at a time there, so that less travels, and these here, where memory is not shared.
        sums = [
            self.workers.task(merge_counts, "merge", "a sum", leaves[first : first + _MERGED])
            for first in range(0, len(leaves), _MERGED)
        ]
        tally, pieces, damaged = Tally(self.channels), [], list[str]()
        for _, done in self.workers.run(sums, leaves):
            done.check()
            damaged += done.damaged
            for counted in done.results:
                tally.add(counted.histogram)
                pieces += counted.pieces
            del done  # and its histogram, before the next comes
        check_damage(sorted(damaged))
        return Tallied(tally.total(), pieces)

    def read(self, block: Block) -> Bytes:
        """See `Blocks.read`."""
        if not _is_dask(self.source):
            return super().read(block)
        [(_, pixels)] = replace(self, rows=[block.rows], columns=[block.columns]).each(_pixels)
        return pixels

    def _parts(self, blocks: list[Block], around: tuple[int, int, int]) -> list[Part]:
        """Give out blocks, those of an array one by one."""
        if _is_dask(self.source):
            return [Part([block], around) for block in blocks]
        most, parts, size = _task_pixels(self.height * self.width, self.workers), [], 0
        some: list[Block] = []
        for block in blocks:
            pixels = len(block.rows) * len(block.columns)
            if some and size + pixels > most:
                parts.append(Part(some, around))
                some, size = [], 0
            some.append(block)
            size += pixels
        return [*parts, Part(some, around)] if some else parts

    @functools.cached_property
    def _given(self) -> Any:
        """What workers know of the picture."""
        source = None if _is_dask(self.source) else self.source
        return self.workers.once(
            Blocks(source, self.height, self.width, self.channels, rows=[], columns=[])
        )

    def _task(self, call: Callable[..., Done], verb: str, part: Part, *given: Any) -> Any:
        arguments = [*given, self._given]
        if _is_dask(self.source):
            above, below, beside = part.around
            rows, columns = part.blocks[0].rows, part.blocks[0].columns
            top, left = max(rows.start - above, 0), max(columns.start - beside, 0)
            arguments.append(self.source[top : rows.stop + below, left : columns.stop + beside])
        return self.workers.task(call, verb, part.name, *arguments)


def _pixels(pixels: Bytes, inner: Inner, block: Block) -> Bytes:
    return pixels


def _task_pixels(pixels: int, workers: Workers) -> int:
    return min(max(pixels // (_TASKS_EACH * workers.count()), _LEAST_PIXELS), _MOST_PIXELS)


def spread(blocks: Blocks, workers: Workers, *, writes: bool = False) -> SpreadBlocks:
    """Let workers read blocks of a source, and write them if so asked.

    Raises
    ------
    ParameterError
        Only one can read it, from its beginning.
    """
    if getattr(blocks.source, "in_order", False):
        raise ParameterError(
            "a picture that is read from its beginning, as a PNG is, is no work for a cluster: "
            "compress it without, or store it as a tiled TIFF or as Zarr",
            "cluster",
        )
    return SpreadBlocks(
        blocks.source, blocks.height, blocks.width, blocks.channels, blocks.rows, blocks.columns,
        workers=workers, writes=writes,
    )  # fmt: skip


def cut_array(array: Any, workers: Workers) -> SpreadBlocks:
    """Decide which chunks of an array make a task.

    Parameters
    ----------
    array : dask.array.Array
        A picture. If it shows an object that can be sliced, from `dask.array.from_array` or
        `from_zarr`, workers slice that themselves, piece by piece.
    workers : Workers
        Who does it.

    Raises
    ------
    ImageError
        It is no picture of 8 bits, or does not know its size.
    """
    check_array(array)
    source = source_of(array)
    if source is not None:
        return spread(cut(source), workers)
    plain = cut(array)
    most = min(_task_pixels(plain.height * plain.width, workers), _LEAST_PIXELS)
    columns = _joined(array.chunks[1], most // max(array.chunks[0]))
    rows = _joined(array.chunks[0], most // max(map(len, columns)))
    return SpreadBlocks(
        array, plain.height, plain.width, plain.channels, rows, columns, workers=workers
    )


def check_array(array: Any) -> None:
    """Refuse what is no picture in an array of Dask.

    Raises
    ------
    ImageError
        It is not.
    """
    if not _is_dask(array):
        raise ImageError(
            f"{type(array).__name__} is no dask.array: dask.array.from_array makes one",
            "bad-shape",
        )
    if any(math.isnan(side) for side in array.shape):
        raise ImageError(
            "the array does not know its size: array.compute_chunk_sizes() finds out", "bad-shape"
        )
    cut(array)


def _joined(sizes: Sequence[int], most: int) -> list[range]:
    """Join chunks that lie side by side."""
    spans, start, stop = [], 0, 0
    for size in sizes:
        if stop > start and stop + size - start > most:
            spans.append(range(start, stop))
            start = stop
        stop += size
    return [*spans, range(start, stop)]


def _is_dask(array: Any) -> bool:
    return hasattr(array, "__dask_graph__") and hasattr(array, "chunks")


def source_of(array: Any) -> Any:
    """Find the object that an array shows as it is, if there is one and it may be sliced freely.

    Parameters
    ----------
    array : dask.array.Array
        Any.

    Returns
    -------
    source : object or None
        Of the same shape. Not an array of NumPy, which would travel whole.
    """
    layers = getattr(array.dask, "layers", {})
    original = f"original-{array.name}"
    task = getattr(layers.get(array.name), "task", None)
    if len(layers) != 2 or original not in layers or task is None:
        return None
    source = layers[original][original]
    source = getattr(source, "value", source)
    plain = (
        not isinstance(source, np.ndarray)
        and tuple(getattr(source, "shape", ())) == array.shape
        and getattr(source, "dtype", None) == array.dtype
    )
    return source if plain and not _locks(task) else None


def _locks(task: Any) -> bool:
    """Tell whether a task of `dask.array.from_array` takes a lock."""
    given = [*getattr(task, "args", ()), *getattr(task, "kwargs", {}).values()]
    return any(hasattr(getattr(each, "value", each), "acquire") for each in given)
