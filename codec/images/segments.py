"""Strips and tiles of a TIFF: where they are, how large they may be, what to decode at once."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from codec.errors import ImageError, LimitError
from codec.files.views import FileView, ViewPart
from codec.images.directories import (
    BITS,
    COMPRESSION,
    FILL_ORDER,
    HEIGHT,
    PHOTOMETRIC,
    PLANAR,
    SAMPLES,
    STRIP_PLACES,
    STRIP_ROWS,
    STRIP_SIZES,
    SUBSAMPLING,
    TILE_HEIGHT,
    TILE_PLACES,
    TILE_SIZES,
    TILE_WIDTH,
    WIDTH,
    Directory,
    Numbers,
)
from codec.images.jpeg import jpeg_end
from codec.images.records import truncated
from codec.limits import (
    MAX_DEFLATE_RATIO,
    MAX_JPEG_PIXELS_PER_BYTE,
    MAX_LZW_RATIO,
    MAX_TIFF_PADDING,
    MAX_TIFF_TILE_PIXELS,
)

UNCOMPRESSED, OLD_JPEG, JPEG = 1, 6, 7
_DEFLATE = (8, 32946)
# Bytes or, of JPEG, pixels that a byte can hold at most, by compression.
_RATIOS = {
    UNCOMPRESSED: 1, 5: MAX_LZW_RATIO, JPEG: MAX_JPEG_PIXELS_PER_BYTE, 8: MAX_DEFLATE_RATIO,
    32773: 64, 32946: MAX_DEFLATE_RATIO, 34925: 20_000, 50000: 40_000,
}  # fmt: skip
_YCBCR = 6
# Runs of one pixel take 4.5 bits each in T.4, and up to 6 in T.6.
_MOST_EXPANDED = 8
# Pixels that are decoded at once: what that takes is little beside the picture.
_AT_ONCE = 1 << 20
# Pixels of the smallest tile that TIFF allows, and how many smaller ones there may be still.
_LEAST_PIXELS, _MOST_SMALL_TILES = 256, 4096
# What strips and tiles of a block may hold together beyond the whole file, if they overlap.
_MOST_BEYOND = 1 << 26
# Bytes that are inflated at once.
_FED = 1 << 18


class Block(NamedTuple):
    """Strips or tiles that are decoded together: a picture in itself.

    Parameters
    ----------
    top, left : int
        Its place in the picture.
    rows, columns : int
        Its size, including what tiles have beyond the picture.
    first, segments : int
        The first of its strips or tiles within a plane, and how many they are.
    """

    top: int
    left: int
    rows: int
    columns: int
    first: int
    segments: int


@dataclass(frozen=True)
class Layout:
    """How the pixels of a directory are cut into strips or tiles.

    Parameters
    ----------
    directory : Directory
        Of the picture.
    width, height : int
        Of the picture.
    columns, rows : int
        Of a strip or tile.
    tiled : bool
        Tiles, which are all of one size.
    planes : int
        1, or one for each of the samples if they are stored apart.
    bits : int
        Of a pixel, in one plane.
    places : ndarray of shape (N,), dtype unsigned integer
        Of the strips or tiles in the file.
    inflating : tuple of Inflating
        One for each plane whose single strip is taken for several, which must be asked for in
        their order.
    """

    directory: Directory
    width: int
    height: int
    columns: int
    rows: int
    tiled: bool
    planes: int
    bits: int
    places: Numbers
    inflating: tuple["Inflating", ...] = ()

    @property
    def compression(self) -> int:
        """Value of the tag."""
        return self.directory.number(COMPRESSION, UNCOMPRESSED)

    @property
    def across(self) -> int:
        """Segments beside each other."""
        return -(-self.width // self.columns)

    @property
    def down(self) -> int:
        """Segments below each other."""
        return -(-self.height // self.rows)

    def blocks(self) -> Iterator[Block]:
        """Divide the picture into what is to be decoded at once."""
        fitting = max(1, _AT_ONCE // (self.columns * self.rows))
        for row in range(0, self.down, 1 if self.tiled else fitting):
            top = row * self.rows
            if not self.tiled:
                rows = min(fitting * self.rows, self.height - top)
                yield Block(top, 0, rows, self.width, row, -(-rows // self.rows))
                continue
            for column in range(0, self.across, fitting):
                count = min(fitting, self.across - column)
                yield Block(top, column * self.columns, self.rows, count * self.columns,
                            row * self.across + column, count)  # fmt: skip

    def strip(self, plane: int) -> memoryview | ViewPart:
        """Take the only strip of a plane out of the file."""
        sizes = self.directory.numbers(STRIP_SIZES)
        start = int(self.places[plane])
        size = int(sizes[plane]) if plane < len(sizes) else 0
        data = self.directory.data
        end = min(start + size, len(data)) if size else len(data)
        if isinstance(data, FileView):
            return ViewPart(data, start, end)
        return memoryview(data)[start:end]

    def stored(self, block: Block, plane: int) -> list[bytes]:
        """Take the strips or tiles of a block out of the file; no more than they may need."""
        data = self.directory.data
        sizes = self.directory.numbers(TILE_SIZES if self.tiled else STRIP_SIZES)
        first = plane * self.across * self.down + block.first
        segments, held = [], 0
        for number in range(first, first + block.segments):
            rows = self.rows
            if not self.tiled:
                rows = min(rows, self.height - (number - plane * self.down) * rows)
            needed = rows * -(-self.columns * self.bits // 8)
            if self.inflating:
                segments.append(self.inflating[plane].read(needed))
                continue
            start = int(self.places[number])
            if self.compression == UNCOMPRESSED:
                size = needed
                if start + size > len(data):
                    raise truncated("TIFF")
            else:
                # Nothing makes more of anything than fax codings do, but old writers may give no
                # size, and hostile ones any.
                size = int(sizes[number]) if number < len(sizes) else 0
                spare = 1 << 16 if self.compression == JPEG else 4096
                size = min(size or len(data), _MOST_EXPANDED * needed + spare)
            segments.append(data[start : start + size])
            held += len(segments[-1])
            if held > len(data) + _MOST_BEYOND:
                raise LimitError("strips or tiles overlap, and are more than the file", "ratio")
            if self.compression == JPEG:
                _check_jpeg(segments[-1])
        return segments


def _check_jpeg(segment: bytes) -> None:
    """Refuse a JPEG that ends early, of which libtiff makes the best."""
    try:
        jpeg_end(segment)
    except struct.error as error:
        raise truncated("TIFF") from error


def layout_of(directory: Directory) -> Layout:
    """Find how a picture is cut into strips or tiles, and whether they are honest.

    Parameters
    ----------
    directory : Directory
        Its width and height are within the limits.

    Returns
    -------
    layout : Layout
        Its strips and tiles are within the file, and not much larger than the picture.

    Raises
    ------
    ImageError
        There are none, or they lie beyond the end of the file.
    LimitError
        They hold far more than the picture.
    """
    width, height = directory.number(WIDTH), directory.number(HEIGHT)
    tiled = TILE_PLACES in directory
    if tiled:
        columns, rows = directory.number(TILE_WIDTH), directory.number(TILE_HEIGHT)
    else:
        columns, rows = width, min(height, directory.number(STRIP_ROWS, height) or height)
    if not columns or not rows or not (tiled or STRIP_PLACES in directory):
        raise ImageError("the TIFF's strips or tiles are damaged", "damaged")
    samples = directory.number(SAMPLES, 1)
    apart = directory.number(PLANAR, 1) == 2 and samples > 1
    bits = int(directory.numbers(BITS).max(initial=1))
    layout = Layout(
        directory, width, height, columns, rows, tiled, samples if apart else 1,
        bits if apart else bits * samples,
        directory.numbers(TILE_PLACES if tiled else STRIP_PLACES),
    )  # fmt: skip
    count = layout.across * layout.down
    padded = count * columns * rows
    # A single tile has sides that are rounded up, to multiples of 16 at least.
    largest = max(MAX_TIFF_TILE_PIXELS, (width + 255 & ~255) * (height + 255 & ~255))
    if (
        columns * rows > largest
        or padded > MAX_TIFF_PADDING * width * height + 2 * MAX_TIFF_TILE_PIXELS
        or (tiled and columns * rows < _LEAST_PIXELS and count > _MOST_SMALL_TILES)
    ):
        raise LimitError(
            f"tiles of {columns}x{rows} for a picture of {width}x{height} pixels", "ratio"
        )
    if layout.compression != OLD_JPEG and len(layout.places) < count * layout.planes:
        raise truncated("TIFF")
    if directory.number(PHOTOMETRIC) == _YCBCR:  # of which there are fewer samples than stated
        if (
            layout.compression == UNCOMPRESSED
            and directory.numbers(SUBSAMPLING).max(initial=1) > 1
        ):
            raise ImageError("uncompressed YCbCr is not read if it is subsampled", "unsupported")
        return layout
    held = layout.planes * width * height
    if layout.compression != JPEG:
        held = held * layout.bits // 8
    if held > _RATIOS.get(layout.compression, held) * (len(directory.data) + 64):
        raise truncated("TIFF")
    if not tiled and rows == height and columns * rows > _AT_ONCE:
        if layout.compression == UNCOMPRESSED:
            return _cut(layout)
        if layout.compression in _DEFLATE and directory.number(FILL_ORDER, 1) == 1:
            strips = [layout.strip(plane) for plane in range(layout.planes)]
            rows = max(1, _AT_ONCE // columns)
            return replace(layout, rows=rows, inflating=tuple(map(Inflating, strips)))
    return layout


class Inflating:
    """A deflated strip of which some rows are taken at a time."""

    def __init__(self, strip: memoryview | ViewPart) -> None:
        self._inflater = zlib.decompressobj()
        self._strip = strip
        self._place = 0
        self._fed: bytes | memoryview = b""

    def read(self, size: int) -> bytes:
        """Take so many bytes, deflated anew so that they fit the picture's tags, but not smaller.

        Raises
        ------
        ImageError
            They are damaged or not there.
        """
        found = bytearray()
        while len(found) < size:
            if not self._fed:
                self._fed = self._strip[self._place : self._place + _FED]
                self._place += _FED
            try:
                got = self._inflater.decompress(self._fed, size - len(found))
            except zlib.error as error:
                raise ImageError("the TIFF's compressed rows are damaged", "damaged") from error
            if (self._inflater.eof and len(found) + len(got) < size) or not (got or self._fed):
                raise truncated("TIFF")
            self._fed = self._inflater.unconsumed_tail
            found += got
        return zlib.compress(found, 0)


def _cut(layout: Layout) -> Layout:
    """Take rows that are stored as they are, in a single strip, for several strips."""
    rows = max(1, min(layout.rows, _AT_ONCE // layout.columns))
    below = np.arange(-(-layout.height // rows), dtype=np.uint64) * np.uint64(rows)
    steps = below * np.uint64(-(-layout.columns * layout.bits // 8))
    places = np.add.outer(layout.places[: layout.planes].astype(np.uint64), steps).ravel()
    return replace(layout, rows=rows, places=places)


def check_extents(directory: Directory) -> None:
    """Refuse a page whose strips or tiles go beyond the end of the file.

    Raises
    ------
    ImageError
        They do.
    """
    size = len(directory.data)
    for tags in ((STRIP_PLACES, STRIP_SIZES), (TILE_PLACES, TILE_SIZES)):
        starts, lengths = (directory.numbers(tag) for tag in tags)
        if len(starts) != len(lengths):
            continue
        for first in range(0, len(starts), _AT_ONCE):
            ends = np.zeros(1, dtype=np.uint64)
            for values in (starts, lengths):
                part = values[first : first + _AT_ONCE].astype(np.uint64)
                ends = ends + np.minimum(part, size + 1)
            if ends.max() > size:
                raise truncated("TIFF")
