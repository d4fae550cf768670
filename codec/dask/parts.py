"""Parts of a picture, and what workers do with them.

What goes wrong comes back as a value: other parts go on, and nobody writes any more when the whole
is given up.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.colors.flats import Inner
from codec.colors.tally import Histogram, Tally
from codec.encoder.blocks import Around, Blocks, Tallied, call_for, spans_around, tally_and_pick
from codec.encoder.rows import Block, Patch
from codec.errors import CodecError, FileError, ImageError, LimitError

Bytes = npt.NDArray[np.uint8]

_MOST_NAMED = 5


class Part(NamedTuple):
    """What a task is given.

    Parameters
    ----------
    blocks : sequence of Block
        In reading order.
    around : tuple of int
        Rows above, rows below, and columns beside each that it needs.
    """

    blocks: Sequence[Block]
    around: Around

    @property
    def name(self) -> str:
        """Its place, for people."""
        first, last = self.blocks[0], self.blocks[-1]
        if len(self.blocks) == 1:
            return place(first)
        return f"{place(first)} to {place(last)}"


def place(block: Block) -> str:
    """Name a block for people."""
    rows, columns = block.rows, block.columns
    return f"the tile at row {rows.start}, column {columns.start} ({len(columns)}x{len(rows)})"


@dataclass
class Done:
    """What a task returns.

    Parameters
    ----------
    results : list
        Of the blocks, in their order, None of those that are damaged.
    damaged : list of str
        What could not be read, and why.
    error : Exception, optional
        What ended the task.
    """

    results: list[Any] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    error: Exception | None = None

    def __sizeof__(self) -> int:
        """Tell bytes, as Dask asks to know when memory is full; histograms have most of them."""
        tallied = [each.histogram for each in self.results if isinstance(each, Tallied)]
        return 64 + sum(each.keys.nbytes + each.counts.nbytes for each in tallied)

    def check(self) -> None:
        """Raise what ended the task."""
        if self.error is not None:
            raise self.error


def check_damage(damaged: Sequence[str]) -> None:
    """Raise one error that names all that could not be read."""
    if damaged:
        more = len(damaged) - _MOST_NAMED
        named = "; ".join(damaged[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
        raise ImageError(f"damaged: {named}", "damaged")


class _UnreadableError(Exception):
    """A block that cannot be read."""


class _Careful:
    """A source whose damage is told from all else that may go wrong."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        try:
            return np.asarray(self._source[key])
        except (MemoryError, FileError, LimitError):
            raise
        except (FileNotFoundError, PermissionError) as error:
            raise FileError(f"a worker cannot read the picture: {error}", "unreadable") from error
        except Exception as error:
            if isinstance(error, CodecError) and error.reason == "input-changed":
                raise
            raise _UnreadableError(str(error) or type(error).__name__) from error


def do_part(
    part: Part,
    function: Callable[[Bytes, Inner, Block], Any],
    blocks: Blocks,
    patch: Bytes | None = None,
) -> Done:
    """Call a function for each block of a part; see `codec.encoder.blocks.Blocks.each`.

    Parameters
    ----------
    part : Part
        The blocks.
    function : callable
        As there.
    blocks : Blocks
        The picture.
    patch : ndarray, optional
        The pixels of the part, and those around; by default they are read.
    """
    done = Done()
    size = blocks.height, blocks.width
    if patch is not None:
        rows, columns = spans_around(part.blocks[0], part.around, size)
        blocks = replace(blocks, source=Patch(patch, rows.start, columns.start))
    source = _Careful(blocks.source)
    call = functools.partial(call_for, function, blocks.channels, part.around, size, source)
    try:
        blocks.check_unchanged()
        for block in part.blocks:
            try:
                done.results.append(call(block))
            except _UnreadableError as error:
                done.results.append(None)
                done.damaged += _locate(blocks.source, block, str(error))
        blocks.check_unchanged()
    except Exception as error:  # noqa: BLE001 - raised by whoever waits
        done.error = error
    return done


def _locate(source: Any, block: Block, why: str) -> list[str]:
    """Find the tiles of a block that cannot be read."""
    tile = getattr(source, "tile", None) or getattr(source, "chunks", None)
    if tile is None:
        return [f"{place(block)}: {why}"]
    found = []
    for rows in _crossed(block.rows, tile[0]):
        for columns in _crossed(block.columns, tile[1]):
            try:
                _Careful(source)[rows.start : rows.stop, columns.start : columns.stop]
            except _UnreadableError as error:
                found.append(f"{place(Block(rows, columns))}: {error}")
    return found or [f"{place(block)}: {why}"]


def _crossed(span: range, step: int) -> list[range]:
    """Cut a span where tiles end."""
    ends = [*range((span.start // step + 1) * step, span.stop, step), span.stop]
    return [range(*pair) for pair in zip([span.start, *ends], ends, strict=False)]


def count_part(
    part: Part, wanted: Sequence[Sequence[slice]], blocks: Blocks, patch: Bytes | None = None
) -> Done:
    """Count the blocks of a part one after the other, into one table."""
    tally = Tally(blocks.channels)
    done = do_part(part, functools.partial(tally_and_pick, tally, wanted), blocks, patch)
    pairs = zip(part.blocks, done.results, strict=False)
    picked = [(block, pieces) for block, pieces in pairs if pieces is not None and any(pieces)]
    counted = any(pieces is not None for pieces in done.results)
    done.results = [Tallied(tally.total(), picked)] if counted else []
    return done


def merge_counts(parts: Iterable[Done]) -> Done:
    """Sum what was counted."""
    whole = Done()
    histograms: list[Histogram] = []
    pieces = []
    for done in parts:
        for counted in done.results:
            histograms.append(counted.histogram)
            pieces += counted.pieces
        whole.damaged += done.damaged
        whole.error = whole.error or done.error
    if histograms:
        whole.results = [Tallied(Histogram.merge(histograms), pieces)]
    return whole
