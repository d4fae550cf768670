"""The archive `X.npz`, written row by row."""

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.large.deflating import Deflating
from codec.formats.large.rows import RowSink
from codec.formats.npy import encode_npy, npy_header
from codec.formats.npz import DEFLATED, NAMES, STORED, end_record, member_headers
from codec.png.packing import likely_filter
from codec.png.rowfilters import NONE

Bytes = npt.NDArray[np.uint8]

# Of what is inflated at once.
_FED = 1 << 18


class NpzSink(RowSink):
    """Labels to the first member of an archive, whose header is written again at the end.

    Sizes and places fit into 32 bits, as an archive of 512 MiB is the largest that is read.
    """

    _deflating: Deflating
    _crc = 0
    _size = 0

    def _add(self, rows: Bytes) -> None:
        if not self._size:
            self._append(self._headers(0)[0])
            self._deflating = Deflating(self._append, self._effort)
            header = npy_header(self._layout.height, self._layout.width)
            self._take(np.frombuffer(header, dtype=np.uint8), 1)
        self._take(rows, likely_filter(rows, (NONE,))[1])

    def _take(self, data: Bytes, share: float) -> None:
        self._crc = zlib.crc32(data.data, self._crc)
        self._size += data.size
        self._deflating.add(data, share)

    def _headers(self, packed_size: int) -> tuple[bytes, bytes]:
        return member_headers(NAMES[0], DEFLATED, self._crc, packed_size, self._size, offset=0)

    def _end(self, seal: bytes) -> None:
        self._deflating.finish()
        file = self._files[-1]
        self._packed = file.size - len(self._headers(0)[0])
        local, directory = self._headers(self._packed)
        file.write_at(0, local)
        sealed = np.frombuffer(seal, dtype=np.uint8).reshape(1, -1)
        for name, array in zip(NAMES[1:], (self._layout.codebook, sealed), strict=True):
            plain = encode_npy(array)
            deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed, method = deflater.compress(plain) + deflater.flush(), DEFLATED
            if len(packed) >= len(plain):
                packed, method = plain, STORED
            sizes = zlib.crc32(plain), len(packed), len(plain)
            local, entry = member_headers(name, method, *sizes, offset=file.size)
            directory += entry
            self._append(local + packed)
        self._append(directory + end_record(len(directory), file.size))

    def _read_back(self) -> Iterator[Bytes]:
        file = self._files[-1]
        place = len(self._headers(0)[0])
        end = place + self._packed
        inflater, crc, skipped = zlib.decompressobj(-15), 0, self._size - self._labels_bytes
        while place < end and not inflater.eof:
            fed = file.read(place, min(_FED, end - place))
            place += len(fed) or end
            plain = inflater.decompress(fed)
            crc = zlib.crc32(plain, crc)
            labels = plain[skipped:]
            skipped -= len(plain) - len(labels)
            yield np.frombuffer(labels, dtype=np.uint8)
        if crc != self._crc or place != end or not inflater.eof:
            raise FormatError("the archive is not what was written", "bad-crc")

    @property
    def _labels_bytes(self) -> int:
        return self._layout.height * self._layout.width
