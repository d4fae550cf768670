"""Palettes: what is done to the colors of a picture is done to their entries."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.images.profiles import to_srgb

Pixels = npt.NDArray[np.uint8]


class Entries(NamedTuple):
    """A palette in sRGB.

    Parameters
    ----------
    palette : ndarray of shape (P, C), dtype uint8
        All entries.
    shown : ndarray of shape (P, C'), dtype uint8
        What pixels become: the same, or greys if those in use are.
    notices : tuple of str
        What was done to them, or why nothing could be.
    changed : bool
        Whether any entry in use is another color than before.
    """

    palette: Pixels
    shown: Pixels
    notices: tuple[str, ...] = ()
    changed: bool = False


def convert_palette(
    palette: Pixels, used: npt.NDArray[np.bool_], profile: bytes | None
) -> Entries:
    """Apply a profile to a palette.

    Parameters
    ----------
    palette : ndarray of shape (P, C), dtype uint8
        As stored.
    used : ndarray of shape (P,), dtype bool
        Which entries are.
    profile : bytes or None
        ICC profile of the picture.

    Returns
    -------
    entries : Entries
        What both become.
    """
    stored = palette
    is_grey = palette[:, :3] == palette[:, :1]
    if palette.shape[1] >= 3 and is_grey[used].all():
        stored = palette[:, [0, *range(3, palette.shape[1])]]
    shown = stored
    notices: tuple[str, ...] = ()
    if profile:
        shown, notices = _in_srgb(stored, profile)
    if stored is palette or is_grey.all():
        palette = shown
    else:
        palette = _in_srgb(palette, profile)[0].copy() if profile else palette.copy()
        palette[used, :3] = shown[used, :1]
    changed = not np.array_equal(shown[used], stored[used])
    return Entries(palette, shown, notices, changed)


def _in_srgb(colors: Pixels, profile: bytes) -> tuple[Pixels, tuple[str, ...]]:
    converted, notices = to_srgb(colors[None], profile)
    return converted[0], notices
