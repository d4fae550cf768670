"""TIFFs with a palette that kmcodec wrote, a tile at a time; those of others are pictures."""

import json
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError, ImageError, ParameterError
from codec.files import Part, open_parts
from codec.formats.large import tiff
from codec.formats.large.layout import DIGEST_SIZE, Layout, Place, check_version
from codec.formats.large.regions import Tiles, Token

Bytes = npt.NDArray[np.uint8]

MAGICS = (b"II\x2a\0", b"II\x2b\0")
_MOST_TAGS = 64
# Of what a tag points to: digests of 2^25 tiles, a picture of 2^43 pixels.
_MOST_BYTES = 1 << 30
_SIZES = {tiff.ASCII: 1, tiff.SHORT: 2, tiff.LONG: 4, tiff.LONG8: 8}


class _Entry(NamedTuple):
    kind: int
    data: bytes


class TiffTiles(Tiles):
    """The tiles of a file.

    Parameters
    ----------
    path : Path
        What `TiffSink` wrote.

    Raises
    ------
    FormatError
        It is something else, or damaged.
    FileError
        It cannot be read.
    """

    kind = "TIFF"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._parts = open_parts(path)
        self._part, self._size = self._parts.__enter__()
        try:
            tags = _read_directory(self._part)
            described = _description(tags)
            layout = _read_layout(tags, described)
            tiles = layout.grid[0] * layout.grid[1]
            self._offsets, self._counts = (
                _numbers(tags, number) for number in (tiff.OFFSETS, tiff.COUNTS)
            )
            if {len(self._offsets), len(self._counts)} != {tiles}:
                raise FormatError("the TIFF has another number of tiles", "bad-header")
            data = _take(self._part, described.get("digests"), tiles * DIGEST_SIZE)
            digests = np.frombuffer(data, dtype=np.uint8)
            super().__init__(
                layout, digests.reshape(*layout.grid, DIGEST_SIZE), described.get("seal")
            )
        except BaseException:
            self.close()
            raise

    @property
    def size_bytes(self) -> int:
        """Bytes of the file."""
        return self._size

    def token(self) -> Token:
        """Tell size and time of the file as it is now."""
        status = os.stat(self._path)
        return status.st_size, status.st_mtime_ns

    def close(self) -> None:
        """Let go of the file."""
        self._parts.__exit__(None, None, None)

    def _read(self, place: Place) -> Bytes:
        number = place[0] * self.layout.grid[1] + place[1]
        rows, columns = self.layout.place(*place)
        height, width = self.layout.tile
        count = int(self._counts[number])
        if count > self._size:
            raise FormatError("the data end early", "truncated")
        with self._lock:
            data = self._part(int(self._offsets[number]), count)
        if len(data) < count:
            raise FormatError("the data end early", "truncated")
        inflater = zlib.decompressobj()
        try:
            plain = inflater.decompress(data, height * width + 1)
        except zlib.error as error:
            raise FormatError("the compressed labels are damaged", "bad-deflate") from error
        if len(plain) != height * width:
            raise FormatError("it has another size than it should", "bad-deflate")
        labels = np.frombuffer(plain, dtype=np.uint8).reshape(height, width)
        return labels[: rows.stop - rows.start, : columns.stop - columns.start]


def _take(part: Part, place: object, count: int) -> bytes:
    if count > _MOST_BYTES or not isinstance(place, int) or place < 0:
        raise FormatError(f"a part of the TIFF has {count} bytes at {place}", "bad-header")
    data = part(place, count)
    if len(data) < count:
        raise FormatError("the TIFF ends early", "truncated")
    return data


def _description(tags: dict[int, _Entry]) -> dict[str, Any]:
    """Read what kmcodec says in the description; other programs say other things there."""
    text = tags.get(tiff.DESCRIPTION, _Entry(tiff.ASCII, b"")).data
    try:
        described = json.loads(text.rstrip(b"\0"))["kmcodec"]
        version = described["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(
            "kmcodec did not write this TIFF: it is a picture", "not-compressed"
        ) from error
    check_version(version)
    found: dict[str, Any] = described
    return found


def _read_layout(tags: dict[int, _Entry], described: dict[str, Any]) -> Layout:
    kinds = (
        (tiff.BITS, 8),
        (tiff.COMPRESSION, tiff.ADOBE_DEFLATE),
        (tiff.PHOTOMETRIC, tiff.PALETTE),
    )
    if any(_numbers(tags, number).tolist() != [value] for number, value in kinds):
        raise FormatError(
            "another program made this TIFF of what kmcodec wrote: it is a picture",
            "not-compressed",
        )
    try:
        sides = (tiff.HEIGHT, tiff.WIDTH, tiff.TILE_HEIGHT, tiff.TILE_WIDTH)
        height, width, *tile = (int(_numbers(tags, side)[0]) for side in sides)
        colors = _numbers(tags, tiff.COLOR_MAP).reshape(3, 256).T
        codebook = (colors[: described["K"], : described["C"]] // 257).astype(np.uint8)
        layout = Layout(height, width, codebook, (tile[0], tile[1]), described["facts"])
    except (ImageError, ParameterError, KeyError, IndexError, TypeError, ValueError) as error:
        raise FormatError("what it says of its picture is damaged", "bad-header") from error
    if colors.T.reshape(-1).tolist() != tiff.color_map(layout.codebook):
        raise FormatError("the colors were changed after it was sealed", "digest-mismatch")
    return layout


def _read_directory(part: Part) -> dict[int, _Entry]:
    """Read the first directory, and what its tags point to."""
    start = _take(part, 0, 8)
    if start[:4] not in MAGICS:
        raise FormatError("not a TIFF that kmcodec wrote", "not-compressed")
    big = start[2:3] == b"\x2b"
    word, counted = ("Q", "<Q") if big else ("I", "<H")
    (place,) = struct.unpack("<Q", _take(part, 8, 8)) if big else struct.unpack("<I", start[4:])
    (number_of_tags,) = struct.unpack(counted, _take(part, place, struct.calcsize(counted)))
    if number_of_tags > _MOST_TAGS:
        raise FormatError(f"the TIFF has {number_of_tags} tags", "not-compressed")
    entry = struct.Struct(f"<HH{word}{struct.calcsize(word)}s")
    listed = _take(part, place + struct.calcsize(counted), number_of_tags * entry.size)
    tags = {}
    for number, kind, count, value in entry.iter_unpack(listed):
        size = count * _SIZES.get(kind, 1)
        if kind not in _SIZES:
            data = b""
        elif size <= len(value):
            data = value[:size]
        else:
            data = _take(part, struct.unpack(f"<{word}", value)[0], size)
        tags[number] = _Entry(kind, data)
    return tags


def _numbers(tags: dict[int, _Entry], number: int) -> npt.NDArray[np.unsignedinteger]:
    """Read the whole numbers of a tag; none if it is not there."""
    entry = tags.get(number, _Entry(tiff.SHORT, b""))
    if entry.kind not in (tiff.SHORT, tiff.LONG, tiff.LONG8):
        raise FormatError(f"tag {number} of the TIFF has no whole numbers", "bad-header")
    return np.frombuffer(entry.data, dtype=f"<u{_SIZES[entry.kind]}")
