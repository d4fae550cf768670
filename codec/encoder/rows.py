"""Rectangles of a picture, and rows of it that are kept while these pass by."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from codec.colors.pixels import as_rows

Bytes = npt.NDArray[np.uint8]
Pieces = list[tuple[int, Bytes]]


@dataclass(frozen=True)
class Block:
    """A rectangle of a picture.

    Parameters
    ----------
    rows, columns : range
        Which ones.
    """

    rows: range
    columns: range

    @property
    def origin(self) -> tuple[int, int]:
        """Row and column at which it begins."""
        return self.rows.start, self.columns.start


class Checksum:
    """What tells whether pixels are the same when they are read again.

    It does not depend on the blocks that whole rows come in, nor on their order.
    """

    def __init__(self) -> None:
        self.total: int = 0

    def add(self, pixels: Bytes, block: Block) -> None:
        """Add the pixels of a block, of shape (h, w, C)."""
        for number, row in zip(block.rows, as_rows(pixels), strict=True):
            place = (number + 65_537 * block.columns.start) & 0xFFFFFFFF
            self.total += zlib.crc32(row.tobytes(), place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checksum) and self.total == other.total

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it grows


class Rows:
    """Some rows of a picture, kept while its blocks pass by.

    Parameters
    ----------
    wanted : sequence of slice
        Which rows.
    width, channels : int
        Of the picture.
    """

    def __init__(self, wanted: Sequence[slice], width: int, channels: int) -> None:
        self.wanted = wanted
        self.strips: list[Bytes] = [
            np.empty((rows.stop - rows.start, width, channels), dtype=np.uint8) for rows in wanted
        ]

    def put(self, block: Block, pieces: Sequence[tuple[int, Bytes]]) -> None:
        """Keep what a block has of them, as `pick` picked it."""
        for number, piece in pieces:
            first = max(block.rows.start - self.wanted[number].start, 0)
            columns = slice(block.columns.start, block.columns.stop)
            self.strips[number][first : first + len(piece), columns] = piece


class Patch:
    """Pixels of a picture, sliced by where they are in it."""

    def __init__(self, pixels: Bytes, top: int, left: int) -> None:
        self._pixels, self._top, self._left = pixels, top, left

    def __getitem__(self, key: tuple[slice, slice]) -> Bytes:
        rows, columns = key
        return self._pixels[
            rows.start - self._top : rows.stop - self._top,
            columns.start - self._left : columns.stop - self._left,
        ]


def pick(wanted: Sequence[slice], pixels: Bytes, block: Block) -> Pieces:
    """Pick the rows of a block that are wanted: numbers of strips, and pixels."""
    found = []
    for number, rows in enumerate(wanted):
        first = max(rows.start, block.rows.start) - block.rows.start
        last = min(rows.stop, block.rows.stop) - block.rows.start
        if first < last:
            found.append((number, pixels[first:last].copy()))
    return found
