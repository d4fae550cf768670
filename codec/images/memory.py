"""Pictures that a program holds already, as `read_image` would have read them from a file.

And an indexed image for who wants one of Pillow.
"""

import os
import struct
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import count_labels, look_up
from codec.colors.pixels import to_channels
from codec.errors import CodecError, ImageError
from codec.images.decoders import as_codec_error
from codec.images.depth import scale_to_8_bits
from codec.images.grey import without_color
from codec.images.orientation import turn_upright
from codec.images.palettes import convert_palette
from codec.images.pillow import palette_of, target_mode
from codec.images.profiles import convert_inks, to_srgb
from codec.images.records import SourceImage
from codec.images.stated import profile_of_png

if TYPE_CHECKING:
    from PIL.Image import Image

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
        It is a file, its path or its content; or an image whose samples are not integers of 8 or
        16 bits, or that was closed or is damaged.
    LimitError
        There is not enough memory.
    """
    if isinstance(picture, SourceImage):
        return picture
    if isinstance(picture, bytes | bytearray | memoryview) and _is_content(picture):
        raise ImageError(
            "these are bytes, not pixels: codec.read_image(data) makes pixels of a file's bytes",
            "bad-dtype",
        )
    if isinstance(picture, str | os.PathLike):
        raise ImageError("this is a path: codec.read_image(path) reads its pixels", "bad-dtype")
    pillow = sys.modules.get("PIL.Image")
    if pillow and isinstance(picture, pillow.Image):
        return from_pillow(picture, _stated_profile(picture.info))[0]
    if hasattr(picture, "read"):
        raise ImageError(
            "this is an open file: codec.read_image(file) reads its pixels", "bad-dtype"
        )
    return SourceImage(picture, 0)


def from_pillow(
    image: Any, profile: bytes | None, *, keep_profile: bool = False
) -> tuple[SourceImage, bytes | None]:
    """Take an image of Pillow, upright; of several frames the one it stands at.

    Parameters
    ----------
    image : PIL.Image.Image
        It may not be decoded yet.
    profile : bytes or None
        ICC profile of its colors.
    keep_profile : bool
        Leave grey and RGB as they are, for who stores the profile with them.

    Returns
    -------
    source : SourceImage
        In sRGB, unless there is a profile left.
    profile : bytes or None
        That of the pixels.

    Raises
    ------
    ImageError, LimitError
        As `as_source`.
    """
    try:
        return _take(image, profile, keep_profile)
    except CodecError:
        raise
    except Exception as error:  # whatever Pillow says of damaged or closed files
        raise as_codec_error(error, "image") from error


def _is_content(data: bytes | bytearray | memoryview) -> bool:
    """Tell bytes from a view of an array."""
    return not isinstance(data, memoryview) or data.ndim == 1


def _take(
    image: Any, profile: bytes | None, keep_profile: bool
) -> tuple[SourceImage, bytes | None]:
    image.load()  # of a frame, which may change its mode
    mode = image.mode
    if mode in ("I", "F"):
        raise ImageError(
            f"samples of mode {mode!r} are not 8- or 16-bit integers: "
            "image.convert('L') takes 0 to 255 of them",
            "bad-dtype",
        )
    orientation = image.getexif().get(_ORIENTATION, 1)
    if mode == "P":
        return _take_indices(image, profile, orientation, keep_profile)
    if mode in ("CMYK", "LAB"):
        pixels, _ = convert_inks(np.asarray(image), mode, profile)
        profile = None
    elif mode.startswith("I;16"):
        pixels = _take_16_bits(np.asarray(image), image.info.get("transparency"))
    else:
        target = target_mode(mode, has_transparency="transparency" in image.info)
        pixels = np.asarray(image if target == mode else image.convert(target))
        if mode == "PA" and not (keep_profile and profile):
            pixels = without_color(pixels)
    if profile and not keep_profile:
        pixels, _ = to_srgb(pixels, profile)
        profile = None
    return SourceImage(turn_upright(pixels, orientation), 0), profile


def _take_indices(
    image: Any, profile: bytes | None, orientation: int, keep_profile: bool
) -> tuple[SourceImage, bytes | None]:
    indices = np.asarray(image)
    if not indices.size:  # which nobody takes
        return SourceImage(indices, 0), profile
    size = max(len(image.getpalette() or ()) // 3, int(indices.max()) + 1)
    used = count_labels(indices)[:size] > 0
    palette = shown = palette_of(image, size)
    if not (keep_profile and profile):  # which is one of RGB, and of no use for grey
        palette, shown, *_ = convert_palette(palette, used, profile)
        profile = None
    indices = np.ascontiguousarray(turn_upright(indices, orientation))
    pixels = look_up(shown, indices)
    pixels = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    return SourceImage(pixels, 0, indices=indices, palette=palette), profile


def _take_16_bits(samples: npt.NDArray[np.uint16], transparent: int | None) -> Pixels:
    """Scale grey samples; transparent is one, but none that is rounded to the same."""
    pixels = scale_to_8_bits(samples)
    if transparent is None:
        return pixels
    return np.dstack([pixels, (samples != transparent).view(np.uint8) * np.uint8(255)])


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


def to_pillow(labels: Pixels, codebook: Pixels) -> "Image":
    """Make an image of Pillow with a palette.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Its indices.
    codebook : ndarray of shape (K, C), dtype uint8
        Its palette.

    Returns
    -------
    image : PIL.Image.Image
        Of mode P.
    """
    import PIL.Image

    height, width = labels.shape
    image = PIL.Image.frombytes("P", (width, height), labels.tobytes())
    image.putpalette(to_channels(codebook, 3).tobytes())
    if codebook.shape[1] in (2, 4):
        image.info["transparency"] = codebook[:, -1].tobytes()
    return image
