"""The samples of every kind of PNG.

Rows are inflated to exactly the size that the header asks for, or refused: all at once, or a few
at a time where samples take more memory than what becomes of them.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.limits import MAX_DEFLATE_RATIO
from codec.png.reading import PngFile, PngHeader
from codec.png.rowfilters import unfilter_rows

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_HIGHEST_FILTER = 4
# Of rows that are decoded at once, and of what is inflated at once.
_STRIP_BYTES = 4 << 20
_FED = 1 << 18


def decode_samples(png: PngFile) -> Samples:
    """Decode a PNG to the samples it stores, neither scaled nor looked up.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Returns
    -------
    samples : ndarray of shape (H, W, S), dtype uint8 or uint16
        S samples a pixel, 0 to 2**depth - 1; for an indexed PNG the palette's entries.

    Raises
    ------
    FormatError
        The rows are damaged or do not have the size the header asks for.
    """
    header = png.header
    parts = _decode_passes(header, _inflate(png))
    if not header.interlaced:
        ((_, samples),) = parts
        return samples
    shape = header.height, header.width, header.samples
    whole: npt.NDArray[Any] = np.empty(shape, np.uint16 if header.depth == 16 else np.uint8)
    for place, samples in parts:
        whole[place] = samples
    return whole


def decode_strips(png: PngFile) -> Iterator[tuple[tuple[slice, slice], Samples]]:
    """Decode a PNG some rows at a time, for samples that are larger than what becomes of them.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Yields
    ------
    place : tuple of slice
        Rows and columns of the picture where the samples belong.
    samples : ndarray of shape (h, w, S), dtype uint8 or uint16
        As from `decode_samples`.

    Raises
    ------
    FormatError
        The rows are damaged or do not have the size the header asks for; when all are decoded at
        the latest.
    """
    header = png.header
    _check_size(png)
    stream = _Inflating(png.idat_parts)
    for (rows, columns), width, height in header.passes():
        size = header.row_size(width)
        step = max(1, _STRIP_BYTES // size)
        above = np.zeros((1, size), dtype=np.uint8)
        for top in range(0, height, step):
            count = min(step, height - top)
            filtered = np.empty((1 + count, size), dtype=np.uint8)
            # The row above, already decoded, as if it were stored without a filter.
            filtered[:1] = above
            filtered[1:].reshape(-1)[...] = stream.read(count * size)
            unfiltered = _unfilter(filtered, header)[1:]
            above[0, 1:] = unfiltered[-1]
            first = rows.start + top * (rows.step or 1)
            last = first + (count - 1) * (rows.step or 1)
            yield (slice(first, last + 1, rows.step), columns), _unpack(unfiltered, header, width)
    stream.finish()


class _Inflating:
    """The bytes of a PNG's rows, inflated as they are asked for."""

    def __init__(self, parts: tuple[memoryview, ...]) -> None:
        self._inflater = zlib.decompressobj()
        self._parts = (
            part[start : start + _FED] for part in parts for start in range(0, len(part), _FED)
        )
        self._fed: bytes | memoryview = b""

    def read(self, size: int) -> npt.NDArray[np.uint8]:
        """Inflate so many bytes."""
        found = bytearray()
        while len(found) < size and self._more(found, size - len(found)):
            pass
        if len(found) < size:
            raise FormatError(f"the PNG's rows end {size - len(found)} bytes early", "truncated")
        return np.frombuffer(found, dtype=np.uint8)

    def finish(self) -> None:
        """Refuse rows that go on, or that do not say that they end."""
        rest = bytearray()
        while not rest and self._more(rest, 1):
            pass
        if rest or self._inflater.unused_data or any(len(part) for part in self._parts):
            raise FormatError("the PNG holds more rows than its header says", "excess-data")
        if not self._inflater.eof:
            raise FormatError("the PNG's rows do not end", "truncated")

    def _more(self, found: bytearray, size: int) -> bool:
        """Inflate at most so many bytes more; tell whether that can go on."""
        if not self._fed:
            self._fed = next(self._parts, b"")
        try:
            got = self._inflater.decompress(self._fed, size)
        except zlib.error as error:
            raise FormatError(
                "the compressed rows of the PNG are damaged", "bad-deflate"
            ) from error
        going_on = bool(self._fed or got) and not self._inflater.eof
        self._fed = self._inflater.unconsumed_tail
        found += got
        return going_on


def _damaged() -> FormatError:
    return FormatError("the compressed rows of the PNG are damaged", "bad-deflate")


def _check_size(png: PngFile) -> int:
    """Tell how many bytes the rows must inflate to, unless that cannot be."""
    expected, stored = png.header.inflated_size(), sum(map(len, png.idat_parts))
    if expected > MAX_DEFLATE_RATIO * stored + 64:
        raise FormatError(f"{stored} bytes of IDAT cannot hold {expected} bytes", "truncated")
    return expected


def _inflate(png: PngFile) -> npt.NDArray[np.uint8]:
    """Inflate the filtered rows of all passes to exactly the size that the header asks for."""
    expected, packed = _check_size(png), png.idat
    inflater = zlib.decompressobj()
    try:
        rows = inflater.decompress(packed, expected + 1)
        if len(rows) == expected and not inflater.eof:
            # The end marker and checksum may still be unread; they carry no more bytes.
            rows += inflater.decompress(inflater.unconsumed_tail, 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(rows) < expected or (not inflater.eof and len(rows) == expected):
        raise FormatError(f"the PNG holds {len(rows)} of {expected} bytes", "truncated")
    if len(rows) > expected or inflater.unused_data:
        raise FormatError("the PNG holds more rows than its header says", "excess-data")
    return np.frombuffer(rows, dtype=np.uint8)


def _decode_passes(
    header: PngHeader, inflated: npt.NDArray[np.uint8]
) -> Iterator[tuple[tuple[slice, slice], Samples]]:
    """Undo the row filters of each pass; yield where its pixels belong, and their samples."""
    end = 0
    for place, width, height in header.passes():
        start, size = end, header.row_size(width)
        end += height * size
        rows = _unfilter(inflated[start:end].reshape(height, size), header)
        yield place, _unpack(rows, header, width)


def _unfilter(filtered: npt.NDArray[np.uint8], header: PngHeader) -> npt.NDArray[np.uint8]:
    if filtered[:, 0].max() > _HIGHEST_FILTER:
        raise FormatError("a PNG row has an undefined filter", "bad-filter")
    return unfilter_rows(filtered, max(1, header.pixel_bits // 8))


def _unpack(rows: npt.NDArray[np.uint8], header: PngHeader, width: int) -> Samples:
    """Turn the bytes of rows into one array element a sample."""
    if header.depth == 16:
        # A copy of our own, unless undoing the filters made one; a single row may still be a
        # view of what was inflated.
        wide = np.require(rows, requirements=["C", "W"]).view(np.uint16)
        if sys.byteorder == "little":
            wide.byteswap(inplace=True)
        return wide.reshape(len(rows), width, header.samples)
    if header.depth == 8:
        return rows.reshape(len(rows), width, header.samples)
    bits = np.unpackbits(rows, axis=1)[:, : width * header.depth]
    values = np.packbits(bits.reshape(len(rows), width, header.depth), axis=2)
    return np.asarray(values >> np.uint8(8 - header.depth))
