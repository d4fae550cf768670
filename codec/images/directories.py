"""Directories of TIFFs, and of EXIF, which is one: read without trust, and written anew."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.files import Part
from codec.files.views import FileView
from codec.images.records import truncated
from codec.limits import MAX_TIFF_DIRECTORIES

Numbers = npt.NDArray[np.unsignedinteger]

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_PLACES, ORIENTATION, SAMPLES = 266, 273, 274, 277
STRIP_ROWS, STRIP_SIZES, PLANAR, PREDICTOR, COLOR_MAP = 278, 279, 284, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_PLACES, TILE_SIZES = 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 338, 339, 347
XMP, EXIF, ICC_PROFILE, SUB_DIRECTORIES = 700, 34665, 34675, 330
TRANSFER_FUNCTION, WHITE_POINT, PRIMARIES, SUBSAMPLING = 301, 318, 319, 530
DESCRIPTION, ARTIST, COPYRIGHT, IPTC = 270, 315, 33432, 33723
XP_TITLE, XP_COMMENT, XP_AUTHOR, TAKEN, USER_COMMENT = 40091, 40092, 40093, 36867, 37510
# Tags that the picture itself does not need.
_SPARE = (
    SUB_DIRECTORIES, DESCRIPTION, ARTIST, COPYRIGHT, IPTC,
    XP_TITLE, XP_COMMENT, XP_AUTHOR, TAKEN, USER_COMMENT,
)  # fmt: skip
# Of CCITT's codings (T4, T6), of inks, of YCbCr and of old JPEGs.
_OTHERS = (292, 293, 332, 334, *range(512, 522), 529, SUBSAMPLING, 531, 532)
# Tags that what decodes pixels has to be told.
DECODING = (
    PHOTOMETRIC, FILL_ORDER, SAMPLES, PLANAR, PREDICTOR, COLOR_MAP, EXTRA_SAMPLES,
    SAMPLE_FORMAT, JPEG_TABLES, BITS, COMPRESSION, *_OTHERS,
)  # fmt: skip
_WANTED = np.zeros(65536, dtype=bool)
_WANTED[[SUBFILE, WIDTH, HEIGHT, STRIP_PLACES, ORIENTATION, STRIP_ROWS, STRIP_SIZES]] = True
_WANTED[[TILE_WIDTH, TILE_HEIGHT, TILE_PLACES, TILE_SIZES, XMP, EXIF, ICC_PROFILE]] = True
_WANTED[[*_SPARE, TRANSFER_FUNCTION, WHITE_POINT, PRIMARIES, *DECODING]] = True

# Sizes of the types of values, of which some are whole numbers.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_SHORT, _LONG, _FRACTION = 3, 4, 5
# Of a directory that is looked at in part.
_MOST_ENTRIES = 1000
# Of a directory: as many as there are tags. Of a picture's smaller levels: of half the size each.
_MOST_TAGS, _MOST_LEVELS = 65536, 64


@dataclass(frozen=True)
class Directory:
    """One picture's tags, of those that are looked at.

    Parameters
    ----------
    data : bytes or FileView
        The whole file.
    order : {'<', '>'}
        Of its bytes.
    entries : mapping of int to (int, int, int)
        By tag: type, number of values, and where they stand.
    """

    data: bytes | FileView
    order: str
    entries: Mapping[int, tuple[int, int, int]]
    # Of a file that is read as it is sliced, numbers that were asked for before.
    _found: dict[int, Numbers] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def raw(self, tag: int) -> bytes:
        """Bytes of a tag's values as stored; none if it is not there."""
        kind, count, place = self.entries.get(tag, (1, 0, 0))
        return self.data[place : place + count * _SIZES.get(kind, 0)]

    def numbers(self, tag: int) -> Numbers:
        """Whole numbers of a tag; none if it has none."""
        found = self._found.get(tag)
        if found is None:
            kind, count, place = self.entries.get(tag, (1, 0, 0))
            count = count if kind in _NUMBERS else 0
            dtype = np.dtype(self.order + _NUMBERS.get(kind, "u1"))
            if isinstance(self.data, FileView):
                data = self.data[place : place + count * dtype.itemsize]
                found = np.frombuffer(data, dtype)
            else:
                found = np.frombuffer(self.data, dtype, count, place)
            self._found[tag] = found
        return found

    def fractions(self, tag: int) -> list[float]:
        """Fractions of a tag; none if it has none, or one that divides by zero."""
        if self.entries.get(tag, (0,))[0] != _FRACTION:
            return []
        pairs = np.frombuffer(self.raw(tag), self.order + "u4").reshape(-1, 2).astype(np.float64)
        return (pairs[:, 0] / pairs[:, 1]).tolist() if pairs[:, 1].all() else []

    def number(self, tag: int, default: int = 0) -> int:
        """Take the first number of a tag."""
        found = self.numbers(tag)
        return int(found[0]) if len(found) else default


def read_directories(data: bytes | FileView) -> tuple[list[Directory], bool]:
    """Follow the chain of directories of a TIFF or BigTIFF.

    Parameters
    ----------
    data : bytes or FileView
        The whole file.

    Returns
    -------
    directories : list of Directory
        Every one once.
    in_a_circle : bool
        The last of them leads back to one before it.

    Raises
    ------
    ImageError
        There are too many, they overlap, state a thing twice, or leave the file.
    struct.error
        The file ends inside a number.
    """
    order, big = _order_and_size(data[:4])
    offset = _number(data, order + ("Q" if big else "I"), 8 if big else 4)
    directories: list[Directory] = []
    seen: set[int] = set()
    read = 0
    while offset and offset not in seen:
        if len(seen) > MAX_TIFF_DIRECTORIES:
            raise ImageError(f"the TIFF has over {MAX_TIFF_DIRECTORIES} directories", "damaged")
        seen.add(offset)
        directory, end = _read_directory(data, order, big, offset)
        directories.append(directory)
        read += end - offset
        if read > len(data):
            raise ImageError("the TIFF's directories overlap", "damaged")
        offset = _number(data, order + ("Q" if big else "I"), end)
    return directories, bool(offset)


def sub_directories(directory: Directory) -> list[Directory]:
    """Read the directories that a tag of another points at, such as smaller levels of a picture.

    Raises
    ------
    ImageError, struct.error
        As `read_directories`.
    """
    order, big = _order_and_size(directory.data[:4])
    places = directory.numbers(SUB_DIRECTORIES)[:_MOST_LEVELS].tolist()
    return [_read_directory(directory.data, order, big, place)[0] for place in places]


def exif_directories(exif: bytes) -> list[Directory]:
    """Read the first directory of EXIF, and the one of EXIF's own tags, if there is one.

    Raises
    ------
    ImageError, struct.error
        As `read_directories`; or it is no EXIF.
    """
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        raise ImageError("EXIF does not begin as such", "damaged")
    order, _ = _order_and_size(exif[:4])
    first, _ = _read_directory(exif, order, False, _number(exif, order + "I", 4))
    places = first.numbers(EXIF)[:1].tolist()
    return [first, *(_read_directory(exif, order, False, place)[0] for place in places)]


def _order_and_size(start: bytes) -> tuple[str, bool]:
    """Tell the order of bytes, and whether it is a BigTIFF."""
    return "<" if start[:2] == b"II" else ">", start[2:4] in (b"+\x00", b"\x00+")


def _number(data: bytes | FileView, form: str, place: int) -> int:
    """Read one whole number."""
    return int(struct.unpack(form, data[place : place + struct.calcsize(form)])[0])


def _read_directory(
    data: bytes | FileView, order: str, big: bool, offset: int
) -> tuple[Directory, int]:
    """Read one directory, and tell where its entries end."""
    count_format, entry_size, place_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    if offset > len(data):
        raise truncated("TIFF")
    count = _number(data, order + count_format, offset)
    start = offset + struct.calcsize(count_format)
    end = start + count * entry_size
    if end > len(data):
        raise truncated("TIFF")
    if count > _MOST_TAGS:
        raise ImageError(f"a directory of the TIFF has over {_MOST_TAGS} tags", "damaged")
    room = struct.calcsize(place_format)
    table = data[start:end]
    places = entry_size * np.arange(count) + entry_size - room
    layout = np.dtype({"names": ["tag"], "formats": [order + "u2"], "itemsize": entry_size})
    tags = np.frombuffer(table, layout, count)["tag"]
    wanted = _WANTED[tags]
    entries: dict[int, tuple[int, int, int]] = {}
    for place in places[wanted].tolist():
        tag, kind, length = struct.unpack_from(
            order + "HH" + place_format, table, place - room - 4
        )
        size = length * _SIZES.get(kind, 0)
        if size > room:
            place = struct.unpack_from(order + place_format, table, place)[0]
            if place + size > len(data):
                if tag in _SPARE:
                    continue
                raise truncated("TIFF")
        else:
            place += start
        if tag in entries and tag not in _SPARE:
            raise ImageError(f"the TIFF states tag {tag} twice", "damaged")
        if size:
            entries[tag] = kind, length, place
    return Directory(data, order, entries), end


def first_page_size(part: Part) -> tuple[int, int] | None:
    """Find width and height in the first directory; None if it is unusual or of a thumbnail."""
    head = part(0, 16)
    order, big = _order_and_size(head)
    offset = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    count_size, entry_size = (8, 20) if big else (2, 12)
    count = int.from_bytes(part(offset, count_size), "little" if order == "<" else "big")
    entries = part(offset + count_size, min(count, _MOST_ENTRIES) * entry_size)
    found = {SUBFILE: 0, WIDTH: 0, HEIGHT: 0}
    for place in range(0, len(entries) - entry_size + 1, entry_size):
        tag, kind = struct.unpack_from(order + "HH", entries, place)
        if tag in found and kind in (_SHORT, _LONG):
            value = struct.unpack_from(
                order + ("H" if kind == _SHORT else "I"), entries, place + (12 if big else 8)
            )
            found[tag] = value[0]
    return None if found[SUBFILE] & 1 else (found[WIDTH], found[HEIGHT])


def write_tiff(
    source: Directory,
    tags: Mapping[int, list[int]],
    copied: tuple[int, ...],
    places: int,
    segments: list[bytes],
) -> bytes:
    """Write a TIFF of one directory that holds what is needed and nothing else.

    Parameters
    ----------
    source : Directory
        Gives the order of bytes and the tags that are copied.
    tags : mapping of int to list of int
        Tags with their numbers, each below 2**32.
    copied : tuple of int
        Tags that are taken from the source, where it has them.
    places : {STRIP_PLACES, TILE_PLACES}
        The tag that says where the segments are; that of their sizes goes with it.
    segments : list of bytes
        Strips or tiles.

    Returns
    -------
    data : bytes
        A classic TIFF.
    """
    order = source.order
    sizes = STRIP_SIZES if places == STRIP_PLACES else TILE_SIZES
    ends = np.cumsum([8, *map(len, segments)])
    numbers = {**tags, places: ends[:-1].tolist(), sizes: [len(part) for part in segments]}
    contents = {
        tag: (_LONG, len(values), np.array(values, order + "u4").tobytes())
        for tag, values in numbers.items()
    }
    for tag in (tag for tag in copied if tag in source and tag not in numbers):
        kind, count, _ = source.entries[tag]
        contents[tag] = kind, count, source.raw(tag)
    start = int(ends[-1]) + (int(ends[-1]) & 1)
    behind = start + 2 + 12 * len(contents) + 4
    entries, values = b"", b""
    for tag, (kind, count, content) in sorted(contents.items()):
        place = content.ljust(4, b"\0")
        if len(content) > 4:
            place = struct.pack(order + "I", behind + len(values))
            values += content + b"\0" * (len(content) & 1)
        entries += struct.pack(order + "HHI", tag, kind, count) + place
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    tail = struct.pack(order + "H", len(contents)) + entries + bytes(4) + values
    return b"".join([head, *segments, b"\0" * (start - int(ends[-1])), tail])
