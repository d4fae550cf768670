"""PNG a few rows at a time: inflated, unfiltered and converted as they are asked for."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codec.images.depth import Narrowing
from codec.images.png import describe, is_indexed, palette_of_png, structure_of, to_pixels
from codec.images.records import check_frames
from codec.images.sources.base import PixelSource, no_stream
from codec.limits import check_part
from codec.png.reading import GREY, RGB, read_png
from codec.png.samples import check_ratio, decode_strips, strip_rows
from codec.views import FileView

Pixels = npt.NDArray[np.uint8]

# Rows of those given last that may be asked for again.
_KEPT_ROWS = 16


class PngSource(PixelSource):
    """A PNG that is not interlaced.

    Every CRC is checked when it is opened; rows, and whether they end where they should, in each
    pass, before its last rows are given.

    Parameters
    ----------
    view : FileView
        The file.
    first_frame : bool
        Take the picture that every reader shows of an animation.
    seen : bytes
        Which entries of the palette are in use, if that is known.

    Raises
    ------
    FormatError
        The container is damaged.
    ImageError
        It is an animation, interlaced, or to be turned.
    LimitError
        A row takes too much memory.
    """

    in_order = True

    def __init__(self, view: FileView, *, first_frame: bool = False, seen: bytes = b"") -> None:
        self._lock = threading.RLock()
        passed_over: list[str] = []
        png = read_png(view, None, passed_over=passed_over)
        check_ratio(png)
        header = png.header
        if header.interlaced:
            raise no_stream("an interlaced PNG")
        # Beside the row as stored: the one before it, both without filters, and their colors.
        check_part(2 * header.row_size(header.width), "a row of the PNG")
        structure = structure_of(png)
        check_frames(structure, first_frame)
        findings = describe(png, structure)
        if findings.orientation[0] in range(3, 9):
            raise no_stream("a PNG that is to be turned")
        self._png, self._container = png, tuple(passed_over)
        # Of the first pass, what followed the last row; and what lacks in the palette.
        self._behind: list[str] | None = None
        self._beyond: list[str] = []
        self._narrow: Narrowing | None = None
        if header.depth == 16:
            self._narrow = Narrowing(16, 1 if header.samples < 3 else 3)
        self._begin()
        channels = header.samples
        if header.color_type in (GREY, RGB) and b"tRNS" in png.chunks:
            channels += 1
        tile = strip_rows(header, header.width), header.width
        super().__init__(view, findings, channels, tile, seen)

    def _begin(self) -> None:
        """Begin another pass."""
        self._strips = self._decode()
        # Rows that were given, and may be asked for again; and rows that are still to be given.
        self._kept: Pixels | None = None
        self._ahead: Pixels | None = None
        self._next = self._before = 0

    def _decode(self) -> Iterator[Pixels]:
        """Decode strip after strip; the last of them when all is known to be sound."""
        behind: list[str] = []
        png = replace(self._png, passed_over=behind)
        last: Pixels | None = None
        for _, samples in decode_strips(png):
            if last is not None:
                yield last
            last = to_pixels(png, samples, self._narrow)
        if self._behind is None:
            self._behind = behind
        if last is not None:
            yield last

    def _read(self, rows: slice, columns: slice) -> Pixels:
        with self._lock:
            try:
                return self._take(rows)[:, columns]
            except BaseException:
                self._begin()  # a decoder that stopped halfway goes on nowhere
                raise

    def _take(self, rows: slice) -> Pixels:
        """Take rows of those kept, and of the strips that come next."""
        kept = 0 if self._kept is None else len(self._kept)
        if rows.start < self._next - kept:
            self._begin()
            kept = 0
        found: Pixels | None = None
        filled, self._before = 0, self._next
        if self._kept is not None and rows.start < self._next:
            part = self._kept[kept - (self._next - rows.start) :][: rows.stop - rows.start]
            if rows.stop <= self._next:
                return part.copy()
            found = self._empty(rows, part)
            found[: len(part)] = part
            filled = len(part)
        while self._next < rows.stop:
            part = next(self._strips) if self._ahead is None else self._ahead
            skipped = max(0, min(rows.start - self._next, len(part)))
            taken = min(len(part), rows.stop - self._next)
            if found is None:
                found = self._empty(rows, part)
            found[filled : filled + taken - skipped] = part[skipped:taken]
            filled += taken - skipped
            self._next += taken
            self._ahead = part[taken:] if taken < len(part) else None
        assert found is not None  # noqa: S101 - no slice that comes here is empty
        self._keep(found, rows.start)
        return found

    def _keep(self, found: Pixels, top: int) -> None:
        """Keep the last of the rows that were given, of this slice or of those before it."""
        if len(found) >= _KEPT_ROWS:
            # Indices are asked for twice, as such and as colors; they are small.
            self._kept = found.copy() if is_indexed(self._png) else found[-_KEPT_ROWS:].copy()
            return
        before = found[:0] if self._kept is None else self._kept
        overlap = max(0, self._before - top)
        if top > self._before:  # rows between were given to nobody
            before = before[:0]
        rows = np.concatenate([before[: len(before) - overlap], found])
        self._kept = rows[-_KEPT_ROWS:]

    def _empty(self, rows: slice, part: Pixels) -> Pixels:
        return np.empty((rows.stop - rows.start, *part.shape[1:]), dtype=np.uint8)

    def _stored_palette(self, highest: int) -> Pixels:
        palette = palette_of_png(replace(self._png, passed_over=self._beyond), highest)
        assert palette is not None  # noqa: S101 - or nobody would ask
        return palette

    def _structure_notices(self) -> tuple[str, ...]:
        return (*self._container, *(self._behind or ()), *self._beyond)

    def _found_conversions(self) -> tuple[str, ...]:
        return self._narrow.conversions if self._narrow else ()

    def _found_notices(self) -> tuple[str, ...]:
        exact = self._narrow.notices if self._narrow else ()
        return (*exact, *self._findings.notices)
