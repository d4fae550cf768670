"""The samples of every kind of PNG.

Rows are inflated to exactly the size that the header asks for, or refused: all at once, or a few
at a time where samples take more memory than what becomes of them. A lenient reader passes over
what follows the last row, up to a bound.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.limits import MAX_DEFLATE_RATIO, MAX_PNG_SURPLUS_BYTES
from codec.png.reading import PngFile, PngHeader
from codec.png.rowfilters import unfilter_rows

Bytes = npt.NDArray[np.uint8]
Samples = Bytes | npt.NDArray[np.uint16]

_HIGHEST_FILTER = 4
# Of rows that are decoded at once; of what inflating takes, and gives, at once.
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
    header, stream = png.header, _Inflating(png)
    inflated = stream.read(header.inflated_size())
    stream.finish()
    parts = _decode_passes(header, inflated)
    del inflated
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
    stream = _Inflating(png)
    for (rows, columns), width, height in header.passes():
        size, step = header.row_size(width), strip_rows(header, width)
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


def strip_rows(header: PngHeader, width: int) -> int:
    """Tell how many rows of so many pixels `decode_strips` decodes at a time."""
    return max(1, _STRIP_BYTES // max(header.row_size(width), width))


def check_ratio(png: PngFile) -> None:
    """Refuse a picture that its compressed rows cannot hold.

    Raises
    ------
    FormatError
        DEFLATE expands no bytes so far.
    """
    expected, stored = png.header.inflated_size(), png.idat_size
    if expected > MAX_DEFLATE_RATIO * stored + 64:
        raise FormatError(f"{stored} bytes of IDAT cannot hold {expected} bytes", "truncated")


class _Inflating:
    """The bytes of a PNG's rows, inflated as they are asked for."""

    def __init__(self, png: PngFile) -> None:
        check_ratio(png)
        self._inflater = zlib.decompressobj()
        self._parts = (
            part[start : start + _FED]
            for part in png.idat_parts
            for start in range(0, len(part), _FED)
        )
        self._fed: bytes | memoryview = b""
        self._passed_over = png.passed_over

    def read(self, size: int) -> Bytes:
        """Inflate so many bytes."""
        found = np.empty(size, dtype=np.uint8)
        filled, going_on = 0, True
        while filled < size and going_on:
            got, going_on = self._more(min(size - filled, _FED))
            found[filled : filled + len(got)] = np.frombuffer(got, dtype=np.uint8)
            filled += len(got)
        if filled < size:
            raise FormatError(f"the PNG's rows end {size - filled} bytes early", "truncated")
        return found

    def finish(self) -> None:
        """Refuse rows that do not say that they end, and what follows them, unless lenient."""
        lenient = self._passed_over is not None
        most, step = (MAX_PNG_SURPLUS_BYTES, _FED) if lenient else (0, 1)
        surplus, going_on = 0, True
        while going_on and surplus <= most:
            got, going_on = self._more(step)
            surplus += len(got)
        behind = len(self._inflater.unused_data) + sum(map(len, self._parts))
        if surplus > most or (behind and not lenient):
            raise FormatError("the PNG holds more rows than its header says", "excess-data")
        if not self._inflater.eof:
            raise FormatError("the PNG's rows do not end", "truncated")
        if self._passed_over is not None and surplus + behind:
            self._passed_over.append(
                f"{surplus + behind} bytes behind the last row of the PNG are ignored"
            )

    def _more(self, size: int) -> tuple[bytes, bool]:
        """Inflate at most so many bytes more; tell whether that can go on."""
        if self._inflater.eof:
            return b"", False
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
        return got, going_on


def _decode_passes(
    header: PngHeader, inflated: Bytes
) -> Iterator[tuple[tuple[slice, slice], Samples]]:
    """Undo the row filters of each pass; yield where its pixels belong, and their samples."""
    end = 0
    for place, width, height in header.passes():
        start, size = end, header.row_size(width)
        end += height * size
        rows = _unfilter(inflated[start:end].reshape(height, size), header)
        yield place, _unpack(rows, header, width)


def _unfilter(filtered: Bytes, header: PngHeader) -> Bytes:
    if filtered[:, 0].max() > _HIGHEST_FILTER:
        raise FormatError("a PNG row has an undefined filter", "bad-filter")
    return unfilter_rows(filtered, max(1, header.pixel_bits // 8))


def _unpack(rows: Bytes, header: PngHeader, width: int) -> Samples:
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
