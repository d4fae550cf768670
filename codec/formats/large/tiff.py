"""TIFF with a palette, in tiles that are written as they come (format-spec section 18).

Tiles stand at the front of the file, in the order of their writing, and the directory behind them,
which is BigTIFF only if the file has no room for 32-bit offsets: more programs read the other.
What else is to be known stands in the description, in JSON, and the digests of tiles behind them,
where no tag points: of tags of our own libtiff would warn whoever opens the file.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import deflate
import numpy as np
import numpy.typing as npt

from codec.errors import FileError, ParameterError
from codec.files import check_targets, name_files
from codec.files.temporaries import GrowingFile, sweep
from codec.formats.large.layout import DIGEST_SIZE, VERSION, Layout, Place, digest_of
from codec.formats.large.sinks import TiledSink, told
from codec.threads import run_parallel, thread_count

Bytes = npt.NDArray[np.uint8]

TILE = 512
# Of libdeflate. On photographs 5 makes 0.6 % more bytes than 6 in 3/4 of the time, 3 makes 2.5 %
# more in 3/5, and 10 makes 7 % fewer in 12 times.
LEVELS = {"fast": 3, "default": 5, "best": 10}
ASCII, SHORT, LONG, LONG8 = 2, 3, 4, 16
(
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, SAMPLES, PLANES, SOFTWARE,
    COLOR_MAP, TILE_WIDTH, TILE_HEIGHT, OFFSETS, COUNTS,
) = (256, 257, 258, 259, 262, 270, 277, 284, 305, 320, 322, 323, 324, 325)  # fmt: skip
ADOBE_DEFLATE, PALETTE = 8, 3
HEADER_BYTES = 16
_CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}
MOST_CLASSIC = 2**32 - 1
# Tiles that are read back at a time, for each thread.
_READ_BACK = 8

Tag = tuple[int, int, bytes]


class TiffSink(TiledSink):
    """Labels to the tiles of a TIFF with a palette.

    Parameters
    ----------
    path : Path
        The file.
    tile : tuple of int
        Rows and columns, multiples of 16.
    force : bool
        Replace a file that is there.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.
    """

    def __init__(
        self, path: Path, tile: tuple[int, int], *, force: bool = False, effort: str = "default"
    ) -> None:
        super().__init__(path, tile)
        if any(side < 16 or side % 16 for side in tile):
            raise ParameterError(f"tiles of a TIFF are multiples of 16, not {tile}", "tile")
        self._force, self._level = force, LEVELS[effort]
        self._file: GrowingFile | None = None
        self._entries: dict[Place, tuple[int, int, bytes]] = {}

    def check(self, height: int, width: int, channels: int) -> None:
        """Refuse alpha, and a place that is taken; see `Sink.check`."""
        if channels not in (1, 3):
            raise ParameterError(
                "the palette of a TIFF has no alpha; .zarr, .png and .npz have", "alpha"
            )
        check_targets([self.path], force=self._force)

    def begin(self, height: int, width: int, codebook: Bytes, facts: Mapping[str, Any]) -> None:
        """Take what is known before the first label; see `Sink.begin`."""
        layout = Layout(height, width, codebook, self.block, facts)
        self.check(height, width, layout.codebook.shape[1])
        sweep(self.path.parent)
        with told(self.path):
            self._file = GrowingFile(self.path, force=self._force)
            self._file.append(bytes(HEADER_BYTES))
        self._layout = layout

    def _put(self, place: Place, labels: Bytes) -> tuple[bytes, bytes]:
        digest = digest_of(labels)
        padding = [(0, whole - side) for whole, side in zip(self.block, labels.shape, strict=True)]
        return bytes(deflate.zlib_compress(np.pad(labels, padding), self._level)), digest

    def _keep(self, place: Place, found: tuple[bytes, bytes]) -> None:
        if self._file is None:
            raise ParameterError("the file is finished already", "sink")
        # One after the other, so that the same picture is the same file, whoever packed it.
        data, digest = found
        self._entries[place] = self._file.append(data), len(data), digest

    def finish(self) -> list[Path]:
        """Read all back, seal it and give it its name; see `Sink.finish`."""
        layout, file = self.layout, self._file
        if file is None:
            raise ParameterError("the file is finished already", "sink")
        places = list(layout.tiles())
        self._refuse_missing(len(places) - len(self._entries))
        with told(self.path):
            step = _READ_BACK * thread_count()
            for first in range(0, len(places), step):
                run_parallel(
                    [partial(self._compare, file, place) for place in places[first : first + step]]
                )
            entries = [self._entries[place] for place in places]
            digests = np.frombuffer(b"".join(entry[2] for entry in entries), dtype=np.uint8)
            seal = layout.seal(digests.reshape(*layout.grid, DIGEST_SIZE))
            told_of_it = {
                "version": VERSION,
                "K": layout.codebook.shape[0],
                "C": layout.codebook.shape[1],
                "facts": layout.facts,
                "digests": file.append(digests.tobytes()),
                "seal": seal,
            }
            described = json.dumps({"kmcodec": told_of_it}).encode("ascii") + b"\0"
            directory_bytes = len(described) + len(places) * 16 + 8192
            big = file.size + directory_bytes > MOST_CLASSIC
            numbers = LONG8 if big else LONG
            write_directory(
                file,
                [
                    tag(WIDTH, LONG, [layout.width]),
                    tag(HEIGHT, LONG, [layout.height]),
                    tag(BITS, SHORT, [8]),
                    tag(COMPRESSION, SHORT, [ADOBE_DEFLATE]),
                    tag(PHOTOMETRIC, SHORT, [PALETTE]),
                    (DESCRIPTION, ASCII, described),
                    tag(SAMPLES, SHORT, [1]),
                    tag(PLANES, SHORT, [1]),
                    (SOFTWARE, ASCII, b"kmcodec\0"),
                    tag(COLOR_MAP, SHORT, color_map(layout.codebook)),
                    tag(TILE_WIDTH, LONG, [layout.tile[1]]),
                    tag(TILE_HEIGHT, LONG, [layout.tile[0]]),
                    tag(OFFSETS, numbers, [entry[0] for entry in entries]),
                    tag(COUNTS, LONG, [entry[1] for entry in entries]),
                ],
                big=big,
            )
            paths = name_files([file.finish()], [self.path], force=self._force)
        self.abort()
        return paths

    def abort(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _compare(self, file: GrowingFile, place: Place) -> None:
        """Hold a tile on the disk against what was meant."""
        offset, count, digest = self._entries[place]
        rows, columns = self.layout.place(*place)
        try:
            size = self.block[0] * self.block[1]
            plain = bytes(deflate.zlib_decompress(file.read(offset, count), size))
        except deflate.DeflateError:
            plain = b""
        labels = np.frombuffer(plain, dtype=np.uint8)
        if labels.size == self.block[0] * self.block[1]:
            labels = labels.reshape(self.block)
            labels = labels[: rows.stop - rows.start, : columns.stop - columns.start]
        if digest_of(labels) != digest:
            raise FileError("the disk gives back something else", "verify")


def color_map(codebook: Bytes) -> list[int]:
    """Make 256 reds, greens and blues of 16 bits; what is not used is black."""
    colors = np.zeros((256, 3), dtype=np.uint16)
    colors[: len(codebook)] = codebook
    found: list[int] = (colors.T.reshape(-1) * 257).tolist()
    return found


def tag(number: int, kind: int, values: Sequence[int]) -> Tag:
    """Make a tag of whole numbers."""
    return number, kind, struct.pack(f"<{len(values)}{_CODES[kind]}", *values)


def write_directory(file: GrowingFile, tags: list[Tag], *, big: bool) -> None:
    """Write the directory behind all else, and the header that tells where it is."""
    word = "Q" if big else "I"
    room = struct.calcsize(word)
    entries = []
    for number, kind, data in tags:
        size = {SHORT: 2, LONG: 4, LONG8: 8}.get(kind, 1)
        value = data
        if len(data) > room:
            value = struct.pack(f"<{word}", _append_even(file, data))
        count = struct.pack(f"<HH{word}", number, kind, len(data) // size)
        entries.append(count + value.ljust(room, b"\0"))
    directory = b"".join((struct.pack("<Q" if big else "<H", len(tags)), *entries, bytes(room)))
    place = _append_even(file, directory)
    header = struct.pack("<2sHHHQ", b"II", 43, 8, 0, place)
    file.write_at(0, header if big else struct.pack("<2sHI", b"II", 42, place))


def _append_even(file: GrowingFile, data: bytes) -> int:
    """Write at a multiple of 8, as readers like it."""
    file.append(bytes(-file.size % 8))
    return file.append(data)
