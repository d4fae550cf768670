"""Pictures that a program holds already, as `read_image` would have read them from a file."""

import os
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.depth import scale_to_8_bits
from codec.images.grey import without_color
from codec.images.orientation import TURNS, turn_upright
from codec.images.pillow import target_mode
from codec.images.profiles import convert_inks, to_srgb
from codec.images.reading import SourceImage

Pixels = npt.NDArray[np.uint8]
_ORIENTATION = 0x0112


def as_pixels(picture: Any) -> Any:
    """Take the pixels out of what holds them.

    Parameters
    ----------
    picture : SourceImage, PIL.Image.Image or anything else
        Anything else is given back; whoever wants an array will judge it.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Of an image of Pillow, in sRGB and upright, as from `codec.read_image`.

    Raises
    ------
    ImageError
        It is the path of a file; or an image whose samples are not integers of 8 or 16 bits.
    """
    if isinstance(picture, SourceImage):
        return picture.pixels
    if isinstance(picture, str | bytes | os.PathLike):
        raise ImageError("this is a path: codec.read_image(path).pixels reads it", "bad-dtype")
    pillow = sys.modules.get("PIL.Image")
    if pillow and isinstance(picture, pillow.Image):
        return _from_pillow(picture)
    return picture


def _from_pillow(image: Any) -> Pixels:
    mode, profile = image.mode, image.info.get("icc_profile")
    if mode in ("CMYK", "LAB"):
        pixels, _ = convert_inks(np.asarray(image), mode, profile)
        profile = None
    elif mode.startswith("I;16"):
        pixels = scale_to_8_bits(np.asarray(image))
    else:
        target = target_mode(mode, has_transparency="transparency" in image.info)
        pixels = np.asarray(image if target == mode else image.convert(target))
        if mode in ("P", "PA"):
            pixels = without_color(pixels)
    if profile:
        pixels, _ = to_srgb(pixels, profile)
    orientation = image.getexif().get(_ORIENTATION, 1)
    return turn_upright(pixels, orientation) if orientation in TURNS else pixels
