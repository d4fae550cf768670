"""Image files to pixels and back. The only module that imports imageio.

A file is read as bytes, recognized by its first ones, checked by `codec.images.containers`, and
only then decoded. Whatever is changed on the way or does not reach the pixels is said in a notice.
"""

import io
import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, ImageError
from codec.files import read_file
from codec.images.containers import KINDS, READABLE_EXTENSIONS, Findings, examine, other_size
from codec.images.decoders import (
    as_codec_error,
    careful_pillow,
    metadata_left_out,
    read_metadata,
    silent_libtiff,
)
from codec.images.depth import ROUNDED, scale_16_bits
from codec.images.orientation import TURNS, same_size_up_to_turning, turn_upright
from codec.images.png import (
    decode_png,
    has_metadata,
    has_text,
    stated_profile,
    without_pixels,
)
from codec.images.profiles import convert_inks, to_srgb
from codec.images.tiff import decode_wide, is_wide, open_page
from codec.limits import MAX_PIXELS
from codec.png.reading import PngFile

Pixels = npt.NDArray[np.uint8]

# Modes of Pillow that become another without loss, and those that lose or change something.
_PLAIN_MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB"}
_CONVERTED_MODES = {"CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA"}
_ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}


@dataclass(frozen=True, eq=False)
class SourceImage:
    """A picture as read from its file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) for grey, else (H, W, C), dtype uint8
        Upright, in sRGB, straight alpha.
    size_bytes : int
        Size of the file.
    notices : list of str
        What was changed or left out on the way here.
    """

    pixels: Pixels
    size_bytes: int
    notices: list[str] = field(default_factory=list)


def read_image(
    path: str | os.PathLike[str], *, first_frame: bool = False, max_pixels: int = MAX_PIXELS
) -> SourceImage:
    """Read one picture from a PNG, JPEG, WebP, BMP, GIF or TIFF file.

    Parameters
    ----------
    path : path-like
        A local file; its content decides what it is, not its name.
    first_frame : bool
        Take the first picture of an animation or a file of several pages, which are otherwise
        refused.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    image : SourceImage
        With C = 1 for grey, 2 for grey with alpha, 3 for RGB and 4 for RGBA.

    Raises
    ------
    FileError
        The file is missing or cannot be read.
    ImageError, FormatError
        It is not a picture of these kinds, is damaged, or holds what kmcodec cannot represent.
    LimitError
        It is larger than allowed.
    """
    data = read_file(path)
    findings = examine(data, max_pixels)
    extension = Path(os.fsdecode(path)).suffix.lower()
    if extension in READABLE_EXTENSIONS and extension not in KINDS[findings.kind][0]:
        findings.notices.append(f"this is a {findings.kind} file in spite of its name")
    if findings.frames > 1 and not first_frame:
        raise ImageError(
            f"the {findings.kind} holds {findings.frames} pictures "
            "(--first-frame takes the first)",
            "several-frames",
        )
    if findings.frames > 1:
        findings.notices.append(f"only the first of {findings.frames} pictures is taken")
    try:
        pixels = _decode(data, findings, max_pixels)
    except CodecError:
        raise
    except Exception as error:  # whatever a decoder says of damaged data
        raise as_codec_error(error, findings.kind) from error
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return SourceImage(pixels, len(data), findings.notices)


def _check_reader(data: bytes, kind: str) -> None:
    """Refuse what Pillow would not take for the kind of file that its first bytes say it is.

    Some of Pillow's readers look at other places than a file's beginning, and are asked first.
    """
    from PIL import Image, UnidentifiedImageError

    reader: str | None = None
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(data)) as picture:
        reader = picture.format
    if reader not in KINDS[kind][1]:
        # There are many kinds of TIFF; of the others, all are read.
        reason = "unsupported" if kind == "TIFF" else "damaged"
        raise ImageError(f"the {kind} is of a kind that cannot be read, or damaged", reason)


def _decode(data: bytes, findings: Findings, max_pixels: int) -> Pixels:
    png = findings.png
    if png is not None:
        pixels, metadata = _decode_png(png, findings, max_pixels)
    else:
        pixels, metadata = _decode_with_pillow(data, findings, max_pixels)
    orientation = metadata.get("Orientation", 1)
    # Pillow turns TIFF pictures upright itself.
    if orientation in TURNS:
        findings.notices.append(f"{TURNS[orientation]} as its EXIF orientation asks")
        if findings.kind != "TIFF":
            pixels = turn_upright(pixels, orientation)
    left_out = metadata_left_out(metadata)
    if png is not None and has_text(png):
        left_out += ("text",)
    if left_out:
        findings.notices.append(f"metadata is not kept: {', '.join(left_out)}")
    return np.ascontiguousarray(pixels)


def _decode_png(
    png: PngFile, findings: Findings, max_pixels: int
) -> tuple[Pixels, dict[str, Any]]:
    """Decode a PNG ourselves: twice as fast as Pillow, without importing it, exact at 16 bits.

    Pillow only reads the metadata, if there are any, from a PNG of one pixel.
    """
    metadata: dict[str, Any] = {}
    pixels = decode_png(png, findings.notices, findings.rows)
    findings.rows = None
    profile = stated_profile(png, findings.notices)
    if not profile and not has_metadata(png):
        return pixels, metadata
    with careful_pillow(max_pixels):
        if has_metadata(png):
            import imageio.v3 as iio

            with iio.imopen(io.BytesIO(without_pixels(png)), "r", plugin="pillow") as file:
                metadata = read_metadata(file, 0)
        if profile:
            pixels, told = to_srgb(pixels, profile)
            findings.notices += told
    return pixels, metadata


def _decode_with_pillow(
    data: bytes, findings: Findings, max_pixels: int
) -> tuple[Pixels, dict[str, Any]]:
    import imageio.v3 as iio

    size = findings.width, findings.height
    with careful_pillow(max_pixels), ExitStack() as stack:
        if findings.kind == "TIFF":
            stack.enter_context(silent_libtiff())
        page = open_page(data, findings, stack) if findings.kind == "TIFF" else None
        if page is not None and is_wide(page):
            pixels, metadata = decode_wide(page, findings)
            profile = metadata.get("icc_profile")
        else:
            _check_reader(data, findings.kind)
            file = stack.enter_context(iio.imopen(io.BytesIO(data), "r", plugin="pillow"))
            metadata = read_metadata(file, findings.index)
            if not same_size_up_to_turning(metadata["shape"], size):
                raise other_size(findings.kind)
            pixels, profile = _decode_pillow(file, metadata, findings)
        if not same_size_up_to_turning(pixels.shape[:2], size):
            raise other_size(findings.kind)
        if profile:
            pixels, told = to_srgb(pixels, profile)
            findings.notices += told
    return pixels, metadata


def _decode_pillow(
    file: Any, metadata: dict[str, Any], findings: Findings
) -> tuple[Pixels, bytes | None]:
    """Decode 8-bit pictures of every mode; return the profile if it is still to be applied."""
    mode, profile = metadata["mode"], metadata.get("icc_profile")
    if mode == "PA" or (mode == "P" and "transparency" in metadata):
        target = "RGBA"
    elif mode == "P":
        target = "RGB"
    elif mode in ("CMYK", "LAB"):
        stored = file.read(index=findings.index, mode=mode)
        pixels, told = convert_inks(stored, mode, profile)
        findings.notices += (f"converted from {mode} to sRGB", *told)
        return pixels, None
    elif mode in _CONVERTED_MODES:
        target = _CONVERTED_MODES[mode]
        findings.notices.append(f"converted from {mode} to {target}")
    elif mode in _PLAIN_MODES:
        target = _PLAIN_MODES[mode]
        if "transparency" in metadata and target in _ALPHA_MODES:
            target = _ALPHA_MODES[target]
    elif mode.startswith("I;16"):
        findings.notices.append(ROUNDED)
        return scale_16_bits(file.read(index=findings.index)), profile
    else:
        raise ImageError(f"samples of kind {mode!r} are not 8- or 16-bit integers", "bad-dtype")
    return file.read(index=findings.index, mode=target), profile
