"""Pixels to a tiled TIFF without a mark of ours, for large pictures that are decompressed."""

import zlib
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import deflate
import numpy as np
import numpy.typing as npt

from codec.errors import FileError, ParameterError
from codec.files import check_targets, display_name, name_files
from codec.files.temporaries import GrowingFile, sweep
from codec.formats.large import tiff
from codec.formats.large.layout import Place
from codec.formats.large.sinks import told
from codec.threads import run_parallel, thread_count

Bytes = npt.NDArray[np.uint8]

_EXTRA_SAMPLES, _STRAIGHT_ALPHA = 338, 2
_BLACK_IS_ZERO, _RGB = 1, 2
_READ_BACK = 8


class PixelTiff:
    """A TIFF of grey or RGB, with straight alpha or without, in deflated tiles.

    As a context it is aborted if something is raised.

    Parameters
    ----------
    path : Path
        The file.
    height, width, channels : int
        Of the picture.
    force : bool
        Replace a file that is there.

    Raises
    ------
    FileError
        Nothing can be written there.
    """

    block: tuple[int, int] = (tiff.TILE, tiff.TILE)

    def __init__(
        self, path: Path, height: int, width: int, channels: int, *, force: bool = False
    ) -> None:
        check_targets([path], force=force)
        sweep(path.parent)
        self._path, self._force = path, force
        self._size, self._channels = (height, width), channels
        self._entries: dict[Place, tuple[int, int, int]] = {}
        with told(path):
            self._file = GrowingFile(path, force=force)
            self._file.append(bytes(tiff.HEADER_BYTES))

    def write(self, y: int, x: int, pixels: Bytes) -> None:
        """Write whole tiles.

        Parameters
        ----------
        y, x : int
            First row and column, multiples of `block`.
        pixels : ndarray of shape (h, w) or (h, w, C), dtype uint8
            Whole tiles, but at the border.

        Raises
        ------
        FileError
            They cannot be written.
        """
        pixels = pixels.reshape(*pixels.shape[:2], self._channels)
        down, across = self.block
        places, tasks = [], []
        for top in range(0, pixels.shape[0], down):
            for left in range(0, pixels.shape[1], across):
                places.append(((y + top) // down, (x + left) // across))
                part = pixels[top : top + down, left : left + across]
                tasks.append(partial(self._packed, part))
        with told(self._path):
            # One after the other, so that the same picture is the same file, whoever packed it.
            for place, data in zip(places, run_parallel(tasks), strict=True):
                self._entries[place] = self._file.append(data), len(data), zlib.crc32(data)

    def _packed(self, pixels: Bytes) -> bytes:
        padding = [
            (0, whole - side) for whole, side in zip(self.block, pixels.shape, strict=False)
        ]
        padded = np.ascontiguousarray(np.pad(pixels, [*padding, (0, 0)]))
        return bytes(deflate.zlib_compress(padded, tiff.LEVELS["default"]))

    def finish(self) -> int:
        """Read all back, and give the file its name.

        Returns
        -------
        size_bytes : int
            Of the file.

        Raises
        ------
        ParameterError
            Some tiles were not written.
        FileError
            It cannot be written, or the disk gives back something else.
        """
        (height, width), file = self._size, self._file
        rows, columns = -(-height // self.block[0]), -(-width // self.block[1])
        places = [(row, column) for row in range(rows) for column in range(columns)]
        if missing := len(places) - len(self._entries):
            raise ParameterError(f"{missing} tiles were not written", "sink")
        with told(self._path):
            step = _READ_BACK * thread_count()
            for first in range(0, len(places), step):
                run_parallel([partial(self._compare, at) for at in places[first : first + step]])
            entries = [self._entries[place] for place in places]
            big = file.size + len(places) * 16 + 8192 > tiff.MOST_CLASSIC
            tags = [
                tiff.tag(tiff.WIDTH, tiff.LONG, [width]),
                tiff.tag(tiff.HEIGHT, tiff.LONG, [height]),
                tiff.tag(tiff.BITS, tiff.SHORT, [8] * self._channels),
                tiff.tag(tiff.COMPRESSION, tiff.SHORT, [tiff.ADOBE_DEFLATE]),
                tiff.tag(
                    tiff.PHOTOMETRIC, tiff.SHORT, [_RGB if self._channels > 2 else _BLACK_IS_ZERO]
                ),
                tiff.tag(tiff.SAMPLES, tiff.SHORT, [self._channels]),
                tiff.tag(tiff.PLANES, tiff.SHORT, [1]),
                tiff.tag(tiff.TILE_WIDTH, tiff.LONG, [self.block[1]]),
                tiff.tag(tiff.TILE_HEIGHT, tiff.LONG, [self.block[0]]),
                tiff.tag(
                    tiff.OFFSETS, tiff.LONG8 if big else tiff.LONG, [entry[0] for entry in entries]
                ),
                tiff.tag(tiff.COUNTS, tiff.LONG, [entry[1] for entry in entries]),
            ]
            if self._channels in (2, 4):
                tags.append(tiff.tag(_EXTRA_SAMPLES, tiff.SHORT, [_STRAIGHT_ALPHA]))
            tiff.write_directory(file, tags, big=big)
            name_files([file.finish()], [self._path], force=self._force)
        size_bytes = file.size
        file.close()
        return size_bytes

    def abort(self) -> None:
        """Leave nothing behind."""
        self._file.close()

    def _compare(self, place: Place) -> None:
        offset, count, crc = self._entries[place]
        if zlib.crc32(self._file.read(offset, count)) != crc:
            raise FileError(
                f"cannot write {display_name(self._path)}: the disk gives back something else",
                "verify",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abort()
