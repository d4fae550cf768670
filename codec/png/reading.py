"""PNG files read: a strict walk of the container.

The walk checks everything the PNG specification (W3C, third edition) lets a reader check before
a byte of pixels is allocated: signature, chunk bounds and CRCs, order, the header's legal values.
Our own files are held to all of it; of pictures that users give, what loses nothing and every
viewer passes over is told instead.
"""

import itertools
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from mmap import mmap
from typing import NamedTuple

from codec.errors import FormatError
from codec.files.views import FileView, ViewPart
from codec.limits import (
    MAX_METADATA_TEXTS,
    MAX_PIXELS,
    MAX_PNG_CHUNKS,
    MIN_PNG_CHUNK_BYTES,
    check_dimensions,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The last chunk, which holds nothing.
_IEND = b"\0\0\0\0IEND\xaeB`\x82"
GREY, RGB, INDEXED, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_SAMPLES = {GREY: 1, RGB: 3, INDEXED: 1, GREY_ALPHA: 2, RGBA: 4}
_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    INDEXED: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
# Bytes of a part of the rows that is not worth being left where it is.
_SMALL = 1024
# A keyword of a text, and the zero behind it.
_MOST_KEYWORD = 80
# The longest side that PNG has.
_MOST_SIDE = 2**31 - 1
# Bytes of the rows that are read at once.
_FED = 1 << 18
Content = memoryview | ViewPart
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Keywords of texts that hold XMP and, in hexadecimal digits as ImageMagick writes them, EXIF.
XMP_TEXT, RAW_EXIF, RAW_APP1, RAW_XMP = METADATA_TEXTS = (
    b"XML:com.adobe.xmp",
    b"Raw profile type exif",
    b"Raw profile type APP1",
    b"Raw profile type xmp",
)
# Adam7: first column, first row, column step, row step of each pass (PNG section 8.2).
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip


class Pass(NamedTuple):
    """Pixels whose rows are stored one after the other: a picture in itself.

    Parameters
    ----------
    place : tuple of slice
        Rows and columns of the whole picture where its pixels belong.
    width, height : int
        Its own size, at least 1.
    """

    place: tuple[slice, slice]
    width: int
    height: int


@dataclass(frozen=True)
class PngHeader:
    """The IHDR chunk.

    Parameters
    ----------
    width, height : int
        Pixels.
    depth : int
        Bits of a sample: 1, 2, 4, 8 or 16.
    color_type : int
        What samples mean: GREY, RGB, INDEXED, GREY_ALPHA or RGBA.
    interlaced : bool
        Stored in the passes of Adam7.
    """

    width: int
    height: int
    depth: int
    color_type: int
    interlaced: bool

    @property
    def samples(self) -> int:
        """Samples of a pixel as stored."""
        return _SAMPLES[self.color_type]

    @property
    def pixel_bits(self) -> int:
        """Bits of a pixel as stored."""
        return self.samples * self.depth

    def passes(self) -> list[Pass]:
        """Take the picture apart as its rows are stored: whole, or in the passes of Adam7."""
        steps = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        return [
            Pass(
                (slice(top, None, down), slice(left, None, across)),
                -(-(self.width - left) // across),
                -(-(self.height - top) // down),
            )
            for left, top, across, down in steps
            if left < self.width and top < self.height
        ]

    def row_size(self, width: int) -> int:
        """Bytes of a row of so many pixels, and of the filter before it."""
        return 1 + (width * self.pixel_bits + 7) // 8

    def inflated_size(self) -> int:
        """Bytes that all IDAT chunks together must inflate to."""
        return sum(part.height * self.row_size(part.width) for part in self.passes())


class Chunks(Mapping[bytes, bytes]):
    """Contents of ancillary chunks by type, copied out of the file when they are asked for."""

    def __init__(self) -> None:
        self._views: dict[bytes, Content] = {}

    def __getitem__(self, kind: bytes) -> bytes:
        return bytes(self._views[kind])

    def __contains__(self, kind: object) -> bool:
        return kind in self._views

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def add(self, kind: bytes, view: Content) -> None:
        """Keep the first chunk of a type."""
        self._views.setdefault(kind, view)


@dataclass(frozen=True)
class PngFile:
    """A PNG whose container is sound.

    Parameters
    ----------
    header : PngHeader
        With legal values only.
    idat_parts : iterable of memoryview or bytes
        The deflated rows, where they are in the file; small parts are copied together.
    idat_size : int
        Bytes of all of them.
    plte : bytes or None
        One to 256 colors of three bytes; there if the PNG is indexed.
    chunks : mapping of bytes to bytes
        Contents of the ancillary chunks by type, but for `texts`; of several of a type, the first.
    texts : dict of bytes to (bytes, bytes)
        Type and content of the first text of each keyword in `METADATA_TEXTS`.
    passed_over : list of str or None
        Where a lenient reader is told what else it finds wrong; None for a strict one.
    text_parts : list of (bytes, memoryview or ViewPart)
        Type and content of the other texts, up to more than may be kept.
    """

    header: PngHeader
    idat_parts: Iterable[memoryview | bytes] = field(repr=False)
    idat_size: int
    plte: bytes | None
    chunks: Mapping[bytes, bytes] = field(repr=False)
    texts: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict, repr=False)
    passed_over: list[str] | None = field(default=None, compare=False)
    text_parts: list[tuple[bytes, Content]] = field(default_factory=list, repr=False)

    @property
    def idat(self) -> bytes:
        """The deflated rows in one."""
        return b"".join(self.idat_parts)


class _Run:
    """IDAT chunks that stand one behind the other in a file, read anew each time."""

    def __init__(self, view: FileView, first: ViewPart) -> None:
        self._view, self._start, self._stop = view, first.start - 8, first.stop + 4

    def add(self, part: ViewPart) -> None:
        self._stop = part.stop + 4

    def __iter__(self) -> Iterator[bytes]:
        position = self._start
        while position < self._stop:
            head = self._view[position : position + 8]
            start, stop = position + 8, position + 8 + int.from_bytes(head[:4], "big")
            yield from ViewPart(self._view, start, min(stop, self._stop)).pieces(_FED)
            position = stop + 4


def _walk(
    data: bytes | mmap | FileView, passed_over: list[str] | None
) -> Iterator[tuple[bytes, Content]]:
    """Yield type and content of each chunk up to IEND, checking bounds and CRCs."""
    view = data if isinstance(data, FileView) else memoryview(data)
    most, position, size = MAX_PNG_CHUNKS, len(SIGNATURE), len(data)
    if isinstance(data, FileView):
        most += size // MIN_PNG_CHUNK_BYTES
    for number in itertools.count():
        if number == most and passed_over is not None:
            raise FormatError(f"the PNG has over {most} chunks", "bad-chunk")
        if size < position + 12:
            if passed_over is not None and _IEND.startswith(data[position:]):
                passed_over.append("the PNG lacks its end (IEND)")
                return
            raise FormatError("the PNG ends before its last chunk", "truncated")
        head = data[position : position + 8]
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        end = position + 12 + length
        if length > 0x7FFFFFFF or end > size:
            raise FormatError("the PNG ends inside a chunk", "truncated")
        if not kind.isalpha() or not kind.isascii():
            raise FormatError("a PNG chunk has an illegal type", "bad-chunk")
        if isinstance(view, FileView):
            found = view.crc(position + 4, end - 4)
        else:
            found = zlib.crc32(view[position + 4 : end - 4])
        if found != int.from_bytes(data[end - 4 : end], "big"):
            raise FormatError(f"the CRC of PNG chunk {kind.decode()} is wrong", "bad-crc")
        start = position + 8
        if isinstance(view, FileView):
            yield kind, ViewPart(view, start, end - 4)
        else:
            yield kind, view[start : end - 4]
        position = end
        if kind == b"IEND":
            break
    trailing = size - position
    if trailing and passed_over is None:
        raise FormatError(f"{trailing} bytes follow the end of the PNG", "trailing-data")
    if trailing and passed_over is not None:
        passed_over.append(f"{trailing} bytes after the end of the PNG are ignored")


def parse_header(content: bytes) -> PngHeader:
    """Check an IHDR chunk.

    Parameters
    ----------
    content : bytes
        The chunk's data.

    Returns
    -------
    header : PngHeader
        With legal values only.

    Raises
    ------
    FormatError
        A field has a value that PNG does not define.
    """
    if len(content) != 13:
        raise FormatError(f"IHDR has {len(content)} bytes, not 13", "bad-header")
    width, height, depth, color_type, compression, filtering, interlace = struct.unpack(
        ">IIBBBBB", content
    )
    if depth not in _DEPTHS.get(color_type, ()):
        raise FormatError(f"PNG color type {color_type} with bit depth {depth}", "bad-header")
    if compression or filtering or interlace > 1:
        raise FormatError("IHDR has an undefined compression, filter or interlace", "bad-header")
    return PngHeader(width, height, depth, color_type, bool(interlace))


def read_png(
    data: bytes | mmap | FileView,
    max_pixels: int | None = MAX_PIXELS,
    *,
    passed_over: list[str] | None = None,
) -> PngFile:
    """Check the container of a PNG and take it apart.

    Parameters
    ----------
    data : bytes, mmap or FileView
        The whole file; of a view nothing is held that is not asked for.
    max_pixels : int or None
        Largest picture that is accepted; None for those that PNG allows.
    passed_over : list of str, optional
        Given one, the reader is lenient: it adds, for people, what it passed over and a strict one
        refuses. That is a missing IEND, bytes after it, and whatever follows the last row.

    Returns
    -------
    png : PngFile
        Every CRC is right; nothing is inflated yet.

    Raises
    ------
    FormatError
        Anything the specification forbids.
    LimitError
        The header claims more pixels than allowed.
    """
    if data[:8] != SIGNATURE:
        raise FormatError("not a PNG file", "not-a-png")
    header: PngHeader | None = None
    plte: bytes | None = None
    idat: list[memoryview | bytearray] | _Run | None = None
    chunks = Chunks()
    texts: dict[bytes, tuple[bytes, bytes]] = {}
    text_parts: list[tuple[bytes, Content]] = []
    idat_over, apart, idat_size = False, 0, 0
    for kind, view in _walk(data, passed_over):
        if kind == b"IDAT" and header is not None and not idat_over:
            idat = _added(idat, view, data)
            idat_size += len(view)
            continue
        idat_over = idat is not None
        if header is None:
            if kind != b"IHDR":
                raise FormatError("the first PNG chunk is not IHDR", "bad-chunk")
            header = parse_header(bytes(view))
            _check_size(header, max_pixels)
        elif kind == b"IDAT" and passed_over is None:
            raise FormatError("the IDAT chunks are not consecutive", "bad-chunk")
        elif kind == b"IDAT":
            apart += len(view)
        elif kind == b"PLTE":
            if plte is not None or idat_over or len(view) % 3 or not 3 <= len(view) <= 768:
                raise FormatError("PLTE is misplaced or has an illegal size", "bad-palette")
            plte = bytes(view)
        elif kind == b"IEND":
            if view:
                raise FormatError("IEND is not empty", "bad-chunk")
        elif kind[:1].isupper():
            raise FormatError(f"a second or unknown critical chunk {kind.decode()}", "bad-chunk")
        else:
            indexed = header.color_type == INDEXED
            if kind == b"tRNS" and (idat_over or kind in chunks or (indexed and plte is None)):
                raise FormatError("tRNS is misplaced or there twice", "bad-palette")
            start = bytes(view[:_MOST_KEYWORD]) if kind in TEXTS else b""
            keyword = start.partition(b"\0")[0]
            if keyword not in METADATA_TEXTS:
                chunks.add(kind, view)
                if kind in TEXTS and len(text_parts) <= MAX_METADATA_TEXTS:
                    text_parts.append((kind, view))
            elif keyword not in texts:
                texts[keyword] = kind, bytes(view)
    if header is None or idat is None:
        raise FormatError("the PNG has no IDAT chunk", "truncated")
    if header.color_type == INDEXED and plte is None:
        raise FormatError("an indexed PNG without PLTE", "bad-palette")
    if apart and passed_over is not None:
        passed_over.append(f"{apart} bytes in IDAT chunks behind other chunks are ignored")
    parts: Iterable[memoryview | bytes] = (
        idat if isinstance(idat, _Run) else tuple(memoryview(part) for part in idat)
    )
    return PngFile(header, parts, idat_size, plte, chunks, texts, passed_over, text_parts)


def _check_size(header: PngHeader, max_pixels: int | None) -> None:
    width, height = header.width, header.height
    if max_pixels is not None or not width or not height:
        check_dimensions(width, height, max_pixels or 1)
    elif max(width, height) > _MOST_SIDE:
        raise FormatError(f"a PNG cannot have {width}x{height} pixels", "bad-dimensions")


def _added(
    parts: list[memoryview | bytearray] | _Run | None, view: Content, data: bytes | mmap | FileView
) -> list[memoryview | bytearray] | _Run:
    """Add a part of the rows, in memory to a small one before it if it is small itself."""
    if isinstance(view, ViewPart):
        if isinstance(parts, _Run):
            parts.add(view)
            return parts
        assert isinstance(data, FileView)  # noqa: S101 - whose part it is
        return _Run(data, view)
    parts = parts if isinstance(parts, list) else []
    if len(view) >= _SMALL:
        parts.append(view)
    elif parts and isinstance(parts[-1], bytearray):
        parts[-1] += view
    else:
        parts.append(bytearray(view))
    return parts
