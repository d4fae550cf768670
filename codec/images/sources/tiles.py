"""Strips and tiles of 8-bit samples, decoded without libtiff: faster, and the same or not at all.

What fails here in any way is left to those who decode everything, and to what they say of it.
"""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError
from codec.images.directories import (
    BITS,
    EXTRA_SAMPLES,
    FILL_ORDER,
    PHOTOMETRIC,
    PREDICTOR,
    SAMPLES,
)
from codec.images.segments import UNCOMPRESSED, Block, Layout

Pixels = npt.NDArray[np.uint8]
Decoder = Callable[[bytes, int, "Spare"], Any]

_LZW, _DEFLATE, _OLD_DEFLATE, _ZSTD = 5, 8, 32946, 50000
_STRAIGHT_ALPHA = 2
# Of PhotometricInterpretation, with samples and extra samples: kinds whose bytes are pixels.
_PLAIN = {(1, 1, ()), (2, 3, ()), (2, 4, (_STRAIGHT_ALPHA,)), (3, 1, ())}


class Spare:
    """Memory that one thread decodes to, again and again: it stays in the cache."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, dtype=np.uint8)

    def of(self, size: int) -> Pixels:
        """Give so many bytes, which are others' when it is asked again."""
        if len(self._bytes) != size:
            self._bytes = np.empty(size, dtype=np.uint8)
        return self._bytes


def plain_blocks(layout: Layout) -> Callable[[Block, Spare], Pixels | None] | None:
    """Find who decodes blocks of one strip or tile whose samples are pixels, or indices, already.

    Parameters
    ----------
    layout : Layout
        Of the picture.

    Returns
    -------
    decode : callable or None
        Takes a block, and memory to decode it to, and gives what it has within the picture, or
        None if it should be asked elsewhere. None if all should.
    """
    directory = layout.directory
    bits = directory.numbers(BITS).tolist()
    extra = tuple(directory.numbers(EXTRA_SAMPLES).tolist())
    samples = directory.number(SAMPLES, 1)
    decoder = _decoder(layout.compression)
    predictor = directory.number(PREDICTOR, 1) if layout.compression != UNCOMPRESSED else 1
    if (
        decoder is None
        or (directory.number(PHOTOMETRIC), samples, extra) not in _PLAIN
        or set(bits) != {8}
        or layout.planes > 1
        or directory.number(FILL_ORDER, 1) != 1
        or predictor not in (1, 2)
    ):
        return None
    undo = _undo_differences() if predictor == 2 else None

    def decode(block: Block, spare: Spare) -> Pixels | None:
        (stored,) = layout.stored(block, 0)
        size = block.rows * block.columns * samples
        try:
            found = np.frombuffer(decoder(stored, size, spare), dtype=np.uint8)
            if len(found) != size:
                return None
            pixels = found.reshape(block.rows, block.columns, samples)
            if undo:
                pixels = undo(pixels)
        except CodecError:
            raise
        except Exception:  # noqa: BLE001 - others decode it again, and say what is wrong with it
            return None
        pixels = pixels[: layout.height - block.top, : layout.width - block.left]
        return pixels[:, :, 0] if samples == 1 else pixels

    return decode


def _decoder(compression: int) -> Decoder | None:
    """Find what decodes so many bytes."""
    if compression == UNCOMPRESSED:
        return lambda stored, size, spare: stored
    codecs = _imagecodecs()
    if compression in (_DEFLATE, _OLD_DEFLATE):
        if codecs is None:
            return _inflate
        return lambda stored, size, spare: codecs.deflate_decode(stored, out=size)
    if codecs is None:
        return None
    return {
        _LZW: lambda stored, size, spare: codecs.lzw_decode(stored, out=size),
        _ZSTD: lambda stored, size, spare: codecs.zstd_decode(stored, out=spare.of(size)),
    }.get(compression)


def _inflate(stored: bytes, size: int, spare: Spare) -> bytes:
    inflater = zlib.decompressobj()
    found = inflater.decompress(stored, size + 1)
    return found if inflater.eof else b""  # only then its checksum was looked at


def _undo_differences() -> Callable[[Pixels], Pixels]:
    """Find what adds each pixel to the one before it."""
    codecs = _imagecodecs()
    if codecs is not None:
        return lambda pixels: codecs.delta_decode(pixels, axis=1)
    return lambda pixels: np.cumsum(pixels, axis=1, dtype=np.uint8)


def _imagecodecs() -> Any:
    """Import imagecodecs, of the extra ``large``; None without it."""
    try:
        import imagecodecs
    except ImportError:
        return None
    return imagecodecs
