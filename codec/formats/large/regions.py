"""Regions of a picture in tiles: what to read for them, and how they are put together."""

from abc import ABC, abstractmethod
from functools import partial
from types import EllipsisType

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.large.layout import Layout, Place, digest_of
from codec.threads import run_parallel

Bytes = npt.NDArray[np.uint8]
Token = tuple[int, int]
Index = int | slice | EllipsisType


class Tiles(ABC):
    """The tiles of a file, each of which is held against its digest when it is read.

    Parameters
    ----------
    layout : Layout
        What the file says of its picture.
    digests : ndarray of shape (rows, columns, 32), dtype uint8
        Those of its tiles.
    seal : object
        What the file says is the seal of all this.

    Raises
    ------
    FormatError
        The seal is another.
    """

    kind = ""

    def __init__(self, layout: Layout, digests: Bytes, seal: object) -> None:
        if layout.seal(digests) != seal:
            raise FormatError("the seal is that of something else", "digest-mismatch")
        self.layout = layout
        self._digests = digests

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """Bytes of the file or files."""

    @abstractmethod
    def token(self) -> Token:
        """Tell size and time of the file as it is now."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @abstractmethod
    def _read(self, place: Place) -> Bytes:
        """Read a tile without what pads it."""

    def read_tile(self, place: Place) -> Bytes:
        """Read a tile and verify it.

        Raises
        ------
        FormatError
            It is damaged.
        """
        row, column = place
        try:
            labels = self._read(place)
        except FormatError as error:
            raise FormatError(f"tile {row}, {column}: {error}", error.reason) from error
        if digest_of(labels) != self._digests[place].tobytes():
            raise FormatError(
                f"tile {row}, {column} is damaged, or was changed", "digest-mismatch"
            )
        return labels

    def read(self, rows: slice, columns: slice) -> Bytes:
        """Read the labels of a region, decoding every tile that it touches.

        Parameters
        ----------
        rows, columns : slice
            Start and stop within the picture.

        Returns
        -------
        labels : ndarray of shape (h, w), dtype uint8
        """
        shape = max(0, rows.stop - rows.start), max(0, columns.stop - columns.start)
        labels = np.empty(shape, dtype=np.uint8)
        if labels.size:
            fill = partial(self._fill, labels, rows, columns)
            run_parallel([partial(fill, place) for place in self.layout.touched(rows, columns)])
        return labels

    def _fill(self, labels: Bytes, rows: slice, columns: slice, place: Place) -> None:
        tile = self.read_tile(place)
        theirs, ours = [], []
        for wanted, there in zip((rows, columns), self.layout.place(*place), strict=True):
            start, stop = max(wanted.start, there.start), min(wanted.stop, there.stop)
            theirs.append(slice(start - there.start, stop - there.start))
            ours.append(slice(start - wanted.start, stop - wanted.start))
        labels[tuple(ours)] = tile[tuple(theirs)]


def find_region(
    index: Index | tuple[Index, ...], shape: tuple[int, ...]
) -> tuple[slice, slice, tuple[int | slice, ...]]:
    """Find what an index asks for.

    Parameters
    ----------
    index : int, slice, ellipsis, or a tuple of them
        As for an array of this shape; steps are 1.
    shape : tuple of int
        Rows, columns and, maybe, channels.

    Returns
    -------
    rows, columns : slice
        The region to be read, start and stop within the picture.
    rest : tuple
        The index of what is wanted in the region.

    Raises
    ------
    IndexError
        It is another index, or a number out of bounds.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if parts.count(Ellipsis) > 1:
        raise IndexError("an index has one ellipsis")
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    if len(parts) > len(shape):
        raise IndexError(f"{len(parts)} numbers and slices for {len(shape)} axes")
    slices: list[slice] = []
    rest: list[int | slice] = []
    for part, side in zip(parts, shape, strict=True):
        if isinstance(part, slice):
            start, stop, step = part.indices(side)
            if step != 1:
                raise IndexError("a region has no steps: read it, then take every other")
            slices.append(slice(start, max(start, stop)))
            rest.append(slice(None))
            continue
        try:
            number = part.__index__()  # type: ignore[union-attr]
        except AttributeError:
            raise IndexError("regions are asked for by numbers and slices") from None
        if not -side <= number < side:
            raise IndexError(f"{number} is out of bounds for an axis of {side}")
        slices.append(slice(number % side, number % side + 1))
        rest.append(0)
    if len(slices) == 3 and isinstance(rest[2], slice):
        rest[2] = slices[2]
    elif len(slices) == 3:
        rest[2] = slices[2].start
    return slices[0], slices[1], tuple(rest)
