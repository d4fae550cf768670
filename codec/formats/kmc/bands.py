"""Labels of dense files as bands of rows, coded at the same time (format-spec section 16.2).

Where nothing was compiled, the coder in plain Python reads them, some thousand times slower.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.errors import FormatError
from codec.threads import run_parallel

# A band learns everything anew. Two bands of so many pixels, and of so many that differ from the
# one to their left, took 0.2 to 0.8 % more bytes than one; two of 4 Mpx of a flat chart, 20 %.
BAND_PIXELS = 1 << 22
BAND_CHANGES = 1 << 20
MAX_BANDS = 256
_MORE_THAN_LABELS = 1024
# No odds are above 65535 in 65536: a byte holds at most 363,409 decisions.
PIXELS_PER_BYTE = 1 << 19

Array = npt.NDArray[np.uint8]


def band_rows(height: int, n_bands: int) -> list[slice]:
    """Divide rows among bands.

    Parameters
    ----------
    height : int
        Rows of the picture.
    n_bands : int
        1 to `height`.

    Returns
    -------
    rows : list of slice
        One for each band, from the top.
    """
    return [
        slice(band * height // n_bands, (band + 1) * height // n_bands) for band in range(n_bands)
    ]


def encode_bands(labels: Array, codebook: Array, fast: bool) -> list[bytes]:
    """Code labels, in as many bands as the picture's size is worth.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Each less than K.
    codebook : ndarray of shape (K, C), dtype uint8
        At least two code-words.
    fast : bool
        With few contexts.

    Returns
    -------
    streams : list of bytes
        One for each band.
    """
    n_bands = min(labels.size // BAND_PIXELS, MAX_BANDS)
    if n_bands > 1:
        changes = int(np.count_nonzero(labels[:, 1:] != labels[:, :-1]))
        n_bands = min(n_bands, changes // BAND_CHANGES, len(labels))
    return run_parallel(
        [
            functools.partial(_encode_band, labels[rows], codebook, fast)
            for rows in band_rows(len(labels), max(1, n_bands))
        ]
    )


def without_last_zeros(stream: bytes, pixels: int) -> bytes:
    """Drop zeros that a decoder finds behind the end, but for as many as a reader asks for.

    Parameters
    ----------
    stream : bytes
        As the coder ended it.
    pixels : int
        Of the band.

    Returns
    -------
    stream : bytes
        At least a byte for each `PIXELS_PER_BYTE`, if there were as many.
    """
    return stream[: max(len(stream.rstrip(b"\0")), pixels // PIXELS_PER_BYTE)]


def decode_bands(
    streams: list[bytes], height: int, width: int, codebook: Array, fast: bool
) -> Array:
    """Decode what `encode_bands` gave.

    Parameters
    ----------
    streams : list of bytes
        One for each band.
    height, width : int
        Of the picture.
    codebook, fast
        As for `encode_bands`.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8

    Raises
    ------
    FormatError
        A stream is longer than its labels.
    """
    labels = np.empty((height, width), dtype=np.uint8)
    used = run_parallel(
        [
            functools.partial(_decode_band, stream, codebook, fast, labels[rows])
            for stream, rows in zip(streams, band_rows(height, len(streams)), strict=True)
        ]
    )
    if any(len(stream) > bytes_ - 3 for stream, bytes_ in zip(streams, used, strict=True)):
        raise FormatError("a stream goes on behind its last label", "excess-data")
    return labels


def _encode_band(labels: Array, codebook: Array, fast: bool) -> bytes:
    coder = kernels.labelcoder
    labels, codebook = np.ascontiguousarray(labels), np.ascontiguousarray(codebook)
    slots = np.empty(coder.n_slots(labels.size, fast), dtype=np.uint32)
    room = np.empty(labels.size + labels.size // 2 + _MORE_THAN_LABELS, dtype=np.uint8)
    while (size := coder.encode(labels, codebook, slots, room, fast)) < 0:
        room = np.empty(2 * room.size, dtype=np.uint8)
    return without_last_zeros(room[:size].tobytes(), labels.size)


def _decode_band(stream: bytes, codebook: Array, fast: bool, labels: Array) -> int:
    coder = kernels.labelcoder
    slots = np.empty(coder.n_slots(labels.size, fast), dtype=np.uint32)
    data = np.frombuffer(stream, dtype=np.uint8)
    codebook = np.ascontiguousarray(codebook)
    return int(coder.decode(data, codebook, slots, labels, fast))
