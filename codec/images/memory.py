"""Pictures that a program holds already, as `read_image` would have read them from a file."""

import os
import struct
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import count_labels, look_up
from codec.errors import ImageError
from codec.images.depth import scale_to_8_bits
from codec.images.grey import without_color
from codec.images.orientation import turn_upright
from codec.images.palettes import convert_palette
from codec.images.pillow import palette_of, target_mode
from codec.images.profiles import convert_inks, to_srgb
from codec.images.reading import SourceImage
from codec.images.stated import profile_of_png

Pixels = npt.NDArray[np.uint8]
_ORIENTATION = 0x0112


def as_source(picture: Any) -> SourceImage:
    """Take a picture as `read_image` gives it out of what holds it.

    Parameters
    ----------
    picture : SourceImage, PIL.Image.Image or anything else
        Of anything else whoever wants an array will judge whether it is one.

    Returns
    -------
    source : SourceImage
        An image of Pillow in sRGB and upright, as from `codec.read_image`; of anything else that
        it has to be pixels.

    Raises
    ------
    ImageError
        It is the path of a file; or an image whose samples are not integers of 8 or 16 bits.
    """
    if isinstance(picture, SourceImage):
        return picture
    if isinstance(picture, str | bytes | os.PathLike):
        raise ImageError("this is a path: codec.read_image(path).pixels reads it", "bad-dtype")
    pillow = sys.modules.get("PIL.Image")
    if pillow and isinstance(picture, pillow.Image):
        return _from_pillow(picture)
    return SourceImage(picture, 0)


def _from_pillow(image: Any) -> SourceImage:
    mode, profile = image.mode, _stated_profile(image.info)
    orientation = image.getexif().get(_ORIENTATION, 1)
    if mode == "P":
        indices = np.asarray(image)
        if not indices.size:  # which nobody takes
            return SourceImage(indices, 0)
        size = max(len(image.getpalette() or ()) // 3, int(indices.max()) + 1)
        used = count_labels(indices)[:size] > 0
        entries = convert_palette(palette_of(image, size), used, profile)
        indices = np.ascontiguousarray(turn_upright(indices, orientation))
        pixels = look_up(entries.shown, indices)
        pixels = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
        return SourceImage(pixels, 0, indices=indices, palette=entries.palette)
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
    return SourceImage(turn_upright(pixels, orientation), 0)


def _stated_profile(info: dict[str, Any]) -> Any:
    """Find the profile, or the numbers of a PNG that ask for one."""
    if info.get("icc_profile"):
        return info["icc_profile"]
    chunks = {b"sRGB": b"\0"} if "srgb" in info else {}
    try:
        for name, kind in (("gamma", b"gAMA"), ("chromaticity", b"cHRM")):
            numbers = np.ravel(info.get(name, ())) * 100_000
            chunks[kind] = struct.pack(f">{numbers.size}I", *map(round, numbers.tolist()))
    except (TypeError, ValueError, OverflowError, struct.error):  # anybody may put anything there
        return None
    return profile_of_png(chunks)[0]
