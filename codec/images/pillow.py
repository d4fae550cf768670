"""JPEG, WebP, BMP, GIF and most TIFF pictures: decoded by Pillow, to 8 bits a sample."""

import io
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.decoders import metadata_left_out, read_metadata
from codec.images.depth import ROUNDED, scale_16_bits
from codec.images.orientation import same_size_up_to_turning
from codec.images.profiles import convert_inks
from codec.images.records import Findings, Structure, other_size

Pixels = npt.NDArray[np.uint8]

# Pillow's names for its readers of each kind.
_READERS = {
    "JPEG": ("JPEG", "MPO"),
    "WebP": ("WEBP",),
    "BMP": ("BMP",),
    "GIF": ("GIF",),
    "TIFF": ("TIFF",),
}
# Modes of Pillow that become another without loss, and those that lose or change something.
_PLAIN_MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB"}
_CONVERTED_MODES = {"YCbCr": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA"}
_ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}


def decode_with_pillow(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode the first picture of a file. To be called within `careful_pillow`.

    Parameters
    ----------
    data : bytes
        The file.
    structure : Structure
        What its container says.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        In the file's own color space, unless that is CMYK or Lab. A TIFF is upright, others are
        not turned.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError
        Pillow takes it for another kind of file or finds another size in it, or its samples are
        not integers of 8 or 16 bits.
    """
    import imageio.v3 as iio

    _check_reader(data, structure.kind)
    size = structure.width, structure.height
    with iio.imopen(io.BytesIO(data), "r", plugin="pillow") as file:
        metadata = read_metadata(file, structure.index)
        if not same_size_up_to_turning(metadata["shape"], size):
            raise other_size(structure.kind)
        pixels, profile, notices = _decode_mode(file, metadata, structure.index)
    if not same_size_up_to_turning(pixels.shape[:2], size):
        raise other_size(structure.kind)
    return pixels, Findings(
        structure, notices, profile, metadata.get("Orientation", 1), metadata_left_out(metadata)
    )


def _check_reader(data: bytes, kind: str) -> None:
    """Refuse what Pillow would not take for the kind of file that its first bytes say it is.

    Some of Pillow's readers look at other places than a file's beginning, and are asked first.
    """
    from PIL import Image, UnidentifiedImageError

    reader: str | None = None
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(data)) as picture:
        reader = picture.format
    if reader not in _READERS[kind]:
        # There are many kinds of TIFF; of the others, all are read.
        reason = "unsupported" if kind == "TIFF" else "damaged"
        raise ImageError(f"the {kind} is of a kind that cannot be read, or damaged", reason)


def _decode_mode(
    file: Any, metadata: dict[str, Any], index: int
) -> tuple[Pixels, bytes | None, tuple[str, ...]]:
    """Decode samples of every mode; return the profile unless it was applied, and notices."""
    mode, profile = metadata["mode"], metadata.get("icc_profile")
    if mode in ("CMYK", "LAB"):
        stored = file.read(index=index, mode=mode)
        pixels, notices = convert_inks(stored, mode, profile)
        return pixels, None, (f"converted from {mode} to sRGB", *notices)
    if mode.startswith("I;16"):
        return scale_16_bits(file.read(index=index)), profile, (ROUNDED,)
    target = target_mode(mode, has_transparency="transparency" in metadata)
    changes = (f"converted from {mode} to {target}",) if mode in _CONVERTED_MODES else ()
    return file.read(index=index, mode=target), profile, changes


def target_mode(mode: str, *, has_transparency: bool) -> str:
    """Choose the mode of 8 bits that holds what an image of a mode shows.

    Parameters
    ----------
    mode : str
        Of Pillow; not CMYK, LAB or one of 16 bits.
    has_transparency : bool
        Whether a color is declared transparent.

    Returns
    -------
    target : {'L', 'LA', 'RGB', 'RGBA'}

    Raises
    ------
    ImageError
        Samples are not integers of 8 bits.
    """
    if mode == "PA" or (mode == "P" and has_transparency):
        return "RGBA"
    if mode == "P":
        return "RGB"
    if mode in _CONVERTED_MODES:
        return _CONVERTED_MODES[mode]
    if mode not in _PLAIN_MODES:
        raise ImageError(f"samples of kind {mode!r} are not 8- or 16-bit integers", "bad-dtype")
    target = _PLAIN_MODES[mode]
    return _ALPHA_MODES.get(target, target) if has_transparency else target
