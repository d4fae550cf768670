"""TIFF and BigTIFF: the strips or tiles that a slice needs, several at once."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError, ImageError, LimitError
from codec.files.views import FileView
from codec.images.blocks import blocks_of
from codec.images.decoders import as_codec_error, first_cause
from codec.images.directories import (
    HEIGHT,
    SUBFILE,
    WIDTH,
    Directory,
    read_directories,
    sub_directories,
)
from codec.images.records import check_frames
from codec.images.segments import OLD_JPEG, Block, Layout, layout_of
from codec.images.sources.base import PixelSource, no_stream
from codec.images.sources.tiles import Spare, plain_blocks
from codec.images.tiff import describe, tiff_structure
from codec.limits import check_dimensions, check_part
from codec.threads import run_parallel, thread_count

Pixels = npt.NDArray[np.uint8]

# Pixels that are decoded at once by what has much to do before the first.
_AT_ONCE = 1 << 20
# Of NewSubfileType: a smaller version of another picture, and a mask.
_SMALLER, _MASK = 1, 4


class TiffSource(PixelSource):
    """A page of a TIFF, or one of its smaller levels.

    Parameters
    ----------
    view : FileView
        The file.
    first_frame : bool
        Take the first of several pages.
    level : int
        0 for the page itself.
    threads : int, optional
        How many blocks are decoded at once.
    seen : bytes
        Which entries of the palette are in use, if that is known.

    Raises
    ------
    ImageError
        It is damaged, of a kind that is not read, or has no such level.
    LimitError
        A strip or tile takes too much memory, or holds far more than the picture.
    """

    def __init__(
        self,
        view: FileView,
        *,
        first_frame: bool = False,
        level: int = 0,
        threads: int | None = None,
        seen: bytes = b"",
    ) -> None:
        structure = tiff_structure(view)
        if structure.width and structure.height:
            check_frames(structure, first_frame)
        check_dimensions(min(1, structure.width), min(1, structure.height), 1)
        directory = _level_of(read_directories(view)[0], structure.index, level)
        size = directory.number(WIDTH), directory.number(HEIGHT)
        check_dimensions(min(1, size[0]), min(1, size[1]), 1)
        layout = layout_of(directory)
        if layout.compression == OLD_JPEG:
            raise no_stream("a TIFF of the old kind of JPEG")
        if layout.inflating:
            raise no_stream("a TIFF that is deflated as a single strip")
        check_part(
            layout.columns * layout.rows * -(-layout.bits // 8) * layout.planes,
            f"a {'tile' if layout.tiled else 'strip'} of the TIFF",
        )
        findings = describe(directory, replace(structure, width=size[0], height=size[1]))
        if findings.orientation[0] in range(5, 9) and not layout.tiled:
            raise no_stream("a TIFF in strips that is to be turned")
        self._layout, self._threads = layout, threads
        self._blocks = blocks_of(layout, findings.profile)
        first = self._decode(next(self._needed(slice(0, 1), slice(0, 1), 1)))
        first = self._blocks.finish(first)
        self._plain = plain_blocks(layout)
        findings = replace(findings, profile=self._blocks.profile, palette=self._blocks.palette)
        channels = 1 if first.ndim == 2 else first.shape[2]
        super().__init__(view, findings, channels, (layout.rows, layout.columns), seen)

    @property
    def in_place(self) -> bool:
        """Whether `read_into` needs no other array."""
        converts = self._conversion is not None and self._conversion.changes
        plain = self._plain is not None and self._entries is None
        return plain and not converts and self.orientation == 1

    def read_into(self, pixels: Pixels, rows: slice, columns: slice) -> None:
        """Read rows and columns that there are; see `__getitem__`.

        Parameters
        ----------
        pixels : ndarray of shape (h, w, C), dtype uint8
            Overwritten.
        rows, columns : slice
            Start and stop.
        """
        if not self.in_place:
            pixels[...] = self[rows, columns].reshape(pixels.shape)
        elif pixels.size:
            pixels = pixels if self.ndim == 3 else pixels[:, :, 0]
            try:
                self._read(rows, columns, pixels)
            except CodecError:
                raise
            except Exception as error:
                raise as_codec_error(error, self.kind) from error

    def _read(self, rows: slice, columns: slice, out: Pixels | None = None) -> Pixels:
        waiting = deque(self._needed(rows, columns, 1 if self._plain else _AT_ONCE))
        shape = rows.stop - rows.start, columns.stop - columns.start
        found: list[Pixels] = [] if out is None else [out]

        def put(block: Block, spare: Spare) -> None:
            part = self._decode(block, spare)
            if not found:
                found.append(np.empty((*shape, *part.shape[2:]), dtype=np.uint8))
            top, left = max(rows.start, block.top), max(columns.start, block.left)
            part = part[top - block.top : rows.stop - block.top]
            part = part[:, left - block.left : columns.stop - block.left]
            top, left = top - rows.start, left - columns.start
            found[0][top : top + len(part), left : left + part.shape[1]] = part

        def help_out() -> None:
            spare = Spare()
            while waiting:
                try:
                    block = waiting.popleft()
                except IndexError:
                    return
                put(block, spare)

        if not found:
            put(waiting.popleft(), Spare())
        helpers = min(self._threads or thread_count(), len(waiting))
        run_parallel([help_out] * helpers)
        return self._blocks.finish(found[0])

    def _needed(self, rows: slice, columns: slice, at_once: int) -> Iterator[Block]:
        """Find the blocks that a part of the picture lies in."""
        layout = self._layout
        fitting = max(1, at_once // (layout.columns * layout.rows))
        first, last = rows.start // layout.rows, -(-rows.stop // layout.rows)
        for row in range(first, last, 1 if layout.tiled else fitting):
            top = row * layout.rows
            if not layout.tiled:
                height = min(min(fitting, last - row) * layout.rows, layout.height - top)
                yield Block(top, 0, height, layout.width, row, -(-height // layout.rows))
                continue
            left, right = columns.start // layout.columns, -(-columns.stop // layout.columns)
            for column in range(left, right, fitting):
                count = min(fitting, right - column)
                yield Block(
                    top, column * layout.columns, layout.rows, count * layout.columns,
                    row * layout.across + column, count,
                )  # fmt: skip

    def _decode(self, block: Block, spare: Spare | None = None) -> Pixels:
        """Decode a block, maybe to what is spare; of one that is damaged, name strip or tile."""
        try:
            plain = self._plain(block, spare or Spare()) if self._plain else None
            return self._blocks(block) if plain is None else plain
        except (FileError, LimitError):
            raise
        except Exception as error:
            if isinstance(error, CodecError) and error.reason in ("input-changed", "unsupported"):
                raise
            if block.segments > 1:
                for single in _taken_apart(self._layout, block):
                    self._decode(single)
            kind = "tile" if self._layout.tiled else "strip"
            place = f"row {block.top}" + f", column {block.left}" * self._layout.tiled
            cause = "".join(c if c.isprintable() else "?" for c in first_cause(error)[:120])
            raise ImageError(
                f"the {kind} at {place} of the TIFF is damaged: {cause}", "damaged"
            ) from error

    _plain: Callable[[Block, Spare], Pixels | None] | None = None

    def _found_conversions(self) -> tuple[str, ...]:
        return (*self._findings.conversions, *self._blocks.conversions)

    def _found_notices(self) -> tuple[str, ...]:
        return (*self._findings.notices, *self._blocks.notices)


def _taken_apart(layout: Layout, block: Block) -> Iterator[Block]:
    """Take a block for blocks of one strip or tile."""
    for number in range(block.segments):
        if layout.tiled:
            left = block.left + number * layout.columns
            yield Block(block.top, left, layout.rows, layout.columns, block.first + number, 1)
        else:
            top = block.top + number * layout.rows
            rows = min(layout.rows, layout.height - top)
            yield Block(top, 0, rows, block.columns, block.first + number, 1)


def _level_of(directories: list[Directory], index: int, level: int) -> Directory:
    """Find a level of a picture: in its own directories, or in those that follow it."""
    page = directories[index]
    if not level:
        return page
    smaller = sub_directories(page)
    for directory in directories[index + 1 :]:
        kind = directory.number(SUBFILE)
        if not kind & _SMALLER:
            break
        if not kind & _MASK:
            smaller.append(directory)
    if not 0 < level <= len(smaller):
        raise ImageError(
            f"the TIFF has no level {level}: they are 0 to {len(smaller)}", "no-level"
        )
    return smaller[level - 1]
