"""Samples of more than 8 bits become 8."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

# A picture that uses no more of its range, or of which no more levels are left, is dark or flat.
_SMALL_PART = 4
_FEW_LEVELS = 64
_ROUNDED = "-bit samples are rounded to 8 bits"


def are_rounded(conversions: Collection[str]) -> bool:
    """Tell of a picture's conversions whether samples of more bits were rounded."""
    return any(conversion.endswith(_ROUNDED) for conversion in conversions)


class Narrowing:
    """Rounds the samples of a picture to 8 bits, part by part, and knows what that changed.

    Parameters
    ----------
    bits : int
        Of a sample, 9 to 16.
    colors : int, optional
        How many samples of a pixel are colors; the other is alpha. By default all are.
    """

    def __init__(self, bits: int, colors: int | None = None) -> None:
        self.bits = bits
        self._colors = colors
        self._plain = self._table = _scaling(0, 2**bits - 1, 255)
        self._seen = np.zeros(2**bits, dtype=bool)
        self._shown = np.zeros(2**bits, dtype=bool)
        self._stretched = ""

    def __call__(
        self, samples: npt.NDArray[Any], visible: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Round a part.

        Parameters
        ----------
        samples : ndarray of shape (h, w) or (h, w, S), dtype uint16
            Any byte order.
        visible : ndarray of shape (h, w), dtype bool, optional
            Which pixels are not fully transparent, if their samples do not say so.

        Returns
        -------
        scaled : ndarray of the same shape, dtype uint8
        """
        scaled = np.empty(samples.shape, dtype=np.uint8)
        for y, wide in enumerate(samples):
            places = self._look_at(wide, None if visible is None else visible[y])
            scaled[y] = self._plain[places]
            if self._stretched:
                scaled[y, ..., : self._colors] = self._table[places[..., : self._colors]]
        return scaled

    def look(
        self, samples: npt.NDArray[Any], visible: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """See which samples there are, for `stretch`."""
        for y, wide in enumerate(samples):
            self._look_at(wide, None if visible is None else visible[y])

    def _look_at(
        self, wide: npt.NDArray[Any], visible: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.intp]:
        places = wide.astype(np.intp)
        self._seen[places] = True
        if self._colors is not None and visible is None and self._colors < places.shape[-1]:
            visible = places[:, -1] > 0
        if visible is not None:
            self._shown[places[visible][..., : self._colors]] = True
        return places

    def stretch(self) -> None:
        """Scale colors from here on so that those seen use all 8 bits: of all channels alike."""
        low, high = self._range()
        if low < high and (low, high) != (0, 2**self.bits - 1):
            self._table = _scaling(low, high, 255, 2**self.bits)
            self._stretched = f"{self.bits}-bit samples from {low} to {high} are stretched"

    @property
    def is_exact(self) -> bool:
        """Whether all samples come back when they are scaled to as many bits as they had."""
        levels = np.flatnonzero(self._seen)
        back = _scaling(0, 255, 2**self.bits - 1)[self._plain[levels]]
        return not self._stretched and bool((back == levels).all())

    @property
    def conversions(self) -> tuple[str, ...]:
        """Say so if samples were changed."""
        if self._stretched:
            before, after = self._levels()
            lost = f": {before} levels become {after}" if after < before else ""
            return (f"{self._stretched} to 0 to 255{lost}",)
        return () if self.is_exact else (f"{self.bits}{_ROUNDED}",)

    @property
    def notices(self) -> tuple[str, ...]:
        """Say so if none was, or if that hardly leaves anything."""
        if self.is_exact:
            return (f"{self.bits}-bit samples become samples of 8 bits without loss",)
        (low, high), (before, after) = self._range(), self._levels()
        highest = 2**self.bits - 1
        if self._stretched or after == before:
            return ()
        if _SMALL_PART * (high - low) <= highest:
            return (
                f"{self.bits}-bit samples use {low} to {high} of 0 to {highest}: "
                f"{before} levels become {after} (scale_range=True stretches them)",
            )
        if after <= _FEW_LEVELS and 2 * after < before:
            return (f"{self.bits}-bit samples have {before} levels, of which {after} are left",)
        return ()

    def _shown_levels(self) -> npt.NDArray[np.intp]:
        """List the samples of colors that can be seen."""
        levels = np.flatnonzero(self._shown)
        return levels if len(levels) else np.flatnonzero(self._seen)

    def _range(self) -> tuple[int, int]:
        levels = self._shown_levels()
        return int(levels[0]), int(levels[-1])

    def _levels(self) -> tuple[int, int]:
        """Count levels before and after."""
        levels = self._shown_levels()
        return len(levels), len(np.unique(self._table[levels]))


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


def _scaling(
    low: int, high: int, other: int, size: int | None = None
) -> npt.NDArray[np.unsignedinteger]:
    """Scale `low` to `high` to 0 to `other`, rounding to nearest; what is beyond is clipped."""
    extent = high - low
    levels = np.arange(size or high + 1, dtype=np.int32)
    np.clip(levels, low, high, out=levels)
    levels -= low
    levels *= 2 * other
    levels += extent
    levels //= 2 * extent
    return levels.astype(np.uint8 if other < 256 else np.uint16)
