"""Pictures in blocks: anything that has a shape and can be sliced, read piece by piece.

Blocks are rows over the whole width where that fits memory, and tiles of the source where not.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from codec.colors.flats import FlatTally, Inner
from codec.colors.histogram import count_colors
from codec.colors.pixels import as_channels
from codec.colors.tally import Histogram, Tally
from codec.encoder.rows import Block, Checksum, Patch, Pieces, pick
from codec.encoder.window import Window, reads_into
from codec.errors import ImageError, ParameterError
from codec.threads import run_parallel

Bytes = npt.NDArray[np.uint8]
Map = Callable[..., Iterable[Any]]
Progress = Callable[[int, int], None]
Around = tuple[int, int, int]  # rows above and below a block, and columns beside it
T = TypeVar("T")

_AHEAD = 16  # blocks that an executor gets at once: what they return waits in memory


def silent(done: int, total: int) -> None:
    """Tell nobody how far it is."""


class Tallied(NamedTuple):
    """What was counted in blocks.

    Parameters
    ----------
    histogram : Histogram
        Their colors.
    pieces : list of tuple
        Blocks, and for each list of rows that were wanted what `pick` picked.
    """

    histogram: Histogram
    pieces: list[tuple[Block, list[Pieces]]]


@dataclass(frozen=True, eq=False)
class Blocks:
    """A picture and the blocks in which it is read, in reading order.

    Parameters
    ----------
    source : object
        Its `shape` is (H, W) or (H, W, C), and slices of it are uint8 arrays.
    height, width, channels : int
        H, W and C.
    rows, columns : sequence of range
        The blocks.
    map : callable
        Like the built-in one, or that of an executor.
    """

    source: Any
    height: int
    width: int
    channels: int
    rows: Sequence[range]
    columns: Sequence[range]
    map: Map = map
    # Whether whoever labels a block writes it too, as where memory is not shared.
    writes: ClassVar[bool] = False

    def all(self) -> Iterator[Block]:
        """Yield the blocks in reading order."""
        return itertools.starmap(Block, itertools.product(self.rows, self.columns))

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    @property
    def n_pixels(self) -> int:
        """How many pixels there are."""
        return self.height * self.width

    @property
    def streams(self) -> bool:
        """Whether blocks are read here, one after the other, and not given out."""
        return self.map is map

    def each(
        self,
        function: Callable[[Bytes, Inner, Block], T],
        *,
        above: int = 0,
        below: int = 0,
        beside: int = 0,
        skip: Callable[[Block], bool] | None = None,
    ) -> Iterator[tuple[Block, T]]:
        """Call a function for each block.

        Parameters
        ----------
        function : callable
            ``function(pixels, inner, block)`` gets pixels of shape (h, w, C), rows and columns
            around the block included, which of them are the block's, and the block. Whatever an
            executor does with it, it can be pickled if it has to.
        above, below, beside : int
            How many rows and columns around a block it gets, of those that there are.
        skip : callable, optional
            Tells of a block that it need not be read.

        Yields
        ------
        block, result : Block and object
            In reading order. A result that refers to the pixels is good until the next.
        """
        return self._each(function, self.rows, above, below, beside, skip)

    def each_with_neighbors(
        self, function: Callable[[Bytes, Inner, Block], T]
    ) -> Iterator[tuple[Block, T]]:
        """Call a function for blocks of other rows, with a row and a column around each.

        Where one after the other is read, blocks end a row before whole tiles of the source do,
        so that no tile is decoded twice.
        """
        if not self.streams:
            return self.each(function, above=1, below=1, beside=1)
        rows = self.rows
        if len(self.columns) == 1 and rows[0].stop > 1:
            ends = [part.stop - 1 for part in rows[:-1]] + [self.height]
            rows = [range(*part) for part in itertools.pairwise([0, *ends])]
        return self._each(function, rows, 1, 1, 1, None)

    def _each(
        self,
        function: Callable[[Bytes, Inner, Block], T],
        rows: Sequence[range],
        above: int,
        below: int,
        beside: int,
        skip: Callable[[Block], bool] | None,
    ) -> Iterator[tuple[Block, T]]:
        blocks = itertools.starmap(Block, itertools.product(rows, self.columns))
        wanted = (block for block in blocks if skip is None or not skip(block))
        source, size, around = self.source, (self.height, self.width), (above, below, beside)
        if self.streams and len(self.columns) == 1 and (above or below or reads_into(source)):
            source = Window(source, self.channels)
        call = functools.partial(call_for, function, self.channels, around, size)
        if self.streams:
            for block in wanted:
                yield block, call(source, block)
            return
        told = functools.partial(_told, call)
        while some := list(itertools.islice(wanted, _AHEAD)):
            done = list(self.map(told, [(self._piece(block, around), block) for block in some]))
            if [block for block, _ in done] != some:
                raise ParameterError("map does not give back what it got, in its order", "map")
            yield from done

    def _piece(self, block: Block, around: Around) -> Any:
        """Give an executor what a block takes of an array, which may travel; files do not."""
        if not isinstance(self.source, np.ndarray):
            return self.source
        rows, columns = spans_around(block, around, (self.height, self.width))
        return Patch(self.source[rows, columns], rows.start, columns.start)

    def count(
        self,
        *wanted: Sequence[slice],
        flats: FlatTally | None = None,
        checksum: Checksum | None = None,
        progress: Progress = silent,
    ) -> Tallied:
        """Count all colors, and pick from each block the rows of each list that is given.

        Parameters
        ----------
        *wanted : sequence of slice
            Rows to be picked.
        flats : FlatTally, optional
            Counts flat pixels besides, where blocks are read one after the other, and is ended.
        checksum : Checksum, optional
            Gets the pixels, there as well.
        progress : callable
            Is told how many blocks were counted, of twice as many as there are.
        """
        tally, pieces = Tally(self.channels), []
        if not self.streams:
            found = self.each(functools.partial(_count_and_pick, wanted))
            for number, (block, (histogram, picked)) in enumerate(found, 1):
                tally.add(histogram)
                pieces.append((block, picked))
                progress(number, 2 * len(self))
            return Tallied(tally.total(), pieces)
        count = functools.partial(tally_and_pick, tally, wanted, flats=flats, checksum=checksum)
        each = self.each_with_neighbors(count) if flats else self.each(count)
        for number, part in enumerate(each, 1):
            pieces.append(part)
            progress(number, 2 * len(self))
        if flats:
            flats.end()  # before the colors are listed, so that its table is gone
        return Tallied(tally.total(), pieces)

    def read(self, block: Block) -> Bytes:
        """Read a block, as pixels of shape (h, w, C)."""
        size = self.height, self.width
        return call_for(_pixels, self.channels, (0, 0, 0), size, self.source, block)

    def check_unchanged(self) -> None:
        """Raise `ImageError` if the source can tell that it is not what it was."""
        check = getattr(self.source, "check_unchanged", None)
        if check is not None:
            check()


def _told(call: Callable[[Any, Block], T], given: tuple[Any, Block]) -> tuple[Block, T]:
    return given[1], call(*given)


def _pixels(pixels: Bytes, inner: Inner, block: Block) -> Bytes:
    return pixels


def tally_and_pick(
    tally: Tally,
    wanted: Sequence[Sequence[slice]],
    pixels: Bytes,
    inner: Inner,
    block: Block,
    *,
    flats: FlatTally | None = None,
    checksum: Checksum | None = None,
) -> list[Pieces]:
    """Count the colors of a block, and pick from it the rows that are wanted."""
    own = pixels[inner]
    counting: list[Callable[[], None]] = [functools.partial(tally.count, own)]
    if flats:
        counting.append(functools.partial(flats.count, pixels, inner))
    if checksum is not None:
        counting.append(functools.partial(checksum.add, own, block))
    run_parallel(counting)
    return [pick(rows, own, block) for rows in wanted]


def _count_and_pick(
    wanted: Sequence[Sequence[slice]], pixels: Bytes, inner: Inner, block: Block
) -> tuple[Histogram, list[Pieces]]:
    picked = [pick(rows, pixels, block) for rows in wanted]
    return Histogram.of(count_colors(pixels)), picked


def spans_around(block: Block, around: Around, size: tuple[int, int]) -> tuple[slice, slice]:
    """Tell which rows and columns of a picture of that size a block is read with."""
    above, below, beside = around
    rows = slice(max(block.rows.start - above, 0), min(block.rows.stop + below, size[0]))
    left, right = max(block.columns.start - beside, 0), min(block.columns.stop + beside, size[1])
    return rows, slice(left, right)


def call_for(
    function: Callable[[Bytes, Inner, Block], T],
    channels: int,
    around: Around,
    size: tuple[int, int],
    source: Any,
    block: Block,
) -> T:
    """Call a function for a block of a source; see `Blocks.each`."""
    rows, columns = spans_around(block, around, size)
    pixels = as_channels(np.asarray(source[rows, columns]))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if pixels.shape != (height, width, channels):
        raise ImageError(
            f"a slice of {height}x{width} pixels has the shape {pixels.shape}", "bad-shape"
        )
    inner = (
        slice(block.rows.start - rows.start, block.rows.stop - rows.start),
        slice(block.columns.start - columns.start, block.columns.stop - columns.start),
    )
    return function(pixels, inner, block)
