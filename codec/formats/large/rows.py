"""Label PNG, archive and indexed PNG, written row by row.

Codebook, labels and seal are those of `codec.save`; filters are chosen, and rows deflated, for
some rows at a time, so that the bytes of the files are others. Readers take at most 512 MiB of a
file.
"""

import struct
import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import FileError, FormatError, LimitError, ParameterError
from codec.files import Claim, check_targets, display_name, name_files
from codec.files.temporaries import GrowingFile, sweep
from codec.formats.indexed_png import fewest_bits, pack_labels
from codec.formats.large.deflating import Deflating
from codec.formats.large.layout import Layout, check_labels
from codec.formats.large.sinks import Sink, told
from codec.formats.npy import encode_npy
from codec.formats.seal import SEAL_CHUNK, SEAL_SIZE, Sealing
from codec.limits import MAX_FILE_BYTES, MAX_SIDE
from codec.png.packing import likely_filter
from codec.png.reading import GREY, INDEXED, SIGNATURE, read_png
from codec.png.rowfilters import filter_rows
from codec.png.samples import decode_strips
from codec.png.writing import join_chunks, palette_chunks

Bytes = npt.NDArray[np.uint8]

# Of rows whose filter is chosen together.
_STRIP_BYTES = 4 << 20


class RowSink(Sink):
    """A sink that takes whole rows from the first to the last.

    Parameters
    ----------
    paths : list of Path
        Its files, the one with the labels last.
    force : bool
        Replace files that are there.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.

    Attributes
    ----------
    claim : callable or None
        See `codec.files.write_files`.
    """

    def __init__(self, paths: list[Path], *, force: bool = False, effort: str = "default") -> None:
        super().__init__()
        self.paths = paths
        self._force, self._effort = force, effort
        self._files: list[GrowingFile] = []
        self.claim: Claim | None = None
        self._next = 0
        self._waiting: list[Bytes] = []

    def check(self, height: int, width: int, channels: int) -> None:
        """Refuse sides that no reader takes, and a place that is taken; see `Sink.check`."""
        if max(height, width) > MAX_SIDE:
            raise LimitError(
                f"{width}x{height} exceeds the limit of {MAX_SIDE} pixels a side, "
                "which .zarr and .tif do not have", "side-limit",
            )  # fmt: skip
        check_targets(self.paths, force=self._force)

    def begin(self, height: int, width: int, codebook: Bytes, facts: Mapping[str, Any]) -> None:
        """Take what is known before the first label; there is no room for facts."""
        self._layout = Layout(height, width, codebook, (height, width), facts)
        self.check(height, width, self._layout.codebook.shape[1])
        self._sealing = Sealing(height, width, self._layout.codebook)
        for folder in {path.parent for path in self.paths}:
            sweep(folder)
        for path in self.paths:
            with told(path):
                self._files.append(GrowingFile(path, force=self._force))

    def write(self, y: int, x: int, labels: Bytes) -> None:
        """Write the next rows; see `Sink.write`."""
        if not self._files:
            raise ParameterError("begin() comes first", "sink")
        labels = check_labels(labels, len(self._layout.codebook))
        height, width = labels.shape
        if (y, x, width) != (self._next, 0, self._layout.width) or (
            y + height > self._layout.height
        ):
            raise ParameterError(
                f"whole rows from row {self._next} are to be written next, not {height} rows of "
                f"{width} at {y}, {x}", "block",
            )  # fmt: skip
        self._next += height
        self._sealing.add(labels)
        step = max(1, _STRIP_BYTES // width)
        for top in range(0, height, step):
            # A copy, as whoever calls may write the next labels to the same memory.
            self._waiting.append(np.array(labels[top : top + step]))
            if sum(rows.size for rows in self._waiting) >= _STRIP_BYTES:
                self._flush()

    def finish(self) -> list[Path]:
        """Read all back, seal it and give it its name; see `Sink.finish`."""
        missing = self._layout.height - self._next
        if missing or not self._files:
            raise ParameterError(f"{missing} rows were not written", "sink")
        if self._waiting:
            self._flush()
        seal = self._sealing.seal()
        with told(self.paths[-1]):
            self._end(seal)
            read_back = Sealing(self._layout.height, self._layout.width, self._layout.codebook)
            try:
                for rows in self._read_back():
                    read_back.add(rows)
            except (FormatError, zlib.error):
                read_back.add(np.zeros(1, dtype=np.uint8))
            if read_back.seal() != seal:
                raise FileError(
                    f"cannot write {display_name(self.paths[-1])}: the disk gives back "
                    "something else", "verify",
                )  # fmt: skip
            done = [file.finish() for file in self._files]
            paths = name_files(done, self.paths, force=self._force, claim=self.claim)
        self.abort()
        return paths

    def abort(self) -> None:
        """Leave nothing behind."""
        files, self._files = self._files, []
        for file in files:
            file.close()

    def _flush(self) -> None:
        rows = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        self._waiting = []
        with told(self.paths[-1]):
            self._add(rows)

    def _append(self, data: bytes) -> int:
        """Write at the end of the file that has the labels."""
        file = self._files[-1]
        if file.size + len(data) > MAX_FILE_BYTES:
            raise LimitError(
                f"{display_name(self.paths[-1])} would have over {MAX_FILE_BYTES} bytes, which "
                "no reader accepts: .zarr and .tif have no such limit", "file-too-large",
            )  # fmt: skip
        return file.append(data)

    @abstractmethod
    def _add(self, rows: Bytes) -> None:
        """Write the next rows of labels."""

    @abstractmethod
    def _end(self, seal: bytes) -> None:
        """Write what follows the labels."""

    @abstractmethod
    def _read_back(self) -> Iterator[Bytes]:
        """Read the labels from the file, some rows at a time."""


class _PngSink(RowSink):
    """Labels to the rows of a PNG."""

    color_type = GREY
    _deflating: Deflating
    _is_begun = False
    _depth = 8
    _adler = 1

    @abstractmethod
    def _chunks(self, seal: bytes) -> list[tuple[bytes, bytes]]:
        """List the chunks before the rows, with as many bytes whatever the seal."""

    def _head(self, seal: bytes) -> bytes:
        layout = self._layout
        header = struct.pack(
            ">IIBBBBB", layout.width, layout.height, self._depth, self.color_type, 0, 0, 0
        )
        return join_chunks([(b"IHDR", header), *self._chunks(seal)])

    def _choose_depth(self, rows: Bytes) -> int:
        return 8

    def _add(self, rows: Bytes) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._depth = self._choose_depth(rows)
            self._append(self._head(bytes(SEAL_SIZE)))
            self._deflating = Deflating(self._idat, self._effort)
            self._idat(b"\x78\x9c")
            self._above = np.zeros((1, self._layout.width), dtype=np.uint8)
            if self._depth < 8:
                self._above = pack_labels(self._above, self._depth)
        if self._depth < 8:
            rows = pack_labels(rows, self._depth)
        way, share = likely_filter(rows)
        filtered = filter_rows(np.concatenate([self._above, rows]), way)[1:]
        self._above = rows[-1:].copy()
        self._adler = zlib.adler32(np.ascontiguousarray(filtered).data, self._adler)
        self._deflating.add(filtered, share)

    def _idat(self, data: bytes) -> None:
        self._append(join_chunks([(b"IDAT", data)])[len(SIGNATURE) :])

    def _end(self, seal: bytes) -> None:
        self._deflating.finish()
        self._idat(struct.pack(">I", self._adler))
        self._append(join_chunks([(b"IEND", b"")])[len(SIGNATURE) :])
        self._files[-1].write_at(0, self._head(seal))

    def _read_back(self) -> Iterator[Bytes]:
        png = read_png(self._files[-1].view(), self._layout.width * self._layout.height)
        for _, samples in decode_strips(png):
            yield samples[:, :, 0].astype(np.uint8, copy=False)


class PairSink(_PngSink):
    """A codebook, and a label PNG."""

    def _chunks(self, seal: bytes) -> list[tuple[bytes, bytes]]:
        return [(SEAL_CHUNK, b"")]

    def _end(self, seal: bytes) -> None:
        super()._end(seal)
        self._files[0].append(encode_npy(self._layout.codebook) + seal)


class IndexedPngSink(_PngSink):
    """A PNG with a palette."""

    color_type = INDEXED

    def _chunks(self, seal: bytes) -> list[tuple[bytes, bytes]]:
        codebook = self._layout.codebook
        return [*palette_chunks(codebook), (SEAL_CHUNK, bytes([codebook.shape[1]]) + seal)]

    def _choose_depth(self, rows: Bytes) -> int:
        """Pack labels where that makes fewer bytes of the first rows."""
        depth = fewest_bits(len(self._layout.codebook))
        if depth == 8:
            return 8
        _, whole = likely_filter(rows)
        _, packed = likely_filter(pack_labels(rows, depth))
        return depth if packed * depth <= whole * 8 else 8
