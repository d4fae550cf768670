"""PNG a few rows at a time: inflated, unfiltered and converted as they are asked for."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codec.files.views import FileView
from codec.images.depth import Narrowing
from codec.images.png import describe, palette_of_png, structure_of, to_pixels
from codec.images.records import check_frames
from codec.images.sources.base import no_stream
from codec.images.sources.rows import RowSource
from codec.limits import check_part
from codec.png.reading import GREY, RGB, read_png
from codec.png.samples import check_ratio, decode_strips, strip_rows

Pixels = npt.NDArray[np.uint8]


class PngSource(RowSource):
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

    def __init__(self, view: FileView, *, first_frame: bool = False, seen: bytes = b"") -> None:
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
        channels = header.samples
        if header.color_type in (GREY, RGB) and b"tRNS" in png.chunks:
            channels += 1
        tile = strip_rows(header, header.width), header.width
        super().__init__(view, findings, channels, tile, seen)

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
