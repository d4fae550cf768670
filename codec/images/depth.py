"""Samples of more than 8 bits become 8."""

from typing import Any

import numpy as np
import numpy.typing as npt


class Narrowing:
    """Rounds the samples of a picture to 8 bits, part by part, and knows what that changed.

    Parameters
    ----------
    bits : int
        Of a sample, 9 to 16.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self._table = _scaling(2**bits - 1, 255)
        self._seen = np.zeros(2**bits, dtype=bool)

    def __call__(self, samples: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Round a part; its samples are as for `scale_to_8_bits`."""
        scaled = np.empty(samples.shape, dtype=np.uint8)
        for row, wide in zip(scaled, samples, strict=True):
            places = wide.astype(np.intp)
            row[...] = self._table[places]
            self._seen[places] = True
        return scaled

    @property
    def is_exact(self) -> bool:
        """Whether all samples come back when they are scaled to as many bits as they had."""
        levels = np.flatnonzero(self._seen)
        return bool((_scaling(255, 2**self.bits - 1)[self._table[levels]] == levels).all())

    @property
    def conversions(self) -> tuple[str, ...]:
        """Say so if samples were changed."""
        return () if self.is_exact else (f"{self.bits}-bit samples are rounded to 8 bits",)

    @property
    def notices(self) -> tuple[str, ...]:
        """Say so if none was."""
        said = f"{self.bits}-bit samples become samples of 8 bits without loss"
        return (said,) if self.is_exact else ()


def scale_to_8_bits(samples: npt.NDArray[Any], bits: int = 16) -> npt.NDArray[np.uint8]:
    """Scale 0..2**bits-1 to 0..255, rounding to nearest.

    Parameters
    ----------
    samples : ndarray of shape (H, W) or (H, W, S), dtype uint16
        Any byte order.
    bits : int
        9 to 16.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        For 16 bits ``round(samples / 257)``.
    """
    return Narrowing(bits)(samples)


def _scaling(highest: int, other: int) -> npt.NDArray[np.unsignedinteger]:
    """Scale all numbers up to `highest` to numbers up to `other`, rounding to nearest."""
    levels = np.arange(highest + 1, dtype=np.uint32)
    levels *= 2 * other
    levels += highest
    levels //= 2 * highest
    return levels.astype(np.uint8 if other < 256 else np.uint16)
