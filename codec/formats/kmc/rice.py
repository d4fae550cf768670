"""Codebooks of dense files: residuals of simple predictors, Rice-coded (format-spec section 16.3).

Rice codes: R. F. Rice, "Some practical universal noiseless coding techniques", JPL Publication
79-22, 1979. Code-words in ascending order take about two thirds of their raw bytes.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError

_UNSIGNED, _LEFT, _BELOW, _GRADIENT = range(4)
_PARAMETERS = range(9)
_ALL_ZERO = 15

_MOST_BITS = 264  # of a residual

# The codebook that was decoded last, behind its bytes: many pictures may share one, and nothing
# that follows the bytes of a codebook has a part in it.
_latest: tuple[bytes, npt.NDArray[np.uint8]] | None = None

Integers = npt.NDArray[np.int64]


def encode_codebook(codebook: npt.NDArray[np.uint8]) -> bytes:
    """Code a codebook, each channel in the way that suits it best.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        Best in ascending order.

    Returns
    -------
    coded : bytes
        C modes, and the bits of all residuals.
    """
    return _encoded(codebook.tobytes(), codebook.shape[1])


@functools.lru_cache(maxsize=4)
def _encoded(data: bytes, channels: int) -> bytes:
    """Code a codebook; one that many pictures share, once."""
    codebook = np.frombuffer(data, dtype=np.uint8).reshape(-1, channels)
    modes, bits = bytearray(), ""
    for channel in range(codebook.shape[1]):
        mode, residuals = _best_mode(codebook.astype(np.int64), channel)
        modes.append(mode)
        parameter = mode & 15
        if parameter != _ALL_ZERO:
            for residual in residuals.tolist():
                tail = 1 << parameter | residual & (1 << parameter) - 1
                bits += "1" * (residual >> parameter) + "0" + f"{tail:b}"[1:]
    size = -(-len(bits) // 8)
    return bytes(modes) + int(bits.ljust(8 * size, "0") or "0", 2).to_bytes(size, "big")


def _best_mode(values: Integers, channel: int) -> tuple[int, Integers]:
    """Choose predictor and parameter of a channel; return them as its mode, and residuals."""
    choices: list[tuple[int, int, Integers]] = []
    for predictor in (_UNSIGNED, _LEFT, _BELOW, _GRADIENT):
        difference = (values[:, channel] - _predictions(values, channel, predictor)) % 256
        residuals = difference
        if predictor != _UNSIGNED:  # small ones of either sign become small
            residuals = np.where(difference < 128, 2 * difference, 511 - 2 * difference)
        if not residuals.any():
            return predictor << 4 | _ALL_ZERO, residuals
        for parameter in _PARAMETERS:
            size = int((residuals >> parameter).sum()) + len(residuals) * (1 + parameter)
            choices.append((size, predictor << 4 | parameter, residuals))
    _, mode, residuals = min(choices, key=lambda choice: choice[:2])
    return mode, residuals


def _predictions(values: Integers, channel: int, predictor: int) -> Integers:
    """Predict all samples of a channel from those of code-words before and channels before."""
    left = np.concatenate([[0], values[:-1, channel]])
    if predictor in (_UNSIGNED, _LEFT):
        return left
    below = values[:, channel - 1] if channel else np.zeros_like(left)
    if predictor == _BELOW:
        return below
    predicted: Integers = np.clip(left + below - np.concatenate([[0], below[:-1]]), 0, 255)
    return predicted


def decode_codebook(data: bytes, size: int, channels: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Decode a codebook.

    Parameters
    ----------
    data : bytes
        Its bytes, and what follows them.
    size, channels : int
        K and C.

    Returns
    -------
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    used : int
        How many of the bytes were its own.

    Raises
    ------
    FormatError
        An illegal mode, a residual over 255, bits behind the last, or too few bytes.
    """
    global _latest
    known = _latest  # another thread may exchange it
    if known and known[1].shape == (size, channels) and data.startswith(known[0]):
        return known[1].copy(), len(known[0])
    codebook, used = _decoded(data, size, channels)
    _latest = data[:used], codebook.copy()
    return codebook, used


def _decoded(data: bytes, size: int, channels: int) -> tuple[npt.NDArray[np.uint8], int]:
    modes = data[:channels]
    if len(modes) < channels:
        raise FormatError("the file is cut short", "truncated")
    if any(mode >> 4 > _GRADIENT or (8 < mode & 15 < _ALL_ZERO) for mode in modes):
        raise FormatError("the codebook is coded in an unknown way", "bad-codebook")
    bits = _Bits(data[channels : channels + size * channels * _MOST_BITS // 8 + 1])
    rows = [[0] * channels for _ in range(size)]
    for channel, mode in enumerate(modes):
        predictor, parameter = mode >> 4, mode & 15
        left = corner = 0
        for row in rows:
            residual = 0 if parameter == _ALL_ZERO else bits.rice(parameter)
            if predictor != _UNSIGNED:
                residual = -(residual + 1) // 2 if residual % 2 else residual // 2
            below = row[channel - 1] if channel else 0
            if predictor == _BELOW:
                left = below
            elif predictor == _GRADIENT:
                left = min(255, max(0, left + below - corner))
            row[channel] = left = (left + residual) % 256
            corner = below
    return np.array(rows, dtype=np.uint8), channels + bits.end()


class _Bits:
    """A string of bits, the highest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""
        self._at = 0

    def rice(self, parameter: int) -> int:
        """Read a residual: ones, a zero, and as many bits as the parameter says."""
        zero = self._bits.find("0", self._at)
        ones = (len(self._bits) if zero < 0 else zero) - self._at
        if ones << parameter > 255:
            raise FormatError("a code-word's residual is over 255", "bad-codebook")
        end = zero + 1 + parameter
        if zero < 0 or end > len(self._bits):
            raise FormatError("the file is cut short", "truncated")
        self._at = end
        return ones << parameter | int(self._bits[zero + 1 : end] or "0", 2)

    def end(self) -> int:
        """Return how many bytes were begun, if nothing but zeros is left of the last."""
        used = -(-self._at // 8)
        if "1" in self._bits[self._at : 8 * used]:
            raise FormatError("bits follow the codebook's last", "bad-codebook")
        return used
